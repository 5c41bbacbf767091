"""Statistics of the genes of a matrix over its samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from expressway.studies.study import FloatArray

_SEED = 0x9E3779B97F4A7C15
_WORD = 2**64 - 1


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

    @classmethod
    def empty(cls, genes: int) -> Self:
        """No samples yet."""
        return cls.of(np.empty((0, genes)), 0)

    @classmethod
    def of(cls, stripe: FloatArray, first: int) -> Self:
        """Statistics over a few samples.

        Args:
            stripe: values, shape (samples, genes), NaN = missing.
            first: place of the first of them among all samples.
        """
        counts = np.full(stripe.shape[1], float(len(stripe)))
        present = ~np.isnan(stripe)
        if present.all():
            means = stripe.sum(axis=0) / np.maximum(counts, 1.0)
            deviations = stripe - means
        else:
            counts = np.count_nonzero(present, axis=0).astype(np.float64)
            means = np.where(present, stripe, 0.0).sum(axis=0) / np.maximum(counts, 1.0)
            deviations = np.where(present, stripe - means, 0.0)
        return cls(
            counts=counts,
            means=means,
            squares=np.einsum("ij,ij->j", deviations, deviations),
            lowest=np.fmin.reduce(stripe, axis=0, initial=np.inf),
            highest=np.fmax.reduce(stripe, axis=0, initial=-np.inf),
            hashes=value_hashes(stripe, first),
        )

    def add(self, more: GeneSummary) -> None:
        """Takes in other samples: Chan, Golub and LeVeque (1979)."""
        counts = self.counts + more.counts
        weight = np.divide(more.counts, counts, out=np.zeros_like(counts), where=counts > 0)
        delta = more.means - self.means
        self.squares += more.squares + delta**2 * self.counts * weight
        self.means += delta * weight
        self.counts = counts
        self.lowest, self.highest = np.fmin(self.lowest, more.lowest), np.fmax(self.highest, more.highest)
        self.hashes += more.hashes

    def sds(self) -> FloatArray:
        """Standard deviations over samples, n - 1 in the denominator; NaN for fewer than two values."""
        degrees = np.where(self.counts > 1, self.counts - 1, np.nan)
        return np.sqrt(self.squares / degrees)

    def varying(self) -> NDArray[np.bool_]:
        """Genes whose values are not all the same."""
        return self.highest > self.lowest


def value_hashes(values: FloatArray, first: int) -> NDArray[np.uint64]:
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
