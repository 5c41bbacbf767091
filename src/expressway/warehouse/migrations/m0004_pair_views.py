"""0004: the views over gene pairs, and what the roles of the servers may do with pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expressway.warehouse.migrations import m0006_strict_q
from expressway.warehouse.statements import engine_ddl

if TYPE_CHECKING:
    from expressway.warehouse.migrations import Connection

VIEWS = ("vw_gene_pairs_candidate", "vw_pair_metrics_ranked", "vw_pair_metrics_significant")


def statements(engine: str) -> list[str]:
    """The SQL of this migration for an engine."""
    ddl = engine_ddl(engine)
    return ddl.create_views(VIEWS) + ddl.grant_pairs()


def upgrade(connection: Connection) -> None:
    """Create the views, as they are by now and hence with the columns they read, and grant the roles."""
    m0006_strict_q.add_columns(connection)
    for statement in statements(connection.engine):
        connection.execute(statement)
