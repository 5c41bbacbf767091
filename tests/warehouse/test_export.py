"""Does what leaves the warehouse equal what came in, and does a failed export leave nothing behind?"""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from expressway import Warehouse, open_warehouse
from expressway.errors import InvalidSetting, UnknownStudyOrDisease
from expressway.studies.annotation import ALIAS_SCHEMA, GENE_SCHEMA, Annotation
from expressway.warehouse import export
from tests.conftest import ROOT
from tests.warehouse.studies import GENES, change_cell, sample_names, values, write_download

STUDY = "GSE900001"
NAMES = sample_names(9)
FOLLOW_UP = NAMES[4]


@pytest.fixture
def matrix() -> np.ndarray:
    """What the study measures; one cell is missing."""
    cells = values()
    cells[3, 1] = np.nan
    return cells


@pytest.fixture
def loaded(warehouse_url: str, tmp_path: Path, matrix: np.ndarray) -> Iterator[Warehouse]:
    """A warehouse with a study of which one sample is excluded, and with another study beside it."""
    folder = tmp_path / "studies"
    write_download(folder / "a", STUDY, matrix=matrix, titles={FOLLOW_UP: "Septic shock patient, follow-up"})
    write_download(folder / "b", "GSE900002", matrix=values(seed=2))
    with open_warehouse(warehouse_url) as warehouse:
        assert warehouse.load(folder / "a", folder / "b").ok
        warehouse.load_genes(symbols({GENES[0]: "TP53"}))
        yield warehouse


def symbols(by_id: dict[str, str]) -> Annotation:
    genes = pl.DataFrame({"gene_id": list(by_id), "gene_symbol": list(by_id.values())})
    rest = [pl.lit(None, dtype).alias(name) for name, dtype in GENE_SCHEMA.items() if name not in genes.columns]
    genes = genes.with_columns(rest).select(GENE_SCHEMA.names())
    return Annotation("HOMO_SAPIENS", "made for tests", genes, ALIAS_SCHEMA.to_frame())


def kept(matrix: np.ndarray) -> np.ndarray:
    """The columns of the samples that are not excluded."""
    return np.delete(matrix, NAMES.index(FOLLOW_UP), axis=1)


def as_matrix(long: pl.DataFrame, column: str) -> np.ndarray:
    wide = long.pivot("sample_accession_code", index="gene_id", values=column).sort("gene_id")
    return wide.select(sorted(long["sample_accession_code"].unique())).to_numpy()


def test_long_files_hold_the_matrix_and_its_labels(loaded: Warehouse, tmp_path: Path, matrix: np.ndarray) -> None:
    long = loaded.expression(STUDY)
    for target, read in readers(tmp_path, long):
        assert loaded.export_expression(STUDY, target) == 60 * 8
        assert read(target).equals(long)
    assert pl.read_parquet(tmp_path / "out[1].parquet", glob=False).schema == long.schema
    np.testing.assert_array_equal(as_matrix(long, "expression_value_raw"), kept(matrix))
    assert long["expression_value_raw"].null_count() == 1
    assert long.equals(long.sort("gene_id", "sample_accession_code"))
    labels = dict(long.select("sample_accession_code", "illness_label").unique().rows())
    assert [labels[name] for name in NAMES[:3]] == ["CONTROL", "SEPSIS", "SEPTIC_SHOCK"]
    assert FOLLOW_UP not in labels
    assert set(long.filter(gene_id=GENES[0])["gene_symbol"]) == {"TP53"}
    assert set(long["study_accession_code"]) == {STUDY}


def readers(folder: Path, like: pl.DataFrame) -> list[tuple[Path, Callable[[Path], pl.DataFrame]]]:
    """Files of rows, and how each is read back."""
    return [
        (folder / "out[1].parquet", lambda path: pl.read_parquet(path, glob=False)),
        (folder / "out*.csv", lambda path: pl.read_csv(path, schema=like.schema, glob=False)),
    ]


