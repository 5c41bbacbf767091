"""Are settings taken from the right source, refused where they are wrong, and silent about passwords?

A failure here means that a study is loaded with other settings than its user wrote, or that a password is shown.
"""

from __future__ import annotations

import json
import os
import traceback
from collections.abc import Callable, Mapping
from itertools import combinations
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from expressway.errors import ExpresswayError, InvalidSetting, UnknownSetting
from expressway.settings import (
    KEYS,
    Settings,
    StudySettings,
    load_settings,
    parse_size,
    redact_url,
    settings_reference,
)
from expressway.settings_sources import OLD_NAMES, PATHS, merged
from expressway.settings_values import size_text

PASSWORD = "Tr0ub4dor&3"
SECRET = f"postgresql://loader:{PASSWORD}@db.example.org:5432/expressway"
SHOWN = "postgresql://loader:***@db.example.org:5432/expressway"
GSE, OTHER = "GSE13904", "E-MTAB-1548"

Write = Callable[[str], Path]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test starts in an empty folder of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a settings file and gives its path."""

    def write(text: str) -> Path:
        path = tmp_path / "my.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def refused(
    error: type[ExpresswayError],
    *said: str,
    config: Path | None = None,
    overrides: Mapping[str, object] | None = None,
    environ: Mapping[str, str] | None = None,
) -> ExpresswayError:
    """The error that the settings are refused with, which says all of `said` in its message or hint."""
    with pytest.raises(error) as caught:
        load_settings(config, overrides, environ or {})
    text = f"{caught.value.message}\n{caught.value.hint}"
    for part in said:
        assert part in text
    return caught.value


def file_settings(config: Path, **environ: str) -> Settings:
    return load_settings(config, environ=environ)


# Which source wins

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


# The file


def test_the_file_of_the_working_folder_is_read_unless_another_is_named(elsewhere: Path, write: Write) -> None:
    assert load_settings(environ={}).workers == 1
    (elsewhere / "expressway.yaml").write_text("workers: 2")
    assert load_settings(environ={}).workers == 2
    named = {"EXPRESSWAY_CONFIG": str(write("workers: 3"))}
    assert load_settings(environ=named).workers == 3
    (elsewhere / "other.yaml").write_text("workers: 4")
    assert load_settings(Path("other.yaml"), environ=named).workers == 4


def test_the_environment_of_the_process_counts_when_none_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPRESSWAY_WORKERS", "5")

    assert load_settings().workers == 5
    assert load_settings(environ={}).workers == 1


def test_a_named_file_that_cannot_be_read_is_an_error(elsewhere: Path) -> None:
    refused(InvalidSetting, "none.yaml", "No such file", "Check the path:", config=elsewhere / "none.yaml")
    refused(InvalidSetting, "none.yaml", "path in EXPRESSWAY_CONFIG", environ={"EXPRESSWAY_CONFIG": "none.yaml"})
    refused(InvalidSetting, "directory", config=elsewhere)
    (elsewhere / "latin.yaml").write_bytes("defaults: {title: Zürich}".encode("latin-1"))
    refused(InvalidSetting, "latin.yaml", "UTF-8", config=elsewhere / "latin.yaml")


@pytest.mark.parametrize("text", ["", "# nothing\n", "defaults:\nstudies:\n", "---\n", "\ufeffworkers: 1\n"])
def test_an_empty_file_or_section_sets_nothing(text: str, write: Write) -> None:
    assert file_settings(write(text)) == Settings()


def test_scalars_of_the_file_mean_what_is_written(write: Write) -> None:
    config = write(
        "progress: off\n"
        "defaults:\n"
        "  deflooring: OFF\n"
        "  samples_as_rows: yes\n"
        "  skip_samples: [NO, 1e5, 007, null x, 2021-01-02]\n"
        "  include_samples: A, B\n"
        "  illness_overrides: {NO: NO_SEPSIS, 1.0: SEPSIS, null: CONTROL}\n"
        "  title: '  on  '\n"
        "  units: null\n"
    )

    found = file_settings(config)

    assert (found.progress, found.defaults.deflooring, found.defaults.samples_as_rows) == ("off", "off", True)
    assert found.defaults.skip_samples == ("NO", "1e5", "007", "null x", "2021-01-02")
    assert found.defaults.include_samples == ("A", "B")
    assert found.defaults.illness_overrides == {"NO": "NO_SEPSIS", "1.0": "SEPSIS", "null": "CONTROL"}
    assert (found.defaults.title, found.defaults.units) == ("on", None)


def test_studies_can_share_settings_by_anchor(write: Write) -> None:
    config = write(
        f"studies:\n  {GSE}: &array\n    units: LOG2\n    block_size: 9\n"
        f"  {OTHER}:\n    <<: *array\n    block_size: 8\n"
    )

    found = file_settings(config).for_study(OTHER)

    assert (found.units, found.block_size) == ("LOG2", 8)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("workers: [1", ["my.yaml, line 1, column 12"]),
        ("workers: 1\n\tmemory: 2GiB\n", ["line 2, column 1"]),
        ("workers: 1\ndefaults:\n  units: TPM\n  title: a\n  units: CPM\n", ["line 5, column 3", "'units'", "line 3"]),
        ("workers: 1\nworkers: 2\n", ["line 2", "again"]),
        ("- workers\n", ["key: value"]),
        ("just text\n", ["key: value"]),
        ("? [a]\n: b\n", ["plain text"]),
        ("a: 1\n---\nb: 2\n", ["line 2"]),
        ("workers: !!int 2\n", ["tag"]),
        ("workers: !!python/object/apply:os.getcwd []\n", ["tag"]),
        ("defaults: !!map text\n", ["line 1"]),
        ("defaults: {title: !!str [a]}\n", ["line 1"]),
        ("workers: *nobody\n", ["nobody"]),
        ("workers: \x07\n", ["not YAML"]),
        ("[" * 5000, ["nested too deeply"]),
    ],
)
def test_what_is_not_yaml_is_refused_with_its_place(text: str, said: list[str], write: Write) -> None:
    refused(InvalidSetting, *said, config=write(text))


def test_a_few_lines_of_yaml_cannot_fill_the_memory(write: Write) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    bomb = ["defaults:", "  title: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    bomb += [f"  {key}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n, key in enumerate(KEYS.study[2:12], start=1)]

    refused(UnknownSetting, "a0", config=write("\n".join(lines)))
    refused(InvalidSetting, "defaults.title", "a list", config=write("\n".join(bomb)))
    refused(InvalidSetting, "defaults.title", "a mapping", config=write("defaults: &me {title: *me}"))


def test_relative_paths_of_the_file_count_from_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "100% mine"
    folder.mkdir()
    (folder / "my.yaml").write_text(
        "warehouse: duckdb:///data/w.duckdb\n"
        "illness_overrides: labels.yaml\n"
        "platform_lookup: /etc/platforms.yaml\n"
        f"defaults: {{ruleset: rules/own.yaml}}\nstudies: {{{GSE}: {{samplesheet: sheets/a.csv, ruleset: seed_v1}}}}\n",
    )
    monkeypatch.chdir(folder)
    found = load_settings(Path("my.yaml"), environ={})
    monkeypatch.chdir(tmp_path)

    assert found.warehouse_url == f"duckdb:///{tmp_path}/100%25 mine/data/w.duckdb"
    assert found.illness_overrides == folder / "labels.yaml"
    assert found.platform_lookup == Path("/etc/platforms.yaml")
    assert found.defaults.ruleset == str(folder / "rules/own.yaml")
    assert found.for_study(GSE).ruleset == "seed_v1"
    assert found.for_study(GSE).samplesheet == folder / "sheets/a.csv"


def test_an_absolute_or_foreign_warehouse_of_the_file_stays(write: Write) -> None:
    for url in ("duckdb:////data/w.duckdb", SECRET, "duckdb:///"):
        assert file_settings(write(f"warehouse: {url}")).warehouse_url == url


def test_relative_paths_of_environment_and_command_line_count_from_the_working_folder(write: Write) -> None:
    environ = {"EXPRESSWAY_WAREHOUSE": "duckdb:///here.duckdb", "EXPRESSWAY_PLATFORM_LOOKUP": "p.yaml"}

    found = load_settings(write(""), {"defaults": {"samplesheet": Path("s.csv")}}, environ)

    assert found.warehouse_url == "duckdb:///here.duckdb"
    assert (found.platform_lookup, found.defaults.samplesheet) == (Path("p.yaml"), Path("s.csv"))


def test_every_key_that_holds_a_path_is_known_as_one() -> None:
    fields = {**StudySettings.model_fields, **Settings.model_fields}
    holding = [name for name, field in fields.items() if "pathlib" in str(field.annotation)]

    assert sorted(holding) == sorted([*PATHS, "sources"])
    assert any(Path in get_args(field.annotation) for field in fields.values())


# Variables in the file


def test_how_pairs_are_analysed_is_read_from_every_source(write: Write) -> None:
    config = write(
        "sources: [downloads, /data/x.zip]\nreport: out/r.html\nwork_folder: work\n"
        "pairs: {tau2_method: REML, tail: '0.1', genes: 'file:genes.txt', contrasts: own.yaml, keep: 10}\n"
        "defaults: {disease: SEPSIS}\n"
    )

    found = load_settings(
        config, {"pairs": {"keep": 20}}, {"EXPRESSWAY_PAIRS__MIN_N": "8", "EXPRESSWAY_TECHNOLOGY": "ALL"}
    )

    folder = config.parent.absolute()
    assert found.sources == (folder / "downloads", Path("/data/x.zip"))
    assert (found.report, found.work_folder) == (folder / "out/r.html", folder / "work")
    assert (found.pairs.tau2_method, found.pairs.tail, found.pairs.keep, found.pairs.min_n) == ("REML", 0.1, 20, 8)
    assert (found.pairs.genes, found.pairs.contrasts) == (f"file:{folder}/genes.txt", str(folder / "own.yaml"))
    assert (found.technology, found.for_study(GSE).disease) == ("ALL", "SEPSIS")


def test_a_wrong_setting_of_pairs_is_refused_with_the_nearest_key(write: Write) -> None:
    with pytest.raises(UnknownSetting) as unknown:
        file_settings(write("pairs: {tau_method: DL}"))
    assert "pairs.tau2_method" in unknown.value.hint
    for text, said in (
        ("min_n: 3", "pairs.min_n"),
        ("tau2_method: ML", "pairs.tau2_method"),
        ("tail: 2", "pairs.tail"),
    ):
        with pytest.raises(InvalidSetting) as wrong:
            file_settings(write(f"pairs: {{{text}}}"))
        assert said in wrong.value.message


def test_variables_are_filled_in(write: Write) -> None:
    config = write(
        'warehouse: "postgresql://loader:${PGPASS}@${PGHOST:-localhost}/db"\n'
        "workers: ${N}\n"
        "defaults: {title: 'costs $$5, $5 and $${N}', platform: '${EMPTY:-a platform}', organism: 'x${EMPTY}'}\n"
    )

    found = file_settings(config, PGPASS="a$$b${N}", N="3", EMPTY="")

    assert found.warehouse_url == "postgresql://loader:a$$b${N}@localhost/db"
    assert found.workers == 3
    assert found.defaults.title == "costs $5, $5 and ${N}"
    assert (found.defaults.platform, found.defaults.organism) == ("a platform", "x")


def test_keys_comments_and_environment_values_are_not_filled_in(write: Write) -> None:
    config = write("# ${NOBODY}\ndefaults: {illness_overrides: {'${NOBODY}': SEPSIS}}")

    found = load_settings(config, environ={"EXPRESSWAY_DEFAULTS__TITLE": "${NOBODY}"})

    assert found.defaults.illness_overrides == {"${NOBODY}": "SEPSIS"}
    assert found.defaults.title == "${NOBODY}"


def test_a_variable_that_is_not_set_is_named_with_its_place(write: Write) -> None:
    error = refused(InvalidSetting, "line 2, column 12", "PGPASS", config=write("workers: 1\nwarehouse: ${PGPASS}"))

    assert "${PGPASS:-default}" in error.message


@pytest.mark.parametrize("text", ["${", "${A", "${A-b}", "${1A}", "${}", "${A B}"])
def test_a_variable_that_is_badly_written_is_refused(text: str, write: Write) -> None:
    refused(InvalidSetting, "${NAME:-default}", config=write(f"warehouse: '{text}'"), environ={"A": "1"})


# The environment


def test_the_environment_reaches_every_level(write: Write) -> None:
    environ = {
        "EXPRESSWAY_MEMORY": "512MiB",
        "EXPRESSWAY_Defaults__Skip_Samples": "A, B",
        f"EXPRESSWAY_STUDIES__{OTHER}__UNITS": "tpm",
        f"EXPRESSWAY_STUDIES__{OTHER}__illness_fields__refinebio_disease__severe": "SEPTIC_SHOCK",
        "EXPRESSWAY_ILLNESS_OVERRIDES": "labels.yaml",
        "PATH": "unrelated",
    }

    found = load_settings(environ=environ)

    assert found.memory == 512 * 2**20
    assert found.defaults.skip_samples == ("A", "B")
    assert found.for_study(OTHER).units == "TPM"
    assert found.for_study(OTHER).illness_fields == {"refinebio_disease": {"severe": "SEPTIC_SHOCK"}}
    assert found.illness_overrides == Path("labels.yaml")


def test_variables_of_the_tests_are_no_settings_and_empty_ones_are_not_set() -> None:
    environ = {"EXPRESSWAY_TEST_DATA": "x", "EXPRESSWAY_WORKERS": "", "EXPRESSWAY_CONFIG": ""}
    environ |= {"EXPRESSWAY_STUDIES__GSE1__UNITS": ""}

    found = load_settings(environ=environ)

    assert found.workers == 1
    assert found.for_study("GSE1") == StudySettings()


@pytest.mark.parametrize(
    ("variable", "near"),
    [
        ("EXPRESSWAY_WAREHOUS", "EXPRESSWAY_WAREHOUSE"),
        ("EXPRESSWAY_UNITS", "EXPRESSWAY_DEFAULTS__UNITS"),
        ("EXPRESSWAY_DEFAULTS__UNIT", "EXPRESSWAY_DEFAULTS__UNITS"),
        ("EXPRESSWAY_STUDIES__myStudy__UNIT", "EXPRESSWAY_STUDIES__myStudy__UNITS"),
        ("EXPRESSWAY_DEFAULTS__WORKERS", "EXPRESSWAY_WORKERS"),
        ("EXPRESSWAY_TESTS", None),
        ("EXPRESSWAY_", None),
        ("EXPRESSWAY___WORKERS", None),
        ("EXPRESSWAY_DEFAULTS__", None),
    ],
)
@pytest.mark.parametrize("value", ["1", ""])
def test_any_other_variable_is_refused(variable: str, near: str | None, value: str) -> None:
    error = refused(UnknownSetting, variable, "Valid keys", environ={variable: value})

    assert ("Did you mean " + near + "?" in error.hint) if near else ("Did you mean" not in error.hint)


@pytest.mark.parametrize(
    "names",
    [
        ("EXPRESSWAY_WORKERS", "EXPRESSWAY_workers"),
        ("EXPRESSWAY_WORKERS", "EXPRESSWAY_MAX_WORKERS"),
        ("EXPRESSWAY_ILLNESS_OVERRIDES", "EXPRESSWAY_ILLNESS_OVERRIDES__GSM1"),
    ],
)
def test_two_variables_for_one_setting_are_refused(names: tuple[str, str]) -> None:
    refused(InvalidSetting, names[1], environ=dict.fromkeys(names, "1"))


# Keys and values that are wrong


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
        ("memory_limit_mb: 1", ["my.yaml: memory_limit_mb", "'1'", "at least 64MiB"]),
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


# Passwords


def everything_said(error: BaseException) -> str:
    """All text that an error or anything it hangs on shows."""
    parts = [*traceback.format_exception(error), repr(error), str(error)]
    if isinstance(error, ExpresswayError):
        parts.append(json.dumps(error.as_dict()))
    for other in (error.__cause__, error.__context__):
        parts.append(everything_said(other) if other is not None else "")
    return "\n".join(parts)


def test_settings_show_the_warehouse_without_its_password() -> None:
    settings = load_settings(None, {"warehouse": SECRET, "studies": {GSE: {"units": "TPM"}}}, {})

    shown = [
        repr(settings),
        str(settings),
        str(settings.warehouse),
        f"{settings.warehouse}",
        str(settings.model_dump()),
    ]
    shown += [settings.model_dump_json(), json.dumps(settings.describe())]
    assert settings.warehouse_url == SECRET
    assert settings.describe()["warehouse"] == SHOWN
    for text in shown:
        assert PASSWORD not in text
        assert SHOWN in text


@pytest.mark.parametrize(
    "overrides",
    [
        {"warehouse": SECRET, "workers": "x"},
        {"warehouse": [SECRET]},
        {"warehouse": {SECRET: SECRET}},
        {"workers": SECRET},
        {"memory": SECRET},
        {"progress": SECRET},
        {"defaults": SECRET},
        {"defaults": {"units": SECRET}},
        {"defaults": {"max_null_share": SECRET}},
        {"defaults": {SECRET: "x"}},
        {"studies": {SECRET: {}}},
        {"studies": {GSE: SECRET}},
        {"studies": {GSE: {"illness_overrides": {SECRET: None}}}},
        {SECRET: "x"},
        {"warehouse_url": SECRET},
    ],
)
def test_no_error_shows_a_password(overrides: Mapping[str, object], write: Write) -> None:
    with pytest.raises(ExpresswayError) as given_by_caller:
        load_settings(None, overrides, {"EXPRESSWAY_WAREHOUSE": SECRET})
    with pytest.raises(ExpresswayError) as written_in_file:
        load_settings(write(json.dumps(overrides)), None, {})

    assert PASSWORD.lower() not in everything_said(given_by_caller.value).lower()
    assert PASSWORD.lower() not in everything_said(written_in_file.value).lower()


def test_no_error_of_the_model_itself_shows_a_password() -> None:
    for values in ({"warehouse": [SECRET]}, {"workers": SECRET}, {SECRET: 1}, {"memory": SECRET}):
        with pytest.raises(ValidationError) as caught:
            Settings.model_validate(values)
        if SECRET not in values:
            assert PASSWORD not in "".join(traceback.format_exception(caught.value))


def test_an_environment_variable_with_a_password_in_the_wrong_place_is_not_shown() -> None:
    for environ in ({"EXPRESSWAY_WORKERS": SECRET}, {"EXPRESSWAY_DATABASE": SECRET}):
        with pytest.raises(ExpresswayError) as caught:
            load_settings(environ=environ)
        assert PASSWORD.lower() not in everything_said(caught.value).lower()


def test_a_variable_in_the_wrong_place_is_shown_as_it_is_written(write: Write) -> None:
    places = ["workers: ${PGPASS}", "memory: ${PGPASS}", "memory_limit_mb: ${PGPASS}", "progress: ${PGPASS}"]
    places += ["defaults: {units: '${PGPASS}'}", "defaults: ${PGPASS}", "studies: {A: '${PGPASS}'}"]
    for text in places:
        with pytest.raises(InvalidSetting) as caught:
            load_settings(write(text), environ={"PGPASS": PASSWORD})
        assert PASSWORD.lower() not in everything_said(caught.value).lower()
        assert "${PGPASS}" in caught.value.message


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (SECRET, SHOWN),
        ("postgresql://loader@host/db", "postgresql://loader@host/db"),
        ("postgresql://loader@host:5432/db", "postgresql://loader@host:5432/db"),
        ("postgresql://host:5432/db", "postgresql://host:5432/db"),
        ("postgresql://u:a@b@h/db", "postgresql://u:***@h/db"),
        ("postgresql://u:a/b?c#d@h/db", "postgresql://u:***@h/db"),
        ("postgresql://u:://x@h/db", "postgresql://u:***@h/db"),
        ("postgresql://u://x@h/db", "postgresql://u:***@h/db"),
        ("postgresql://me@corp:p@h/db", "postgresql://me@corp:***@h/db"),
        ("postgresql://u%40x:p%40@h/db?sslmode=require", "postgresql://u%40x:***@h/db?sslmode=require"),
        ("postgresql+psycopg://u:p@h/db", "postgresql+psycopg://u:***@h/db"),
        ("postgresql:/u:p@h/db", "postgresql:/u:***@h/db"),
        ("u:p@h/db", "u:***@h/db"),
        ("postgresql://:p@h/db", "postgresql://:***@h/db"),
        (
            "postgresql:///db?user=u&password=p@x&connect_timeout=3",
            "postgresql:///db?user=u&password=***&connect_timeout=3",
        ),
        ("postgresql://u:p@h/db?Password=q&sslpassword=r", "postgresql://u:***@h/db?Password=***&sslpassword=***"),
        ("host=h password = 'it''s' dbname=d", "host=h password = ***'s' dbname=d"),
        ("host=h password='a b\\' c' dbname=d", "host=h password=*** dbname=d"),
        ("Server=h;UID=u;PWD={a;b};", "Server=h;UID=u;PWD=***;"),
        ("duckdb:///expressway.duckdb", "duckdb:///expressway.duckdb"),
        ("duckdb:////data/a@b.duckdb", "duckdb:////data/a@b.duckdb"),
        ("", ""),
    ],
)
def test_urls_are_shown_without_passwords(url: str, shown: str) -> None:
    assert redact_url(url) == shown


secrets = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=12).map(lambda t: f"Zx{t}qJ")


@given(secrets, st.text("abc@./-%+ ", max_size=6), st.sampled_from(["postgresql://", "postgres:/", "", "mssql+x://"]))
def test_no_password_before_the_host_is_shown_whatever_its_letters(secret: str, user: str, scheme: str) -> None:
    shown = redact_url(f"{scheme}{user}:{secret}@host/db")

    assert secret not in shown
    assert "qJ" not in shown
    assert redact_url(shown) == shown


@given(secrets.filter(lambda text: not set(text) & set("&\t\x0b\x0c '\"{") and text.isprintable()))
def test_no_password_in_the_query_is_shown(secret: str) -> None:
    for key in ("password", "PASSWORD", "pwd", "access_token", "client_secret"):
        assert secret not in redact_url(f"postgresql://host/db?user=u&{key}={secret}&x=1")


# Sizes


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


# What identifies a batch


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


# What is shown of settings


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
