"""What a member of etl_reader may do: every command that only reads, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from expressway import cli
from tests.warehouse.conftest import connect
from tests.warehouse.pairs.simulated import load_all, open_with, write_matrix
from tests.warehouse.studies import change_cell, write_download

GENES = [f"ENSG{80_000_000_000 + number}" for number in range(26)]


@pytest.fixture
def reader_url(postgresql_url: str, tmp_path: Path) -> Iterator[str]:
    """The URL under which a reader sees a warehouse of two studies with pairs, and one in quarantine."""
    broken = write_download(tmp_path / "broken", "GSE900077")
    change_cell(broken, 5, 3, "high, really")
    with open_with(postgresql_url) as warehouse:
        for number in (1, 2):
            load_all(warehouse, write_matrix(tmp_path / f"{number}", f"S{number}", GENES, 50 * number, seed=number))
        assert warehouse.aggregate().ok
        assert not warehouse.load(tmp_path / "broken").ok
    owner, name = connect(postgresql_url), f"expressway_test_reader_{os.getpid()}"
    owner.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'x'")
    try:
        owner.execute(f"GRANT etl_reader TO {name}")
        yield make_url(postgresql_url).set(username=name, password="x").render_as_string(hide_password=False)
    finally:
        owner.execute(f"DROP ROLE {name}")
        owner.raw.close()


def test_readers_may_run_what_only_reads(reader_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def run(*words: object) -> tuple[int, str]:
        code = cli.run(["--warehouse", reader_url, *map(str, words)])
        return code, "".join(capsys.readouterr())

    for words in (
        ("studies", "list"),
        ("studies", "show", "S1"),
        ("quarantine", "list"),
        ("quarantine", "show", "GSE900077"),
        ("runs", "list"),
        ("warehouse", "check"),
        ("aggregate", "--dry-run"),
        ("load", tmp_path / "1", "--dry-run"),
        ("pairs", "--k-min", 1, "--q", 1, "--i2-max", 100),
        ("pair", GENES[0], GENES[1]),
        ("export", "pairs", "-o", tmp_path / "pairs.parquet"),
        ("export", "expression", "S1", "-o", tmp_path / "expression.parquet"),
        ("plot", "scatter", GENES[0], GENES[1], "-o", tmp_path / "x.svg"),
        ("report", "--out", tmp_path / "x.html"),
    ):
        code, said = run(*words)
        assert (code, "permission denied" in said) == (0, False), said
    assert "GSE900077" in run("quarantine", "list")[1]
    assert "NOOP" in run("--format", "json", "aggregate", "--dry-run")[1]
    for words in (("aggregate", "--keep", 5), ("studies", "unmap", "S1"), ("quarantine", "drop", "GSE900077")):
        code, said = run(*words)
        assert code == 1
        assert "54064 WAREHOUSE_NOT_WRITABLE" in said
        assert "etl_loader" in said
