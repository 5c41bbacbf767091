"""Studies of a slice as rows: small, with everything that decides whether they enter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from expressway.warehouse.engines.base import Connection
from tests.warehouse.small_warehouse import add_study, insert, literal

SPECTRUM = ("CONTROL", "SEPSIS", "SEPTIC_SHOCK")


def change(connection: Connection, table: str, where: str, **values: Any) -> None:
    """Change rows of a table."""
    assigned = ", ".join(f"{name} = {literal(value)}" for name, value in values.items())
    connection.execute(f"UPDATE {table} SET {assigned} WHERE {where}")


def map_study(connection: Connection, key: int, disease: str = "SEPSIS", *, active: bool = True) -> None:
    """A mapping row, whatever others there are."""
    connection.execute(
        "INSERT INTO dim.study_disease_map (study_key, disease_key, is_active) "
        f"SELECT {key}, disease_key, {literal(active)} FROM dim.dim_disease WHERE disease_label = '{disease}'"
    )


def mapped_study(
    connection: Connection,
    key: int,
    labels: Sequence[str] = SPECTRUM,
    *,
    technology: str = "RNA-SEQ",
    organism: str = "HOMO_SAPIENS",
    scale: str = "LOG2",
    status: str = "ACTIVE",
) -> None:
    """Study GSE<key> with samples 100 * key + 1, ..., mapped to SEPSIS."""
    add_study(connection, key, labels, scale=scale, status=status)
    change(connection, "dim.dim_study", f"study_key = {key}", study_technology=technology, study_organism=organism)
    map_study(connection, key)


def describe(connection: Connection, samples: Mapping[int, tuple[str | None, str | None]]) -> None:
    """Subject and time of samples by key."""
    for key, (subject, time) in samples.items():
        change(connection, "dim.dim_sample", f"sample_key = {key}", sample_subject=subject, sample_time=time)


def share_sample(connection: Connection, study: int, sample: int, label: str = "SEPSIS") -> None:
    """A sample of one study in another one too."""
    illness = connection.scalar(f"SELECT illness_key FROM dim.dim_illness WHERE illness_label = '{label}'")
    insert(
        connection,
        "dim.study_sample",
        study_key=study,
        sample_key=sample,
        illness_key=int(illness),
        illness_method="TITLE",
    )


def drop_map_index(connection: Connection) -> None:
    """Without it a study can have two active mappings."""
    connection.execute("DROP INDEX dim.uq_study_disease_map_is_active")
