"""Are pooled numbers those of the literature, and do the rules at the edges hold?"""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import chi2

from expressway.coexpression.fisher import Z_975, fisher_z, std_error
from expressway.coexpression.pooling import Pooled, chi_square_tail, leave_one_out, pool, prediction_interval
from expressway.errors import InvalidSetting
from tests.coexpression.published import (
    BCG,
    MOLLOY,
    UNEQUAL,
    log_odds_ratio,
    log_risk_ratio,
    risk_difference,
)

METHODS = ["DL", "PM", "REML", "HE", "SJ", "EE"]
CLOSED = ["DL", "HE", "SJ", "EE"]
NAMES = [field.name for field in fields(Pooled)]


def one(estimates: object, variances: object, method: str = "DL", ci: str = "z") -> dict[str, float]:
    """A single metric pooled, each number by its name."""
    found = pool(np.array(estimates, float)[:, None], np.sqrt(np.array(variances, float))[:, None], method, ci)
    return {name: getattr(found, name)[0] for name in NAMES}


def assert_same(left: Pooled, right: Pooled, rtol: float = 0.0, atol: float = 0.0) -> None:
    for name in NAMES:
        np.testing.assert_allclose(getattr(left, name), getattr(right, name), rtol, atol, err_msg=name)


def test_bcg_risk_ratio() -> None:
    found = one(*log_risk_ratio(BCG))
    expected = {
        "Q": 152.2330080824, "tau2": 0.3087602629, "estimate": -0.7141172221, "std_error": 0.1787420895,
        "z": -3.9952381889, "ci_low": -1.0644452801, "ci_high": -0.3637891641, "I2": 92.1173468546, "k": 13,
    }  # fmt: skip
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=1e-10)  # ten printed decimals
    assert one(*log_risk_ratio(BCG), "EE")["estimate"] == pytest.approx(-0.4302851637, abs=1e-10)
    assert one(*log_risk_ratio(BCG), "PM")["tau2"] == pytest.approx(0.3180684522, abs=1e-9)
    assert one(*log_risk_ratio(BCG), "REML")["tau2"] == pytest.approx(0.3132433, abs=1e-7)
    assert one(*log_risk_ratio(BCG), ci="HK")["std_error"] == pytest.approx(0.1806966283, abs=1e-10)


def test_bcg_odds_ratio() -> None:
    found = one(*log_odds_ratio(BCG))
    expected = {"tau2": 0.3663434067, "estimate": -0.7473923497, "z": -3.8873466909, "I2": 92.6454777446}
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=1e-10)


def test_bcg_risk_difference() -> None:
    found = one(*risk_difference(BCG))
    expected = {"estimate": -0.0071, "z": -4.5128, "I2": 95.6596}
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=5e-5)  # four printed decimals


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("fisher", {"Q": 38.1595154236, "tau2": 0.0077625441, "estimate": 0.1495983531, "std_error": 0.0311612658,
                    "z": 4.8007790860, "I2": 60.6913247365}),
        ("fieller", {"Q": 35.9995428525, "tau2": 0.0074608845, "estimate": 0.1488648698, "std_error": 0.0311991309}),
        ("bonett_wright", {"Q": 37.1974722745, "tau2": 0.0075439757, "estimate": 0.1480000090,
                           "std_error": 0.0310517666}),
    ],
)  # fmt: skip
def test_molloy_correlations(method: str, expected: dict[str, float]) -> None:
    n, r = MOLLOY.T
    found = one(fisher_z(r, n), std_error(n, r, method) ** 2)
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=1e-10)


def test_molloy_fixed_and_restricted() -> None:
    n, r = MOLLOY.T
    studies = fisher_z(r, n), std_error(n) ** 2
    assert one(*studies, "EE")["estimate"] == pytest.approx(0.1251766638, abs=1e-10)
    found = one(*studies, "REML")
    expected = {"estimate": 0.1499, "std_error": 0.0316, "z": 4.7501, "tau2": 0.0081}
    # four printed decimals; metafor's own default ends at a step of 1e-5 in tau^2, and 1e-6 moves z by 1.4e-4
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=5e-5, abs=5e-5)


def test_very_unequal_studies_and_hartung_knapp() -> None:
    found, adjusted = one(*UNEQUAL), one(*UNEQUAL, ci="HK")
    expected = {"tau2": 0.2838258527, "estimate": -0.2583445142, "std_error": 0.3182375310, "p": 0.4169076887}
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=1e-10)
    expected = {"std_error": 0.5438714222, "p": 0.6595536297}
    assert {name: adjusted[name] for name in expected} == pytest.approx(expected, abs=1e-10)


