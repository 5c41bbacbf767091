"""Are stored pairs scored and ranked as they should be?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expressway.coexpression import scores
from tests.coexpression import oracle

NAN = np.nan
UNIT = st.floats(0, 1) | st.just(NAN)


def columns(**changes: list[float]) -> scores.Columns:
    """Three pairs: a strong one, a weak one, one without a contrast."""
    made = {
        "q_star": [1e-12, 0.4, 1.0],
        "neglog_q_star": [12.0, 0.4, 0.0],
        "combined_effect_size": [-2.0, 0.3, NAN],
        "abs_combined_effect_size": [2.0, 0.3, NAN],
        "consistency_score": [0.9, NAN, NAN],
        "power_score": [0.8, 0.2, NAN],
        "i2_star": [0.0, 100.0, 100.0],
        "kappa_ss": [1.0, NAN, NAN],
    }
    return {name: np.array(values, dtype=float) for name, values in (made | changes).items()}


def test_metrics_score_by_hand() -> None:
    found = scores.metrics_score(columns())
    assert found[0] == pytest.approx(0.40 * 1 + 0.25 * 1 + 0.20 * 0.9 + 0.15 * 0.8)
    assert found[1] == pytest.approx(0.40 * 0.04 + 0.25 * 0.2 + 0.15 * 0.2)
    assert np.isnan(found[2])


def test_new_rank_score_by_hand() -> None:
    found = scores.new_rank_score(columns())
    assert found[0] == pytest.approx((0.5 + 0.1 * 0.9 + 0.1 * 0.8) / 0.7)
    assert found[1] == pytest.approx((0.5 * 0.04 + 0.1 * 0.2) / 0.7)
    assert np.isnan(found[2])


def test_rank_score_is_by_metrics_score_then_by_place() -> None:
    found = scores.rank_score(np.array([0.2, 0.7, NAN, 0.7, 0.1]))
    np.testing.assert_allclose(found, [1 - 2 / 5, 1.0, NAN, 1 - 1 / 5, 1 - 3 / 5])


def test_neglog_is_between_0_and_300() -> None:
    found = scores.neglog10(np.log([1.0, 1e-5, 1e-300]))
    np.testing.assert_allclose(found, [0, 5, 300], rtol=1e-12)
    assert scores.neglog10(np.array([-5000.0, -np.inf])).tolist() == [300, 300]
    assert not np.signbit(scores.neglog10(np.array([0.0]))[0])
    assert np.isnan(scores.neglog10(np.array([NAN]))[0])


@pytest.mark.parametrize(
    ("key", "better", "worse"),
    [
        ("q_star", 0.01, 0.02),
        ("neglog_q_star", 3.0, 2.0),
        ("power_score", 0.9, 0.8),
        ("i2_star", 10.0, 20.0),
        ("kappa_ss", 0.5, NAN),
        ("abs_combined_effect_size", 0.5, 0.4),
    ],
)
def test_every_key_of_the_order_counts(key: str, better: float, worse: float) -> None:
    made = columns(**{name: [values[1]] * 2 for name, values in columns().items()})
    made[key] = np.array([worse, better])
    made["new_rank_score"] = scores.new_rank_score(made)
    assert scores.rank_position(made).tolist() == [2, 1]
    made[key] = np.array([better, better])
    made["new_rank_score"] = scores.new_rank_score(made)
    assert scores.rank_position(made).tolist() == [1, 2]


def test_pairs_without_a_contrast_have_no_position() -> None:
    made = columns()
    made["new_rank_score"] = scores.new_rank_score(made)
    position = scores.rank_position(made)
    assert position[:2].tolist() == [1, 2]
    assert np.isnan(position[2])


@given(st.lists(st.tuples(UNIT, UNIT, UNIT, UNIT, st.booleans()), min_size=1, max_size=12))
def test_scores_and_places_are_the_oracles(rows: list[tuple[float, float, float, float, bool]]) -> None:
    power, consistency, kappa, q, there = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    q = np.where(np.isnan(q), 1.0, q)
    effect = np.where(there == 1, np.round(power * 3, 1), NAN)
    effect = np.where((there == 1) & np.isnan(effect), 0.5, effect)
    made = {
        "q_star": q,
        "neglog_q_star": -np.log10(np.maximum(q, 1e-300)) + 0.0,
        "combined_effect_size": effect,
        "abs_combined_effect_size": np.abs(effect),
        "consistency_score": consistency,
        "power_score": power,
        "i2_star": np.where(np.isnan(kappa), 100.0, kappa * 100),
        "kappa_ss": kappa,
    }
    expected = dict(made)
    oracle.scores(expected)
    found = dict(made)
    found["metrics_score"] = scores.metrics_score(found)
    found["new_rank_score"] = scores.new_rank_score(found)
    for name in ("metrics_score", "new_rank_score"):
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-12)
        found[name] = expected[name]  # so that no last bit decides a place
    np.testing.assert_allclose(scores.rank_score(found["metrics_score"]), expected["rank_score"], rtol=1e-12)
    assert np.array_equal(scores.rank_position(found), expected["rank_position"], equal_nan=True)
