"""The schema as DuckDB creates it.

Left out here, for reasons that `tests/warehouse/test_ddl.py` keeps true:

- Foreign keys: within a transaction DuckDB refuses to update, or to delete and insert again, a row that another row
  refers to. `warehouse check` proves the references by query instead.
- Partial indexes, which DuckDB does not have: a unique index over CASE WHEN flag THEN key END says the same, since
  NULLs are never equal.
- Indexes that are not unique: hash joins and the minima and maxima of row groups serve better.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.schema import CreateSchema

from expressway.warehouse import rendering
from expressway.warehouse.schema import fact_gene_expression


class DuckDBDialect(PGDialect):
    """PostgreSQL's SQL under DuckDB's own name, so that column types can differ."""

    name = "duckdb"
    supports_statement_cache = True


DIALECT = DuckDBDialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]
COMPRESSION = {
    "sample_key": "bitpacking",
    "gene_key": "rle",
    "study_key": "uncompressed",  # a segment of one value takes no space in any method, least time in this one
    "batch_key": "uncompressed",
    "is_detected": "rle",
    "is_significant": "uncompressed",
}


def create_schemas(names: Sequence[str]) -> list[str]:
    """The schemas, unless they are there."""
    return [rendering.render(CreateSchema(name, if_not_exists=True), DIALECT) for name in names]


def create_tables(tables: Sequence[sa.Table]) -> list[str]:
    """Sequences, tables, indexes and comments, in an order that runs."""
    statements = rendering.sequences(tables, DIALECT)
    for table in tables:
        statements.append(_compressed(rendering.create_table(table, DIALECT, foreign_keys=False), table))
        statements.extend(_unique_index(index) for index in rendering.indexes(table) if index.unique)
        statements.extend(rendering.comments(table, DIALECT))
    return statements


def _compressed(statement: str, table: sa.Table) -> str:
    """CREATE TABLE of the facts with compression that is good for the columns and quick.

    Trying them all, as DuckDB would, takes longer than everything else an insert does; the values themselves are left
    to DuckDB's choice.
    """
    if table is fact_gene_expression:
        for column, method in COMPRESSION.items():
            statement = re.sub(rf"\b{column} \w+", rf"\g<0> USING COMPRESSION {method}", statement, count=1)
    return statement


def _unique_index(index: sa.Index) -> str:
    table, where = index.table, index.dialect_options["postgresql"]["where"]
    assert table is not None
    key = ", ".join(column.name for column in index.columns)
    return f"CREATE UNIQUE INDEX {index.name} ON {table.fullname} ((CASE WHEN {where.name} THEN {key} END))"


def create_views(names: Sequence[str]) -> list[str]:
    """The analysts' views with their comments."""
    return [statement for name in names for statement in rendering.view("duckdb", name)]


def create_roles() -> list[str]:
    """None: whoever may open the file may do everything."""
    return []


def grant_pairs() -> list[str]:
    """None: whoever may open the file may do everything."""
    return []


def grant_staging() -> list[str]:
    """None: whoever may open the file may do everything."""
    return []
