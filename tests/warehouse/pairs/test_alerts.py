"""Is everything said that must be known before believing pairs, and nothing that is not so?"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import polars as pl

from expressway.warehouse.pairs.alerts import alerts
from expressway.warehouse.pairs.slice import Slice

SLICE = Slice("SEPSIS", 1, "RNA-SEQ", "HOMO_SAPIENS", studies=())
OTHERS = ["SEPSIS", "NO_SEPSIS", "CONTROL"]
CONTRASTS = {"case": "SEPTIC_SHOCK", "reference": "SEPSIS", "control": "CONTROL", "others": OTHERS}


def told(
    i2_ss: list[float | None],
    i2_soth: list[float | None],
    of: Slice = SLICE,
    others: str = "stratified",
    combine: str = "overlap",
    one_measurement: int = 0,
) -> dict[str, str]:
    """What is said of pairs of three studies each, by code."""
    many = [3] * len(i2_ss)
    pairs = pl.DataFrame(
        {"n_studies_ss": many, "n_studies_soth": many, "dz_ss_I2": i2_ss, "dz_soth_I2": i2_soth},
        schema_overrides={"dz_ss_I2": pl.Float64, "dz_soth_I2": pl.Float64},
    )
    settings = {"contrasts": CONTRASTS, "min_n": 4, "others": others, "combine": combine}
    counts = {"pairs_of_one_measurement": one_measurement}
    analysis: Any = SimpleNamespace(pairs=pairs, settings=settings, counts=counts)
    return {message.code: message.details for message in alerts(of, analysis)}


def test_unknown_heterogeneity_is_not_heterogeneity() -> None:
    nan = float("nan")
    found = told([80.0, 80.0, None, 20.0, None, nan, 75.0], [90.0, None, 76.0, 90.0, None, nan, None])
    assert found == {
        "54100": "SEPSIS RNA-SEQ: 3 of 7 stored pairs have I2 above 75%",
        "UNKNOWN_I2": "SEPSIS RNA-SEQ: 2 of 7 stored pairs have no I2, for want of two studies; it reads as 100%",
    }


def test_nothing_is_said_of_pairs_that_agree() -> None:
    assert told([0.0, 75.0], [100.0, None]) == {}
    assert told([None], [None]).keys() == {"UNKNOWN_I2"}


def test_genes_with_the_same_values_are_told() -> None:
    said = "SEPSIS RNA-SEQ: 1,200 times two genes have the same values in a study; it says nothing of such a pair"
    assert told([0.0], [0.0], one_measurement=1200) == {"ONE_MEASUREMENT": said}


def test_studies_in_which_both_contrasts_are_one_are_named() -> None:
    cohorts = {
        "A": {"SEPTIC_SHOCK": 9, "SEPSIS": 9},
        "B": {"SEPTIC_SHOCK": 9, "SEPSIS": 9, "CONTROL": 3},
        "C": {"SEPTIC_SHOCK": 9, "SEPSIS": 9, "NO_SEPSIS": 4},
        "D": {"SEPTIC_SHOCK": 9, "CONTROL": 9},
        "E": {"SEPTIC_SHOCK": 3, "SEPSIS": 9},
    }
    studies: Any = tuple(
        SimpleNamespace(accession=name, technology="RNA-SEQ", cohorts=sizes) for name, sizes in cohorts.items()
    )
    of = Slice("SEPSIS", 1, "RNA-SEQ", "HOMO_SAPIENS", studies=studies)
    said = "SEPSIS RNA-SEQ: SOTH is SS in {}, where the reference is the only other cohort"
    assert told([0.0], [0.0], of)["SOTH_IS_SS"] == said.format("A, B")
    assert told([0.0], [0.0], of, "pooled")["SOTH_IS_SS"] == said.format("A")  # there three controls count


def test_pooled_others_make_the_combined_p_approximate() -> None:
    assert told([0.0], [0.0], others="pooled").keys() == {"COMBINED_APPROXIMATE"}
    assert told([0.0], [0.0], others="pooled", combine="stouffer") == {}


def test_where_technologies_are_pooled_two_of_them_are_wanted() -> None:
    studies: Any = tuple(SimpleNamespace(accession=name, technology=name, cohorts={}) for name in ("RNA-SEQ", "OTHER"))
    of = Slice("SEPSIS", 1, "ALL", "HOMO_SAPIENS", studies=studies)
    assert told([None], [None], of)["UNKNOWN_I2"].startswith(
        "SEPSIS ALL: 1 of 1 stored pairs have no I2, for want of two technologies"
    )
