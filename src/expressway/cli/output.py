"""Results on stdout as a table, JSON or CSV; everything else on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import polars as pl
from rich.console import Console
from rich.table import Table

from expressway.errors import ExpresswayError

WIDEST = 48


class Format(StrEnum):
    """How results are printed."""

    table = "table"
    json = "json"
    csv = "csv"


def talk(text: str) -> None:
    """Say something to the person at the terminal, on stderr."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(text, markup=False)


def show(rows: pl.DataFrame | Sequence[Mapping[str, Any]], form: Format, *, empty: str = "nothing to show") -> None:
    """Print rows on stdout in the form that was asked for."""
    frame = rows if isinstance(rows, pl.DataFrame) else pl.DataFrame(list(rows), infer_schema_length=None)
    if form is Format.json:
        print_json(frame.to_dicts())
    elif form is Format.csv:
        sys.stdout.write(frame.write_csv() if frame.width else "")
    elif frame.is_empty():
        talk(empty)
    else:
        _print_table(frame)


def print_json(value: Any) -> None:
    """Print a value as JSON on stdout."""
    sys.stdout.write(json.dumps(value, indent=2, default=_json_default, ensure_ascii=False) + "\n")


def _json_default(value: Any) -> str:
    return value.isoformat() + "Z" if isinstance(value, datetime) else str(value)


def _print_table(frame: pl.DataFrame) -> None:
    console = Console(highlight=False)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name, dtype in frame.schema.items():
        table.add_column(name, justify="right" if dtype.is_numeric() else "left", overflow="fold")
    for row in frame.iter_rows():
        table.add_row(*(_cell(value) for value in row))
    if not console.is_terminal:
        console.width = max(console.width, 240)
    console.print(table)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, datetime | date):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    text = str(value)
    if len(text) == 64 and set(text) <= set("0123456789abcdef"):
        return text[:12]
    return text if len(text) <= WIDEST else text[: WIDEST - 1] + "…"


def show_error(error: ExpresswayError) -> None:
    """Say what went wrong, with value and hint, on stderr."""
    talk(f"error: {error}")
    if error.value is not None and error.value not in error.message:
        talk(f"value: {error.value}")
    talk(f"hint: {error.hint}")
