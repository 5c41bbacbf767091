"""Is what says CURRENT what an aggregation would give today?"""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from expressway import Warehouse
from expressway.studies.annotation import read_annotation
from expressway.warehouse.pairs import aggregate
from expressway.warehouse.pairs.fingerprint import status_now
from expressway.warehouse.pairs.ranked import Filters
from tests.warehouse.pairs.simulated import actions, load_all, open_with, simulated, write_matrix

CXCL8 = "ENSG00000169429"
NAMED = ["IL8", *(f"OTHER{number}" for number in range(25))]
PLAIN = [f"ENSG{80_000_000_000 + number}" for number in range(26)]
EVERYTHING = Filters(q=1, k_min=1, i2_max=100)
STATUS = "SELECT technology, status FROM meta.feature_run WHERE status <> 'REPLACED' ORDER BY technology"


def load_genes(warehouse: Warehouse, folder: Path, symbol: str, aliases: str, gene: str = CXCL8) -> int:
    """Load an HGNC table of one gene; returns the genes pooled under another."""
    table = folder / "hgnc.tsv"
    header = "hgnc_id\tsymbol\tname\tlocus_type\talias_symbol\tprev_symbol\tensembl_gene_id"
    table.write_text(f"{header}\nHGNC:6025\t{symbol}\tchemokine\tgene with protein product\t\t{aliases}\t{gene}\n")
    return warehouse.load_genes(read_annotation(table)).resolved


