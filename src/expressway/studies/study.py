"""What a study is: plain records that travel from the file to the warehouse."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from expressway.errors import ValidationError

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

SourceKind = Literal["REFINEBIO", "MATRIX"]
Severity = Literal["INFO", "WARNING", "ERROR"]


@dataclass(frozen=True, slots=True)
class StudyInfo:
    """A row of dim_study as the source describes it."""

    accession: str
    title: str | None = None
    pubmed_id: str | None = None
    technology: str = "OTHER"
    """RNA-SEQ, MICROARRAY or OTHER."""
    organism: str | None = None
    """refine.bio style: HOMO_SAPIENS."""
    platform_summary: str | None = None
    description: str | None = None
    source_first_published: str | None = None
    source_last_modified: str | None = None
    source_kind: SourceKind = "REFINEBIO"


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample in a study; `source` keeps the submitter's own words untouched."""

    accession: str
    title: str | None = None
    organism: str | None = None
    platform: str | None = None
    treatment: str | None = None
    cell_line: str | None = None
    tissue: str | None = None
    subject: str | None = None
    time: str | None = None
    age: str | None = None
    sex: str | None = None
    is_processed: bool | None = None
    processor_name: str | None = None
    processor_version: str | None = None
    declared_illness: str | None = None
    """A label given by the sample sheet, taken as an override; None when it has no such column."""
    exclude: bool = False
    exclude_reason: str | None = None
    source: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DownloadFlags:
    """What the download says of itself (top level of aggregated_metadata.json)."""

    created_at: str = ""
    aggregate_by: str | None = None
    """EXPERIMENT, SPECIES or ALL."""
    scale_by: str | None = None
    """NONE, MINMAX, STANDARD or ROBUST."""
    quantile_normalized: bool | None = None
    quant_sf_only: bool | None = None
    ks_statistic: float | None = None
    ks_pvalue: float | None = None
    ks_warning: str | None = None
    declared_units: str | None = None
    """Units named by the source itself (a sample sheet), e.g. TPM."""


@dataclass(frozen=True, slots=True)
class Message:
    """A row of the validation log."""

    code: str
    severity: Severity
    details: str


@dataclass(frozen=True, slots=True)
class RejectedCell:
    """An offending cell of a batch that is going to quarantine."""

    line_no: int
    gene_id: str
    sample: str
    text: str
    code: int


@dataclass(frozen=True, slots=True)
class Label:
    """The illness of a sample in a study, with the evidence for it."""

    illness: str
    method: Literal["OVERRIDE", "FIELD", "TITLE", "DEFAULT"]
    rule: str | None = None
    evidence: str | None = None
    ruleset: str | None = None
    exclude: bool = False
    exclude_reason: str | None = None
    conflict: str | None = None
    """What a weaker source of evidence said otherwise; logged."""


@dataclass(frozen=True, slots=True)
class Platform:
    """A row of dim_platform."""

    accession: str
    name: str
    manufacturer: str | None = None
    technology: str = "OTHER"


@dataclass(frozen=True, slots=True)
class UnitDecision:
    """The units of a matrix and what is done with them, each step with its evidence."""

    unit_tag: str
    """COUNTS, TPM, CPM, FPKM, INTENSITY, ARRAY_LOG2, LOG2, QN_TARGET, SCALED or UNKNOWN."""
    value_scale: str
    """LOG2, QN, SCALED or UNKNOWN."""
    deflooring: bool
    """Tied floors are set to the smallest floor of the study."""
    evidence: tuple[Mapping[str, Any], ...] = ()
    """One record a step: {"step": ..., "outcome": ..., plus the figures it looked at}."""
    hold_reason: str | None = None
    contradiction: str | None = None
    """Why the values cannot be what the metadata says; the batch goes to quarantine with 54021."""
    transform: str = "none"
    """From file to analysis value: none, log2, clip_log2, log2_cpm or unlog2_log2_cpm (see `transform.py`)."""


@dataclass(frozen=True, slots=True)
class Quality:
    """Quality of a batch, 0 to 100, and its parts (None = does not apply)."""

    score: float
    parts: Mapping[str, float | None]
    outlier_samples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CellCounts:
    """Where every cell of the file went: cells_in = loaded + quarantined + skipped + merged."""

    cells_in: int = 0
    loaded: int = 0
    quarantined: int = 0
    skipped: int = 0
    merged: int = 0
    nulls: int = 0


@dataclass(frozen=True, slots=True)
class Hashes:
    """What identifies a batch. `value_settings_hash` covers only the settings that change values."""

    file_hash: str
    metadata_hash: str
    settings_hash: str
    value_settings_hash: str
    container_hash: str
    file_size: int
    batch_id: str


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive genes of a study: rows are genes, columns samples in the order of `Study.samples`."""

    start: int
    """Index of the first gene in `Study.genes`."""
    raw: FloatArray
    """Values as in the file; NaN = missing. C-contiguous, shape (genes, samples)."""
    value: FloatArray
    """Values on the analysis scale; NaN = missing. Same shape."""
    detected: BoolArray | None
    """False at the tied floor or at zero; None where detection means nothing. Same shape."""


class BlockSource(Protocol):
    """Gives the values of a study, block after block, as often as asked."""

    def blocks(self, genes_per_block: int) -> Iterator[Block]: ...

    def close(self) -> None: ...


@dataclass(slots=True)
class Study:
    """A study ready for the warehouse. `failures` not empty means: quarantine, do not load."""

    info: StudyInfo
    flags: DownloadFlags
    samples: Sequence[Sample]
    genes: Sequence[str]
    labels: Sequence[Label]
    platforms: Mapping[str, Platform]
    """By `Sample.platform` text."""
    units: UnitDecision
    counts: CellCounts
    hashes: Hashes
    quality: Quality
    qc: Mapping[str, Any]
    """Columns of meta_study_qc that come from the values and the flags."""
    source_path: str
    file_name: str
    disease: str
    """That of the ruleset; studies can be mapped to it."""
    hold_reason: str | None = None
    """Why the study must not be aggregated yet: units unknown, too few labels."""
    messages: Sequence[Message] = ()
    failures: Sequence[ValidationError] = ()
    rejected: Sequence[RejectedCell] = ()
    values: BlockSource | None = None
    block_size: int | None = None
    """Genes per block; None leaves it to the memory limit."""
    settings_snapshot: Mapping[str, Any] = field(default_factory=dict)
    """The settings the study was prepared with, for the ledger."""

    def close(self) -> None:
        """Free the temporary file that holds the values."""
        if self.values is not None:
            self.values.close()
