"""What is in the warehouse: studies with their evidence, runs with their steps."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import text

from expressway.errors import InvalidSetting, UnknownStudyOrDisease
from expressway.warehouse.engines.base import Connection, Engine
from expressway.warehouse.ledger import lost_runs

STUDIES = """
SELECT st.study_accession_code AS study, st.study_technology AS technology, st.study_organism AS organism,
       b.genes, b.samples, b.cells_loaded, b.unit_tag, b.value_scale, b.quality_score AS quality,
       st.study_status AS status, d.disease_label AS disease, b.loaded_at, b.batch_id
FROM meta.batch b
JOIN dim.dim_study st ON st.study_accession_code = b.study_accession_code
LEFT JOIN dim.study_disease_map m ON m.study_key = st.study_key AND m.is_active
LEFT JOIN dim.dim_disease d ON d.disease_key = m.disease_key
WHERE b.is_current ORDER BY st.study_accession_code
"""
LABELS = """
SELECT i.illness_label AS illness, ss.illness_method AS method, ss.illness_rule AS rule,
       ss.exclude_from_analysis AS excluded, count(*) AS samples, min(ss.illness_evidence) AS example
FROM dim.study_sample ss JOIN dim.dim_illness i ON i.illness_key = ss.illness_key
JOIN dim.dim_study st ON st.study_key = ss.study_key
WHERE st.study_accession_code = :study
GROUP BY i.illness_label, ss.illness_method, ss.illness_rule, ss.exclude_from_analysis ORDER BY 1, 2, 3, 4
"""
STUDY = "SELECT * FROM dim.dim_study WHERE study_accession_code = :study"
BATCHES = "SELECT * FROM meta.batch WHERE study_accession_code = :study ORDER BY loaded_at DESC, batch_key DESC"
QC = """
SELECT q.* FROM meta.meta_study_qc q JOIN meta.batch b ON b.batch_key = q.batch_key
WHERE b.study_accession_code = :study AND b.is_current
"""
MESSAGES = """
SELECT v.validation_code AS code, v.severity, v.details FROM meta.meta_data_validation_log v
JOIN meta.batch b ON b.batch_id = v.batch_id AND b.run_id = v.run_id
WHERE b.study_accession_code = :study AND b.is_current ORDER BY v.created_at, v.validation_code, v.details
"""
RUNS = """
SELECT r.run_id, r.status, r.started_at, r.ended_at, count(s.step) AS studies,
       count(CASE WHEN s.status IN ('FAILED', 'QUARANTINED', 'LOST') THEN 1 END) AS failed,
       CAST(coalesce(sum(s.rows_written), 0) AS BIGINT) AS rows_written,
       count(CASE WHEN s.status = 'RUNNING' THEN 1 END) AS unfinished
FROM meta.meta_etl_process_log r
LEFT JOIN meta.meta_etl_process_log s ON s.run_id = r.run_id AND s.step <> 'run'
WHERE r.step = 'run' GROUP BY r.run_id, r.status, r.started_at, r.ended_at ORDER BY r.started_at DESC, r.run_id
"""
STEPS = """
SELECT step, status, attempt, started_at, ended_at, rows_read, rows_written, error_code, error_message, batch_id,
       context_json
FROM meta.meta_etl_process_log WHERE run_id = :run ORDER BY started_at, step
"""
SOURCE = """
SELECT b.source_path, l.context_json FROM meta.batch b
LEFT JOIN meta.meta_etl_process_log l ON l.batch_id = b.batch_id
WHERE b.batch_key = :batch ORDER BY l.started_at DESC LIMIT 1
"""
RUN_STATUSES = ("SUCCESS", "FAILED", "LOST", "RUNNING")
SAID_OF_FILE = ("accession", "samplesheet", "samples_as_rows", "label_column", "units")
"""Settings that belong to a file rather than to the rules of the day: what `load` takes as options."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where the file of a batch lies, and what was said of it when it was read last."""

    path: Path
    options: Mapping[str, Any]
    """Settings of a study, those of `SAID_OF_FILE` only."""


def studies(connection: Connection) -> pl.DataFrame:
    """One row for each study with a current batch."""
    return connection.frame(STUDIES)


