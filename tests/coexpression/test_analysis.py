"""The rules at the edges of an analysis: what is NULL, what is left out, what is refused."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats
from scipy.stats import false_discovery_control

from expressway.coexpression import CohortStudy, analyse, analysis
from expressway.coexpression.catalog import features
from expressway.coexpression.engine.layout import MOST_SAMPLES
from expressway.coexpression.fisher import r_max
from expressway.errors import InvalidSetting, UnknownSetting
from tests.coexpression import examples, oracle
from tests.coexpression.agreement import assert_agrees

SIZES = {"SEPTIC_SHOCK": 9, "SEPSIS": 8, "CONTROL": 7, "NO_SEPSIS": 6}
NEVER_NULL = [feature.name for feature in features() if not feature.nullable]


def studies(count: int = 3, genes: int = 8, **changes: Any) -> list[CohortStudy]:
    return [examples.study(f"S{number}", SIZES, genes, number, **changes) for number in range(count)]


def nulls(pairs: pl.DataFrame) -> set[str]:
    """Columns that are NULL in every row."""
    return {name for name in pairs.columns if pairs[name].null_count() == pairs.height}


def checked(made: list[CohortStudy], **settings: Any) -> pl.DataFrame:
    """All pairs, after a look whether they are the oracle's."""
    pairs = analyse(made, threads=1, keep=10**6, **settings).pairs
    columns, _, _ = oracle.Oracle(made, **settings).stored(10**6)
    assert_agrees(pairs, columns, places=False)
    return pairs


def test_what_comes_out() -> None:
    result = analyse(studies(), threads=1)
    expected = ["geneA", "geneB", "pair_uid", *(feature.name for feature in features())]
    bounds = [f"{name}_bound" for name in oracle.Q_OF.values()]
    assert result.pairs.columns == [*expected, *bounds, "q_star_strict", "q_star_strict_bound"]
    assert result.pairs["pair_uid"].is_sorted()
    assert (result.pairs["geneA"] < result.pairs["geneB"]).all()
    assert (result.pairs["pair_uid"] == result.pairs["geneA"] + "|" + result.pairs["geneB"]).all()
    assert json.loads(json.dumps(result.settings))["studies"] == ["S0", "S1", "S2"]
    for feature in features():
        column = result.pairs[feature.name].drop_nulls()
        assert feature.minimum is None or (column >= feature.minimum).all(), feature.name
        assert feature.maximum is None or (column <= feature.maximum).all(), feature.name
        assert feature.nullable or result.pairs[feature.name].null_count() == 0, feature.name


def test_ids_with_bars_come_in_the_order_of_their_pairs() -> None:
    values = np.random.default_rng(1).standard_normal((4, 9))
    made = CohortStudy("A", ["X", "X|A", "X}", "Z"], values, ["CONTROL"] * 9)
    pairs = analyse([made], threads=1).pairs
    assert pairs["pair_uid"].to_list() == sorted(pairs["pair_uid"].to_list())
    assert (pairs["pair_uid"] == pairs["geneA"] + "|" + pairs["geneB"]).all()


def test_a_cohort_below_min_n_does_not_count() -> None:
    made = [examples.study("S", SIZES | {"SEPSIS": 5}, 6, 1)]
    assert checked(made)["n_studies_ss"].to_list() == [1] * 15
    pairs = checked(made, min_n=6)
    assert pairs["n_studies_ss"].to_list() == [0] * 15
    assert {"dz_ss_mean", "p_ss", "q_ss", "r_sepsis", "z_diff_shock_vs_sepsis"} <= nulls(pairs)
    assert "p_soth" not in nulls(pairs)


def test_a_cohort_of_three_never_counts() -> None:
    made = [examples.study("S", SIZES | {"CONTROL": 3}, 6, 1)]
    pairs = checked(made, min_n=4)
    assert set(pairs["n_studies_r_control"]) == {0}
    with pytest.raises(InvalidSetting, match="min_n"):
        analyse(made, min_n=3)


