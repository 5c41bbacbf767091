"""Which slices have stored pairs, and the run that made them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from expressway.errors import InvalidSetting
from expressway.studies.samplesheet import organism_name
from expressway.warehouse.diseases import disease_key
from expressway.warehouse.engines.base import Connection
from expressway.warehouse.pairs.runs import stored_run

RUNS = """
SELECT d.disease_label AS disease, r.technology, r.organism, r.disease_key, r.feature_run_id, r.status, r.genes,
       r.pairs_tested, r.pairs_stored, r.started_at, r.ended_at
FROM meta.feature_run r JOIN dim.dim_disease d ON d.disease_key = r.disease_key
WHERE r.status IN ('CURRENT', 'STALE') ORDER BY d.disease_label, r.technology, r.organism
"""


@dataclass(frozen=True, slots=True)
class PublishedSlice:
    """A slice that has stored pairs."""

    disease: str
    disease_key: int
    technology: str
    organism: str
    feature_run_id: str
    stale: bool
    """A study of it has changed since."""
    pairs_tested: int


def published_slices(connection: Connection) -> pl.DataFrame:
    """One row for each slice with stored pairs."""
    return connection.frame(RUNS)


def published_slice(
    connection: Connection, disease: str | None, technology: str | None, organism: str | None
) -> PublishedSlice:
    """The one slice that is meant; what is left out must follow from what is stored.

    Raises:
        UnknownStudyOrDisease: no such disease.
        InvalidSetting: no slice is stored that fits, or several do.
    """
    rows = published_slices(connection).to_dicts()
    named = [("disease", disease), ("technology", technology)]
    wanted = {name: value.upper() for name, value in named if value is not None}
    if disease is not None:
        disease_key(connection, disease)
    if organism is not None:
        wanted["organism"] = organism_name(organism) or organism
    fitting = [row for row in rows if all(row[name] == value for name, value in wanted.items())]
    if len(fitting) == 1:
        row = fitting[0]
        return PublishedSlice(
            disease=row["disease"],
            disease_key=int(row["disease_key"]),
            technology=row["technology"],
            organism=row["organism"],
            feature_run_id=row["feature_run_id"],
            stale=row["status"] == "STALE",
            pairs_tested=int(row["pairs_tested"] or 0),
        )
    raise _refusal(rows, fitting, wanted)


def _refusal(rows: list[dict[str, Any]], fitting: list[dict[str, Any]], wanted: Mapping[str, str]) -> InvalidSetting:
    asked = ", ".join(wanted.values()) or "what was asked"
    choices = "; ".join(_options(row) for row in fitting or rows)
    if fitting:
        return InvalidSetting(f"{len(fitting)} slices have pairs of {asked}", value=asked, hint=f"Choose: {choices}.")
    if rows:
        return InvalidSetting(f"no pairs are stored of {asked}", value=asked, hint=f"There are: {choices}.")
    hint = "`expressway studies map STUDY --disease SEPSIS` maps studies, `expressway aggregate` makes their pairs."
    return InvalidSetting("no pairs are stored yet", value=asked, hint=hint)


def _options(row: Mapping[str, Any]) -> str:
    return f"--disease {row['disease']} --technology {row['technology']} --organism {row['organism']}"


def published_run(connection: Connection, of: PublishedSlice) -> dict[str, Any]:
    """Settings, versions and input batches of the run that stored a slice."""
    run = stored_run(connection, of.disease_key, of.technology, of.organism) or {}
    return {name: run.get(f"{name}_json") for name in ("settings", "versions", "input_batches")}
