"""Tables of the report: what each cell says, and what it is sorted by."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from expressway.reports.charts.forest import study_rows
from expressway.reports.evidence import Cohorts, Figures, PairEvidence, pair_name, plain
from expressway.reports.words import DASH, capital, chance, number, percent, signed


@dataclass(frozen=True, slots=True)
class Column:
    """A column and its heading."""

    heading: str
    numeric: bool = False
    group: str = ""
    """What stands above the headings of neighbouring columns."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell shows; `sort` is what it is ordered by, where that is not the text."""

    text: str
    sort: str = ""
    href: str = ""
    code: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and rows, ready to be written down."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]

    @property
    def groups(self) -> list[tuple[str, int]]:
        """The line above the headings: text and how many columns it spans; empty when no column has a group."""
        if not any(column.group for column in self.columns):
            return []
        spans: list[tuple[str, int]] = []
        for column in self.columns:
            if spans and column.group and spans[-1][0] == column.group:
                spans[-1] = (column.group, spans[-1][1] + 1)
            else:
                spans.append((column.group, 1))
        return spans


def figure(value: float | None, form: Callable[[float | None], str]) -> Cell:
    """A number in a form for reading, sorted by its value."""
    return Cell(form(value), "" if value is None else repr(value))


def _q(figures: Figures, name: str, bound: float) -> Cell:
    value = figures(name)
    if value is None and figures.is_bound(name):
        return Cell(f"> {bound:g}", repr(bound))
    return figure(value, chance)


def ranked_table(
    pairs: pl.DataFrame, settings: Mapping[str, Any], anchors: Mapping[str, str], planted: Mapping[str, str] | None
) -> Table:
    """The ranked pairs: both contrasts, the correlation in each cohort, the score, and whether a pair was planted.

    Args:
        pairs: columns of `vw_pair_metrics_ranked`, best first.
        settings: those of the analysis.
        anchors: by pair_uid, where the page shows its evidence.
        planted: by pair_uid, what kind of pair was planted; None where no truth is known.
    """
    cohorts = Cohorts.of(settings)
    columns = [Column("Rank", numeric=True), Column("Pair")]
    for key in ("ss", "soth"):
        group = capital(cohorts.contrast(key))
        columns += [Column(name, numeric=True, group=group) for name in ("Δz", "q", "k", "I²")]
    columns += [Column("q", numeric=True, group="Combined")]
    columns += [Column(plain(label), numeric=True, group="Correlation") for label in cohorts.labels]
    columns += [Column("Score", numeric=True)]
    if planted is not None:
        columns.append(Column("Planted"))
    rows = [
        _ranked_row(place, row, settings, anchors, planted) for place, row in enumerate(pairs.iter_rows(named=True), 1)
    ]
    return Table(columns, rows)


def _ranked_row(
    place: int,
    row: Mapping[str, Any],
    settings: Mapping[str, Any],
    anchors: Mapping[str, str],
    planted: Mapping[str, str] | None,
) -> list[Cell]:
    figures = Figures(row)
    lower = {name.lower(): value for name, value in row.items()}
    uid = lower.get("pair_uid") or ""
    first, _, second = uid.partition("|")
    ids = (lower.get("genea") or lower.get("genea_id") or first, lower.get("geneb") or lower.get("geneb_id") or second)
    name = pair_name((lower.get("genea_symbol"), lower.get("geneb_symbol")), *ids)
    bound = float(settings.get("q_bound", 0.05))
    cells = [Cell(str(place), str(place)), Cell(name, href=anchors.get(uid, ""))]
    for key in ("ss", "soth"):
        cells += [
            figure(figures(f"dz_{key}_mean"), signed),
            _q(figures, f"q_{key}", bound),
            figure(figures(f"n_studies_{key}"), lambda value: number(value, 0)),
            figure(figures(f"dz_{key}_i2"), percent),
        ]
    cells.append(_q(figures, "q_combined", bound))
    cells += [figure(figures(f"r_{name}"), signed) for name in ("control", "sepsis", "septic_shock")]
    cells.append(figure(figures("metrics_score"), number))
    return cells if planted is None else [*cells, Cell(planted.get(uid, DASH))]


def evidence_table(evidence: PairEvidence, cohorts: Cohorts) -> Table:
    """A row per study: sizes, correlations, both contrasts with their weights, and the file it came from."""
    short = [plain(label) for label in cohorts.labels]
    columns = [Column("Study")]
    columns += [Column(name, numeric=True, group="Samples") for name in short]
    columns += [Column(name, numeric=True, group="Correlation") for name in short]
    for key in ("ss", "soth"):
        group = capital(cohorts.contrast(key))
        columns += [Column("Δz (95% interval)", numeric=True, group=group), Column("weight", numeric=True, group=group)]
    columns += [Column("File"), Column("SHA-256")]
    lines = {key: study_rows(evidence, key) for key in ("ss", "soth")}
    rows = []
    for place, row in enumerate(evidence.studies.iter_rows(named=True)):
        figures = Figures(row)
        names = ("control", "sepsis", "septic_shock")
        cells = [Cell(row["study"])]
        cells += [figure(figures(f"n_{name}"), lambda value: number(value, 0)) for name in names]
        cells += [figure(figures(f"r_{name}"), signed) for name in names]
        for key in ("ss", "soth"):
            line = lines[key][place]
            cells += [Cell(line.get("text") or line.get("absent", DASH)), Cell(line.get("weight", DASH))]
        cells += [Cell(row.get("file_name") or DASH), Cell(row.get("file_hash") or DASH, code=True)]
        rows.append(cells)
    return Table(columns, rows)


def statistics_table(statistics: Mapping[str, Any]) -> Table:
    """Every statistic by its name in the catalogue."""
    known = {name: value for name, value in statistics.items() if not isinstance(value, bool)}
    return Table(
        [Column("Statistic"), Column("Value", numeric=True)],
        [[Cell(name, code=True), Cell(written(value))] for name, value in known.items()],
    )


def frame_table(frame: pl.DataFrame, headings: Mapping[str, str], forms: Mapping[str, Callable[[Any], str]]) -> Table:
    """A frame as it is: those columns of `headings` that it has, in that order.

    Args:
        frame: any frame.
        headings: by column, what stands above it.
        forms: by column, how a value is written; else numbers with up to two decimals and text as it is.
    """
    names = [name for name in headings if name in frame.columns]
    columns = [Column(headings[name], numeric=frame.schema[name].is_numeric()) for name in names]
    rows = [
        [
            Cell(
                forms.get(name, written)(row[name]),
                repr(row[name]) if column.numeric else "",
                code=name.endswith("_hash"),
            )
            for name, column in zip(names, columns, strict=True)
        ]
        for row in frame.iter_rows(named=True)
    ]
    return Table(columns, rows)


def written(value: Any) -> str:
    """Any value: whole numbers in full, others with four digits, nothing as a dash."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return DASH
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return number(value, 0)
    if isinstance(value, float):
        return f"{value:,.4g}".replace("-", "\N{MINUS SIGN}") if "e" not in f"{value:.4g}" else f"{value:.4g}"
    if isinstance(value, list | tuple):
        return ", ".join(written(item) for item in value)
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {written(item)}" for name, item in value.items())
    return str(value)
