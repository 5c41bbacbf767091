"""The first pass over a matrix: its axes, its hash and every statistic that later decisions look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from expressway.studies.containers import Member
from expressway.studies.study import FloatArray, RejectedCell
from expressway.studies.spill import Spill

DuplicateProbes = Literal["average", "keep", "fail"]


@dataclass(frozen=True, slots=True)
class MatrixLayout:
    """How a matrix lies in its file."""

    samples_as_rows: bool = False
    """False: rows are genes, columns samples. True: rows are samples, columns genes."""
    label_columns: tuple[str, ...] = ()
    """Columns of text when samples are rows; returned as they are and never parsed as numbers."""


@dataclass(frozen=True, slots=True)
class Repeats:
    """Names that occur more than once on an axis."""

    count: int
    """Rows or columns beyond the first of their name."""
    names: tuple[str, ...]
    """The repeated names in file order, at most 20."""


@dataclass(slots=True)
class MatrixProfile:
    """What the first pass learnt. G genes (after merging of probes), N samples kept; missing = NaN everywhere.

    Values are those of the file (no transformation); all arrays are float64 unless said otherwise.
    """

    genes: Sequence[str]
    """G cleaned ids in order of first appearance."""
    samples: Sequence[str]
    """N sample ids that were kept, in file order."""
    all_columns: Sequence[str]
    """Every sample id of the file, kept or not, in file order."""
    rows_in_file: int
    """Gene rows of the file (gene columns when samples are rows), before merging."""
    file_hash: str
    """SHA-256 of the decompressed bytes of the file, 64 hex digits."""
    file_size: int
    """Decompressed bytes."""
    spill: Spill
    """The G x N values."""
    rejected: Sequence[RejectedCell]
    """Cells that are text or infinite, at most 100,000; NaN in the values."""
    rejected_count: int
    duplicate_genes: Repeats
    duplicate_samples: Repeats
    probe_groups: Mapping[str, tuple[str, ...]]
    """Gene -> probe names `X.1`, `X.2` found beside it, whatever was done with them."""
    text_columns: Mapping[str, Sequence[str]]
    """Label columns when samples are rows: name -> N texts."""

    nulls: FloatArray
    """Missing cells per sample (count, rejected cells not included), shape (N,)."""
    sums: FloatArray
    """Sum of a sample, shape (N,)."""
    minimum: FloatArray
    q25: FloatArray
    median: FloatArray
    q75: FloatArray
    q99: FloatArray
    q999: FloatArray
    maximum: FloatArray
    """Quantiles of a sample over its non-missing genes (linear interpolation, type 7), each shape (N,)."""
    zeros: FloatArray
    """Cells equal to 0 per sample (count), shape (N,)."""
    floor: FloatArray
    """Lowest value of a sample when at least 10 genes share it, else NaN, shape (N,)."""
    floor_count: FloatArray
    """Genes at the floor (0 where there is none), shape (N,)."""
    gene_means: FloatArray
    """Mean over samples, shape (G,)."""
    gene_sds: FloatArray
    """Standard deviation over samples, n - 1 in the denominator, shape (G,)."""
    sample_correlation: FloatArray
    """Median Pearson r with the other samples over at most 2,000 genes, shape (N,); NaN for a single sample."""
    integer_share: float
    """Share of non-missing cells that are whole numbers, 0 to 1."""
    negative_count: int
    sorted_agreement: float
    """Share of ranks above the floor at which the sorted columns of all samples agree to 1e-6, 0 to 1."""
    duplicate_vectors: int
    """Genes whose values equal another gene's in every sample, constant and all-floor genes aside."""

    def blocks(self, genes_per_block: int) -> Iterator[tuple[int, FloatArray]]:
        """(index of the first gene, values of shape (genes, N), C-contiguous) in gene order; as often as asked."""
        raise NotImplementedError

    def close(self) -> None:
        """Frees the temporary file; blocks cannot be read afterwards."""
        raise NotImplementedError


def profile_matrix(
    member: Member,
    *,
    layout: MatrixLayout,
    keep: frozenset[str] | None = None,
    skip: frozenset[str] = frozenset(),
    duplicate_probes: DuplicateProbes = "average",
    memory_limit: int = 2 * 2**30,
    progress: Callable[[str, int, int], None] | None = None,
) -> MatrixProfile:
    """Everything that can be learnt of a matrix in one pass over its file."""
    raise NotImplementedError
