"""A process is killed at every named point and at random times: does the next run end as if nothing had happened?"""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from expressway import Warehouse, open_warehouse
from expressway.studies.study import Block
from expressway.studies.transform import StudyValues
from tests.warehouse.natural import natural_state
from tests.warehouse.studies import change_cell, sample_names, values, write_download

pytestmark = pytest.mark.slow
POINTS = (
    "before_keys",
    "before_facts",
    "during_facts",
    "after_facts",
    "before_ledger",
    "before_commit",
    "after_commit",
)
MILLION = 2**20


def load_in_process(url: str, folder: Path, crash_at: str = "", limit: int | None = None) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "EXPRESSWAY_TEST_CRASH_AT": crash_at}
    command = [sys.executable, "-B", "-m", "expressway", "--warehouse", url, "load", str(folder)]

    def restrict() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.Popen(
        command,
        env=environment,
        preexec_fn=restrict,  # noqa: PLW1509 - it only sets a limit
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def run_to_end(url: str, folder: Path, crash_at: str = "", limit: int | None = None) -> tuple[int, str]:
    process = load_in_process(url, folder, crash_at, limit)
    _, talk = process.communicate(timeout=100)
    return process.returncode, talk.decode()


@pytest.fixture
def two_versions(tmp_path: Path) -> tuple[Path, Path]:
    """The same study before and after a correction of one value and one title."""
    before, after = tmp_path / "before", tmp_path / "after"
    write_download(before)
    names = sample_names(9)
    change_cell(write_download(after, titles={names[0]: "Septic shock 1"}), 3, 2, "5.5")
    return before, after


@pytest.fixture
def expected(two_versions: tuple[Path, Path], tmp_path: Path) -> dict[str, list[tuple[object, ...]]]:
    """The state of a warehouse that loaded both without any accident."""
    with open_warehouse(f"duckdb:///{tmp_path / 'expected.duckdb'}") as warehouse:
        warehouse.load(two_versions[0])
        warehouse.load(two_versions[1])
        return natural_state(warehouse)


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_a_point(
    point: str, warehouse_url: str, two_versions: tuple[Path, Path], expected: dict[str, list[tuple[object, ...]]]
) -> None:
    before, after = two_versions
    with open_warehouse(warehouse_url) as warehouse:
        warehouse.load(before)
        untouched = natural_state(warehouse)
    code, talk = run_to_end(warehouse_url, after, crash_at=point)
    assert code == -signal.SIGKILL, talk
    with open_warehouse(warehouse_url) as warehouse:
        state = natural_state(warehouse)
        assert sorted(warehouse.runs()["status"].to_list()) == ["LOST", "SUCCESS"]
        (lost,) = warehouse.runs("LOST")["run_id"].to_list()
        assert "RUNNING" not in warehouse.run(str(lost))["status"].to_list()
        assert state["fact"] == (expected if point == "after_commit" else untouched)["fact"]
        assert state["study_sample"] == (expected if point == "after_commit" else untouched)["study_sample"]
    code, talk = run_to_end(warehouse_url, after)
    assert code == 0, talk
    with open_warehouse(warehouse_url) as warehouse:
        assert natural_state(warehouse) == expected
        assert sorted(warehouse.runs()["status"].to_list()) == ["LOST", "SUCCESS", "SUCCESS"]
        assert list(warehouse.check()) == []


def test_killed_at_random_times_until_one_run_finishes(warehouse_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "studies"
    for number in range(4):
        accession = f"GSE90000{number}"
        matrix = values(genes=2000, samples=30, seed=number)
        genes = [f"ENSG{90_000_000_000 + gene}" for gene in range(2000)]
        write_download(
            folder / accession, accession, matrix=matrix, genes=genes, samples=sample_names(30, 100 * number)
        )
    with open_warehouse(f"duckdb:///{tmp_path / 'expected.duckdb'}") as warehouse:
        assert warehouse.load(folder).ok
        expected = natural_state(warehouse)
    dice, killed, patience = random.Random(20261121), 0, 0.4
    while True:
        process = load_in_process(warehouse_url, folder)
        try:
            process.wait(timeout=dice.uniform(0.3, 1.0) * patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            killed += 1
            patience *= 1.35
            continue
        assert process.returncode == 0, process.communicate()[1].decode()
        process.communicate()
        break
    assert killed >= 3
    with open_warehouse(warehouse_url) as warehouse:
        assert natural_state(warehouse) == expected
        assert list(warehouse.check()) == []
        statuses = warehouse.runs()["status"].to_list()
        assert statuses[0] == "SUCCESS"
        assert set(statuses) <= {"SUCCESS", "LOST"}  # one may be killed after its commit, when all is done


def test_no_space_left_on_duckdb(tmp_path: Path) -> None:
    url = f"duckdb:///{tmp_path / 'small.duckdb'}"
    folder = tmp_path / "study"
    genes = [f"ENSG{90_000_000_000 + gene}" for gene in range(20_000)]
    write_download(folder, matrix=values(genes=20_000, samples=30), genes=genes)
    with open_warehouse(url) as warehouse:
        warehouse.init()
    code, talk = run_to_end(url, folder, limit=6 * MILLION)
    assert code == 1
    assert "54065 NO_SPACE_LEFT" in talk
    assert "Traceback" not in talk
    code, talk = run_to_end(url, folder)
    assert code == 0, talk
    with open_warehouse(url) as warehouse:
        assert warehouse.sql("SELECT count(*) AS n FROM fact.fact_gene_expression")["n"][0] == 600_000
        assert list(warehouse.check()) == []


@pytest.mark.parametrize("limit", [2000, 9000])
def test_no_space_left_for_a_new_duckdb_file(limit: int, two_versions: tuple[Path, Path], tmp_path: Path) -> None:
    """Not even for its header: what is left would be no DuckDB file, and stand in the way."""
    url = f"duckdb:///{tmp_path / 'new.duckdb'}"
    code, talk = run_to_end(url, two_versions[0], limit=limit)
    assert code == 1
    assert "54065 NO_SPACE_LEFT" in talk
    code, talk = run_to_end(url, two_versions[0])
    assert code == 0, talk


def test_no_space_left_on_postgresql(postgresql_url: str, two_versions: tuple[Path, Path]) -> None:
    """The server reports 53100 in the middle of the transaction, as it does when its disk is full."""
    before, after = two_versions
    with open_warehouse(postgresql_url) as warehouse:
        warehouse.load(before)
        state = natural_state(warehouse)
        warehouse.sql(
            "CREATE FUNCTION public.disk_full() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$"
        )
        warehouse.sql(
            "CREATE TRIGGER full_disk BEFORE DELETE ON dim.study_sample "
            "FOR EACH ROW EXECUTE FUNCTION public.disk_full()"
        )
        result = warehouse.load(after).studies[0]
        assert result.error is not None
        assert result.error["code"] == 54065
        assert natural_state(warehouse) == state
        warehouse.sql("DROP TRIGGER full_disk ON dim.study_sample")
        assert warehouse.load(after).studies[0].action == "REPLACED"
        assert list(warehouse.check()) == []


def test_cut_connection_on_postgresql(
    postgresql_url: str, two_versions: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    before, after = two_versions
    original = StudyValues.blocks

    def cut(self: StudyValues, genes_per_block: int) -> Iterator[Block]:
        """Give the first block, then have the server end every other connection of this database."""
        for number, block in enumerate(original(self, 10)):
            if number == 1:
                with open_warehouse(postgresql_url) as other:
                    other.sql(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    )
                time.sleep(0.2)
            yield block

    with open_warehouse(postgresql_url) as warehouse:
        warehouse.load(before)
        state = natural_state(warehouse)
    monkeypatch.setattr(StudyValues, "blocks", cut)
    code, action = _load_once(postgresql_url, after)
    assert (code, action) == (54066, "FAILED")
    monkeypatch.undo()
    with open_warehouse(postgresql_url) as warehouse:
        assert natural_state(warehouse) == state
        assert warehouse.load(after).studies[0].action == "REPLACED"
        assert list(warehouse.check()) == []


def _load_once(url: str, folder: Path) -> tuple[object, str]:
    warehouse = Warehouse(_settings(url))
    try:
        result = warehouse.load(folder).studies[0]
        return (result.error or {}).get("code"), result.action
    finally:
        warehouse.close()


def _settings(url: str):  # type: ignore[no-untyped-def]
    from expressway.settings import load_settings

    return load_settings(None, {"warehouse": url}, environ={})
