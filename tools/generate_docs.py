"""Writes the pages of docs/ that are made from the code, or with --check says which of them are out of date.

Usage: python tools/generate_docs.py [--check]
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import typer
from sqlalchemy import Column, Table, make_url
from typer.testing import CliRunner

from expressway.cli import app
from expressway.errors import LOGGED_CODES, ExpresswayError, error_classes
from expressway.settings import settings_reference
from expressway.warehouse.schema import SCHEMAS, VIEWS, metadata

DOCS = Path(__file__).resolve().parent.parent / "docs"
DIALECT = make_url("postgresql+psycopg://").get_dialect()()
NOTE = "<!-- Made from the code by `make docs`; edit the code, not this page. -->"


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(_cell(value) for value in line) + " |" for line in lines)


def errors_page() -> str:
    """Every code of the error tree, by family, and the codes that are only logged."""
    parts = [
        "# Error codes",
        "Every error has a code, says what happened with the value that caused it, and ends with a hint. A *transient*"
        " error can go away by itself: run the same command again. A *terminal* one needs the change its hint names."
        " The older code is the one that earlier documents use for the same event.",
    ]
    for family in ExpresswayError.__subclasses__():
        members = [cls for cls in error_classes() if issubclass(cls, family)]
        parts += [f"## {family.__name__}", _first_line(family), _error_table(members)]
    logged = [(code.code, code.name, code.legacy_code, code.summary, code.hint) for code in LOGGED_CODES]
    parts += [
        "## Codes that are logged",
        "These label rows of the validation log (`meta.meta_data_validation_log`); the load goes on.",
        table(["code", "name", "older code", "what it means", "what to do"], logged),
        "## Anything else",
        "An error that nobody foresaw: please report it.",
        _error_table([ExpresswayError]),
    ]
    return _page(parts)


def settings_page() -> str:
    """Every key of expressway.yaml."""
    return _page(
        [
            "# Settings",
            "A setting is taken from `expressway.yaml`, is overruled by an environment variable (`EXPRESSWAY_...`),"
            " and that by an option on the command line. An unknown key is refused.",
            settings_reference(),
        ]
    )


def cli_page() -> str:
    """The help text of every command."""
    parts = ["# Commands", "Results go to stdout, talk and progress to stderr; every command takes `--help`."]
    for words in [(), *commands(app)]:
        parts += [f"## {' '.join(['expressway', *words])}", f"```text\n{_help(words)}\n```"]
    return _page(parts)


def schema_page() -> str:
    """Every table and view with its columns."""
    parts = [
        "# Tables and views",
        "What SQL can be written against. Types are those of PostgreSQL; `expressway warehouse ddl --engine ENGINE`"
        " prints the definition for each engine. A surrogate key says nothing outside its own database: compare"
        " warehouses by natural keys.",
    ]
    for schema in SCHEMAS:
        parts += [
            part
            for one in metadata.tables.values()
            if one.schema == schema
            for part in (f"## {one.fullname}", one.comment or "", _column_table(one))
        ]
    for name, columns in VIEWS.items():
        parts += [f"## analytics.{name}", "A view: " + ", ".join(f"`{column}`" for column in columns) + "."]
    return _page(parts)


def commands(group: typer.Typer) -> Iterator[tuple[str, ...]]:
    """The words of every command of a Typer application, in the order they were added."""
    for command in group.registered_commands:
        name = command.name or getattr(command.callback, "__name__", "").replace("_", "-")
        yield (name,)
    for part in group.registered_groups:
        if part.typer_instance is not None and part.name is not None:
            yield from ((str(part.name), *words) for words in commands(part.typer_instance))


PAGES: dict[str, Callable[[], str]] = {
    "cli.md": cli_page,
    "errors.md": errors_page,
    "schema.md": schema_page,
    "settings.md": settings_page,
}


def stale(name: str) -> str | None:
    """Why a page on disk is not what the code says; None when it is."""
    path = DOCS / name
    if path.exists() and path.read_text(encoding="utf-8") == PAGES[name]():
        return None
    return f"docs/{name} is out of date: run `make docs`"


def write(name: str) -> None:
    """Write a page from the code."""
    (DOCS / name).write_text(PAGES[name](), encoding="utf-8")


def _page(parts: Sequence[str]) -> str:
    title, *rest = parts
    return "\n\n".join([title, NOTE, *(part for part in rest if part)]) + "\n"


def _cell(value: object) -> str:
    return "" if value is None else str(value).replace("|", "\\|").replace("\n", " ")


def _first_line(cls: type) -> str:
    line = (cls.__doc__ or "").split("\n", 1)[0]
    return line[:1].upper() + line[1:]


def _error_table(classes: Sequence[type[ExpresswayError]]) -> str:
    rows = [
        (
            cls.code,
            cls.name,
            "transient" if cls.transient else "terminal",
            cls.legacy_code,
            cls.summary,
            cls.default_hint,
        )
        for cls in classes
    ]
    return table(["code", "name", "kind", "older code", "what it means", "what to do"], rows)


def _column_table(one: Table) -> str:
    rows = [(f"`{column.name}`", _type(column), _null(column), _meaning(column)) for column in one.columns]
    return table(["column", "type", "null", "meaning"], rows)


def _type(column: Column[Any]) -> str:
    return column.type.compile(dialect=DIALECT).split(" COLLATE")[0]


def _null(column: Column[Any]) -> str:
    return "yes" if column.nullable else "no"


def _meaning(column: Column[Any]) -> str:
    keys = [f"refers to {key.target_fullname}" for key in column.foreign_keys]
    return " ".join(f"{part.rstrip('.')}." for part in [column.comment, *keys] if part)


def _help(words: Sequence[str]) -> str:
    environment = {"COLUMNS": "100", "TERMINAL_WIDTH": "100", "NO_COLOR": "1"}
    result = CliRunner().invoke(app, [*words, "--help"], env=environment, prog_name="expressway")
    if result.exit_code != 0:
        sys.exit(f"error: `expressway {' '.join(words)} --help` fails: {result.output}")
    return "\n".join(line.rstrip() for line in result.output.strip().splitlines())


if __name__ == "__main__":
    if "--check" in sys.argv[1:]:
        sys.exit("\n".join(filter(None, map(stale, PAGES))) or None)
    for page in PAGES:
        write(page)
