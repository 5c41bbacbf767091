"""Are q values those of scipy, and does what was not tested stay out?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from expressway.coexpression.fdr import benjamini_hochberg, benjamini_yekutieli
from expressway.errors import InvalidSetting

_p = st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.01, 0.05, 1.0]))
_families = arrays(float, st.integers(1, 40), elements=_p)


def test_published_example() -> None:
    p = [0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216]
    expected = [0.01, 0.04, 0.084, 0.084, 0.084, 0.1, 0.105714, 0.216, 0.216, 0.216]
    assert benjamini_hochberg(p) == pytest.approx(expected, abs=5e-7)


@given(_families)
def test_q_is_that_of_scipy(p: np.ndarray) -> None:
    np.testing.assert_array_equal(benjamini_hochberg(p), stats.false_discovery_control(p, method="bh"))
    np.testing.assert_array_equal(benjamini_yekutieli(p), stats.false_discovery_control(p, method="by"))


@given(_families, st.randoms())
def test_order_does_not_matter(p: np.ndarray, random: object) -> None:
    order = list(range(len(p)))
    random.shuffle(order)
    np.testing.assert_array_equal(benjamini_hochberg(p[order]), benjamini_hochberg(p)[order])


@given(_families, st.integers(0, 40))
def test_what_was_not_tested_does_not_count(p: np.ndarray, place: int) -> None:
    place = min(place, len(p))
    for adjust in (benjamini_hochberg, benjamini_yekutieli):
        found = adjust(np.insert(p, place, np.nan))
        assert np.isnan(found[place])
        np.testing.assert_array_equal(np.delete(found, place), adjust(p))


@pytest.mark.parametrize("adjust", [benjamini_hochberg, benjamini_yekutieli])
@pytest.mark.parametrize("p", [[], [np.nan, np.nan]])
def test_nothing_tested(adjust: object, p: list[float]) -> None:
    found = adjust(np.array(p))
    assert found.shape == (len(p),)
    assert np.isnan(found).all()


@pytest.mark.parametrize("p", [-0.1, 1.5])
def test_a_p_that_is_none(p: float) -> None:
    with pytest.raises(InvalidSetting, match=f"not at {p}"):
        benjamini_hochberg([0.1, p])
