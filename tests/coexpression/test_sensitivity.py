"""Is the power that of a two-sided normal test, and of the design only?"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from expressway.coexpression.sensitivity import power


def test_worked_case() -> None:
    assert power(0.1972268429) == pytest.approx(0.3306266, abs=5e-8)


@pytest.mark.parametrize(("std_error", "delta"), [(0.1, 0.3), (0.5, 0.3), (0.2, 0.8), (0.2, -0.8), (1e-9, 0.3)])
def test_chance_to_land_outside_the_critical_values(std_error: float, delta: float) -> None:
    estimate, critical = stats.norm(delta, std_error), stats.norm.ppf(0.975) * std_error
    assert power(std_error, delta) == pytest.approx(estimate.sf(critical) + estimate.cdf(-critical), rel=1e-12)


def test_no_effect_and_no_precision_leave_the_size_of_the_test() -> None:
    assert power(0.2, 0.0) == pytest.approx(0.05)
    assert power(1e9) == pytest.approx(0.05)
    assert power(np.inf) == pytest.approx(0.05)


@pytest.mark.parametrize("std_error", [np.nan, 0.0, -0.1])
def test_without_a_standard_error_there_is_no_power(std_error: float) -> None:
    assert np.isnan(power([std_error, 0.1])).tolist() == [True, False]
