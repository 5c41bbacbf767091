"""Which candidates are the best: a total order, so that it does not matter which thread met them when."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def best_candidates(
    first: NDArray[np.int32],
    second: NDArray[np.int32],
    score: NDArray[np.float32],
    count: int,
    alphabet: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Places of the `count` candidates with the largest score, ties by pair_uid, ascending.

    Small cohorts have few different correlations, so that millions of pairs may tie: they must not all be kept.

    Args:
        first: numbers of genes.
        second: numbers of genes.
        score: never NaN.
        count: how many to keep; all if there are no more.
        alphabet: places of the genes in the order of pair_uid, as `Layout.alphabet` has them.
    """
    if len(score) <= count:
        return np.arange(len(score))
    cut = np.partition(score, len(score) - count)[len(score) - count]
    above, ties = np.flatnonzero(score > cut), np.flatnonzero(score == cut)
    wanted = count - len(above)
    if wanted < len(ties):
        uid = uid_order(first[ties], second[ties], alphabet)
        ties = ties[np.argpartition(uid, wanted - 1)[:wanted]]
    return np.sort(np.concatenate([above, ties]))


def uid_order(first: NDArray[np.int32], second: NDArray[np.int32], alphabet: NDArray[np.int64]) -> NDArray[np.int64]:
    """Numbers in the order of the pair_uid of pairs."""
    with_bar, plain = alphabet
    one, other = canonical(first, second, plain)
    return np.asarray(with_bar[one] * len(plain) + plain[other])


def canonical(
    first: NDArray[np.int32], second: NDArray[np.int32], place: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The genes of pairs as their pair_uid names them: the one whose id comes first in the alphabet, and the other."""
    swap = place[first] > place[second]
    return np.where(swap, second, first), np.where(swap, first, second)
