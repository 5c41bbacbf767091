from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy.stats import rankdata

import expressway
from expressway.errors import InvalidSetting, NoSpaceLeft
from expressway.studies.discovery import SourceOptions, StudySource, discover
from expressway.studies.illness import label_samples
from expressway.studies.ruleset import load_ruleset
from expressway.studies.simulate import SimulationSummary, simulate
from expressway.studies.simulation_model import COHORTS, RHO, normalise, target_curve
from expressway.studies.study import Sample

FloatArray = NDArray[np.float64]


def small(target: Path, *, studies: int = 2, genes: int = 120, samples: int = 12, seed: int = 1) -> SimulationSummary:
    return simulate(target, studies=studies, genes=genes, samples=samples, seed=seed)


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def matrix(summary: SimulationSummary, accession: str) -> tuple[list[str], list[str], FloatArray]:
    table = pl.read_csv(summary.path / accession / f"{accession}.tsv", separator="\t")
    return table["Gene"].to_list(), table.columns[1:], table.drop("Gene").to_numpy()


def truth(summary: SimulationSummary) -> pl.DataFrame:
    return pl.read_csv(summary.path / "truth.tsv", separator="\t")


def cohorts(summary: SimulationSummary, accession: str, runs: list[str]) -> NDArray[np.str_]:
    found: dict[str, str] = read_json(summary, "truth.json")["cohorts"][accession]
    return np.array([found[run] for run in runs])


