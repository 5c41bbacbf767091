"""Estimators of the variance between studies, tau^2, for many metrics at once.

Every sum over studies is taken in study order, one study after the other, so the result for one metric is bit for
bit the same whichever other metrics stand beside it. An absent study has infinite variance, hence weight 0: it adds
exact zeros.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from expressway.coexpression.arguments import BoolArray, FloatArray, IntArray

_MOST_STEPS = 200
_PATIENCE = 30
_TOLERANCE = 1e-12
"""Of a step, relative to tau^2 + the typical variance within a study."""


@dataclass(frozen=True, slots=True)
class Deviations:
    """What the estimators see; all of them are indifferent to a shift of the estimates."""

    values: FloatArray
    """Shape (studies, metrics): estimates less their inverse-variance mean; any number where absent."""
    variances: FloatArray
    """Shape (studies, metrics): squared standard errors; infinity where absent."""
    Q: FloatArray
    """Cochran's Q, shape (metrics,)."""
    k: IntArray
    """Studies present, shape (metrics,)."""

    def of(self, metrics: IntArray | slice) -> Deviations:
        """Only these metrics."""
        return Deviations(self.values[:, metrics], self.variances[:, metrics], self.Q[metrics], self.k[metrics])

    def weights(self, tau2: FloatArray) -> FloatArray:
        """1 / (variance + tau^2), shape (studies, metrics)."""
        weights = self.variances + tau2
        return np.divide(1.0, weights, out=weights)


def none(data: Deviations) -> FloatArray:
    """Equal effects: tau^2 is zero."""
    return np.zeros(len(data.Q))


def dersimonian_laird(data: Deviations) -> FloatArray:
    """max(0, (Q - (k - 1)) / C), C = sum w - sum w^2 / sum w (DerSimonian & Laird 1986, Control Clin Trials 7, 177)."""
    excess = data.Q - (data.k - 1)
    excess /= spread_of_weights(1.0 / data.variances)
    return np.maximum(excess, 0.0, out=excess)


def hedges(data: Deviations) -> FloatArray:
    """max(0, s^2 - mean variance), s^2 with k - 1 (Hedges 1983, Psychol Bull 93, 388; "HE", Hedges and Olkin)."""
    _, squares = _unweighted(data)
    variance = add_studies(np.where(np.isfinite(data.variances), data.variances, 0.0)) / data.k
    return np.maximum(squares / (data.k - 1) - variance, 0.0)


def sidik_jonkman(data: Deviations) -> FloatArray:
    """t sum w (y - mean)^2 / (k - 1) with w = 1 / (variance + t), t = sum (y - unweighted mean)^2 / k.

    Sidik & Jonkman (2005), Appl Stat 54, 367. Positive unless all estimates are equal.
    """
    _, squares = _unweighted(data)
    start = squares / data.k
    weights = data.weights(start)
    return start * scatter(data.values, weights, weighted_mean(data.values, weights)) / (data.k - 1)


def paule_mandel(data: Deviations) -> FloatArray:
    """The tau^2 at which the generalised Q equals k - 1, or 0 where Q is below it already (Paule & Mandel 1982).

    Newton's method, from DerSimonian-Laird. Generalised Q is convex and falls with tau^2, so from the second step
    on the iterates rise to the root.
    """
    return _iterate(data, dersimonian_laird(data), _paule_mandel_step)


def restricted_likelihood(data: Deviations) -> FloatArray:
    """The tau^2 of restricted maximum likelihood (Viechtbauer 2005, J Educ Behav Stat 30, 261).

    Uphill from the Hedges estimate, as metafor goes; 0 where the likelihood is higher there than at the local maximum
    that was found.
    """
    found = _iterate(data, hedges(data), _likelihood_step)
    zero = np.zeros_like(found)
    return np.where(log_likelihood(data, zero) > log_likelihood(data, found), zero, found)


ESTIMATORS: Mapping[str, Callable[[Deviations], FloatArray]] = {
    "DL": dersimonian_laird,
    "PM": paule_mandel,
    "REML": restricted_likelihood,
    "HE": hedges,
    "SJ": sidik_jonkman,
    "EE": none,
}


def add_studies(terms: FloatArray) -> FloatArray:
    """The sum over the first axis, in its order; `numpy.sum` promises no order."""
    total = np.zeros(terms.shape[1:])
    for term in terms:
        total += term
    return total


def weighted_mean(values: FloatArray, weights: FloatArray) -> FloatArray:
    """sum w y / sum w over studies, shape (metrics,)."""
    total, weight = np.zeros(values.shape[1:]), np.zeros(values.shape[1:])
    for value, share in zip(values, weights, strict=True):
        total += share * value
        weight += share
    return np.divide(total, weight, out=total)


def scatter(values: FloatArray, weights: FloatArray, mean: FloatArray, power: int = 1) -> FloatArray:
    """sum w^power (y - mean)^2 over studies, shape (metrics,)."""
    total = np.zeros(values.shape[1:])
    for value, weight in zip(values, weights, strict=True):
        term = value - mean
        term *= term
        for _ in range(power):
            term *= weight
        total += term
    return total


