"""One tile of the upper triangle: dot products of ranks, the kernel row by row, and what is kept of it.

Nothing leaves a tile but counts and candidates: for each of the nine families a histogram of z^2 of the pairs in the
tail, and the pairs whose best z^2 of ss, soth and combined reaches the cut.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from expressway.coexpression.engine.cohort_rows import fisher_row
from expressway.coexpression.engine.layout import CASE, CONTROL, REFERENCE, Layout
from expressway.coexpression.engine.operations import F32, compiled, larger
from expressway.coexpression.engine.pooled_rows import pool_row
from expressway.coexpression.engine.products import ROWS, interleave, multiply_rows
from expressway.coexpression.engine.vectors import WIDTH
from expressway.coexpression.engine.weights import FAMILIES, METRICS, weigh

LANES = 256
"""Columns that the kernel takes at a time: what it touches then stays in the first-level cache."""
TOGETHER = 16
"""Rows whose products are made before they are used: they stay in the second-level cache."""
BINS_PER_UNIT = 6250
"""Bins of the histograms in one unit of z^2: p changes by 8e-5 of its value, at most 1.0e-4, from bin to bin."""
BINS = 1500 * BINS_PER_UNIT
"""Up to z = 38.7, where p leaves the range of float64."""
COARSE_BINS, COARSE_WIDTH = 2000, 0.005
"""Bins of |z| of ss, soth and combined over the whole range, of every pair of a sampled gene: for pictures of p."""


class Problem(NamedTuple):
    """The arrays of a layout as the compiled functions take them."""

    ranks: NDArray[np.int32]
    """Two samples' ranks in each number, by slot and gene."""
    offsets: NDArray[np.int64]
    """Where the ranks of every slot start."""
    n: NDArray[np.int64]
    most: NDArray[np.int64]
    """Numbers of a gene whose products fit into 32 bits together, in every slot."""
    scale: NDArray[np.float32]
    """sqrt(A / A0) of every slot and gene, and zeros for a block after the last."""
    largest: NDArray[np.float32]
    """A0 of every slot."""
    limits: NDArray[np.float32]
    """|z| at which a correlation counts as clipped in every slot: that of 1 - 2 / A0, less the rounding."""
    pattern: NDArray[np.int32]
    present: NDArray[np.bool_]
    variances: NDArray[np.float32]
    others: NDArray[np.bool_]
    groups: NDArray[np.int64]
    alphabet: NDArray[np.int64]
    complete: int


class Found(NamedTuple):
    """What a thread keeps; adding the counts of two gives what one thread would have."""

    histogram: NDArray[np.uint32]
    """(families, BINS)"""
    coarse: NDArray[np.int64]
    """(3, COARSE_BINS)"""
    counts: NDArray[np.int64]
    """Pairs tested in each family, as far as they came with their statistics; then correlations clipped."""
    first: NDArray[np.int32]
    second: NDArray[np.int32]
    score: NDArray[np.float32]
    """The best z^2 of ss, soth and combined of each candidate; -1 without any of them."""
    highest: NDArray[np.int64]
    """The last bin of each family that holds something: most of a histogram is never touched."""
    held: NDArray[np.int64]
    """How many of the candidates' places are filled."""


CLIPPED = len(FAMILIES)


