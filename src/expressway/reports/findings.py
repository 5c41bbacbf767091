"""What was found, and how far to believe it, in plain sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from expressway.reports.evidence import Cohorts, Figures, PairEvidence, best_contrast, pair_name, plain, pooled_over
from expressway.reports.words import capital, count, equals, interval, listed, percent, signed

Verdict = Literal["holds", "careful", "unknown"]
FEW_STUDIES = 5
MUCH_HETEROGENEITY = 50.0
LEVEL = 0.05
HUB = 3
"""Pairs that share one gene from which on it is worth saying."""


@dataclass(frozen=True, slots=True)
class Check:
    """One question to ask of a pair, and the answer."""

    verdict: Verdict
    text: str


def sentence(statistics: Mapping[str, Any], cohorts: Cohorts) -> str:
    """What the pair does, in the contrast with the smaller q."""
    figures = Figures(statistics)
    key = best_contrast(figures)
    mean = figures(f"dz_{key}_mean")
    if mean is None:
        return "No study has both cohorts of a contrast."
    case, reference = figures("r_septic_shock"), figures("r_sepsis" if key == "ss" else "r_control")
    where = plain(cohorts.reference if key == "ss" else cohorts.control)
    limits = interval(figures(f"dz_{key}_ci_low"), figures(f"dz_{key}_ci_high"))
    pooled = f"The pooled difference of Fisher's z, {cohorts.contrast(key)}, is {signed(mean)} (95% {limits})"
    text = f"{pooled} in {count(figures(f'n_studies_{key}') or 0, 'study', 'studies')}"
    if (q := figures(f"q_{key}")) is not None:
        text += f", q {equals(q)}"
    if case is None or reference is None:
        return f"{text}."
    return f"Correlation {signed(case)} in {plain(cohorts.case)} and {signed(reference)} in {where}. {text}."


def checks(statistics: Mapping[str, Any], studies: pl.DataFrame | None = None) -> list[Check]:
    """The questions that decide whether to believe a pair, for the contrast with the smaller q."""
    figures = Figures(statistics)
    key = best_contrast(figures)
    if figures(f"dz_{key}_mean") is None:
        return [Check("unknown", "No study can tell.")]
    one, many = pooled_over(studies)
    found = [
        _studies(figures, key),
        _direction(figures, key, studies),
        _heterogeneity(figures, key, one, many),
        _prediction(figures, key, one, many),
        _leave_one_out(figures, key, one),
        _hartung_knapp(figures, key, many),
    ]
    return [check for check in found if check is not None]


def _studies(figures: Figures, key: str) -> Check:
    k = int(figures(f"n_studies_{key}") or 0)
    if k < FEW_STUDIES:
        return Check("careful", f"Few studies: k = {k}. How much studies differ can hardly be told.")
    return Check("holds", f"{k} studies can tell.")


def _direction(figures: Figures, key: str, studies: pl.DataFrame | None) -> Check | None:
    mean = figures(f"dz_{key}_mean")
    if studies is None or mean is None or f"dz_{key}" not in studies.columns:
        return None
    effects = studies[f"dz_{key}"].drop_nulls().to_list()
    same = sum(effect * mean > 0 for effect in effects)
    if len(effects) < 2:
        return None
    verdict: Verdict = "holds" if same == len(effects) else "careful"
    return Check(verdict, f"{same} of {len(effects)} studies point the same way.")


def _heterogeneity(figures: Figures, key: str, one: str, many: str) -> Check:
    i2 = figures(f"dz_{key}_i2")
    if i2 is None:
        return Check("unknown", f"Heterogeneity is not known with one {one}.")
    p = figures(f"dz_{key}_q_p")
    much = i2 >= MUCH_HETEROGENEITY
    text = f"{capital(many)} {'differ' if much else 'agree in size'}: I² = {percent(i2)}"
    return Check("careful" if much else "holds", text + (f" (p of Q {equals(p)})." if p is not None else "."))


def _prediction(figures: Figures, key: str, one: str, many: str) -> Check:
    low, high = figures(f"dz_{key}_pi_low"), figures(f"dz_{key}_pi_high")
    if low is None or high is None:
        return Check("unknown", f"A prediction interval needs three {many}.")
    limits = interval(low, high)
    if low <= 0 <= high:
        return Check("careful", f"A new {one} could show nothing or the opposite: prediction interval {limits}.")
    return Check("holds", f"A new {one} would be expected to show it too: prediction interval {limits}.")


def _leave_one_out(figures: Figures, key: str, one: str) -> Check | None:
    p = figures(f"dz_{key}_loo_max_p")
    if p is None:
        return None
    if p > LEVEL:
        return Check("careful", f"It rests on one {one}: without it p {equals(p)}.")
    return Check(
        "holds", f"It does not rest on one {one}: whichever is left out, p is at most {equals(p).lstrip('= ')}."
    )


def _hartung_knapp(figures: Figures, key: str, many: str) -> Check | None:
    p = figures(f"p_{key}_hk")
    if p is None:
        return None
    note = f"With Hartung-Knapp, which allows for few {many}, p {equals(p)}"
    return Check("careful" if p > LEVEL else "holds", f"{note}, before any correction for the number of pairs.")


def headline(disease: str, studies: int, tested: int, passing: int, filters: Mapping[str, Any]) -> str:
    """How many pairs were tested and how many pass."""
    text = f"{count(tested, 'gene pair')} tested in {count(studies, 'study', 'studies')} of {plain(disease)}; "
    text += f"{'none passes' if passing == 0 else count(passing, 'pair passes', 'pairs pass')} the filters"
    return f"{text} ({listed(_filters(filters))})." if filters else f"{text}."


def _filters(filters: Mapping[str, Any]) -> list[str]:
    return [
        f"q at most {filters.get('q', 0.05):g}",
        f"{filters.get('k_min', 3)} or more studies",
        f"I² at most {filters.get('i2_max', 75):g}%",
    ]


def cautions(
    settings: Mapping[str, Any], pairs: pl.DataFrame, shown: Sequence[PairEvidence], studies: int
) -> list[str]:
    """How far to believe the whole list."""
    found = []
    if settings.get("ci_method", "z") == "z" and settings.get("tau2_method", "DL") == "DL":
        found.append(
            f"q comes from DerSimonian-Laird with the normal distribution. With {count(studies, 'study', 'studies')} "
            "that differ, it is too small: take it as an order, not as the share of false pairs."
        )
    if doubtful := [
        pair for pair in shown if any(c.verdict == "careful" for c in checks(pair.statistics, pair.studies))
    ]:
        found.append(
            f"{len(doubtful)} of the {count(len(shown), 'pair')} shown in detail "
            f"{'has' if len(doubtful) == 1 else 'have'} at least one reason for care, said beside the pair."
        )
    if hub := _hub(pairs):
        found.append(
            f"{hub[0]} is in {count(hub[1], 'listed pair')}: pairs that share a gene are not independent findings."
        )
    found.append(
        "A change in the mix of cells changes correlations too; these figures cannot tell it from one within cells."
    )
    return found


def _hub(pairs: pl.DataFrame) -> tuple[str, int] | None:
    symbols = [name for name in ("genea_symbol", "geneb_symbol") if name in pairs.columns]
    genes = Counter(gene for name in symbols for gene in pairs[name].drop_nulls().to_list())
    most = sorted(genes.items(), key=lambda item: (-item[1], item[0]))[:1]
    return most[0] if most and most[0][1] >= HUB else None


def best_pair(shown: Sequence[PairEvidence], cohorts: Cohorts) -> tuple[str, str] | None:
    """Name of the first pair and what it does; None when there is none."""
    if not shown:
        return None
    first = shown[0]
    return pair_name(first.symbols, first.gene_a, first.gene_b), sentence(first.statistics, cohorts)
