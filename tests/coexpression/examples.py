"""Studies to analyse, and how a result is compared with the oracle's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from expressway.coexpression.catalog import features
from expressway.coexpression.study import CohortStudy
from tests.coexpression import oracle

LABELS = ("SEPTIC_SHOCK", "SEPSIS", "CONTROL", "NO_SEPSIS")
ATOL, RTOL = 1e-12, 1e-9
COHORT_Q = {name for name in oracle.Q_OF.values() if name.startswith(("q_value", "q_diff"))}
FROM_Q = {"q_ss", "q_soth", "q_combined", "q_star", "metrics_score", "new_rank_score"}
FROM_Q |= {name for name in (feature.name for feature in features()) if name.startswith("neglog_")}
PLACES = ("rank_score", "rank_position")


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


def assert_agrees(
    pairs: pl.DataFrame,
    columns: oracle.Columns,
    *,
    q_accuracy: float = 1e-6,
    cohort_q_accuracy: float = 1e-6,
    places: bool = True,
) -> None:
    """Every column of `pairs` is the oracle's.

    Args:
        columns: of the same pairs in the same order.
        q_accuracy: of what rests on q of ss, soth and combined.
        cohort_q_accuracy: of q of the cohorts and their differences.
        places: whether scores differ by more than their error, so that places must be the same.
    """
    for feature in features():
        name = feature.name
        if name in PLACES and not places:
            continue
        mine = pairs[name].cast(pl.Float64).fill_null(np.nan).to_numpy()
        tolerance = q_accuracy if name in FROM_Q else cohort_q_accuracy if name in COHORT_Q else RTOL
        np.testing.assert_allclose(mine, columns[name], rtol=tolerance, atol=ATOL, err_msg=name)
        assert pairs[name].is_nan().sum() == 0 if pairs[name].dtype == pl.Float64 else True, name
    for name in oracle.Q_OF.values():
        assert np.array_equal(pairs[f"{name}_bound"].to_numpy(), columns[f"{name}_bound"]), name