def test_blocks_of_any_size_give_the_same_rows(
    loaded: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = loaded.expression(STUDY)
    for cells in (100, 8 * 59):
        monkeypatch.setattr(export, "CELLS_AT_ONCE", cells)
        assert loaded.expression(STUDY).equals(whole)
        for target, read in readers(tmp_path, whole):
            loaded.export_expression(STUDY, target)
            assert read(target).equals(whole)


def test_gene_keys_in_another_order_than_gene_ids(
    warehouse_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first study brings the later half of the genes: keys and ids are sorted differently."""
    write_download(tmp_path / "a", "GSE900002", matrix=values()[30:], genes=GENES[30:])
    write_download(tmp_path / "b", STUDY, samples=sample_names(9, 50))
    monkeypatch.setattr(export, "CELLS_AT_ONCE", 100)
    with open_warehouse(warehouse_url) as warehouse:
        assert warehouse.load(tmp_path / "a", tmp_path / "b").ok
        long = warehouse.expression(STUDY)
    assert long["gene_id"].unique(maintain_order=True).to_list() == GENES
    np.testing.assert_array_equal(as_matrix(long, "expression_value_raw"), values())


@pytest.mark.parametrize("engine", ["duckdb"])
def test_anndata_has_layers_labels_and_symbols(loaded: Warehouse, tmp_path: Path, matrix: np.ndarray) -> None:
    anndata = pytest.importorskip("anndata", reason="the extra h5ad is not installed")
    target = tmp_path / "out.h5ad"
    assert loaded.export_expression(STUDY, target) == 60 * 8

    data = anndata.read_h5ad(target)
    long = loaded.expression(STUDY)
    assert list(data.obs_names) == [name for name in NAMES if name != FOLLOW_UP]
    assert list(data.var_names) == GENES
    np.testing.assert_array_equal(data.layers["raw"], kept(matrix).T)
    np.testing.assert_array_equal(data.X, as_matrix(long, "expression_value").T)
    assert list(data.obs["illness_label"][:3]) == ["CONTROL", "SEPSIS", "SEPTIC_SHOCK"]
    assert list(data.obs["sample_title"][:1]) == ["Healthy control 0"]
    assert list(data.var["gene_symbol"][:2]) == ["TP53", ""]
    assert data.uns["study_accession_code"] == STUDY
    assert data.uns["batch_id"] == loaded.studies()["batch_id"][0]


@pytest.mark.parametrize("engine", ["duckdb"])
def test_an_export_follows_a_correction(loaded: Warehouse, tmp_path: Path) -> None:
    target = tmp_path / "out.parquet"
    loaded.export_expression(STUDY, target)
    change_cell(tmp_path / "studies/a" / STUDY / f"{STUDY}.tsv", 2, 1, "4.25")
    assert loaded.load(tmp_path / "studies/a").ok

    loaded.export_expression(STUDY, target)

    assert pl.read_parquet(target)["expression_value_raw"][0] == 4.25


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Warehouse]:
    """A DuckDB warehouse with one study."""
    write_download(tmp_path / "studies", STUDY)
    with open_warehouse(f"duckdb:///{tmp_path}/w.duckdb") as warehouse:
        warehouse.load(tmp_path / "studies")
        yield warehouse


@pytest.mark.parametrize("name", ["out.xlsx", "out.csv.gz", "out", "out.h5"])
def test_another_suffix_is_refused_with_those_that_are_known(name: str, one: Warehouse, tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="cannot export") as refused:
        one.export_expression(STUDY, tmp_path / name)
    assert refused.value.hint == "Use one of .parquet, .csv, .h5ad."
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".h5ad"])
def test_a_place_that_cannot_be_written_is_told(suffix: str, one: Warehouse, tmp_path: Path) -> None:
    folder = tmp_path / f"folder{suffix}"
    folder.mkdir()
    (folder / "inside").touch()
    for target in (tmp_path / "missing" / f"out{suffix}", folder, folder / "inside" / f"out{suffix}"):
        with pytest.raises(InvalidSetting, match="cannot write") as refused:
            one.export_expression(STUDY, target)
        assert refused.value.value == str(target)
    assert [path.name for path in folder.iterdir()] == ["inside"]
    assert not list(tmp_path.glob("*out*"))
    assert not list(tmp_path.glob(".*")), "nothing half-written stays beside the target"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_told(one: Warehouse, tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0o500)
    with pytest.raises(InvalidSetting, match="Permission denied"):
        one.export_expression(STUDY, tmp_path / "locked" / "out.csv")


def test_unknown_and_refused_studies_write_nothing(one: Warehouse, tmp_path: Path) -> None:
    change_cell(write_download(tmp_path / "bad", "GSE900002"), 4, 2, "n.d.")
    one.load(tmp_path / "bad")
    for study in ("GSE1", "GSE900002"):
        with pytest.raises(UnknownStudyOrDisease, match=f"{study}.*loaded: {STUDY}"):
            one.export_expression(study, tmp_path / "out.csv")
    assert not list(tmp_path.glob("*out.csv*"))


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".h5ad"])
def test_a_study_without_any_sample_for_analyses_is_refused(suffix: str, tmp_path: Path) -> None:
    write_download(tmp_path / "s", STUDY, titles=dict.fromkeys(NAMES, "Septic shock patient, follow-up"))
    with open_warehouse(f"duckdb:///{tmp_path}/w.duckdb") as warehouse:
        warehouse.load(tmp_path / "s")
        assert warehouse.expression(STUDY).is_empty()
        with pytest.raises(InvalidSetting, match="every sample"):
            warehouse.export_expression(STUDY, tmp_path / f"out{suffix}")
    assert not (tmp_path / f"out{suffix}").exists()


def test_the_file_has_the_permissions_of_any_other(one: Warehouse, tmp_path: Path) -> None:
    (tmp_path / "ordinary").touch()
    for suffix in (".parquet", ".csv"):
        one.export_expression(STUDY, tmp_path / f"out{suffix}")
        modes = {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("ordinary", f"out{suffix}")}
        assert len(modes) == 1, "colleagues may read what umask lets them read"


FULL = """
import resource, signal, sys
from pathlib import Path
from expressway import open_warehouse
from expressway.errors import NoSpaceLeft
with open_warehouse(sys.argv[1]) as warehouse:
    warehouse.studies()
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    for target in sys.argv[2:]:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, resource.RLIM_INFINITY))
        try:
            warehouse.export_expression("GSE900001", target)
        except NoSpaceLeft as error:
            print(error.value)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
"""


def test_a_full_disk_leaves_what_was_there(one: Warehouse, tmp_path: Path) -> None:
    one.close()
    targets = [tmp_path / f"out{suffix}" for suffix in (".parquet", ".csv", ".h5ad")]
    for target in targets:
        target.write_text("from before")

    command = [sys.executable, "-B", "-c", FULL, f"duckdb:///{tmp_path}/w.duckdb", *map(str, targets)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(ROOT / "src")})

    assert done.stdout.split() == [str(target) for target in targets], done.stderr
    assert done.returncode == 0, "HDF5 took the process down"
    assert [target.read_text() for target in targets] == ["from before"] * 3
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["out.csv", "out.h5ad", "out.parquet", "studies", "w.duckdb"]
