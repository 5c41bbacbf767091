"""Colours and type of all pictures: dark on white, one colour per cohort, told apart by colour-blind people too."""

from __future__ import annotations

from typing import Any

from expressway.reports.evidence import Cohorts

INK, FAINT, GRID, PAPER = "#1b2733", "#5b6875", "#dfe4e8", "#ffffff"
CONTROL, REFERENCE, CASE = "#0072b2", "#c26a00", "#7a1f5c"
"""Blue, orange, wine: at least 3:1 against white, and far apart in lightness and hue."""
OTHERS = ("#5b6875", "#2f7d5b", "#8a7a2c", "#4b4b9b")
FAMILIES = {"ss": CASE, "soth": "#2f7d5b", "combined": INK}
"""Contrasts are not cohorts: only ss keeps the colour of the case, which it is about."""
FONT = "Arial, Liberation Sans, Arimo, Helvetica, sans-serif"
"""Families of the same widths, so that text fits wherever the picture is drawn or shown."""


def cohort_colours(labels: list[str], cohorts: Cohorts) -> dict[str, str]:
    """The colour of each cohort; other cohorts get theirs in the order in which they come."""
    fixed = dict(zip(cohorts.labels, (CONTROL, REFERENCE, CASE), strict=True))
    spare = iter(OTHERS * len(labels))
    return {label: fixed.get(label) or next(spare) for label in labels}


def theme() -> dict[str, Any]:
    """The Vega-Lite configuration of every chart."""
    text = {"labelColor": INK, "titleColor": INK, "labelFontSize": 11, "titleFontSize": 12, "titleFontWeight": "normal"}
    return {
        "font": FONT,
        "background": PAPER,
        "padding": 4,
        "aria": False,
        "view": {"stroke": None},
        "title": {"anchor": "start", "color": INK, "fontSize": 14, "fontWeight": "bold", "offset": 10},
        "axis": {**text, "gridColor": GRID, "domainColor": FAINT, "tickColor": FAINT, "tickSize": 4},
        "legend": text,
        "header": {**text, "labelFontWeight": "bold"},
        "text": {"color": INK, "fontSize": 12},
    }