def study(connection: Connection, accession: str) -> dict[str, Any]:
    """A study with its batch, unit evidence, quality parts, labels, messages and disease."""

    def rows(query: str) -> list[dict[str, Any]]:
        return connection.dicts(text(query).bindparams(study=accession))

    found, batches = rows(STUDY), rows(BATCHES)
    current = next((row for row in batches if row["is_current"]), None)
    if not found or current is None:
        raise _not_loaded(accession, quarantined=any(row["status"] == "QUARANTINED" for row in batches))
    summary = next((row for row in studies(connection).to_dicts() if row["study"] == accession), None)
    qc = rows(QC)
    evidence = _parsed(qc[0].pop("unit_evidence", None)) if qc else None
    return {
        "study": found[0],
        "disease": summary["disease"] if summary else None,
        "batch": current,
        "units": {"tag": current["unit_tag"], "scale": current["value_scale"], "evidence": evidence},
        "quality": {"score": current["quality_score"], "parts": _parsed(current.pop("quality_json", None))},
        "qc": qc[0] if qc else None,
        "labels": rows(LABELS),
        "messages": rows(MESSAGES),
        "history": [
            {key: row[key] for key in ("batch_id", "status", "attempt", "loaded_at", "file_name")} for row in batches
        ],
    }


def _not_loaded(accession: str, quarantined: bool) -> UnknownStudyOrDisease:
    if quarantined:
        hint = f"`expressway quarantine show {accession}` shows why."
        return UnknownStudyOrDisease(f"study {accession} is in quarantine and not loaded", value=accession, hint=hint)
    return UnknownStudyOrDisease(f"no study {accession} in the warehouse", value=accession)


def _parsed(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def current_source(connection: Connection, accession: str) -> Source:
    """The source of a study's current batch."""
    query = "SELECT batch_key FROM meta.batch WHERE study_accession_code = :study AND is_current"
    key = connection.scalar(text(query).bindparams(study=accession))
    if key is None:
        raise UnknownStudyOrDisease(f"no study {accession} is loaded", value=accession)
    return batch_source(connection, int(key))


def batch_source(connection: Connection, batch_key: int) -> Source:
    """The source of a batch; without options where the ledger no longer has its run."""
    path, context = connection.fetchall(text(SOURCE).bindparams(batch=batch_key))[0]
    settings = (_parsed(context) or {}).get("settings", {})
    return Source(Path(path), {name: settings[name] for name in SAID_OF_FILE if name in settings})


def runs(engine: Engine, connection: Connection, status: str | None = None) -> pl.DataFrame:
    """Runs, newest first; one whose process is gone is LOST, also before the next run writes so."""
    if status is not None and status.upper() not in RUN_STATUSES:
        raise InvalidSetting(f"no run has the status {status}", value=status, hint=f"One of {', '.join(RUN_STATUSES)}.")
    is_lost = pl.col("run_id").cast(pl.String).is_in(lost_runs(engine, connection))
    failed = pl.when(is_lost).then(pl.col("failed") + pl.col("unfinished")).otherwise("failed")
    frame = connection.frame(RUNS).with_columns(_status(is_lost), failed=failed).drop("unfinished")
    return frame if status is None else frame.filter(pl.col("status") == status.upper())


def run(engine: Engine, connection: Connection, run_id: str) -> pl.DataFrame:
    """The steps of a run; `run_id` may be its first characters."""
    ids = [
        str(row[0]) for row in connection.fetchall("SELECT DISTINCT run_id FROM meta.meta_etl_process_log ORDER BY 1")
    ]
    found = [name for name in ids if name.startswith(run_id)]
    if len(found) != 1:
        raise UnknownStudyOrDisease(
            f"{len(found)} runs begin with {run_id}", value=run_id, hint="`expressway runs list` shows the run ids."
        )
    steps = connection.frame(text(STEPS).bindparams(run=found[0]))
    return steps.with_columns(_status(pl.lit(found[0] in lost_runs(engine, connection))))


def _status(is_lost: pl.Expr) -> pl.Expr:
    status = pl.col("status")
    return pl.when(is_lost & (status == "RUNNING")).then(pl.lit("LOST")).otherwise(status).alias("status")
