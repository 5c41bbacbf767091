"""Are q values over all pairs right, from what the first pass keeps of them?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtri
from scipy.stats import false_discovery_control, norm

from expressway.coexpression.engine.falsediscovery import counted_tail, exact_tail, log_q, penalty
from expressway.coexpression.engine.tiles import BINS, BINS_PER_UNIT

BOUND = float(-ndtri(0.05 / 2))


def histogram_of(z: np.ndarray, off: float = 0.0) -> np.ndarray:
    """As the kernel counts: z^2 of float32, each off by a share of itself, up or down in turn."""
    near = (z * (1 + off * np.where(np.arange(len(z)) % 2 == 0, 1, -1))).astype(np.float32)
    tail = near[near >= np.float32(BOUND)]
    return np.bincount(np.minimum(tail * tail * BINS_PER_UNIT, BINS - 1).astype(int), minlength=1).astype(np.uint32)


def expected(z: np.ndarray, method: str = "bh") -> np.ndarray:
    return false_discovery_control(2 * norm.sf(z), method=method)


def check(tail: object, z: np.ndarray, accuracy: float, method: str = "bh") -> None:
    found, right = np.exp(log_q(tail, z)), expected(z, method)  # type: ignore[arg-type]
    sure = np.abs(right / 0.05 - 1) > 2 * accuracy
    known = right <= 0.05
    assert np.array_equal(np.isfinite(found)[sure], known[sure])
    np.testing.assert_allclose(found[known & sure], right[known & sure], rtol=accuracy)


@pytest.mark.parametrize("method", ["BH", "BY"])
@pytest.mark.parametrize("share", [0.001, 0.05, 0.3])
def test_q_of_many_pairs(share: float, method: str) -> None:
    rng = np.random.default_rng(5)
    z = np.abs(rng.normal(size=100_000) + np.where(rng.random(100_000) < share, rng.normal(size=100_000) * 4, 0))
    extra = penalty(method, len(z))
    check(exact_tail(z, len(z), BOUND, extra), z, 1e-9, method.lower())
    check(counted_tail(histogram_of(z), len(z), BOUND, extra), z, 1e-4, method.lower())


@given(st.lists(st.floats(0, 12), min_size=1, max_size=60), st.sampled_from([0.0, 1e-7, 3e-6]))
def test_ranks_at_the_very_top_do_not_depend_on_float32(values: list[float], off: float) -> None:
    """A pair that float32 puts into the next bin is not ranked behind a pair of a lower one: that would halve q."""
    z = np.array(values)
    check(counted_tail(histogram_of(z, off), len(z), BOUND, 0.0), z, 1e-4 + 2 * 12**2 * off)


def test_a_pair_that_float32_puts_into_the_next_bin_keeps_its_rank() -> None:
    edge = np.sqrt(400_000 / BINS_PER_UNIT)
    z = np.array([edge * (1 - 1e-8), 4.0, 1.0])
    assert float(np.float32(z[0]) ** 2 * BINS_PER_UNIT) >= 400_000
    check(counted_tail(histogram_of(z), 3, BOUND, 0.0), z, 1e-4)


def test_an_exact_tail_bears_a_last_bit() -> None:
    z = np.array([9.0, 5.0, 3.0])
    tail = exact_tail(z, 3, BOUND, 0.0)
    np.testing.assert_allclose(np.exp(log_q(tail, np.nextafter(z, 0))), expected(z), rtol=1e-9)
    np.testing.assert_allclose(np.exp(log_q(tail, np.nextafter(z, 99))), expected(z), rtol=1e-9)


def test_nothing_in_the_tail() -> None:
    z = np.array([0.1, np.nan, 1.9])
    for tail in (exact_tail(z, 2, BOUND, 0.0), counted_tail(histogram_of(z[[0, 2]]), 2, BOUND, 0.0)):
        found = log_q(tail, z)
        assert np.isposinf(found[[0, 2]]).all()
        assert np.isnan(found[1])


def test_p_beyond_the_range_of_float64_keeps_its_order() -> None:
    z = np.array([60.0, 50.0, 40.0, 2.0])
    found = log_q(exact_tail(z, 4, BOUND, 0.0), z)
    assert np.all(np.diff(found) > 0)
    assert found[0] == pytest.approx(norm.logsf(60) + np.log(2) + np.log(4), rel=1e-12)


def test_by_of_more_pairs_than_are_added_up() -> None:
    exactly = float(np.log(np.sum(1 / np.arange(1, 3_000_001))))
    assert penalty("BY", 3_000_000) == pytest.approx(exactly, rel=1e-12)
    assert penalty("BH", 3_000_000) == 0
    assert penalty("BY", 0) == 0
