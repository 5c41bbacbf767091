"""q values of stored pairs over all pairs tested, from what the first pass kept.

Benjamini and Hochberg's q of p_i is min over j >= i of m p_j / j, with p sorted. Ranks come from the exact |z| of all
pairs in the tail where these are at hand, else from the histograms of z^2. If all p change by a factor of at most
1 + e, q changes by at most about that factor; a bin spans 1e-4 of p, and so q from a histogram is right to 1e-4.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from expressway.coexpression.engine.tiles import BINS_PER_UNIT
from expressway.coexpression.fisher import log_p

Array = NDArray[np.float64]
ROUNDING = 1e-5
"""Share of |z| that float32 may be off, with some to spare."""


@dataclass(frozen=True, slots=True)
class Tail:
    """The pairs of a family with the largest |z|, as the steps of ln q."""

    z: Array
    """Ascending |z| at which the number of pairs at least as extreme falls."""
    log_factor: Array
    """ln of what p is multiplied by at each step: pairs tested over those at least as extreme, times the penalty."""
    log_q: Array
    """ln q at each step: monotone, before p of a pair itself is looked at."""
    tested: int
    log_bound: float
    """ln of the largest q that is known."""
    slack: float
    """Share of |z| by which a pair may have been counted above or below its |z|."""


def exact_tail(z: Array, tested: int, bound: float, penalty: float) -> Tail:
    """From the |z| of all pairs that are at least as extreme as `bound`."""
    steps, counts = np.unique(z[z >= bound], return_counts=True)
    at_least = np.cumsum(counts[::-1])[::-1].astype(np.float64)
    return _tail(steps, at_least, tested, bound, penalty, 1e-12)


def counted_tail(histogram: NDArray[np.unsignedinteger], tested: int, bound: float, penalty: float) -> Tail:
    """From a histogram of z^2; each step stands at the lower edge of its bin."""
    filled = np.flatnonzero(histogram > 0)
    at_least = np.cumsum(histogram[filled][::-1], dtype=np.float64)[::-1]
    return _tail(np.sqrt(filled / BINS_PER_UNIT), at_least, tested, bound, penalty, ROUNDING)


def _tail(z: Array, at_least: Array, tested: int, bound: float, penalty: float, slack: float) -> Tail:
    log_factor = np.log(max(tested, 1)) - np.log(at_least) + penalty
    bound_p = 0.0 if bound <= 0 else float(log_p(bound))
    return Tail(z, log_factor, np.minimum.accumulate(log_p(z) + log_factor), tested, bound_p, slack)


def log_q(tail: Tail, z: Array) -> Array:
    """ln q of pairs with the given |z|; NaN where z is, +inf where q is only known to be above the bound."""
    order = np.argsort(z)  # neighbours then look at the same part of the tail
    ascending = z[order]
    ln_p = log_p(ascending)
    own = _log_q_at(tail, ln_p, np.searchsorted(tail.z, ascending, side="right"))
    # A pair may have been counted one step higher than it stands now. Its own step would then count all of a lower one
    # as at least as extreme, which at rank 1 halves q; the larger of both is right in either case.
    higher = _log_q_at(tail, ln_p, np.searchsorted(tail.z, ascending * (1 + tail.slack), side="right"))
    found = np.where(np.isposinf(own), higher, np.maximum(own, higher))
    found[found > tail.log_bound] = np.inf
    found[np.isnan(ascending)] = np.nan
    result = np.empty_like(found)
    result[order] = found
    return result


def _log_q_at(tail: Tail, ln_p: Array, step: NDArray[np.int64]) -> Array:
    """ln q of pairs that were counted before a step; +inf below the tail."""
    factor = np.concatenate([[np.inf], tail.log_factor])
    below = np.concatenate([[np.inf, np.inf], tail.log_q[:-1]])
    return np.where(step > 0, np.minimum(np.minimum(ln_p + factor[step], below[step]), 0.0), np.inf)


def penalty(method: str, tested: int) -> float:
    """ln of the factor on m: 0, or for Benjamini and Yekutieli ln sum 1/i (Benjamini & Yekutieli 2001)."""
    if method == "BH" or tested < 1:
        return 0.0
    exactly = min(tested, 1_000_000)
    harmonic = float(np.sum(1 / np.arange(1, exactly + 1)))
    if tested > exactly:
        harmonic += float(np.log(tested / exactly) + 1 / (2 * tested) - 1 / (2 * exactly))
    return float(np.log(harmonic))


def survival(histogram: NDArray[np.uint32], points: int = 200) -> tuple[Array, Array]:
    """|z| and the pairs at least as extreme, at up to `points` steps through a tail: for a picture."""
    filled = np.flatnonzero(histogram > 0)
    if not len(filled):
        return np.empty(0), np.empty(0)
    at_least = np.cumsum(histogram[filled][::-1], dtype=np.float64)[::-1]
    chosen = np.unique(np.searchsorted(-at_least, -np.geomspace(at_least[0], 1, points)).clip(0, len(filled) - 1))
    return np.sqrt((filled[chosen] + 0.5) / BINS_PER_UNIT), at_least[chosen]
