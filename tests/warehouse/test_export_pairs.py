"""Is an export of pairs the same bytes whichever engine stored them, and does its manifest say where it comes from?"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from expressway.coexpression.catalog import Q_COLUMNS, Q_STRICT, features
from expressway.errors import InvalidSetting
from expressway.warehouse.pairs import export
from expressway.warehouse.pairs.export import export_pairs
from tests.warehouse.pair_frames import HUMAN, RNA, SEPSIS, open_pairs, pair_frame, publish_pairs, published

NAMES = [feature.name for feature in features()]


def exported(url: str, pairs: pl.DataFrame, target: Path, times: int = 1) -> bytes:
    with open_pairs(url) as (engine, connection):
        for _ in range(times):
            publish_pairs(engine, connection, published(pairs))
        assert export_pairs(connection, SEPSIS, RNA, HUMAN, target) == pairs.height
    return target.read_bytes()


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_equal_pairs_give_equal_bytes(
    suffix: str, duckdb_url: str, postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = pair_frame(300)
    target = tmp_path / f"pairs.{suffix}"
    first = exported(duckdb_url, pairs, target)
    assert exported(duckdb_url, pairs.sample(fraction=1, shuffle=True, seed=3), target, times=2) == first
    monkeypatch.setattr(export, "BLOCK", 70)
    monkeypatch.setattr(export, "STORED", export.STORED.replace("LIMIT 20000", "LIMIT 70"))
    assert exported(postgresql_url, pairs, target) == first


def test_ids_with_bars_lose_no_pair_between_two_queries(
    warehouse_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "BLOCK", 1)
    monkeypatch.setattr(export, "STORED", export.STORED.replace("LIMIT 20000", "LIMIT 1"))
    pairs = pair_frame(4).with_columns(pair_uid=pl.Series(["A|B|C", "A|B|C", "A|B|C", "B|C"]))
    exported(warehouse_url, pairs, tmp_path / "pairs.parquet")
    found = pl.read_parquet(tmp_path / "pairs.parquet")
    assert found["pair_uid"].to_list() == pairs["pair_uid"].to_list()
    assert sorted(found["geneB"]) == sorted(pairs["geneB"])


def test_the_file_holds_the_pairs_as_they_were_published(warehouse_url: str, tmp_path: Path) -> None:
    pairs = pair_frame(200)
    exported(warehouse_url, pairs, tmp_path / "pairs.parquet")
    found = pl.read_parquet(tmp_path / "pairs.parquet")
    columns = ["pair_uid", "geneA", "geneB", *NAMES, *(f"{name}_bound" for name in Q_COLUMNS)]
    columns += [Q_STRICT, f"{Q_STRICT}_bound"]
    assert found.columns == [
        *columns[:3],
        "geneA_symbol",
        "geneB_symbol",
        "disease",
        "technology",
        "organism",
        *columns[3:],
    ]
    assert_frame_equal(
        found.select(columns), pairs.sort("pair_uid").select(columns), check_exact=True, check_dtypes=False
    )
    assert found.row(0, named=True)["geneA_symbol"] == "SYM1"
    assert set(found.select("disease", "technology", "organism").rows()) == {("SEPSIS", RNA, HUMAN)}


def test_the_manifest_leads_to_the_files_settings_and_papers(warehouse_url: str, tmp_path: Path) -> None:
    content = exported(warehouse_url, pair_frame(3), tmp_path / "pairs.csv")
    manifest = json.loads((tmp_path / "pairs.csv.manifest.json").read_text(encoding="utf-8"))
    assert manifest["file"] == "pairs.csv"
    assert manifest["sha256"] == hashlib.sha256(content).hexdigest()
    assert (manifest["disease"], manifest["technology"], manifest["pairs"]) == ("SEPSIS", RNA, 3)
    assert (manifest["pairs_tested"], manifest["status"]) == (780, "CURRENT")
    assert manifest["settings"]["tau2_method"] == "DL"
    assert manifest["versions"] == {"expressway": "0"}
    assert len(manifest["feature_run_id"]) == 36
    assert manifest["inputs"] == [
        {
            "study": "GSE1",
            "batch_id": f"{1:064d}",
            "file_name": "GSE1.tsv",
            "file_hash": "h" * 64,
            "container_hash": None,
            "metadata_hash": "h" * 64,
        }
    ]
    assert any(paper.startswith("DerSimonian R, Laird N (1986)") for paper in manifest["citations"])


def test_anndata_has_pairs_by_features(duckdb_url: str, tmp_path: Path) -> None:
    anndata = pytest.importorskip("anndata")
    pairs = pair_frame(6)
    exported(duckdb_url, pairs, tmp_path / "pairs.h5ad")
    data = anndata.read_h5ad(tmp_path / "pairs.h5ad")
    assert data.shape == (6, 134)
    assert list(data.obs_names) == sorted(pairs["pair_uid"])
    assert list(data.var_names) == NAMES
    column = pl.Series(data[:, "dz_ss_se"].X.ravel()).fill_nan(None).to_list()
    assert column == pairs.sort("pair_uid")["dz_ss_se"].to_list()
    assert data.uns["technology"] == RNA
    assert set(data.obs["q_ss_bound"]) | set(data.obs["q_star_strict_bound"]) <= {"true", "false"}
    strict = pl.Series(data.obs["q_star_strict"].to_numpy()).fill_nan(None).to_list()
    assert strict == pairs.sort("pair_uid")["q_star_strict"].to_list()


def test_what_cannot_be_exported_is_refused(duckdb_url: str, tmp_path: Path) -> None:
    with open_pairs(duckdb_url) as (_, connection):
        with pytest.raises(InvalidSetting, match=r"cannot export to \.xlsx"):
            export_pairs(connection, SEPSIS, RNA, HUMAN, tmp_path / "pairs.xlsx")
        with pytest.raises(InvalidSetting, match="no pairs are stored") as caught:
            export_pairs(connection, SEPSIS, RNA, HUMAN, tmp_path / "pairs.csv")
        assert "expressway aggregate" in caught.value.hint
        assert list(tmp_path.glob("pairs*")) == []


def test_a_folder_that_is_not_there_is_told(duckdb_url: str, tmp_path: Path) -> None:
    with open_pairs(duckdb_url) as (engine, connection):
        publish_pairs(engine, connection, published(pair_frame(3)))
        with pytest.raises(InvalidSetting, match="cannot write"):
            export_pairs(connection, SEPSIS, RNA, HUMAN, tmp_path / "nowhere" / "pairs.csv")
