"""The statements that migrations are made of, for whichever engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

from expressway.errors import InvalidSetting
from expressway.warehouse import rendering
from expressway.warehouse.engines import ENGINES
from expressway.warehouse.engines.duckdb import ddl as duckdb
from expressway.warehouse.engines.postgresql import ddl as postgresql
from expressway.warehouse.engines.sqlserver import ddl as sqlserver
from expressway.warehouse.schema import SCHEMAS, metadata, schema_version, table


class EngineDdl(Protocol):
    """What the `ddl.py` of every engine offers."""

    @property
    def DIALECT(self) -> Dialect:  # noqa: N802 - a constant of the module
        """Compiles definitions to the engine's SQL."""

    def create_schemas(self, names: Sequence[str]) -> list[str]: ...

    def create_tables(self, tables: Sequence[sa.Table]) -> list[str]: ...

    def create_views(self, names: Sequence[str]) -> list[str]: ...

    def create_roles(self) -> list[str]: ...

    def grant_pairs(self) -> list[str]: ...

    def grant_staging(self) -> list[str]: ...


_MODULES: dict[str, EngineDdl] = {"duckdb": duckdb, "postgresql": postgresql, "sqlserver": sqlserver}


def engine_ddl(engine: str) -> EngineDdl:
    """The `ddl.py` of an engine.

    Raises:
        InvalidSetting: no such engine.
    """
    if engine not in _MODULES:
        raise InvalidSetting(f"there is no engine {engine}", value=engine, hint=f"Engines: {', '.join(ENGINES)}.")
    return _MODULES[engine]


def create_tables(engine: str, names: Sequence[str]) -> list[str]:
    """Schemas, sequences, tables, indexes and comments.

    Args:
        names: qualified table names in any order; tables that others refer to are created first.
    """
    wanted = {table(name) for name in names}
    ddl = engine_ddl(engine)
    ordered = [found for found in metadata.sorted_tables if found in wanted]
    return ddl.create_schemas(SCHEMAS) + ddl.create_tables(ordered)


def insert_rows(engine: str, rows: Sequence[sa.Insert]) -> list[str]:
    """INSERT statements with their values written out."""
    return [rendering.render(insert, engine_ddl(engine).DIALECT) for insert in rows]


def insert_version(engine: str, version: int, name: str) -> str:
    """The row that says a migration was applied."""
    return insert_rows(engine, [sa.insert(schema_version).values(version=version, name=name).inline()])[0]
