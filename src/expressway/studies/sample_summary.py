"""Statistics of the samples of a matrix over their genes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from expressway.studies.study import FloatArray

FLOOR_GENES = 10
"""Genes that must share the lowest value of a sample to make it a floor."""
QUANTILES = (0.25, 0.5, 0.75, 0.99, 0.999)

_FIGURES = 14


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

    @classmethod
    def of(cls, ordered: Sequence[FloatArray], genes: int) -> Self:
        """Statistics of samples.

        Args:
            ordered: the non-missing values of each sample in ascending order.
            genes: number of genes, the missing ones included.
        """
        rows = np.full((len(ordered), _FIGURES), np.nan)
        for row, values in enumerate(ordered):
            rows[row] = _figures(values, genes)
        return cls(
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

    @classmethod
    def joined(cls, parts: Sequence[SampleSummary]) -> Self:
        """The samples of all parts one after the other."""
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))


def _figures(ordered: FloatArray, genes: int) -> list[float]:
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
