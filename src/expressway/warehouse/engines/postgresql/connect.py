"""A PostgreSQL database as a warehouse, through psycopg."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import polars as pl
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql import ClauseElement

from expressway.errors import (
    BusyStudy,
    ConnectionLost,
    ExpresswayError,
    MissingExtra,
    NoSpaceLeft,
    QueryRefused,
    WarehouseNotWritable,
    WarehouseUnreachable,
)
from expressway.settings import redact_url
from expressway.warehouse.engines.base import Connection, Row
from expressway.warehouse.engines.postgresql import frames
from expressway.warehouse.rendering import quoted

if TYPE_CHECKING:
    import psycopg

SQL_TYPES: dict[type[pl.DataType], str] = {
    pl.String: "text",
    pl.Boolean: "boolean",
    pl.Int32: "integer",
    pl.Int64: "bigint",
    pl.Float64: "double precision",
    pl.Datetime: "timestamptz",
    pl.Null: "text",
}
POLARS_TYPES: dict[str, pl.DataType | type[pl.DataType]] = {
    "bool": pl.Boolean,
    "bytea": pl.Binary,
    "date": pl.Date,
    "float4": pl.Float32,
    "float8": pl.Float64,
    "int2": pl.Int16,
    "int4": pl.Int32,
    "int8": pl.Int64,
    "interval": pl.Duration("us"),
    "numeric": pl.Float64,
    "time": pl.Time,
    "timestamp": pl.Datetime("us"),
    "timestamptz": pl.Datetime("us", "UTC"),
}
"""What a column of a frame is, by PostgreSQL's name of its type; text for any other."""
CANCELLED = "Somebody cancelled it, here or on the server; nothing is half-written, run the same command again."
TIMED_OUT = "Ask for a longer statement_timeout, or run the command when less is going on."


def driver() -> Any:
    """The psycopg module, or the command that installs it."""
    try:
        import psycopg
    except ImportError:
        raise MissingExtra(
            "PostgreSQL needs the package psycopg", hint="pip install 'expressway[postgresql]'"
        ) from None
    return psycopg


class PostgreSQLConnection(Connection):
    """One server connection; times are in UTC."""

    engine = "postgresql"
    dialect = postgresql.dialect(paramstyle="pyformat")  # type: ignore[no-untyped-call]

    def __init__(self, raw: psycopg.Connection[Row]) -> None:
        self.raw = raw

    def fetchall(self, statement: ClauseElement | str) -> list[Row]:
        return self._run(statement)[1]

    def frame(self, statement: ClauseElement | str) -> pl.DataFrame:
        """The rows of a query, each column of the type the server says it has; times in UTC, without a zone."""
        columns, rows = self._run(statement)
        values = zip(*rows, strict=True) if rows else [()] * len(columns)
        return pl.DataFrame([_series(column, cells) for column, cells in zip(columns, values, strict=True)])

    def _run(self, statement: ClauseElement | str) -> tuple[Sequence[psycopg.Column], list[Row]]:
        sql, parameters = (statement, None) if isinstance(statement, str) else self.compile(statement)
        try:
            cursor = self.raw.execute(sql, parameters)
            if cursor.description is None:
                return [], []
            return cursor.description, cursor.fetchall()
        except driver().Error as error:
            failure = query_error(error, self.raw)
        raise failure

    def stage(self, name: str, frame: pl.DataFrame) -> None:
        columns = ", ".join(f"{column} {SQL_TYPES[type(dtype)]}" for column, dtype in frame.schema.items())
        self.execute(f"DROP TABLE IF EXISTS pg_temp.{name}")
        self.execute(f"CREATE TEMP TABLE {name} ({columns}) ON COMMIT DROP")
        try:
            with self.raw.cursor().copy(f"COPY {name} FROM STDIN") as copy:
                for row in frame.iter_rows():
                    copy.write_row(row)
        except driver().Error as error:
            failure = query_error(error, self.raw)
        else:
            return
        raise failure

    def append(self, table: str, frame: pl.DataFrame, constants: Mapping[str, str]) -> None:
        names = ", ".join([*frame.columns, *constants])
        try:
            with self.raw.cursor().copy(f"COPY {table} ({names}) FROM STDIN (FORMAT BINARY)") as copy:
                for message in frames.messages(frame, constants):
                    copy.write(message)
        except driver().Error as error:
            failure = query_error(error, self.raw)
        else:
            return
        raise failure

    @contextmanager
    def session_values(self, values: Mapping[str, str]) -> Iterator[None]:
        try:
            for name, value in values.items():
                self.execute(f"SELECT set_config('expressway.{name}', {quoted(value)}, false)")
            yield
        finally:
            for name in values:
                self.execute(f"SELECT set_config('expressway.{name}', '', false)")

    def _begin(self) -> None:
        self.execute("BEGIN")

    def _commit(self) -> None:
        self.execute("COMMIT")

    def _rollback(self) -> None:
        if not self.raw.closed:
            try:
                self.raw.execute("ROLLBACK")
            except driver().Error:
                self.raw.close()  # the server rolls back by itself when the connection goes

    def close(self) -> None:
        self.raw.close()


