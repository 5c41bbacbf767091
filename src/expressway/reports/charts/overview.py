"""Pictures of the whole analysis: p-values, heterogeneity, and the planted truth where there is one."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import polars as pl

from expressway.reports.charts.layers import finished, stacked, table, unchecked
from expressway.reports.evidence import Cohorts
from expressway.reports.palette import CASE, CONTROL, FAINT, FAMILIES, INK
from expressway.reports.words import capital

SIDE = 250


def _named(cohorts: Cohorts | None) -> dict[str, str]:
    names = cohorts or Cohorts()
    return {key: capital(names.contrast(key)) for key in ("ss", "soth")} | {"combined": "Both, combined"}


@unchecked
def p_histogram(p_values: pl.DataFrame, *, cohorts: Cohorts | None = None) -> alt.HConcatChart:
    """Share of the pairs in equal intervals of p, a picture per contrast; dashed: what chance alone would give.

    Args:
        p_values: family (ss, soth, combined), low, high, share.
        cohorts: the labels that the contrasts compare; those of sepsis when omitted.
    """
    panels = []
    for family, name in _named(cohorts).items():
        rows = p_values.filter(pl.col("family") == family).to_dicts()
        bars = (
            alt.Chart(table(rows))
            .mark_rect(color=FAMILIES[family], stroke="white", strokeWidth=0.5)
            .encode(
                x=alt.X("low:Q", title="p", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(grid=False, tickCount=5)),
                x2="high:Q",
                y=alt.Y("share:Q", title="share of pairs", axis=alt.Axis(format="~%", tickCount=4)),
                y2=alt.datum(0),
            )
        )
        flat = [{"share": rows[0]["high"] - rows[0]["low"]}] if rows else []
        chance = alt.Chart(table(flat)).mark_rule(color=INK, strokeDash=[5, 3]).encode(y="share:Q")
        panels.append(stacked([bars, chance], width=SIDE, height=150, title=_heading(name, bool(rows))))
    return _side_by_side(panels, "Histograms of the p-values of all pairs tested. Flat means nothing but chance.")


@unchecked
def qq(quantiles: pl.DataFrame, *, cohorts: Cohorts | None = None) -> alt.HConcatChart:
    """-log10 of p against what uniform p would give, a picture per contrast; dashed: as expected by chance.

    Args:
        quantiles: family (ss, soth, combined), expected, observed.
        cohorts: the labels that the contrasts compare; those of sepsis when omitted.
    """
    panels = []
    for family, name in _named(cohorts).items():
        finite = pl.col("expected").is_finite() & pl.col("observed").is_finite()
        part = quantiles.filter(pl.col("family") == family, finite)
        rows = _thinned(part).to_dicts()
        reach = max([1.0, *(row["expected"] for row in rows)])
        line = alt.Chart(table([{"expected": 0, "observed": 0}, {"expected": reach, "observed": reach}]))
        points = alt.Chart(table(rows)).mark_circle(size=18, opacity=0.8, color=FAMILIES[family])
        x = alt.X("expected:Q", title="expected \N{MINUS SIGN}log10 p", axis=alt.Axis(grid=False, tickCount=5))
        y = alt.Y("observed:Q", title="observed \N{MINUS SIGN}log10 p", axis=alt.Axis(tickCount=5))
        layers = [line.mark_line(color=INK, strokeDash=[5, 3], strokeWidth=1), points]
        placed = [layer.encode(x=x, y=y) for layer in layers]
        panels.append(stacked(placed, width=SIDE, height=200, title=_heading(name, bool(rows))))
    return _side_by_side(
        panels, "Quantiles of the p-values of all pairs tested. Points on the dashed line are as expected by chance."
    )


def _thinned(rows: pl.DataFrame, most: int = 250) -> pl.DataFrame:
    """As many points as can be told apart: one for each step of the expected value."""
    if rows.height <= most:
        return rows
    step = rows["expected"].max() / most  # type: ignore[operator]
    return rows.sort("expected").unique((pl.col("expected") / step).floor(), keep="last", maintain_order=True)


@unchecked
def heterogeneity(pairs: pl.DataFrame, *, i2_max: float = 75.0, cohorts: Cohorts | None = None) -> alt.HConcatChart:
    """I² against the size of the pooled difference, a dot per listed pair, a picture per contrast.

    Args:
        pairs: the ranked pairs with dz_ss_mean, dz_ss_i2 and the same of soth.
        i2_max: where the filter cuts; drawn as a dashed line.
        cohorts: the labels that the contrasts compare; those of sepsis when omitted.
    """
    panels = []
    lower = pairs.rename({name: name.lower() for name in pairs.columns if name != name.lower()})
    for family, name in list(_named(cohorts).items())[:2]:
        mean, i2 = f"dz_{family}_mean", f"dz_{family}_i2"
        there = {mean, i2} <= set(lower.columns)
        rows = lower.select(x=i2, y=pl.col(mean).abs()).drop_nulls().to_dicts() if there else []
        x = alt.X("x:Q", title="I² (%)", scale=alt.Scale(domain=[0, 100]), axis=alt.Axis(tickCount=5))
        y = alt.Y("y:Q", title="|difference of Fisher's z|", scale=alt.Scale(zero=True), axis=alt.Axis(tickCount=4))
        points = alt.Chart(table(rows)).mark_circle(size=34, opacity=0.6, color=FAMILIES[family]).encode(x=x, y=y)
        limit = alt.Chart(table([{"x": i2_max}])).mark_rule(color=INK, strokeDash=[5, 3]).encode(x=x)
        panels.append(stacked([points, limit], width=SIDE, height=180, title=_heading(name, bool(rows))))
    return _side_by_side(panels, "Heterogeneity of the listed pairs. I² against the size of the pooled difference.")


@unchecked
def recovery(found: pl.DataFrame) -> alt.LayerChart:
    """Recall and false-discovery proportion along the ranked list.

    Args:
        found: top, recall, false_discovery_proportion, as `truth.recovery` gives it.
    """
    kinds = {"recall": "recall", "false_discovery_proportion": "false-discovery proportion"}
    rows = [
        {"top": row["top"], "value": row[column], "kind": kind}
        for row in found.to_dicts()
        for column, kind in kinds.items()
    ]
    colour = alt.Color(
        "kind:N", title=None, scale=alt.Scale(domain=list(kinds.values()), range=[CONTROL, CASE]),
        legend=alt.Legend(orient="top", labelLimit=0),
    )  # fmt: skip
    lines = alt.Chart(table(rows)).mark_line(interpolate="step-after", strokeWidth=2).encode(
        x=alt.X("top:Q", title="first pairs of the list", axis=alt.Axis(grid=False, tickMinStep=1)),
        y=alt.Y("value:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="~%", tickCount=5)),
        color=colour, strokeDash=alt.StrokeDash(
            "kind:N", legend=None, scale=alt.Scale(domain=list(kinds.values()), range=[[1, 0], [6, 3]])
        ),
    )  # fmt: skip
    description = "Recall and false-discovery proportion along the list. Measured against the planted pairs."
    return finished(stacked([lines], width=420, height=180), description)


def _heading(name: str, there: bool) -> alt.TitleParams:
    note = "" if there else "no pair to show"
    return alt.TitleParams(name, subtitle=note, subtitleColor=FAINT, fontSize=12, offset=4)


def _side_by_side(panels: Sequence[alt.LayerChart], description: str) -> alt.HConcatChart:
    return finished(alt.hconcat(*panels, spacing=26), description)
