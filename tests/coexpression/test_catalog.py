from __future__ import annotations

from collections import Counter

import pytest
import yaml

from expressway.coexpression.catalog import Q_COLUMNS, SCOPE, Feature, catalog_version, features
from tests.conftest import ROOT, absent

BY_NAME = {feature.name: feature for feature in features()}


def test_there_are_134_features_whose_names_differ_whatever_their_case() -> None:
    assert len(features()) == 134
    assert len({feature.column for feature in features()}) == 134
    assert all(feature.column.isidentifier() for feature in features())


def test_families_expand_over_their_members() -> None:
    assert Counter(feature.family for feature in features()) == {
        "contrast": 2 * 26,
        "cohort": 3 * 12,
        "cohort_difference": 3 * 4,
        "combined": 9,
        "quality": 9,
        "expression": 8,
        "ranking": 8,
    }
    names = [feature.name for feature in features()]
    assert names[:2] == ["dz_ss_mean", "dz_ss_se"]
    assert names[26] == "dz_soth_mean"
    assert names[-1] == "rank_position"
    assert not [feature for feature in features() if "{" in feature.name + feature.description]


def test_outputs_never_enter_a_model() -> None:
    outputs = {feature.name for feature in features() if feature.role == "output"}
    assert outputs == {feature.name for feature in features() if feature.family == "ranking"}
    assert len(outputs) == 8
    assert len([feature for feature in features() if feature.role in {"evidence", "support"}]) == 126


def test_nine_false_discovery_rates_in_the_order_of_the_catalogue() -> None:
    assert Q_COLUMNS == (
        "q_ss",
        "q_soth",
        "q_value_control",
        "q_value_sepsis",
        "q_value_septic_shock",
        "q_diff_shock_vs_sepsis",
        "q_diff_shock_vs_control",
        "q_diff_sepsis_vs_control",
        "q_combined",
    )


def test_the_words_of_the_catalogue_are_closed_lists() -> None:
    assert {feature.better for feature in features()} == {"high", "low", "abs_high", "none"}
    assert {feature.role for feature in features()} == {"evidence", "support", "output"}
    assert {feature.source for feature in features()} == {"seed", "extension"}
    assert {feature.scope for feature in features()} == {SCOPE}
    assert {feature.null_policy for feature in features()} == {
        "NULL_IF_NO_STUDY",
        "NULL_IF_K_LT_2",
        "NULL_IF_K_LT_3",
        "NULL_IF_ANY_PARENT_NULL",
        "NULL_IF_ALL_PARENTS_NULL",
        "NULL_IF_GENE_NOT_MEASURED",
        "NULL_IF_MODEL_NOT_RUN",
        "NEVER_NULL_ZERO",
        "NEVER_NULL_ONE",
    }
    assert catalog_version()


@pytest.mark.parametrize(
    ("scale", "bounds"),
    [("PROBABILITY", (0, 1)), ("PERCENT", (0, 100)), ("CORRELATION", (-1, 1)), ("UNIT_INTERVAL", (0, 1))],
)
def test_a_scale_has_its_bounds(scale: str, bounds: tuple[float, float]) -> None:
    found = [feature for feature in features() if feature.expected_scale == scale and "se_r_" not in feature.name]
    assert found
    assert {(feature.minimum, feature.maximum) for feature in found} == {bounds}


def test_counts_are_whole_and_never_missing() -> None:
    counts = [feature for feature in features() if feature.expected_scale == "COUNT"]
    assert len(counts) == 14
    assert all(feature.is_count and not feature.nullable and feature.minimum == 0 for feature in counts)
    assert BY_NAME["rank_position"].is_count
    assert BY_NAME["rank_position"].nullable
    assert not BY_NAME["q_star"].nullable


def test_the_expansion_is_the_one_that_was_agreed() -> None:
    path = ROOT.parent / "shared" / "spec" / "feature_catalog.yaml"
    if not path.is_file():
        absent(f"no agreed catalogue at {path}")
    agreed = yaml.safe_load(path.read_text(encoding="utf-8"))["features"]
    names = {"minimum": "min", "maximum": "max"}
    fields = [name for name in Feature.__dataclass_fields__ if name != "description"]
    ours = [{names.get(name, name): getattr(feature, name) for name in fields} for feature in features()]
    assert ours == [{names.get(name, name): entry[names.get(name, name)] for name in fields} for entry in agreed]
