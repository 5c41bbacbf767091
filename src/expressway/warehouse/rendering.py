"""SQL text from definitions: what the engines' `ddl.py` have in common."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.schema import CreateColumn, CreateSequence, CreateTable, SetColumnComment, SetTableComment
from sqlalchemy.sql import ClauseElement


def render(element: ClauseElement, dialect: Dialect) -> str:
    """The SQL of a statement, its values written out."""
    text = str(element.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    return "\n".join(line.rstrip() for line in text.expandtabs(4).strip().splitlines())


def column_list(table: sa.Table, dialect: Dialect) -> str:
    """The columns of a table as CREATE TABLE wants them."""
    return ",\n".join(f"    {render(CreateColumn(column), dialect)}" for column in table.columns)


def create_table(table: sa.Table, dialect: Dialect, *, foreign_keys: bool = True) -> str:
    """CREATE TABLE with its constraints."""
    keys = None if foreign_keys else ()
    return render(CreateTable(table, include_foreign_key_constraints=keys), dialect)


def sequences(tables: Iterable[sa.Table], dialect: Dialect) -> list[str]:
    """The sequences that fill the surrogate keys of the tables."""
    columns = (column for table in tables for column in table.columns if "sequence" in column.info)
    return [render(CreateSequence(column.info["sequence"]), dialect) for column in columns]


def comments(table: sa.Table, dialect: Dialect) -> Iterator[str]:
    """Comments of a table and of those columns that have one."""
    yield render(SetTableComment(table), dialect)
    for column in table.columns:
        if column.comment:
            yield render(SetColumnComment(column), dialect)


def read_sql(*path: str) -> str:
    """The text of an SQL file of this package, without its last semicolon."""
    source = Path(__file__).parent.joinpath(*path)
    return source.read_text(encoding="utf-8").strip().removesuffix(";")


def leading_comment(sql: str) -> str:
    """What the `--` lines at the top of an SQL file say, as one line."""
    lines = []
    for line in sql.splitlines():
        if not line.startswith("--"):
            break
        lines.append(line.removeprefix("--").strip())
    return " ".join(lines)


def quoted(text: str) -> str:
    """An SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def indexes(table: sa.Table) -> list[sa.Index]:
    """The indexes of a table, by name."""
    return sorted(table.indexes, key=lambda index: str(index.name))


def view_sql(engine: str, name: str) -> str:
    """The statement that makes a view: from the engine's own file, or from the one of all engines."""
    if Path(__file__).parent.joinpath("views", engine, f"{name}.sql").exists():
        return read_sql("views", engine, f"{name}.sql")
    example, *asked = read_sql("views", engine, "asked.sql").splitlines()
    sql = read_sql("views", f"{name}.sql").replace("-- {example}", example)
    sql = sql.replace("{asked}", f"\n{8 * ' '}".join(asked))
    return sql.replace("CREATE OR REPLACE", "CREATE OR ALTER") if engine == "sqlserver" else sql


def view(engine: str, name: str) -> list[str]:
    """A view and, as its comment, what its file says at its top."""
    sql = view_sql(engine, name)
    return [sql, f"COMMENT ON VIEW analytics.{name} IS {quoted(leading_comment(sql))}"]
