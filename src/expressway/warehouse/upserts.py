"""Add missing rows and change those that differ, set-wise, the same on every engine."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from expressway.warehouse.engines.base import Connection


def insert_missing(connection: Connection, table: str, frame: pl.DataFrame) -> None:
    """Insert the rows that are not in the table yet, by all their columns, in sorted order."""
    if frame.height == 0:
        return
    connection.stage("missing", frame)
    _insert_staged(connection, table, "missing", frame.columns, frame.columns)


def upsert(connection: Connection, table: str, frame: pl.DataFrame, keys: Sequence[str], staged: str = "rows") -> None:
    """Insert missing rows and update the other columns of rows that differ, in sorted order."""
    if frame.height == 0:
        return
    connection.stage(staged, frame)
    _insert_staged(connection, table, staged, frame.columns, keys)
    others = [name for name in frame.columns if name not in keys]
    if others:
        match = " AND ".join(f"t.{name} = s.{name}" for name in keys)
        differs = " OR ".join(f"t.{name} IS DISTINCT FROM s.{name}" for name in others)
        assign = ", ".join(f"{name} = s.{name}" for name in others)
        connection.execute(f"UPDATE {table} AS t SET {assign} FROM {staged} s WHERE {match} AND ({differs})")


def _insert_staged(
    connection: Connection, table: str, staged: str, columns: Sequence[str], keys: Sequence[str]
) -> None:
    match = " AND ".join(f"t.{name} = s.{name}" for name in keys)
    names = ", ".join(columns)
    connection.execute(
        f"INSERT INTO {table} ({names}) SELECT {names} FROM {staged} s "
        f"WHERE NOT EXISTS (SELECT 1 FROM {table} t WHERE {match}) ORDER BY {', '.join(keys)}{or_nothing(connection)}"
    )


def or_nothing(connection: Connection) -> str:
    """The end of an INSERT of rows that another load may add at the same moment, which only a server can have."""
    return " ON CONFLICT DO NOTHING" if connection.engine == "postgresql" else ""
