"""Marks at exact places: what a picture is put together from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import altair as alt

from expressway.reports.palette import INK

Rows = Iterable[Mapping[str, Any]]


def table(rows: Rows) -> alt.InlineData:
    """Rows as they are, in the chart itself: no limit on their number, no names that depend on what else was drawn."""
    return alt.InlineData(values=[dict(row) for row in rows])


def line_of_text(
    x: float,
    y: float,
    text: str,
    *,
    align: Literal["left", "right"] = "left",
    colour: str = INK,
    bold: bool = False,
) -> dict[str, Any]:
    """A row for `written`."""
    return {"x": x, "y": y, "text": text, "align": align, "colour": colour, "weight": "bold" if bold else "normal"}


def written(lines: Rows) -> alt.Chart:
    """Text at places given in the units of the axes, beside the axes too; each line has its own alignment and colour.

    One mark for all of them: a mark for each column takes several times as long to draw.
    """
    align, weight = alt.ExprRef("datum.align"), alt.ExprRef("datum.weight")
    return (
        alt.Chart(table(lines))
        .mark_text(baseline="middle", align=align, fontWeight=weight)
        .encode(text="text:N", color=alt.Color("colour:N", scale=None))
    )