def _series(column: psycopg.Column, cells: Sequence[Any]) -> pl.Series:
    """A column of a result; also one without rows or values has its type."""
    info = driver().postgres.types.get(column.type_code)
    inner = POLARS_TYPES.get(info.name, pl.String) if info else pl.String
    if info and column.type_code == info.array_oid:
        return pl.Series(column.name, cells, pl.List(inner))
    if inner is pl.String:
        cells = [cell if cell is None or isinstance(cell, str) else str(cell) for cell in cells]
    series = pl.Series(column.name, cells, inner)
    return series.dt.replace_time_zone(None) if inner == pl.Datetime("us", "UTC") else series


def open_connection(url: str) -> PostgreSQLConnection:
    """A connection to the server of `url`, in autocommit mode, its clock in UTC."""
    psycopg = driver()
    try:
        raw = psycopg.connect(
            url, autocommit=True, connect_timeout=10, application_name="expressway", client_encoding="utf8"
        )
        psycopg.types.json.set_json_loads(bytes.decode, raw)  # JSON stays text, as on the other engines
        raw.execute("SET TIME ZONE 'UTC'")
        raw.execute("SET datestyle = 'ISO'")
        raw.execute("SET client_min_messages = warning")
    except psycopg.Error as error:
        failure = connect_error(error, url)
    else:
        return PostgreSQLConnection(raw)
    raise failure


def connect_error(error: Exception, url: str) -> ExpresswayError:
    """What a failed connection means to the user; the password is not in it."""
    reason = str(error).strip().splitlines()[0] if str(error).strip() else "no answer"
    return WarehouseUnreachable(
        f"cannot connect to {redact_url(url)}: {reason.replace(url, redact_url(url))}", value=redact_url(url)
    )


def query_error(error: Any, raw: Any) -> ExpresswayError:
    """What a failed statement means to the user, by its SQLSTATE."""
    state = error.sqlstate or ""
    text = str(error).split("\n")[0].strip()
    if state in {"53100", "53200"}:
        return NoSpaceLeft("the server has no space left" if state == "53100" else "the server is out of memory")
    if raw.closed or raw.broken or state.startswith("08") or state in {"57P01", "57P02", "57P03"}:
        return ConnectionLost("the connection to PostgreSQL broke")
    if state in {"42501", "25006"}:
        return WarehouseNotWritable(f"PostgreSQL refused: {text}")
    if state in {"55P03", "40P01", "40001"}:
        return BusyStudy(f"PostgreSQL gave up waiting for another load: {text}")
    if state == "57014":
        return QueryRefused(text, hint=CANCELLED if "user request" in text else TIMED_OUT)
    return QueryRefused(text)
