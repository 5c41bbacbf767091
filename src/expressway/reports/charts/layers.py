"""Marks at exact places: what a picture is put together from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, TypeVar, cast

import altair as alt
from altair.utils.schemapi import debug_mode

from expressway.reports.palette import INK, theme

unchecked = debug_mode(False)
"""Decorator: build a chart without checking each part against the schema, which takes longer than to draw it."""
Drawn = TypeVar("Drawn", alt.LayerChart, alt.HConcatChart, alt.VConcatChart)
Rows = Iterable[Mapping[str, Any]]


def table(rows: Rows) -> alt.InlineData:
    """Rows as they are, in the chart itself: no limit on their number, no names that depend on what else was drawn."""
    return alt.InlineData(values=tuple(dict(row) for row in rows))  # Altair copies lists with each step, not tuples


def line_of_text(
    x: float,
    y: float,
    text: str,
    *,
    align: Literal["left", "right", "center"] = "left",
    colour: str = INK,
    bold: bool = False,
    size: int = 12,
    angle: int = 0,
) -> dict[str, Any]:
    """A row for `written`."""
    weight = "bold" if bold else "normal"
    look = {"align": align, "colour": colour, "weight": weight, "size": size, "angle": angle}
    return {"x": x, "y": y, "text": text} | look


def written(lines: Rows) -> alt.Chart:
    """Text at places given in the units of the axes, beside the axes too; each line has its own look.

    One mark for all of them: a mark for each column takes several times as long to draw.
    """
    align, weight = alt.ExprRef("datum.align"), alt.ExprRef("datum.weight")
    size, angle = alt.ExprRef("datum.size"), alt.ExprRef("datum.angle")
    marks = alt.Chart(table(lines)).mark_text(
        baseline="middle", align=align, fontWeight=weight, fontSize=size, angle=angle
    )
    return cast(alt.Chart, marks.encode(text="text:N", color=alt.Color("colour:N", scale=None)))


def stacked(layers: Sequence[alt.Chart], **properties: Any) -> alt.LayerChart:
    """Marks on top of each other, the first at the bottom."""
    return cast(alt.LayerChart, alt.layer(*layers).properties(**properties))


def finished(chart: Drawn, description: str, title: str = "") -> Drawn:
    """A whole picture, in the colours and type of all of them.

    Args:
        chart: what to finish.
        description: what it shows, in two sentences or more, of which the first names it.
        title: what stands above it.
    """
    named = chart.properties(description=description, **({"title": alt.TitleParams(title)} if title else {}))
    return cast(Drawn, named.configure(**theme()))