def test_perfect_correlations_are_clipped_and_counted() -> None:
    made = studies(2, 4)
    for study in made:
        study.values[1] = np.exp(study.values[0])  # r = 1 in every cohort, yet no duplicate
        study.values[3] = -(study.values[2] ** 3)
    result = analyse(made, threads=1)
    perfect = {"G0000|G0001": 1, "G0002|G0003": -1}
    assert result.counts["clipped"] == 2 * 2 * 4
    for uid, sign in perfect.items():
        row = result.pairs.row(by_predicate=pl.col("pair_uid") == uid, named=True)
        assert row["r_control"] == pytest.approx(sign * float(r_max(7)), rel=1e-12)
        assert row["z_stat_septic_shock"] == pytest.approx(sign * math.sqrt(12) * math.atanh(float(r_max(9))))
    for settings in ({"tau2_method": "PM"}, {"se_method": "bonett_wright"}):
        assert analyse(made, threads=1, **settings).counts["clipped"] == 16
    checked(made)


def test_a_gene_that_is_constant_in_one_cohort_counts_in_the_others() -> None:
    made = studies(1, 5)
    made[0].values[2, :9] = 0.1
    pairs = checked(made).filter(pl.col("pair_uid").str.contains("G0002"))
    assert set(pairs["n_studies_r_septic_shock"]) == {0}
    assert set(pairs["n_studies_r_sepsis"]) == {1}
    assert {"p_ss", "p_soth", "combined_effect_size", "metrics_score", "rank_position"} <= nulls(pairs)
    assert set(pairs["q_star"]) == {1.0}
    assert set(pairs["i2_star"]) == {100.0}


def test_genes_that_are_constant_everywhere_are_left_out() -> None:
    made = studies(2, 5)
    for study in made:
        study.values[0] = 3.0
    result = analyse(made, threads=1)
    assert result.pairs_tested == 6
    fate = result.genes.row(by_predicate=pl.col("gene") == "G0000", named=True)
    assert fate["status"] == "DROPPED"
    assert "in no cohort does it vary" in fate["reason"]
    for study in made:
        study.values[:] = np.arange(5)[:, None]
    with pytest.raises(InvalidSetting, match="0 genes are left to pair") as refused:
        analyse(made, threads=1)
    assert "'SEPTIC_SHOCK': 9" in refused.value.hint


def test_one_study_says_nothing_of_heterogeneity() -> None:
    pairs = checked(studies(1))
    of_several = {feature.name for feature in features() if "K_LT" in feature.null_policy}
    assert of_several <= nulls(pairs)
    assert {"consistency_score", "direction_consistency", "magnitude_consistency"} <= nulls(pairs)
    assert set(pairs["dz_ss_Q"]) == {0.0}
    assert set(pairs["Q_r_control"]) == {0.0}
    assert set(pairs["i2_star"]) == {100.0}
    assert "p_ss" not in nulls(pairs)


def test_two_studies_have_no_prediction_interval() -> None:
    pairs = checked(studies(2))
    of_three = {feature.name for feature in features() if feature.null_policy == "NULL_IF_K_LT_3"}
    assert of_three <= nulls(pairs)
    assert not {"dz_ss_tau2", "kappa_ss", "dz_ss_hk_se", "p_soth_hk"} & nulls(pairs)


def test_studies_that_agree_completely_have_no_heterogeneity() -> None:
    one = examples.study("A", SIZES, 6, 1)
    twin = CohortStudy("B", one.genes, one.values * 2, one.cohorts)
    pairs = checked([one, twin])
    for name in ("dz_ss_Q", "dz_soth_I2", "dz_ss_tau2", "i2_star"):
        assert pairs[name].abs().max() < 1e-12, name
    assert set(pairs["dz_ss_I2"]) == {0.0}
    assert set(pairs["kappa_ss"]) == {1.0}
    np.testing.assert_allclose(pairs["magnitude_consistency_ss"], 1.0)


