"""The schema as PostgreSQL (14 or newer) creates it, and the statements that change a study's partition of facts.

A load fills a table of its own, indexes it, and only then touches the parent: the old partition goes, the new one is
attached. The CHECK constraint spares ATTACH the scan, so its SHARE UPDATE EXCLUSIVE lock on the parent lasts an
instant and lets readers through. Dropping an old partition locks the parent out for as short a time, so both belong
at the very end of the transaction.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.schema import CreateIndex, CreateSchema

from expressway.warehouse import rendering
from expressway.warehouse.schema import fact_gene_expression

DIALECT = PGDialect(paramstyle="named")  # type: ignore[no-untyped-call]

_FACT = fact_gene_expression.fullname
# Rows arrive gene by gene: a block range holds few genes, though not always neighbouring keys, hence minmax_multi.
_BRIN = "USING brin (gene_key int4_minmax_multi_ops) WITH (pages_per_range = 32)"


def create_schemas(names: Sequence[str]) -> list[str]:
    """The schemas, unless they are there."""
    return [rendering.render(CreateSchema(name, if_not_exists=True), DIALECT) for name in names]


def create_tables(tables: Sequence[sa.Table]) -> list[str]:
    """Sequences, tables, indexes and comments, in an order that runs."""
    statements = rendering.sequences(tables, DIALECT)
    for table in tables:
        create = rendering.create_table(table, DIALECT)
        if table is fact_gene_expression:
            statements.append(f"{create} PARTITION BY LIST (study_key)")
            statements.append(f"CREATE INDEX brin_{table.name}_gene_key ON {table.fullname} {_BRIN}")
        else:
            statements.append(create)
        statements.extend(rendering.render(CreateIndex(index), DIALECT) for index in rendering.indexes(table))
        statements.extend(rendering.comments(table, DIALECT))
    return statements


def create_views(names: Sequence[str]) -> list[str]:
    """The analysts' views with their comments."""
    return [statement for name in names for statement in rendering.view("postgresql", name)]


def create_roles() -> list[str]:
    """The roles etl_reader, etl_loader and etl_admin with their grants, as far as the user may give them."""
    return [rendering.read_sql("roles", "postgresql.sql")]


def grant_pairs() -> list[str]:
    """What the roles may do with pairs, as far as the user may give it."""
    return [rendering.read_sql("roles", "postgresql_pairs.sql")]


def grant_staging() -> list[str]:
    """What readers may see of what is in quarantine, as far as the user may give it."""
    return [rendering.read_sql("roles", "postgresql_staging.sql")]


def partition_name(study_key: int, batch_key: int, attempt: int) -> str:
    """The table, in schema fact, that holds the facts of a batch."""
    return f"{fact_gene_expression.name}_s{study_key}_b{batch_key}_a{attempt}"


def create_partition(study_key: int, batch_key: int, attempt: int) -> list[str]:
    """An empty table for the facts of a batch, which fills in study_key and batch_key itself.

    The columns are listed rather than copied with LIKE, which would lock the parent until the transaction ends: two
    loads that each hold that lock and want to drop an old partition would wait for each other.
    """
    name = partition_name(study_key, batch_key, attempt)
    return [
        f"CREATE TABLE fact.{name} (\n{rendering.column_list(fact_gene_expression, DIALECT)}\n)",
        f"ALTER TABLE fact.{name} ALTER study_key SET DEFAULT {study_key}, ALTER batch_key SET DEFAULT {batch_key}",
        _owned_by_the_owner_of_the_parent(name),
    ]


def _owned_by_the_owner_of_the_parent(name: str) -> str:
    """So that every member of etl_loader can replace what another member loaded."""
    return (
        f"DO $$ BEGIN EXECUTE format('ALTER TABLE fact.{name} OWNER TO %I', (SELECT pg_get_userbyid(relowner) "
        f"FROM pg_class WHERE oid = '{_FACT}'::regclass)); END $$"
    )


def index_partition(study_key: int, batch_key: int, attempt: int) -> list[str]:
    """The index and the CHECK that the parent asks for, and statistics; after the table is filled.

    COPY would look at the CHECK row by row, which takes a quarter of its time; afterwards it is one scan.
    """
    name = partition_name(study_key, batch_key, attempt)
    return [
        f"ALTER TABLE fact.{name} ADD CONSTRAINT ck_{name}_study CHECK (study_key = {study_key})",
        f"CREATE INDEX brin_{name} ON fact.{name} {_BRIN}",
        f"ANALYZE fact.{name}",
    ]


def attach_partition(name: str, study_key: int) -> list[str]:
    """Show the table to readers as the facts of the study, at commit."""
    return [f"ALTER TABLE {_FACT} ATTACH PARTITION fact.{name} FOR VALUES IN ({study_key})"]


def drop_partition(name: str) -> list[str]:
    """Take the table out of the facts and remove it; one step, as DETACH takes the same lock."""
    return [f"DROP TABLE IF EXISTS fact.{name}"]


def partitions_of(study_key: int) -> str:
    """A query for the name of the table that holds the facts of a study now."""
    return (
        "SELECT c.relname FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid "
        f"WHERE i.inhparent = '{_FACT}'::regclass "
        f"AND pg_catalog.pg_get_expr(c.relpartbound, c.oid) = 'FOR VALUES IN ({study_key})'"
    )
