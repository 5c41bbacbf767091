"""Numbered migrations: each brings a warehouse from one schema version to the next, in one transaction.

A migration never changes once it is published: it names the tables and views it brings. A later one that adds a
column to a table adds it where it is missing, since a new warehouse gets the table as it is defined by then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from expressway.errors import QueryRefused, SchemaDiffers, WarehouseNotWritable
from expressway.warehouse.migrations import (
    m0001_star_schema,
    m0002_analytics_views,
    m0003_gene_pairs,
    m0004_pair_views,
    m0005_readers_see_quarantine,
    m0006_strict_q,
)
from expressway.warehouse.rendering import quoted
from expressway.warehouse.schema import VIEWS, metadata
from expressway.warehouse.statements import insert_version


class Connection(Protocol):
    """What a migration asks of a connection to a warehouse."""

    @property
    def engine(self) -> str:
        """The engine's name: duckdb, postgresql or sqlserver."""

    def execute(self, sql: str, /) -> None: ...

    def fetchall(self, sql: str, /) -> list[tuple[Any, ...]]: ...

    def transaction(self) -> AbstractContextManager[None]:
        """All statements inside commit together, or none does."""


@dataclass(frozen=True, slots=True)
class Migration:
    """A step from one version of the schema to the next."""

    version: int
    name: str
    statements: Callable[[str], list[str]]
    """The SQL for an engine."""
    upgrade: Callable[[Connection], None]

    def __str__(self) -> str:
        return f"{self.version:04d} {self.name}"


MIGRATIONS: tuple[Migration, ...] = (
    Migration(1, "star_schema", m0001_star_schema.statements, m0001_star_schema.upgrade),
    Migration(2, "analytics_views", m0002_analytics_views.statements, m0002_analytics_views.upgrade),
    Migration(3, "gene_pairs", m0003_gene_pairs.statements, m0003_gene_pairs.upgrade),
    Migration(4, "pair_views", m0004_pair_views.statements, m0004_pair_views.upgrade),
    Migration(
        5,
        "readers_see_quarantine",
        m0005_readers_see_quarantine.statements,
        m0005_readers_see_quarantine.upgrade,
    ),
    Migration(6, "strict_q", m0006_strict_q.statements, m0006_strict_q.upgrade),
)

# Two processes that upgrade at once take turns; DuckDB lets only one process in.
_TURN = {
    "postgresql": "SELECT pg_advisory_xact_lock(5406300)",
    "sqlserver": "EXEC sp_getapplock @Resource = N'expressway schema', @LockMode = N'Exclusive'",
}

# Which tables and views of some names are there; PostgreSQL's own catalog also has those that the user may not read.
_EXISTING = {
    "postgresql": "SELECT n.nspname || '.' || c.relname FROM pg_catalog.pg_class c "
    "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname || '.' || c.relname IN ({})",
}
_EXISTING_ANYWHERE = (
    "SELECT concat(table_schema, '.', table_name) FROM information_schema.tables "
    "WHERE concat(table_schema, '.', table_name) IN ({})"
)
_IS_UTF8 = "SELECT encoding = pg_char_to_encoding('UTF8') FROM pg_database WHERE datname = current_database()"


def latest_version() -> int:
    """The version of the schema that this program works with."""
    return MIGRATIONS[-1].version


def current_version(connection: Connection) -> int:
    """The version of the schema in the warehouse; 0 when there is none.

    Raises:
        SchemaDiffers: `meta.schema_version` is somebody else's.
    """
    if not _existing(connection, ["meta.schema_version"]):
        return 0
    try:
        return int(connection.fetchall("SELECT coalesce(max(version), 0) FROM meta.schema_version")[0][0])
    except QueryRefused as error:
        raise _foreign("meta.schema_version") from error


def _existing(connection: Connection, names: Iterable[str]) -> list[str]:
    query = _EXISTING.get(connection.engine, _EXISTING_ANYWHERE)
    return sorted(name for (name,) in connection.fetchall(query.format(", ".join(map(quoted, names)))))


def _foreign(*names: str) -> SchemaDiffers:
    return SchemaDiffers(
        f"the database has tables of these names that Expressway did not make: {', '.join(names)}",
        value=names[0],
        hint="Make the warehouse in a database of its own, or rename or drop what is in its way.",
    )


def pending(connection: Connection) -> list[Migration]:
    """The migrations that the warehouse still needs, in order."""
    version = current_version(connection)
    return [migration for migration in MIGRATIONS if migration.version > version]


def upgrade(connection: Connection, target: int | None = None) -> list[str]:
    """Apply pending migrations with their version rows, all in one transaction; returns what was applied.

    A process that is killed leaves the version there was, also where there was none: a warehouse in between would be
    refused as an older one.

    Args:
        target: the version to stop at; the latest when omitted.

    Raises:
        SchemaDiffers: there is no warehouse yet, but somebody else's tables have its names.
        WarehouseNotWritable: a new warehouse in a database that is not encoded in UTF-8.
    """
    if not pending(connection):
        return []
    last = latest_version() if target is None else target
    with connection.transaction():
        if connection.engine in _TURN:
            connection.execute(_TURN[connection.engine])
        todo = [migration for migration in pending(connection) if migration.version <= last]
        if todo[:1] == [MIGRATIONS[0]]:
            _require_room(connection)
        for migration in todo:
            migration.upgrade(connection)
            connection.execute(insert_version(connection.engine, migration.version, migration.name))
    return [str(migration) for migration in todo]


def _require_room(connection: Connection) -> None:
    """Raise where a new warehouse would meet somebody else's tables, or names that the database cannot write."""
    if connection.engine == "postgresql" and not connection.fetchall(_IS_UTF8)[0][0]:
        raise WarehouseNotWritable(
            "the database is not encoded in UTF-8 and could not hold every name",
            hint="Make one that is: createdb --encoding UTF8 --template template0 NAME.",
        )
    if taken := _existing(connection, [*metadata.tables, *(f"analytics.{name}" for name in VIEWS)]):
        raise _foreign(*taken[:5])
