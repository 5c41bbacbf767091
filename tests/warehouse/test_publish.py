"""Are the pairs of a slice replaced as a whole, and does a pair keep its key?"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from expressway import open_warehouse
from expressway.coexpression.catalog import Q_COLUMNS, Q_STRICT, features
from expressway.errors import KeyNotResolved, QueryRefused
from expressway.warehouse.check import check_schema
from expressway.warehouse.engines.base import Connection
from expressway.warehouse.pairs.runs import stale_warning, stored_run
from tests.warehouse.natural import natural_state
from tests.warehouse.pair_frames import HUMAN, RNA, SEPSIS, gene_id, open_pairs, pair_frame, publish_pairs, published
from tests.warehouse.studies import change_cell, write_download

FACT = "fact.fact_gene_pair_metrics"
RUN_A, RUN_B = "a" * 36, "b" * 36


def stored(connection: Connection, technology: str = RNA) -> pl.DataFrame:
    """The stored pairs of a slice under the names and in the types of an analysis."""
    names = {feature.column: feature.name for feature in features()}
    frame = connection.frame(
        f"SELECT p.pair_uid, f.* FROM {FACT} f JOIN dim.dim_gene_pair p ON p.pair_key = f.pair_key "
        f"WHERE f.technology = '{technology}' ORDER BY p.pair_uid"
    )
    return frame.rename(names).select(
        "pair_uid",
        *names.values(),
        *(f"{name}_bound" for name in Q_COLUMNS),
        Q_STRICT,
        f"{Q_STRICT}_bound",
        "feature_run_id",
    )


def pair_keys(connection: Connection) -> dict[str, int]:
    return dict(connection.fetchall("SELECT pair_uid, pair_key FROM dim.dim_gene_pair"))


def test_what_is_read_is_what_was_published(warehouse_url: str) -> None:
    pairs = pair_frame(300)
    with open_pairs(warehouse_url) as (engine, connection):
        assert publish_pairs(engine, connection, published(pairs, run_id=RUN_A)) == 300
        found = stored(connection)
        assert set(found["feature_run_id"]) == {RUN_A}
        expected = pairs.sort("pair_uid").select(found.columns[:-1])
        assert_frame_equal(found.drop("feature_run_id"), expected, check_exact=True, check_dtypes=False)
        orders = connection.fetchall(
            "SELECT genea_key, geneb_key, pair_natural_key, pair_uid, genea_symbol, geneb_symbol FROM dim.dim_gene_pair"
        )
        assert all(
            (natural, uid, one, other)
            == (f"{low}_{high}", f"{gene_id(low)}|{gene_id(high)}", f"SYM{low}", f"SYM{high}")
            for low, high, natural, uid, one, other in orders
        )
        assert check_schema(connection) == []


def test_nan_is_stored_as_null(warehouse_url: str) -> None:
    with open_pairs(warehouse_url) as (engine, connection):
        publish_pairs(engine, connection, published(pair_frame(2, dz_ss_mean=[float("nan"), -0.0])))
        assert stored(connection)["dz_ss_mean"].to_list() == [None, -0.0]


def test_a_slice_is_replaced_and_its_pairs_keep_their_keys(warehouse_url: str) -> None:
    with open_pairs(warehouse_url) as (engine, connection):
        publish_pairs(engine, connection, published(pair_frame(100), run_id=RUN_A))
        publish_pairs(engine, connection, published(pair_frame(30), technology="MICROARRAY"))
        keys, other = pair_keys(connection), stored(connection, "MICROARRAY")
        newer = pair_frame(150, seed=2).tail(100)
        publish_pairs(engine, connection, published(newer, run_id=RUN_B))
        found = stored(connection)
        assert found["pair_uid"].to_list() == sorted(newer["pair_uid"])
        assert set(found["feature_run_id"]) == {RUN_B}
        assert_frame_equal(stored(connection, "MICROARRAY"), other)
        assert keys.items() <= pair_keys(connection).items()
        assert len(pair_keys(connection)) == 150
        runs = connection.fetchall(
            "SELECT feature_run_id, status, pairs_stored FROM meta.feature_run WHERE technology = 'RNA-SEQ' ORDER BY 1"
        )
        assert runs == [(RUN_A, "REPLACED", 100), (RUN_B, "CURRENT", 100)]
        assert check_schema(connection) == []


def test_a_slice_may_be_published_twice_under_an_open_reader(warehouse_url: str) -> None:
    """A unique key that is deleted and inserted again, while an older snapshot still sees it."""
    with open_pairs(warehouse_url) as (engine, connection):
        publish_pairs(engine, connection, published(pair_frame(50)))
        reader = engine.connect()
        with reader.transaction():
            if engine.name == "postgresql":
                reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            before = reader.fetchall(f"SELECT sum(dz_ss_se) FROM {FACT}")
            for seed in (2, 3):
                publish_pairs(engine, connection, published(pair_frame(50, seed=seed)))
            assert reader.fetchall(f"SELECT sum(dz_ss_se) FROM {FACT}") == before
        reader.close()
        assert stored(connection).height == 50


def test_symbols_follow_the_genes(warehouse_url: str) -> None:
    with open_pairs(warehouse_url) as (engine, connection):
        publish_pairs(engine, connection, published(pair_frame(1)))
        connection.execute("UPDATE dim.dim_gene SET gene_symbol = 'CD86' WHERE gene_key = 2")
        publish_pairs(engine, connection, published(pair_frame(1)))
        assert connection.fetchall("SELECT genea_symbol, geneb_symbol FROM dim.dim_gene_pair") == [("SYM1", "CD86")]


def test_the_run_its_messages_and_its_step_are_written(warehouse_url: str) -> None:
    with open_pairs(warehouse_url) as (engine, connection):
        publish_pairs(engine, connection, published(pair_frame(5), run_id=RUN_A))
        run = stored_run(connection, SEPSIS, RNA, HUMAN)
        assert run is not None
        assert (run["feature_run_id"], run["status"], run["pairs_tested"], run["pairs_stored"]) == (
            RUN_A,
            "CURRENT",
            780,
            5,
        )
        assert run["settings_json"] == {"tau2_method": "DL", "fdr": "BH"}
        assert run["input_batches_json"] == [f"{1:064d}"]
        log = connection.fetchall("SELECT validation_code, severity, details FROM meta.meta_data_validation_log")
        assert log == [("FEW_STUDIES", "WARNING", "SS has one study")]
        step = "SELECT status, rows_read, rows_written FROM meta.meta_etl_process_log WHERE step = 'aggregate'"
        assert connection.fetchall(step) == [("SUCCESS", 780, 5)]
        assert stored_run(connection, SEPSIS, "MICROARRAY", HUMAN) is None


def test_feature_values_are_written_on_request_and_replaced(warehouse_url: str) -> None:
    with open_pairs(warehouse_url) as (engine, connection):
        publish_pairs(engine, connection, published(pair_frame(7), feature_values=True))
        publish_pairs(engine, connection, published(pair_frame(3), "MICROARRAY", feature_values=True))
        values = "SELECT technology, count(*), count(DISTINCT feature_name) FROM fact.fact_feature_values GROUP BY 1"
        assert sorted(connection.fetchall(values)) == [("MICROARRAY", 3 * 134, 134), (RNA, 7 * 134, 134)]
        same = connection.scalar(
            f"SELECT count(*) FROM fact.fact_feature_values v JOIN {FACT} f ON f.pair_key = v.entity_id_1 "
            "AND f.feature_run_id = v.feature_run_id WHERE v.feature_name = 'dz_ss_Q' "
            "AND v.feature_value IS NOT DISTINCT FROM f.dz_ss_q AND v.entity_scope = 'GENE_PAIR_META'"
        )
        assert same == 10
        publish_pairs(engine, connection, published(pair_frame(7)))
        assert connection.fetchall(values) == [("MICROARRAY", 3 * 134, 134)]
        assert check_schema(connection) == []


def test_an_unknown_gene_leaves_the_slice_as_it_was(warehouse_url: str) -> None:
    with open_pairs(warehouse_url) as (engine, connection):
        publish_pairs(engine, connection, published(pair_frame(20)))
        before = stored(connection)
        with pytest.raises(KeyNotResolved, match="1 pairs have a gene") as caught:
            publish_pairs(engine, connection, published(pair_frame(1, genea_key=[1], geneb_key=[99])))
        assert caught.value.value == f"{gene_id(1)}|{gene_id(2)}"
        assert_frame_equal(stored(connection), before)


def test_a_pair_of_a_gene_with_itself_is_refused(warehouse_url: str) -> None:
    with open_pairs(warehouse_url) as (engine, connection), pytest.raises(QueryRefused, match=r"(?i)canonical|check"):
        publish_pairs(engine, connection, published(pair_frame(1, genea_key=[1], geneb_key=[1])))


def test_a_pair_is_in_a_slice_once(warehouse_url: str) -> None:
    with open_pairs(warehouse_url) as (engine, connection):
        publish_pairs(engine, connection, published(pair_frame(1), run_id=RUN_A))
        columns = [feature.column for feature in features() if not feature.nullable]
        names, zeros = ", ".join(columns), ", ".join(["0"] * len(columns))
        again = (
            f"INSERT INTO {FACT} (pair_key, disease_key, technology, organism, feature_run_id, {names}) "
            f"SELECT pair_key, 1, 'RNA-SEQ', 'HOMO_SAPIENS', '{RUN_A}', {zeros} FROM dim.dim_gene_pair"
        )
        with pytest.raises(QueryRefused, match=r"(?i)duplicate"):
            connection.execute(again)


CRASH = """
import sys
from tests.warehouse.pair_frames import open_pairs, pair_frame, publish_pairs, published
with open_pairs(sys.argv[1]) as (engine, connection):
    publish_pairs(engine, connection, published(pair_frame(60, seed=2), run_id="b" * 36, feature_values=True))
