"""Do the environment, and variables in the file, reach every setting, and nothing else?"""

from __future__ import annotations

from pathlib import Path

import pytest

from expressway.errors import InvalidSetting, UnknownSetting
from expressway.settings import StudySettings, load_settings
from tests.settings.given import GSE, OTHER, Write, file_settings, refused


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
