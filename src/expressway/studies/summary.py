"""Exact statistics of every sample and gene of a spilled matrix, stripe of samples after stripe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from expressway.studies.spill import Spill
from expressway.studies.study import FloatArray

FLOOR_GENES = 10
"""Genes that must share the lowest value of a sample to make it a floor."""
QUANTILES = (0.25, 0.5, 0.75, 0.99, 0.999)
AGREEMENT = 1e-6
"""Relative difference up to which two values of the same rank count as equal."""

_STRIPE_BYTES = 2**23
_WORKERS = 2
_CORRELATION_GENES = 2_000
_CORRELATION_BYTES = 2**25
_QUIET = np.errstate(over="ignore", invalid="ignore")
_SEED = 0x9E3779B97F4A7C15
_WORD = 2**64 - 1


@dataclass(slots=True)
class SampleSummary:
    """Statistics of samples over their non-missing genes, each of shape (samples,)."""

    missing: FloatArray
    sums: FloatArray
    minimum: FloatArray
    quantiles: FloatArray
    """Shape (samples, 5): 25%, 50%, 75%, 99% and 99.9%."""
    maximum: FloatArray
    zeros: FloatArray
    negatives: FloatArray
    integers: FloatArray
    floor: FloatArray
    floor_count: FloatArray


@dataclass(slots=True)
class GeneSummary:
    """Running statistics of genes over samples, each of shape (genes,)."""

    counts: FloatArray
    means: FloatArray
    squares: FloatArray
    """Sum of squared deviations from the mean."""
    lowest: FloatArray
    highest: FloatArray
    hashes: NDArray[np.uint64]
    """Of the values in all samples; equal for equal vectors."""


@dataclass(slots=True)
class RankSummary:
    """Range over samples of the sorted values at each rank, tied values left out; each of shape (genes,)."""

    lowest: FloatArray
    highest: FloatArray
    counts: NDArray[np.int64]
    """Samples without a tie at the rank."""


@dataclass(slots=True)
class Summary:
    """Statistics of a whole matrix."""

    samples: SampleSummary
    genes: GeneSummary
    ranks: RankSummary

    def gene_sds(self) -> FloatArray:
        """Standard deviation of each gene over samples, n - 1 in the denominator; NaN for fewer than two values."""
        degrees = np.where(self.genes.counts > 1, self.genes.counts - 1, np.nan)
        return np.sqrt(self.genes.squares / degrees)

    def varying(self) -> NDArray[np.bool_]:
        """Genes whose values are not all the same."""
        return self.genes.highest > self.genes.lowest

    def integer_share(self) -> float:
        """Share of non-missing cells that are whole numbers."""
        cells = float(self.genes.counts.sum())
        return float(self.samples.integers.sum()) / cells if cells else float("nan")

    def sorted_agreement(self) -> float:
        """Share of ranks at which the sorted columns of all samples agree; NaN when no rank can be compared.

        A tie takes the mean of the ranks it covers, so a rank is compared between the samples that have no tie
        there; the floor, a tie, is left out with the others. Ranks of samples that miss different numbers of genes
        mean different things: then nothing is compared.
        """
        compared = self.ranks.counts > 1
        if not compared.any() or np.ptp(self.samples.missing) > 0:
            return float("nan")
        low, high = self.ranks.lowest[compared], self.ranks.highest[compared]
        return float(np.mean(high - low <= AGREEMENT * np.maximum(np.abs(low), np.abs(high))))

    def duplicate_vectors(self) -> int:
        """Genes that equal another gene in every sample, constant genes and those at the floor everywhere aside."""
        hashes = self.genes.hashes[self.varying()]
        floor = _hashes(self.samples.floor[:, None], 0)
        _, counts = np.unique(hashes[hashes != floor], return_counts=True)
        return int(counts[counts > 1].sum())


def summarise(spill: Spill, progress: Callable[[int], None]) -> Summary:
    """Statistics of all samples and genes.

    Memory: a few stripes of 8 MiB and a few arrays as long as the genes.

    Args:
        spill: the values.
        progress: told the number of samples done after each stripe.
    """
    genes, ranks = _no_genes(spill.genes), _no_ranks(spill.genes)
    parts: list[SampleSummary] = []
    for last, (samples, more_genes, more_ranks) in _summaries(spill):
        parts.append(samples)
        _add_genes(genes, more_genes)
        _add_ranks(ranks, more_ranks)
        progress(last)
    genes.means[genes.counts == 0] = np.nan
    return Summary(_joined(parts), genes, ranks)


@_QUIET
def sample_correlations(spill: Spill, varying: NDArray[np.bool_], means: FloatArray) -> FloatArray:
    """Median Pearson r of each sample with the others, shape (samples,); NaN for a single or a constant sample.

    Args:
        spill: the values.
        varying: genes that may be used, shape (genes,); at most 2,000, evenly spaced, are.
        means: of genes; they stand for missing values.
    """
    samples = spill.samples
    most = min(_CORRELATION_GENES, max(2, _CORRELATION_BYTES // (8 * max(1, samples))))
    usable = np.flatnonzero(varying)
    chosen = usable[np.linspace(0, len(usable) - 1, min(most, len(usable))).astype(np.intp)]
    if samples < 2 or len(chosen) < 2:
        return np.full(samples, np.nan)
    values = spill.rows(chosen)
    values = np.where(np.isnan(values), means[chosen][:, None], values)
    values -= values.mean(axis=0)
    lengths = np.sqrt(np.einsum("ij,ij->j", values, values))
    values /= np.where(lengths > 0, lengths, np.nan)
    found = np.empty(samples)
    step = max(1, _CORRELATION_BYTES // (8 * samples))
    for first in range(0, samples, step):
        r = values[:, first : first + step].T @ values
        r[np.arange(len(r)), first + np.arange(len(r))] = np.nan
        found[first : first + step] = _row_medians(r)
    return np.clip(found, -1.0, 1.0)


def _row_medians(table: FloatArray) -> FloatArray:
    ordered = np.sort(table, axis=1)
    counts = np.count_nonzero(~np.isnan(ordered), axis=1)
    rows, middle = np.arange(len(table)), np.maximum(counts, 1)
    medians = (ordered[rows, (middle - 1) // 2] + ordered[rows, middle // 2]) / 2
    return np.where(counts > 0, medians, np.nan)


_Part = tuple[SampleSummary, GeneSummary, RankSummary]


def _summaries(spill: Spill) -> Iterator[tuple[int, _Part]]:
    # In order, so that sums do not depend on which thread was faster.
    with ThreadPoolExecutor(_WORKERS) as workers:
        waiting = []
        for first, last in spill.stripes(_STRIPE_BYTES):
            waiting.append((last, workers.submit(_stripe_summary, spill, first, last)))
            if len(waiting) > _WORKERS:
                done, part = waiting.pop(0)
                yield done, part.result()
        for done, part in waiting:
            yield done, part.result()


@_QUIET
def _stripe_summary(spill: Spill, first: int, last: int) -> _Part:
    stripe = spill.columns(first, last)
    genes, ranks = _gene_summary(stripe, first), _no_ranks(spill.genes)
    stripe.sort(axis=1)
    rows = np.full((last - first, 14), np.nan)
    for row, values in enumerate(stripe):
        present = values[: np.searchsorted(values, np.nan)]
        rows[row] = _sample_figures(present, len(values))
        _add_sorted(ranks, present)
    return _columns_of(rows), genes, ranks


def _sample_figures(ordered: FloatArray, genes: int) -> list[float]:
    count = len(ordered)
    if count == 0:
        return [genes, 0.0, *[np.nan] * 7, 0.0, 0.0, 0.0, np.nan, 0.0]
    ties = int(np.searchsorted(ordered, ordered[0], side="right"))
    below, up_to = np.searchsorted(ordered, 0.0), np.searchsorted(ordered, 0.0, side="right")
    whole = np.count_nonzero(np.rint(ordered) == ordered)
    floor, floor_count = (ordered[0], ties) if ties >= FLOOR_GENES else (np.nan, 0)
    return [
        genes - count,
        ordered.sum(),
        ordered[0],
        *_quantiles(ordered),
        ordered[-1],
        up_to - below,
        below,
        whole,
        floor,
        floor_count,
    ]


def _quantiles(ordered: FloatArray) -> FloatArray:
    """Type 7 of Hyndman and Fan (1996): linear between the order statistics around p(n - 1)."""
    places = np.array(QUANTILES) * (len(ordered) - 1)
    low = np.floor(places).astype(np.intp)
    high = np.minimum(low + 1, len(ordered) - 1)
    quantiles: FloatArray = ordered[low] + (ordered[high] - ordered[low]) * (places - low)
    return quantiles


def _columns_of(rows: FloatArray) -> SampleSummary:
    return SampleSummary(
        missing=rows[:, 0],
        sums=rows[:, 1],
        minimum=rows[:, 2],
        quantiles=rows[:, 3:8],
        maximum=rows[:, 8],
        zeros=rows[:, 9],
        negatives=rows[:, 10],
        integers=rows[:, 11],
        floor=rows[:, 12],
        floor_count=rows[:, 13],
    )


def _joined(parts: list[SampleSummary]) -> SampleSummary:
    if not parts:
        return _columns_of(np.empty((0, 14)))
    names = SampleSummary.__dataclass_fields__
    return SampleSummary(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


def _no_genes(genes: int) -> GeneSummary:
    return GeneSummary(
        np.zeros(genes),
        np.zeros(genes),
        np.zeros(genes),
        np.full(genes, np.inf),
        np.full(genes, -np.inf),
        np.zeros(genes, np.uint64),
    )


def _no_ranks(genes: int) -> RankSummary:
    return RankSummary(np.full(genes, np.inf), np.full(genes, -np.inf), np.zeros(genes, np.int64))


def _gene_summary(stripe: FloatArray, first: int) -> GeneSummary:
    counts = np.full(stripe.shape[1], float(len(stripe)))
    present = ~np.isnan(stripe)
    if present.all():
        means = stripe.mean(axis=0)
        deviations = stripe - means
    else:
        counts = np.count_nonzero(present, axis=0).astype(np.float64)
        means = np.where(present, stripe, 0.0).sum(axis=0) / np.maximum(counts, 1.0)
        deviations = np.where(present, stripe - means, 0.0)
    return GeneSummary(
        counts=counts,
        means=means,
        squares=np.einsum("ij,ij->j", deviations, deviations),
        lowest=np.fmin.reduce(stripe, axis=0, initial=np.inf),
        highest=np.fmax.reduce(stripe, axis=0, initial=-np.inf),
        hashes=_hashes(stripe, first),
    )


@_QUIET
def _add_genes(genes: GeneSummary, more: GeneSummary) -> None:
    """Chan, Golub and LeVeque (1979): two sets of samples together."""
    counts = genes.counts + more.counts
    weight = np.divide(more.counts, counts, out=np.zeros_like(counts), where=counts > 0)
    delta = more.means - genes.means
    genes.squares += more.squares + delta**2 * genes.counts * weight
    genes.means += delta * weight
    genes.counts = counts
    genes.lowest, genes.highest = np.fmin(genes.lowest, more.lowest), np.fmax(genes.highest, more.highest)
    genes.hashes += more.hashes


def _add_sorted(ranks: RankSummary, ordered: FloatArray) -> None:
    count = len(ordered)
    untied = np.ones(count, np.bool_)
    differs = ordered[1:] != ordered[:-1]
    untied[1:] = differs
    untied[:-1] &= differs
    np.minimum(ranks.lowest[:count], ordered, out=ranks.lowest[:count], where=untied)
    np.maximum(ranks.highest[:count], ordered, out=ranks.highest[:count], where=untied)
    ranks.counts[:count] += untied


def _add_ranks(ranks: RankSummary, more: RankSummary) -> None:
    np.minimum(ranks.lowest, more.lowest, out=ranks.lowest)
    np.maximum(ranks.highest, more.highest, out=ranks.highest)
    ranks.counts += more.counts


def _hashes(values: FloatArray, first: int) -> NDArray[np.uint64]:
    """A number for each gene out of its values in samples `first` and on; numbers of several stripes are added."""
    hashes = np.zeros(values.shape[1], np.uint64)
    for place, row in enumerate(values, first):
        # Adding zero makes -0.0 and 0.0 the same; the shift brings the bits of round numbers down.
        bits = (row + 0.0).view(np.uint64)
        bits ^= bits >> np.uint64(32)
        bits *= np.uint64(_multiplier(place))
        hashes += bits
    return hashes


def _multiplier(place: int) -> int:
    """An odd number of 64 bits without pattern from place to place (the mixer of splitmix64, Steele et al. 2014)."""
    word = (place + 1) * _SEED & _WORD
    word = (word ^ word >> 30) * 0xBF58476D1CE4E5B9 & _WORD
    word = (word ^ word >> 27) * 0x94D049BB133111EB & _WORD
    return (word ^ word >> 31) | 1
