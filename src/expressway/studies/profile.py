"""The first pass over a matrix: its axes, its hash and every statistic that later decisions look at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from expressway.studies.axes import Axes, MatrixLayout, Selection
from expressway.studies.containers import Member
from expressway.studies.correlation import sample_correlations
from expressway.studies.matrix import CHUNK_BYTES, DelimitedMatrix
from expressway.studies.parquet import ParquetMatrix
from expressway.studies.probes import clean_gene_id, merge_probes, probe_groups
from expressway.studies.spill import Spill
from expressway.studies.study import FloatArray, RejectedCell
from expressway.studies.summary import summarise

__all__ = ["DuplicateProbes", "MatrixLayout", "MatrixProfile", "Repeats", "profile_matrix"]

DuplicateProbes = Literal["average", "keep", "fail"]
Progress = Callable[[str, int, int], None]

_NAMES_SHOWN = 20


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
    layout_hint: str | None = None
    """What to do when rows and columns look swapped; else None."""

    def blocks(self, genes_per_block: int) -> Iterator[tuple[int, FloatArray]]:
        """(index of the first gene, values of shape (genes, N), C-contiguous) in gene order; as often as asked."""
        return self.spill.blocks(genes_per_block)

    def close(self) -> None:
        """Frees the temporary file; blocks cannot be read afterwards."""
        self.spill.close()


def profile_matrix(
    member: Member,
    *,
    layout: MatrixLayout,
    keep: frozenset[str] | None = None,
    skip: frozenset[str] = frozenset(),
    duplicate_probes: DuplicateProbes = "average",
    memory_limit: int = 2 * 2**30,
    progress: Progress | None = None,
) -> MatrixProfile:
    """Everything that can be learnt of a matrix in one pass over its file; the values go to a temporary file.

    Args:
        member: the file: .parquet, or text with tabs, commas or semicolons.
        layout: which axis the rows are.
        keep: only these samples; None for all.
        skip: samples that are left out and, as columns, never parsed.
        duplicate_probes: probes `X.1`, `X.2` beside a gene X that is no Ensembl id: "average" merges them into X,
            "keep" leaves them as genes of their own, "fail" reports them among the duplicate genes.
        memory_limit: bytes; pieces of the file are sized by it, up to 16 MiB.
        progress: told ("reading", bytes done, bytes in all or 0) and ("statistics", samples done, samples in all).

    Raises:
        SourceError: the file is broken; the message names the line where there is one.
        NoSpaceLeft: the temporary folder is full.
    """
    tell = progress or (lambda stage, done, total: None)
    axes = Axes(layout, Selection(keep, skip))
    spill = _spilled(member, axes, memory_limit, tell)
    try:
        return _profile(spill, axes, duplicate_probes, tell)
    except BaseException:
        spill.close()
        raise


def _spilled(member: Member, axes: Axes, memory_limit: int, tell: Progress) -> Spill:
    piece = max(1, min(CHUNK_BYTES, memory_limit // 128))
    kind = ParquetMatrix if member.suffix == ".parquet" else DelimitedMatrix
    matrix, total = kind(member, axes, piece), 0 if member.packing else member.size
    spill: Spill | None = None
    try:
        for values in matrix.pieces(lambda done: tell("reading", done, total)):
            if spill is None:
                spill = Spill(len(values) if matrix.grows_by_genes else None)
            spill.append(values)
    except BaseException:
        if spill is not None:
            spill.close()
        raise
    return spill or Spill()


def _profile(spill: Spill, axes: Axes, duplicate_probes: DuplicateProbes, tell: Progress) -> MatrixProfile:
    genes: list[str] = [clean_gene_id(gene) for gene in axes.gene_ids]
    repeats, groups = _repeats(genes), probe_groups(genes)
    if duplicate_probes == "fail":
        repeats = _repeats(genes, {probe for probes in groups.values() for probe in probes})
    rows = len(genes)
    if duplicate_probes == "average" and groups:
        wide = spill
        genes, spill = merge_probes(wide, genes, groups)
        wide.close()
    samples = axes.samples
    summary = summarise(spill, lambda done: tell("statistics", done, len(samples)))
    columns = summary.samples
    rejected = np.zeros(len(samples))
    for place, count in axes.rejected_by_sample.items():
        rejected[place] = count
    return MatrixProfile(
        genes=genes,
        samples=samples,
        all_columns=axes.all_samples,
        rows_in_file=rows,
        file_hash=axes.file_hash,
        file_size=axes.file_size,
        spill=spill,
        rejected=axes.rejected,
        rejected_count=int(rejected.sum()),
        duplicate_genes=repeats,
        duplicate_samples=_repeats(samples),
        probe_groups=groups,
        text_columns=axes.texts,
        nulls=np.maximum(columns.missing - rejected, 0.0),
        sums=columns.sums,
        minimum=columns.minimum,
        q25=columns.quantiles[:, 0],
        median=columns.quantiles[:, 1],
        q75=columns.quantiles[:, 2],
        q99=columns.quantiles[:, 3],
        q999=columns.quantiles[:, 4],
        maximum=columns.maximum,
        zeros=columns.zeros,
        floor=columns.floor,
        floor_count=columns.floor_count,
        gene_means=summary.genes.means,
        gene_sds=summary.genes.sds(),
        sample_correlation=sample_correlations(spill, summary.genes.varying(), summary.genes.means),
        integer_share=summary.integer_share(),
        negative_count=int(columns.negatives.sum()),
        sorted_agreement=summary.sorted_agreement(),
        duplicate_vectors=summary.duplicate_vectors(),
        layout_hint=axes.layout_hint(),
    )


def _repeats(names: Sequence[str], more: set[str] | None = None) -> Repeats:
    """Names that stand more than once on an axis, and others that count as such."""
    counts, more = Counter(names), more or set()
    repeated = [name for name, count in counts.items() if count > 1 or name in more]
    surplus = sum(counts[name] - (name not in more) for name in repeated)
    return Repeats(surplus, tuple(repeated[:_NAMES_SHOWN]))
