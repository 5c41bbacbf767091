"""The first pass: every tile on every thread, with progress and resumption, the same result however it is cut up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from expressway.coexpression.engine import checkpoints
from expressway.coexpression.engine.candidates import best_candidates
from expressway.coexpression.engine.tiles import (
    CLIPPED,
    Found,
    Problem,
    count_tested,
    nothing_found,
    search_tile,
    take_pairs,
)
from expressway.coexpression.engine.weights import FAMILIES

Tile = tuple[int, int, int, int]
Progress = Callable[[int, int], None]
Plain = Callable[[NDArray[np.int64], NDArray[np.int64]], tuple[NDArray[np.float64], int]]
"""Of pairs of genes by their numbers, |z| of the nine families, (families, pairs), and how many of their correlations
are clipped: what the kernel does not know."""
HEIGHT = 256
"""Most rows of a tile."""
ROUND = 16
"""Tiles that each thread takes before progress is told."""
SECONDS_BETWEEN_CHECKPOINTS = 30.0


@dataclass(frozen=True, slots=True)
class Search:
    """What to look for, and how to cut the work up; the second half does not change the result."""

    least: float
    """|z| from which the tail is counted."""
    start: float
    """Best |z| of ss, soth and combined from which a pair may be a candidate; -1 for every pair."""
    limit: int
    """Candidates to keep, those with the largest |z|, ties by pair_uid."""
    compiled: bool = True
    """Whether the kernel knows the statistics; it never knows genes with missing values."""
    fixed: bool = False
    sample: int = 8
    tile: int = 512
    threads: int = 1
    checkpoint: Path | None = None


@dataclass(frozen=True, slots=True)
class Screened:
    """What the first pass knows of all pairs."""

    histogram: NDArray[np.uint32]
    coarse: NDArray[np.int64]
    counts: NDArray[np.int64]
    first: NDArray[np.int32]
    second: NDArray[np.int32]
    score: NDArray[np.float32]
    """The best |z| of ss, soth and combined; -1 without any of them."""
    cut: float
    """Every pair whose best |z| is at least this is among the candidates."""


def tiles(genes: int, complete: int, side: int) -> Iterator[Tile]:
    """(first row, end of rows, first column, end of columns) of the tiles of the upper triangle.

    First those of genes without missing values, then those of the other genes with all before them.
    """
    height = min(side, HEIGHT)
    for left, right in ((0, complete), (complete, genes)):
        for row in range(0, right, height):
            bottom = min(row + height, right)
            for column in range(max(row, left), right, side):
                yield row, bottom, column, min(column + side, right)


def pairs_in(tile: Tile) -> int:
    """Pairs of a tile whose second gene comes after the first."""
    row, bottom, column, right = tile
    full = max(0, min(bottom, column) - row)  # rows that lie before all columns
    first, last = max(row, column), min(bottom, right)
    steps = max(0, last - first)
    return full * (right - column) + steps * (right - first) - steps * (steps + 1) // 2


class _Thread:
    """What one thread holds: its counts, its candidates, its cut."""

    def __init__(self, search: Search, plain: Plain) -> None:
        self.search = search
        self.plain = plain
        self.area = min(search.tile, HEIGHT) * search.tile
        self.found = nothing_found(2 * search.limit + self.area + 1)
        self.cut = _square(search.start)

    def take(self, given: Problem, tile: Tile) -> None:
        held = self.found.held
        if held[0] + self.area >= len(self.found.score):
            self.cut = max(self.cut, prune(self.found, self.search.limit, given.alphabet))
        row, bottom, column, right = tile
        search = self.search
        if not search.compiled or right > given.complete:
            self._take_plainly(tile)
            return
        search_tile(
            given,
            (row, bottom),
            (column, right),
            search.fixed,
            _square(search.least),
            self.cut,
            search.sample,
            self.found,
        )

    def _take_plainly(self, tile: Tile) -> None:
        row, bottom, column, right = tile
        i, j = np.meshgrid(np.arange(row, bottom), np.arange(column, right), indexing="ij")
        first, second = i[i < j], j[i < j]
        if len(first):
            z, clipped = self.plain(first, second)
            search = self.search
            self.found.counts[CLIPPED] += clipped
            squares = (z * z).astype(np.float32)
            take_pairs(squares, first, second, _square(search.least), self.cut, search.sample, self.found)


def _square(z: float) -> np.float32:
    return np.float32(z * z if z >= 0 else -1.0)


def prune(found: Found, limit: int, alphabet: NDArray[np.int64]) -> np.float32:
    """Keep one candidate more than `limit`, which tells that there were more; returns the smallest score kept."""
    held = int(found.held[0])
    kept = best_candidates(found.first[:held], found.second[:held], found.score[:held], limit + 1, alphabet)
    for column in (found.first, found.second, found.score):
        column[: len(kept)] = column[kept]
    found.held[0] = len(kept)
    return np.float32(found.score[: len(kept)].min(initial=np.inf))


def screen(given: Problem, search: Search, plain: Plain, progress: Progress | None = None) -> Screened:
    """Go through all pairs of genes.

    Args:
        given: ranks, patterns and variances.
        search: what to look for.
        plain: the statistics of pairs that the kernel does not know.
        progress: called with pairs done and pairs in all.

    Returns:
        Counts and candidates; the same arrays for any tile size, number of threads and interruption, the candidates
        sorted by first and second gene.
    """
    genes = len(given.pattern)
    total = genes * (genes - 1) // 2
    count = sum(1 for _ in tiles(genes, given.complete, search.tile))
    workers = [_Thread(search, plain) for _ in range(min(search.threads, count))]
    key = checkpoints.key(given, search) if search.checkpoint else ""
    skip, done = checkpoints.resume(search.checkpoint, key, workers[0].found)
    todo = islice(tiles(genes, given.complete, search.tile), skip, None)
    saved = time.monotonic()
    if progress is not None:
        progress(done, total)  # the first tile may have to wait for the compiler
    with ThreadPoolExecutor(len(workers)) as pool:
        while batch := list(islice(todo, ROUND * len(workers))):
            _round(pool, workers, given, batch)
            skip += len(batch)
            done += sum(map(pairs_in, batch))
            if progress is not None:
                progress(done, total)
            if search.checkpoint and time.monotonic() - saved > SECONDS_BETWEEN_CHECKPOINTS:
                checkpoints.save(
                    search.checkpoint, key, given, search, (skip, done), [worker.found for worker in workers]
                )
                saved = time.monotonic()
    if search.compiled:
        workers[0].found.counts[: len(FAMILIES)] += count_tested(given)
    return _merged([worker.found for worker in workers], search, given.alphabet)


def _round(pool: ThreadPoolExecutor, workers: list[_Thread], given: Problem, batch: list[Tile]) -> None:
    queue, lock = iter(batch), threading.Lock()

    def work(worker: _Thread) -> None:
        while True:
            with lock:
                tile = next(queue, None)
            if tile is None:
                return
            worker.take(given, tile)

    for outcome in [pool.submit(work, worker) for worker in workers]:
        outcome.result()


def _merged(parts: list[Found], search: Search, alphabet: NDArray[np.int64]) -> Screened:
    """The parts added up; whether candidates were dropped depends on all of them only, not on who met which."""
    first, *rest = parts
    used = int(max(part.highest.max() for part in parts)) + 1
    for part in rest:
        first.histogram[:, :used] += part.histogram[:, :used]
        for name in ("coarse", "counts"):
            total: NDArray[Any] = getattr(first, name)
            total += getattr(part, name)
    i, j, squares = (
        np.concatenate([column[: int(part.held[0])] for part, column in zip(parts, columns, strict=True)])
        for columns in ([p.first for p in parts], [p.second for p in parts], [p.score for p in parts])
    )
    cut = np.float32(search.start)
    kept = best_candidates(i, j, squares, search.limit, alphabet)
    score = np.sqrt(squares, out=np.full_like(squares, -1), where=squares >= 0)
    if len(kept) < len(score):
        cut = np.nextafter(score[kept].min(), np.float32(np.inf))
    order = kept[np.lexsort((j[kept], i[kept]))]
    return Screened(first.histogram[:, :used], first.coarse, first.counts, i[order], j[order], score[order], float(cut))
