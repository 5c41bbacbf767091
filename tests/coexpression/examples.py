"""Studies to analyse. Processes of their own ask for them, so nothing heavy is imported here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from expressway.coexpression.study import CohortStudy

LABELS = ("SEPTIC_SHOCK", "SEPSIS", "CONTROL", "NO_SEPSIS")
GENES_OF_SLICE = 180


def study(
    name: str,
    sizes: Mapping[str, int],
    genes: int | Sequence[str],
    seed: int,
    *,
    signal: float = 0.0,
    modules: int = 3,
    digits: int | None = None,
    missing: float = 0.0,
    floor: float = 0.0,
    technology: str = "OTHER",
    value_scale: str = "LOG2",
) -> CohortStudy:
    """A study of independent genes, to which a common factor is added by module, stronger in shock.

    Args:
        sizes: samples of every cohort.
        genes: how many, named G0000 and so on, or their ids.
        signal: weight of the factor.
        digits: decimals that are kept; few make ties.
        missing: share of values that are NaN.
        floor: share of values at a tied floor, not detected.
    """
    rng = np.random.default_rng(seed)
    ids = [f"G{number:04}" for number in range(genes)] if isinstance(genes, int) else list(genes)
    cohorts = [label for label, size in sizes.items() for _ in range(size)]
    values = rng.normal(size=(len(ids), len(cohorts)))
    factor = rng.normal(size=(modules, len(cohorts))) * np.where(np.array(cohorts) == LABELS[0], 1.0, 0.2)
    values += signal * factor[np.arange(len(ids)) % modules]
    values += rng.uniform(2, 12, size=(len(ids), 1))
    if digits is not None:
        values = values.round(digits)
    detected = None
    if floor > 0:
        detected = rng.random(values.shape) >= floor * rng.uniform(0, 2, size=(len(ids), 1))
        values = np.where(detected, values, -20.0)
    if missing > 0:
        values[rng.random(values.shape) < missing] = np.nan
    return CohortStudy(name, ids, values, cohorts, technology, detected, value_scale=value_scale)


def slice_of_studies() -> list[CohortStudy]:
    """Three studies with absent genes, absent cohorts, ties, missing values and undetected values."""
    sizes = {"SEPTIC_SHOCK": 9, "SEPSIS": 8, "CONTROL": 7, "NO_SEPSIS": 6}
    ids = [f"G{i}" for i in range(GENES_OF_SLICE)]  # G1 is the beginning of G10: the bar of pair_uid decides
    return [
        study("A", sizes, ids, 1, signal=1.0, digits=1),
        study("B", {"SEPTIC_SHOCK": 12, "SEPSIS": 5, "CONTROL": 6}, ids[::2] + ids[1:90:2], 2, floor=0.3),
        study("C", sizes, ids[10:], 3, signal=1.0, technology="RNA-SEQ"),
    ]


def with_gaps(studies: list[CohortStudy]) -> list[CohortStudy]:
    studies[0].values[::9, ::4] = np.nan
    return studies