def test_normand() -> None:
    y = [-20, -2, -55, -71, -4, 1, 11, -10, 7]
    found = one(y, [40.5863, 2.0468, 15.2809, 150.2222, 20.1923, 1.2235, 95.3756, 8.0321, 20.6936])
    expected = {"tau2": 218.7216, "estimate": -14.0972, "ci_low": -24.4454, "ci_high": -3.7490}
    # the variances are rounded to four decimals, one part in 10,000 of the smallest
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=2e-5)


def test_hine_where_tau2_is_cut_off_at_zero() -> None:
    y, v = [2.8026, 0, 1.9711, 1.7961, 3.5334, 4.4031], [17.7575, 37.5657, 8.1323, 10.8998, 8.0114, 6.1320]
    found = one(y, v)
    assert found["tau2"] == found["I2"] == 0
    expected = {"estimate": 2.9444, "ci_low": 0.3831, "ci_high": 5.5058}
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=1e-4)


def test_worked_case_of_a_contrast() -> None:
    n = np.array([(20, 25), (35, 30), (15, 40)])
    z = fisher_z([(0.62, 0.20), (0.55, 0.35), (0.10, 0.30)], n)
    dz, variance = z[:, 0] - z[:, 1], (std_error(n) ** 2).sum(axis=1)
    assert dz == pytest.approx([0.52227253, 0.25293756, -0.20918426], abs=5e-9)
    assert np.sqrt(variance) == pytest.approx([0.32292116, 0.26131789, 0.33220530], abs=5e-9)
    found = one(dz, variance)
    expected = {
        "Q": 2.5534118550, "tau2": 0.0255899999, "estimate": 0.2013861304, "std_error": 0.1972268429,
        "I2": 21.6734270228, "z": 1.0210888510, "p": 0.3072123448,
    }  # fmt: skip
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("ci", ["z", "HK", "HK_floor"])
def test_no_study_leaves_everything_null(method: str, ci: str) -> None:
    for studies in ([np.nan, np.nan], []):
        found = one(studies, np.ones(len(studies)), method, ci)
        assert found.pop("k") == 0
        assert all(np.isnan(value) for value in found.values())


@pytest.mark.parametrize("method", METHODS)
def test_one_study_stands_for_itself_and_has_no_heterogeneity(method: str) -> None:
    found = one([0.5, np.nan], [0.04, 0.01], method)
    assert found["k"] == 1
    assert (found["estimate"], found["std_error"], found["Q"]) == (0.5, pytest.approx(0.2, abs=1e-15), 0.0)
    assert found["z"] == pytest.approx(2.5)
    assert found["p"] == pytest.approx(0.012419330651552318, rel=1e-12)
    assert (found["ci_low"], found["ci_high"]) == pytest.approx((0.5 - 0.2 * Z_975, 0.5 + 0.2 * Z_975))
    assert all(np.isnan(found[name]) for name in ("tau2", "I2", "Q_p"))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("ci", ["z", "HK", "HK_floor"])
def test_one_study_whatever_its_rounding(method: str, ci: str) -> None:
    rng = np.random.default_rng(6)
    estimates, errors = rng.normal(size=(1, 1_000)), rng.uniform(0.05, 1, (1, 1_000))
    found = pool(estimates, errors, method, ci)
    np.testing.assert_allclose(found.estimate, estimates[0], rtol=1e-15)
    assert np.all(found.Q == 0)
    assert np.isnan([found.tau2, found.I2, found.Q_p]).all()
    if ci != "z":
        assert np.isnan([found.std_error, found.z, found.p, found.ci_low, found.ci_high]).all()


@pytest.mark.parametrize("ci", ["HK", "HK_floor"])
def test_one_study_has_no_hartung_knapp(ci: str) -> None:
    found = one([0.5], [0.04], ci=ci)
    assert (found["estimate"], found["k"]) == (0.5, 1)
    assert all(np.isnan(found[name]) for name in ("std_error", "z", "p", "ci_low", "ci_high"))


def test_two_studies() -> None:
    found = one([0.0, 1.0], [0.1, 0.1])
    assert (found["Q"], found["tau2"], found["I2"]) == pytest.approx((5.0, 0.4, 80.0))
    adjusted = one([0.0, 1.0], [0.1, 0.1], ci="HK")
    # one degree of freedom: t = 0.5 / 0.5 = 1, and p of a Cauchy variable at 1 is one half
    assert (adjusted["z"], adjusted["p"]) == pytest.approx((1.0, 0.5))
    assert adjusted["ci_high"] - 0.5 == pytest.approx(0.5 * np.tan(0.475 * np.pi), rel=1e-12)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("value", [0.0, 0.3, -1 / 3])
