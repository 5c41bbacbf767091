"""How far the studies behind a pooled estimate agree, each measure in [0, 1]."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from expressway.coexpression import tau2 as between
from expressway.coexpression.arguments import FloatArray, floats
from expressway.coexpression.pooling import checked_studies


@dataclass(frozen=True, slots=True)
class Agreement:
    """Every field has shape (metrics,) and is NaN for fewer than two studies."""

    kappa: FloatArray
    """max(0, 2 A - 1), A the weighted share of pairs of studies whose estimates have the same sign."""
    direction: FloatArray
    """Weighted share of studies with the sign of the pooled estimate; a zero counts one half."""
    magnitude: FloatArray
    """estimate^2 / (estimate^2 + s^2), s^2 the weighted variance of the studies about the pooled estimate."""


@np.errstate(divide="ignore", invalid="ignore", over="ignore")
def agreement(estimates: ArrayLike, std_errors: ArrayLike, tau2: ArrayLike) -> Agreement:
    """Agreement of the studies, weighted as in the pooling: w* = 1 / (SE^2 + tau^2).

    With s_i the sign of study i: A = sum_{i != j} w*_i w*_j [s_i = s_j] / sum_{i != j} w*_i w*_j. Two studies that
    toss a coin agree half of the time, so 2 A - 1 is agreement beyond chance; it is cut off at 0. (Not Cohen's
    kappa of two raters.) s^2 = k/(k-1) sum w* (y_i - estimate)^2 / sum w*.

    Args:
        estimates: shape (studies, metrics); NaN marks an absent study.
        std_errors: same shape.
        tau2: of `pool`, shape (metrics,); NaN, as for one study, leaves everything NaN.
    """
    table, variances = checked_studies(estimates, std_errors)
    k = np.isfinite(variances).sum(axis=0)
    weights = 1.0 / (variances + floats(tau2))
    mean = between.weighted_mean(table, weights)
    total = between.add_studies(weights)
    spread = k / (k - 1) * between.scatter(table, weights, mean) / total
    square = mean * mean
    with_spread = np.where(spread > 0, square / (square + spread), 1.0)
    known = (k >= 2) & np.isfinite(mean)
    return Agreement(
        kappa=np.where(known, _kappa(np.sign(table), weights), np.nan),
        direction=np.where(known, _direction(np.sign(table), np.sign(mean), weights) / total, np.nan),
        magnitude=np.where(known, with_spread, np.nan),
    )


def _kappa(signs: FloatArray, weights: FloatArray) -> FloatArray:
    same = np.zeros(weights.shape[1])
    for sign in (-1.0, 0.0, 1.0):
        same += _products(np.where(signs == sign, weights, 0.0))
    return np.maximum(2.0 * same / _products(weights) - 1.0, 0.0)


def _products(weights: FloatArray) -> FloatArray:
    """sum_{i<j} w_i w_j over studies."""
    before, products = np.zeros(weights.shape[1]), np.zeros(weights.shape[1])
    for weight in weights:
        products += weight * before
        before += weight
    return products


def _direction(signs: FloatArray, pooled: FloatArray, weights: FloatArray) -> FloatArray:
    agreeing = np.zeros(weights.shape[1])
    for sign, weight in zip(signs, weights, strict=True):
        # 1 for the same sign, 0 for opposite ones, one half where either is zero
        agreeing += weight * (0.5 + 0.5 * sign * pooled)
    return agreeing
