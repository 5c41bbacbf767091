"""From file values to analysis values."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import spearmanr

from expressway.studies.study import DownloadFlags, StudyInfo
from expressway.studies.transform import StudyValues, Transform, make_transform
from expressway.studies.units import UNIT_TAGS, decide_units
from tests.studies.profiles import profile_at, profile_of, values_of

RNA_SEQ = StudyInfo("SRP1", technology="RNA-SEQ")
FLAGS = DownloadFlags()
NAN = float("nan")

COUNTS = arrays(
    np.float64,
    st.tuples(st.integers(1, 40), st.integers(1, 5)),
    elements=st.one_of(
        st.sampled_from([0.0, 0.0, 1.0, NAN]),
        st.integers(0, 10**6).map(float),
        st.floats(0.001, 1e6),
    ),
)


def transformed(values, tag, scaling=None, info=RNA_SEQ):
    with profile_of(values) as profile:
        decision = decide_units(profile, FLAGS, info, declared=tag, declared_scaling=scaling)
        return make_transform(profile, decision).apply(values_of(profile))


def floored(rows: int, samples: int, seed: int) -> np.ndarray:
    """A normalised matrix: in each sample the lowest value is shared by 10 genes or more, and differs."""
    rng = np.random.default_rng(seed)
    values = rng.gamma(2, 3, (rows, samples)) + 2
    for sample in range(samples):
        tied = rng.choice(rows, rng.integers(10, rows), replace=False)
        values[tied, sample] = rng.uniform(0.1, 1.5)
    return values


def test_counts_become_log2_cpm():
    counts = np.array([[0.0, 10.0], [3.0, 30.0], [1.0, NAN]])
    value, detected = transformed(counts, "COUNTS")
    np.testing.assert_allclose(value, np.log2(counts / [4, 40] * 1e6 + 1), rtol=1e-14)
    np.testing.assert_array_equal(detected, [[False, True], [True, True], [True, False]])


def test_logged_counts_become_the_same_as_counts():
    counts = np.array([[0.0, 10.0], [3.0, 30.0], [1.0, NAN]])
    value, detected = transformed(counts, "COUNTS")
    again, again_detected = transformed(np.log2(counts + 1), "COUNTS", "LOG2")
    np.testing.assert_allclose(again, value, rtol=1e-12)
    np.testing.assert_array_equal(again_detected, detected)


@pytest.mark.parametrize("tag", ["TPM", "CPM", "FPKM"])
def test_linear_units_become_log2(tag):
    value, detected = transformed([[0.0, 1.0], [3.0, NAN]], tag)
    np.testing.assert_array_equal(value, [[0, 1], [2, NAN]])
    np.testing.assert_array_equal(detected, [[False, True], [True, False]])


def test_intensities_are_clipped_at_zero():
    value, detected = transformed([[-5.0, 1.0], [0.0, NAN], [255.0, -0.5]], "INTENSITY")
    np.testing.assert_array_equal(value, [[0, 1], [0, NAN], [8, 0]])
    assert detected is None


@pytest.mark.parametrize("tag", ["ARRAY_LOG2", "LOG2", "SCALED"])
def test_logs_and_scaled_values_are_passed_through_as_they_are(tag):
    raw = np.array([[-1.5, 2.0], [NAN, 4.0]])
    with profile_of(raw) as profile:
        transform = make_transform(profile, decide_units(profile, FLAGS, RNA_SEQ, declared=tag))
    value, detected = transform.apply(raw)
    assert value is raw
    assert detected is None
    out = np.empty_like(raw)
    assert transform.apply(raw, out)[0] is out
    np.testing.assert_array_equal(out, raw)


def test_logged_tpm_is_passed_through_with_detection():
    value, detected = transformed([[0.0, 2.5]], "TPM", "LOG2")
    np.testing.assert_array_equal(value, [[0.0, 2.5]])
    np.testing.assert_array_equal(detected, [[False, True]])


def test_normalised_arrays_are_not_defloored():
    raw = floored(40, 3, 0)
    value, detected = transformed(raw, "QN_TARGET", info=replace(RNA_SEQ, technology="MICROARRAY"))
    np.testing.assert_array_equal(value, raw)
    assert detected is None


def test_unknown_units_are_passed_through():
    with profile_of([[500.0, 40.5], [31.0, 700.5]]) as profile:
        decision = decide_units(profile, FLAGS, RNA_SEQ, declared=None)
        assert decision.unit_tag == "UNKNOWN"
        value, detected = make_transform(profile, decision).apply(values_of(profile))
    np.testing.assert_array_equal(value, [[500.0, 40.5], [31.0, 700.5]])
    assert detected is None


def test_a_sample_without_reads_has_missing_values_and_harms_no_other():
    counts = np.array([[0.0, 10.0, 1.0], [0.0, 30.0, 1.0]])
    value, detected = transformed(counts, "COUNTS")
    assert np.isnan(value[:, 0]).all()
    np.testing.assert_array_equal(value[:, 1:], transformed(counts[:, 1:], "COUNTS")[0])
    assert not detected[:, 0].any()


def test_a_sample_without_a_floor_is_left_as_it_is():
    raw = floored(40, 3, 1)
    raw[:, 1] = np.linspace(0.01, 9, 40)
    value, detected = transformed(raw, "QN_TARGET")
    np.testing.assert_array_equal(value[:, 1], raw[:, 1])
    assert detected[:, 1].all()
    assert np.unique(value[~detected]).tolist() == [min(raw[:, 0].min(), raw[:, 2].min())]


def test_a_missing_cell_in_a_floored_sample_is_missing_and_undetected():
    raw = floored(40, 3, 2)
    raw[5, 0] = NAN
    value, detected = transformed(raw, "QN_TARGET")
    assert np.isnan(value[5, 0])
    assert not detected[5, 0]
    assert np.isnan(value).sum() == 1


def test_raw_values_are_never_changed_and_given_arrays_are_filled():
    raw = floored(40, 3, 3)
    for tag in UNIT_TAGS:
        with profile_of(raw) as profile:
            transform = make_transform(profile, decide_units(profile, FLAGS, RNA_SEQ, declared=tag))
        before, value, detected = raw.copy(), np.full_like(raw, 7), np.zeros(raw.shape, bool)
        got, seen = transform.apply(raw, value, detected)
        fresh, fresh_seen = transform.apply(raw)
        assert got is value
        assert seen is None or seen is detected
        np.testing.assert_array_equal(raw, before)
        np.testing.assert_array_equal(got, fresh)
        assert (seen is None) == (fresh_seen is None)


@given(values=COUNTS, size=st.integers(1, 41), tag=st.sampled_from(["COUNTS", "TPM", "INTENSITY", "QN_TARGET"]))
def test_a_value_does_not_depend_on_the_block_size(values, size, tag):
    with profile_of(values) as profile:
        study = StudyValues(profile, make_transform(profile, decide_units(profile, FLAGS, RNA_SEQ, declared=tag)))
        whole = next(study.blocks(len(profile.genes)))
        for _ in range(2):
            start = 0
            for block in study.blocks(size):
                end = start + len(block.raw)
                assert block.start == start
                np.testing.assert_array_equal(block.raw, values[start:end])
                assert block.value.tobytes() == whole.value[start:end].tobytes()
                assert (block.detected is None) == (whole.detected is None)
                if block.detected is not None:
                    np.testing.assert_array_equal(block.detected, whole.detected[start:end])
                start = end
            assert start == len(values)


@given(values=COUNTS, factor=st.floats(0.01, 1_000))
def test_cpm_does_not_depend_on_sequencing_depth(values, factor):
    deeper = values.copy()
    deeper[:, 0] *= factor
    value, detected = transformed(values, "COUNTS")
    again, again_detected = transformed(deeper, "COUNTS")
    np.testing.assert_allclose(again, value, rtol=1e-11, atol=1e-12)
    np.testing.assert_array_equal(again_detected, detected)


@given(rows=st.integers(12, 60), samples=st.integers(1, 5), seed=st.integers(0, 2**32 - 1))
def test_defloored_cells_are_equal_and_every_other_cell_is_kept(rows, samples, seed):
    raw = floored(rows, samples, seed)
    value, detected = transformed(raw, "QN_TARGET")
    at_floor = raw == raw.min(axis=0)
    np.testing.assert_array_equal(detected, ~at_floor)
    assert set(value[at_floor]) == {raw.min(axis=0).min()}
    np.testing.assert_array_equal(value[~at_floor], raw[~at_floor])


@given(values=COUNTS, tag=st.sampled_from(UNIT_TAGS))
def test_order_within_a_sample_is_kept(values, tag):
    value, _ = transformed(values, tag)
    for sample in range(values.shape[1]):
        known = ~np.isnan(value[:, sample])
        raw, analysed = values[known, sample], value[known, sample]
        order = np.argsort(raw, kind="stable")
        assert (np.diff(analysed[order]) >= 0).all()
        tied = np.diff(raw[order]) == 0
        assert (np.diff(analysed[order])[tied] == 0).all()


def test_deflooring_keeps_order_within_a_sample():
    raw = floored(50, 4, 9)
    value, _ = transformed(raw, "QN_TARGET")
    for sample in range(4):
        assert (np.diff(value[np.argsort(raw[:, sample]), sample]) >= 0).all()


def test_deflooring_removes_the_false_correlation_of_undetected_genes():
    rng = np.random.default_rng(4)
    floors = rng.uniform(0.5, 1.5, 60)
    raw = np.where(rng.random((40, 60)) < 0.1, rng.uniform(2, 9, (40, 60)), floors)
    value, _ = transformed(raw, "QN_TARGET")
    upper = np.triu_indices(40, 1)
    before, after = (np.median(spearmanr(matrix, axis=1).statistic[upper]) for matrix in (raw, value))
    assert before > 0.5
    assert abs(after) < 0.1


def test_a_transform_is_plain_data():
    with profile_of([[1.0, 2.0]]) as profile:
        transform = make_transform(profile, decide_units(profile, FLAGS, RNA_SEQ, declared="COUNTS"))
    assert isinstance(transform, Transform)
    np.testing.assert_array_equal(transform.library, [1.0, 2.0])
    np.testing.assert_array_equal(transform.factor, [1e6, 5e5])


def test_a_real_normalised_download_is_defloored(data_dir):
    flags = DownloadFlags(aggregate_by="EXPERIMENT", scale_by="NONE", quantile_normalized=True)
    with profile_at(data_dir / "SRP164913" / "SRP164913" / "SRP164913.tsv.gz") as profile:
        transform = make_transform(profile, decide_units(profile, flags, RNA_SEQ, declared=None))
        undetected = 0
        for block in StudyValues(profile, transform).blocks(5_000):
            at_floor = block.raw == profile.minimum
            np.testing.assert_array_equal(block.detected, ~at_floor)
            assert (block.value[at_floor] == profile.minimum.min()).all()
            np.testing.assert_array_equal(block.value[~at_floor], block.raw[~at_floor])
            undetected += int(at_floor.sum())
        assert len(set(profile.minimum)) > 50
        assert undetected / (43_363 * 88) == pytest.approx(0.982, abs=0.001)


def test_real_counts_sum_to_a_million_again(data_dir):
    with profile_at(data_dir / "SRP070849" / "SRP070849" / "SRP070849.tsv.gz") as profile:
        transform = make_transform(profile, decide_units(profile, FLAGS, RNA_SEQ, declared="COUNTS"))
        value, detected = transform.apply(values_of(profile))
        zeros = profile.zeros
    np.testing.assert_allclose((np.exp2(value) - 1).sum(axis=0), 1e6, rtol=1e-9)
    np.testing.assert_array_equal((~detected).sum(axis=0), zeros)
