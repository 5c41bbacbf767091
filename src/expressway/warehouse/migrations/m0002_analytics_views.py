"""0002: the views over expression, and the roles of the servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expressway.warehouse.statements import engine_ddl

if TYPE_CHECKING:
    from expressway.warehouse.migrations import Connection

VIEWS = ("vw_expression_long", "vw_expression_by_cohort", "vw_spearman_export")


def statements(engine: str) -> list[str]:
    """The SQL of this migration for an engine."""
    ddl = engine_ddl(engine)
    return ddl.create_views(VIEWS) + ddl.create_roles()


def upgrade(connection: Connection) -> None:
    """Create the views and roles."""
    for statement in statements(connection.engine):
        connection.execute(statement)