def test_no_case_cohort_leaves_the_statistics_of_the_other_cohorts() -> None:
    made = [examples.study(f"S{i}", {"SEPSIS": 8, "CONTROL": 9}, 6, i) for i in range(2)]
    result = analyse(made, threads=1)
    assert {"p_ss", "p_soth", "combined_p_value", "r_septic_shock", "metrics_score"} <= nulls(result.pairs)
    assert not {"r_sepsis", "r_control", "z_diff_sepsis_vs_control", "q_value_control"} & nulls(result.pairs)
    assert result.counts["tested_ss"] == result.counts["tested_combined"] == 0
    assert result.counts["tested_control"] == result.pairs.height == 15
    assert set(result.pairs["q_star"]) == {1.0}
    assert not result.pairs["q_ss_bound"].any()
    checked(made)


def test_only_sepsis_among_the_others_makes_both_contrasts_the_same() -> None:
    made = [examples.study(f"S{i}", {"SEPTIC_SHOCK": 6, "SEPSIS": 6}, 20, i, digits=0) for i in range(4)]
    pairs = checked(made)
    assert (pairs["kappa_ss"] != pairs["kappa_ss"].round(3)).any()
    for feature in features():
        if "ss" in feature.name.split("_"):
            other = feature.name.replace("ss", "soth")
            ss, soth = (pairs[name].cast(float).fill_null(-9) for name in (feature.name, other))
            np.testing.assert_allclose(ss, soth, rtol=1e-12, atol=1e-14, err_msg=other)


def test_two_genes_are_one_pair() -> None:
    result = analyse(studies(2, 2), threads=4)
    assert result.pairs["pair_uid"].to_list() == ["G0000|G0001"]
    assert result.pairs["q_ss"][0] == pytest.approx(result.pairs["p_ss"][0], rel=1e-14)
    assert result.pairs["rank_position"].to_list() == [1]


def test_more_pairs_wanted_than_there_are() -> None:
    assert analyse(studies(1, 5), threads=1, keep=11).pairs.height == 10
    assert analyse(studies(1, 5), threads=1, keep=3).pairs.height == 3
    everything = analyse(studies(1, 5), threads=1, keep=10).pairs
    assert analyse(studies(1, 5), threads=10**12, keep=10**30).pairs.equals(everything, null_equal=True)


def test_the_best_pairs_are_kept_and_ties_go_by_pair_uid() -> None:
    made = studies(2, 6)
    for study in made:
        study.values[5] = np.exp(study.values[0])  # ranks as G0000, so that pairs with either tie
    result = analyse(made, threads=1, keep=100).pairs
    best = result.select(p=pl.min_horizontal("p_ss", "p_soth", "combined_p_value"), uid="pair_uid").sort("p", "uid")
    for keep in range(1, 15):
        assert analyse(made, threads=1, keep=keep).pairs["pair_uid"].to_list() == sorted(best["uid"][:keep])
    assert best["p"].n_unique() < 15


def test_a_gene_with_too_many_missing_values_does_not_count() -> None:
    made = studies(1, 6)
    made[0].values[0, :2] = np.nan  # 2 of 9 shock samples
    pairs = checked(made, max_missing=0.2)
    assert set(pairs.filter(pl.col("geneA") == "G0000")["n_studies_r_septic_shock"]) == {0}
    pairs = checked(made, max_missing=0.25)
    assert set(pairs.filter(pl.col("geneA") == "G0000")["n_samples_septic_shock"]) == {7}
    made[0].values[0] = np.nan
    result = analyse(made, threads=1)
    assert result.counts["genes_dropped"] == 1


@pytest.mark.parametrize(("missing", "samples", "share"), [(7, 10, 0.7), (29, 100, 0.29), (1, 10, 0.1), (3, 10, 0.3)])
def test_the_share_of_missing_values_may_be_reached(missing: int, samples: int, share: float) -> None:
    made = [examples.study("S", {"CONTROL": samples}, 3, 1)]
    made[0].values[0, :missing] = np.nan
    least = min(5, samples - missing)
    if least < 4:
        made = [examples.study("S", {"CONTROL": samples * 2}, 3, 1)]
        made[0].values[0, : missing * 2] = np.nan
    assert analyse(made, threads=1, max_missing=share).counts["genes"] == 3
    assert analyse(made, threads=1, max_missing=share - 1e-9).counts["genes"] == 2


def test_a_cohort_above_the_samples_that_float32_adds_exactly() -> None:
    made = [examples.study(f"S{i}", {"SEPTIC_SHOCK": 370 + 300 * i, "SEPSIS": 369}, 12, i, signal=1) for i in range(2)]
    checked(made)


