"""Is the matrix of a study what its facts say, cell by cell, whatever their order?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from expressway import open_warehouse
from expressway.errors import BusyStudy, KeyNotResolved, QueryRefused
from expressway.studies.simulate import simulate
from expressway.warehouse.engines.base import Connection
from expressway.warehouse.engines.duckdb import reading as duckdb_reading
from expressway.warehouse.engines.postgresql import reading as postgresql_reading
from expressway.warehouse.pairs.matrices import StudyMatrix, read_study
from expressway.warehouse.pairs.slice import resolve
from tests.warehouse.pairs.rows import change, mapped_study
from tests.warehouse.small_warehouse import Fact, add_facts, add_genes


def read(connection: Connection) -> StudyMatrix:
    (found,) = resolve(connection, "SEPSIS")
    return read_study(connection, found.studies[0])


def cells(matrix: StudyMatrix) -> list[list[float | None]]:
    return [[None if np.isnan(cell) else float(cell) for cell in row] for row in matrix.study.values]


SHUFFLED = [
    *[(3, 104), (1, 101), (3, 101), (2, 102), (1, 104), (2, 103)],
    *[(1, 103), (2, 101), (3, 103), (1, 102), (2, 104), (3, 102)],
]


def test_cells_stand_where_their_gene_and_sample_stand(connection: Connection) -> None:
    add_genes(connection, 3)
    mapped_study(connection, 1, ["SEPSIS", "CONTROL", "UNKNOWN", "SEPTIC_SHOCK"])
    facts: list[Fact] = [
        (sample, gene, None if (gene, sample) == (2, 102) else 10.0 * gene + sample % 10, gene != 3)
        for gene, sample in SHUFFLED
    ]
    add_facts(connection, 1, facts)
    matrix = read(connection)
    assert cells(matrix) == [[11.0, 12.0, 14.0], [21.0, None, 24.0], [31.0, 32.0, 34.0]]
    assert list(matrix.study.genes) == ["ENSG00000000001", "ENSG00000000002", "ENSG00000000003"]
    assert list(matrix.study.cohorts) == ["SEPSIS", "CONTROL", "SEPTIC_SHOCK"]
    assert list(matrix.study.samples or ()) == ["GSM101", "GSM102", "GSM104"]
    assert (matrix.study.name, matrix.study.technology) == ("GSE1", "RNA-SEQ")
    assert matrix.gene_keys.tolist() == [1, 2, 3]
    assert matrix.study.detected is not None
    assert matrix.study.detected.tolist() == [[True] * 3, [True] * 3, [False] * 3]
    assert matrix.notes == ()


def test_detection_that_means_nothing_is_none(connection: Connection) -> None:
    add_genes(connection, 1)
    mapped_study(connection, 1)
    add_facts(connection, 1, [(101, 1, 1.0, None), (102, 1, 2.0, None), (103, 1, 3.0, None)])
    assert read(connection).study.detected is None


def test_what_was_not_measured_was_not_detected(connection: Connection) -> None:
    add_genes(connection, 1)
    mapped_study(connection, 1)
    add_facts(connection, 1, [(101, 1, None, None), (102, 1, 2.0, True), (103, 1, 3.0, True)])
    detected = read(connection).study.detected
    assert detected is not None
    assert detected.tolist() == [[False, True, True]]


def test_rows_of_one_gene_are_averaged_over_what_was_measured(connection: Connection) -> None:
    add_genes(connection, 5)
    change(connection, "dim.dim_gene", "gene_key IN (1, 5)", analysis_gene_key=3)
    mapped_study(connection, 1)
    values: dict[int, list[float | None]] = {
        1: [1.0, None, None],
        2: [7.0, 8.0, 9.0],
        3: [2.0, 4.0, None],
        4: [5.0, 5.0, 5.0],
        5: [6.0, 6.0, None],
    }
    add_facts(
        connection,
        1,
        [
            (100 + place, gene, value, value is not None and (gene, place) == (5, 2))
            for gene, row in values.items()
            for place, value in enumerate(row, 1)
        ],
    )
    matrix = read(connection)
    assert list(matrix.study.genes) == [f"ENSG{key:011d}" for key in (2, 3, 4)]
    assert matrix.gene_keys.tolist() == [2, 3, 4]
    assert cells(matrix) == [[7.0, 8.0, 9.0], [3.0, 5.0, None], [5.0, 5.0, 5.0]]
    assert matrix.study.detected is not None
    assert matrix.study.detected.tolist() == [[False] * 3, [False, True, False], [False] * 3]
    assert matrix.notes == ("3 rows of 1 gene averaged: several ids of the study are of one gene",)


def test_genes_are_sorted_by_the_id_they_are_pooled_under(connection: Connection) -> None:
    add_genes(connection, 4)
    for key, name in ((1, "Z"), (2, "b"), (3, "B"), (4, "A")):
        change(connection, "dim.dim_gene", f"gene_key = {key}", gene_id=name)
    mapped_study(connection, 1, ["SEPSIS"])
    add_facts(connection, 1, [(101, gene, float(gene), None) for gene in (1, 2, 3, 4)])
    matrix = read(connection)
    assert list(matrix.study.genes) == ["A", "B", "Z", "b"]
    assert cells(matrix) == [[4.0], [3.0], [1.0], [2.0]]
    assert matrix.gene_keys.tolist() == [4, 3, 1, 2]


FULL: list[Fact] = [(sample, gene, float(gene), None) for gene in (1, 2) for sample in (101, 102, 103)]


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param(FULL[:-1], id="one is missing"),
        pytest.param([*FULL, (101, 1, 1.0, None)], id="one is there twice"),
        pytest.param([*FULL[:-1], FULL[0]], id="one stands in the place of another"),
        pytest.param([*FULL, (101, 3, 1.0, None)], id="a gene too many"),
        pytest.param([*FULL[:-1], (999, 2, 2.0, None)], id="a sample of another study"),
        pytest.param([], id="none at all"),
    ],
)
def test_facts_that_are_not_one_for_each_cell_are_refused(connection: Connection, facts: list[Fact]) -> None:
    add_genes(connection, 3)
    mapped_study(connection, 1)
    if facts:
        add_facts(connection, 1, facts)
    change(connection, "meta.batch", "batch_key = 1", genes=2, samples=3)
    with pytest.raises(KeyNotResolved, match="where 2 genes x 3 samples are to be") as raised:
        read(connection)
    assert raised.value.hint == "`expressway warehouse check` shows what is wrong."


def test_a_gene_without_a_row_is_refused(connection: Connection) -> None:
    add_genes(connection, 3)
    mapped_study(connection, 1)
    add_facts(connection, 1, FULL)
    change(connection, "dim.dim_gene", "gene_key = 2", analysis_gene_key=1)  # nothing else points at it then
    connection.execute("DELETE FROM dim.dim_gene WHERE gene_key = 2")
    with pytest.raises(KeyNotResolved, match="1 genes have no row in dim"):
        read(connection)


def test_a_batch_that_was_replaced_meanwhile_is_said(connection: Connection) -> None:
    add_genes(connection, 2)
    mapped_study(connection, 1)
    add_facts(connection, 1, FULL)
    (found,) = resolve(connection, "SEPSIS")
    change(connection, "meta.batch", "batch_key = 1", is_current=False)
    with pytest.raises(BusyStudy, match="GSE1 was loaded again while it was read") as raised:
        read_study(connection, found.studies[0])
    assert raised.value.transient


@pytest.fixture(scope="module")
def download(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("simulated") / "download"
    simulate(target, studies=2, genes=700, samples=40, seed=3)
    return target


def as_matrix(facts: pl.DataFrame, column: str) -> np.ndarray[Any, Any]:
    wide = facts.pivot("sample_accession_code", index="gene_id", values=column).sort("gene_id")
    return wide.drop("gene_id").select(sorted(wide.columns[1:])).to_numpy()


def test_a_simulated_study_is_what_sql_says_it_is(
    warehouse_url: str, download: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In batches small enough for many; with samples left out, and with genes whose keys another study gave."""
    monkeypatch.setattr(duckdb_reading, "ROWS", 5_000)
    monkeypatch.setattr(postgresql_reading, "PAGES", 7)
    with open_warehouse(warehouse_url) as warehouse:
        assert warehouse.load(download).ok
        for study in warehouse.studies()["study"]:
            warehouse.map_study(study, "SEPSIS")
        connection = warehouse.engine.connect()
        (found,) = resolve(connection, "SEPSIS")
        assert len(found.studies) == 2
        left_out = 0
        for study in found.studies:
            matrix = read_study(connection, study).study
            facts = connection.frame(
                f"SELECT * FROM analytics.vw_expression_long WHERE study_key = {study.study_key} "
                "AND illness_label <> 'UNKNOWN'"
            )
            assert np.array_equal(matrix.values, as_matrix(facts, "expression_value"), equal_nan=True)
            assert matrix.detected is not None
            assert np.array_equal(matrix.detected, as_matrix(facts, "is_detected"))
            assert list(matrix.genes) == facts["gene_id"].unique().sort().to_list()
            labels = dict(facts.select("sample_accession_code", "illness_label").iter_rows())
            assert dict(zip(matrix.samples or (), matrix.cohorts, strict=True)) == labels
            left_out += 40 - len(matrix.cohorts)
        assert left_out > 0
        connection.close()


