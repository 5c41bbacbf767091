"""The quality score of a batch, outlying samples, repeated subjects, QC figures."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expressway.studies.profile import Repeats
from expressway.studies.quality import WEIGHTS, outlier_samples, repeated_subjects, score_quality, study_qc
from expressway.studies.study import DownloadFlags, Label, Sample, StudyInfo
from expressway.studies.transform import make_transform
from expressway.studies.units import decide_units
from tests.studies.profiles import profile_at, profile_of

RNA_SEQ = StudyInfo("SRP1", technology="RNA-SEQ")
TODAY = date(2026, 1, 1)
RNG = np.random.default_rng(3)


@contextmanager
def study(values, tag="LOG2", flags=DownloadFlags(), info=RNA_SEQ):  # noqa: B008 - frozen
    """(profile, units, transform) of a matrix."""
    with profile_of(values) as profile:
        units = decide_units(profile, flags, info, declared=tag)
        yield profile, units, make_transform(profile, units)


def sheet(names, **fields):
    described = {"title": "t", "platform": "p", "organism": "o", **fields}
    return [Sample(name, **described) for name in names]


def labelled(*illnesses):
    return [Label(illness, "TITLE") for illness in illnesses]


def scored(values, *, tag="LOG2", samples=None, labels=None, created_at="", **given):
    flags, profile_changes = given.pop("flags", DownloadFlags()), given.pop("profile", {})
    with study(values, tag, flags) as (profile, units, transform):
        for name, change in profile_changes.items():
            setattr(profile, name, change)
        arguments = {"matrix_samples": profile.samples, "metadata_samples": profile.samples, **given}
        return score_quality(
            profile,
            units,
            transform,
            sheet(profile.samples) if samples is None else samples,
            labelled(*["SEPSIS"] * len(profile.samples)) if labels is None else labels,
            created_at=created_at,
            today=TODAY,
            **arguments,
        )


def similar(genes=200, samples=12):
    """Samples that differ by noise only."""
    return RNG.normal(8, 2, (genes, 1)) + RNG.normal(0, 0.2, (genes, samples))


VALUES = similar()


def test_a_perfect_batch_scores_100():
    quality = scored(VALUES, created_at="2025-09-19T14:14:41")
    assert quality.score == 100
    assert quality.parts == dict.fromkeys(WEIGHTS, 100)
    assert quality.outlier_samples == ()


def test_weights_add_up():
    assert sum(WEIGHTS.values()) == pytest.approx(1)


def test_completeness_counts_missing_cells_and_undescribed_samples():
    values = VALUES.copy()
    values[:20, :6] = np.nan
    samples = [
        *sheet([f"s{i}" for i in range(9)]),
        Sample("s9", title="t", platform="p"),
        Sample("s10", title="t", organism="o"),
        Sample("s11", platform="p", organism="o"),
    ]
    part = scored(values, samples=samples).parts["completeness"]
    assert part == pytest.approx(70 * (1 - 120 / 2400) + 30 * 9 / 12)


def test_validity_counts_rejected_cells_and_cells_out_of_domain():
    assert scored(VALUES, profile={"rejected_count": 240}).parts["validity"] == pytest.approx(90)
    values = VALUES.copy()
    values[:10, 0] = -1
    assert scored(values, tag="COUNTS").parts["validity"] == pytest.approx(100 * (1 - 10 / 2400), abs=0.005)
    assert scored(values, tag="LOG2").parts["validity"] == 100


def test_consistency_is_the_share_of_samples_on_both_sides():
    part = scored(VALUES, matrix_samples=["a", "b", "c"], metadata_samples=["b", "c", "d"]).parts["consistency"]
    assert part == 50


def test_a_unit_contradiction_costs_25_of_consistency():
    counts = RNG.poisson(50, (200, 12)).astype(float)
    flags = DownloadFlags(quantile_normalized=True)
    assert scored(counts, tag=None, flags=flags).parts["consistency"] == 75
    assert scored(counts, tag="COUNTS", flags=flags).parts["consistency"] == 100
    nothing_shared = {"matrix_samples": ["a"], "metadata_samples": ["b"]}
    assert scored(counts, tag=None, flags=flags, **nothing_shared).parts["consistency"] == 0


def test_accuracy_counts_labels_and_outliers():
    values = VALUES.copy()
    values[:, 4] += 9
    quality = scored(values, labels=labelled(*["CONTROL"] * 9, *["UNKNOWN"] * 3))
    assert quality.outlier_samples == ("s4",)
    assert quality.parts["accuracy"] == pytest.approx(50 * 9 / 12 + 50 * 11 / 12, abs=0.01)


def test_uniqueness_counts_genes_and_subjects():
    samples = [
        replace(s, subject=f"patient {i // 2}" if i < 4 else f"patient {i}")
        for i, s in enumerate(sheet([f"s{i}" for i in range(12)]))
    ]
    repeats = {"duplicate_genes": Repeats(10, ("g1",)), "duplicate_vectors": 6}
    part = scored(VALUES, samples=samples, profile=repeats).parts["uniqueness"]
    assert part == pytest.approx(100 * (1 - 16 / 200 - 2 / 12), abs=0.01)
    assert scored(VALUES, profile={"duplicate_genes": Repeats(500, ("g1",))}).parts["uniqueness"] == 0


@pytest.mark.parametrize(
    ("created_at", "expected"),
    [
        ("2026-01-01", 100),
        ("2027-05-01", 100),
        ("2025-01-02T10:00:00", 100),
        ("2025-01-02T10:00:00Z", 100),
        ("2020-07-02", pytest.approx(50, abs=0.1)),
        ("2016-01-01", pytest.approx(0, abs=0.1)),
        ("1999-01-01", 0),
        ("", None),
        ("last week", None),
    ],
)
def test_timeliness_falls_from_one_year_to_ten(created_at, expected):
    assert scored(VALUES, created_at=created_at).parts["timeliness"] == expected


def test_parts_that_do_not_apply_share_out_their_weight():
    quality = scored(VALUES, created_at="", matrix_samples=["a", "b"], metadata_samples=["a"])
    assert quality.parts["timeliness"] is None
    assert quality.score == pytest.approx(100 - 50 * 0.20 / 0.95, abs=0.005)


def test_only_timeliness_changes_with_the_day():
    values = similar()
    with study(values) as (profile, units, transform):
        names = profile.samples
        one, other = (
            score_quality(
                profile,
                units,
                transform,
                sheet(names),
                labelled(*["SEPSIS"] * 12),
                matrix_samples=names,
                metadata_samples=names,
                created_at="2020-01-01",
                today=day,
            )
            for day in (date(2024, 1, 1), date(2026, 1, 1))
        )
    assert {**one.parts, "timeliness": 0} == {**other.parts, "timeliness": 0}
    assert one.score > other.score


@given(st.integers(0, 2**32 - 1))
def test_score_and_parts_stay_between_0_and_100(seed):
    rng = np.random.default_rng(seed)
    values = rng.normal(0, 50, (rng.integers(1, 30), rng.integers(1, 8)))
    values[rng.random(values.shape) < rng.random()] = rng.choice([np.nan, 0.0])
    quality = scored(values, tag=rng.choice(["COUNTS", "TPM", "LOG2", "INTENSITY", "QN_TARGET"]))
    figures = [quality.score, *(part for part in quality.parts.values() if part is not None)]
    assert all(0 <= figure <= 100 for figure in figures)


@pytest.mark.parametrize(
    "change",
    [
        lambda column: column + 3,
        lambda column: column.mean() + 3 * (column - column.mean()),
        lambda column: np.roll(column, 7),
    ],
    ids=["median", "iqr", "correlation"],
)
def test_outliers_by_each_figure(change):
    values = similar()
    values[:, 3] = change(values[:, 3])
    with study(values) as (profile, _, transform):
        assert outlier_samples(profile, transform) == ("s3",)


def test_sequencing_depth_makes_no_outlier():
    counts = RNG.poisson(RNG.gamma(1, 400, (400, 1)) * np.ones(12)).astype(float)
    counts[:, 5] = RNG.poisson(counts[:, 5] * 20)
    with study(counts, "COUNTS") as (profile, _, transform):
        assert outlier_samples(profile, transform) == ()
    with study(counts) as (profile, _, transform):
        assert outlier_samples(profile, transform) == ("s5",)


def test_quantile_normalised_samples_have_no_outliers_by_rounding():
    target = np.sort(RNG.gamma(2, 3, 300))
    order = RNG.normal(0, 1, (300, 1)) + RNG.normal(0, 0.1, (300, 10))
    values = target[np.argsort(np.argsort(order, axis=0), axis=0)]
    values[:, 2] *= 1 + 1e-9
    values[:, 7] += 0.001
    with study(values, "QN_TARGET") as (profile, _, transform):
        assert outlier_samples(profile, transform) == ()
    values[:, 7] += 3
    with study(values, "QN_TARGET") as (profile, _, transform):
        assert outlier_samples(profile, transform) == ("s7",)


def test_identical_samples_have_no_outliers():
    with study(np.tile(RNG.normal(8, 2, (100, 1)), 8)) as (profile, _, transform):
        assert outlier_samples(profile, transform) == ()


def test_a_sample_without_reads_is_an_outlier():
    counts = RNG.poisson(50, (300, 8)).astype(float)
    counts[:, 6] = 0
    with study(counts, "COUNTS") as (profile, _, transform):
        assert "s6" in outlier_samples(profile, transform)


@pytest.mark.parametrize("samples", [1, 2, 4])
def test_few_samples_are_not_screened(samples):
    values = similar(samples=samples)
    values[:, 0] += 50
    with study(values) as (profile, _, transform):
        assert outlier_samples(profile, transform) == ()


def subjects(*names, tissue=None, cell_line=None, times=None):
    return [
        Sample(f"s{i}", subject=name, tissue=tissue, cell_line=cell_line, time=times[i] if times else None)
        for i, name in enumerate(names)
    ]


def test_repeated_subjects_are_grouped_in_the_words_of_the_first():
    samples = subjects("Patient-1", "patient 1", "patient 2", None, "", "NA", "NA", "patient 3", "patient_2")
    assert repeated_subjects(samples) == {"Patient-1": ["s0", "s1"], "patient 2": ["s2", "s8"]}


def test_a_tissue_is_no_subject():
    assert repeated_subjects(subjects("pbmc", "pbmc", "p1", "p2", "p3", "p4", "p5", tissue="PBMC")) == {}
    assert repeated_subjects(subjects("CD8", "cd8", "p1", "p2", "p3", "p4", "p5", tissue="cd8 t cell")) == {}
    assert repeated_subjects(subjects("k562", "k562", "a", "b", "c", cell_line="K562")) == {}
    kept = repeated_subjects(subjects("pbmc 7", "pbmc 7", "p1", "p2", "p3", tissue="pbmc"))
    assert kept == {"pbmc 7": ["s0", "s1"]}


def test_a_value_of_more_than_half_of_the_samples_shows_that_the_field_names_no_subjects():
    assert repeated_subjects(subjects("muscle", "muscle", "muscle", "liver", "liver")) == {}
    assert repeated_subjects(subjects("a", "a", "b", "b")) == {"a": ["s0", "s1"], "b": ["s2", "s3"]}


def test_large_groups_at_one_time_point_are_no_subjects():
    names = [f"tcm {i % 3}" for i in range(60)]
    assert repeated_subjects(subjects(*names)) == {}
    assert len(repeated_subjects(subjects(*names, times=[f"day {i // 3}" for i in range(60)]))) == 3


REAL_SUBJECTS = {
    "SRP164913": 0,
    "SRP070849": 0,
    "metadata_only/ERP105501": 0,
    "metadata_only/SRP018853": 0,
    "metadata_only/SRP075806": 0,
    "metadata_only/SRP125001": 27,
    "metadata_only/SRP158491": 0,
    "metadata_only/SRP201011": 0,
}


@pytest.mark.parametrize("folder", REAL_SUBJECTS)
def test_subjects_of_real_downloads(data_dir, folder):
    records = json.loads((data_dir / folder / "aggregated_metadata.json").read_text(encoding="utf-8"))["samples"]
    samples = [
        Sample(name, subject=r["refinebio_subject"], tissue=r["refinebio_specimen_part"], time=r["refinebio_time"])
        for name, r in records.items()
    ]
    assert len(repeated_subjects(samples)) == REAL_SUBJECTS[folder]


def test_qc_figures_of_counts():
    counts = np.array([[0.0, 10.0, 4.0], [3.0, np.nan, 0.0]])
    flags = DownloadFlags(ks_statistic=0.3, ks_pvalue=0.01, ks_warning="failed", quant_sf_only=False)
    with study(counts, "COUNTS", flags) as (profile, units, transform):
        qc = study_qc(profile, flags, units, transform)
    assert json.loads(json.dumps(qc, allow_nan=False))
    assert qc.pop("unit_evidence")[0]["outcome"] == "COUNTS: declared"
    assert qc == {
        "ks_statistic": 0.3,
        "ks_pvalue": 0.01,
        "ks_warning": "failed",
        "quantile_normalized": None,
        "quant_sf_only": False,
        "library_size_min": 3.0,
        "library_size_median": 4.0,
        "library_size_max": 10.0,
        "zero_share": 0.4,
        "tied_floor_share": 0.0,
    }


def test_library_sizes_mean_nothing_for_logs():
    with study(VALUES) as (profile, units, transform):
        qc = study_qc(profile, DownloadFlags(), units, transform)
    assert qc["library_size_min"] is qc["library_size_median"] is qc["library_size_max"] is None


def test_qc_of_a_matrix_without_values_is_json():
    with study(np.full((12, 3), np.nan), "TPM") as (profile, units, transform):
        qc = study_qc(profile, DownloadFlags(), units, transform)
    assert json.dumps(qc, allow_nan=False)
    assert qc["zero_share"] is None


def test_quality_of_a_real_download(data_dir):
    flags = DownloadFlags(aggregate_by="EXPERIMENT", quantile_normalized=True, created_at="2024-09-19T14:14:41")
    with profile_at(data_dir / "SRP164913" / "SRP164913" / "SRP164913.tsv.gz") as profile:
        units = decide_units(profile, flags, RNA_SEQ, declared=None)
        transform = make_transform(profile, units)
        qc = study_qc(profile, flags, units, transform)
        quality = score_quality(
            profile,
            units,
            transform,
            sheet(profile.samples, subject="pbmc", tissue="pbmc"),
            labelled(*["UNKNOWN"] * 44, *["CONTROL"] * 44),
            matrix_samples=profile.samples,
            metadata_samples=profile.samples,
            created_at=flags.created_at,
            today=TODAY,
        )
    assert qc["tied_floor_share"] == pytest.approx(0.982, abs=0.001)
    assert quality.parts["completeness"] == quality.parts["validity"] == quality.parts["consistency"] == 100
    assert quality.parts["uniqueness"] > 90
    assert 85 < quality.score < 100
