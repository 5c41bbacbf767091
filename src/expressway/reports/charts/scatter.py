"""The samples themselves: expression of both genes, a small picture per study and cohort."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import altair as alt
import polars as pl

from expressway.reports.charts.layers import finished, line_of_text, stacked, table, unchecked, written
from expressway.reports.evidence import Cohorts, PairEvidence, pair_name, plain
from expressway.reports.palette import FAINT, INK, cohort_colours
from expressway.reports.words import MINUS, signed

SIDE, ACROSS, DOWN = 98, 112, 174
"""Pixels of a picture, and from one to the next."""
MARGIN = 0.06
"""Share of the range that stays free at either end of an axis."""
TICKS = 4


@dataclass(slots=True)
class _Canvas:
    """What is drawn, in pixels: one chart for all pictures is drawn several times faster than a chart for each."""

    frames: list[dict[str, Any]] = field(default_factory=list)
    ticks: list[dict[str, Any]] = field(default_factory=list)
    points: list[dict[str, Any]] = field(default_factory=list)
    texts: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Axis:
    """From the values of a gene in a study to pixels of a picture."""

    low: float
    high: float

    @classmethod
    def over(cls, values: pl.Series) -> _Axis:
        """All of the values and a margin; 0 to 1 where there is none."""
        if values.is_empty():
            return cls(0.0, 1.0)
        known = values.to_numpy()
        low, high = float(known.min()), float(known.max())
        margin = MARGIN * (high - low) or 0.5
        return cls(low - margin, high + margin)

    def at(self, value: float) -> float:
        return round((value - self.low) / (self.high - self.low) * SIDE, 2)

    def ticks(self) -> list[float]:
        """Round values, at most TICKS of them."""
        power = 10.0 ** math.floor(math.log10((self.high - self.low) / TICKS))
        for step in (power, 2 * power, 5 * power, 10 * power):
            first, last = math.ceil(self.low / step), math.floor(self.high / step)
            if last - first < TICKS:
                break
        return [place * step for place in range(first, last + 1)]


@unchecked
def scatter(evidence: PairEvidence, *, cohorts: Cohorts | None = None) -> alt.LayerChart:
    """Expression of one gene against the other: rows are studies, columns cohorts, with Spearman's r and n in each.

    The pictures of a study share their axes, so that a shift between cohorts can be seen; studies do not share
    theirs, since their units differ.

    Args:
        evidence: one pair; samples without a value of both genes are left out.
        cohorts: which labels are control, reference and case; those of sepsis when omitted.
    """
    names = cohorts or Cohorts()
    pair = pair_name(evidence.symbols, evidence.gene_a, evidence.gene_b)
    known = evidence.samples.filter(pl.col("value_a").is_finite() & pl.col("value_b").is_finite())
    labels = _labels(known, names)
    studies = evidence.studies.to_dicts()
    genes = [symbol or gene for symbol, gene in zip(evidence.symbols, (evidence.gene_a, evidence.gene_b), strict=True)]
    canvas = _Canvas()
    for place, study in enumerate(studies):
        samples = known.filter(pl.col("study") == study["study"])
        _draw_study(canvas, place * DOWN, samples, study, labels, names, genes[1])
    below = (len(studies) - 1) * DOWN + SIDE + 26
    canvas.texts += [
        line_of_text(column * ACROSS + SIDE / 2, below, genes[0], align="center", size=11)
        for column in range(len(labels))
    ]
    width, height = (len(labels) - 1) * ACROSS + SIDE, (len(studies) - 1) * DOWN + SIDE
    counted = f"{known.height} samples of {len(studies)} studies"
    description = f"Scatter plots of {pair}. {counted}, a picture per study and cohort with Spearman's r."
    return finished(_chart(canvas, width, height), description, f"{pair}: every sample")


def _labels(samples: pl.DataFrame, cohorts: Cohorts) -> list[str]:
    """The three cohorts that are compared, then whichever else has samples."""
    return [*cohorts.labels, *sorted(set(samples["cohort"].to_list()) - set(cohorts.labels) - {None})]


def _draw_study(
    canvas: _Canvas,
    top: int,
    samples: pl.DataFrame,
    study: dict[str, Any],
    labels: list[str],
    cohorts: Cohorts,
    gene: str,
) -> None:
    colours = cohort_colours(labels, cohorts)
    x, y = _Axis.over(samples["value_a"]), _Axis.over(samples["value_b"])
    canvas.texts.append(line_of_text(-26, top - 46, study["study"], bold=True))
    for column, label in enumerate(labels):
        left = column * ACROSS
        part = samples.filter(pl.col("cohort") == label)
        canvas.frames.append({"x": left, "x2": left + SIDE, "y": top, "y2": top + SIDE})
        _draw_ticks(canvas, left, top, x, y if column == 0 else None)
        caption, faint = _caption(study, label, part.height, cohorts, whole=samples.height), part.is_empty()
        canvas.texts += [
            line_of_text(left, top - 26, plain(label), colour=colours[label], bold=True, size=11),
            line_of_text(left, top - 10, caption, colour=FAINT if faint else INK, size=11),
        ]
        canvas.points += [
            {"x": left + x.at(a), "y": top + SIDE - y.at(b), "colour": colours[label]}
            for a, b in part.select("value_a", "value_b").iter_rows()
        ]
    canvas.texts.append(line_of_text(-34, top + SIDE / 2, gene, align="center", size=11, angle=270))


def _draw_ticks(canvas: _Canvas, left: int, top: int, x: _Axis, y: _Axis | None) -> None:
    """Ticks below a picture, and to the left of it where it is the first of its study."""
    bottom = top + SIDE
    for value in x.ticks():
        at = left + x.at(value)
        canvas.ticks.append({"x": at, "x2": at, "y": bottom, "y2": bottom + 4})
        canvas.texts.append(line_of_text(at, bottom + 11, _tick(value), align="center", size=10))
    for value in y.ticks() if y else ():
        at = bottom - y.at(value) if y else 0.0
        canvas.ticks.append({"x": left - 4, "x2": left, "y": at, "y2": at})
        canvas.texts.append(line_of_text(left - 6, at, _tick(value), align="right", size=10))


def _tick(value: float) -> str:
    return f"{value:.6g}".replace("-", MINUS)


def _chart(canvas: _Canvas, width: int, height: int) -> alt.LayerChart:
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, width], nice=False, zero=False))
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[height, 0], nice=False, zero=False))
    frames = alt.Chart(table(canvas.frames)).mark_rect(fill=None, stroke=FAINT, strokeWidth=0.75)
    ticks = alt.Chart(table(canvas.ticks)).mark_rule(color=FAINT)
    points = alt.Chart(table(canvas.points)).mark_circle(size=16, opacity=0.65)
    layers = [
        frames.encode(x2="x2:Q", y2="y2:Q"),
        ticks.encode(x2="x2:Q", y2="y2:Q"),
        points.encode(color=alt.Color("colour:N", scale=None)),
        written(canvas.texts),
    ]
    return stacked([layer.encode(x=x, y=y) for layer in layers], width=width, height=height)


def _caption(study: dict[str, Any], label: str, size: int, cohorts: Cohorts, *, whole: int) -> str:
    column = cohorts.column(label)
    r = study.get(f"r_{column}") if column else None
    if size == 0:
        return "no samples" if whole else "not measured"
    return f"r = {signed(r)}, n = {size}" if r is not None else f"n = {size}"
