"""Does the summary of SS and SOTH know how much of it is the same samples?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t

from expressway.coexpression.combination import combine, stouffer, weighted_z
from expressway.coexpression.pooling import pool
from expressway.errors import InvalidSetting


def test_literature_stouffer() -> None:
    z = weighted_z([1.5, 2.0, -0.3], [40, 90, 25])
    assert z == pytest.approx(2.1655193867, abs=1e-10)


def test_stouffer_of_two_contrasts() -> None:
    z, p = stouffer([1.5, 1.5, np.nan, np.nan], [40] * 4, [2.0, np.nan, 2.0, np.nan], [90] * 4)
    both = (1.5 * 40**0.5 + 2.0 * 90**0.5) / 130**0.5
    np.testing.assert_allclose(z, [both, 1.5, 2.0, np.nan], rtol=1e-14)
    np.testing.assert_allclose(p[1:3], [0.1336144025, 0.0455002639], rtol=1e-8)
    assert stouffer(2.1655193867, 1, np.nan, 1)[1] == pytest.approx(0.0303479324, abs=1e-9)


def test_combination_by_hand() -> None:
    # precisions 25 and 100: g = 0.2, h = 0.8, rho = 0.5
    found = combine(0.5, 0.2, 0.3, 0.1)
    assert found.estimate == pytest.approx(0.34)
    assert found.std_error**2 == pytest.approx(0.04 * 0.04 + 0.64 * 0.01 + 2 * 0.16 * 0.5 * 0.02)
    assert found.z == pytest.approx(0.34 / found.std_error)
    assert (found.ci_low + found.ci_high) / 2 == pytest.approx(found.estimate)


def test_taken_for_independent_it_is_the_fixed_effect_mean() -> None:
    found = combine(0.5, 0.2, 0.3, 0.1, rho="none")
    assert found.std_error**2 == pytest.approx(1 / 125)


def test_one_contrast_missing_leaves_the_other_alone() -> None:
    missing = np.nan
    found = combine([0.5, missing, 0.5], [0.2, 0.2, 0.2], [missing, 0.3, 0.3], [missing, 0.1, missing])
    np.testing.assert_array_equal(found.estimate, [0.5, 0.3, 0.5])
    np.testing.assert_array_equal(found.std_error, [0.2, 0.1, 0.2])
    assert found.z == pytest.approx([2.5, 3.0, 2.5])


def test_both_contrasts_missing_leave_nothing() -> None:
    found = combine([np.nan], [np.nan], [0.3], [0.0])
    values = [found.estimate, found.std_error, found.ci_low, found.ci_high, found.z, found.p]
    assert np.isnan(values).all()


def test_with_degrees_of_freedom_p_and_interval_are_those_of_t() -> None:
    found = combine(0.5, 0.2, 0.3, 0.1, degrees=4)
    assert found.p == pytest.approx(2 * t.sf(found.z, 4))
    half = t.ppf(0.975, 4) * found.std_error
    assert (found.ci_low, found.ci_high) == pytest.approx((found.estimate - half, found.estimate + half))


def test_the_size_with_hartung_and_knapp_is_that_of_t() -> None:
    rng = np.random.default_rng(3)
    errors = np.full((5, 1), 0.3)
    estimates = rng.standard_normal((5, 200_000)) * errors
    one = pool(estimates, np.broadcast_to(errors, estimates.shape), "PM", "HK")
    args = one.estimate, one.std_error, one.estimate, one.std_error  # SOTH is SS
    assert (combine(*args).p <= 1e-3).mean() > 0.01
    assert 0.8e-3 < (combine(*args, degrees=one.k - 1).p <= 1e-3).mean() < 1.2e-3


@pytest.mark.parametrize("soth_se", [0.2, 0.3])
def test_rho_of_one_adds_no_precision(soth_se: float) -> None:
    # only the reference cohort among the others: SOTH is SS; and rho is cut off at 1 if SOTH is the less precise
    found = combine(0.5, 0.2, 0.5, soth_se)
    g = 0.2**-2 / (0.2**-2 + soth_se**-2)
    assert found.std_error == pytest.approx(g * 0.2 + (1 - g) * soth_se)
    assert combine(0.5, 0.2, 0.5, 0.2).std_error == pytest.approx(0.2)


def test_unknown_rho() -> None:
    with pytest.raises(InvalidSetting, match="rho: there is no 'half'"):
        combine(0.1, 0.1, 0.1, 0.1, rho="half")


@given(st.floats(0.01, 3), st.floats(0.01, 3), st.floats(-3, 3), st.floats(-3, 3))
def test_no_more_precise_than_the_better_contrast(ss_se: float, soth_se: float, ss: float, soth: float) -> None:
    found = combine(ss, ss_se, soth, soth_se)
    slack = 1e-12 * max(ss_se, soth_se)
    assert min(ss_se, soth_se) - slack <= found.std_error <= max(ss_se, soth_se) + slack
    assert min(ss, soth) - 1e-12 <= found.estimate <= max(ss, soth) + 1e-12


def test_size_under_the_null_is_that_of_one_contrast() -> None:
    # shock against sepsis, and against sepsis and control put together, from the same three cohorts
    rng = np.random.default_rng(8)
    errors = np.array([0.25, 0.2, 0.3])
    shock, sepsis, control = (rng.normal(0, error, 200_000) for error in errors)
    weights = errors[1:] ** -2.0
    others, others_se = (weights[0] * sepsis + weights[1] * control) / weights.sum(), weights.sum() ** -0.5
    ss_se, soth_se = np.hypot(errors[0], errors[1]), np.hypot(errors[0], others_se)
    arguments = shock - sepsis, ss_se, shock - others, soth_se
    # three standard errors of a share of 0.05 in 200,000 draws are 0.0015
    assert np.mean(combine(*arguments).p < 0.05) == pytest.approx(0.05, abs=0.0015)
    assert np.mean(combine(*arguments, rho="none").p < 0.05) > 0.12