def statuses(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    return warehouse.sql(STATUS).rows()


def test_pairs_are_stale_once_a_gene_is_pooled_under_another(warehouse_url: str, tmp_path: Path) -> None:
    named, plain = (write_matrix(tmp_path / name, name, ids, 1) for name, ids in (("NAMED", NAMED), ("PLAIN", PLAIN)))
    with open_with(warehouse_url) as warehouse:
        load_all(warehouse, named)
        load_all(warehouse, plain, disease="SEPTIC_SHOCK")
        assert warehouse.aggregate().ok
        assert load_genes(warehouse, tmp_path, "CXCL8", "") == 0
        assert statuses(warehouse) == [("OTHER", "CURRENT")] * 2, "nothing of theirs has that name"

        assert load_genes(warehouse, tmp_path, "CXCL8", "IL8") == 1

        assert dict(warehouse.published_slices().select("disease", "status").iter_rows()) == {
            "SEPSIS": "STALE",
            "SEPTIC_SHOCK": "CURRENT",
        }
        assert "`expressway aggregate --disease SEPSIS" in warehouse.ranked_pairs(EVERYTHING, "SEPSIS").note
        assert warehouse.ranked_pairs(EVERYTHING, "SEPTIC_SHOCK").note == ""
        assert actions(warehouse.aggregate("SEPSIS")) == {"OTHER": "AGGREGATED"}
        assert warehouse.ranked_pairs(EVERYTHING, "SEPSIS").note == ""
        genes = warehouse.top_pairs("SEPSIS", limit=1000, q=1, k_min=1, i2_max=100)["pair_uid"].str.split("|")
        assert CXCL8 in set(genes.explode())

        assert load_genes(warehouse, tmp_path, "CXCL8", "IL8") == 1
        assert statuses(warehouse) == [("OTHER", "CURRENT")] * 2, "the same again moves nothing"
        assert list(warehouse.check()) == []


def test_a_new_symbol_is_shown_at_once_and_changes_no_number(warehouse_url: str, tmp_path: Path) -> None:
    with open_with(warehouse_url) as warehouse:
        load_all(warehouse, write_matrix(tmp_path / "a", "PLAIN", [CXCL8, *PLAIN[1:]], 1))
        load_genes(warehouse, tmp_path, "IL8", "LUCT")
        assert warehouse.aggregate("SEPSIS").ok

        load_genes(warehouse, tmp_path, "CXCL8", "IL8")

        assert statuses(warehouse) == [("OTHER", "CURRENT")]
        shown = warehouse.top_pairs(limit=1000, q=1, k_min=1, i2_max=100)
        assert warehouse.ranked_pairs(EVERYTHING).note == ""
        assert set(shown["genea_symbol"].to_list() + shown["geneb_symbol"].to_list()) == {None, "CXCL8"}
        assert actions(warehouse.aggregate("SEPSIS")) == {"OTHER": "NOOP"}


def test_a_mapping_makes_only_the_slices_stale_that_the_study_can_enter(warehouse_url: str, tmp_path: Path) -> None:
    other, again = ("OTHER", "CURRENT"), ("OTHER", "STALE")
    with open_with(warehouse_url) as warehouse:
        load_all(warehouse, write_matrix(tmp_path / "a", "FIRST", PLAIN, 1))
        load_all(warehouse, simulated(tmp_path / "simulated", studies=1))
        load_all(warehouse, write_matrix(tmp_path / "b", "SECOND", PLAIN, 50, seed=8), disease="SEPTIC_SHOCK")
        assert warehouse.aggregate().ok
        assert statuses(warehouse) == [other, other, ("RNA-SEQ", "CURRENT")]

        warehouse.map_study("SECOND", "SEPSIS")

        assert statuses(warehouse) == [again, again, ("RNA-SEQ", "CURRENT")]
        assert actions(warehouse.aggregate("SEPSIS")) == {"OTHER": "AGGREGATED", "RNA-SEQ": "NOOP"}
        warehouse.unmap_study("SECOND")
        assert statuses(warehouse) == [again, again, ("RNA-SEQ", "CURRENT")]


def test_a_study_on_hold_makes_nothing_stale(warehouse_url: str, tmp_path: Path) -> None:
    with open_with(warehouse_url) as warehouse:
        load_all(warehouse, write_matrix(tmp_path / "a", "FIRST", PLAIN, 1))
        assert warehouse.load(write_matrix(tmp_path / "b", "HELD", PLAIN, 50, seed=8)).ok
        hold = "UPDATE dim.dim_study SET study_status = 'HELD' WHERE study_accession_code = 'HELD'"
        with closing(warehouse.engine.connect()) as connection:
            connection.execute(hold)
        assert warehouse.aggregate("SEPSIS").ok
        warehouse.map_study("HELD", "SEPSIS")
        assert statuses(warehouse) == [("OTHER", "CURRENT")]
        assert actions(warehouse.aggregate("SEPSIS")) == {"OTHER": "NOOP"}


def test_a_study_that_now_enters_makes_pairs_stale(warehouse_url: str, tmp_path: Path) -> None:
    """It was mapped but had nothing to say, so the run does not name it."""
    with open_with(warehouse_url) as warehouse:
        load_all(warehouse, write_matrix(tmp_path / "a", "FIRST", PLAIN, 1))
        load_all(warehouse, write_matrix(tmp_path / "b", "SECOND", PLAIN, 50, ["UNKNOWN"], seed=8))
        assert warehouse.aggregate("SEPSIS").slices[0].studies == 1
        labelled = write_matrix(tmp_path / "b", "SECOND", PLAIN, 50, seed=8)
        assert warehouse.load(labelled).studies[0].action == "RELABELLED"
        assert statuses(warehouse) == [("OTHER", "STALE")]
        assert warehouse.aggregate("SEPSIS").slices[0].studies == 2
        assert statuses(warehouse) == [("OTHER", "CURRENT")]


@pytest.mark.parametrize(
    ("owner", "of_subjects", "status"),
    [
        ("EARLIER", "earliest", "STALE"),
        ("EARLIER", None, "CURRENT"),
        ("LATER", "earliest", "CURRENT"),
    ],
)
def test_a_study_that_says_whose_the_shared_samples_are_makes_pairs_stale(
    owner: str, of_subjects: str | None, status: str, warehouse_url: str, tmp_path: Path
) -> None:
    """Of two studies the one with the smaller accession does."""
    with open_with(warehouse_url, pairs={"one_sample_per_subject": of_subjects}) as warehouse:
        load_all(warehouse, write_matrix(tmp_path / "a", "HERE", PLAIN, 1))
        assert warehouse.aggregate("SEPSIS").ok
        people = [f"p{number % 15}" for number in range(18)]
        assert warehouse.load(write_matrix(tmp_path / "b", owner, PLAIN, 1, seed=8, subjects=people)).ok
        assert statuses(warehouse) == [("OTHER", status)]
        wanted = "AGGREGATED" if status == "STALE" else "NOOP"
        assert actions(warehouse.aggregate("SEPSIS")) == {"OTHER": wanted}


def test_what_changes_while_pairs_are_computed_makes_them_stale(warehouse_url: str, tmp_path: Path) -> None:
    with open_with(warehouse_url) as warehouse:
        load_all(warehouse, write_matrix(tmp_path / "a", "FIRST", PLAIN, 1))
        load_all(warehouse, write_matrix(tmp_path / "b", "SECOND", PLAIN, 50, seed=8))
        again = warehouse.aggregate("SEPSIS", progress=lambda *_: warehouse.unmap_study("SECOND") and None)
        assert (again.slices[0].action, again.slices[0].studies) == ("AGGREGATED", 2)
        assert statuses(warehouse) == [("OTHER", "STALE")]
        assert warehouse.aggregate("SEPSIS").slices[0].studies == 1
        assert statuses(warehouse) == [("OTHER", "CURRENT")]
        emptied = warehouse.aggregate("SEPSIS", keep=10, progress=lambda *_: warehouse.unmap_study("FIRST") and None)
        assert emptied.slices[0].action == "AGGREGATED"
        assert statuses(warehouse) == [("OTHER", "STALE")], "no study is left"
        assert list(warehouse.check()) == []


def test_a_study_that_changes_while_pairs_are_published_waits(
    postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has nothing that the publication would wait for in turn."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with open_with(postgresql_url) as warehouse, open_with(postgresql_url) as other, ThreadPoolExecutor(1) as pool:
        load_all(warehouse, write_matrix(tmp_path / "a", "FIRST", PLAIN, 1))
        load_all(warehouse, write_matrix(tmp_path / "b", "SECOND", PLAIN, 50, seed=8))
        assert warehouse.aggregate("SEPSIS").ok
        changes: list[Future[bool]] = []

        def while_it_changes(*known: Any) -> str:
            changes.append(pool.submit(other.unmap_study, "SECOND"))
            with closing(warehouse.engine.connect()) as connection:
                while not connection.scalar(waiting):
                    time.sleep(0.01)
            return status_now(*known)

        monkeypatch.setattr(aggregate, "status_now", while_it_changes)
        again = warehouse.aggregate("SEPSIS", keep=10)
        assert (again.slices[0].action, again.slices[0].studies) == ("AGGREGATED", 2)
        assert changes[0].result()
        assert statuses(warehouse) == [("OTHER", "STALE")]
