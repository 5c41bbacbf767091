"""Does the engine say of every pair what plain float64 arithmetic says?"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from expressway.coexpression import CohortStudy, analyse, analysis
from expressway.errors import InvalidSetting
from tests.coexpression import examples, oracle
from tests.coexpression.agreement import assert_agrees

ALL = 10**6
CONTINUOUS = st.sampled_from([None, None, 1, 0])


@st.composite
def studies(draw: Any) -> list[CohortStudy]:
    """1 to 5 studies that share most of 6 to 40 genes, with cohorts of 3 to 30 samples, some of them absent."""
    genes, made = draw(st.integers(6, 40)), []
    for number in range(draw(st.integers(1, 5))):
        sizes = draw(st.dictionaries(st.sampled_from([*examples.LABELS, "UNKNOWN"]), st.integers(3, 30), min_size=1))
        rng = np.random.default_rng(draw(st.integers(0, 2**32)))
        made.append(
            examples.study(
                f"S{number}",
                sizes,
                [f"G{i:02}" for i in range(genes) if i == 0 or rng.random() < 0.9],
                int(rng.integers(2**32)),
                signal=draw(st.sampled_from([0.0, 0.5, 2.0])),
                digits=draw(CONTINUOUS),
                missing=draw(st.sampled_from([0.0, 0.0, 0.05, 0.15])),
                floor=draw(st.sampled_from([0.0, 0.0, 0.3])),
                technology=draw(st.sampled_from(["RNA-SEQ", "MICROARRAY"])),
                value_scale=draw(st.sampled_from(["LOG2", "QN", "SCALED"])),
            )
        )
    return made


@st.composite
def choices(draw: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "se_method": draw(st.sampled_from(["fisher", "fieller", "bonett_wright"])),
        "others": draw(st.sampled_from(["stratified", "pooled"])),
        "tau2_method": draw(st.sampled_from(["DL", "EE", "PM", "HE", "SJ"])),
        "ci_method": draw(st.sampled_from(["z", "z", "HK", "HK_floor"])),
        "combine": draw(st.sampled_from(["overlap", "none", "stouffer"])),
        "fdr": draw(st.sampled_from(["BH", "BY"])),
        "min_n": draw(st.integers(4, 8)),
        "max_missing": draw(st.sampled_from([0.1, 0.2, 0.5])),
        "detection": draw(st.sampled_from([0.2, 0.5])),
        "by_technology": draw(st.booleans()),
    }
    if draw(st.booleans()):  # what the compiled kernel knows
        made |= {"ci_method": "z", "combine": "overlap"}
        made["se_method"] = draw(st.sampled_from(["fisher", "fieller"]))
        made["tau2_method"] = draw(st.sampled_from(["DL", "EE"]))
    return made


@given(studies(), choices())
def test_every_feature_of_every_pair_is_the_oracles(made: list[CohortStudy], chosen: dict[str, Any]) -> None:
    reference = oracle.Oracle(made, **chosen)
    if len(reference.genes) < 2:
        with pytest.raises(InvalidSetting, match="genes are left to pair"):
            analyse(made, threads=1, keep=ALL, **chosen)
        return
    result = analyse(made, threads=1, keep=ALL, **chosen)
    columns, places, p = reference.stored(ALL)
    uid = np.array(reference.uid(*reference.all_pairs()))[places]
    assert result.pairs["pair_uid"].to_list() == uid.tolist()
    assert_agrees(result.pairs, columns, places=False)
    assert result.counts["clipped"] == reference.clipped()
    assert result.pairs_tested == math.comb(len(reference.genes), 2)
    for family, name in oracle.P_OF.items():
        assert result.counts[f"tested_{family}"] == (~np.isnan(p[name])).sum(), family


def test_restricted_likelihood_is_the_oracles() -> None:
    made = [
        examples.study(f"S{i}", {"SEPTIC_SHOCK": 9 + i, "SEPSIS": 8, "CONTROL": 7}, 12, i, signal=i) for i in range(4)
    ]
    result = analyse(made, threads=1, tau2_method="REML")
    columns, _, _ = oracle.Oracle(made, tau2_method="REML").stored(ALL)
    for name in ("dz_ss_tau2", "dz_ss_mean", "dz_soth_se", "r_control", "p_value_septic_shock", "combined_p_value"):
        # golden sections find where a function is largest to the root of what its values are right to
        mine = result.pairs[name].cast(float).to_numpy()
        np.testing.assert_allclose(mine, columns[name], rtol=1e-5, atol=1e-7, err_msg=name)
    assert (columns["dz_ss_tau2"] > 0).any()


def test_the_oracle_correlates_as_scipy_does() -> None:
    made = examples.study("S", {"SEPTIC_SHOCK": 20, "SEPSIS": 12}, 8, 1, digits=0, missing=0.1)
    reference = oracle.Oracle([made], max_missing=0.5)
    for label in ("SEPTIC_SHOCK", "SEPSIS"):
        first, second = reference.all_pairs()
        r, n = reference.correlation(reference.cohorts[0][label], first, second)
        values = reference.cohorts[0][label]["values"]
        for place, (i, j) in enumerate(zip(first, second, strict=True)):
            both = ~np.isnan(values[i]) & ~np.isnan(values[j])
            assert n[place] == both.sum()
            assert r[place] == pytest.approx(spearmanr(values[i][both], values[j][both]).statistic, abs=1e-14)


def places_are_those_of_the_scores(pairs: Any) -> None:
    """Ranks follow from the scores and q values that are stored beside them."""
    columns = {name: pairs[name].cast(float).fill_null(np.nan).to_numpy() for name in pairs.columns[3:137]}
    again = dict(columns)
    oracle.scores(again)
    for name in ("metrics_score", "new_rank_score"):
        np.testing.assert_allclose(columns[name], again[name], rtol=1e-12, atol=1e-15)
    again |= {name: columns[name] for name in ("metrics_score", "new_rank_score")}
    by_metrics = np.argsort(-columns["metrics_score"], kind="stable")
    assert np.array_equal(columns["rank_score"][by_metrics], 1 - np.arange(len(pairs)) / len(pairs))
    order = np.argsort(columns["rank_position"])
    keys = [oracle.ranked_view(columns, i) for i in order]
    assert keys == sorted(keys)


def large(genes: int, signal: float, share: float) -> list[CohortStudy]:
    """Five studies of many genes, a share of them in modules; one lacks genes, one has no controls, one has ties."""
    made = []
    for number in range(5):
        sizes = {"SEPTIC_SHOCK": 14 + 3 * number, "SEPSIS": 10 + 2 * number, "CONTROL": 9 + number, "NO_SEPSIS": 8}
        if number == 2:
            del sizes["CONTROL"]
        ids = [f"G{i:04}" for i in range(genes) if number != 1 or i % 10]
        one = examples.study(f"S{number}", sizes, ids, 100 + number, digits=1 if number == 4 else None)
        factor = examples.study("F", sizes, 3, 200 + number).values * signal
        factor[:, np.array(one.cohorts) != "SEPTIC_SHOCK"] *= 0.1
        for row, gene in enumerate(ids):
            if int(gene[1:]) < share * genes:
                one.values[row] += factor[int(gene[1:]) % 3]
        made.append(one)
    return made


@pytest.mark.parametrize(
    ("genes", "signal", "share", "exact"),
    [
        (400, 1.0, 0.1, True),
        pytest.param(1500, 1.0, 0.1, True, marks=pytest.mark.slow),
        pytest.param(1500, 2.0, 0.95, False, marks=pytest.mark.slow),
    ],
    ids=["80,000 pairs, few signals", "a million pairs, few signals", "a million pairs, 30% signals"],
)
def test_many_pairs(genes: int, signal: float, share: float, exact: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every statistic of every stored pair, which pairs are stored, and q over all pairs: more than can be held."""
    made = large(genes, signal, share)
    part = (genes / 1500) ** 2
    monkeypatch.setattr(analysis, "CANDIDATES", int(part * analysis.CANDIDATES))
    keep = int(part * (100_000 if exact else 20_000))
    result = analyse(made, keep=keep)
    accuracy = 1e-6 if exact else 1e-4
    assert result.settings["q_accuracy"] == accuracy
    reference = oracle.Oracle(made)
    _, places, p = reference.stored(keep)
    uid = np.array(reference.uid(*reference.all_pairs()))
    assert result.pairs["pair_uid"].to_list() == uid[places].tolist()
    columns = reference.columns_of(places, p, all_known=False)
    assert_agrees(result.pairs, columns, q_accuracy=accuracy, cohort_q_accuracy=1e-4, places=False)
    places_are_those_of_the_scores(result.pairs)
    share_found = float(np.mean(p["p_ss"] < 0.05))
    assert (share_found > 0.25) != exact
    for family, name in oracle.P_OF.items():
        assert result.counts[f"tested_{family}"] == (~np.isnan(p[name])).sum(), family
