"""Is what is wrong named with key, value and what is valid?

A failure here means that a study is loaded with other settings than its user wrote.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from expressway.errors import InvalidSetting, UnknownSetting
from expressway.settings import KEYS, Settings, load_settings, parse_size
from expressway.settings_sources import OLD_NAMES
from expressway.settings_values import size_text
from tests.settings.given import GSE, Write, file_settings, refused


@pytest.mark.parametrize(
    ("text", "where", "near"),
    [
        ("worker: 2", "my.yaml: worker", "workers"),
        ("defaults: {unit: TPM}", "my.yaml: defaults.unit", "defaults.units"),
        (
            f"studies: {{{GSE}: {{skip_sample: A}}}}",
            f"my.yaml: studies.{GSE}.skip_sample",
            f"studies.{GSE}.skip_samples",
        ),
        ("units: TPM", "my.yaml: units", "defaults.units"),
        ("chunk_size: 9", "my.yaml: chunk_size", "defaults.block_size"),
        (f"studies: {{{GSE}: {{parallelism: 2}}}}", f"studies.{GSE}.parallelism", "Did you mean workers"),
        ("unheard: 1", "my.yaml: unheard", None),
    ],
)
def test_an_unknown_key_of_the_file_is_refused_with_the_nearest(
    text: str, where: str, near: str | None, write: Write
) -> None:
    error = refused(UnknownSetting, where, "Valid keys", config=write(text))

    assert (near in error.hint.split("?")[0]) if near else ("Did you mean" not in error.hint)


def test_an_unknown_key_given_by_the_caller_is_refused() -> None:
    refused(UnknownSetting, "defaults.unit", "units", overrides={"defaults": {"unit": "TPM"}})
    with pytest.raises(ValidationError):
        Settings.model_validate({"worker": 2})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("workers: 0", ["my.yaml: workers", "'0'", "greater than or equal to 1"]),
        ("workers: many", ["workers", "'many'", "whole number"]),
        ("memory: 2", ["memory", "'2'", "2GiB"]),
        ("memory: lots", ["memory", "'lots'", "GiB"]),
        ("memory: 99999999999999999TB", ["my.yaml: memory", "at most 1024TiB"]),
        ("memory_limit_mb: 1", ["my.yaml: memory_limit_mb", "'1'", "at least 64MiB"]),
        ("sources: [a, null]", ["my.yaml: sources.1", "no value", "a path"]),
        ("sources: [[a]]", ["my.yaml: sources.0", "a list", "a path"]),
        ("sources: [{a: b}]", ["my.yaml: sources.0", "a mapping", "a path"]),
        ("progress: perhaps", ["progress", "'perhaps'", "auto, on, off"]),
        ("warehouse: ''", ["warehouse", "empty"]),
        ("defaults: {units: TPMS}", ["my.yaml: defaults.units", "'TPMS'", "Did you mean TPM?", "COUNTS"]),
        ("defaults: {technology: sequencing}", ["defaults.technology", "RNA-SEQ, MICROARRAY, OTHER"]),
        ("defaults: {max_null_share: 10}", ["defaults.max_null_share", "'10'", "less than or equal to 1"]),
        ("defaults: {max_null_share: nan}", ["defaults.max_null_share", "'nan'"]),
        ("defaults: {max_null_share: }", ["defaults.max_null_share", "no value", "number"]),
        ("defaults: {samples_as_rows: maybe}", ["'maybe'", "true or false"]),
        ("defaults: {block_size: 0}", ["defaults.block_size", "'0'"]),
        ("defaults: {accession: GSE 1}", ["defaults.accession", "'GSE 1'", "50"]),
        ("defaults: {title: [a]}", ["defaults.title", "a list", "text"]),
        ("defaults: {skip_samples: {a: b}}", ["defaults.skip_samples", "a mapping", "a list"]),
        ("defaults: {skip_samples: [[a]]}", ["defaults.skip_samples.0", "text"]),
        ("defaults: {illness_fields: {disease: SEPSIS}}", ["defaults.illness_fields.disease", "key: value"]),
        ("defaults: all", ["my.yaml: defaults", "'all'", "key: value"]),
        ("studies: all", ["my.yaml: studies", "'all'", "key: value"]),
        (f"studies: {{{GSE}: TPM}}", [f"my.yaml: studies.{GSE}", "'TPM'", "key: value"]),
        ("studies: {GSE 1: {units: TPM}}", ["studies.GSE 1", "letters"]),
        (f"studies: {{{GSE}: {{illness_overrides: {{GSM1: }}}}}}", [f"{GSE}.illness_overrides.GSM1", "text"]),
        ("illness_overrides: [a]", ["my.yaml: illness_overrides", "a list", "path"]),
        ("illness_overrides: {GSE1: {GSM1: }}", ["my.yaml: illness_overrides", "SAMPLE: LABEL"]),
        ("max_workers: 1\nworkers: 2", ["max_workers", "workers", "mean the same"]),
    ],
)
def test_a_wrong_value_is_refused_with_key_value_and_what_is_valid(text: str, said: list[str], write: Write) -> None:
    refused(InvalidSetting, *said, config=write(text))


def test_a_wrong_value_is_blamed_on_the_source_it_comes_from(write: Write) -> None:
    config = write("workers: 2\ndefaults: {units: TPM}")

    refused(InvalidSetting, "EXPRESSWAY_WORKERS: 'x'", config=config, environ={"EXPRESSWAY_WORKERS": "x"})
    refused(InvalidSetting, "EXPRESSWAY_MAX_WORKERS: 'x'", config=config, environ={"EXPRESSWAY_MAX_WORKERS": "x"})
    environ = {"EXPRESSWAY_DEFAULTS__UNITS": "x"}
    refused(InvalidSetting, "EXPRESSWAY_DEFAULTS__UNITS: 'x'", config=config, environ=environ)
    refused(
        InvalidSetting, "defaults.units: 'y'", config=config, environ=environ, overrides={"defaults": {"units": "y"}}
    )
    refused(InvalidSetting, "EXPRESSWAY_DEFAULTS: 'x'", environ={"EXPRESSWAY_DEFAULTS": "x"})
    refused(InvalidSetting, "EXPRESSWAY_WORKERS__X", environ={"EXPRESSWAY_WORKERS__X": "1"})


@pytest.mark.parametrize(
    ("old", "value", "found"),
    [
        ("chunk_size", "500", lambda s: s.defaults.block_size == 500),
        ("max_null_percentage", "0.3", lambda s: s.defaults.max_null_share == 0.3),
        ("max_workers", "4", lambda s: s.workers == 4),
        ("memory_limit_mb", "8192", lambda s: s.memory == 8 * 2**30),
        ("parallelism", "3", lambda s: s.workers == 3),
    ],
)
def test_names_of_earlier_files_still_work(
    old: str, value: str, found: Callable[[Settings], bool], write: Write
) -> None:
    in_study = OLD_NAMES[old] in KEYS.study
    text = f"{old}: {value}"

    assert found(file_settings(write(f"defaults: {{{text}}}" if in_study else text)))
    variable = f"EXPRESSWAY_{'DEFAULTS__' if in_study else ''}{old.upper()}"
    assert found(load_settings(environ={variable: value}))


def test_every_old_name_is_tested_and_leads_to_a_key() -> None:
    tested = test_names_of_earlier_files_still_work.pytestmark[0].args[1]  # type: ignore[attr-defined]

    assert sorted(OLD_NAMES) == sorted(case[0] for case in tested)
    assert set(OLD_NAMES.values()) <= {*KEYS.top, *KEYS.study}
    assert not set(OLD_NAMES) & {*KEYS.top, *KEYS.study}


@pytest.mark.parametrize("text", ["rna-seq", "RNASEQ", "rna_seq", "RNA Seq"])
def test_choices_are_taken_in_any_case(text: str) -> None:
    given = {"technology": text, "units": "array_log2", "scaling": "Robust", "on_sample_mismatch": "INTERSECT"}

    study = load_settings(None, {"defaults": given}, {}).defaults

    assert (study.technology, study.units, study.scaling) == ("RNA-SEQ", "ARRAY_LOG2", "ROBUST")
    assert study.on_sample_mismatch == "intersect"


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("2GiB", 2 * 2**30),
        ("2 gib", 2 * 2**30),
        ("1.5MiB", 3 * 2**19),
        ("7KiB", 7 * 2**10),
        ("1KB", 1000),
        ("3MB", 3 * 10**6),
        ("4GB", 4 * 10**9),
        ("1TiB", 2**40),
        (" 4096 ", 4096),
        ("12B", 12),
        (4096, 4096),
    ],
)
def test_sizes_are_bytes(text: str | int, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text", ["", "GiB", "-1GiB", "2G", "2 GiB 3", "1e9", "nan", "1,5GiB", "9" * 5000, "0x10", "½GiB"]
)
def test_anything_else_is_no_size(text: str) -> None:
    with pytest.raises(InvalidSetting, match="is not a size") as caught:
        parse_size(text)
    assert "2GiB" in caught.value.hint
    assert len(caught.value.message) < 120


@given(st.integers(0, 2**60 - 1))
def test_a_size_survives_being_written(size: int) -> None:
    assert parse_size(size) == size
    assert parse_size(size_text(size)) == size
