"""The Python API: small, pinned, light to import, and the same on every engine."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import expressway
from expressway import ExpresswayError, LoadResult, StudyResult, Warehouse, open_warehouse
from expressway.errors import InvalidSetting, InvalidWarehouseUrl, QueryRefused, UnknownStudyOrDisease
from tests.conftest import ROOT
from tests.databases import postgresql_database
from tests.warehouse.studies import change_cell, sample_names, values, write_download

STUDY, REFUSED = "GSE900001", "GSE900002"


@pytest.fixture(params=["duckdb", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database of each engine in turn."""
    if request.param == "duckdb":
        return f"duckdb:///{tmp_path}/w.duckdb"
    return str(request.getfixturevalue("postgresql_url"))


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, postgresql_server: str) -> Iterator[list[str]]:
    """The URLs of a DuckDB and of a PostgreSQL warehouse with the same content."""
    folder = tmp_path_factory.mktemp("both")
    write_download(folder / "a", STUDY)
    change_cell(write_download(folder / "b", REFUSED, samples=sample_names(9, 50)), 4, 2, "n.d.")
    with postgresql_database(postgresql_server) as postgresql:
        urls = [f"duckdb:///{folder}/w.duckdb", postgresql]
        for url in urls:
            with open_warehouse(url) as warehouse:
                warehouse.load(folder / "a", folder / "b")
        yield urls


@pytest.fixture(params=[0, 1], ids=["duckdb", "postgresql"])
def filled(request: pytest.FixtureRequest, both: list[str]) -> Iterator[Warehouse]:
    """A warehouse to ask, on each engine."""
    with open_warehouse(both[request.param]) as warehouse:
        yield warehouse


# What there is


def test_public_names_are_pinned() -> None:
    assert expressway.__all__ == [
        "AggregateResult", "ExpresswayError", "LoadResult", "PipelineResult", "StudyResult", "Warehouse",
        "open_warehouse", "run_pipeline",
    ]  # fmt: skip
    assert all(getattr(expressway, name) for name in expressway.__all__)
    public = {name for name in vars(Warehouse) if not name.startswith("_")}
    assert public == {
        "init", "load", "studies", "study", "map_study", "unmap_study", "relabel", "remove_study", "load_genes",
        "quarantined", "quarantined_cells", "replay", "drop_quarantined", "runs", "run", "expression",
        "export_expression", "sql", "check", "close", "aggregate", "top_pairs", "ranked_pairs", "pair",
        "export_pairs", "published_slice", "published_slices", "published_run",
    }  # fmt: skip
    with pytest.raises(AttributeError, match="nonsense"):
        _ = expressway.nonsense


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("expressway", "duckdb polars numpy sqlalchemy pydantic yaml rich typer psycopg"),
        ("expressway.errors", "duckdb polars numpy sqlalchemy pydantic yaml rich typer psycopg"),
        ("expressway.cli", "duckdb polars numpy sqlalchemy pydantic yaml psycopg"),
    ],
)
def test_importing_is_light(module: str, heavy: str) -> None:
    script = f"import sys, {module}; print(*sorted(sys.modules.keys() & set('{heavy}'.split())))"
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={"PYTHONPATH": str(ROOT / "src")})
    assert done.stdout.split() == []


def test_every_public_thing_says_what_comes_out() -> None:
    things: list[Any] = [expressway, *(getattr(expressway, name) for name in expressway.__all__)]
    things += [thing for name, thing in vars(Warehouse).items() if not name.startswith("_")]
    assert [thing for thing in things if not (thing.__doc__ or "").strip()] == []


# Opening


def test_the_warehouse_is_a_context_manager_that_lets_go(tmp_path: Path) -> None:
    url = f"duckdb:///{tmp_path}/w.duckdb"
    with open_warehouse(url) as warehouse:
        assert warehouse.init()
    command = [sys.executable, "-c", f"import duckdb; duckdb.connect('{tmp_path}/w.duckdb').close()"]
    subprocess.run(command, check=True)
    with pytest.raises(QueryRefused), open_warehouse(url) as warehouse:
        warehouse.sql("SELECT * FROM nowhere")
    subprocess.run(command, check=True)


