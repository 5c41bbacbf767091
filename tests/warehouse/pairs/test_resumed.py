"""However the work is cut - order, threads, engine, a kill in mid-pass - are the stored pairs the same bytes?"""

from __future__ import annotations

import hashlib
import json
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from expressway import cli
from expressway.coexpression.engine import checkpoints, screen
from expressway.studies.simulate import simulate
from tests.databases import slow_on_a_server
from tests.warehouse.pairs.simulated import actions, load_all, open_with, simulated

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def download(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three simulated studies."""
    return simulated(tmp_path_factory.mktemp("simulated") / "download")


def exported(url: str, target: Path, **pairs: Any) -> str:
    """SHA-256 of the Parquet file of the pairs of a loaded warehouse."""
    with open_with(url, pairs=pairs) as warehouse:
        assert warehouse.aggregate("SEPSIS").ok
        warehouse.export_pairs(target)
    return hashlib.sha256(target.read_bytes()).hexdigest()


def test_the_same_bytes_for_any_order_threads_and_engine(download: Path, postgresql_url: str, tmp_path: Path) -> None:
    found = set()
    names = sorted(path.name for path in download.iterdir() if path.is_dir())
    for number, (order, threads) in enumerate([(names, 1), (names[::-1], 2), (names[1:] + names[:1], 3)]):
        url = postgresql_url if number == 1 else f"duckdb:///{tmp_path}/{number}.duckdb"
        with open_with(url) as warehouse:
            for name in order:
                load_all(warehouse, _only(download, name, tmp_path / f"{number}-{name}"))
        found.add(exported(url, tmp_path / f"{number}.parquet", threads=threads, keep=3000))
    assert len(found) == 1


def _only(download: Path, study: str, folder: Path) -> Path:
    """The part of a download that holds one study."""
    folder.mkdir()
    shutil.copytree(download / study, folder / study)
    metadata = json.loads((download / "aggregated_metadata.json").read_text())
    metadata |= {"experiments": {study: metadata["experiments"][study]}, "num_experiments": 1}
    (folder / "aggregated_metadata.json").write_text(json.dumps(metadata))
    return folder


DIES = """
import os, signal, sys
from expressway.coexpression.engine import screen
from expressway.studies.simulate import simulate
from tests.warehouse.pairs.simulated import open_with

screen.SECONDS_BETWEEN_CHECKPOINTS = 0.0
rounds = []

def die_in_the_second_round(of, stage, done, total):
    rounds.append(stage)
    if rounds.count("pairs") == 3:  # the first is told before any round
        os.kill(os.getpid(), signal.SIGKILL)

url, work = sys.argv[1:]
with open_with(url, work_folder=work, pairs={"threads": 1, "keep": 2000}) as warehouse:
    warehouse.aggregate(progress=die_in_the_second_round)
"""


@slow_on_a_server
def test_killed_in_mid_pass_and_run_again(warehouse_url: str, tmp_path: Path) -> None:
    work, whole = tmp_path / "work", f"duckdb:///{tmp_path}/whole.duckdb"
    simulate(tmp_path / "download", studies=2, genes=3000, samples=36, seed=4)
    for url in (warehouse_url, whole):
        with open_with(url) as warehouse:
            load_all(warehouse, tmp_path / "download")
    command = [sys.executable, "-c", DIES, warehouse_url, str(work)]
    killed = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert [path.suffix for path in work.iterdir()] == [".npz"]

    seen: list[int] = []
    with open_with(warehouse_url, work_folder=str(work), pairs={"threads": 1, "keep": 2000}) as warehouse:
        assert warehouse.published_slices().is_empty()
        result = warehouse.aggregate(progress=lambda _, stage, at, __: seen.append(at) if stage == "pairs" else None)
        assert actions(result) == {"RNA-SEQ": "AGGREGATED"}
        assert warehouse.runs()["status"].to_list()[:2] == ["SUCCESS", "LOST"]
        assert list(work.iterdir()) == [], "the notes of the pass are gone"
        assert list(warehouse.check()) == []
        warehouse.export_pairs(tmp_path / "resumed.parquet")
    fresh: list[int] = []
    with open_with(whole, pairs={"threads": 1, "keep": 2000}) as warehouse:
        warehouse.aggregate(progress=lambda _, stage, at, __: fresh.append(at) if stage == "pairs" else None)
        warehouse.export_pairs(tmp_path / "whole.parquet")
    assert len(seen) < len(fresh), "it went on from what was done"
    assert (tmp_path / "resumed.parquet").read_bytes() == (tmp_path / "whole.parquet").read_bytes()


@contextmanager
def no_file_longer_than(limit: int) -> Iterator[None]:
    """Inside, this process meets a full disk where it writes more than so many bytes to a file."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_under_the_notes_of_a_pass_changes_nothing(
    postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server writes the pairs, this process the notes only: they are what it cannot write."""
    work, config = tmp_path / "work", tmp_path / "expressway.yaml"
    config.write_text(f"work_folder: {work}\npairs: {{threads: 1}}\n")
    simulate(tmp_path / "download", studies=1, genes=800, samples=36, seed=4)
    with open_with(postgresql_url) as warehouse:
        load_all(warehouse, tmp_path / "download")
    notes: list[bool] = []
    save = checkpoints.save

    def watched(path: Path, *state: Any) -> None:
        save(path, *state)
        notes.append(path.exists())

    def aggregated(target: Path) -> bytes:
        notes.clear()
        command = ["--warehouse", postgresql_url, "--config", str(config), "aggregate", "--keep", "2000"]
        with no_file_longer_than(4096 if target.stem == "full" else resource.RLIM_INFINITY):
            assert cli.run(command) == 0
        assert list(work.iterdir()) == [], "no half-written notes, and none after the end"
        with open_with(postgresql_url) as warehouse:
            warehouse.export_pairs(target)
            warehouse.sql("UPDATE meta.feature_run SET settings_hash = 'other'")  # so that the next one is no NOOP
            assert list(warehouse.check()) == []
        return target.read_bytes()

    monkeypatch.setattr(screen, "SECONDS_BETWEEN_CHECKPOINTS", 0.0)
    monkeypatch.setattr(checkpoints, "save", watched)
    pairs = aggregated(tmp_path / "free.parquet")
    assert set(notes) == {True}
    assert aggregated(tmp_path / "full.parquet") == pairs
    assert set(notes) == {False}
