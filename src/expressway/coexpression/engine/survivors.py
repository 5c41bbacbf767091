"""Correlations of chosen pairs in float64, in every slot; also of pairs with missing values, pairwise complete."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from expressway.coexpression.engine.layout import MISSING, Layout
from expressway.coexpression.engine.operations import compiled


class Correlations(NamedTuple):
    """Spearman correlations of pairs, (slots, pairs), NaN where a pair does not count; the samples behind them."""

    r: NDArray[np.float64]
    n: NDArray[np.int64]


def correlations(layout: Layout, first: NDArray[Any], second: NDArray[Any], min_n: int) -> Correlations:
    """Correlations of the pairs (first, second) of genes of a layout.

    Without missing values r = N / sqrt(A_i A_j), with N the exact dot product of doubled ranks and A their sums of
    squares. With them, the samples where both genes have a value are ranked anew. Two genes that are one measurement
    in a study have none there: r = 1 would say nothing of them.

    Args:
        layout: ranks and presence.
        first: numbers of genes.
        second: numbers of genes.
        min_n: samples that a pair with missing values must keep.
    """
    slots = len(layout.n)
    r = np.full((slots, len(first)), np.nan)
    n = np.zeros((slots, len(first)), np.int64)
    for slot in range(slots):
        if layout.n[slot]:
            there, measured = layout.present[layout.pattern, slot], layout.measured[slot // layout.labels_per_study]
            ranks = layout.slot_ranks(slot)
            least, size = max(min_n, 4), int(layout.n[slot])
            _correlate(ranks, layout.squares[slot], there, measured, first, second, size, least, (r[slot], n[slot]))
    return Correlations(r, n)


@compiled
def _correlate(
    ranks: Any, squares: Any, there: Any, measured: Any, first: Any, second: Any, size: int, min_n: int, out: Any
) -> None:
    r, n = out
    x = np.empty(size, np.float64)
    y = np.empty(size, np.float64)
    for p in range(first.size):
        i, j = first[p], second[p]
        if not (there[i] and there[j]) or measured[i] == measured[j]:
            continue
        product, a, b, known = 0.0, squares[i], squares[j], size
        if not np.isnan(a) and not np.isnan(b):
            product = np.float64(dot(ranks[i], ranks[j]))
        else:
            known = 0
            for k in range(size):
                if ranks[i, k] != MISSING and ranks[j, k] != MISSING:
                    x[known] = ranks[i, k]
                    y[known] = ranks[j, k]
                    known += 1
            if known < min_n:
                continue
            rank_again(x[:known])
            rank_again(y[:known])
            a, b = 0.0, 0.0
            for k in range(known):
                product += x[k] * y[k]
                a += x[k] * x[k]
                b += y[k] * y[k]
        if a > 0 and b > 0:
            r[p] = max(-1.0, min(1.0, product / np.sqrt(a * b)))
            n[p] = known


@compiled
def dot(a: Any, b: Any) -> Any:
    """The dot product of two genes' ranks, a whole number."""
    total = np.int64(0)
    for k in range(a.size):
        total += np.int64(np.int32(a[k]) * np.int32(b[k]))
    return total


@compiled
def rank_again(values: Any) -> None:
    """The doubled centred ranks of values, in their place."""
    order = np.argsort(values, kind="mergesort")
    n = values.size
    ranks = np.empty(n, np.float64)
    start = 0
    while start < n:
        end = start
        while end + 1 < n and values[order[end + 1]] == values[order[start]]:
            end += 1
        for k in range(start, end + 1):
            ranks[order[k]] = start + end + 2 - (n + 1)
        start = end + 1
    values[:] = ranks
