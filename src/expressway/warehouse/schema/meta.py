"""The ledger: batches, runs, validation messages, quality figures, and the version of the schema."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table
from sqlalchemy import text as sql

from expressway.warehouse.schema.columns import (
    DOUBLE,
    SHA256,
    code,
    flag,
    json_column,
    metadata,
    moment,
    one_of,
    only_one_where,
    surrogate_key,
    text,
)
from expressway.warehouse.schema.columns import TIMESTAMP as TS
from expressway.warehouse.schema.dim import VALUE_SCALES

batch = Table(
    "batch",
    metadata,
    surrogate_key("batch_key", "meta"),
    Column("batch_id", SHA256, nullable=False, unique=True, comment="SHA-256 of file hash, study, created_at, size."),
    Column("study_accession_code", code(50), nullable=False),
    Column("study_key", Integer, comment="NULL while the study was never loaded."),
    Column("file_name", text()),
    Column("source_path", text(), comment="Where a replay reads the study again."),
    Column("file_hash", SHA256, nullable=False, comment="Of the decompressed matrix."),
    Column("metadata_hash", SHA256, nullable=False, comment="Of the study's and its samples' fields."),
    Column("settings_hash", SHA256, nullable=False, comment="Of every setting of the load."),
    Column("value_settings_hash", SHA256, nullable=False, comment="Of the settings that change values, not labels."),
    Column("container_hash", SHA256, comment="Of the zip or compressed file as it came."),
    Column("file_size", BigInteger),
    Column("created_at", text(), comment="refine.bio's own string; empty when the source has none."),
    Column("status", code(12), nullable=False),
    flag("is_current", False, "The batch whose facts are stored; at most one per study."),
    Column("attempt", Integer, nullable=False, server_default=sql("1")),
    Column("unit_tag", code(20)),
    Column("value_scale", code(10)),
    Column("genes", Integer),
    Column("samples", Integer),
    Column("cells_in", BigInteger, comment="= loaded + quarantined + skipped + merged."),
    Column("cells_loaded", BigInteger, comment="Rows of the fact table, missing values included."),
    Column("cells_quarantined", BigInteger),
    Column("cells_skipped", BigInteger, comment="Of samples left out by skip lists or intersection."),
    Column("cells_merged", BigInteger, comment="Averaged into another row (repeated probes)."),
    Column("nulls", BigInteger, comment="Of the loaded cells, those without a value."),
    Column("quality_score", DOUBLE, comment="0 to 100."),
    *json_column("quality_json", "The parts of the quality score."),
    Column("run_id", code(36)),
    Column("loaded_at", TS),
    one_of("status", "LOADED", "REPLACED", "QUARANTINED"),
    one_of("value_scale", *VALUE_SCALES),
    schema="meta",
    comment="Every batch that reached the warehouse: what it was, what became of it, where its cells went.",
)
only_one_where(batch.c.is_current, per=batch.c.study_key)
Index(None, batch.c.study_accession_code)

meta_etl_process_log = Table(
    "meta_etl_process_log",
    metadata,
    Column("run_id", code(36), nullable=False),
    Column("batch_id", SHA256),
    Column("step", text(64), nullable=False),
    Column("status", code(16), nullable=False),
    Column("attempt", Integer, nullable=False, server_default=sql("1")),
    moment("started_at"),
    Column("ended_at", TS),
    Column("rows_read", BigInteger),
    Column("rows_written", BigInteger),
    Column("error_code", Integer),
    Column("error_message", text()),
    *json_column("context_json", "Study, settings, versions, file names and hashes, timings, the last SQL."),
    schema="meta",
    comment="Every run, step and attempt with counts, times and errors.",
)
Index(None, meta_etl_process_log.c.run_id)
Index(None, meta_etl_process_log.c.batch_id)

meta_data_validation_log = Table(
    "meta_data_validation_log",
    metadata,
    Column("run_id", code(36)),
    Column("batch_id", SHA256),
    Column("study_key", Integer),
    Column("validation_code", code(64), nullable=False),
    Column("severity", code(16), nullable=False),
    Column("details", text()),
    moment("created_at"),
    one_of("severity", "INFO", "WARNING", "ERROR"),
    schema="meta",
    comment="What validation found, also where it stopped nothing.",
)
Index(None, meta_data_validation_log.c.run_id)
Index(None, meta_data_validation_log.c.batch_id)

meta_study_qc = Table(
    "meta_study_qc",
    metadata,
    Column("batch_key", Integer, primary_key=True, autoincrement=False),
    Column("study_key", Integer),
    Column("ks_statistic", DOUBLE, comment="refine.bio's test that samples share a distribution; of the download."),
    Column("ks_pvalue", DOUBLE),
    Column("ks_warning", text()),
    Column("quantile_normalized", Boolean),
    Column("quant_sf_only", Boolean),
    Column("library_size_min", DOUBLE, comment="Smallest sum of raw values of a sample."),
    Column("library_size_median", DOUBLE),
    Column("library_size_max", DOUBLE),
    Column("zero_share", DOUBLE, comment="0 to 1."),
    Column("tied_floor_share", DOUBLE, comment="Share of cells at the tied lowest value of their sample, 0 to 1."),
    *json_column("unit_evidence", "The steps by which the units were found."),
    moment("collected_at"),
    schema="meta",
    comment="Quality figures of a batch: stored, never a gate.",
)

schema_version = Table(
    "schema_version",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False, comment="Number of the migration."),
    Column("name", code(100), nullable=False),
    moment("applied_at"),
    schema="meta",
    comment="The migrations that made this warehouse.",
)