def test_a_cohort_too_large_for_its_ranks_is_refused() -> None:
    n = MOST_SAMPLES + 1
    made = CohortStudy("A", ["X", "Y"], np.random.default_rng(1).standard_normal((2, n)), ["CONTROL"] * n)
    with pytest.raises(InvalidSetting, match="A has 32,769 samples in a cohort"):
        analyse([made])


def test_detection_leaves_a_gene_out_of_a_cohort() -> None:
    made = studies(1, 5)
    detected = np.ones(made[0].values.shape, bool)
    detected[0, :5] = False  # 4 of 9 shock samples
    made = [CohortStudy("S", made[0].genes, made[0].values, made[0].cohorts, "RNA-SEQ", detected)]
    pairs = checked(made, detection=0.5).filter(pl.col("geneA") == "G0000")
    assert set(pairs["n_studies_r_septic_shock"]) == {0}
    assert set(pairs["n_studies_r_sepsis"]) == {1}
    assert set(checked(made, detection=4 / 9)["n_studies_r_septic_shock"]) == {1}


def test_duplicates_are_dropped_with_their_reason() -> None:
    made = studies(2, 5)
    for study in made:
        study.values[3] = study.values[1]
    result = analyse(made, threads=1)
    assert result.genes.filter(pl.col("status") == "DROPPED").rows() == [
        ("G0003", "DROPPED", "the same values as G0001 in every study")
    ]
    made[1].values[3, 0] += 1
    assert analyse(made, threads=1).counts["genes_dropped"] == 0


@pytest.mark.parametrize("missing", [0.0, 0.1])
def test_two_genes_with_the_same_values_are_no_pair_in_that_study(missing: float) -> None:
    made = studies(missing=missing)
    made[0].values[3] = made[0].values[1]
    made[2].values[[4, 5]] = made[2].values[0]
    pairs = checked(made)
    counted = dict(zip(pairs["pair_uid"], pairs["n_studies_soth"], strict=True))
    fewer = {"G0001|G0003", "G0000|G0004", "G0000|G0005", "G0004|G0005"}
    assert {uid for uid, count in counted.items() if count < 3} >= fewer
    assert analyse(made, threads=1).counts["pairs_of_one_measurement"] == len(fewer)


def test_values_that_have_the_same_ranks_are_two_measurements() -> None:
    made = studies(1)
    made[0].values[3] = 2 * made[0].values[1]
    assert checked(made).filter(pair_uid="G0001|G0003")["r_control"].item() > 0.9


@pytest.mark.parametrize("combine", ["overlap", "none", "stouffer"])
def test_what_is_made_of_two_t_is_tested_as_one(combine: str) -> None:
    made = studies(4)
    made[3] = examples.study("S3", {"SEPTIC_SHOCK": 9, "CONTROL": 7}, 8, 3)  # SS has 3 studies, SOTH 4
    pairs = checked(made, ci_method="HK", tau2_method="PM", combine=combine)
    t = pairs["z_diff_shock_vs_sepsis"].to_numpy()
    np.testing.assert_allclose(pairs["p_diff_shock_vs_sepsis"], 2 * stats.t.sf(np.abs(t), 2), rtol=1e-9)
    if combine != "stouffer":
        expected = 2 * stats.t.sf(np.abs(pairs["combined_z_score"].to_numpy()), 2)
        np.testing.assert_allclose(pairs["combined_p_value"], expected, rtol=1e-9)


def test_technologies_are_pooled_for_themselves_first() -> None:
    made = [
        examples.study(f"S{i}", SIZES, 8, i, signal=i, technology="RNA-SEQ" if i % 2 else "MICROARRAY")
        for i in range(5)
    ]
    pairs = checked(made, by_technology=True)
    assert set(pairs["n_studies_ss"]) == {5}
    assert not pairs["dz_ss_mean"].equals(checked(made)["dz_ss_mean"])
    alone = [checked([s for s in made if s.technology == t]) for t in ("MICROARRAY", "RNA-SEQ")]
    weights = [1 / one["dz_ss_se"] ** 2 for one in alone]
    mean = (weights[0] * alone[0]["dz_ss_mean"] + weights[1] * alone[1]["dz_ss_mean"]) / (weights[0] + weights[1])
    np.testing.assert_allclose(pairs["dz_ss_mean"], mean, rtol=1e-12)
    spread = sum(w * (one["dz_ss_mean"] - mean) ** 2 for w, one in zip(weights, alone, strict=True))
    np.testing.assert_allclose(pairs["dz_ss_Q"], spread, rtol=1e-9)


