"""0003: gene pairs, their metrics and runs, and the catalogue of features."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expressway.warehouse.schema import FEATURE_SEEDS
from expressway.warehouse.statements import create_tables, insert_rows

if TYPE_CHECKING:
    from expressway.warehouse.migrations import Connection

TABLES = (
    "dim.dim_gene_pair",
    "fact.fact_feature_values",
    "fact.fact_gene_pair_metrics",
    "meta.feature_run",
    "meta.meta_feature_catalog",
)


def statements(engine: str) -> list[str]:
    """The SQL of this migration for an engine."""
    return create_tables(engine, TABLES) + insert_rows(engine, FEATURE_SEEDS)


def upgrade(connection: Connection) -> None:
    """Create the tables."""
    for statement in statements(connection.engine):
        connection.execute(statement)