"""


def test_killed_before_the_commit_the_former_slice_is_whole(warehouse_url: str) -> None:
    with open_pairs(warehouse_url) as (engine, connection):
        publish_pairs(engine, connection, published(pair_frame(40), run_id=RUN_A))
        before = stored(connection)

    def run(crash_at: str) -> tuple[int, bytes]:
        environment = {**os.environ, "EXPRESSWAY_TEST_CRASH_AT": crash_at, "PYTHONPATH": os.curdir}
        process = subprocess.run(
            [sys.executable, "-c", CRASH, warehouse_url], env=environment, capture_output=True, check=False
        )
        return process.returncode, process.stderr

    assert run("before_publish_commit")[0] == -signal.SIGKILL
    with open_pairs(warehouse_url) as (_, connection):
        assert_frame_equal(stored(connection), before)
        assert connection.fetchall("SELECT feature_run_id, status FROM meta.feature_run") == [(RUN_A, "CURRENT")]
        assert connection.scalar("SELECT count(*) FROM fact.fact_feature_values") == 0
        assert check_schema(connection) == []
    assert run("") == (0, b"")
    with open_pairs(warehouse_url) as (_, connection):
        assert stored(connection).height == 60
        assert check_schema(connection) == []
        statuses = connection.fetchall("SELECT status FROM meta.meta_etl_process_log WHERE step = 'run' ORDER BY 1")
        assert statuses == [("LOST",), ("SUCCESS",), ("SUCCESS",)]


def publish_for(warehouse: Any, accession: str) -> None:
    """Pairs of the first genes of a loaded study, as if it had entered an analysis."""
    connection = warehouse.engine.connect()
    keys = [key for (key,) in connection.fetchall("SELECT gene_key FROM dim.dim_gene ORDER BY gene_id LIMIT 2")]
    ids = [name for (name,) in connection.fetchall("SELECT gene_id FROM dim.dim_gene ORDER BY gene_id LIMIT 2")]
    batch = connection.scalar(f"SELECT batch_id FROM meta.batch WHERE study_accession_code = '{accession}'")
    pairs = pair_frame(1, genea_key=[keys[0]], geneb_key=[keys[1]], pair_uid=["|".join(ids)])
    publish_pairs(warehouse.engine, connection, published(pairs, run_values={"input_batches_json": [batch]}))
    connection.close()


@pytest.mark.parametrize("change", ["remove", "replace", "relabel", "load it again", "load another"])
def test_pairs_are_stale_once_a_study_of_theirs_changes(warehouse_url: str, tmp_path: Any, change: str) -> None:
    with open_warehouse(warehouse_url) as warehouse:
        warehouse.load(write_download(tmp_path / "before").parent.parent)
        accession = str(warehouse.studies()["study"][0])
        publish_for(warehouse, accession)
        before = natural_state(warehouse)
        if change == "remove":
            warehouse.remove_study(accession)
        elif change == "replace":
            change_cell(write_download(tmp_path / "after"), 3, 2, "5.5")
            assert warehouse.load(tmp_path / "after").studies[0].action == "REPLACED"
        elif change == "relabel":
            titles = {str(warehouse.sql("SELECT min(sample_accession_code) AS s FROM dim.dim_sample")["s"][0]): "Shock"}
            write_download(tmp_path / "titles", titles=titles)
            assert warehouse.load(tmp_path / "titles").studies[0].action == "RELABELLED"
        elif change == "load it again":
            assert warehouse.load(tmp_path / "before").studies[0].action == "NOOP"
            assert natural_state(warehouse) == before
        else:
            write_download(tmp_path / "other", "GSE77777")
            assert warehouse.load(tmp_path / "other").ok
        stale = change in {"remove", "replace", "relabel"}
        assert warehouse.sql("SELECT status FROM meta.feature_run")["status"].to_list() == [
            "STALE" if stale else "CURRENT"
        ]
        connection = warehouse.engine.connect()
        warning = stale_warning(connection, SEPSIS, RNA, HUMAN)
        connection.close()
        assert (warning is not None) == stale
        assert warning is None or "`expressway aggregate --disease SEPSIS --technology RNA-SEQ`" in warning
        assert warehouse.sql(f"SELECT count(*) AS n FROM {FACT}")["n"][0] == 1
        assert list(warehouse.check()) == []