def read_json(summary: SimulationSummary, name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((summary.path / name).read_text(encoding="utf-8"))
    return content


def defloored(values: FloatArray) -> FloatArray:
    floors = values.min(axis=0)
    return np.where(values > floors, values, floors.min())


def spearman(values: FloatArray) -> FloatArray:
    """Coefficients of all pairs of rows; NaN where a row is constant."""
    ranks = rankdata(values, axis=1)
    ranks -= ranks.mean(axis=1, keepdims=True)
    norm = np.sqrt((ranks**2).sum(axis=1))
    norm[norm == 0] = np.nan
    coefficients: FloatArray = ranks @ ranks.T / np.outer(norm, norm)
    return coefficients


@pytest.fixture(scope="module")
def five(tmp_path_factory: pytest.TempPathFactory) -> SimulationSummary:
    return simulate(tmp_path_factory.mktemp("simulated") / "download")


def test_download_has_the_layout_of_refine_bio(five: SimulationSummary) -> None:
    assert five.accessions == tuple(f"SRP90100{number}" for number in range(1, 6))
    for accession in five.accessions:
        genes, runs, values = matrix(five, accession)
        assert values.shape == (3000, 90)
        assert np.isfinite(values).all()
        assert len(set(genes)) == 3000
        assert all(len(gene) == 15 and gene.startswith("ENSG0090") for gene in genes)
        metadata = (five.path / accession / f"metadata_{accession}.tsv").read_bytes()
        assert metadata.count(b"\r\n") == metadata.count(b"\n") == 91
        table = pl.read_csv(metadata, separator="\t")
        assert table["refinebio_accession_code"].to_list() == runs
    flags = read_json(five, "aggregated_metadata.json")
    experiments, samples = flags.pop("experiments"), flags.pop("samples")
    assert set(experiments) == set(five.accessions)
    assert len(samples) == 450
    assert {code for study in experiments.values() for code in study["sample_accession_codes"]} == set(samples)
    assert {study["technology"] for study in experiments.values()} == {"RNA-SEQ"}
    assert flags == {
        "aggregate_by": "EXPERIMENT", "created_at": "2024-01-02T00:01:01", "ks_pvalue": 1.0, "ks_statistic": 0.0,
        "ks_warning": None, "num_experiments": 5, "num_samples": 450, "quant_sf_only": False,
        "quantile_normalized": True, "scale_by": "NONE",
    }  # fmt: skip


def test_words_of_every_sample_tell_its_cohort(five: SimulationSummary) -> None:
    content = read_json(five, "aggregated_metadata.json")
    methods = set()
    for accession in five.accessions:
        runs = content["experiments"][accession]["sample_accession_codes"]
        samples = [
            Sample(run, content["samples"][run]["refinebio_title"], source=content["samples"][run]) for run in runs
        ]
        labels = label_samples(samples, load_ruleset("sepsis_v1"), {})
        expected = cohorts(five, accession, runs)
        assert [label.illness for label in labels] == ["UNKNOWN" if c == "FOLLOW_UP" else c for c in expected]
        assert [label.exclude for label in labels] == list(expected == "FOLLOW_UP")
        methods |= {label.method for label in labels}
    assert methods == {"FIELD", "TITLE"}


def test_reader_of_downloads_finds_the_studies_and_nothing_else(five: SimulationSummary) -> None:
    found = discover(five.path, lambda accession: SourceOptions())
    assert [study.info.accession for study in found if isinstance(study, StudySource)] == list(five.accessions)
    assert len(found) == 5


def test_cohorts_are_thirds(five: SimulationSummary) -> None:
    found = read_json(five, "truth.json")["cohorts"]
    sizes = {name: [list(study.values()).count(cohort) for cohort in COHORTS] for name, study in found.items()}
    assert sizes.pop("SRP901002") == [30, 29, 29]
    assert all(size == [30, 30, 30] for size in sizes.values())


def test_planted_correlation_survives_in_the_written_values(five: SimulationSummary) -> None:
    planted = truth(five)
    assert dict(five.planted) == {"gain": 20, "loss": 10, "flip": 10, "decoy": 20, "module": 45}
    assert planted["pair_uid"].is_unique().all()
    names = {*planted["gene_a"], *planted["gene_b"]}
    measured: dict[str, list[FloatArray]] = {kind: [] for kind in RHO}
    for accession in five.accessions:
        genes, runs, values = matrix(five, accession)
        rows = [row for row, gene in enumerate(genes) if gene in names]
        place = {genes[row]: i for i, row in enumerate(rows)}
        labels = cohorts(five, accession, runs)
        by_cohort = [spearman(defloored(values)[rows][:, labels == cohort]) for cohort in COHORTS]
        for kind, found in measured.items():
            pairs = planted.filter(pl.col("kind") == kind)
            a, b = ([place[gene] for gene in pairs[name]] for name in ("gene_a", "gene_b"))
            found.append(np.array([r[a, b].mean() for r in by_cohort]))
    for kind, found in measured.items():
        control, sepsis, shock = np.mean(found, axis=0)
        # Counting noise and the step from z to ranks cost about a tenth.
        assert np.allclose([control, sepsis, shock], RHO[kind], atol=0.13)
        if kind == "decoy":
            assert abs(shock - sepsis) < 0.05
            assert abs(shock - control) < 0.05
        else:
            assert abs(shock - sepsis) > 0.5
            assert abs(shock - control) > 0.5


def test_floors_make_silent_genes_look_correlated_until_they_are_equal(five: SimulationSummary) -> None:
    planted = {gene for name in ("gene_a", "gene_b") for gene in truth(five)[name]}
    genes, runs, values = matrix(five, five.accessions[0])
    detected = values > values.min(axis=0)
    assert ((~detected).sum(axis=0) > 0.2 * len(genes)).all()
    assert np.unique(values.min(axis=0)).size > 30, "every sample has a floor of its own"
    free = np.array([gene not in planted for gene in genes])
    share = detected.mean(axis=1)
    some = cohorts(five, five.accessions[0], runs) == "SEPSIS"

    def typical(low: float, high: float, table: FloatArray) -> float:
        r = spearman(table[free & (share >= low) & (share <= high)][:, some])
        return float(np.nanmedian(r[np.triu_indices_from(r, 1)]))

    assert typical(0.01, 0.1, values) > 0.5
    assert abs(typical(0.01, 0.1, defloored(values))) < 0.1
    assert typical(0.1, 0.3, values) > 0.2
    assert abs(typical(0.1, 0.3, defloored(values))) < 0.1
    for table in (values, defloored(values)):
        assert abs(typical(0.9, 1.0, table)) < 0.01


def test_samples_share_their_sorted_values_only_when_normalised(five: SimulationSummary, tmp_path: Path) -> None:
    _, _, values = matrix(five, five.accessions[0])
    top = np.sort(values, axis=0)[-1000:]
    assert np.ptp(top, axis=1).max() <= 0.02 * top.max()
    counts = simulate(tmp_path / "counts", studies=1, genes=3000, quantile_normalized=False)
    assert read_json(counts, "aggregated_metadata.json")["quantile_normalized"] is False
    _, _, raw = matrix(counts, counts.accessions[0])
    assert (raw.min(axis=0) == 0).all()
    assert raw.max() > 10_000
    assert raw.sum(axis=0).max() > 2 * raw.sum(axis=0).min(), "samples differ in depth"
    assert (raw == np.round(raw)).mean() < 0.6, "counts scaled by length are not whole numbers"


def test_bytes_depend_on_the_arguments_only(tmp_path: Path) -> None:
    first = digests(small(tmp_path / "a").path)
    assert digests(small(tmp_path / "deep" / "b").path) == first
    assert set(first) == {
        "LICENSE.TXT", "README.md", "aggregated_metadata.json", "truth.json", "truth.tsv",
        *(f"SRP90100{n}/{name}SRP90100{n}.tsv" for n in (1, 2) for name in ("", "metadata_")),
    }  # fmt: skip
    one = digests(small(tmp_path / "one", studies=1).path)
    assert one["SRP901001/SRP901001.tsv"] == first["SRP901001/SRP901001.tsv"]
    other = small(tmp_path / "other", seed=2)
    assert other.accessions == ("SRP902001", "SRP902002")
    assert (
        truth(other)["pair_uid"].to_list()
        != pl.read_csv(tmp_path / "a" / "truth.tsv", separator="\t")["pair_uid"].to_list()
    )


@pytest.mark.parametrize("samples", [6, 7, 16, 17, 33])
@pytest.mark.parametrize("genes", [50, 333])
def test_every_size_is_written_whole(tmp_path: Path, genes: int, samples: int) -> None:
    summary = simulate(tmp_path / "d", studies=2, genes=genes, samples=samples, seed=7)
    for accession in summary.accessions:
        assert matrix(summary, accession)[2].shape == (genes, samples)
    assert set(summary.planted) == set(RHO)
    table = truth(summary)
    assert table.select((pl.col("gene_a") < pl.col("gene_b")).all()).item()
    pairs_of_module = table.filter(pl.col("kind") == "module").select("gene_a", "gene_b").rows()
    members = sorted({gene for pair in pairs_of_module for gene in pair})
    assert pairs_of_module == list(combinations(members, 2))
    single = table.filter(pl.col("kind") != "module")
    planted = [*single["gene_a"], *single["gene_b"], *members]
    assert len(set(planted)) == len(planted), "a gene is planted once"


def test_wide_studies_are_written_in_several_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = small(tmp_path / "whole")
    monkeypatch.setattr("expressway.studies.simulate._CELLS_AT_ONCE", 7 * 12)
    assert digests(small(tmp_path / "pieces").path) == digests(whole.path)


@given(arrays(np.float64, (2, 9), elements=st.integers(0, 4).map(float)))
def test_normalising_keeps_order_and_ties(values: FloatArray) -> None:
    curve = target_curve(9)
    assert (np.diff(curve) > 0).all()
    mapped = normalise(values, curve)
    for before, after in zip(values, mapped, strict=True):
        ranks = rankdata(before)
        assert np.array_equal(rankdata(after), ranks)
        assert np.array_equal(after, curve[(2 * (ranks - 1)).astype(int)])


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    assert (small(tmp_path).path / "aggregated_metadata.json").exists()
    assert not [path for path in tmp_path.parent.iterdir() if path.name.startswith(f".{tmp_path.name}.")]


@pytest.mark.parametrize(
    "wrong", [{"studies": 0}, {"studies": 1000}, {"genes": 49}, {"samples": 5}, {"seed": -1}, {"genes": 10**7}]
)
def test_sizes_out_of_range_are_refused(tmp_path: Path, wrong: dict[str, int]) -> None:
    with pytest.raises(InvalidSetting) as caught:
        small(tmp_path / "d", **wrong)
    ((name, value),) = wrong.items()
    assert name in caught.value.message
    assert caught.value.value == str(value)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_use_and_an_unwritable_one_are_refused(tmp_path: Path) -> None:
    (tmp_path / "kept.txt").write_text("mine")
    with pytest.raises(InvalidSetting, match="not an empty folder") as caught:
        small(tmp_path)
    assert "NEW_FOLDER" in caught.value.hint
    with pytest.raises(InvalidSetting, match="not an empty folder"):
        small(tmp_path / "kept.txt")
    with pytest.raises(InvalidSetting, match="cannot write"):
        small(tmp_path / "kept.txt" / "download")
    assert [path.name for path in tmp_path.iterdir()] == ["kept.txt"]


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(NoSpaceLeft) as caught:
            small(tmp_path / "d")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "another disk" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="kills with SIGKILL")
def test_a_killed_simulation_leaves_no_download(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from expressway.studies.simulate import simulate;"
        f"simulate(Path({str(tmp_path / 'd')!r}), studies=200, genes=5000, samples=90)"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(expressway.__file__).parents[1])}
    process = subprocess.Popen([sys.executable, "-c", code], env=environment)
    try:
        until = time.monotonic() + 60
        while not list(tmp_path.glob(".d.*/download/*/*.tsv")) and time.monotonic() < until:
            assert process.poll() is None, "ended before it could be killed"
            time.sleep(0.01)
    finally:
        process.kill()
    assert process.wait() == -signal.SIGKILL
    assert not (tmp_path / "d").exists()
    assert small(tmp_path / "d").accessions == ("SRP901001", "SRP901002")
