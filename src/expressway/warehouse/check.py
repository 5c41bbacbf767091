"""Whether a warehouse is as defined, and whether its data are whole: each difference one readable line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from expressway.errors import InvalidSetting
from expressway.warehouse import integrity
from expressway.warehouse.migrations import Connection
from expressway.warehouse.rendering import quoted
from expressway.warehouse.schema import SCHEMAS, VIEWS, metadata
from expressway.warehouse.statements import engine_ddl

_OURS = "(" + ", ".join(quoted(name) for name in SCHEMAS) + ")"

_MISSING = "is missing"

# Name and kind of every table and view; partitions of a table are part of it.
_RELATIONS = {
    "duckdb": f"""
SELECT table_schema || '.' || table_name, table_type = 'VIEW'
FROM information_schema.tables WHERE table_catalog = current_database() AND table_schema IN {_OURS}""",
    "postgresql": f"""
SELECT n.nspname || '.' || c.relname, c.relkind = 'v'
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname IN {_OURS} AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition""",
}
_COLUMNS = {
    "duckdb": f"""
SELECT table_schema || '.' || table_name, column_name, data_type, is_nullable = 'YES'
FROM information_schema.columns WHERE table_catalog = current_database() AND table_schema IN {_OURS}
ORDER BY 1, ordinal_position""",
    "postgresql": f"""
SELECT n.nspname || '.' || c.relname, a.attname, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname IN {_OURS} AND c.relkind IN ('r', 'p', 'v') AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY 1, a.attnum""",
}
# Unique keys by their columns; those that hold for some rows only, by the name of their index.
_UNIQUE = {
    "duckdb": f"""
SELECT schema_name || '.' || table_name, array_to_string(constraint_column_names, ', ') FROM duckdb_constraints()
WHERE database_name = current_database() AND constraint_type IN ('PRIMARY KEY', 'UNIQUE') AND schema_name IN {_OURS}
UNION ALL
SELECT schema_name || '.' || table_name, index_name FROM duckdb_indexes()
WHERE database_name = current_database() AND is_unique AND schema_name IN {_OURS}""",
    "postgresql": f"""
SELECT n.nspname || '.' || c.relname, CASE WHEN i.indpred IS NOT NULL THEN x.relname ELSE (
    SELECT string_agg(a.attname, ', ' ORDER BY k.position)
    FROM unnest(i.indkey) WITH ORDINALITY k (attnum, position)
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum) END
FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE i.indisunique AND i.indisvalid AND n.nspname IN {_OURS}""",
}
# What the databases call the types of the definition.
_SPELLING = {
    "duckdb": {"DOUBLE PRECISION": "DOUBLE", "TEXT": "VARCHAR", "TIMESTAMP WITHOUT TIME ZONE": "TIMESTAMP"},
    "postgresql": {"VARCHAR": "character varying", "CHAR": "character"},
}


@dataclass(frozen=True, slots=True)
class Difference:
    """Something in the warehouse that is not as it should be."""

    where: str
    """A table, a column of it, or a view."""
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


def check_schema(connection: Connection) -> list[Difference]:
    """Every difference between a warehouse and its definition; an empty list is good.

    Compares tables, columns, types, nullability, unique keys and views with the definition. Where the tables are all
    there, it also proves by query that every key refers to a row, that facts belong to current batches, and that the
    counts of the batches add up.

    Raises:
        InvalidSetting: the engine cannot be checked (SQL Server).
    """
    if connection.engine not in _COLUMNS:
        raise InvalidSetting(
            f"a {connection.engine} warehouse cannot be checked",
            value=connection.engine,
            hint="DuckDB and PostgreSQL warehouses can.",
        )
    found = [*_relations(connection), *_columns(connection)]
    whole = not any(difference.what.endswith(_MISSING) for difference in found)
    found += _unique_keys(connection)
    if whole:
        found += [Difference(where, what) for where, what in integrity.violations(connection)]
    return found


def _relations(connection: Connection) -> Iterator[Difference]:
    live = dict(connection.fetchall(_RELATIONS[connection.engine]))
    wanted = dict.fromkeys(metadata.tables, False) | {f"analytics.{name}": True for name in VIEWS}
    kind = {False: "table", True: "view"}
    for name in sorted(wanted.keys() | live.keys()):
        if name not in live:
            yield Difference(name, f"the {kind[wanted[name]]} {_MISSING}")
        elif name not in wanted:
            yield Difference(name, f"the {kind[live[name]]} is not in the definition")
        elif wanted[name] != live[name]:
            yield Difference(name, f"is a {kind[live[name]]}, not a {kind[wanted[name]]}")


def _columns(connection: Connection) -> Iterator[Difference]:
    live: dict[str, dict[str, tuple[str, bool]]] = {}
    for relation, column, type_name, nullable in connection.fetchall(_COLUMNS[connection.engine]):
        live.setdefault(relation, {})[column] = (type_name, nullable)
    for name, table in sorted(metadata.tables.items()):
        if name in live:
            yield from _table_columns(table, live[name], connection.engine)
    for view, columns in VIEWS.items():
        found = tuple(live.get(f"analytics.{view}", columns))
        if found != columns:
            yield Difference(f"analytics.{view}", f"has the columns {', '.join(found)}, not {', '.join(columns)}")


def _table_columns(table: sa.Table, live: dict[str, tuple[str, bool]], engine: str) -> Iterator[Difference]:
    wanted = {column.name: (_type_name(column, engine), bool(column.nullable)) for column in table.columns}
    for name in [*wanted, *(name for name in live if name not in wanted)]:
        where = f"{table.fullname}.{name}"
        if name not in live:
            yield Difference(where, f"the column {_MISSING}")
        elif name not in wanted:
            yield Difference(where, "the column is not in the definition")
        else:
            (type_name, nullable), (live_type, live_nullable) = wanted[name], live[name]
            if live_type.lower() != type_name.lower():
                yield Difference(where, f"has the type {live_type}, not {type_name}")
            if live_nullable != nullable:
                yield Difference(where, f"{'may' if live_nullable else 'may not'} be NULL, against the definition")


def _type_name(column: sa.Column[Any], engine: str) -> str:
    """The type of a column as the catalog of the engine spells it."""
    name = column.type.compile(engine_ddl(engine).DIALECT).partition(" COLLATE ")[0]
    word, bracket, length = name.partition("(")
    if engine == "duckdb":
        word, bracket, length = ("VARCHAR" if word == "CHAR" else word), "", ""  # lengths mean nothing to DuckDB
    return f"{_SPELLING[engine].get(word, word)}{bracket}{length}"


def _unique_keys(connection: Connection) -> Iterator[Difference]:
    live = set(connection.fetchall(_UNIQUE[connection.engine]))
    there = {relation for relation, _ in connection.fetchall(_RELATIONS[connection.engine])}
    for name, table in sorted(metadata.tables.items()):
        for key in _wanted_keys(table) if name in there else ():
            if (name, key) not in live:
                yield Difference(name, f"the unique key {key} {_MISSING}")


def _wanted_keys(table: sa.Table) -> list[str]:
    keys = [
        ", ".join(column.name for column in constraint.columns)
        for constraint in table.constraints
        if isinstance(constraint, sa.PrimaryKeyConstraint | sa.UniqueConstraint)
    ]
    return sorted(key for key in keys if key) + sorted(str(index.name) for index in table.indexes if index.unique)