def problem(layout: Layout, variances: NDArray[np.float64]) -> Problem:
    """The arrays of a layout, with the variance of z in every slot."""
    largest = layout.largest_square()
    with np.errstate(divide="ignore"):
        limits = np.arctanh(1 - 2 / np.where(layout.n > 3, largest, 2.0)) * (1 - 1e-6)
    scale = np.zeros((len(largest), len(layout.genes) + WIDTH), np.float32)
    scale[:, : len(layout.genes)] = np.sqrt(layout.squares / np.where(largest > 0, largest, 1)[:, None])
    return Problem(
        ranks=layout.ranks.view(np.int32),
        offsets=layout.offsets // 2,
        n=layout.n,
        most=np.where(largest < 2**31, layout.n, 2**30 // np.maximum(layout.n - 1, 1) ** 2),
        scale=scale,
        largest=largest.astype(np.float32),
        limits=limits.astype(np.float32),
        pattern=layout.pattern,
        present=layout.present,
        variances=variances.astype(np.float32),
        others=layout.others,
        groups=layout.groups,
        alphabet=layout.alphabet(),
        complete=layout.complete,
    )


def count_tested(given: Problem) -> NDArray[np.int64]:
    """Pairs of complete genes that are tested in each family, which their presence patterns tell."""
    sizes = np.bincount(given.pattern[: given.complete], minlength=len(given.present)).astype(np.int64)
    slots = given.present.reshape(len(sizes), -1, len(given.others))
    total = np.zeros(len(FAMILIES), np.int64)
    for number in range(len(slots)):
        both = slots & slots[number]  # (patterns, studies, labels)
        case = both[:, :, CASE]
        ss = (case & both[:, :, REFERENCE]).any(axis=1)
        soth = (case & both[:, :, given.others].any(axis=2)).any(axis=1)
        cohort = both[:, :, :3].any(axis=1)
        control, sepsis, shock = cohort[:, CONTROL], cohort[:, REFERENCE], cohort[:, CASE]
        tests = [ss, soth, ss | soth, control, sepsis, shock, shock & sepsis, shock & control, sepsis & control]
        others = sizes[number] * sizes
        others[number] -= sizes[number]
        total += np.stack(tests).astype(np.int64) @ others
    return total // 2


def nothing_found(room: int) -> Found:
    """Empty counts, and places for `room` candidates."""
    return Found(
        histogram=np.zeros((len(FAMILIES), BINS), np.uint32),
        coarse=np.zeros((3, COARSE_BINS), np.int64),
        counts=np.zeros(len(FAMILIES) + 1, np.int64),
        first=np.empty(room, np.int32),
        second=np.empty(room, np.int32),
        score=np.empty(room, np.float32),
        highest=np.zeros(len(FAMILIES), np.int64),
        held=np.zeros(1, np.int64),
    )


@compiled
def lay_side_by_side(given: Any, first: int, last: int, panels: Any) -> None:
    """The ranks of genes `first` to `last` in every slot as `multiply` reads them."""
    room = (last - first + WIDTH - 1) // WIDTH * WIDTH
    at = 0
    for slot in range(given.n.size):
        pairs = (given.n[slot] + 1) // 2
        interleave(given.ranks, given.offsets[slot], pairs, (first, last), panels[at:])
        at += pairs * room


@compiled
def multiply(given: Any, rows: Any, start: int, panels: Any, products: Any) -> None:
    """The dot products of the ranks of genes `rows[0]` to `rows[1]` with those in `panels`, exact before float32.

    Args:
        rows: at most TOGETHER; up to ROWS - 1 genes after them are read and come to nothing.
        start: the first gene of `panels` that is needed.
        products: filled here, (slots, TOGETHER, genes of `panels`), in slots that have samples.
    """
    slots, together, columns = products.shape
    flat = products.reshape(-1)
    at = 0
    for slot in range(slots):
        pairs = (given.n[slot] + 1) // 2
        for top in range(0, rows[1] - rows[0], ROWS):
            line = given.offsets[slot] + (rows[0] + top) * pairs
            for left in range(start // WIDTH * WIDTH, columns if pairs > 0 else 0, WIDTH):
                place = (slot * together + top) * columns + left
                multiply_rows(
                    given.ranks, line, pairs, given.most[slot], panels, at + left * pairs, flat, place, columns
                )
        at += pairs * columns


@compiled
def count_tail(x: Any, start: int, least: Any, near: Any, family: int, found: Any) -> None:
    """Count what reaches the tail into the histogram of a family."""
    counts = found.histogram[family]
    k = 0
    for j in range(start, x.size):
        near[k] = x[j]
        k += x[j] >= least
    highest = found.highest[family]
    for j in range(k):
        number = int(min(near[j] * F32(BINS_PER_UNIT), F32(BINS - 1)))
        counts[number] += 1
        highest = max(highest, number)
    found.highest[family] = highest


@compiled
def count_coarsely(squares: Any, start: int, coarse: Any) -> None:
    """Count |z| over its whole range."""
    for f in range(3):
        for j in range(start, squares.shape[1]):
            if not np.isnan(squares[f, j]):
                coarse[f, int(min(np.sqrt(squares[f, j]) / F32(COARSE_WIDTH), F32(COARSE_BINS - 1)))] += 1


@compiled
def take_candidates(best: Any, start: int, row: int, column: int, cut: Any, found: Any) -> None:
    """Note the pairs whose best z^2 of ss, soth and combined reaches the cut; without any of them it is -1."""
    k = found.held[0]
    for j in range(start, best.size):
        found.first[k] = row
        found.second[k] = column + j
        found.score[k] = best[j]
        k += best[j] >= cut
    found.held[0] = k


@compiled
def search_tile(
    given: Any, rows: Any, columns: Any, fixed: bool, least: Any, cut: Any, sample: int, found: Any
) -> None:
    """All pairs of the genes `rows[0]` to `rows[1]` with `columns[0]` to `columns[1]`, the second after the first.

    Args:
        fixed: equal effects instead of DerSimonian and Laird.
        least: z^2 from which the tail is counted.
        cut: best z^2 from which a pair is a candidate.
        sample: every how many genes the whole range is counted.
    """
    for begin in range(columns[0], columns[1], LANES):
        search_strip(given, rows, begin, min(LANES, columns[1] - begin), fixed, least, cut, sample, found)


@compiled
def search_strip(
    given: Any, rows: Any, begin: int, lanes: int, fixed: bool, least: Any, cut: Any, sample: int, found: Any
) -> None:
    """As `search_tile`, of the `lanes` columns from `begin` on."""
    L = given.others.size
    panels, products, theirs, weighed, z, contrasts, out, near = strip_tables(given, lanes)
    weights, spreads, shares, inverse_sum, inverse_c, degrees = weighed
    lay_side_by_side(given, begin, begin + lanes, panels)
    for slot in range(given.n.size):
        for j in range(lanes):
            theirs[slot, j] = given.present[given.pattern[begin + j], slot]
    known = -1
    bottom = min(rows[1], begin + lanes - 1)
    for i in range(rows[0], bottom):
        row = (i - rows[0]) % TOGETHER
        start = max(0, i + 1 - begin)
        if row == 0:
            multiply(given, (i, min(i + TOGETHER, bottom)), start, panels, products)
        if given.pattern[i] != known:
            known = given.pattern[i]
            weigh(given.present[known], theirs, given.variances, given.others, given.groups, L, weighed)
        found.counts[CLIPPED] += fisher_row(
            products, row, given.scale, i, begin, given.largest, given.limits, given.n, start, lanes, z
        )
        pool_row(z, contrasts, weights, spreads, shares, inverse_sum, inverse_c, degrees, given.groups, L, fixed, out)
        for f in range(9):
            count_tail(out[f, :lanes], start, least, near, f, found)
        if i % sample == 0:
            count_coarsely(out[:, :lanes], start, found.coarse)
        take_candidates(out[9, :lanes], start, i, begin, cut, found)


@compiled
def strip_tables(given: Any, lanes: int) -> Any:
    """Room for the ranks of a strip's genes, the dot products of some rows, and what becomes of one row."""
    slots, studies = given.n.size, given.n.size // given.others.size
    cells = METRICS * (given.groups.size - 1)
    room = (lanes + WIDTH - 1) // WIDTH * WIDTH
    weighed = (
        np.empty((METRICS * studies, room), F32),
        np.empty((METRICS * studies, room), F32),
        np.empty((slots, room), F32),
        np.empty((cells, room), F32),
        np.empty((cells, room), F32),
        np.empty((cells, room), F32),
    )
    return (
        np.empty(((given.n + 1) // 2).sum() * room, np.int32),
        np.empty((slots, TOGETHER, room), F32),
        np.zeros((slots, room), F32),
        weighed,
        np.zeros((slots, room), F32),
        np.empty((2 * studies, room), F32),
        np.empty((10, room), F32),
        np.empty(lanes + 1, F32),
    )


@compiled
def take_pairs(squares: Any, first: Any, second: Any, least: Any, cut: Any, sample: int, found: Any) -> None:
    """What `search_tile` keeps, of pairs whose nine z^2 are known: (families, pairs), float32."""
    near = np.empty(first.size + 1, F32)
    for f in range(9):
        for p in range(first.size):
            found.counts[f] += not np.isnan(squares[f, p])
        count_tail(squares[f], 0, least, near, f, found)
    k = found.held[0]
    for p in range(first.size):
        if first[p] % sample == 0:
            count_coarsely(squares[:, p : p + 1], 0, found.coarse)
        best = larger(larger(squares[0, p], squares[1, p]), squares[2, p])
        found.first[k] = first[p]
        found.second[k] = second[p]
        found.score[k] = F32(-1) if np.isnan(best) else best
        k += found.score[k] >= cut
    found.held[0] = k
