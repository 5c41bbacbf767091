"""Does a study say in words why it has nothing to say?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from expressway.coexpression.contrasts import load_contrasts
from expressway.coexpression.study import CohortStudy
from expressway.settings import PairSettings
from expressway.warehouse.pairs.absence import why_absent
from expressway.warehouse.pairs.gene_names import Gene

GENES = (Gene(1, "ENSG1", "ALPHA"), Gene(2, "ENSG2", None))
COHORTS = ["CONTROL"] * 6 + ["SEPSIS"] * 6 + ["SEPTIC_SHOCK"] * 6
VALUES = np.random.default_rng(1).normal(size=(2, 18))
SEPSIS = slice(6, 12)


def why(values: np.ndarray[Any, Any] = VALUES, **changes: Any) -> str | None:
    settings = PairSettings(**changes.pop("settings", {}))
    given = {"name": "GSE1", "genes": ["ENSG1", "ENSG2"], "values": values, "cohorts": COHORTS} | changes
    return why_absent(CohortStudy(**given), GENES, load_contrasts("sepsis"), settings)


def changed(row: int, columns: slice, value: float) -> np.ndarray[Any, Any]:
    values = VALUES.copy()
    values[row, columns] = value
    return values


def test_a_study_that_lacks_nothing_has_no_reason() -> None:
    assert why() is None


def test_a_study_without_a_gene() -> None:
    assert why(VALUES[:1], genes=["ENSG1"]) == "the study does not have ENSG2"
    assert why(VALUES[:1], genes=["ENSG2"]) == "the study does not have ALPHA"
    assert why(VALUES[:0], genes=[]) == "the study does not have ALPHA and ENSG2"


def test_cohorts_that_are_missing_or_small() -> None:
    some = ["CONTROL"] * 6 + ["NO_SEPSIS"] * 3 + ["SEPTIC_SHOCK"] * 9
    assert why(cohorts=some) == "SEPSIS has no samples; NO_SEPSIS has 3 samples, fewer than 5"
    one = ["CONTROL"] + ["SEPSIS"] * 8 + ["SEPTIC_SHOCK"] * 9
    assert why(cohorts=one) == "CONTROL has 1 sample, fewer than 5"
    assert why(settings={"min_n": 7}) == "; ".join(
        f"{label} has 6 samples, fewer than 7" for label in ("SEPTIC_SHOCK", "SEPSIS", "CONTROL")
    )


@pytest.mark.parametrize(
    ("values", "settings", "reason"),
    [
        (changed(0, SEPSIS, 3.0), {}, "ALPHA is constant in SEPSIS"),
        (changed(1, SEPSIS, np.nan), {}, "ENSG2 has no value in SEPSIS"),
        (changed(1, slice(6, 8), np.nan), {}, "ENSG2 has no value in 33% of SEPSIS, more than 20%"),
        (changed(1, slice(6, 8), np.nan), {"max_missing": 0.5}, "ENSG2 has 4 values in SEPSIS, fewer than 5"),
        (changed(1, slice(6, 8), np.nan), {"max_missing": 0.5, "min_n": 4}, None),
    ],
)
def test_genes_that_do_not_count_in_a_cohort(
    values: np.ndarray[Any, Any], settings: dict[str, Any], reason: str | None
) -> None:
    assert why(values, settings=settings) == reason


def test_genes_that_are_seldom_detected() -> None:
    detected = np.ones(VALUES.shape, np.bool_)
    detected[0, 6:11] = False
    assert why(detected=detected) == "ALPHA is detected in 17% of SEPSIS, less than 50%"
    assert why(detected=detected, settings={"detection": 0.1}) is None


def test_samples_that_have_both_genes() -> None:
    values = changed(0, slice(6, 7), np.nan)
    values[1, 7] = np.nan
    assert why(values) == "only 4 samples of SEPSIS have both genes, fewer than 5"
    values[0, 8:12] = 1.0
    assert why(values, settings={"min_n": 4}) == "ALPHA is constant in the samples of SEPSIS that have both genes"


def test_others_that_are_pooled_count_together() -> None:
    some = ["CONTROL"] * 3 + ["NO_SEPSIS"] * 3 + ["SEPSIS"] * 6 + ["SEPTIC_SHOCK"] * 6
    assert why(cohorts=some, settings={"others": "pooled"}) == "CONTROL has 3 samples, fewer than 5"
