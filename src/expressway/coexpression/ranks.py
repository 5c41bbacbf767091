"""Spearman correlation of genes, exact: ranks are kept as whole numbers.

A doubled, centred rank is 2 rank - (n + 1), with average ranks for ties. It is a whole number, so the product sum of
two genes is one too, and nothing is rounded before the last division.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from expressway.coexpression.arguments import BoolArray, FloatArray, floats
from expressway.coexpression.engine.operations import compiled
from expressway.coexpression.fisher import MIN_N
from expressway.errors import InvalidSetting

_CELLS = 2**21
"""Cells ranked at a time."""


def doubled_ranks(values: ArrayLike) -> NDArray[np.int32]:
    """2 rank - (n + 1) of each value within its gene, average ranks for ties, shape (genes, n).

    Args:
        values: shape (genes, n), ordered numbers without NaN.

    Raises:
        InvalidSetting: another number of dimensions, or a NaN.
    """
    matrix = _matrix(values)
    if np.isnan(matrix).any():
        raise InvalidSetting(
            "a missing value has no rank", value="NaN", hint="Rank the samples that are there, or use `spearman`."
        )
    genes, n = matrix.shape
    ranks = np.empty((genes, n), np.int32)
    step = max(1, _CELLS // max(1, n))
    for first in range(0, genes, step):
        part = matrix[first : first + step]
        _rank(part, np.argsort(part, axis=1), ranks[first : first + step])
    return ranks


def spearman(matrix: ArrayLike, min_n: int = MIN_N) -> FloatArray:
    """Spearman's r of every two genes, over the samples that both have, shape (genes, genes).

    Symmetric, 1 on the diagonal; NaN where fewer than `min_n` samples have both genes, or where one of the two is
    constant in those samples.

    Args:
        matrix: shape (genes, n); what is not finite is missing.
        min_n: the fewest samples, at least 4.

    Raises:
        InvalidSetting: another number of dimensions, or min_n below 4.
    """
    if min_n < MIN_N:
        raise InvalidSetting(f"min_n is {min_n}", value=min_n, hint=f"Fewer than {MIN_N} samples have no z: raise it.")
    values = _matrix(matrix)
    present = np.isfinite(values)
    r = np.full((len(values), len(values)), np.nan)
    patterns = list(_patterns(present))
    for place, (samples, genes) in enumerate(patterns):
        for other_samples, other_genes in patterns[place:]:
            common = samples & other_samples
            if np.count_nonzero(common) >= min_n:
                block = _correlation(values[genes][:, common], values[other_genes][:, common])
                r[np.ix_(genes, other_genes)] = block
                r[np.ix_(other_genes, genes)] = block.T
    return r


def _matrix(values: ArrayLike) -> FloatArray:
    matrix = floats(values)
    if matrix.ndim != 2:
        raise InvalidSetting(
            f"expected values of shape (genes, samples), found shape {matrix.shape}",
            value=matrix.shape,
            hint="Put genes in rows and samples in columns.",
        )
    return matrix


def _patterns(present: BoolArray) -> Iterator[tuple[BoolArray, NDArray[np.intp]]]:
    """Each set of samples that occurs, and the genes that are present in exactly these."""
    if present.size:
        sets, members = np.unique(present, axis=0, return_inverse=True)
        for number, samples in enumerate(sets):
            yield samples, np.flatnonzero(members.ravel() == number)


def _correlation(left: FloatArray, right: FloatArray) -> FloatArray:
    """r of each row of one with each row of the other; NaN for constant rows."""
    a, b = doubled_ranks(left).astype(np.float64), doubled_ranks(right).astype(np.float64)
    squares_a, squares_b = np.einsum("ij,ij->i", a, a), np.einsum("ij,ij->i", b, b)
    lengths = np.sqrt(np.multiply.outer(squares_a, squares_b))
    products = a @ b.T
    # not beyond 1: the product of the lengths is a square only where the ranks are the same
    r: FloatArray = np.divide(products, lengths, out=np.full_like(products, np.nan), where=lengths > 0)
    return r


@compiled
def _rank(values: Any, order: Any, ranks: Any) -> None:
    """Doubled ranks of each row, whose values `order` sorts; `ranks` is filled."""
    n = values.shape[1]
    for gene in range(len(values)):
        start = 0
        for end in range(1, n + 1):
            if end == n or values[gene, order[gene, end]] != values[gene, order[gene, start]]:
                for place in range(start, end):
                    ranks[gene, order[gene, place]] = start + end - n  # 2 (start + 1 + end) / 2 - (n + 1)
                start = end
