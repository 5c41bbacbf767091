"""The samples themselves: expression of both genes, a small picture per study and cohort."""

from __future__ import annotations

from typing import Any

import altair as alt
import polars as pl

from expressway.reports.charts.layers import finished, table, unchecked
from expressway.reports.evidence import Cohorts, PairEvidence, pair_name, plain
from expressway.reports.palette import FAINT, GRID, INK, cohort_colours
from expressway.reports.words import signed

SIDE = 96
NO_GRID: dict[str, Any] = {"grid": False, "title": None}
TICKS: dict[str, Any] = {"tickCount": 3, "grid": False, "labelFontSize": 10, "titleFontSize": 11, "titlePadding": 3}


@unchecked
def scatter(evidence: PairEvidence, *, cohorts: Cohorts | None = None) -> alt.VConcatChart:
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
    rows = [
        _row(known.filter(pl.col("study") == study["study"]), study, labels, names, genes, last=study is studies[-1])
        for study in studies
    ]
    counted = f"{known.height} samples of {len(studies)} studies"
    description = f"Scatter plots of {pair}. {counted}, a picture per study and cohort with Spearman's r."
    return finished(alt.vconcat(*rows, spacing=8), description, f"{pair}: every sample")


def _labels(samples: pl.DataFrame, cohorts: Cohorts) -> list[str]:
    """The three cohorts that are compared, then whichever else has samples."""
    return [*cohorts.labels, *sorted(set(samples["cohort"].to_list()) - set(cohorts.labels) - {None})]


def _row(
    samples: pl.DataFrame, study: dict[str, Any], labels: list[str], cohorts: Cohorts, genes: list[str], *, last: bool
) -> alt.HConcatChart:
    colours = cohort_colours(labels, cohorts)
    x = _scale(samples["value_a"])
    y = _scale(samples["value_b"])
    panels = []
    for place, label in enumerate(labels):
        part = samples.filter(pl.col("cohort") == label)
        axis_x = alt.Axis(title=genes[0] if last else None, **TICKS)
        axis_y = alt.Axis(title=genes[1], **TICKS) if place == 0 else alt.Axis(labels=False, ticks=False, **NO_GRID)
        points = (
            alt.Chart(table(part.select(x="value_a", y="value_b").to_dicts()))
            .mark_circle(size=16, opacity=0.65, color=colours[label])
            .encode(x=alt.X("x:Q", scale=x, axis=axis_x), y=alt.Y("y:Q", scale=y, axis=axis_y))
        )
        heading = alt.TitleParams(
            plain(label), subtitle=_caption(study, label, part.height, cohorts), fontSize=11, color=colours[label],
            subtitleFontSize=11, subtitleColor=INK if part.height else FAINT, offset=3, anchor="start",
        )  # fmt: skip
        view = alt.ViewBackground(stroke=GRID)
        panels.append(points.properties(width=SIDE, height=SIDE, title=heading, view=view))
    name = alt.TitleParams(study["study"], fontSize=12, offset=4)
    return alt.hconcat(*panels, spacing=14, bounds="flush").properties(title=name)


def _scale(values: pl.Series) -> alt.Scale:
    if values.is_empty():
        return alt.Scale(domain=[0, 1], zero=False)
    low, high = float(values.min()), float(values.max())  # type: ignore[arg-type]
    margin = 0.06 * (high - low) or 0.5
    return alt.Scale(domain=[low - margin, high + margin], zero=False, nice=False)


def _caption(study: dict[str, Any], label: str, size: int, cohorts: Cohorts) -> str:
    column = cohorts.column(label)
    r = study.get(f"r_{column}") if column else None
    if size == 0:
        return "no samples"
    return f"r = {signed(r)}, n = {size}" if r is not None else f"n = {size}"
