"""The main way, readable top to bottom: load the studies, aggregate their pairs, rank and publish them, report."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from expressway.errors import ExpresswayError, InvalidSetting, UnknownStudyOrDisease
from expressway.reports.gather import gather
from expressway.reports.report import write_report as write_html
from expressway.reports.truth import recovery
from expressway.settings import Settings, load_settings
from expressway.studies.simulate import simulate
from expressway.warehouse.loading import LoadResult
from expressway.warehouse.pairs.outcome import AggregateResult, SliceResult
from expressway.warehouse.pairs.ranked import Filters
from expressway.warehouse.warehouse import Warehouse

Progress = Callable[[str, str, int, int], None]
TOP = 20
"""Pairs that a report shows in detail."""

QUALITY = (
    "SELECT study_accession_code AS study, quality_score, quality_json FROM meta.batch WHERE is_current ORDER BY 1"
)


@dataclass(frozen=True, slots=True)
class PipelineResult:
    """What a run of the whole way did."""

    load: LoadResult
    aggregated: tuple[AggregateResult, ...]
    reports: tuple[Path, ...]
    problems: tuple[ExpresswayError, ...]
    """What kept a study from being mapped, or a disease from being analysed."""

    @property
    def ok(self) -> bool:
        """Whether everything was done as asked."""
        return self.load.ok and not self.problems and all(result.ok for result in self.aggregated)


def run_pipeline(config: Settings | Path | str | None = None, *, progress: Progress | None = None) -> PipelineResult:
    """Load all studies, map them, aggregate and rank their pairs, publish them, report; a failed study stops no other.

    Args:
        config: settings, or the path of a settings file; `expressway.yaml` in the working folder when omitted.
        progress: called with (study or slice, stage, done, total).

    Raises:
        SettingsError: the settings are wrong, or name no `sources`.
        SourceNotFound: a source does not exist; nothing was touched.
        WarehouseError: the warehouse cannot be opened.
    """
    settings = config if isinstance(config, Settings) else load_settings(None if config is None else Path(config))
    if not settings.sources:
        raise InvalidSetting(
            "the settings name no sources", value="sources", hint="Write `sources: [FOLDER]` into the settings file."
        )
    with Warehouse(settings) as warehouse:
        load = warehouse.load(*settings.sources, progress=progress)
        unmapped = _map(warehouse, load)
        aggregated, problems = _aggregate(warehouse, progress)
        reports = tuple(path for result in aggregated for path in _report(warehouse, result, settings.report))
    return PipelineResult(load, aggregated, reports, (*unmapped, *problems))


def _map(warehouse: Warehouse, load: LoadResult) -> list[ExpresswayError]:
    """Map the studies that settings name a disease for; returns what kept some from being mapped."""
    problems: list[ExpresswayError] = []
    for study in load.studies:
        disease = warehouse.settings.for_study(study.study).disease
        if study.ok and disease is not None:
            try:
                warehouse.map_study(study.study, disease)
            except UnknownStudyOrDisease as error:
                problems.append(error)
    return problems


def _aggregate(
    warehouse: Warehouse, progress: Progress | None
) -> tuple[tuple[AggregateResult, ...], tuple[ExpresswayError, ...]]:
    results, problems = [], []
    mapped = warehouse.studies()["disease"].drop_nulls().unique().sort()
    for disease in warehouse.settings.diseases or mapped.to_list() or [None]:
        try:
            results.append(warehouse.aggregate(disease, warehouse.settings.technology, progress=progress))
        except ExpresswayError as error:
            problems.append(error)
    return tuple(results), tuple(problems)


def _report(warehouse: Warehouse, result: AggregateResult, target: Path) -> list[Path]:
    """One report for each slice that has pairs; of several, each is named for its slice."""
    slices = [one for one in result.slices if one.ok]
    written = []
    for one in slices:
        path = target if len(slices) == 1 else target.with_stem(f"{target.stem}-{_slug(one)}")
        write_report(warehouse, path, disease=one.disease, technology=one.technology, organism=one.organism)
        written.append(path)
    return written


def _slug(one: SliceResult) -> str:
    return f"{one.disease}-{one.technology}-{one.organism}".lower().replace("_", "-")


def write_report(
    warehouse: Warehouse,
    target: Path,
    *,
    disease: str | None = None,
    technology: str | None = None,
    organism: str | None = None,
    filters: Filters | None = None,
    top: int = TOP,
    truth: pl.DataFrame | None = None,
) -> None:
    """Write the report of a slice to one HTML file.

    Args:
        target: replaced in one step when it is there already.
        disease: with technology and organism the slice; what follows from what is stored may be left out.
        filters: which pairs are listed; those of the ranked view when omitted.
        top: pairs that are shown in detail.
        truth: the planted pairs of simulated studies: pair_uid, kind.
    """
    data = gather(warehouse, disease, technology, organism, filters=filters or Filters(), top=top, truth=truth)
    write_html(data, target)


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What the demo shows."""

    load: LoadResult
    aggregated: AggregateResult
    top: pl.DataFrame
    """The best pairs with what was planted: pair_uid, q_star, effect, I2, planted."""
    recovered: pl.DataFrame
    """top, found, recall, false_discovery_proportion: of the best 10, 20, 50 ... and of all that pass."""
    quality: pl.DataFrame
    report: Path
    warehouse: str
    """The URL of the warehouse, without a password."""


