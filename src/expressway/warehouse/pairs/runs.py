"""The run that the stored pairs of a slice come from, and whether its studies are still as it saw them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, text, update

from expressway.errors import UnknownStudyOrDisease
from expressway.warehouse.engines.base import Connection
from expressway.warehouse.schema import dim_disease, feature_run

STALE = """
UPDATE meta.feature_run SET status = 'STALE' WHERE status = 'CURRENT' AND EXISTS (
    SELECT 1 FROM meta.batch b WHERE b.study_accession_code = :study
    AND position(b.batch_id IN CAST(input_batches_json AS VARCHAR)) > 0)
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


def mark_current(connection: Connection, feature_run_id: str) -> None:
    """A run that may have been STALE is what its studies and settings give today."""
    connection.execute(
        update(feature_run).where(feature_run.c.feature_run_id == feature_run_id).values(status="CURRENT")
    )


def mark_disease_stale(connection: Connection, disease_keys: Sequence[int]) -> None:
    """The runs of some diseases are STALE from now on: other studies are mapped to them."""
    current = feature_run.c.disease_key.in_(disease_keys) & (feature_run.c.status == "CURRENT")
    connection.execute(update(feature_run).where(current).values(status="STALE"))


def mark_stale(connection: Connection, study: str) -> None:
    """The runs that a batch of this study entered are STALE from now on; call it where the study changes or goes.

    Their pairs stay until the slice is aggregated again, and reads of them say so.
    """
    connection.execute(text(STALE).bindparams(study=study))


def stale_warning(connection: Connection, disease_key: int, technology: str, organism: str) -> str | None:
    """What a reader must know of the stored pairs of a slice; None when all its studies are as the run saw them."""
    run = stored_run(connection, disease_key, technology, organism)
    if run is None or run["status"] != "STALE":
        return None
    disease = disease_label(connection, disease_key)
    return (
        "a study behind these pairs was changed or removed since they were computed; "
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
