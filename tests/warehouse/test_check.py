from __future__ import annotations

from collections.abc import Sequence

import pytest

from expressway.errors import InvalidSetting
from expressway.warehouse.check import check_schema
from tests.warehouse.conftest import PlainConnection
from tests.warehouse.small_warehouse import add_batch, add_small_study

FACTS = "fact.fact_gene_expression"

# What is done to a whole warehouse, and every line that the check must then say.
SHAPES: list[tuple[str, list[str]]] = [
    (
        "ALTER TABLE dim.dim_study ADD COLUMN extra INTEGER",
        ["dim.dim_study.extra: the column is not in the definition"],
    ),
    ("ALTER TABLE meta.meta_study_qc DROP COLUMN zero_share", ["meta.meta_study_qc.zero_share: the column is missing"]),
    ("CREATE TABLE dim.extra (i INTEGER)", ["dim.extra: the table is not in the definition"]),
    ("CREATE VIEW analytics.extra AS SELECT 1 AS one", ["analytics.extra: the view is not in the definition"]),
    ("DROP TABLE dim.gene_alias", ["dim.gene_alias: the table is missing"]),
    ("DROP VIEW analytics.vw_spearman_export", ["analytics.vw_spearman_export: the view is missing"]),
    ("DROP INDEX meta.uq_batch_is_current", ["meta.batch: the unique key uq_batch_is_current is missing"]),
    (
        "DROP VIEW analytics.vw_spearman_export; CREATE VIEW analytics.vw_spearman_export AS SELECT 1 AS one",
        [
            "analytics.vw_spearman_export: has the columns one, not sample_key, gene_key, expression_value, "
            "illness_label, study_key"
        ],
    ),
    (
        "DROP VIEW analytics.vw_spearman_export; CREATE TABLE analytics.vw_spearman_export (sample_key INTEGER, "
        "gene_key INTEGER, expression_value DOUBLE PRECISION, illness_label INTEGER, study_key INTEGER)",
        ["analytics.vw_spearman_export: is a table, not a view"],
    ),
    (
        "ALTER TABLE meta.meta_etl_process_log ALTER COLUMN step DROP NOT NULL",
        ["meta.meta_etl_process_log.step: may be NULL, against the definition"],
    ),
    (
        "ALTER TABLE staging.expression_rows ALTER COLUMN line_no SET NOT NULL",
        ["staging.expression_rows.line_no: may not be NULL, against the definition"],
    ),
]

ROWS: list[tuple[str, list[str]]] = [
    (
        "UPDATE dim.study_sample SET sample_key = 999 WHERE sample_key = 101",
        [
            "dim.study_sample.sample_key: 1 rows have a key without a row in dim.dim_sample",
            f"{FACTS}: 2 facts are of a sample that dim.study_sample does not have in their study",
        ],
    ),
    (
        "DELETE FROM dim.dim_gene WHERE gene_key = 2",
        [f"{FACTS}: 2 facts have a gene_key without a row in dim.dim_gene"],
    ),
    (
        f"UPDATE {FACTS} SET sample_key = 999 WHERE sample_key = 101",
        [
            f"{FACTS}: 2 facts have a sample_key without a row in dim.dim_sample",
            f"{FACTS}: 2 facts are of a sample that dim.study_sample does not have in their study",
        ],
    ),
    (
        f"UPDATE {FACTS} SET batch_key = 9",
        [
            f"{FACTS}: 4 facts have a batch_key without a row in meta.batch",
            "meta.batch: batch 1 of GSE1 says 4 cells are loaded, the fact table has 0",
        ],
    ),
    (
        "UPDATE meta.batch SET is_current = false",
        [f"{FACTS}: 4 facts are of a batch that is not current"],
    ),
    (
        "UPDATE meta.batch SET study_key = 8",
        [
            "meta.batch.study_key: 1 rows have a key without a row in dim.dim_study",
            f"{FACTS}: 4 facts are of a batch of another study",
        ],
    ),
    (
        f"DELETE FROM {FACTS} WHERE gene_key = 2 AND sample_key = 102",
        [
            f"{FACTS}: 1 facts are of a gene that has not one fact for each sample of its batch",
            f"{FACTS}: 1 facts are of a sample that has not one fact for each gene of its batch",
            "meta.batch: batch 1 of GSE1 says 4 cells are loaded, the fact table has 3",
        ],
    ),
    (
        f"UPDATE {FACTS} SET sample_key = 101 WHERE gene_key = 1",
        [f"{FACTS}: 4 facts are of a sample that has not one fact for each gene of its batch"],
    ),
    (
        f"UPDATE {FACTS} SET expression_value = 'NaN' WHERE gene_key = 1",
        [f"{FACTS}: 2 facts hold NaN where NULL is meant"],
    ),
    (
        "UPDATE meta.batch SET cells_skipped = 5",
        ["meta.batch: batch 1 of GSE1 had 4 cells, of which 9 are accounted for"],
    ),
    (
        "UPDATE dim.dim_gene SET analysis_gene_key = NULL WHERE gene_key = 1",
        ["dim.dim_gene: 1 genes have no analysis_gene_key"],
    ),
    (
        "INSERT INTO staging.expression_rows (batch_key) VALUES (7), (7)",
        ["staging.expression_rows.batch_key: 2 rows have a key without a row in meta.batch"],
    ),
    (
        "DROP INDEX dim.uq_study_disease_map_is_active; "
        "INSERT INTO dim.study_disease_map (study_key, disease_key) VALUES (1, 1), (1, 2)",
        [
            "dim.study_disease_map: the unique key uq_study_disease_map_is_active is missing",
            "dim.study_disease_map: study 1 has 2 active mappings",
        ],
    ),
]