def test_equal_estimates_have_no_heterogeneity(method: str, value: float) -> None:
    found = one([value] * 3, [0.04, 0.05, 0.2], method)
    assert found["Q"] == pytest.approx(0.0, abs=1e-25)
    assert found["I2"] == 0.0
    assert found["tau2"] == pytest.approx(0.0, abs=1e-25)
    assert found["Q_p"] == 1.0
    assert found["estimate"] == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize("value", [0.0, 0.3, -1 / 3])
@pytest.mark.parametrize("ci", ["HK", "HK_floor"])
def test_hartung_knapp_without_spread_keeps_the_error_of_z(value: float, ci: str) -> None:
    plain, adjusted = one([value] * 3, [0.04, 0.05, 0.2]), one([value] * 3, [0.04, 0.05, 0.2], ci=ci)
    assert adjusted["std_error"] == plain["std_error"]
    assert adjusted["z"] == plain["z"]
    assert adjusted["p"] >= plain["p"]  # of a t with two degrees of freedom


def test_hartung_knapp_with_a_floor_is_never_narrower_than_z() -> None:
    close, far = ([0.30, 0.31, 0.32], [0.04, 0.05, 0.06]), ([-1.0, 0.3, 2.0], [0.04, 0.05, 0.06])
    assert one(*close, ci="HK")["std_error"] < one(*close)["std_error"]
    assert one(*close, ci="HK_floor")["std_error"] == one(*close)["std_error"]
    assert one(*far, "EE", "HK_floor") == one(*far, "EE", "HK")


def test_p_far_in_the_tail_is_not_one_minus_something() -> None:
    found = one([3.0, 3.0], [0.02, 0.02])
    assert found["z"] == pytest.approx(30.0)
    assert found["p"] == pytest.approx(9.813e-198, rel=1e-3)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_absent(bad: float) -> None:
    alone = one([0.1, 0.4], [0.1, 0.2])
    assert one([0.1, bad, 0.4], [0.1, 0.3, 0.2]) == alone
    assert one([0.1, 0.9, 0.4], [0.1, abs(bad), 0.2]) == alone


@pytest.mark.parametrize("error", [0.0, -0.1, 1e-200, 1e200])
def test_a_standard_error_that_gives_no_weight_is_absent(error: float) -> None:
    found = pool([[0.1], [0.9], [0.4]], [[0.3], [error], [0.4]])
    assert_same(found, pool([[0.1], [0.4]], [[0.3], [0.4]]))


def test_prediction_interval_needs_three_studies() -> None:
    estimates = np.array([[0.1, 0.1, 0.1], [0.5, 0.5, 0.5], [0.9, np.nan, np.nan], [np.nan, np.nan, np.nan]])
    estimates[1, 2] = np.nan
    low, high = prediction_interval(pool(estimates, np.full((4, 3), 0.2)))
    assert np.isnan(low[1:]).all()
    assert np.isnan(high[1:]).all()
    # k = 3: t with one degree of freedom (a Cauchy variable), tau^2 = 0.16 - 0.04, SE^2 = 0.16 / 3
    half = np.tan(0.475 * np.pi) * np.sqrt(0.12 + 0.16 / 3)
    assert (low[0], high[0]) == pytest.approx((0.5 - half, 0.5 + half), rel=1e-12)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("ci", ["z", "HK"])
def test_leaving_a_study_out_is_pooling_the_others(method: str, ci: str) -> None:
    estimates, errors = _table(4, 30, absent=0.3)
    found = leave_one_out(estimates, errors, method, ci)
    for study in range(4):
        others = [row for row in range(4) if row != study]
        expected = pool(estimates[others], errors[others], method, ci)
        there = np.isfinite(estimates[study])
        for name in NAMES:
            row = getattr(found, name)[study]
            np.testing.assert_array_equal(row[there], getattr(expected, name)[there], err_msg=name)
            assert np.all(row[~there] == 0 if name == "k" else np.isnan(row[~there]))
    assert found.k.shape == (4, 30)
    assert found.k.dtype == np.int64


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("ci", ["z", "HK"])
def test_a_metric_does_not_depend_on_its_neighbours(method: str, ci: str) -> None:
    estimates, errors = _table(5, 97, absent=0.2)
    whole = pool(estimates, errors, method, ci)
    for metrics in (slice(0, 1), slice(3, 96), np.arange(96, -1, -7)):
        part = pool(estimates[:, metrics], errors[:, metrics], method, ci)
        turned = pool(np.asfortranarray(estimates[:, metrics]), errors[:, metrics], method, ci)
        for name in NAMES:
            np.testing.assert_array_equal(getattr(part, name), getattr(whole, name)[metrics], err_msg=name)
            np.testing.assert_array_equal(getattr(turned, name), getattr(whole, name)[metrics], err_msg=name)


