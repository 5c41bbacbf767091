"""Is the settings file read as it is meant, and what is none refused with its place?"""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from expressway.errors import InvalidSetting, UnknownSetting
from expressway.settings import KEYS, Settings, StudySettings, load_settings
from expressway.settings_sources import PATHS
from tests.settings.given import GSE, OTHER, Write, file_settings, refused

PASSWORD = "Tr0ub4dor&3"
SECRET = f"postgresql://loader:{PASSWORD}@db.example.org:5432/expressway"
SHOWN = "postgresql://loader:***@db.example.org:5432/expressway"


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
