"""Is r that of scipy, to the last digits, with ties and missing values?"""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from expressway.coexpression import ranks
from expressway.coexpression.ranks import doubled_ranks, spearman
from expressway.errors import InvalidSetting

_few_values = st.integers(-3, 3).map(float)
"""So that ties are the rule."""
_any_value = st.floats(-1e9, 1e9).map(lambda value: value + 0.0)
_missing = st.one_of(_few_values, _any_value, st.just(np.nan))
_shapes = st.tuples(st.integers(1, 5), st.integers(1, 12))


@given(arrays(float, _shapes, elements=st.one_of(_few_values, _any_value)))
def test_ranks_are_those_of_scipy(values: np.ndarray) -> None:
    expected = 2 * stats.rankdata(values, axis=1) - (values.shape[1] + 1)
    found = doubled_ranks(values)
    assert found.dtype == np.int32
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(found.sum(axis=1), 0)


@given(arrays(float, _shapes, elements=_missing))
def test_r_is_that_of_scipy_with_ties_and_missing_values(values: np.ndarray) -> None:
    found = spearman(values)
    np.testing.assert_array_equal(found, found.T)
    for a, left in enumerate(values):
        for b, right in enumerate(values):
            both = np.isfinite(left) & np.isfinite(right)
            # 1e-12: both divide exact integers, scipy after standardising by rounded lengths
            np.testing.assert_allclose(found[a, b], _scipy(left[both], right[both]), rtol=0, atol=1e-12)


def _scipy(left: np.ndarray, right: np.ndarray) -> float:
    if len(left) < 4:
        return np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", stats.ConstantInputWarning)
        return float(stats.spearmanr(left, right).statistic)


def test_many_genes_at_once_and_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(1).integers(0, 9, (50, 21)).astype(float)
    whole = doubled_ranks(values)
    monkeypatch.setattr(ranks, "_CELLS", 50)
    np.testing.assert_array_equal(doubled_ranks(values), whole)


def test_cohort_smaller_than_min_n_has_no_correlation() -> None:
    values = np.arange(12.0).reshape(2, 6)
    values[0, 0] = np.nan
    assert spearman(values, min_n=5)[0, 1] == 1.0
    assert np.isnan(spearman(values, min_n=6)[0, 1])
    assert spearman(values, min_n=6)[1, 1] == 1.0
    assert np.isnan(spearman(np.arange(6.0).reshape(2, 3))).all()


def test_constant_genes_have_no_correlation() -> None:
    values = np.array([[1.0, 2, 3, 4, 5], [7.0, 7, 7, 7, 7], [2.0, 1, 4, 3, 5]])
    found = spearman(values)
    assert np.isnan(found[1]).all()
    assert np.isfinite(found[[0, 2]][:, [0, 2]]).all()


def test_gene_that_is_constant_only_where_both_are_measured() -> None:
    found = spearman(np.array([[1.0, 1, 1, 1, 5, 6], [4.0, 3, 2, 1, np.nan, np.nan]]))
    assert np.isnan(found[0, 1])
    assert found[0, 0] == found[1, 1] == 1.0


def test_infinite_values_are_missing() -> None:
    values = np.random.default_rng(2).normal(size=(3, 9))
    missing, infinite = values.copy(), values.copy()
    missing[0, 2], infinite[0, 2] = np.nan, -np.inf
    np.testing.assert_array_equal(spearman(infinite), spearman(missing))


def test_r_ignores_a_monotone_transform_and_turns_with_the_sign() -> None:
    values = np.random.default_rng(3).normal(size=(4, 30))
    np.testing.assert_array_equal(spearman(np.exp(values)), spearman(values))
    values[0] *= -1
    turned = spearman(values)
    np.testing.assert_array_equal(turned[0, 1:], -spearman(values * np.array([[-1], [1], [1], [1]]))[0, 1:])


@pytest.mark.parametrize("values", [np.empty((0, 5)), np.empty((3, 0))])
def test_nothing_to_correlate(values: np.ndarray) -> None:
    found = spearman(values)
    assert found.shape == (len(values), len(values))
    assert np.isnan(found).all()
    assert doubled_ranks(values).shape == values.shape


def test_what_cannot_be_ranked() -> None:
    with pytest.raises(InvalidSetting, match="missing value"):
        doubled_ranks([[1.0, np.nan]])
    with pytest.raises(InvalidSetting, match=r"shape \(3,\)"):
        spearman([1.0, 2.0, 3.0])
    with pytest.raises(InvalidSetting, match="min_n is 3"):
        spearman([[1.0, 2.0, 3.0]], min_n=3)
