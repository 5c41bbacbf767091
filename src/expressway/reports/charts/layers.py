"""Marks at exact places: what a picture is put together from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import altair as alt

from expressway.reports.palette import INK

Align = Literal["left", "center", "right"]
Rows = Iterable[Mapping[str, Any]]


def table(rows: Rows) -> alt.InlineData:
    """Rows as they are, in the chart itself: no limit on their number, no names that depend on what else was drawn."""
    return alt.InlineData(values=[dict(row) for row in rows])


def written(
    rows: Rows,
    field: str,
    *,
    at: float,
    y: alt.Y,
    align: Align = "left",
    colour: str = INK,
    weight: Literal["normal", "bold"] = "normal",
) -> alt.Chart:
    """A column of text at pixel `at`, a line for each row that has the field."""
    there = [row for row in rows if row.get(field)]
    return (
        alt.Chart(table(there))
        .mark_text(align=align, baseline="middle", color=colour, fontWeight=weight)
        .encode(y=y, x=alt.XValue(at), text=alt.Text(f"{field}:N"))
    )
