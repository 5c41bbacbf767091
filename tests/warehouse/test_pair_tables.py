"""The tables of pairs: the catalogue in the database, columns that follow it, and what the check proves of pairs."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from expressway.coexpression.catalog import Q_COLUMNS, Q_STRICT, catalog_version, features
from expressway.warehouse.check import check_schema
from expressway.warehouse.ddl import render_ddl
from expressway.warehouse.schema import dim_gene_pair, fact_gene_pair_metrics
from tests.warehouse.conftest import PlainConnection
from tests.warehouse.pair_frames import open_pairs, pair_frame, publish_pairs, published
from tests.warehouse.small_warehouse import add_genes, insert


def test_the_catalogue_is_in_the_warehouse(warehouse: PlainConnection) -> None:
    found = warehouse.fetchall(
        "SELECT feature_name, description, expected_scale, null_policy, scope, min, max, better, role, source, "
        "catalog_version FROM meta.meta_feature_catalog"
    )
    assert sorted(found) == sorted(
        (
            feature.name,
            feature.description,
            feature.expected_scale,
            feature.null_policy,
            feature.scope,
            feature.minimum,
            feature.maximum,
            feature.better,
            feature.role,
            feature.source,
            catalog_version(),
        )
        for feature in features()
    )


def test_every_feature_and_every_bound_is_a_column() -> None:
    columns = fact_gene_pair_metrics.columns
    for feature in features():
        assert columns[feature.column].nullable == feature.nullable
        assert columns[feature.column].comment == feature.description
    bounds = [column.name for column in columns if column.name.endswith("_bound")]
    assert bounds == [f"{name}_bound" for name in (*Q_COLUMNS, Q_STRICT)]


def test_pairs_are_canonical_and_unique(warehouse: PlainConnection) -> None:
    add_genes(warehouse, 2)
    pair = {"genea_key": 1, "geneb_key": 2, "pair_natural_key": "1_2", "pair_uid": "A|B"}
    insert(warehouse, "dim.dim_gene_pair", **pair)
    with pytest.raises(Exception, match=r"(?i)duplicate"):
        insert(warehouse, "dim.dim_gene_pair", **pair)
    with pytest.raises(Exception, match=r"(?i)check"):
        insert(warehouse, "dim.dim_gene_pair", **(pair | {"genea_key": 2, "geneb_key": 1}))


def test_a_pair_and_a_row_of_metrics_have_the_keys_of_the_contract() -> None:
    def unique(table: object) -> set[tuple[str, ...]]:
        return {
            tuple(column.name for column in constraint.columns)
            for constraint in table.constraints  # type: ignore[attr-defined]
            if type(constraint).__name__ == "UniqueConstraint"
        }

    assert unique(dim_gene_pair) == {("genea_key", "geneb_key")}
    assert unique(fact_gene_pair_metrics) == {("pair_key", "metrics_scope", "disease_key", "technology", "organism")}


def test_servers_get_the_indexes_that_ranking_reads() -> None:
    assert (
        "CREATE INDEX ix_fact_gene_pair_metrics_new_rank_score ON fact.fact_gene_pair_metrics (new_rank_score DESC) "
        "INCLUDE (combined_p_value, power_score)" in render_ddl("postgresql")
    )
    assert "(new_rank_score DESC) INCLUDE (combined_p_value, power_score)" in render_ddl("sqlserver")
    assert "(p_ss, p_soth, rank_score)" in render_ddl("sqlserver")


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("", []),
        (
            "UPDATE dim.dim_gene_pair SET pair_uid = 'x|y' WHERE pair_key = 1",
            ["dim.dim_gene_pair: 1 pairs have a pair_uid that is not that of their genes"],
        ),
        (
            "DELETE FROM fact.fact_gene_pair_metrics WHERE pair_key = 1",
            [f"meta.feature_run: run {'r' * 36} is CURRENT and should have 5 pairs, it has 4"],
        ),
        (
            "UPDATE meta.feature_run SET status = 'REPLACED'",
            [f"meta.feature_run: run {'r' * 36} is REPLACED and should have 0 pairs, it has 5"],
        ),
        (
            "UPDATE fact.fact_gene_pair_metrics SET feature_run_id = 'x'",
            [
                "fact.fact_gene_pair_metrics.feature_run_id: 5 rows have a key without a row in meta.feature_run",
                f"meta.feature_run: run {'r' * 36} is CURRENT and should have 5 pairs, it has 0",
            ],
        ),
        (
            "DELETE FROM dim.dim_gene_pair WHERE pair_key = 2",
            ["fact.fact_gene_pair_metrics.pair_key: 1 rows have a key without a row in dim.dim_gene_pair"],
        ),
    ],
)
def test_pairs_that_do_not_fit_are_told(warehouse_url: str, script: str, expected: Sequence[str]) -> None:
    with open_pairs(warehouse_url) as (engine, connection):
        publish_pairs(engine, connection, published(pair_frame(5), run_id="r" * 36))
        if engine.name == "postgresql":
            connection.execute("SET session_replication_role = replica")
        if script:
            connection.execute(script)
        assert [str(difference) for difference in check_schema(connection)] == expected


def test_roles_may_do_with_pairs_what_they_need(postgresql_url: str) -> None:
    with open_pairs(postgresql_url) as (engine, connection):
        connection.execute("SET ROLE etl_loader")
        for seed in (1, 2):
            publish_pairs(engine, connection, published(pair_frame(5, seed=seed), feature_values=True))
        connection.execute("SET ROLE etl_reader")
        with connection.session_values({"disease": "SEPSIS", "technology": "RNA-SEQ"}):
            assert len(connection.fetchall("SELECT pair_uid FROM analytics.vw_gene_pairs_candidate")) == 5
        for sql in ("DELETE FROM fact.fact_gene_pair_metrics", "DELETE FROM meta.feature_run"):
            with pytest.raises(Exception, match="permission denied"):
                connection.execute(sql)
        connection.execute("SET ROLE etl_loader")
        with pytest.raises(Exception, match="permission denied"):
            connection.execute("DELETE FROM meta.feature_run")
        connection.execute("SET ROLE etl_admin")
        connection.execute("ALTER TABLE fact.fact_gene_pair_metrics ADD COLUMN extra int")
