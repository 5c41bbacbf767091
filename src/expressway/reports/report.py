"""The report: one HTML file that shows what was found, what it stands on, and how far to believe it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

import altair as alt
import polars as pl
from jinja2 import Environment, PackageLoader, StrictUndefined

from expressway.coexpression.citations import references
from expressway.files import replacing
from expressway.reports import charts
from expressway.reports.evidence import COHORT_COLUMNS, Cohorts, Figures, PairEvidence, pair_name, plain
from expressway.reports.findings import best_pair, cautions, checks, headline, sentence
from expressway.reports.methods import methods
from expressway.reports.palette import cohort_colours
from expressway.reports.sections import STUDY_SECTIONS, section_tables, settings_table, versions_table
from expressway.reports.tables import evidence_table, ranked_table, statistics_table
from expressway.reports.truth import recovery
from expressway.reports.words import count, interval, percent, signed


def _nothing() -> pl.DataFrame:
    return pl.DataFrame()


@dataclass(frozen=True, kw_only=True)
class ReportData:
    """All that a report shows of one slice. A frame without rows leaves its part out; other columns are ignored."""

    disease: str
    technology: str
    organism: str
    pairs: pl.DataFrame
    """The listed pairs, best first: columns of `vw_pair_metrics_ranked`."""
    evidence: Sequence[PairEvidence]
    """The pairs that are shown in detail, in the order of the list."""
    studies: pl.DataFrame
    """study, title, technology, platform, unit_tag, value_scale, genes, samples, n_control, n_sepsis, n_septic_shock,
    n_others, tied_floor_share (0 to 1), quality_score (0 to 100)."""
    units: pl.DataFrame = field(default_factory=_nothing)
    """study, step, outcome, evidence: how the units were found."""
    labels: pl.DataFrame = field(default_factory=_nothing)
    """study, illness, method, rule, samples, example."""
    quality: pl.DataFrame = field(default_factory=_nothing)
    """study, score, completeness, validity, consistency, accuracy, uniqueness, timeliness (0 to 100)."""
    overlaps: pl.DataFrame = field(default_factory=_nothing)
    """study, other, samples: how many samples both hold."""
    messages: pl.DataFrame = field(default_factory=_nothing)
    """study, code, severity, details, from the validation log."""
    genes: pl.DataFrame = field(default_factory=_nothing)
    """reason, genes (how many), example: why genes were left out."""
    distributions: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    """`Analysis.distributions`: p_values (family, low, high, share), quantiles (family, expected, observed)."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """`Analysis.counts`, and pairs_passing when more pairs pass than are listed."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """`Analysis.settings`."""
    filters: Mapping[str, Any] = field(default_factory=dict)
    """q, k_min, i2_max, i2_rule, k_rule, limit."""
    versions: Mapping[str, str] = field(default_factory=dict)
    files: pl.DataFrame = field(default_factory=_nothing)
    """study, file_name, file_hash, container_hash, metadata_hash, batch_id."""
    why_empty: str = ""
    """Which filter emptied the list, and what to type."""
    truth: pl.DataFrame | None = None
    """The planted pairs of simulated studies: pair_uid, kind. Kind decoy is not a difference."""
    run_id: str | None = None


def write_report(data: ReportData, target: Path) -> None:
    """Write the report to `target`: one HTML file that needs no other file, no network and no JavaScript.

    The same data give the same bytes.

    Args:
        data: what to show.
        target: replaced in one step when it is there already.

    Raises:
        InvalidSetting: a folder that is not there or cannot be written.
        NoSpaceLeft: the disk is full; what was at `target` is still there.
    """
    with replacing(target) as unfinished:
        unfinished.write_text(render(data), encoding="utf-8")


def render(data: ReportData) -> str:
    """The report as HTML."""
    script = _part("report.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    page = _environment().get_template("report.html.j2")
    parts = {"style": _part("report.css"), "script": script, "digest": digest}
    return page.render(**parts, **_context(data))


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("expressway.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _part(name: str) -> str:
    return (Path(__file__).parent / "templates" / name).read_text(encoding="utf-8")


def _context(data: ReportData) -> dict[str, Any]:
    cohorts = Cohorts.of(data.settings)
    tested = data.counts.get("pairs_tested", data.pairs.height)
    passing = data.counts.get("pairs_passing", data.pairs.height)
    shown = [_evidence(number, pair, cohorts) for number, pair in enumerate(data.evidence, 1)]
    anchors = {f"{pair.gene_a}|{pair.gene_b}": part["anchor"] for pair, part in zip(data.evidence, shown, strict=True)}
    planted = None if data.truth is None else _planted(data.truth)
    return {
        "disease": plain(data.disease),
        "slice": f"{data.disease}, {data.technology}, {data.organism.replace('_', ' ').capitalize()}",
        "case": plain(cohorts.case),
        "pooled": "technologies" if data.settings.get("by_technology") else "studies",
        "headline": headline(data.disease, data.studies.height, tested, passing, data.filters),
        "figures": _key_figures(data, tested, passing),
        "best": best_pair(data.evidence, cohorts) if data.pairs.height else None,
        "best_anchor": shown[0]["anchor"] if shown else "",
        "best_checks": shown[0]["checks"] if shown else [],
        "cautions": cautions(data.settings, data.pairs, data.evidence, data.studies.height),
        "cohorts": _cohort_sizes(data.studies, cohorts),
        "why_empty": data.why_empty,
        "ranked": ranked_table(data.pairs, data.settings, anchors, planted) if data.pairs.height else None,
        "listed": _listed(data.pairs.height, passing),
        "shown": shown,
        "p_chart": _overview(data, "p_values", cohorts),
        "qq_chart": _overview(data, "quantiles", cohorts),
        "i2_chart": _heterogeneity(data, cohorts),
        "truth": _truth(data, planted),
        "sections": section_tables(data, STUDY_SECTIONS),
        "methods": methods(data.settings, data.filters, data.counts),
        "references": references(data.settings),
        "files": section_tables(data, ("files",)),
        "settings": settings_table(data.settings, data.filters),
        "versions": versions_table(data.versions, data.run_id),
    }


def _key_figures(data: ReportData, tested: int, passing: int) -> list[tuple[str, str]]:
    figures = [
        ("pairs tested", f"{tested:,}"),
        ("pairs that pass", f"{passing:,}"),
        ("studies", f"{data.studies.height}"),
    ]
    if "samples" in data.studies.columns:
        figures.append(("samples", f"{int(data.studies['samples'].sum()):,}"))
    if "genes" in data.counts:
        figures.append(("genes", f"{data.counts['genes']:,}"))
    return figures


def _cohort_sizes(studies: pl.DataFrame, cohorts: Cohorts) -> list[dict[str, str]]:
    """Name, colour and size of each cohort: the legend of all pictures."""
    colours = cohort_colours(list(cohorts.labels), cohorts)
    return [
        {
            "name": plain(label),
            "colour": colours[label],
            "size": count(int(studies[f"n_{column}"].sum()), "sample") if f"n_{column}" in studies.columns else "",
        }
        for label, column in zip(cohorts.labels, COHORT_COLUMNS, strict=True)
    ]


def _listed(rows: int, passing: int) -> str:
    return f"The first {rows:,} of {passing:,} pairs that pass." if passing > rows else ""


def _evidence(number: int, pair: PairEvidence, cohorts: Cohorts) -> dict[str, Any]:
    figures = Figures(pair.statistics)
    name = pair_name(pair.symbols, pair.gene_a, pair.gene_b)
    colours = cohort_colours(list(cohorts.labels), cohorts)
    return {
        "anchor": f"pair-{number}",
        "number": number,
        "name": name,
        "ids": f"{pair.gene_a}, {pair.gene_b}",
        "sentence": sentence(pair.statistics, cohorts),
        "checks": checks(pair.statistics, pair.studies),
        "stored": pair.stored,
        "notes": list(pair.notes),
        "correlations": [
            {
                "name": plain(label),
                "colour": colours[label],
                "r": signed(figures(f"r_{column}")),
                "limits": interval(figures(f"r_{column}_ci_low"), figures(f"r_{column}_ci_high")),
            }
            for label, column in zip(cohorts.labels, COHORT_COLUMNS, strict=True)
        ],
        "forest": _drawn(charts.forest(pair, cohorts=cohorts), f"pair-{number}-forest"),
        "scatter": _drawn(charts.scatter(pair, cohorts=cohorts), f"pair-{number}-scatter"),
        "studies": evidence_table(pair, cohorts),
        "statistics": statistics_table(pair.statistics),
    }


def _drawn(chart: alt.TopLevelMixin, name: str) -> str:
    """The chart as it may stand in the page: vl-convert escapes all text in it."""
    return charts.svg(chart, name)


def _overview(data: ReportData, name: Literal["p_values", "quantiles"], cohorts: Cohorts) -> str | None:
    frame = data.distributions.get(name)
    if frame is None or frame.is_empty():
        return None
    chart = charts.p_histogram(frame, cohorts=cohorts) if name == "p_values" else charts.qq(frame, cohorts=cohorts)
    return _drawn(chart, name.replace("_", "-"))


def _heterogeneity(data: ReportData, cohorts: Cohorts) -> str | None:
    if data.pairs.is_empty():
        return None
    limit = float(data.filters.get("i2_max", 75.0))
    return _drawn(charts.heterogeneity(data.pairs, i2_max=limit, cohorts=cohorts), "heterogeneity")


def _planted(truth: pl.DataFrame) -> dict[str, str]:
    """By pair_uid, the kind of each planted difference."""
    rows = (
        truth.filter(pl.col("kind") != "decoy") if "kind" in truth.columns else truth.with_columns(kind=pl.lit("yes"))
    )
    return dict(rows.select("pair_uid", "kind").iter_rows())


def _truth(data: ReportData, planted: Mapping[str, str] | None) -> dict[str, Any] | None:
    if planted is None or "pair_uid" not in data.pairs.columns or data.pairs.is_empty():
        return None
    found = recovery(data.pairs["pair_uid"].to_list(), planted)
    top, hits, recall, false = found.row(-1)
    return {
        "chart": _drawn(charts.recovery(found), "recovery"),
        "text": f"{count(len(planted), 'pair')} that differ were planted. The list of {top:,} holds {hits:,} of them: "
        f"recall {percent(100 * recall)}, false-discovery proportion {percent(100 * false)}.",
    }
