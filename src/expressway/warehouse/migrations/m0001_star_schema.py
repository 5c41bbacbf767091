"""0001: the tables of the star schema with their seeds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expressway.warehouse.schema import SEEDS
from expressway.warehouse.statements import create_tables, insert_rows

if TYPE_CHECKING:
    from expressway.warehouse.migrations import Connection

TABLES = (
    "dim.dim_disease",
    "dim.dim_gene",
    "dim.dim_illness",
    "dim.dim_platform",
    "dim.dim_sample",
    "dim.dim_study",
    "dim.gene_alias",
    "dim.study_disease_map",
    "dim.study_sample",
    "fact.fact_gene_expression",
    "meta.batch",
    "meta.meta_data_validation_log",
    "meta.meta_etl_process_log",
    "meta.meta_study_qc",
    "meta.schema_version",
    "staging.expression_rows",
)


def statements(engine: str) -> list[str]:
    """The SQL of this migration for an engine."""
    return create_tables(engine, TABLES) + insert_rows(engine, SEEDS)


def upgrade(connection: Connection) -> None:
    """Create the tables."""
    for statement in statements(connection.engine):
        connection.execute(statement)
