"""Which settings identify a batch, and what is shown of those in force?"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from expressway.settings import KEYS, Settings, StudySettings, load_settings, settings_reference
from expressway.settings_sources import OLD_NAMES
from tests.settings.given import GSE, Write, file_settings


def test_hashed_settings_do_not_depend_on_the_order_in_which_things_are_written() -> None:
    one = StudySettings(
        skip_samples=("B", "A", "B"), include_samples=("D", "C"), illness_overrides={"x": "1", "y": "2"}
    )
    two = StudySettings(skip_samples=("A", "B"), include_samples=("C", "D"), illness_overrides={"y": "2", "x": "1"})

    assert json.dumps(one.value_settings()) == json.dumps(two.value_settings())
    assert json.dumps(one.label_settings(), sort_keys=True) == json.dumps(two.label_settings(), sort_keys=True)


CHANGED: dict[str, Any] = {
    "accession": "GSE1",
    "block_size": 7,
    "deflooring": "off",
    "disease": "SEPSIS",
    "duplicate_probes": "keep",
    "illness_fields": {"a": {"b": "SEPSIS"}},
    "illness_overrides": {"GSM1": "SEPSIS"},
    "include_samples": ("A",),
    "label_column": "label",
    "max_null_share": 0.5,
    "max_unknown_share": 0.9,
    "min_labelled_share": 0.1,
    "on_sample_mismatch": "intersect",
    "organism": "Mus musculus",
    "platform": "GPL570",
    "ruleset": "seed_v1",
    "samples_as_rows": True,
    "samplesheet": Path("a.csv"),
    "scaling": "MINMAX",
    "skip_samples": ("A",),
    "technology": "OTHER",
    "title": "Another",
    "units": "TPM",
}
VALUES = set(StudySettings().value_settings())
LABELS = set(StudySettings().label_settings())


@pytest.mark.parametrize("key", KEYS.study)
def test_each_setting_changes_the_hash_it_should_and_no_other(key: str) -> None:
    plain, changed = StudySettings(), StudySettings(**{key: CHANGED[key]})

    assert (plain.value_settings() != changed.value_settings()) is (key in VALUES)
    assert (plain.label_settings() != changed.label_settings()) is (key in LABELS)


def test_which_settings_are_part_of_neither_hash() -> None:
    neither = {"accession", "block_size", "disease", "max_null_share", "min_labelled_share", "samplesheet"}

    assert VALUES.isdisjoint(LABELS)
    assert set(KEYS.study) - VALUES - LABELS == neither


def test_a_ruleset_of_ones_own_is_known_by_its_file_not_by_its_folder(tmp_path: Path) -> None:
    assert StudySettings(ruleset=str(tmp_path / "own.yaml")).label_settings()["ruleset"] == "own.yaml"


def test_describe_is_every_setting_in_force_ready_for_json(write: Write) -> None:
    config = write(f"memory: 1536MiB\nstudies: {{{GSE}: {{samplesheet: /a.csv}}}}")

    found = file_settings(config).describe()

    assert json.loads(json.dumps(found)) == found
    assert found["memory"] == "1536MiB"
    assert found["defaults.max_null_share"] == 0.1
    assert found[f"studies.{GSE}.samplesheet"] == "/a.csv"
    assert {name.removeprefix("defaults.") for name in found if name.startswith("defaults.")} == set(KEYS.study)
    assert {name.removeprefix("pairs.") for name in found if name.startswith("pairs.")} == set(KEYS.pairs)
    assert set(KEYS.top) - {"defaults", "pairs", "studies"} <= set(found)


def test_the_reference_has_every_key_with_type_default_and_meaning() -> None:
    lines = settings_reference().splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if line.startswith("| `")]

    sections = [*(f"pairs.{key}" for key in KEYS.pairs), *(f"defaults.{key}" for key in KEYS.study)]
    assert [row[0].strip("`") for row in rows] == [*KEYS.top, *sections]
    assert all(len(row) == 4 and all(row) and row[3].endswith(".") for row in rows)
    said = {row[0].strip("`"): row for row in rows}
    assert said["memory"][1:3] == ["size", "`2GiB`"]
    assert said["defaults.on_sample_mismatch"][1:3] == ["`fail`, `intersect`", "`fail`"]
    assert said["illness_overrides"][1:3] == ["path or mapping", "none"]
    assert all(f"`{old}` for `{new}`" in lines[-1] for old, new in OLD_NAMES.items())


def test_settings_cannot_be_changed_afterwards() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().workers = 2  # type: ignore[misc]


def test_reading_settings_leaves_the_environment_alone() -> None:
    before = dict(os.environ)
    load_settings()
    assert dict(os.environ) == before
