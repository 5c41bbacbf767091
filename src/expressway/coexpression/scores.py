"""Scores and ranks among the stored pairs of a slice, from their statistics and q values."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Columns = dict[str, Array]
LARGEST_NEGLOG = 300.0


def neglog10(log_q: Array) -> Array:
    """-log10(max(q, 1e-300)) from ln q, between 0 and 300."""
    return np.asarray(np.clip(-log_q / np.log(10), 0.0, LARGEST_NEGLOG)) + 0.0  # never -0.0


def metrics_score(columns: Columns) -> Array:
    """0.40 significance + 0.25 effect + 0.20 consistency + 0.15 power, each in [0, 1]; NaN without a contrast."""
    score = (
        0.40 * np.minimum(columns["neglog_q_star"], 10) / 10
        + 0.25 * np.minimum(_present(columns["abs_combined_effect_size"]), 1.5) / 1.5
        + 0.20 * _present(columns["consistency_score"])
        + 0.15 * _present(columns["power_score"])
    )
    return np.where(_without_contrast(columns), np.nan, score)


def new_rank_score(columns: Columns) -> Array:
    """The final blend while no model has run: significance 0.5, consistency 0.1 and power 0.1, over their sum 0.7."""
    score = (
        0.5 * np.minimum(columns["neglog_q_star"], 10) / 10
        + 0.1 * _present(columns["consistency_score"])
        + 0.1 * _present(columns["power_score"])
    ) / 0.7
    return np.where(_without_contrast(columns), np.nan, score)


def rank_score(metrics: Array) -> Array:
    """1 - (rank - 1) / N by metrics_score, largest first; ties in the order given, which is that of pair_uid."""
    order = np.argsort(-metrics, kind="stable")
    known = int((~np.isnan(metrics)).sum())
    score = np.full(len(metrics), np.nan)
    score[order[:known]] = 1 - np.arange(known) / max(len(metrics), 1)
    return score


def rank_position(columns: Columns) -> Array:
    """1-based position by q_star, new_rank_score, power_score, i2_star, kappa_ss and the size of the effect.

    NULL comes last in each, ties in the order given, which is that of pair_uid; pairs without a contrast have none.
    """
    keys = [
        columns["q_star"],
        -columns["new_rank_score"],
        -columns["power_score"],
        columns["i2_star"],
        -columns["kappa_ss"],
        -columns["abs_combined_effect_size"],
    ]
    order = np.lexsort([np.where(np.isnan(key), np.inf, key) for key in reversed(keys)])
    order = order[~_without_contrast(columns)[order]]
    position = np.full(len(columns["q_star"]), np.nan)
    position[order] = np.arange(1, len(order) + 1)
    return position


def _present(values: Array) -> Array:
    return np.nan_to_num(values, nan=0.0)


def _without_contrast(columns: Columns) -> NDArray[np.bool_]:
    return np.isnan(columns["combined_effect_size"])
