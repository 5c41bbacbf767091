"""How much each sample of a matrix is like the others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from expressway.studies.spill import Spill
from expressway.studies.study import FloatArray

_GENES = 2_000
_BYTES = 2**25
_STRIPE_BYTES = 2**23


@np.errstate(over="ignore", invalid="ignore")
def sample_correlations(spill: Spill, varying: NDArray[np.bool_], means: FloatArray) -> FloatArray:
    """Median Pearson r of each sample with the others, shape (samples,); NaN for a single or a constant sample.

    Args:
        spill: the values.
        varying: genes that may be used, shape (genes,); at most 2,000, evenly spaced, are.
        means: of genes; they stand for missing values.
    """
    samples = spill.samples
    most = min(_GENES, max(2, _BYTES // (8 * max(1, samples))))
    usable = np.flatnonzero(varying)
    chosen = usable[np.linspace(0, len(usable) - 1, min(most, len(usable))).astype(np.intp)]
    if samples < 2 or len(chosen) < 2:
        return np.full(samples, np.nan)
    values = spill.rows(chosen, _STRIPE_BYTES)
    values = np.where(np.isnan(values), means[chosen][:, None], values)
    values -= values.mean(axis=0)
    lengths = np.sqrt(np.einsum("ij,ij->j", values, values))
    values /= np.where(lengths > 0, lengths, np.nan)
    found = np.empty(samples)
    step = max(1, _BYTES // (8 * samples))
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
