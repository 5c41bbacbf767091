"""How a result is compared with the oracle's."""

from __future__ import annotations

import numpy as np
import polars as pl

from expressway.coexpression.catalog import features
from tests.coexpression import oracle

ATOL, RTOL = 1e-12, 1e-9
COHORT_Q = {name for name in oracle.Q_OF.values() if name.startswith(("q_value", "q_diff"))}
FROM_Q = {"q_ss", "q_soth", "q_combined", "q_star", "metrics_score", "new_rank_score"}
FROM_Q |= {name for name in (feature.name for feature in features()) if name.startswith("neglog_")}
PLACES = ("rank_score", "rank_position")


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
    strict = pairs["q_star_strict"].fill_null(np.nan).to_numpy()
    np.testing.assert_allclose(strict, columns["q_star_strict"], rtol=q_accuracy, atol=ATOL)
    for name in (*oracle.Q_OF.values(), "q_star_strict"):
        assert np.array_equal(pairs[f"{name}_bound"].to_numpy(), columns[f"{name}_bound"]), name
