"""Does every estimator of tau^2 give what metafor, an independent implementation, gives?

A failure means that a formula is wrong, or that an iteration stopped early or at another maximum.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from expressway.coexpression import tau2 as between
from expressway.coexpression.pooling import pool
from tests.coexpression.published import CLASP, UNEQUAL, log_odds_ratio
from tests.conftest import ROOT, absent

METHODS = ["DL", "PM", "REML", "HE", "SJ", "EE"]

TOLERANCE = {
    # Closed forms: metafor goes through matrices, so only rounding differs (2e-11 is seen where studies differ
    # a thousandfold in variance).
    **dict.fromkeys(["DL", "HE", "SJ", "EE"], (1e-10, 1e-12)),
    # metafor finds PM with uniroot, whose tolerance on tau^2 was set to 1e-12 but is in steps of the search interval.
    "PM": (1e-6, 1e-9),
    # Fisher scoring stops when a step is small; where the likelihood is flat that is not yet the maximum.
    "REML": (1e-5, 1e-8),
}


@pytest.fixture(scope="module")
def metafor_cases() -> list[dict]:
    folder = Path(os.environ.get("EXPRESSWAY_TEST_REFERENCE") or ROOT.parent / "shared" / "reference")
    file = folder / "metafor" / "cases.json"
    if not file.is_file():
        absent(f"no results of metafor at {file}: set EXPRESSWAY_TEST_REFERENCE to the folder that holds metafor/")
    return json.loads(file.read_text())["cases"]


@pytest.mark.parametrize("method", METHODS)
def test_every_number_of_metafor(metafor_cases: list[dict], method: str) -> None:
    fits = [(case, fit) for case in metafor_cases for fit in case["fits"] if fit["method"] == method]
    assert len(fits) >= len(metafor_cases) == 150
    rtol, atol = TOLERANCE[method]
    for case, fit in fits:
        errors = np.sqrt(case["variances"])[:, None]
        found = pool(np.array(case["estimates"])[:, None], errors, method, "HK" if fit["test"] == "knha" else "z")
        pairs = {
            "tau2": found.tau2, "theta": found.estimate, "se": found.std_error, "stat": found.z, "p": found.p,
            "ci_low": found.ci_low, "ci_high": found.ci_high, "Q": found.Q, "Q_p": found.Q_p,
        }  # fmt: skip
        for name, values in pairs.items():
            np.testing.assert_allclose(values[0], fit[name], rtol, atol, err_msg=f"{name} of {case['shape']}")


def test_clasp_as_dersimonian_and_kacker_published_it() -> None:
    estimates, variances = (column[:, None] for column in log_odds_ratio(CLASP))
    published = {
        "DL": (0.2323, -0.3240, 0.1540), "PM": (0.3681, -0.3811, 0.2060),
        "REML": (0.1843, -0.2980, 0.1343), "HE": (0.4410, -0.4035, 0.2327), "SJ": (0.4572, -0.4079, 0.2386),
    }  # fmt: skip
    for method, expected in published.items():
        found = pool(estimates, np.sqrt(variances), method)
        # four published decimals
        assert (found.tau2[0] ** 0.5, found.estimate[0], found.std_error[0]) == pytest.approx(expected, abs=6e-5)


def test_restricted_likelihood_of_very_unequal_studies() -> None:
    estimates, variances = (column[:, None] for column in UNEQUAL)
    found = pool(estimates, np.sqrt(variances), "REML")
    assert found.tau2[0] == pytest.approx(3.0539045, rel=1e-5)  # PyMARE's copy of metafor 4.6.0


def test_paule_mandel_solves_its_equation() -> None:
    estimates, errors = _random(2_000)
    found = pool(estimates, errors, "PM").tau2
    weights = 1 / (errors**2 + found)
    mean = (weights * estimates).sum(0) / weights.sum(0)
    q = (weights * (estimates - mean) ** 2).sum(0)
    assert np.all(found >= 0)
    np.testing.assert_allclose(q[found > 0], len(estimates) - 1, rtol=1e-9)
    assert np.all(q[found == 0] <= len(estimates) - 1)
    assert 100 < np.count_nonzero(found) < 2_000


def test_restricted_likelihood_is_at_a_maximum() -> None:
    estimates, errors = _random(2_000)
    found = pool(estimates, errors, "REML").tau2
    assert np.all(found >= 0)
    assert 100 < np.count_nonzero(found) < 2_000
    mean = between.weighted_mean(estimates, errors**-2)
    data = between.Deviations(estimates - mean, errors**2, mean, np.full(2_000, len(estimates)))
    best = between.log_likelihood(data, found)
    for other in (found * 0.999, found * 1.001 + 1e-6, np.zeros(2_000)):
        assert np.all(between.log_likelihood(data, other) <= best + 1e-11)


def test_restricted_likelihood_where_fisher_scoring_runs_in_circles() -> None:
    # about 25 of these 5,000 flat likelihoods never settle under scoring, step halving or not
    rng = np.random.default_rng(1)
    errors = np.exp(rng.uniform(-1.5, 1.5, (15, 5_000)))
    estimates = rng.normal(0, np.sqrt(errors**2 * (rng.random((15, 5_000)) < 0.7) + np.exp(rng.uniform(-3, 3, 5_000))))
    found = pool(estimates, errors, "REML").tau2
    weights = 1 / (errors**2 + found)
    residuals = estimates - between.weighted_mean(estimates, weights)
    score = ((weights * residuals) ** 2).sum(0) - between.spread_of_weights(weights)
    assert np.all(np.isfinite(found))
    assert np.all(np.abs(score[found > 0]) <= 1e-9 * weights.sum(0)[found > 0])


@pytest.mark.parametrize("method", METHODS)
def test_extreme_studies_still_get_an_answer(method: str) -> None:
    rng = np.random.default_rng(11)
    errors = np.exp(rng.uniform(np.log(1e-4), np.log(1e3), (4, 3_000)))
    estimates = rng.normal(0, np.exp(rng.uniform(-7, 7, 3_000)), (4, 3_000))
    found = pool(estimates, errors, method)
    assert np.all(np.isfinite(found.tau2))
    assert np.all(found.tau2 >= 0)
    assert np.all(np.isfinite(found.p))


def test_spread_of_weights_does_not_cancel() -> None:
    # the textbook form gives 1e20 + 1 - 1e40 / 1e20 = 0 here
    assert between.spread_of_weights(np.array([[1e20], [1.0]]))[0] == pytest.approx(2.0)


def _random(metrics: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    errors = np.exp(rng.uniform(np.log(0.1), np.log(1.5), (6, metrics)))
    return rng.normal(0, np.sqrt(errors**2 + rng.choice([0.0, 0.05, 0.5], metrics))), errors
