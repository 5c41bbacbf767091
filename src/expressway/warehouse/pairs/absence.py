"""Why a study does not say all it could of a pair, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from expressway.coexpression.contrasts import ContrastSet
from expressway.coexpression.study import CohortStudy
from expressway.settings import PairSettings
from expressway.warehouse.pairs.gene_names import Gene


def why_absent(
    study: CohortStudy, genes: tuple[Gene, Gene], contrasts: ContrastSet, settings: PairSettings
) -> str | None:
    """What the study lacks for a full answer: a gene, a cohort, or a gene in a cohort. None when it lacks nothing.

    Args:
        study: with those of the two genes that it has, in order of their ids.
        genes: in order of their ids.
        contrasts: whose cohorts are looked at.
        settings: what a cohort and a gene in it must have to count.
    """
    missing = [gene.name for gene in genes if gene.gene_id not in study.genes]
    if missing:
        return f"the study does not have {' and '.join(missing)}"
    if is_one_measurement(study):
        return "both have the same values: one measurement"
    cohorts = {label: (label,) for label in (contrasts.case, contrasts.reference, contrasts.control)}
    three = tuple(cohorts)
    others = {"others": contrasts.others} if settings.others == "pooled" else {one: (one,) for one in contrasts.others}
    reasons = [
        reason
        for name, labels in (cohorts | others).items()
        for reason in _in_cohort(study, genes, name, labels, settings, expected=name in three)
    ]
    return "; ".join(reasons) or None


def is_one_measurement(study: CohortStudy) -> bool:
    """Whether the two genes of a study have the same values in every sample."""
    return len(study.genes) == 2 and np.array_equal(study.values[0], study.values[1], equal_nan=True)


def _in_cohort(
    study: CohortStudy,
    genes: Sequence[Gene],
    label: str,
    labels: Sequence[str],
    settings: PairSettings,
    *,
    expected: bool,
) -> Iterator[str]:
    chosen = np.flatnonzero(np.isin(np.asarray(study.cohorts, dtype=str), labels))
    n = len(chosen)
    if n < settings.min_n:
        if n or expected:
            yield f"{label} has {n or 'no'} {'sample' if n == 1 else 'samples'}" + (
                f", fewer than {settings.min_n}" if n else ""
            )
        return
    values = study.values[:, chosen]
    measured = ~np.isnan(values)
    told = False
    for row, gene in enumerate(genes):
        reason = _of_gene(values[row][measured[row]], n, settings)
        if reason is None and study.detected is not None:
            share = (study.detected[row, chosen] & measured[row]).sum() / measured[row].sum()
            if share < settings.detection:
                reason = f"is detected in {share:.0%} of {{}}, less than {settings.detection:.0%}"
        if reason is not None:
            told = True
            yield f"{gene.name} {reason.format(label)}"
    both = measured.all(axis=0)
    if not told and both.sum() < settings.min_n:
        yield f"only {both.sum()} samples of {label} have both genes, fewer than {settings.min_n}"
    elif not told:
        for row, gene in enumerate(genes):
            if np.ptp(values[row][both]) == 0:
                yield f"{gene.name} is constant in the samples of {label} that have both genes"


def _of_gene(measured: NDArray[np.float64], n: int, settings: PairSettings) -> str | None:
    """Why the values of a gene do not count in a cohort of n samples; {} stands for its label."""
    if len(measured) == 0:
        return "has no value in {}"
    if len(measured) < (1 - settings.max_missing) * n:
        return f"has no value in {1 - len(measured) / n:.0%} of {{}}, more than {settings.max_missing:.0%}"
    if len(measured) < settings.min_n:
        return f"has {len(measured)} values in {{}}, fewer than {settings.min_n}"
    if np.ptp(measured) == 0:
        return "is constant in {}"
    return None
