"""Studies that cannot carry pairs, or hardly: is it said with a code and a hint, and is the rest analysed?"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from expressway import cli, open_warehouse
from expressway.errors import InvalidSetting
from expressway.warehouse import migrations
from expressway.warehouse.pairs.ranked import Filters
from tests.warehouse.conftest import connect
from tests.warehouse.pairs.simulated import load_all, open_with
from tests.warehouse.studies import GENES, sample_names, values, write_download

EVERYTHING = Filters(q=1, k_min=1, i2_max=100)
LIMITED = (
    "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
    "resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit})); "
    "from expressway.cli import run; sys.exit(run(sys.argv[1:]))"
)


def study(folder: Path, number: int = 1, samples: int = 24, names: list[str] | None = None, **more: object) -> Path:
    """A study of 60 genes, a third of the samples in each cohort; its own samples unless they are named."""
    given = {"matrix": values(samples=samples, seed=number), "samples": names or sample_names(samples, 100 * number)}
    write_download(folder / f"GSE90000{number}", f"GSE90000{number}", **given | more)  # type: ignore[arg-type]
    return folder / f"GSE90000{number}"


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"duckdb:///{tmp_path}/w.duckdb"


def test_a_cohort_of_three_does_not_count(url: str, tmp_path: Path) -> None:
    with open_with(url) as warehouse:
        load_all(warehouse, study(tmp_path, 1), study(tmp_path, 2, samples=9))
        (one,) = warehouse.aggregate("SEPSIS").slices
        assert one.action == "AGGREGATED"
        (told,) = [message.details for message in one.messages if message.code == "MISSING_COHORT"]
        assert told.startswith("GSE900002")
        assert "CONTROL 3" in told
        assert warehouse.top_pairs(limit=1, q=1, k_min=1, i2_max=100)["included_study_count"][0] == 1
        pair = warehouse.pair(GENES[0], GENES[1])
        assert "3 samples" in pair.studies.filter(study="GSE900002")["absent_because"][0]


def test_only_cohorts_of_three(url: str, tmp_path: Path) -> None:
    with open_with(url) as warehouse:
        load_all(warehouse, study(tmp_path, 1, samples=9))
        (one,) = warehouse.aggregate("SEPSIS").slices
        assert one.error
        assert "genes are left" in str(one.error["message"])
        assert "min_n" in str(one.error["hint"])
        with pytest.raises(InvalidSetting, match="no pairs are stored yet"):
            warehouse.top_pairs()


def test_all_genes_constant(url: str, tmp_path: Path) -> None:
    flat = np.tile(np.linspace(3, 12, 60)[:, None], (1, 24))
    with open_with(url) as warehouse:
        load_all(warehouse, study(tmp_path, 1, matrix=flat))
        (one,) = warehouse.aggregate("SEPSIS").slices
        assert (one.action, one.error and one.error["code"]) == ("FAILED", 54071)
        (planned,) = warehouse.aggregate("SEPSIS", dry_run=True).slices
        assert planned.error == one.error


def test_a_gene_that_one_study_alone_has(url: str, tmp_path: Path) -> None:
    renamed = [*GENES[:-1], "ENSG90000009999"]
    with open_with(url) as warehouse:
        load_all(warehouse, study(tmp_path, 1, genes=renamed), study(tmp_path, 2), study(tmp_path, 3))
        (one,) = warehouse.aggregate("SEPSIS").slices
        assert one.genes == 61
        assert one.pairs_tested == 61 * 60 // 2, "a pair counts that no study has both genes of: it has no statistic"
        pair = warehouse.pair(GENES[0], "ENSG90000009999")
        assert pair.statistics["n_studies_ss"] == 1
        nowhere = warehouse.pair(GENES[-1], "ENSG90000009999")
        assert not nowhere.statistics["n_studies_ss"]
        ranked = warehouse.ranked_pairs(EVERYTHING).pairs
        assert f"{GENES[-1]}|ENSG90000009999" not in ranked["pair_uid"].to_list()


def test_two_studies_that_share_samples(url: str, tmp_path: Path) -> None:
    with open_with(url) as warehouse:
        names = [*sample_names(6, 100), *sample_names(18, 300)]
        load_all(warehouse, study(tmp_path, 1, samples=27), study(tmp_path, 2, names=names))
        (one,) = warehouse.aggregate("SEPSIS").slices
        (told,) = [message for message in one.messages if message.code == "SAMPLE_OVERLAP"]
        assert told.severity == "WARNING"
        assert told.details.startswith("6 samples of GSE900002 counted only in GSE900001")
        assert one.samples == 27 + 18


def test_a_full_disk_leaves_what_was_there(url: str, tmp_path: Path) -> None:
    with open_with(url) as warehouse:
        load_all(warehouse, study(tmp_path, 1), study(tmp_path, 2), study(tmp_path, 3))
        warehouse.aggregate("SEPSIS")
    for words, target in (
        (["export", "pairs", "-o"], "x.parquet"),
        (["export", "pairs", "-o"], "x.csv"),
        (["report", "--out"], "r.html"),
    ):
        (tmp_path / target).write_text("from before")
        command = [
            sys.executable,
            "-B",
            "-c",
            LIMITED.format(limit=20_000),
            "--warehouse",
            url,
            *words,
            tmp_path / target,
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, "54065 NO_SPACE_LEFT" in done.stderr) == (1, True), done.stderr
        assert (tmp_path / target).read_text() == "from before"
        assert not list(tmp_path.glob(f".{target}*"))


def test_a_warehouse_of_an_older_schema(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    older = connect(url)
    migrations.upgrade(older, target=2)
    older.raw.close()
    assert cli.run(["--warehouse", url, "pairs"]) == 1
    said = capsys.readouterr().err
    assert "expressway warehouse upgrade" in said
    assert cli.run(["--warehouse", url, "warehouse", "upgrade"]) == 0
    with open_warehouse(url) as warehouse:
        assert list(warehouse.check()) == []
        assert warehouse.published_slices().is_empty()