def test_without_a_url_the_settings_decide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert open_warehouse().url == "duckdb:///expressway.duckdb"
    (tmp_path / "other.yaml").write_text("warehouse: postgresql://me:secret@host/one\n")
    assert open_warehouse(config="other.yaml").url == "postgresql://me:***@host/one"
    monkeypatch.setenv("EXPRESSWAY_WAREHOUSE", "duckdb:///environment.duckdb")
    assert open_warehouse(config="other.yaml").url == "duckdb:///environment.duckdb"
    assert open_warehouse("duckdb:///x.duckdb").url == "duckdb:///x.duckdb"
    with pytest.raises(InvalidWarehouseUrl):
        open_warehouse("oracle://somewhere")


# Working


def test_load_gives_a_result_for_each_study(url: str, tmp_path: Path) -> None:
    write_download(tmp_path / "a", STUDY)
    change_cell(write_download(tmp_path / "b", REFUSED, samples=sample_names(9, 50)), 4, 2, "n.d.")
    seen: list[tuple[str, str]] = []
    with open_warehouse(url) as warehouse:
        result = warehouse.load(
            tmp_path / "a", str(tmp_path / "b"), progress=lambda study, stage, done, total: seen.append((study, stage))
        )

    assert isinstance(result, LoadResult)
    assert not result.ok
    good, bad = result.studies
    assert isinstance(good, StudyResult)
    assert (good.study, good.action, good.cells_loaded, good.ok, good.error) == (STUDY, "LOADED", 540, True, None)
    assert (bad.study, bad.action, bad.cells_loaded, bad.ok) == (REFUSED, "QUARANTINED", 0, False)
    assert bad.error is not None
    assert (bad.error["code"], bad.error["transient"]) == (54052, False)
    assert {study for study, _ in seen} == {STUDY, REFUSED}


def test_errors_carry_code_value_and_hint(tmp_path: Path) -> None:
    with open_warehouse(f"duckdb:///{tmp_path}/w.duckdb") as warehouse:
        warehouse.init()
        refused: list[tuple[type[ExpresswayError], Callable[[], object]]] = [
            (UnknownStudyOrDisease, lambda: warehouse.map_study("GSE1", "SEPSIS")),
            (UnknownStudyOrDisease, lambda: warehouse.expression("GSE1")),
            (UnknownStudyOrDisease, lambda: warehouse.study("GSE1")),
            (InvalidSetting, lambda: warehouse.runs("broken")),
            (QueryRefused, lambda: warehouse.sql("SELEKT 1")),
        ]
        for kind, call in refused:
            with pytest.raises(kind) as caught:
                call()
            assert caught.value.code
            assert caught.value.hint
            assert caught.value.__cause__ is None, "no library error behind it"


# Frames


def test_frames_are_the_same_on_every_engine(both: list[str]) -> None:
    """Columns and types, also of columns without any value: nothing is annotated, nothing is mapped."""
    schemas: list[dict[str, dict[str, Any]]] = []
    rows: list[dict[str, list[Any]]] = []
    for url in both:
        with open_warehouse(url) as warehouse:
            frames = {
                "studies": warehouse.studies(),
                "expression": warehouse.expression(STUDY),
                "quarantined": warehouse.quarantined(),
                "cells": warehouse.quarantined_cells(REFUSED),
                "runs": warehouse.runs(),
                "run": warehouse.run(warehouse.runs()["run_id"][0]),
            }
            frames |= {f"{table} in SQL": warehouse.sql(f"SELECT * FROM {table}") for table in TABLES}
            schemas.append({name: dict(frame.schema) for name, frame in frames.items()})
            rows.append({name: frames[name].rows() for name in ("expression", "cells")})
    assert schemas[0] == schemas[1]
    assert rows[0] == rows[1]
    assert schemas[0]["studies"]["disease"] == pl.String
    assert schemas[0]["expression"]["gene_symbol"] == pl.String
    assert schemas[0]["expression"]["expression_value"] == pl.Float64
    assert schemas[0]["expression"]["is_detected"] == pl.Boolean
    assert schemas[0]["runs"]["rows_written"] == pl.Int64
    assert schemas[0]["runs"]["started_at"] == pl.Datetime("us")


TABLES = (
    "dim.dim_study", "dim.dim_sample", "dim.study_sample", "dim.dim_gene", "dim.gene_alias", "dim.dim_illness",
    "dim.dim_platform", "dim.dim_disease", "dim.study_disease_map", "fact.fact_gene_expression",
    "staging.expression_rows", "meta.batch", "meta.meta_etl_process_log", "meta.meta_data_validation_log",
    "meta.meta_study_qc", "meta.schema_version", "analytics.vw_expression_long", "analytics.vw_expression_by_cohort",
    "analytics.vw_spearman_export",
)  # fmt: skip


