"""The run that the stored pairs of a slice come from, and whether its studies are still as it saw them."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import select, text, update

from expressway.errors import UnknownStudyOrDisease
from expressway.warehouse.engines.base import Connection
from expressway.warehouse.schema import dim_disease, feature_run

STALE = """
UPDATE meta.feature_run SET status = 'STALE' WHERE status = 'CURRENT' AND (EXISTS (
    SELECT 1 FROM meta.batch b WHERE b.study_accession_code = :study
    AND position(b.batch_id IN CAST(input_batches_json AS VARCHAR)) > 0)
OR EXISTS (
    SELECT 1 FROM dim.study_disease_map m JOIN dim.dim_study st ON st.study_key = m.study_key
    JOIN meta.batch b ON b.study_key = st.study_key AND b.is_current
    WHERE m.is_active AND st.study_accession_code = :study AND m.disease_key = feature_run.disease_key
    AND st.study_status <> 'HELD' AND b.value_scale <> 'UNKNOWN'
    AND (feature_run.technology = st.study_technology OR feature_run.technology = 'ALL')
    AND feature_run.organism = coalesce(st.study_organism, 'UNKNOWN'))
OR (settings_json ->> 'one_sample_per_subject') IS NOT NULL AND EXISTS (
    SELECT 1 FROM dim.dim_study st JOIN dim.dim_sample s ON s.study_key = st.study_key
    JOIN dim.study_sample ss ON ss.sample_key = s.sample_key AND ss.study_key <> s.study_key
    JOIN meta.batch b ON b.study_key = ss.study_key AND b.is_current
    WHERE st.study_accession_code = :study AND position(b.batch_id IN CAST(input_batches_json AS VARCHAR)) > 0))
"""
"""By what entered, by what may enter, and by samples that it shares with what entered and whose subject it says."""
ENTERED = """
SELECT b.study_accession_code, b.study_key FROM meta.batch b
WHERE b.is_current AND EXISTS (
    SELECT 1 FROM meta.feature_run r WHERE r.status = 'CURRENT' AND r.organism = :organism
    AND position(b.batch_id IN CAST(r.input_batches_json AS VARCHAR)) > 0)
ORDER BY b.study_accession_code
"""


def stored_run(connection: Connection, disease_key: int, technology: str, organism: str) -> dict[str, Any] | None:
    """The row of `meta.feature_run` whose pairs are stored for a slice, JSON parsed; None where there are none."""
    query = select(feature_run).where(
        feature_run.c.disease_key == disease_key,
        feature_run.c.technology == technology,
        feature_run.c.organism == organism,
        feature_run.c.status != "REPLACED",
    )
    rows = connection.dicts(query)
    if not rows:
        return None
    return {name: json.loads(value) if _is_json(name, value) else value for name, value in rows[0].items()}


def _is_json(name: str, value: object) -> bool:
    return name.endswith("_json") and isinstance(value, str)


def replace_runs(connection: Connection, disease_key: int, technology: str, organism: str) -> None:
    """The runs of a slice give way to one that is about to be written."""
    connection.execute(
        update(feature_run)
        .where(
            feature_run.c.disease_key == disease_key,
            feature_run.c.technology == technology,
            feature_run.c.organism == organism,
            feature_run.c.status != "REPLACED",
        )
        .values(status="REPLACED")
    )


def mark_run(connection: Connection, feature_run_id: str, status: str) -> None:
    """Say whether a run is what its studies and settings give today: CURRENT or STALE."""
    connection.execute(update(feature_run).where(feature_run.c.feature_run_id == feature_run_id).values(status=status))


def mark_stale(connection: Connection, study: str) -> None:
    """The runs that this study entered, may enter as it is mapped now, or chooses samples of, are STALE.

    Call it where the study or its mapping has changed, and before it goes. Their pairs stay until the slice is
    aggregated again, and reads of them say so.
    """
    connection.execute(text(STALE).bindparams(study=study))


def mark_moved_stale(connection: Connection, organism: str) -> None:
    """The runs of studies with a gene of the staged table `moved`, now pooled under another gene, are STALE."""
    for accession, key in connection.fetchall(text(ENTERED).bindparams(organism=organism)):
        facts = "fact.fact_gene_expression f JOIN moved m ON m.gene_key = f.gene_key"
        if connection.scalar(f"SELECT 1 FROM {facts} WHERE f.study_key = {key} LIMIT 1"):
            mark_stale(connection, accession)


def stale_warning(connection: Connection, disease_key: int, technology: str, organism: str) -> str | None:
    """What a reader must know of the stored pairs of a slice; None when all its studies are as the run saw them."""
    run = stored_run(connection, disease_key, technology, organism)
    if run is None or run["status"] != "STALE":
        return None
    disease = disease_label(connection, disease_key)
    return (
        "a study behind these pairs, or the genes that its rows are pooled under, changed since they were computed; "
        f"`expressway aggregate --disease {disease} --technology {technology}` brings them up to date"
    )


def disease_label(connection: Connection, disease_key: int) -> str:
    """The label of a disease.

    Raises:
        UnknownStudyOrDisease: no disease has this key.
    """
    label = connection.scalar(select(dim_disease.c.disease_label).where(dim_disease.c.disease_key == disease_key))
    if label is None:
        raise UnknownStudyOrDisease(f"no disease has the key {disease_key}", value=disease_key)
    return str(label)
