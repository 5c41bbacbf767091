"""Are z, its standard errors and its p values the published ones, from n = 4 to the far tail?"""

from __future__ import annotations

from decimal import Decimal, getcontext

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from expressway.coexpression.fisher import Z_975, fisher_z, is_clipped, log_p, r_max, std_error, two_sided_p
from expressway.errors import InvalidSetting


@pytest.mark.parametrize(("n", "expected"), [(5, 0.95), (10, 0.99394), (20, 0.99925)])
def test_largest_correlation_of_a_cohort(n: int, expected: float) -> None:
    assert r_max(n) == pytest.approx(expected, abs=5e-6)


@pytest.mark.parametrize("n", [4, 5, 6, 20, 200])
def test_limit_lies_halfway_between_one_and_the_next_attainable_value(n: int) -> None:
    ranks = np.arange(n)
    swapped = ranks.copy()
    swapped[[0, 1]] = [1, 0]
    assert 1 - r_max(n) == pytest.approx((1 - stats.spearmanr(ranks, swapped).statistic) / 2)


def test_perfect_correlation_of_a_small_cohort_is_clipped() -> None:
    assert fisher_z(1.0, 5) == pytest.approx(np.arctanh(0.95))
    assert fisher_z(1.0, 5) == pytest.approx(1.83, abs=5e-3)
    assert fisher_z(-1.0, 5) == -fisher_z(1.0, 5)
    assert np.isfinite(fisher_z([1.0, -1.0], [4, 100_000])).all()


def test_clips_can_be_counted() -> None:
    r, n = np.array([1.0, 0.94, -0.96, np.nan, 0.96, 1.0]), np.array([5, 5, 5, 5, 20, 3])
    np.testing.assert_array_equal(is_clipped(r, n), [True, False, True, False, False, False])


def test_z_and_variance_as_metafor_gives_them() -> None:
    # escalc(measure="ZCOR") of rows 1, 13 and 102 of mcdaniel1994, four printed decimals
    n = np.array([123, 15, 41])
    assert fisher_z([0.0, 0.62, -0.13], n) == pytest.approx([0.0, 0.7250, -0.1307], abs=5e-5)
    assert std_error(n) ** 2 == pytest.approx([0.0083, 0.0833, 0.0263], abs=5e-5)


def test_row_33_of_mcdaniel_is_clipped_where_metafor_lets_it_stand() -> None:
    assert np.arctanh(0.99) == pytest.approx(2.6467, abs=5e-5)
    assert fisher_z(0.99, 6) == pytest.approx(np.arctanh(1 - 6 / 210))
    assert std_error(6) ** 2 == pytest.approx(0.3333, abs=5e-5)


@pytest.mark.parametrize(
    ("method", "low", "high"),
    [
        ("bonett_wright", 0.5840951, 0.9638297),
        ("fisher", 0.6452623, 0.9561281),
        ("fieller", 0.6353945, 0.9575408),
    ],
)
def test_interval_of_spearmans_r_as_statpsych_gives_it(method: str, low: float, high: float) -> None:
    z, half = fisher_z(0.8699639, 15), Z_975 * std_error(15, 0.8699639, method)
    assert (np.tanh(z - half), np.tanh(z + half)) == pytest.approx((low, high), abs=2e-7)  # seven printed decimals


@pytest.mark.parametrize("method", ["fisher", "fieller", "bonett_wright"])
def test_cohort_of_three_has_no_z(method: str) -> None:
    found = std_error([0, 1, 2, 3, 4], 0.5, method)
    np.testing.assert_array_equal(np.isnan(found), [True, True, True, True, False])
    np.testing.assert_array_equal(np.isnan(fisher_z(0.5, [0, 1, 2, 3, 4])), [True, True, True, True, False])


def test_standard_error_of_a_clipped_correlation_is_finite_and_clipped() -> None:
    assert std_error(5, 1.0, "bonett_wright") == std_error(5, 0.95, "bonett_wright")
    assert np.isnan(std_error(5, np.nan, "bonett_wright"))


def test_unknown_method_and_missing_correlations() -> None:
    with pytest.raises(InvalidSetting) as caught:
        std_error(10, method="fielller")
    assert "Did you mean 'fieller'" in caught.value.hint
    with pytest.raises(InvalidSetting, match="bonett_wright needs the correlations"):
        std_error(10, method="bonett_wright")


@given(st.floats(-37, 37))
def test_p_is_twice_the_upper_tail(z: float) -> None:
    assert two_sided_p(z) == pytest.approx(2 * stats.norm.sf(abs(z)), rel=1e-13)


@given(st.floats(-37, 37))
def test_log_p_agrees_with_p_while_there_is_one(z: float) -> None:
    # near p = 1 the logarithm is near 0, where only the absolute error means anything
    assert log_p(z) == pytest.approx(np.log(two_sided_p(z)), rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("z", [40.0, 100.0, -1_000.0, 1e5])
def test_log_p_goes_on_where_p_is_zero(z: float) -> None:
    assert two_sided_p(z) == 0.0
    assert log_p(z) == pytest.approx(_log_p_by_series(abs(z)), rel=1e-14)


def test_missing_z_has_missing_p() -> None:
    assert np.isnan(two_sided_p(np.nan))
    assert np.isnan(log_p(np.nan))


def _log_p_by_series(z: float) -> float:
    """ln 2 (phi(z) / z) (1 - 1/z^2 + 3/z^4 - ...), in fifty digits."""
    getcontext().prec = 50
    x, term, total = Decimal(z), Decimal(1), Decimal(0)
    for i in range(10):
        total += term
        term *= -(2 * i + 1) / x**2
    two_pi = Decimal("6.28318530717958647692528676655900576839433879875021")
    return float(-x * x / 2 + (2 * total / x).ln() - two_pi.ln() / 2)
