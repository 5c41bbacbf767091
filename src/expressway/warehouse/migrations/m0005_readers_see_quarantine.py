"""0005: readers may see what is in quarantine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expressway.warehouse.statements import engine_ddl

if TYPE_CHECKING:
    from expressway.warehouse.migrations import Connection


def statements(engine: str) -> list[str]:
    """The SQL of this migration for an engine."""
    return engine_ddl(engine).grant_staging()


def upgrade(connection: Connection) -> None:
    """Grant the readers."""
    for statement in statements(connection.engine):
        connection.execute(statement)
