"""A DuckDB file as a warehouse: one process, many threads."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import polars as pl
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql import ClauseElement

from expressway.errors import (
    ExpresswayError,
    NoSpaceLeft,
    QueryRefused,
    WarehouseLocked,
    WarehouseNotWritable,
    WarehouseUnreachable,
)
from expressway.warehouse.engines.base import Connection, Row
from expressway.warehouse.rendering import quoted

T = TypeVar("T")
NO_SPACE = ("no space left", "file too large", "disk quota", "enospc", "efbig", "could not write all bytes")
LOCKED = ("could not set lock", "conflicting lock", "different configuration", "being used by another process")
READ_ONLY = ("permission denied", "read-only", "read only", "no such file or directory", "is a directory")


class ArrowStream:
    """A frame or relation as nothing but an Arrow stream: DuckDB then needs no pyarrow to read a frame.

    A relation is passed on this way too, since handing polars the relation itself leaves DuckDB objects behind that
    are reported as leaks when Python ends.
    """

    def __init__(self, rows: Any) -> None:
        self._rows = rows

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._rows.__arrow_c_stream__(requested_schema)

    def release(self) -> None:
        """Let go of the rows: a transaction keeps every name that was registered in it until it ends."""
        self._rows = None


class DuckDBConnection(Connection):
    """A cursor of the process's only database instance."""

    engine = "duckdb"
    dialect = postgresql.dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]

    def __init__(self, raw: duckdb.DuckDBPyConnection) -> None:
        self.raw = raw
        self._staged: list[str] = []

    def fetchall(self, statement: ClauseElement | str) -> list[Row]:
        sql, parameters = (statement, None) if isinstance(statement, str) else self.compile(statement)
        return translated(lambda: self.raw.execute(sql, parameters).fetchall())

    def frame(self, statement: ClauseElement | str) -> pl.DataFrame:
        sql, parameters = (statement, None) if isinstance(statement, str) else self.compile(statement)
        return translated(lambda: self._frame(sql, parameters))

    def _frame(self, sql: str, parameters: Any) -> pl.DataFrame:
        relation = self.raw.sql(sql, params=parameters)
        return pl.DataFrame() if relation is None else pl.DataFrame(ArrowStream(relation))

    def insert_rows(self, sql: str, rows: Any) -> None:
        """Run an INSERT that reads a frame, or any other Arrow stream, under the name `incoming`."""

        def insert() -> None:
            stream = ArrowStream(rows)
            self.raw.register("incoming", stream)
            try:
                self.raw.execute(sql).fetchall()
            finally:
                stream.release()
                with suppress(duckdb.Error):  # an aborted transaction refuses this too, and would hide why
                    self.raw.unregister("incoming")

        translated(insert)

    def stage(self, name: str, frame: pl.DataFrame) -> None:
        self.insert_rows(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM incoming", frame)
        self._staged.append(name)

    def append(self, table: str, frame: pl.DataFrame, constants: Mapping[str, str]) -> None:
        names = ", ".join([*frame.columns, *constants])
        values = ", ".join([*frame.columns, *map(quoted, constants.values())])
        self.insert_rows(f"INSERT INTO {table} ({names}) SELECT {values} FROM incoming", frame)

    @contextmanager
    def session_values(self, values: Mapping[str, str]) -> Iterator[None]:
        try:
            for name, value in values.items():
                self.execute(f"SET VARIABLE {name} = {quoted(value)}")
            yield
        finally:
            for name in values:
                self.execute(f"RESET VARIABLE {name}")

    def _drop_staged(self) -> None:
        for name in self._staged:
            self.raw.execute(f"DROP TABLE IF EXISTS {name}").fetchall()
        self._staged.clear()

    def _begin(self) -> None:
        translated(lambda: self.raw.execute("BEGIN").fetchall())

    def _commit(self) -> None:
        translated(self._drop_staged)
        translated(lambda: self.raw.execute("COMMIT").fetchall())

    def _rollback(self) -> None:
        self._staged.clear()
        with suppress(duckdb.Error):  # the database may have ended the transaction itself
            self.raw.execute("ROLLBACK").fetchall()

    def close(self) -> None:
        self.raw.close()


def open_database(path: Path, memory: int | None, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """The process's connection to a DuckDB file; every thread takes a cursor of it."""
    config: dict[str, str | bool | int | float | list[str]] = {
        "threads": str(os.cpu_count() or 1),
        "autoinstall_known_extensions": "false",
    }
    if memory is not None:
        config["memory_limit"] = f"{max(memory // 2, 128 * 2**20)}B"
    new = not path.exists()
    try:
        return duckdb.connect(str(path), read_only=read_only, config=config)
    except duckdb.Error as error:
        failure = open_error(path, error)
        if new and isinstance(failure, NoSpaceLeft):
            path.unlink(missing_ok=True)  # its header is not whole: the next command could not open it
        raise failure from None


def open_error(path: Path, error: duckdb.Error) -> ExpresswayError:
    """What a failure to open the file means to the user."""
    text = str(error).lower()
    if any(word in text for word in LOCKED):
        return WarehouseLocked(f"another process has {path} open", value=path)
    if any(word in text for word in READ_ONLY):
        return WarehouseNotWritable(f"{path} cannot be opened for writing", value=path)
    if any(word in text for word in NO_SPACE):
        return NoSpaceLeft(f"there is no space to open {path}", value=path)
    if path.is_file() and path.stat().st_size == 0:
        return WarehouseUnreachable(f"{path} is empty", value=path, hint="Remove it, then run the same command again.")
    return WarehouseUnreachable(
        f"{path} is not a DuckDB file this version can read", value=path, hint="Give the path of a DuckDB warehouse."
    )


def translated(call: Callable[[], T]) -> T:
    """The result of a driver call; a driver error leaves as one of ours, without the driver's traceback."""
    try:
        return call()
    except duckdb.Error as error:
        failure = query_error(error)
    raise failure


def query_error(error: duckdb.Error) -> ExpresswayError:
    """What a failed statement means to the user."""
    text = str(error)
    if any(word in text.lower() for word in NO_SPACE):
        return NoSpaceLeft("the disk of the warehouse is full")
    if isinstance(error, duckdb.OutOfMemoryException):
        return NoSpaceLeft("DuckDB ran out of memory", hint="Raise --memory, or load with fewer --workers.")
    if isinstance(error, duckdb.FatalException):
        return WarehouseUnreachable("DuckDB closed the database after an error", hint="Run the same command again.")
    return QueryRefused(text.split("\n\n", maxsplit=1)[0].strip())