def spread_of_weights(weights: FloatArray) -> FloatArray:
    """sum w - sum w^2 / sum w, as 2 sum_{i<j} w_i w_j / sum w, which does not cancel when one study dominates."""
    before, products = np.zeros(weights.shape[1:]), np.zeros(weights.shape[1:])
    for weight in weights:
        products += weight * before
        before += weight
    products *= 2.0
    return np.divide(products, before, out=products)


def log_likelihood(data: Deviations, tau2: FloatArray) -> FloatArray:
    """The restricted log-likelihood of each metric, but for a constant."""
    weights = data.weights(tau2)
    logs = add_studies(np.log(weights, out=np.zeros_like(weights), where=weights > 0))
    misfit = scatter(data.values, weights, weighted_mean(data.values, weights))
    return 0.5 * (logs - np.log(add_studies(weights)) - misfit)


def _unweighted(data: Deviations) -> tuple[FloatArray, FloatArray]:
    """Mean of the studies present, and the sum of squares about it."""
    present = np.isfinite(data.variances).astype(np.float64)
    mean = weighted_mean(data.values, present)
    return mean, scatter(data.values, present, mean)


_Step = Callable[[Deviations, FloatArray], FloatArray]


def _iterate(data: Deviations, start: FloatArray, step: _Step) -> FloatArray:
    """Steps each metric to where the step is nothing, or to 0; NaN where that takes too long.

    A step upwards shows that the solution lies above, a step downwards that it lies below. One that leaves what is
    known of the solution is replaced by halving it. Once patience is lost, steps double until the solution is
    enclosed and every step halves: a flat likelihood makes steps that are short, or made of rounding errors.
    """
    found = np.full(len(start), np.nan)
    at = np.flatnonzero((data.k >= 2) & np.isfinite(start))
    tau2, data = start[at], data.of(at)
    scale = data.k / add_studies(1.0 / data.variances)
    low, high = np.full(len(at), -np.inf), np.full(len(at), np.inf)
    for count in range(_MOST_STEPS):
        change = step(data, tau2) * 2.0 ** max(0, count - _PATIENCE)
        low, high = np.where(change >= 0, tau2, low), np.where(change >= 0, high, tau2)
        stepped = np.maximum(tau2 + change, 0.0)
        astray: BoolArray = (stepped <= low) | (stepped >= high) | (count >= _PATIENCE)
        astray &= np.isfinite(low) & np.isfinite(high)
        stepped[astray] = 0.5 * (low[astray] + high[astray])
        done = np.abs(stepped - tau2) <= _TOLERANCE * (stepped + scale)
        found[at[done]] = stepped[done]
        going = np.flatnonzero(~done)
        if not len(going):
            break
        at, tau2, scale = at[going], stepped[going], scale[going]
        low, high, data = low[going], high[going], data.of(going)
    return found


def _paule_mandel_step(data: Deviations, tau2: FloatArray) -> FloatArray:
    weights = data.weights(tau2)
    mean = weighted_mean(data.values, weights)
    excess = scatter(data.values, weights, mean) - (data.k - 1)
    return np.divide(excess, scatter(data.values, weights, mean, power=2), out=excess)


def _likelihood_step(data: Deviations, tau2: FloatArray) -> FloatArray:
    """The score over the expected or the observed information, whichever is larger: the shorter step of Fisher
    scoring and Newton's method, which does not jump to another maximum.

    With P the projection that takes the weighted mean away: the score is (y'PPy - tr P) / 2, the observed
    information y'PPPy - tr(PP) / 2 and the expected one tr(PP) / 2.
    """
    weights = data.weights(tau2)
    residuals = data.values - weighted_mean(data.values, weights)
    residuals *= weights
    score = add_studies(residuals * residuals) - spread_of_weights(weights)
    expected = _information(weights)
    observed = 2.0 * scatter(residuals, weights, weighted_mean(residuals, weights)) - expected
    return np.divide(score, np.maximum(observed, expected), out=score)


def _information(weights: FloatArray) -> FloatArray:
    """tr(PP) = sum w^2 - 2 sum w^3 / sum w + (sum w^2 / sum w)^2, so that no term is taken from another.

    It is the sum of the squares of w_i (sum of the other w) / sum w, and of w_i w_j / sum w for i != j.
    """
    total = add_studies(weights)
    information, before, squares_before = np.zeros_like(total), np.zeros_like(total), np.zeros_like(total)
    after = np.zeros_like(weights)
    for study in range(len(weights) - 2, -1, -1):
        after[study] = after[study + 1] + weights[study + 1]
    for weight, rest in zip(weights, after, strict=True):
        own, square = weight * (before + rest), weight * weight
        information += own * own + 2.0 * square * squares_before
        before += weight
        squares_before += square
    information /= total
    return np.divide(information, total, out=information)
