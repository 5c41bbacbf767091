"""The nine rules that tell the units of a matrix, in the order in which they are asked."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from expressway.studies.profile import MatrixProfile
from expressway.studies.study import DownloadFlags, FloatArray, StudyInfo

ROW_SCALINGS = frozenset(("MINMAX", "STANDARD", "ROBUST"))
LINEAR_UNITS = frozenset(("COUNTS", "TPM", "CPM", "FPKM", "INTENSITY"))

QN_AGREEMENT = 0.99
QN_MAXIMUM = 1_000.0
INTEGER_SHARE = 0.99
LOG2_MAXIMUM = 50.0
"""No library holds 2^50 reads: larger values were never log2(x + 1) of counts, and 2^x must stay finite."""

_TPM = re.compile(r"\btpms?\b|\btranscripts per (?:kilobase )?million\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Case:
    """What the rules look at."""

    profile: MatrixProfile
    flags: DownloadFlags
    info: StudyInfo
    declared: str | None
    declared_by: str
    """setting or source."""
    scaling: str | None


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule says; with `tag` None it has nothing to say and the next one is asked."""

    outcome: str
    figures: Mapping[str, Any] = field(default_factory=dict)
    tag: str | None = None
    transform: str | None = None
    """None: the one that belongs to the tag."""
    contradiction: str | None = None


def lowest(values: FloatArray) -> float:
    """The smallest number of an array with missing values; NaN when there is none."""
    known = values[~np.isnan(values)]
    return float(known.min()) if known.size else float("nan")


def highest(values: FloatArray) -> float:
    """The largest number of an array with missing values; NaN when there is none."""
    return -lowest(-values)


def zero_share(profile: MatrixProfile) -> float:
    """Share of the cells with a value that are 0, 0 to 1; NaN when no cell has a value."""
    cells = len(profile.genes) * len(profile.samples) - profile.nulls.sum() - profile.rejected_count
    return float(profile.zeros.sum() / cells) if cells > 0 else float("nan")


