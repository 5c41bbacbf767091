"""The logical column types of the schema and the columns that many tables share."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mssql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

BINARY_COLLATION = "Latin1_General_100_BIN2"
"""SQL Server compares without case by default; to biology Il8 is not IL8."""

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


class utc_now(FunctionElement[Any]):  # noqa: N801 - reads as the SQL function it is
    """The moment of the transaction, in UTC."""

    type = sa.DateTime(timezone=True)
    inherit_cache = True


@compiles(utc_now)
def _standard_now(element: utc_now, compiler: Any, **_: Any) -> str:
    return "CURRENT_TIMESTAMP"


@compiles(utc_now, "duckdb")
def _duckdb_now(element: utc_now, compiler: Any, **_: Any) -> str:
    return "(CURRENT_TIMESTAMP AT TIME ZONE 'UTC')"


@compiles(utc_now, "mssql")
def _sqlserver_now(element: utc_now, compiler: Any, **_: Any) -> str:
    return "SYSUTCDATETIME()"


def text(length: int | None = None) -> TypeEngine[str]:
    """Words of people, in any script; without a length, as long as they come."""
    plain: TypeEngine[str] = sa.Text() if length is None else sa.String(length)
    return plain.with_variant(mssql.NVARCHAR(length), "mssql")


def code(length: int) -> TypeEngine[str]:
    """An ASCII word of our own or of an archive (a status, an accession), compared byte by byte on every engine."""
    return (
        sa.String(length)
        .with_variant(sa.String(length, collation="C"), "postgresql")
        .with_variant(sa.String(length, collation=BINARY_COLLATION), "mssql")
    )


def identifier(length: int) -> TypeEngine[str]:
    """A name that files bring, in any script, compared byte by byte on every engine."""
    return (
        sa.String(length)
        .with_variant(sa.String(length, collation="C"), "postgresql")
        .with_variant(mssql.NVARCHAR(length, collation=BINARY_COLLATION), "mssql")
    )


SHA256 = sa.CHAR(64)
# DuckDB's Python client needs a further package to give out times with a zone, so UTC is stored without one there.
TIMESTAMP = (
    sa.DateTime(timezone=True)
    .with_variant(sa.DateTime(timezone=False), "duckdb")
    .with_variant(mssql.DATETIME2(3), "mssql")  # type: ignore[no-untyped-call]
)
JSON = sa.JSON().with_variant(mssql.NVARCHAR(None), "mssql")
DOUBLE: TypeEngine[float] = sa.Double().with_variant(sa.Float(53), "mssql")


def surrogate_key(
    name: str, schema: str, kind: type[sa.Integer] = sa.Integer, *, primary_key: bool = True
) -> sa.Column[int]:
    """A key filled from its own sequence, so that an INSERT may leave it out."""
    sequence = sa.Sequence(f"{name}_seq", schema=schema, metadata=metadata, start=1)
    return sa.Column(
        name,
        kind,
        primary_key=primary_key,
        nullable=False,
        autoincrement=False,
        server_default=sequence.next_value(),
        info={"sequence": sequence},
    )


def dim_key(table: str, *, key: str, column: str | None = None, **options: Any) -> sa.Column[int]:
    """A column that holds the key of a dimension."""
    return sa.Column(column or key, sa.Integer, sa.ForeignKey(f"dim.{table}.{key}"), **options)


def flag(name: str, default: bool, comment: str | None = None) -> sa.Column[bool]:
    """A yes or no that is never missing."""
    value = sa.true() if default else sa.false()
    return sa.Column(name, sa.Boolean, nullable=False, server_default=value, comment=comment)


def moment(name: str, comment: str | None = None) -> sa.Column[Any]:
    """A UTC time that defaults to now."""
    return sa.Column(name, TIMESTAMP, nullable=False, server_default=utc_now(), comment=comment)


def etl_dates() -> list[sa.Column[Any]]:
    """When the row was first written and last changed."""
    return [moment("etl_created_date"), sa.Column("etl_updated_date", TIMESTAMP)]


def json_column(name: str, comment: str) -> list[sa.schema.SchemaItem]:
    """A JSON document; SQL Server stores text and checks that it is JSON."""
    check = sa.CheckConstraint(f"ISJSON({name}) = 1", name=f"{name}_is_json").ddl_if(dialect="mssql")
    return [sa.Column(name, JSON, comment=comment), check]


def one_of(column: str, *values: str) -> sa.CheckConstraint:
    """The closed list of words that a column may hold."""
    words = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({words})", name=column)


def only_one_where(flag_column: sa.Column[bool], per: sa.Column[Any]) -> sa.Index:
    """A unique index over the rows whose flag is set: at most one such row per value of `per`."""
    return sa.Index(
        f"uq_{flag_column.table.name}_{flag_column.name}",
        per,
        unique=True,
        postgresql_where=flag_column,
        mssql_where=flag_column == sa.true(),
    )
