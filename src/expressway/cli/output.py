"""Results on stdout as a table, JSON or CSV; everything else on stderr."""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from expressway.errors import ExpresswayError

if TYPE_CHECKING:
    import polars as pl

WIDEST = 48
UNFOLDED = 10_000  # a pipe has no width: a row stays one line
# All but the line feed; also what turns the direction of writing.
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")

FORMULA = r"^[=@\t\r]|^[+-].*[^0-9.eE+-]"
"""What a spreadsheet takes for a formula; a number is none."""


class Format(StrEnum):
    """How results are printed."""

    table = "table"
    json = "json"
    csv = "csv"


def talk(text: str) -> None:
    """Say something to the person at the terminal, on stderr."""
    from rich.console import Console

    Console(stderr=True, highlight=False, soft_wrap=True).print(visible(text), markup=False)


def visible(text: str) -> str:
    """The text with control characters spelt out: what a file or an argument says must not steer the terminal."""
    return _CONTROL.sub(lambda found: ascii(found[0])[1:-1], text)


def show(
    rows: pl.DataFrame | Sequence[Mapping[str, Any]],
    form: Format,
    *,
    empty: str = "nothing to show",
    whole: bool = False,
) -> None:
    """Print rows on stdout in the form that was asked for.

    Args:
        rows: times without a zone are in UTC.
        form: JSON and CSV have every digit; a table is for reading.
        empty: what a table without rows says, on stderr.
        whole: long text of a table is not cut.
    """
    import polars as pl

    frame = rows if isinstance(rows, pl.DataFrame) else pl.DataFrame(list(rows), infer_schema_length=None)
    if form is Format.json:
        print_json(frame.to_dicts())
    elif form is Format.csv:
        warn_of_formulas(frame.lazy())
        sys.stdout.write(_with_written_times(frame).write_csv() if frame.width else "")
    elif frame.is_empty():
        talk(empty)
    else:
        _print_table(frame, whole)


def warn_of_formulas(rows: pl.LazyFrame) -> None:
    """Say on stderr when CSV has text that a spreadsheet would run; it is written as it is, as data must come back."""
    from polars import selectors

    texts = rows.select(selectors.string().str.contains(FORMULA).any())
    if any(texts.collect(engine="streaming").row(0)):
        talk(
            "note: some text begins with =, +, - or @ and is written as it is; "
            "a spreadsheet may run it as a formula unless the columns are imported as text"
        )


def print_json(value: Any) -> None:
    """Print a value as JSON on stdout: times in UTC, numbers as numbers, what is not finite as null."""
    ascii_only = not (sys.stdout.encoding or "").lower().startswith("utf")
    sys.stdout.write(json.dumps(_plain(value), indent=2, ensure_ascii=ascii_only, allow_nan=False) + "\n")


def written_time(value: datetime) -> str:
    """ISO 8601 in UTC: 2026-01-02T03:04:05.000000Z."""
    there = value if value.tzinfo is None else value.astimezone(UTC)
    return f"{there:%Y-%m-%dT%H:%M:%S.%f}Z"


def _plain(value: Any) -> Any:
    """The value in what JSON knows."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime):
        return written_time(value)
    return value if value is None or isinstance(value, str | int) else str(value)


def _with_written_times(frame: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    times = [name for name, dtype in frame.schema.items() if isinstance(dtype, pl.Datetime)]
    return frame.with_columns(pl.col(name).map_elements(written_time, pl.String) for name in times)


def _print_table(frame: pl.DataFrame, whole: bool) -> None:
    import polars as pl
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name, dtype in frame.schema.items():
        table.add_column(name, justify="right" if dtype.is_numeric() else "left", overflow="fold")
    codes = [name for name, dtype in frame.schema.items() if name.endswith("code") and dtype.is_integer()]
    for row in frame.cast(dict.fromkeys(codes, pl.String)).iter_rows():  # names, which have no thousands
        table.add_row(*(Text(visible(_cell(value, whole))) for value in row))
    if not console.is_terminal:
        console.width = UNFOLDED
    console.print(table)


def _cell(value: Any, whole: bool) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.5g}"
    if isinstance(value, datetime | date):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    text = str(value)
    if whole:
        return text
    if len(text) == 64 and set(text) <= set("0123456789abcdef"):
        return text[:12]
    return text if len(text) <= WIDEST else text[: WIDEST - 1] + "…"


def show_error(error: ExpresswayError) -> None:
    """Say what went wrong, with value and hint, on stderr."""
    talk(f"error: {error}")
    if error.value is not None and error.value not in error.message:
        talk(f"value: {error.value}")
    talk(f"hint: {error.hint}")
