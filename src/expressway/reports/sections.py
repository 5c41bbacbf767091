"""The parts of the report that are tables of what is known of studies, files, settings and versions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from expressway.reports.evidence import COHORT_COLUMNS, Cohorts, plain
from expressway.reports.tables import Cell, Column, Table, frame_table, written
from expressway.reports.words import capital, number, percent

if TYPE_CHECKING:
    from expressway.reports.report import ReportData


@dataclass(frozen=True, slots=True)
class Section:
    """A table with a heading: a field of the report's data, and its columns in order."""

    title: str
    headings: Mapping[str, str]
    about: str = ""
    empty: str = ""
    """What is said when there is no row; nothing is said of a section without it."""
    folded: bool = False


SECTIONS = {
    "studies": Section(
        "Studies",
        {
            "study": "Study", "unit_tag": "Units", "value_scale": "Scale", "tied_floor_share": "Tied floor",
            "quality_score": "Quality", "genes": "Genes", "samples": "Samples", "n_control": "Control",
            "n_sepsis": "Reference", "n_septic_shock": "Case", "n_others": "Others", "technology": "Technology",
            "platform": "Platform", "title": "Title",
        },
        "Tied floor: share of cells at the lowest value of their sample. After quantile normalisation such cells fake "
        "correlations; they are set to one value and count as not detected.",
        empty="No study is loaded.",
    ),
    "units": Section(
        "How the units were decided",
        {"study": "Study", "step": "Step", "outcome": "Outcome", "evidence": "Evidence"},
        folded=True,
    ),
    "labels": Section(
        "How the samples got their cohort",
        {
            "study": "Study", "illness": "Label", "method": "From", "rule": "Rule", "samples": "Samples",
            "example": "As in",
        },
        folded=True,
    ),
    "quality": Section(
        "Quality, 0 to 100, and its parts",
        {
            "study": "Study", "score": "Score", "completeness": "Completeness", "validity": "Validity",
            "consistency": "Consistency", "accuracy": "Accuracy", "uniqueness": "Uniqueness",
            "timeliness": "Timeliness",
        },
        folded=True,
    ),
    "overlaps": Section(
        "Samples that stand in two studies",
        {"study": "Study", "other": "Also in", "samples": "Samples"},
        "Each is counted once, in the larger study.",
        empty="No sample stands in two studies.",
    ),
    "genes": Section(
        "Genes that were dropped", {"reason": "Reason", "genes": "Genes", "example": "As in"}, folded=True
    ),
    "messages": Section(
        "What validation said",
        {"study": "Study", "severity": "Severity", "code": "Code", "details": "Details"},
        empty="Nothing.",
    ),
    "files": Section(
        "Files",
        {
            "study": "Study", "file_name": "File", "file_hash": "SHA-256 of the matrix",
            "container_hash": "SHA-256 of the download", "metadata_hash": "SHA-256 of what is said of the samples",
            "batch_id": "Batch",
        },
        empty="No file is known.",
    ),
}  # fmt: skip
STUDY_SECTIONS = ("studies", "overlaps", "messages", "units", "labels", "quality", "genes")
FORMS: dict[str, Callable[[Any], str]] = {
    "tied_floor_share": lambda value: percent(None if value is None else 100 * value),
    "quality_score": lambda value: number(value, 1),
    **dict.fromkeys(
        ("score", "completeness", "validity", "consistency", "accuracy", "uniqueness", "timeliness"),
        lambda value: number(value, 1),
    ),
}


def section_tables(data: ReportData, names: Sequence[str]) -> list[dict[str, Any]]:
    """Title, table and words of each section that has something to say."""
    found = []
    labels = Cohorts.of(data.settings).labels
    cohorts = {f"n_{column}": capital(plain(label)) for column, label in zip(COHORT_COLUMNS, labels, strict=True)}
    for name in names:
        section, frame = SECTIONS[name], getattr(data, name)
        if frame.is_empty() and not section.empty:
            continue
        named = {**section.headings, **cohorts} if name == "studies" else section.headings
        table = frame_table(frame, named, FORMS) if not frame.is_empty() else None
        found.append({"id": name, "section": section, "table": table})
    return found


def settings_table(settings: Mapping[str, Any], filters: Mapping[str, Any]) -> Table:
    """Every setting of the analysis and every filter of the list."""
    rows = [[Cell(name, code=True), Cell(written(value))] for name, value in settings.items()]
    rows += [
        [
            Cell(name, code=True),
            Cell(written(value)),
        ]
        for name, value in filters.items()
    ]
    return Table([Column("Setting"), Column("Value")], rows)


def versions_table(versions: Mapping[str, str], run_id: str | None) -> Table:
    """Version of each software, and the run."""
    rows = [[Cell(name), Cell(version)] for name, version in versions.items()]
    if run_id:
        rows.append([Cell("run"), Cell(run_id, code=True)])
    return Table([Column("Software"), Column("Version")], rows)