def test_input_is_left_as_it_was() -> None:
    estimates, errors = _table(4, 5, absent=0.3)
    before = estimates.copy(), errors.copy()
    pool(estimates, errors)
    leave_one_out(estimates, errors)
    np.testing.assert_array_equal(estimates, before[0])
    np.testing.assert_array_equal(errors, before[1])


def test_no_metrics() -> None:
    found = pool(np.empty((3, 0)), np.empty((3, 0)), "REML", "HK")
    assert all(getattr(found, name).shape == (0,) for name in NAMES)


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (([[1.0]], [[1.0]], "dl"), "tau2_method: there is no 'dl'", "Did you mean 'DL'"),
        (([[1.0]], [[1.0]], "DL", "hk-floor"), "ci_method: there is no 'hk-floor'", "Did you mean 'HK_floor'"),
        (([1.0], [1.0]), "shape (1,)", "values[:, None]"),
        (([[1.0]], [[1.0], [2.0]]), "shape (1, 1) and std_errors (2, 1)", "NaN marks an absent study"),
    ],
)
def test_what_cannot_be_pooled(arguments: tuple, message: str, hint: str) -> None:
    with pytest.raises(InvalidSetting) as caught:
        pool(*arguments)
    assert message in caught.value.message
    assert hint in caught.value.hint


# Estimates and errors of the size that Fisher's z has; coarse steps, so that equal estimates are common.
_estimates = st.one_of(st.integers(-300, 300).map(lambda step: step / 100), st.just(np.nan))
_errors = st.integers(5, 200).map(lambda step: step / 100)


@st.composite
def _studies(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    shape = (draw(st.integers(1, 7)), draw(st.integers(1, 3)))
    return draw(arrays(float, shape, elements=_estimates)), draw(arrays(float, shape, elements=_errors))


@given(_studies(), st.randoms(), st.sampled_from(CLOSED), st.sampled_from(["z", "HK"]))
def test_the_order_of_studies_does_not_matter(studies: tuple, random: object, method: str, ci: str) -> None:
    estimates, errors = studies
    order = list(range(len(estimates)))
    random.shuffle(order)
    left, right = pool(estimates, errors, method, ci), pool(estimates[order], errors[order], method, ci)
    for name in NAMES:
        atol = 1e-12
        if name in {"z", "p"} and ci == "HK":
            continue  # a t is a ratio whose divisor may be next to nothing
        if name == "I2":
            atol = 1e-10  # in per cent
        np.testing.assert_allclose(getattr(left, name), getattr(right, name), 1e-12, atol, err_msg=name)


@given(_studies(), st.integers(0, 7), st.sampled_from(METHODS), st.sampled_from(["z", "HK", "HK_floor"]))
def test_an_absent_study_changes_nothing_at_all(studies: tuple, place: int, method: str, ci: str) -> None:
    estimates, errors = studies
    place = min(place, len(estimates))
    wider = np.insert(estimates, place, np.nan, axis=0), np.insert(errors, place, 0.1, axis=0)
    left, right = pool(estimates, errors, method, ci), pool(*wider, method, ci)
    for name in NAMES:
        np.testing.assert_array_equal(getattr(left, name), getattr(right, name), err_msg=name)


@given(_studies(), st.integers(-20, 20), st.sampled_from(CLOSED), st.sampled_from(["z", "HK"]))
def test_another_unit_scales_the_answer(studies: tuple, power: int, method: str, ci: str) -> None:
    estimates, errors = studies
    factor = 2.0**power  # exact in binary, so the answers are too
    left, right = pool(estimates, errors, method, ci), pool(estimates * factor, errors * factor, method, ci)
    for name in NAMES:
        unit = {"tau2": factor**2}.get(name, factor if name in {"estimate", "std_error", "ci_low", "ci_high"} else 1)
        np.testing.assert_allclose(getattr(left, name) * unit, getattr(right, name), 1e-14, err_msg=name)


def _table(studies: int, metrics: int, absent: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    estimates = rng.normal(0.1, 0.5, (studies, metrics))
    estimates[rng.random(estimates.shape) < absent] = np.nan
    return estimates, rng.uniform(0.1, 0.5, (studies, metrics))


def test_the_tail_of_chi_square_is_that_of_scipy() -> None:
    degrees = np.arange(-1, 41).repeat(200)
    x = np.geomspace(1e-8, 1400, 200)[np.arange(len(degrees)) % 200]
    found = chi_square_tail(x, degrees)
    assert np.isnan(found[degrees < 1]).all()
    known = degrees >= 1
    np.testing.assert_allclose(found[known], chi2.sf(x[known], degrees[known]), rtol=1e-12, atol=1e-300)
    assert chi_square_tail(np.array([0.0, 0.0]), np.array([1, 4])).tolist() == [1.0, 1.0]
    assert chi_square_tail(np.array([np.inf, np.nan]), np.array([3, 3]))[0] == 0.0
