"""False-discovery rates: p values adjusted for how many were looked at."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from expressway.coexpression.arguments import BoolArray, FloatArray, floats
from expressway.errors import InvalidSetting


def benjamini_hochberg(p: ArrayLike) -> FloatArray:
    """q values: the smallest false-discovery rate at which each p is still found.

    q of the i-th smallest of m is min over j >= i of m p_j / j, at most 1. Holds the rate under independence and
    positive dependence (Benjamini & Hochberg 1995, J R Stat Soc B 57, 289).

    Args:
        p: shape (M,); one that is not finite was not tested: its q is NaN and it does not count in m.

    Raises:
        InvalidSetting: a p below 0 or above 1.
    """
    return _adjust(p, arbitrary_dependence=False)


def benjamini_yekutieli(p: ArrayLike) -> FloatArray:
    """As `benjamini_hochberg`, times sum 1/i: holds under any dependence (Benjamini & Yekutieli 2001, Ann Stat 29)."""
    return _adjust(p, arbitrary_dependence=True)


def _adjust(p: ArrayLike, *, arbitrary_dependence: bool) -> FloatArray:
    values = floats(p)
    tested = np.isfinite(values)
    found = values[tested]
    if found.size and (found.min() < 0 or found.max() > 1):
        wrong = found[(found < 0) | (found > 1)][0]
        raise InvalidSetting(f"a p value lies in [0, 1], not at {wrong}", value=wrong, hint="Pass p values, not z.")
    order = np.argsort(found)
    scaled = found[order] * (len(found) / np.arange(1, len(found) + 1))
    if arbitrary_dependence:
        scaled *= _harmonic(len(found))
    return _restored(np.minimum(_smallest_above(scaled), 1.0), order, tested)


def _harmonic(m: int) -> float:
    return float(np.sum(1.0 / np.arange(1, m + 1)))


def _smallest_above(scaled: FloatArray) -> FloatArray:
    return np.minimum.accumulate(scaled[::-1])[::-1]


def _restored(ordered: FloatArray, order: NDArray[np.intp], tested: BoolArray) -> FloatArray:
    found = np.empty_like(ordered)
    found[order] = ordered
    everywhere = np.full(tested.shape, np.nan)
    everywhere[tested] = found
    return everywhere
