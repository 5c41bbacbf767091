"""Sorted columns of a matrix, compared rank by rank: are they all the same, as after quantile normalisation?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from expressway.studies.study import FloatArray

AGREEMENT = 1e-6
"""Relative difference up to which two values of the same rank count as equal."""


@dataclass(slots=True)
class RankSummary:
    """Range over samples of the sorted values at each rank, tied values left out; each of shape (genes,)."""

    lowest: FloatArray
    highest: FloatArray
    counts: NDArray[np.int64]
    """Samples without a tie at the rank."""

    @classmethod
    def empty(cls, genes: int) -> Self:
        """No samples yet."""
        return cls(np.full(genes, np.inf), np.full(genes, -np.inf), np.zeros(genes, np.int64))

    def add_sample(self, ordered: FloatArray) -> None:
        """Takes in the non-missing values of a sample in ascending order."""
        count = len(ordered)
        untied = np.ones(count, np.bool_)
        differs = ordered[1:] != ordered[:-1]
        untied[1:] = differs
        untied[:-1] &= differs
        np.minimum(self.lowest[:count], ordered, out=self.lowest[:count], where=untied)
        np.maximum(self.highest[:count], ordered, out=self.highest[:count], where=untied)
        self.counts[:count] += untied

    def add(self, more: RankSummary) -> None:
        """Takes in other samples."""
        np.minimum(self.lowest, more.lowest, out=self.lowest)
        np.maximum(self.highest, more.highest, out=self.highest)
        self.counts += more.counts

    @np.errstate(over="ignore")
    def agreement(self) -> float:
        """Share of ranks at which the samples agree, 0 to 1; NaN when no rank can be compared.

        A tie takes the mean of the ranks it covers, so a rank is compared between the samples that have no tie
        there; the floor, a tie, is left out with the others.
        """
        compared = self.counts > 1
        if not compared.any():
            return float("nan")
        low, high = self.lowest[compared], self.highest[compared]
        return float(np.mean(high - low <= AGREEMENT * np.maximum(np.abs(low), np.abs(high))))
