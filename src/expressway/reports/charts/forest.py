"""The forest plot: what each study says of a pair, and all of them together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import altair as alt

from expressway.errors import InvalidSetting
from expressway.reports.charts.layers import Rows, finished, line_of_text, stacked, table, unchecked, written
from expressway.reports.evidence import Cohorts, Figures, PairEvidence, pair_name, plain, pooled_over
from expressway.reports.palette import FAINT, FAMILIES, INK
from expressway.reports.words import capital, equals, interval, number, percent, signed

ROW, WIDTH = 21, 240
LETTER = 7.2
"""Pixels that a letter takes, on average and a little more: how far to the left the names of studies begin."""
_AXIS = alt.Axis(title="Difference of Fisher's z", tickCount=6, grid=False, format="~g")
NORMAL = 1.959963984540054
WIDEST = 1.6
"""How much further than the studies the axis goes to show a prediction interval; beyond, an arrow."""


@unchecked
def forest(
    evidence: PairEvidence, contrast: Literal["ss", "soth", "both"] = "both", *, cohorts: Cohorts | None = None
) -> alt.VConcatChart:
    """For each study the difference of Fisher's z with its 95% interval and weight; below them the pooled ones.

    The diamond is the pooled difference with its interval, the bar under it the prediction interval. A study that
    cannot tell is listed with its reason.

    Args:
        evidence: one pair.
        contrast: case against reference (ss), case against all others (soth), or one below the other.
        cohorts: the labels that the contrasts compare; those of sepsis when omitted.

    Raises:
        InvalidSetting: another contrast.
    """
    shown = {"ss": ("ss",), "soth": ("soth",), "both": ("ss", "soth")}.get(contrast)
    if shown is None:
        raise InvalidSetting(f"there is no contrast {contrast}", value=contrast, hint="One of ss, soth, both.")
    names = cohorts or Cohorts()
    pair = pair_name(evidence.symbols, evidence.gene_a, evidence.gene_b)
    summaries = [f"{names.contrast(key)}: {summary(evidence, key)}" for key in shown]
    panels = [_panel(evidence, key, names) for key in shown]
    description = f"Forest plot of {pair}. {'. '.join(summaries)}."
    return finished(alt.vconcat(*panels, spacing=24), description, f"{pair}: difference in correlation, study by study")


def summary(evidence: PairEvidence, key: str) -> str:
    """The pooled line in words."""
    figures = Figures(evidence.statistics)
    k = int(figures(f"n_studies_{key}") or 0)
    if figures(f"dz_{key}_mean") is None:
        return "no study can tell"
    limits = interval(figures(f"dz_{key}_ci_low"), figures(f"dz_{key}_ci_high"))
    text = f"{signed(figures(f'dz_{key}_mean'))} (95% {limits}), k = {k}"
    if k > 1:
        text += f", {', '.join(_spread(evidence, key))}"
    return text + "".join(f", {name} {equals(figures(f'{name}_{key}'))}" for name in _known(figures, key))


def _known(figures: Figures, key: str) -> list[str]:
    return [name for name in ("p", "q") if figures(f"{name}_{key}") is not None]


def _panel(evidence: PairEvidence, key: str, cohorts: Cohorts) -> alt.LayerChart:
    studies = study_rows(evidence, key)
    pooled = _pooled_rows(evidence, key, len(studies))
    ends = _extent(studies, pooled)
    last = pooled[-1]["y"]
    left = -70 - LETTER * max(len(row.get("label", "")) for row in [*studies, *pooled] if "bar" not in row)
    x = alt.X("x:Q", scale=alt.Scale(domain=list(ends), nice=False, zero=False), axis=_AXIS)
    y = alt.Y("y:Q", scale=alt.Scale(domain=[last + 0.7, -1.6], nice=False, zero=False), axis=None)
    zero = alt.Chart(table([{"x": 0, "y": -0.6, "y2": last + 0.7}])).mark_rule(color=FAINT).encode(y2="y2:Q")
    layers = [
        zero,
        *_marks(studies, pooled, ends, FAMILIES[key]),
        written(_texts([*studies, *pooled], left, ends)),
    ]
    heading = alt.TitleParams(
        capital(cohorts.contrast(key)), subtitle=_heterogeneity(evidence, key), fontSize=12, offset=2,
        subtitleColor=FAINT, subtitleFontSize=11, frame="group", anchor="start", dx=left,
    )  # fmt: skip
    placed = [layer.encode(x=x, y=y) for layer in layers]
    return stacked(placed, width=WIDTH, height=ROW * (last + 2.3), title=heading)


def study_rows(evidence: PairEvidence, key: str) -> list[dict[str, Any]]:
    """One row per study: its place, sizes, estimate, limits and share of the weight, or why it cannot tell."""
    rows: list[dict[str, Any]] = []
    found = evidence.studies.to_dicts()
    total = sum(row[f"weight_{key}"] or 0.0 for row in found)
    for place, row in enumerate(found):
        estimate, error = row[f"dz_{key}"], row[f"se_{key}"]
        others = row["n_sepsis"] if key == "ss" else row["n_others"]
        line: dict[str, Any] = {"y": place, "label": row["study"], "sizes": f"{row['n_septic_shock']} / {others}"}
        if estimate is None or error is None:
            reason = row.get("absent_because") or "a cohort is missing"
            rows.append(line | {"absent": plain(reason) if reason.isupper() else reason})
            continue
        low, high = estimate - NORMAL * error, estimate + NORMAL * error
        share = 100 * (row[f"weight_{key}"] or 0.0) / total if total else None
        rows.append(
            line | {"estimate": estimate, "low": low, "high": high, "share": share, "weight": percent(share)}
            | {"text": f"{signed(estimate)}  ({interval(low, high)})"}
        )  # fmt: skip
    return rows


def _pooled_rows(evidence: PairEvidence, key: str, studies: int) -> list[dict[str, Any]]:
    figures = Figures(evidence.statistics)
    estimate = figures(f"dz_{key}_mean")
    y = studies + 0.25
    if estimate is None:
        return [{"y": y, "bold": True, "label": "Pooled", "absent": "no study can tell"}]
    low, high = figures(f"dz_{key}_ci_low"), figures(f"dz_{key}_ci_high")
    text = f"{signed(estimate)}  ({interval(low, high)})"
    rows = [{"y": y, "bold": True, "label": "Pooled", "estimate": estimate, "low": low, "high": high, "text": text}]
    low, high = figures(f"dz_{key}_pi_low"), figures(f"dz_{key}_pi_high")
    if low is not None and high is not None:
        rows.append(
            {
                "y": y + 1,
                "bar": True,
                "label": "Prediction",
                "low": low,
                "high": high,
                "text": interval(low, high),
            }
        )
    else:
        needed = f"needs three {pooled_over(evidence.studies)[1]}"
        rows.append({"y": y + 1, "bar": False, "label": "Prediction", "absent": needed})
    return rows


def _extent(studies: Sequence[Mapping[str, Any]], pooled: Sequence[Mapping[str, Any]]) -> tuple[float, float]:
    """Where the axis ends: all of the studies, and as much of the prediction interval as is near them."""
    ends = [row[name] for row in [*studies, *pooled[:1]] for name in ("low", "high") if row.get(name) is not None]
    reach = max(0.2, *(abs(end) for end in ends)) if ends else 1.0
    wider = [abs(row[name]) for row in pooled[1:] for name in ("low", "high") if row.get(name) is not None]
    reach = max(reach, min(WIDEST * reach, max(wider, default=0.0))) * 1.04
    return -reach, reach


def _marks(studies: Rows, pooled: Rows, ends: tuple[float, float], colour: str) -> list[alt.Chart]:
    told = [row for row in studies if "estimate" in row]
    lines = [_line(row, ends) | {"colour": INK, "width": 1.4} for row in told]
    lines += [_line(row, ends) | {"colour": colour, "width": 4} for row in pooled if row.get("bar")]
    squares = [{"x": row["estimate"], "y": row["y"], "size": 18 + 2.2 * (row["share"] or 0)} for row in told]
    diamonds = [corner for row in pooled if "estimate" in row for corner in _diamond(row)]
    arrows = [arrow for row in [*told, *pooled] for arrow in _arrows(row, ends)]
    own = {"color": alt.Color("colour:N", scale=None), "strokeWidth": alt.StrokeWidth("width:Q", scale=None)}
    marks = [
        alt.Chart(table(lines)).mark_rule().encode(x2="x2:Q", **own),
        alt.Chart(table(squares)).mark_square(color=INK, opacity=1).encode(size=alt.Size("size:Q", scale=None)),
        alt.Chart(table(diamonds))
        .mark_line(filled=True, fill=colour, stroke=colour, strokeWidth=1)
        .encode(order="order:Q"),
    ]
    if arrows:
        pointed = alt.Chart(table(arrows)).mark_point(filled=True, color=INK, opacity=1, size=50)
        marks.append(pointed.encode(shape=alt.Shape("shape:N", scale=None)))
    return marks


def _line(row: Mapping[str, Any], ends: tuple[float, float]) -> dict[str, float]:
    return {"x": max(row["low"], ends[0]), "x2": min(row["high"], ends[1]), "y": row["y"]}


def _diamond(row: Mapping[str, Any]) -> list[dict[str, float]]:
    low, high = (row["estimate"] if row[name] is None else row[name] for name in ("low", "high"))
    corners = [(low, 0.0), (row["estimate"], -0.32), (high, 0.0), (row["estimate"], 0.32), (low, 0.0)]
    return [{"x": x, "y": row["y"] + dy, "order": order} for order, (x, dy) in enumerate(corners)]


def _arrows(row: Mapping[str, Any], ends: tuple[float, float]) -> list[dict[str, Any]]:
    """Arrowheads where an interval goes on beyond the axis."""
    arrows = []
    if row.get("low") is not None and row["low"] < ends[0]:
        arrows.append({"x": ends[0], "y": row["y"], "shape": "triangle-left"})
    if row.get("high") is not None and row["high"] > ends[1]:
        arrows.append({"x": ends[1], "y": row["y"], "shape": "triangle-right"})
    return arrows


def _texts(rows: Rows, left: float, ends: tuple[float, float]) -> list[dict[str, Any]]:
    """What stands to both sides of the marks, and the line of headings above them."""
    headings = {
        "y": -1.1, "label": "Study", "sizes": "n / n", "text": "Estimate (95% interval)", "weight": "Weight",
        "lower": "\N{LEFTWARDS ARROW} lower", "higher": "higher \N{RIGHTWARDS ARROW}", "colour": FAINT,
    }  # fmt: skip
    columns: tuple[tuple[str, float, Literal["left", "right"]], ...] = (
        ("label", left, "left"), ("sizes", -14, "right"), ("lower", 0, "left"), ("higher", WIDTH, "right"),
        ("text", WIDTH + 14, "left"), ("absent", WIDTH + 14, "left"), ("weight", WIDTH + 194, "right"),
    )  # fmt: skip
    return [
        line_of_text(
            ends[0] + pixel / WIDTH * (ends[1] - ends[0]),
            row["y"],
            row[field],
            align=align,
            colour=FAINT if field == "absent" else row.get("colour", INK),
            bold="bold" in row and field != "absent",
        )
        for row in [headings, *rows]
        for field, pixel, align in columns
        if row.get(field)
    ]


def _spread(evidence: PairEvidence, key: str) -> list[str]:
    """I² and τ², said of what they are between where that is not studies; with fixed effects there is no τ²."""
    figures, (_, many) = Figures(evidence.statistics), pooled_over(evidence.studies)
    i2 = f"I² = {percent(figures(f'dz_{key}_i2'))}"
    if many != "studies":
        return [f"{i2} between {many}"]
    return [i2, f"τ² = {number(figures(f'dz_{key}_tau2'), 3)}"]


def _heterogeneity(evidence: PairEvidence, key: str) -> str:
    figures = Figures(evidence.statistics)
    k = int(figures(f"n_studies_{key}") or 0)
    parts = [f"k = {k}"]
    if k > 1:
        parts += _spread(evidence, key)
        if (p := figures(f"dz_{key}_q_p")) is not None:
            parts.append(f"p of Q {equals(p)}")
    parts += [f"{name} {equals(figures(f'{name}_{key}'))}" for name in _known(figures, key)]
    return ", ".join(parts) if k else "no study can tell"
