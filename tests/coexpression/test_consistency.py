"""Do kappa, direction and magnitude say what the definitions say, at the edges too?"""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expressway.coexpression.consistency import agreement
from expressway.coexpression.fisher import fisher_z, std_error
from expressway.coexpression.pooling import pool


def one(estimates: list[float], variances: list[float], tau2: float) -> tuple[float, float, float]:
    found = agreement(np.array(estimates)[:, None], np.sqrt(variances)[:, None], [tau2])
    return found.kappa[0], found.direction[0], found.magnitude[0]


def test_worked_case() -> None:
    n = np.array([(20, 25), (35, 30), (15, 40)])
    z = fisher_z([(0.62, 0.20), (0.55, 0.35), (0.10, 0.30)], n)
    dz, errors = (z[:, 0] - z[:, 1])[:, None], np.sqrt((std_error(n) ** 2).sum(axis=1))[:, None]
    found = agreement(dz, errors, pool(dz, errors).tau2)
    # A is .3779596: less agreement than chance, so kappa is 0
    assert found.kappa[0] == 0.0
    assert (found.direction[0], found.magnitude[0]) == pytest.approx((0.7138777, 0.2521901), abs=5e-8)


def test_kappa_of_three_against_one() -> None:
    # of the six pairs of equal weight three agree: A = 1/2, kappa = 0; of ten pairs of five studies six: kappa = 0.2
    assert one([1.0, 1.0, 1.0, -1.0], [0.1] * 4, 0.0)[0] == 0.0
    assert one([1.0, 1.0, 1.0, 1.0, -1.0], [0.1] * 5, 0.0)[0] == pytest.approx(0.2)
    assert one([1.0, 2.0, 3.0], [0.1] * 3, 0.0)[:2] == pytest.approx((1.0, 1.0))


@pytest.mark.parametrize("studies", [[], [0.5], [0.5, np.nan]])
def test_fewer_than_two_studies_cannot_agree(studies: list[float]) -> None:
    assert np.isnan(one(studies, [0.1] * len(studies), 0.0)).all()


def test_agreement_of_one_study_is_null_with_the_tau2_of_pool() -> None:
    estimates, errors = np.array([[0.5, 0.5], [np.nan, 0.4]]), np.full((2, 2), 0.1)
    found = agreement(estimates, errors, pool(estimates, errors).tau2)
    assert np.isnan([found.kappa[0], found.direction[0], found.magnitude[0]]).all()
    assert np.isfinite([found.kappa[1], found.direction[1], found.magnitude[1]]).all()


def test_zero_counts_half_in_direction() -> None:
    assert one([0.0, 1.0], [0.1, 0.1], 0.0)[1] == pytest.approx(0.75)
    assert one([0.0, 1.0, -1.0], [0.1] * 3, 0.0)[1] == pytest.approx(0.5)  # the pooled estimate is zero


def test_equal_estimates_agree_fully_in_magnitude() -> None:
    assert one([0.3, 0.3], [0.1, 0.2], 0.0) == pytest.approx((1.0, 1.0, 1.0))
    assert one([0.0, 0.0], [0.1, 0.2], 0.0) == (1.0, 0.5, 1.0)


def test_opposite_estimates_do_not_agree_in_magnitude() -> None:
    assert one([-0.3, 0.3], [0.1, 0.1], 0.0) == (0.0, 0.5, 0.0)


@st.composite
def _studies(draw: st.DrawFn) -> tuple[list[float], list[float], float]:
    estimates = draw(st.lists(st.integers(-20, 20).map(lambda step: step / 10), min_size=2, max_size=6))
    errors = draw(st.lists(st.integers(1, 20), min_size=len(estimates), max_size=len(estimates)))
    return estimates, [error / 10 for error in errors], draw(st.sampled_from([0.0, 0.03, 1.0]))


@given(_studies())
def test_against_the_definition_pair_by_pair(studies: tuple) -> None:
    y, v, tau2 = (np.array(part) for part in studies)
    w, k = 1 / (v + tau2), len(y)
    mean = (w * y).sum() / w.sum()
    signs = np.sign(y)
    pairs = list(permutations(range(k), 2))
    a = sum(w[i] * w[j] for i, j in pairs if signs[i] == signs[j]) / sum(w[i] * w[j] for i, j in pairs)
    spread = k / (k - 1) * (w * (y - mean) ** 2).sum() / w.sum()
    kappa, direction, magnitude = one(*studies)
    assert kappa == pytest.approx(max(0.0, 2 * a - 1), abs=1e-12)
    if abs(mean) > 1e-12:
        share = np.where(signs == 0, 0.5, signs == np.sign(mean))
        assert direction == pytest.approx((w * share).sum() / w.sum(), abs=1e-12)
        assert magnitude == pytest.approx(mean**2 / (mean**2 + spread), abs=1e-12)
    for value in (kappa, direction, magnitude):
        assert 0 <= value <= 1


@given(_studies())
def test_an_absent_study_changes_nothing_at_all(studies: tuple) -> None:
    estimates, variances, tau2 = studies
    assert one([*estimates, np.nan], [*variances, 0.1], tau2) == one(estimates, variances, tau2)
