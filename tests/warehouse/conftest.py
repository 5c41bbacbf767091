"""Databases for the warehouse tests: each engine in turn, as a URL or as a bare connection."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest

from expressway.warehouse import migrations


class PlainConnection:
    """The least that migrations and checks ask of a connection, over a bare driver."""

    def __init__(self, engine: str, raw: Any) -> None:
        self.engine = engine
        self.raw = raw

    def execute(self, sql: str, /) -> None:
        self.raw.execute(sql)

    def fetchall(self, sql: str, /) -> list[tuple[Any, ...]]:
        return self.raw.execute(sql).fetchall()

    def scalar(self, sql: str) -> Any:
        return self.fetchall(sql)[0][0]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self.execute("BEGIN")
        try:
            yield
            self.execute("COMMIT")
        except BaseException:
            self.execute("ROLLBACK")
            raise


def connect(url: str) -> PlainConnection:
    """A connection in autocommit mode to the database of a warehouse URL."""
    if url.startswith("duckdb://"):
        return PlainConnection("duckdb", duckdb.connect(url.removeprefix("duckdb:///")))
    import psycopg

    return PlainConnection("postgresql", psycopg.connect(url, autocommit=True))


@pytest.fixture
def duckdb_url(tmp_path: Path) -> str:
    """The URL of a DuckDB file that does not exist yet."""
    return f"duckdb:///{tmp_path / 'warehouse.duckdb'}"


@pytest.fixture(params=["duckdb", "postgresql"])
def engine(request: pytest.FixtureRequest) -> str:
    """Each engine that tests can run, by name."""
    return str(request.param)


@pytest.fixture
def warehouse_url(engine: str, request: pytest.FixtureRequest) -> str:
    """The URL of an empty database of each engine in turn."""
    return str(request.getfixturevalue(f"{engine}_url"))


@pytest.fixture
def connection(warehouse_url: str) -> Iterator[PlainConnection]:
    """A bare connection to an empty database of each engine in turn."""
    opened = connect(warehouse_url)
    yield opened
    opened.raw.close()


@pytest.fixture
def warehouse(connection: PlainConnection) -> PlainConnection:
    """A bare connection to a warehouse without studies, of each engine in turn."""
    migrations.upgrade(connection)
    return connection


@pytest.fixture
def postgresql_warehouse(postgresql_url: str) -> Iterator[PlainConnection]:
    """A bare connection to a PostgreSQL warehouse without studies."""
    opened = connect(postgresql_url)
    migrations.upgrade(opened)
    yield opened
    opened.raw.close()
