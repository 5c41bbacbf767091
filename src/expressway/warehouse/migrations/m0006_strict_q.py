"""0006: q_star_strict of pairs, in their table and at the end of their views."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.schema import SetColumnComment

from expressway.warehouse.rendering import render
from expressway.warehouse.schema import fact_gene_pair_metrics
from expressway.warehouse.statements import engine_ddl

if TYPE_CHECKING:
    from expressway.warehouse.migrations import Connection

VIEWS = ("vw_gene_pairs_candidate", "vw_pair_metrics_ranked", "vw_pair_metrics_significant")
TABLE = "fact.fact_gene_pair_metrics"
ADDED = ("q_star_strict", "q_star_strict_bound")
ADD = (
    f"ALTER TABLE {TABLE} ADD COLUMN IF NOT EXISTS q_star_strict DOUBLE PRECISION",
    f"ALTER TABLE {TABLE} ADD COLUMN IF NOT EXISTS q_star_strict_bound BOOLEAN DEFAULT false",
    f"ALTER TABLE {TABLE} ALTER COLUMN q_star_strict_bound SET NOT NULL",
)


def statements(engine: str) -> list[str]:
    """None: in a new warehouse the table and the views have the columns from the start."""
    return []


def upgrade(connection: Connection) -> None:
    """Add the columns where they are missing, and make the views anew: in place, so grants and what reads them stay."""
    add_columns(connection)
    for statement in engine_ddl(connection.engine).create_views(VIEWS):
        connection.execute(statement)


def add_columns(connection: Connection) -> None:
    """The columns, where they are missing, with their comments."""
    dialect = engine_ddl(connection.engine).DIALECT
    comments = (render(SetColumnComment(fact_gene_pair_metrics.columns[name]), dialect) for name in ADDED)
    for statement in (*ADD, *comments):
        connection.execute(statement)