def test_a_read_that_is_given_up_leaves_the_connection_usable(
    warehouse_url: str, download: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duckdb_reading, "ROWS", 1_000)
    monkeypatch.setattr(postgresql_reading, "PAGES", 7)
    with open_warehouse(warehouse_url) as warehouse:
        assert warehouse.load(download).ok
        connection = warehouse.engine.connect()
        reader = duckdb_reading if connection.engine == "duckdb" else postgresql_reading
        facts = reader.read_facts(connection, 1, 1)
        next(facts)
        facts.close()
        assert connection.scalar("SELECT count(*) FROM fact.fact_gene_expression WHERE study_key = 1") == 28_000
        connection.close()


def test_a_read_that_fails_on_its_way_says_why(
    duckdb_url: str, download: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duckdb_reading, "ROWS", 1_000)
    bad = "CASE WHEN gene_key > 500 THEN CAST(error('bad block') AS INT) ELSE gene_key END AS gene_key"
    monkeypatch.setattr(duckdb_reading, "FACT", f"(SELECT * REPLACE ({bad}) FROM fact.fact_gene_expression)")
    with open_warehouse(duckdb_url) as warehouse:
        assert warehouse.load(download).ok
        connection = warehouse.engine.connect()
        with pytest.raises(QueryRefused, match="Invalid Input Error: bad block"):
            list(duckdb_reading.read_facts(connection, 1, 1))
        connection.close()
