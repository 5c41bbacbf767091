"""Which genes enter an analysis, why others do not, and what is known of their expression."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from expressway.coexpression.contrasts import ContrastSet
from expressway.coexpression.pooling import pool
from expressway.coexpression.study import CohortStudy
from expressway.errors import InvalidSetting

Array = NDArray[np.float64]
GENES_AT_ONCE = 256
RULES = "all, mad:N, variance:N, iqr:N, detection:SHARE, file:PATH"


def _mean_and_mad(ordered: Array) -> tuple[Array, Array]:
    """Mean and scaled MAD of the sorted values of each gene, NaN without any."""
    known = ordered.shape[1] - np.isnan(ordered).sum(axis=1)
    with np.errstate(invalid="ignore"):
        mean = np.nansum(ordered, axis=1) / known
    deviations = np.abs(ordered - _middle(ordered, known)[:, None])
    deviations.sort(axis=1)
    return mean, 1.4826 * _middle(deviations, known)


def _middle(ordered: Array, known: NDArray[np.int64]) -> Array:
    """The median of each row, whose `known` values stand first, ascending, NaN after them."""
    rows = np.arange(len(ordered))
    return np.asarray((ordered[rows, (known - 1) // 2] + ordered[rows, known // 2]) / 2)


def _mad(values: Array) -> Array:
    return _mean_and_mad(values)[1]


def _iqr(values: Array) -> Array:
    low, high = np.nanquantile(values, [0.25, 0.75], axis=1)
    return np.asarray(high - low)


def _variance(values: Array) -> Array:
    return np.asarray(np.nanvar(values, axis=1, ddof=1))


SPREADS: dict[str, Callable[[Array], Array]] = {"mad": _mad, "variance": _variance, "iqr": _iqr}


def _of_genes(statistic: Callable[[Array], Array], values: Array, least: int) -> Array:
    """A statistic of the genes with at least so many values, NaN of others; samples in any order give the same bits."""
    found = np.full(len(values), np.nan)
    enough = (~np.isnan(values)).sum(axis=1) >= least
    if enough.any():
        found[enough] = statistic(np.sort(values[enough], axis=1))
    return found


@dataclass(slots=True)
class GeneSelection:
    """The genes of an analysis, sorted, and the reason of every other one."""

    kept: list[str]
    dropped: dict[str, str] = field(default_factory=dict)

    def drop(self, reasons: dict[str, str]) -> None:
        """Take genes out."""
        self.dropped |= reasons
        self.kept = [gene for gene in self.kept if gene not in reasons]


def select_genes(studies: Sequence[CohortStudy], rule: str | Sequence[str]) -> GeneSelection:
    """The genes that a rule lets in, of all that any study has.

    Args:
        studies: at least one.
        rule: `all`; `mad:N`, `variance:N` or `iqr:N` for the N genes that vary most (the mean over studies of a gene's
            rank in its study decides); `detection:SHARE` for genes detected in at least that share of the samples;
            `file:PATH` with an id in each line; or the ids.

    Raises:
        InvalidSetting: no such rule, a number that is none, a file that cannot be read, ids that no study has.
    """
    everything = sorted(set().union(*(study.genes for study in studies)))
    selection = GeneSelection(everything)
    if not isinstance(rule, str):
        _only(selection, rule, "the genes that were given")
        return selection
    name, _, value = rule.partition(":")
    if rule == "all":
        return selection
    if name == "file" and value:
        _only(selection, _read(Path(value)), value)
    elif name in SPREADS and (count := _whole_number(value)) > 1:
        _most_varying(selection, studies, name, count)
    elif name == "detection" and _is_share(value):
        _detected(selection, studies, float(value))
    else:
        raise InvalidSetting(f"genes: {rule!r} is no rule for choosing genes", value=rule, hint=f"One of {RULES}.")
    return selection


def _whole_number(text: str) -> int:
    """The number that a text of digits is; -1 for any other text, also of digits that Python cannot read."""
    try:
        return int(text) if text.isdigit() else -1
    except ValueError:
        return -1


def _is_share(text: str) -> bool:
    try:
        return 0 <= float(text) <= 1
    except ValueError:
        return False


def _read(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        hint = "Give a text file with a gene id in each line."
        raise InvalidSetting(f"genes: cannot read {path}", value=path, hint=hint) from error
    return [line.strip() for line in lines if line.strip()]


def _only(selection: GeneSelection, wanted: Sequence[str], source: str) -> None:
    found = set(wanted) & set(selection.kept)
    if len(found) < 2:
        hint = f"The studies have ids such as {', '.join(selection.kept[:3])}."
        raise InvalidSetting(f"genes: {len(found)} of {len(set(wanted))} ids are in a study", value=source, hint=hint)
    selection.drop({gene: f"not among {source}" for gene in selection.kept if gene not in found})


def _most_varying(selection: GeneSelection, studies: Sequence[CohortStudy], name: str, count: int) -> None:
    place = {gene: number for number, gene in enumerate(selection.kept)}
    total, seen = np.zeros(len(place)), np.zeros(len(place))
    for study in studies:
        spread = np.nan_to_num(_of_genes(SPREADS[name], np.asarray(study.values), least=2), nan=-1.0)
        order = np.lexsort((np.array(study.genes), spread))
        at = np.array([place[gene] for gene in study.genes], dtype=np.int64)
        rank = np.empty(len(order))
        rank[order] = np.arange(1, len(order) + 1) / len(order)
        total[at] += rank
        seen[at] += 1
    best = np.argsort(-total / np.maximum(seen, 1), kind="stable")[count:]
    selection.drop({selection.kept[i]: f"not among the {count} genes of largest {name}" for i in best})


def _detected(selection: GeneSelection, studies: Sequence[CohortStudy], share: float) -> None:
    shares = {study.name: _detection(study) for study in studies}
    known = [study for study in studies if shares[study.name] is not None]
    if not known:
        hint = "Detection is known of RNA-seq studies; choose by mad:N here."
        raise InvalidSetting("genes: no study says which values were detected", value=f"detection:{share}", hint=hint)
    total: dict[str, list[float]] = {}
    for study in known:
        for gene, value in zip(study.genes, shares[study.name] or [], strict=True):
            total.setdefault(gene, []).append(float(value))
    low = {gene for gene, values in total.items() if sum(values) / len(values) < share}
    selection.drop({gene: f"detected in less than {share:g} of the samples" for gene in selection.kept if gene in low})


def _detection(study: CohortStudy) -> list[float] | None:
    return None if study.detected is None else np.asarray(study.detected).mean(axis=1).tolist()


def duplicates(studies: Sequence[CohortStudy], genes: Sequence[str]) -> dict[str, str]:
    """Genes whose values equal those of an earlier gene in every study: one measurement under two names, with r = 1."""
    varying = set().union(*(_varying(study) for study in studies))
    names = [gene for gene in genes if gene in varying]
    numbers = np.array([study.measurements(names) for study in studies])
    same: dict[str, str] = {}
    first: dict[tuple[int, ...], str] = {}
    for name, key in zip(names, map(tuple, numbers.T.tolist()), strict=True):
        if first.setdefault(key, name) != name:
            same[name] = f"the same values as {first[key]} in every study"
    return same


def _varying(study: CohortStudy) -> list[str]:
    """Genes that have two different values in a study."""
    values = np.asarray(study.values)
    varies = np.fmin.reduce(values, axis=1) < np.fmax.reduce(values, axis=1)
    return [gene for gene, two in zip(study.genes, varies, strict=True) if two]


def expression_summary(
    studies: Sequence[CohortStudy], genes: Sequence[str], contrasts: ContrastSet
) -> dict[str, Array]:
    """Mean, MAD, share detected and |Hedges g| (case against reference) of genes, NaN where no study tells.

    Mean and MAD are those of studies on a log2 scale, the mean weighed by samples, MAD scaled by 1.4826; g is pooled by
    DerSimonian and Laird (g and its variance: Hedges 1981), from studies whose genes were not scaled one by one.
    """
    rows = np.array([study.rows(genes) for study in studies]).reshape(len(studies), len(genes))
    parts = [
        _expression_summary(studies, rows[:, start : start + GENES_AT_ONCE], contrasts)
        for start in range(0, max(len(genes), 1), GENES_AT_ONCE)
    ]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _expression_summary(
    studies: Sequence[CohortStudy], rows: NDArray[np.int64], contrasts: ContrastSet
) -> dict[str, Array]:
    """As `expression_summary`, of few genes at a time, (studies, genes): what is sorted stays in the cache."""
    mean, mad, share, g, error = (np.full(rows.shape, np.nan) for _ in range(5))
    weights = np.zeros(rows.shape)
    for number, (study, at) in enumerate(zip(studies, rows, strict=True)):
        here = np.flatnonzero(at >= 0)
        values = np.asarray(study.values)[at[here]]
        if study.value_scale == "LOG2":
            mean[number, here], mad[number, here] = _mean_and_mad(np.sort(values, axis=1))
            weights[number, here] = (~np.isnan(values)).sum(axis=1)
        if study.detected is not None:
            share[number, here] = np.asarray(study.detected)[at[here]].mean(axis=1)
        if study.value_scale != "SCALED":
            g[number, here], error[number, here] = _hedges(values, np.asarray(study.cohorts, dtype=str), contrasts)
    with np.errstate(invalid="ignore", divide="ignore"):
        known = np.where(np.isnan(mean), 0.0, weights)
        return {
            "expr_mean": (known * np.nan_to_num(mean)).sum(axis=0) / known.sum(axis=0),
            "expr_mad": _mean_over(mad),
            "expr_detect": _mean_over(share),
            "expr_abs_g": np.abs(pool(g, error).estimate),
        }


def _mean_over(values: Array) -> Array:
    known = ~np.isnan(values)
    return np.asarray(np.where(known, values, 0.0).sum(axis=0) / known.sum(axis=0))


def _hedges(values: Array, cohorts: NDArray[np.str_], contrasts: ContrastSet) -> tuple[Array, Array]:
    a, b = (np.sort(values[:, cohorts == label], axis=1) for label in (contrasts.case, contrasts.reference))
    n, m = (~np.isnan(a)).sum(axis=1), (~np.isnan(b)).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        freedom = np.where((n > 1) & (m > 1), n + m - 2, np.nan)
        spread = np.sqrt((_squares(a, n) + _squares(b, m)) / freedom)
        correction = 1 - 3 / (4 * freedom - 1)
        g = correction * (np.nansum(a, axis=1) / n - np.nansum(b, axis=1) / m) / spread
        error = np.sqrt((n + m) / (n * m) + g * g / (2 * (n + m)))
    good = np.isfinite(g) & np.isfinite(error) & np.isfinite(spread)
    return np.where(good, g, np.nan), np.where(good, error, np.nan)


def _squares(values: Array, count: NDArray[np.int64]) -> Array:
    centre = np.nansum(values, axis=1) / count
    squares = np.nansum((values - centre[:, None]) ** 2, axis=1)
    constant = np.fmin.reduce(values, axis=1, initial=np.inf) == np.fmax.reduce(values, axis=1, initial=-np.inf)
    return np.where(constant, 0.0, squares)  # the mean of equal values may be off by a last bit
