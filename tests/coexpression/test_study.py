"""Does a CohortStudy refuse what no statistic could be right about?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from expressway.coexpression.study import CohortStudy
from expressway.errors import InvalidSetting

GENES = ["A", "B"]
COHORTS = ["CONTROL", "SEPSIS", "SEPSIS"]
VALUES = np.arange(6.0).reshape(2, 3)


def study(**changes: Any) -> CohortStudy:
    given: dict[str, Any] = {"name": "GSE1", "genes": GENES, "values": VALUES, "cohorts": COHORTS}
    return CohortStudy(**(given | changes))


def test_a_study_keeps_what_it_was_given() -> None:
    values = VALUES.copy()
    values[0, 1] = np.nan
    made = study(values=values, detected=values > 1, samples=["x", "y", "z"])
    assert made.values is values
    assert (made.technology, list(made.genes), list(made.cohorts)) == ("OTHER", GENES, COHORTS)
    assert study(samples=None).detected is None


def test_numbers_of_another_kind_become_float64() -> None:
    for dtype in (np.int32, np.float32):
        made = study(values=VALUES.astype(dtype))
        assert made.values.dtype == np.float64
        assert np.array_equal(made.values, VALUES)


@pytest.mark.parametrize(
    ("changes", "message", "value"),
    [
        ({"name": ""}, "no name", ""),
        ({"values": VALUES[0]}, "no matrix of numbers", "(3,)"),
        ({"values": VALUES.astype(str)}, "no matrix of numbers", "(2, 3)"),
        ({"values": VALUES.astype(complex)}, "no matrix of numbers", "(2, 3)"),
        ({"values": np.where(VALUES == 4, -np.inf, VALUES)}, "1 genes of GSE1 have infinite values, row 1", "-inf"),
        ({"genes": ["A"]}, "2 rows and 1 genes", "1"),
        ({"genes": ["A", "A"]}, "1 genes of GSE1 are there more than once: A", "A"),
        ({"genes": ["A", ""]}, "1 genes of GSE1 are no names, that of row 1", ""),
        ({"genes": ["A", 7]}, "no names", "7"),
        ({"genes": "AB"}, "2 rows and 2 genes", "2"),
        ({"cohorts": ["CONTROL"]}, "3 columns and 1 cohorts", "1"),
        ({"cohorts": ["CONTROL", None, "SEPSIS"]}, "that of column 1", None),
        ({"samples": ["x", "y"]}, "3 columns and 2 samples", "2"),
        ({"samples": ["x", "y", "x"]}, "more than once: x", "x"),
        ({"detected": np.ones((3, 2), bool)}, "shape (3, 2), not bool of shape (2, 3)", "(3, 2)"),
        ({"detected": np.ones((2, 3))}, "float64 of shape (2, 3)", "(2, 3)"),
    ],
)
def test_what_is_refused_names_the_value_and_a_way_out(
    changes: dict[str, Any], message: str, value: str | None
) -> None:
    with pytest.raises(InvalidSetting) as raised:
        study(**changes)
    assert message in raised.value.message
    assert raised.value.value == value
    assert raised.value.hint != InvalidSetting.default_hint


def test_studies_are_compared_by_identity() -> None:
    """`==` of arrays is an array, so two studies are equal only when they are one."""
    assert study() != study()