def run_demo(folder: Path, *, warehouse: str | None = None, progress: Progress | None = None) -> DemoResult:
    """Simulate five studies of 3,000 genes into `folder`, do the whole job, and compare with the planted truth.

    A second run in the same folder finds everything in place: every load and the aggregation are no-ops.

    Args:
        folder: where the download goes.
        warehouse: URL of the warehouse to load into; a DuckDB file in `folder` when omitted.
        progress: called with (study or slice, stage, done, total).
    """
    download = folder / "download"
    if not download.exists():
        simulate(download, studies=5, genes=3000, samples=90, seed=1)
    url = warehouse or f"duckdb:///{str(folder).replace('%', '%25')}/expressway.duckdb"
    with Warehouse(Settings.model_validate({"warehouse": url})) as opened:
        load = opened.load(download, progress=progress)
        for study in load.studies:
            if study.ok:
                opened.map_study(study.study, "SEPSIS")
        aggregated = opened.aggregate("SEPSIS", "RNA-SEQ", progress=progress)
        truth = pl.read_csv(download / "truth.tsv", separator="\t")
        report = folder / "report.html"
        write_report(opened, report, disease="SEPSIS", technology="RNA-SEQ", truth=truth)
        ranked = opened.top_pairs("SEPSIS", "RNA-SEQ", limit=1000)
        quality = _quality(opened.sql(QUALITY))
        return DemoResult(
            load, aggregated, _beside(ranked, truth), _recovered(ranked, truth), quality, report, opened.url
        )


def _beside(ranked: pl.DataFrame, truth: pl.DataFrame) -> pl.DataFrame:
    planted = truth.select("pair_uid", planted="kind")
    found = ranked.select(
        "pair_uid", "q_star", effect="combined_effect_size", I2="dz_soth_i2", studies="n_studies_soth"
    )
    joined = found.head(15).join(planted, on="pair_uid", how="left", maintain_order="left")
    return joined.with_columns(pl.col("planted").fill_null("-"))


def _recovered(ranked: pl.DataFrame, truth: pl.DataFrame) -> pl.DataFrame:
    differing = truth.filter(pl.col("kind") != "decoy")["pair_uid"]
    curve = recovery(ranked["pair_uid"].to_list(), differing.to_list())
    wanted = [number for number in (10, 20, 50) if number < curve.height]
    return curve.filter(pl.col("top").is_in([*wanted, curve.height]))


def _quality(batches: pl.DataFrame) -> pl.DataFrame:
    rows = []
    for study, score, parts in batches.iter_rows():
        shown = {name: None if value is None else round(value, 1) for name, value in json.loads(parts).items()}
        rows.append({"study": study, "score": round(score, 1)} | shown)
    return pl.DataFrame(rows)
