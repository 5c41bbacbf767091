"""Which source of a setting wins?"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expressway.settings import KEYS, Settings, load_settings
from expressway.settings_sources import merged
from tests.settings.given import GSE, OTHER, Write, file_settings

SOURCES = ["built in", "file", "environment", "command line"]


def from_sources(sources: tuple[str, ...], key: str, values: Mapping[str, Any], write: Write) -> Settings:
    """Settings where each of the sources gives `key` its own value."""
    nested = "defaults" if key in KEYS.study else ""
    text = f"{key}: {values['file']}"
    variable = f"EXPRESSWAY_{nested.upper()}__{key.upper()}" if nested else f"EXPRESSWAY_{key.upper()}"
    given = {key: values["command line"]}
    return load_settings(
        write(f"{nested}: {{{text}}}" if nested else text) if "file" in sources else None,
        ({nested: given} if nested else given) if "command line" in sources else None,
        {variable: str(values["environment"])} if "environment" in sources else {},
    )


@pytest.mark.parametrize("pair", list(combinations(SOURCES, 2)), ids=" below ".join)
@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("workers", {"built in": 1, "file": 2, "environment": 3, "command line": 4}),
        ("block_size", {"built in": None, "file": 20, "environment": 30, "command line": 40}),
    ],
)
def test_of_two_sources_the_stronger_wins(
    pair: tuple[str, str], key: str, values: Mapping[str, Any], write: Write
) -> None:
    settings = from_sources(pair, key, values, write)

    found = settings.workers if key == "workers" else settings.for_study("any").block_size
    assert found == values[pair[1]]


def test_without_any_source_everything_is_built_in() -> None:
    assert load_settings(environ={}) == Settings()
    assert load_settings(environ={}).warehouse_url == "duckdb:///expressway.duckdb"
    assert load_settings(environ={}).memory == 2 * 2**30


def test_sources_are_merged_key_by_key(write: Write) -> None:
    config = write(
        f"defaults: {{units: TPM, block_size: 10}}\nstudies: {{{GSE}: {{illness_overrides: {{GSM1: SEPSIS}}}}}}"
    )
    environ = {
        "EXPRESSWAY_DEFAULTS__BLOCK_SIZE": "20",
        f"EXPRESSWAY_STUDIES__{GSE}__ILLNESS_OVERRIDES__GSM2": "CONTROL",
    }

    settings = load_settings(config, {"defaults": {"scaling": "none"}}, environ)

    study = settings.for_study(GSE)
    assert (study.units, study.block_size, study.scaling) == ("TPM", 20, "NONE")
    assert study.illness_overrides == {"GSM1": "SEPSIS", "GSM2": "CONTROL"}


def test_a_study_sets_only_what_it_names(write: Write) -> None:
    config = write(
        "defaults: {units: TPM, max_null_share: 0.2, skip_samples: [A, B]}\n"
        f"studies:\n  {GSE}: {{units: counts, skip_samples: [C]}}\n  {OTHER}:\n"
    )

    settings = file_settings(config)

    own = settings.for_study(GSE)
    assert (own.units, own.max_null_share, own.skip_samples) == ("COUNTS", 0.2, ("C",))
    assert settings.for_study(OTHER) == settings.for_study("unnamed") == settings.defaults


def test_a_study_can_set_what_is_built_in_and_no_value(write: Write) -> None:
    config = write(
        f"defaults: {{max_null_share: 0.2, units: TPM}}\nstudies: {{{GSE}: {{max_null_share: 0.1, units: }}}}"
    )

    assert file_settings(config).for_study(GSE).max_null_share == 0.1
    assert file_settings(config).for_study(GSE).units is None


def test_a_study_stands_above_defaults_of_the_environment_and_below_those_of_the_command_line(write: Write) -> None:
    config = write(f"studies: {{{GSE}: {{units: COUNTS, title: Mine}}}}")
    environ = {"EXPRESSWAY_DEFAULTS__UNITS": "TPM"}

    assert load_settings(config, environ=environ).for_study(GSE).units == "COUNTS"
    asked = load_settings(config, {"defaults": {"units": "CPM"}}, environ)
    assert (asked.for_study(GSE).units, asked.for_study(GSE).title, asked.for_study(OTHER).units) == (
        "CPM",
        "Mine",
        "CPM",
    )
    named = load_settings(config, {"defaults": {"units": "CPM"}, "studies": {GSE: {"units": "FPKM"}}}, environ)
    assert named.for_study(GSE).units == "FPKM"


@given(
    st.recursive(st.integers(), lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3), max_leaves=9)
)
def test_merging_with_nothing_or_itself_changes_nothing(value: Any) -> None:
    assert merged(value, value) == value
    if isinstance(value, dict):
        assert merged(value, {}) == merged({}, value) == value
