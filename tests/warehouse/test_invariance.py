"""Are the facts the same for any block size, worker count, memory and order of studies?"""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expressway import Warehouse
from expressway.settings import load_settings
from expressway.studies.simulate import simulate
from tests.warehouse.natural import natural_state


@pytest.fixture(scope="module")
def download(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("simulated") / "download"
    simulate(folder, studies=3, genes=120, samples=12, seed=7)
    return folder


def state_of(url: str, paths: list[Path], **overrides: object) -> dict[str, list[tuple[object, ...]]]:
    with Warehouse(load_settings(None, {"warehouse": url, **overrides}, environ={})) as warehouse:
        assert warehouse.load(*paths).ok
        return natural_state(warehouse)


@pytest.fixture(scope="module")
def expected(download: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[object, ...]]]:
    return state_of(f"duckdb:///{tmp_path_factory.mktemp('expected') / 'w.duckdb'}", [download])


@settings(max_examples=12)
@given(block_size=st.integers(1, 200), workers=st.integers(1, 4), memory=st.sampled_from(["512MiB", "2GiB"]))
def test_blocks_and_workers_change_nothing(
    download: Path, expected: dict[str, list[tuple[object, ...]]], block_size: int, workers: int, memory: str
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        state = state_of(
            f"duckdb:///{folder}/w.duckdb",
            [download],
            workers=workers,
            memory=memory,
            defaults={"block_size": block_size},
        )
    assert state == expected


def test_postgresql_holds_the_same(
    download: Path, expected: dict[str, list[tuple[object, ...]]], postgresql_url: str
) -> None:
    state = state_of(postgresql_url, [download], workers=3, defaults={"block_size": 7})
    assert state == expected


def test_order_of_studies_changes_nothing(download: Path, tmp_path: Path) -> None:
    from tests.warehouse.studies import sample_names, write_download

    for number, first in enumerate((1, 5, 9)):
        write_download(tmp_path / f"s{number}", f"GSE90000{number}", samples=sample_names(9, first))
    folders = [tmp_path / f"s{number}" for number in range(3)]
    one = state_of(f"duckdb:///{tmp_path / 'one.duckdb'}", folders)
    other = state_of(f"duckdb:///{tmp_path / 'other.duckdb'}", folders[::-1])
    assert one == other