def test_too_many_pairs_for_plain_arithmetic_are_refused_before_they_are_begun(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(analysis, "PLAIN_PAIRS", 20)
    made = studies(1, 8)
    with pytest.raises(InvalidSetting, match="28 pairs are too many for these statistics"):
        analyse(made, threads=1, tau2_method="PM")
    assert analyse(made, threads=1).pairs.height == 28
    made[0].values[:4, 0] = np.nan
    with pytest.raises(InvalidSetting, match="22 pairs have a gene with missing or shared values") as refused:
        analyse(made, threads=1)
    assert "mad:" in refused.value.hint
    assert analyse(made, threads=1, max_missing=0).counts["genes_incomplete"] == 0


@pytest.mark.parametrize(
    ("given", "nearest"), [("tau_method", "tau2_method"), ("minn", "min_n"), ("se_methd", "se_method")]
)
def test_an_unknown_choice_is_refused_with_the_nearest_one(given: str, nearest: str) -> None:
    with pytest.raises(UnknownSetting, match=given) as refused:
        analyse(studies(1), **{given: 5})
    assert f"Did you mean {nearest}?" in refused.value.hint


@pytest.mark.parametrize(
    "wrong",
    [
        {"min_n": 3},
        {"min_n": 5.5},
        {"max_missing": 1.1},
        {"max_missing": math.nan},
        {"detection": -0.1},
        {"se_method": "pearson"},
        {"others": "mixed"},
        {"tau2_method": "dl"},
        {"ci_method": "t"},
        {"combine": "fisher"},
        {"fdr": "bonferroni"},
        {"tail": 0},
        {"tail": 1.5},
        {"delta": 0},
        {"keep": 0},
        {"threads": 0},
        {"tile": 8},
        {"tile": 5000},
        {"contrasts": "sepsi"},
        {"genes": "best"},
        {"genes": ["nobody", "knows"]},
    ],
    ids=str,
)
def test_a_value_that_cannot_be_used_is_refused_with_a_hint(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidSetting) as refused:
        analyse(studies(1), **wrong)
    assert refused.value.hint


def test_no_studies_and_two_of_one_name_are_refused() -> None:
    with pytest.raises(InvalidSetting, match="no study"):
        analyse([])
    with pytest.raises(InvalidSetting, match="two studies are called S0"):
        analyse([*studies(1), *studies(1)])


def test_infinite_values_are_refused() -> None:
    values = studies(1)[0].values.copy()
    values[1, 2] = np.inf
    with pytest.raises(InvalidSetting, match="infinite"):
        CohortStudy("S", [f"G{i}" for i in range(8)], values, studies(1)[0].cohorts)


def test_labels_that_no_contrast_names_are_not_counted() -> None:
    with_more = [examples.study("S", SIZES | {"UNKNOWN": 9}, 6, 1)]
    plain = [
        CohortStudy("S", with_more[0].genes, with_more[0].values[:, :30], with_more[0].cohorts[:30]),
    ]
    names = [name for name in checked(plain).columns if not name.startswith("expr_")]
    assert checked(with_more).select(names).equals(checked(plain).select(names))


def test_a_tail_of_one_knows_every_q() -> None:
    made = studies(2, 30)
    pairs = analyse(made, threads=1, tail=1.0).pairs
    for name in oracle.Q_OF.values():
        assert pairs[name].null_count() == 0
        assert not pairs[f"{name}_bound"].any()


def test_q_above_the_tail_is_only_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analysis, "CANDIDATES", 400)
    made = studies(3, 60, signal=1.0)
    result = analyse(made, threads=1, keep=200, tail=0.2)
    _, places, p = oracle.Oracle(made, tail=0.2).stored(200)
    columns = oracle.Oracle(made, tail=0.2).columns_of(places, p, all_known=False)
    assert_agrees(result.pairs, columns, q_accuracy=1e-4, cohort_q_accuracy=1e-4, places=False)
    assert 0 < result.pairs["q_ss_bound"].sum() < 200
    assert result.settings["q_bound"] == 0.2


