"""The whole schema as a script that a database administrator can read, review and run."""

from __future__ import annotations

from expressway.warehouse.engines import EngineName
from expressway.warehouse.engines.sqlserver.ddl import SESSION
from expressway.warehouse.migrations import MIGRATIONS
from expressway.warehouse.statements import insert_version

_HEADERS = {
    "duckdb": "-- Expressway warehouse, schema {version}, DuckDB. Run it in an empty database.",
    "postgresql": (
        "-- Expressway warehouse, schema {version}, PostgreSQL 14 or newer.\n"
        "-- Run it in an empty database: psql --single-transaction --set ON_ERROR_STOP=1 --file THIS_FILE"
    ),
    "sqlserver": (
        "-- Expressway warehouse, schema {version}, SQL Server 2022.\n"
        "-- Run it in an empty database: sqlcmd -b -I -i THIS_FILE"
    ),
}


def render_ddl(engine: EngineName) -> str:
    """The script that creates the warehouse: schemas, sequences, tables, indexes, seeds, views, roles.

    It leaves the same database as the migrations, version rows included.

    Args:
        engine: duckdb, postgresql or sqlserver.

    Raises:
        InvalidSetting: no such engine.
    """
    statements = [SESSION] if engine == "sqlserver" else []
    for migration in MIGRATIONS:
        statements += migration.statements(engine)
        statements.append(insert_version(engine, migration.version, migration.name))
    end = ";\nGO\n" if engine == "sqlserver" else ";\n"
    header = _HEADERS[engine].format(version=MIGRATIONS[-1].version)
    return "\n".join([f"{header}\n", *(f"{statement.rstrip(';')}{end}" for statement in statements)])
