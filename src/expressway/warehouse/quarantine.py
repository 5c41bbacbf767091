"""Batches that were refused: why, their offending cells, and how to try again."""

from __future__ import annotations

import polars as pl
from sqlalchemy import bindparam, text

from expressway.errors import UnknownStudyOrDisease
from expressway.warehouse.catalog import Source, batch_source
from expressway.warehouse.engines.base import Connection

BATCHES = """
SELECT b.study_accession_code AS study, l.error_code AS code, l.error_message AS reason, b.cells_quarantined,
       (SELECT count(*) FROM staging.expression_rows r WHERE r.batch_key = b.batch_key) AS offending_cells,
       b.file_name, b.batch_id, b.loaded_at AS quarantined_at
FROM meta.batch b
LEFT JOIN meta.meta_etl_process_log l ON l.run_id = b.run_id AND l.batch_id = b.batch_id AND l.status = 'QUARANTINED'
WHERE b.status = 'QUARANTINED' ORDER BY b.loaded_at, b.study_accession_code
"""
CELLS = """
SELECT r.line_no, r.gene_id, r.sample_accession_code, r.value_text, r.reject_code
FROM staging.expression_rows r JOIN meta.batch b ON b.batch_key = r.batch_key
WHERE b.status = 'QUARANTINED' AND b.study_accession_code = :study
ORDER BY r.line_no, r.sample_accession_code
"""
KEYS = """
SELECT batch_key FROM meta.batch
WHERE status = 'QUARANTINED' AND study_accession_code = :study ORDER BY loaded_at DESC, batch_key DESC
"""


def batches(connection: Connection) -> pl.DataFrame:
    """One row for each quarantined batch."""
    return connection.frame(BATCHES)


def cells(connection: Connection, study: str) -> pl.DataFrame:
    """The offending cells of a study in quarantine."""
    _quarantined(connection, study)
    return connection.frame(text(CELLS).bindparams(study=study))


def newest_source(connection: Connection, study: str) -> Source:
    """The source of the newest quarantined batch of a study."""
    return batch_source(connection, _quarantined(connection, study)[0])


def drop(connection: Connection, study: str) -> int:
    """Forget the quarantined batches of a study; the validation log keeps what was said of them."""
    keys = _quarantined(connection, study)
    with connection.transaction():
        for table in ("staging.expression_rows", "meta.batch"):
            statement = text(f"DELETE FROM {table} WHERE batch_key IN :keys")
            connection.execute(statement.bindparams(bindparam("keys", keys, expanding=True)))
    return len(keys)


def _quarantined(connection: Connection, study: str) -> list[int]:
    """Keys of the quarantined batches of a study, newest first."""
    rows = connection.fetchall(text(KEYS).bindparams(study=study))
    if not rows:
        raise UnknownStudyOrDisease(
            f"no batch of {study} is in quarantine", value=study, hint="`expressway quarantine list` shows them."
        )
    return [int(key) for (key,) in rows]