def stacked(pairs: pl.DataFrame, method: str = "bh") -> np.ndarray:
    """The smallest of the three q of each pair where p of ss, soth and combined are one family."""
    p = pairs.select("p_ss", "p_soth", "combined_p_value").fill_null(np.nan).to_numpy()
    q = np.full(p.shape, np.nan)
    q[~np.isnan(p)] = false_discovery_control(p[~np.isnan(p)], method=method)
    return np.fmin.reduce(q, axis=1)


@pytest.mark.parametrize("method", ["BH", "BY"])
def test_the_strict_q_is_that_of_the_three_families_stacked(method: str) -> None:
    made = [*studies(2, 30, signal=1.0), examples.study("T", {"SEPTIC_SHOCK": 9, "CONTROL": 8}, 40, 9)]
    pairs = analyse(made, threads=1, keep=10**6, tail=1.0, fdr=method).pairs
    assert pairs["p_ss"].null_count() > pairs["p_soth"].null_count()
    np.testing.assert_allclose(pairs["q_star_strict"].to_numpy(), stacked(pairs, method.lower()), rtol=1e-9)
    assert not pairs["q_star_strict_bound"].any()


def test_the_strict_q_is_at_most_three_times_the_smallest_and_may_be_below_it() -> None:
    """Below it where another family has many more findings: they count as found at the same p."""
    sizes = {"SEPTIC_SHOCK": 12, "SEPSIS": 10, "CONTROL": 40}
    made = [examples.study(f"S{number}", sizes, 40, number, signal=1.5) for number in range(3)]
    pairs = analyse(made, threads=1, keep=10**6, tail=1.0).pairs
    ratio = (pairs["q_star_strict"] / pairs["q_star"]).to_numpy()
    assert ratio.max() <= 3 * (1 + 1e-9)
    assert ratio.max() > 1.5
    assert ratio.min() < 0.7


@pytest.mark.parametrize(("candidates", "accuracy"), [(0, 1e-4), (800, 1e-6)])
def test_the_strict_q_in_a_tail(monkeypatch: pytest.MonkeyPatch, candidates: int, accuracy: float) -> None:
    made = studies(3, 60, signal=1.0)
    every = analyse(made, threads=1, tail=1.0).pairs
    assert every.height == 1770
    monkeypatch.setattr(analysis, "CANDIDATES", candidates)
    result = analyse(made, threads=1, keep=150, tail=0.2)
    assert result.settings["q_accuracy"] == accuracy
    right = stacked(every)[every["pair_uid"].is_in(result.pairs["pair_uid"].to_list()).to_numpy()]
    known = right <= 0.2
    assert 0 < known.sum() < 150
    assert np.array_equal(result.pairs["q_star_strict_bound"].to_numpy(), ~known)
    found = result.pairs["q_star_strict"].fill_null(np.nan).to_numpy()
    np.testing.assert_allclose(found[known], right[known], rtol=accuracy)
    assert np.isnan(found[~known]).all()


def test_progress_ends_at_all_pairs() -> None:
    steps: list[tuple[int, int]] = []
    made = studies(1, 130)
    made[0].values[::7, 3] = np.nan
    analyse(made, threads=1, tile=16, progress=lambda *at: steps.append(at))
    assert steps == sorted(steps)
    assert steps[-1] == (130 * 129 // 2, 130 * 129 // 2)
    assert len(steps) > 1


def test_a_gene_without_any_value_in_a_study_is_absent_there() -> None:
    made = studies(2, 6)
    made[0].values[0] = np.nan
    pairs = checked(made)
    assert set(pairs.filter(pl.col("geneA") == "G0000")["n_studies_ss"]) == {1}
    assert analyse(made, threads=1, genes="mad:3").counts["genes"] == 3