def middle(figures: FloatArray) -> float:
    """Median of what is known; NaN when nothing is."""
    known = np.sort(figures[~np.isnan(figures)])
    if not known.size:
        return float("nan")
    # np.median would first import numpy.ma, which takes longer than everything else here.
    return float((known[(known.size - 1) // 2] + known[known.size // 2]) / 2)


def _typical(values: FloatArray) -> float:
    """Median over samples of a quantile: what the profile can say of the quantile of all cells."""
    return middle(values)


def _declared(case: Case) -> Finding:
    if case.scaling in ROW_SCALINGS:
        return Finding(f"SCALED: scaling {case.scaling} is declared", tag="SCALED")
    if case.declared is None and case.scaling == "LOG2":
        return Finding("LOG2: scaling LOG2 is declared", tag="LOG2")
    if case.declared is None:
        return Finding("no units are declared")
    figures = {"declared_by": case.declared_by, "scaling": case.scaling}
    outcome = f"{case.declared}: declared"
    if case.scaling != "LOG2" or case.declared not in LINEAR_UNITS:
        return Finding(outcome, figures, case.declared)
    if case.declared == "COUNTS":
        return _logged_counts(case, outcome, figures)
    return Finding(outcome, figures, case.declared, transform="none")


def _flags(case: Case) -> Finding:
    flags = case.flags
    figures = {
        "technology": case.info.technology,
        "aggregate_by": flags.aggregate_by,
        "scale_by": flags.scale_by,
        "quantile_normalized": flags.quantile_normalized,
    }
    if case.scaling is None and flags.scale_by in ROW_SCALINGS:
        return Finding(f"SCALED: scale_by is {flags.scale_by}", figures, "SCALED")
    if flags.quantile_normalized:
        return _quantile_normalised(case, figures)
    if flags.quantile_normalized is False and case.info.technology == "RNA-SEQ":
        if flags.aggregate_by == "EXPERIMENT":
            return Finding("COUNTS: RNA-seq by experiment without quantile normalisation", figures, "COUNTS")
        if flags.aggregate_by in ("SPECIES", "ALL"):
            outcome = f"COUNTS: RNA-seq by {flags.aggregate_by}, log2(x + 1) not scaled by library size"
            return _logged_counts(case, outcome, figures)
    return Finding("the flags do not name the units", figures)


def _logged_counts(case: Case, outcome: str, figures: Mapping[str, Any]) -> Finding:
    """Counts on log2(x + 1), unless the values are too large for a logarithm of counts."""
    top = highest(case.profile.maximum)
    wrong = top > LOG2_MAXIMUM
    return Finding(
        outcome,
        {**figures, "maximum": top},
        "COUNTS",
        transform="none" if wrong else "unlog2_log2_cpm",
        contradiction=f"values up to {top:,g} are said to be log2(x + 1) of counts" if wrong else None,
    )


def _quantile_normalised(case: Case, figures: Mapping[str, Any]) -> Finding:
    """Quantile normalisation, checked: every sample must have the same sorted values above its floor."""
    agreement, top = case.profile.sorted_agreement, highest(case.profile.maximum)
    integers = case.profile.integer_share
    figures = {**figures, "sorted_agreement": agreement, "maximum": top, "integer_share": integers}
    comparable = len(case.profile.samples) > 1 and not np.isnan(agreement)
    if comparable and agreement >= QN_AGREEMENT:
        return Finding("QN_TARGET: the sorted columns of the samples agree", figures, "QN_TARGET")
    if top > QN_MAXIMUM or integers >= INTEGER_SHARE:
        reason = f"values up to {top:,g}, {integers:.1%} of them whole numbers"
        text = f"quantile_normalized is true, but the sorted columns differ, with {reason}"
        return Finding(f"contradicted: {text}", figures, "QN_TARGET", contradiction=text)
    note = "accepted as a subset of a quantile-normalised matrix" if comparable else "taken on trust"
    why = "the sorted columns differ" if comparable else "no two samples can be compared"
    return Finding(f"QN_TARGET: {why}; {note}", figures, "QN_TARGET")


def _intensity(case: Case) -> Finding:
    """Linear intensities; the rule of the script GEO2R writes is a second vote, recorded only."""
    low, high, p = lowest(case.profile.minimum), highest(case.profile.maximum), case.profile
    q25, q99 = _typical(p.q25), _typical(p.q99)
    vote = q99 > 100 or (high - low > 50 and q25 > 0)
    figures = {"minimum": low, "maximum": high, "q25": q25, "q99": q99, "geo2r_vote": "linear" if vote else "log"}
    array = case.info.technology == "MICROARRAY" and high > 100
    if not array and not (low < 0 and high - low > 100):
        return Finding("not linear intensities by this rule", figures)
    why = "a microarray with values above 100" if array else "negative values with a range above 100"
    return Finding(f"INTENSITY: {why}; GEO2R's rule {'agrees' if vote else 'disagrees'}", figures, "INTENSITY")


def _scaled(case: Case) -> Finding:
    """Rows of mean 0 and SD 1 in nine genes of ten; either denominator of the SD (n, n - 1) will do."""
    sds, means, n = case.profile.gene_sds, case.profile.gene_means, len(case.profile.samples)
    varying = np.isfinite(sds) & (sds > 0)
    sds, means = sds[varying], means[varying]
    population = np.sqrt(n / (n - 1)) if n > 1 else 1.0
    unit_sd = (np.abs(sds - 1) <= 0.1) | (np.abs(sds - population) <= 0.1)
    share = float(np.mean(unit_sd & (np.abs(means) <= 0.1))) if sds.size else 0.0
    figures = {"standardised_gene_share": share, "genes": int(sds.size)}
    if share >= 0.9:
        return Finding("SCALED: gene means are 0 and SDs 1", figures, "SCALED")
    return Finding("genes are not standardised", figures)


def _negative(case: Case) -> Finding:
    figures = {"negative_cells": case.profile.negative_count, "minimum": lowest(case.profile.minimum)}
    if case.profile.negative_count:
        return Finding("LOG2: values below zero", figures, "LOG2")
    return Finding("no values below zero", figures)


def _column_sums(case: Case) -> Finding:
    """Sums of 10^6 in every sample that has values."""
    sums = case.profile.sums[np.nan_to_num(case.profile.sums) != 0]
    texts = (case.info.title, case.info.description, case.info.platform_summary)
    labelled = any(_TPM.search(text) for text in texts if text)
    if not sums.size:
        return Finding("no sample has a sum")
    figures = {"smallest_sum": float(sums.min()), "largest_sum": float(sums.max()), "named_tpm": labelled}
    if np.all(np.abs(sums - 1e6) <= 1e4):
        tag = "TPM" if labelled else "CPM"
        return Finding(f"{tag}: every sample sums to a million", figures, tag)
    return Finding("samples do not sum to a million", figures)


def _counts(case: Case) -> Finding:
    p = case.profile
    zeros, integers, top = zero_share(p), p.integer_share, highest(p.maximum)
    figures = {"technology": case.info.technology, "integer_share": integers, "zero_share": zeros, "maximum": top}
    if case.info.technology == "RNA-SEQ" and integers >= INTEGER_SHARE:
        return Finding("COUNTS: RNA-seq with whole numbers", figures, "COUNTS")
    if case.info.technology == "RNA-SEQ" and zeros >= 0.2 and top > 1e4:
        return Finding("COUNTS: RNA-seq with many zeros and values above 10,000", figures, "COUNTS")
    return Finding("not counts by this rule", figures)


def _array_log2(case: Case) -> Finding:
    top, q999 = highest(case.profile.maximum), _typical(case.profile.q999)
    figures = {"maximum": top, "q999": q999}
    if top <= 30 and q999 <= 25:
        return Finding("ARRAY_LOG2: no value is too large for a logarithm", figures, "ARRAY_LOG2")
    return Finding("values are too large for logarithms", figures)


def _unknown(_: Case) -> Finding:
    return Finding("UNKNOWN: no rule matches", tag="UNKNOWN")


RULES: Mapping[str, Callable[[Case], Finding]] = {
    "declared": _declared,
    "flags": _flags,
    "intensity": _intensity,
    "scaled": _scaled,
    "negative": _negative,
    "column_sums": _column_sums,
    "counts": _counts,
    "array_log2": _array_log2,
    "unknown": _unknown,
}