def lines(connection: PlainConnection) -> list[str]:
    return [str(difference) for difference in check_schema(connection)]


def spoil(connection: PlainConnection, script: str) -> None:
    """Run statements that the constraints of a server would refuse."""
    if connection.engine == "postgresql":
        connection.execute("SET session_replication_role = replica")
    for statement in script.split("; "):
        connection.execute(statement)


def test_a_whole_warehouse_has_no_difference(warehouse: PlainConnection) -> None:
    assert lines(warehouse) == []
    add_small_study(warehouse)
    assert lines(warehouse) == []


@pytest.mark.parametrize(("script", "expected"), SHAPES, ids=[script[:60] for script, _ in SHAPES])
def test_a_change_of_the_schema_is_told(warehouse: PlainConnection, script: str, expected: Sequence[str]) -> None:
    for statement in script.split("; "):
        warehouse.execute(statement)
    assert lines(warehouse) == expected


def test_a_changed_type_is_told(warehouse: PlainConnection) -> None:
    warehouse.execute("ALTER TABLE meta.meta_study_qc ALTER COLUMN ks_pvalue TYPE INTEGER")
    double = {"duckdb": "DOUBLE", "postgresql": "DOUBLE PRECISION"}[warehouse.engine]
    assert [line.lower() for line in lines(warehouse)] == [
        f"meta.meta_study_qc.ks_pvalue: has the type integer, not {double}".lower()
    ]


def test_a_lost_primary_key_is_told(postgresql_warehouse: PlainConnection) -> None:
    postgresql_warehouse.execute("ALTER TABLE meta.schema_version DROP CONSTRAINT pk_schema_version")
    assert "meta.schema_version: the unique key version is missing" in lines(postgresql_warehouse)


@pytest.mark.parametrize(("script", "expected"), ROWS, ids=[script[:60] for script, _ in ROWS])
def test_rows_that_do_not_fit_are_told(warehouse: PlainConnection, script: str, expected: Sequence[str]) -> None:
    add_small_study(warehouse)
    spoil(warehouse, script)
    assert lines(warehouse) == expected


def test_two_current_batches_are_told(warehouse: PlainConnection) -> None:
    add_small_study(warehouse)
    warehouse.execute("DROP INDEX meta.uq_batch_is_current")
    add_batch(warehouse, 99, study=1, is_current=True, cells_loaded=0)
    assert "meta.batch: study GSE1 has 2 current batches" in lines(warehouse)


def test_a_partition_that_was_never_attached_is_told(postgresql_warehouse: PlainConnection) -> None:
    postgresql_warehouse.execute("CREATE TABLE fact.fact_gene_expression_s1_b1_a1 (i INTEGER)")
    assert lines(postgresql_warehouse) == ["fact.fact_gene_expression_s1_b1_a1: the table is not in the definition"]


def test_an_engine_that_cannot_be_checked_is_refused() -> None:
    with pytest.raises(InvalidSetting, match="sqlserver"):
        check_schema(PlainConnection("sqlserver", None))