def test_types_of_a_query_do_not_depend_on_its_values(filled: Warehouse) -> None:
    types = {
        "SMALLINT": pl.Int16, "INTEGER": pl.Int32, "BIGINT": pl.Int64, "REAL": pl.Float32,
        "DOUBLE PRECISION": pl.Float64, "BOOLEAN": pl.Boolean, "VARCHAR": pl.String, "DATE": pl.Date,
        "TIMESTAMP": pl.Datetime("us"), "TIME": pl.Time, "UUID": pl.String, "JSON": pl.String,
    }  # fmt: skip
    nothing = ", ".join(f"CAST(NULL AS {name}) AS c{number}" for number, name in enumerate(types))
    assert filled.sql(f"SELECT {nothing}").dtypes == list(types.values())
    assert filled.sql(f"SELECT * FROM (SELECT {nothing}) AS t WHERE 1 = 0").dtypes == list(types.values())
    some = filled.sql(
        "SELECT CAST(1 AS SMALLINT) AS a, CAST(2.5 AS REAL) AS b, DATE '2026-01-02' AS c, true AS d, "
        "TIMESTAMP '2026-01-02 03:04:05' AS e, count(*) AS f, avg(1) AS g, CAST('[1]' AS JSON) AS h"
    )
    assert some.dtypes == [
        pl.Int16, pl.Float32, pl.Date, pl.Boolean, pl.Datetime("us"), pl.Int64, pl.Float64, pl.String,
    ]  # fmt: skip
    assert some.row(0)[:4] == (1, 2.5, datetime(2026, 1, 2, tzinfo=UTC).date(), True)
    assert some.row(0)[4:] == (datetime(2026, 1, 2, 3, 4, 5), 1, 1.0, "[1]")


def test_times_are_in_utc(url: str, tmp_path: Path) -> None:
    write_download(tmp_path / "a")
    before = datetime.now(UTC).replace(tzinfo=None)
    with open_warehouse(url) as warehouse:
        warehouse.load(tmp_path / "a")
        (loaded,) = warehouse.studies()["loaded_at"]
    assert before <= loaded <= datetime.now(UTC).replace(tzinfo=None)


def test_lists_and_percent_signs_in_a_query(filled: Warehouse) -> None:
    frame = filled.sql(
        "SELECT array_agg(disease_label ORDER BY disease_label) AS names, 7 % 4 AS rest "
        "FROM dim.dim_disease WHERE disease_label LIKE 'SEP%'"
    )
    assert frame.rows() == [(["SEPSIS", "SEPTIC_SHOCK"], 3)]
    assert frame.schema["names"] == pl.List(pl.String)


def test_a_result_that_is_no_table_is_refused(filled: Warehouse) -> None:
    with pytest.raises(QueryRefused, match="not a table") as refused:
        filled.sql("SELECT 1 AS a, 2 AS a")
    assert "AS y" in refused.value.hint


def test_statements_without_rows_give_an_empty_frame(filled: Warehouse) -> None:
    assert filled.sql("CREATE VIEW analytics.vw_mine AS SELECT 1 AS a").is_empty()


def test_excluded_samples_are_not_in_the_expression(url: str, tmp_path: Path) -> None:
    names = sample_names(9)
    write_download(tmp_path / "a", matrix=values(), titles={names[2]: "Septic shock patient, follow-up"})
    with open_warehouse(url) as warehouse:
        warehouse.load(tmp_path / "a")
        excluded = warehouse.sql("SELECT count(*) AS n FROM dim.study_sample WHERE exclude_from_analysis")["n"][0]
        long = warehouse.expression(STUDY)
    assert excluded == 1
    assert sorted(long["sample_accession_code"].unique()) == [*names[:2], *names[3:]]
    assert long.height == 480


def test_empty_frames_have_their_columns_and_types(tmp_path: Path, postgresql_url: str) -> None:
    found = []
    for url in (f"duckdb:///{tmp_path}/w.duckdb", postgresql_url):
        with open_warehouse(url) as warehouse:
            warehouse.init()
            frames = [warehouse.studies(), warehouse.quarantined(), warehouse.runs()]
            frames.append(warehouse.sql("SELECT * FROM analytics.vw_expression_long"))
            assert all(frame.is_empty() for frame in frames)
            found.append([dict(frame.schema) for frame in frames])
    assert found[0] == found[1]
    assert pl.Null not in found[0][3].values()
