"""The main way, readable top to bottom. Today: simulate or take studies, load them, show what is known."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from expressway.settings import Settings
from expressway.studies.simulate import simulate
from expressway.warehouse.loading import LoadResult
from expressway.warehouse.warehouse import Warehouse

LABELS = """
SELECT st.study_accession_code AS study, i.illness_label AS illness, ss.illness_method AS method,
       ss.illness_rule AS rule, count(*) AS samples, min(ss.illness_evidence) AS example
FROM dim.study_sample ss
JOIN dim.dim_study st ON st.study_key = ss.study_key JOIN dim.dim_illness i ON i.illness_key = ss.illness_key
GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
"""
QUALITY = (
    "SELECT study_accession_code AS study, quality_score, quality_json FROM meta.batch WHERE is_current ORDER BY 1"
)


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What the demo shows."""

    load: LoadResult
    labels: pl.DataFrame
    quality: pl.DataFrame
    warehouse: str
    """The URL of the warehouse, without a password."""


def run_demo(
    folder: Path, *, warehouse: str | None = None, progress: Callable[[str, str, int, int], None] | None = None
) -> DemoResult:
    """Simulate five studies of 3,000 genes into `folder`, load them, map them to SEPSIS, and collect what to show.

    A second run in the same folder finds everything in place: every load is a no-op.

    Args:
        folder: where the download goes.
        warehouse: URL of the warehouse to load into; a DuckDB file in `folder` when omitted.
        progress: called with (study, stage, done, total).
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
        return DemoResult(load, opened.sql(LABELS), _quality(opened.sql(QUALITY)), opened.url)


def _quality(batches: pl.DataFrame) -> pl.DataFrame:
    rows = []
    for study, score, parts in batches.iter_rows():
        shown = {name: None if value is None else round(value, 1) for name, value in json.loads(parts).items()}
        rows.append({"study": study, "score": round(score, 1)} | shown)
    return pl.DataFrame(rows)
