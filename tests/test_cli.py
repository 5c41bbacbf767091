"""The command line as people and scripts use it: data on stdout, talk on stderr, and an exit code that tells."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
import pytest

from expressway import cli, open_warehouse
from expressway.cli.output import Format, show
from tests.conftest import ROOT
from tests.databases import postgresql_database
from tests.warehouse.studies import change_cell, sample_names, values, write_download
from tools.generate_docs import commands

STUDY, OTHER, REFUSED = "GSE900001", "GSE900002", "GSE900003"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
GROUPS = sorted({words[:1] for words in commands(cli.app) if len(words) > 1})
COMMANDS = [(), *GROUPS, *commands(cli.app)]


@dataclass(frozen=True)
class Said:
    """What a command printed and how it ended."""

    code: int
    out: str
    talk: str

    @property
    def json(self) -> Any:
        return json.loads(self.out, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))

    @property
    def csv(self) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(self.out), strict=True))


Run = Callable[..., Said]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command; the code that it is to end with is 0 when not given."""

    def command(*arguments: object, code: int | None = 0) -> Said:
        ended = cli.run([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        said = Said(ended, printed.out, printed.err)
        assert code is None or ended == code, said
        assert "Traceback" not in said.talk
        assert "54000" not in said.talk
        return said

    return command


def fill(url: str, folder: Path) -> None:
    """Two studies that are loaded, one of them mapped and loaded twice, one in quarantine, and a failed run."""
    write_download(folder / "a", STUDY)
    write_download(folder / "b", OTHER, samples=sample_names(9, 50))
    change_cell(write_download(folder / "c", REFUSED, samples=sample_names(9, 90)), 5, 3, "high, really")
    with open_warehouse(url) as warehouse:
        warehouse.load(folder / "a", folder / "b")
        warehouse.load(folder / "a", folder / "c")
        warehouse.map_study(STUDY, "SEPSIS")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a DuckDB warehouse to look at."""
    folder = tmp_path_factory.mktemp("filled")
    url = f"duckdb:///{folder}/w.duckdb"
    fill(url, folder)
    return url


@pytest.fixture(scope="module", params=["duckdb", "postgresql"])
def looked_at(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a warehouse to look at, on each engine."""
    if request.param == "duckdb":
        yield request.getfixturevalue("filled")
        return
    with postgresql_database(request.getfixturevalue("postgresql_server")) as url:
        fill(url, tmp_path_factory.mktemp("filled"))
        yield url


@pytest.fixture
def url(tmp_path: Path) -> str:
    """The URL of a DuckDB file that does not exist yet."""
    return f"duckdb:///{tmp_path}/w.duckdb"


# Help and usage


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words) or "expressway")
def test_help_is_whole(words: tuple[str, ...], run: Run) -> None:
    said = run(*words, "--help")

    assert said.out.startswith(f"Usage: {' '.join(['expressway', *words])}")
    assert said.talk == ""
    assert said.out.endswith("\n")
    assert not re.search(r"\w\.\.\.$", said.out, re.M), "a sentence is cut"


def test_help_covers_every_command_of_the_contract() -> None:
    assert {" ".join(words) for words in commands(cli.app)} == {
        "load", "simulate", "demo", "settings", "samplesheet init", "genes load", "export expression",
        "studies list", "studies show", "studies map", "studies unmap", "studies relabel", "studies remove",
        "runs list", "runs show", "quarantine list", "quarantine show", "quarantine replay", "quarantine drop",
        "warehouse init", "warehouse upgrade", "warehouse check", "warehouse ddl",
        "aggregate", "pairs", "pair", "export pairs", "plot forest", "plot scatter", "report", "run",
    }  # fmt: skip


@pytest.mark.parametrize("words", [(), *GROUPS], ids=lambda words: " ".join(words) or "expressway")
def test_a_group_alone_shows_its_help_as_talk(words: tuple[str, ...], run: Run) -> None:
    said = run(*words, code=2)

    assert said.out == ""
    assert said.talk.startswith("Usage: expressway")
    assert "hint" not in said.talk


@pytest.mark.parametrize(
    ("words", "reason", "hint"),
    [
        (["nonsense"], "nonsense", "`expressway --help`"),
        (["load"], "PATH", "`expressway load --help`"),
        (["load", "x", "--workers", "0"], "--workers", "`expressway load --help`"),
        (["load", "x", "--workers", "two"], "--workers", "`expressway load --help`"),
        (["load", "x", "--samplesheets", "y"], "--samplesheets", "`expressway load --help`"),
        (["studies", "map", STUDY], "--disease", "`expressway studies map --help`"),
        (["studies", "list", "--format", "json"], "--format", "expressway --format ... list"),
        (["studies", "list", "--warehouse", "x"], "--warehouse", "comes before the command"),
        (["--format", "xml", "studies", "list"], "xml", "`expressway --help`"),
        (["warehouse", "ddl", "--engine", "oracle"], "oracle", "`expressway warehouse ddl --help`"),
        (["export", "expression", STUDY], "--output", "`expressway export expression --help`"),
    ],
)
def test_wrong_usage_ends_with_2_and_the_next_command(words: list[str], reason: str, hint: str, run: Run) -> None:
    said = run(*words, code=2)

    assert said.out == ""
    error, told = said.talk.splitlines()
    assert error.startswith("error: ")
    assert reason in error
    assert told.startswith("hint: ")
    assert hint in told


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_its_script(
    shell: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("_EXPRESSWAY_COMPLETE", f"source_{shell}")
    with pytest.raises(SystemExit) as ended:
        cli.run([])
    assert ended.value.code == 0
    assert "_EXPRESSWAY_COMPLETE" in capsys.readouterr().out


def test_completion_knows_the_commands(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("_EXPRESSWAY_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "expressway quarantine ")
    monkeypatch.setenv("COMP_CWORD", "2")
    with pytest.raises(SystemExit):
        cli.run([])
    assert capsys.readouterr().out.split() == ["list", "show", "replay", "drop"]


def test_version_is_that_of_the_package(run: Run) -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", run("--version").out)


# Listings: table, JSON, CSV


LISTINGS: list[tuple[list[str], list[str]]] = [
    (["studies", "list"], ["study", "cells_loaded", "disease", "loaded_at", "batch_id"]),
    (["runs", "list"], ["run_id", "status", "started_at", "rows_written"]),
    (["runs", "list", "--status", "failed"], ["run_id", "status", "started_at", "rows_written"]),
    (["quarantine", "list"], ["study", "code", "reason", "offending_cells", "batch_id", "quarantined_at"]),
    (["quarantine", "show", REFUSED], ["line_no", "gene_id", "value_text", "reject_code"]),
]


def test_listings_in_every_form(looked_at: str, run: Run) -> None:
    for words, columns in LISTINGS:
        table = run("--warehouse", looked_at, *words)
        as_json = run("--warehouse", looked_at, "--format", "json", *words)
        as_csv = run("--warehouse", looked_at, "--format", "csv", *words)

        assert {said.talk for said in (table, as_json, as_csv)} == {""}
        rows, lines = as_json.json, as_csv.csv
        assert rows, words
        assert set(columns) <= rows[0].keys()
        assert list(rows[0]) == list(lines[0])
        assert [[as_text(value) for value in row.values()] for row in rows] == [list(line.values()) for line in lines]
        assert len(table.out.splitlines()) == len(rows) + 1
        for row in rows:
            check_kinds(row)


def as_text(value: object) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


NUMBERS = {"genes", "samples", "cells_loaded", "quality", "studies", "failed", "rows_written", "rows_read", "line_no",
           "cells_quarantined", "offending_cells", "code", "attempt", "error_code"}  # fmt: skip


def check_kinds(row: dict[str, Any]) -> None:
    """Numbers are numbers, times are ISO 8601 in UTC, hashes have all their digits."""
    for name, value in row.items():
        if value is None:
            continue
        if name in NUMBERS:
            assert isinstance(value, int | float), (name, value)
        if name.endswith(("_at", "_date")) and name != "created_at":
            assert TIME.fullmatch(value), (name, value)
        if name in {"batch_id", "batch", "file_hash", "container_hash"}:
            assert re.fullmatch("[0-9a-f]{64}", value), (name, value)


def test_studies_list_says_what_was_loaded(looked_at: str, run: Run) -> None:
    first, second = run("--warehouse", looked_at, "--format", "json", "studies", "list").json

    assert [first[name] for name in ("study", "genes", "samples", "cells_loaded", "disease")] == [
        STUDY, 60, 9, 540, "SEPSIS",
    ]  # fmt: skip
    assert [second[name] for name in ("study", "disease", "status")] == [OTHER, None, "ACTIVE"]


def test_runs_show_has_the_steps_and_their_context(looked_at: str, run: Run) -> None:
    newest, oldest = run("--warehouse", looked_at, "--format", "json", "runs", "list").json
    assert (newest["status"], newest["studies"], newest["failed"], newest["rows_written"]) == ("FAILED", 2, 1, 0)
    assert (oldest["status"], oldest["studies"], oldest["failed"], oldest["rows_written"]) == ("SUCCESS", 2, 0, 1080)
    assert newest["started_at"] > oldest["started_at"]

    steps = run("--warehouse", looked_at, "--format", "json", "runs", "show", newest["run_id"][:13]).json
    for step in steps:
        check_kinds(step)
    by_name = {step["step"]: step for step in steps}
    assert by_name[f"load {STUDY}"]["status"] == "NOOP"
    refused = by_name[f"load {REFUSED}"]
    assert (refused["status"], refused["error_code"]) == ("QUARANTINED", 54052)
    assert refused["context"]["error"]["hint"]
    assert by_name["run"]["context"]["versions"]["polars"] == pl.__version__

    lines = run("--warehouse", looked_at, "--format", "csv", "runs", "show", newest["run_id"]).csv
    assert [line["step"] for line in lines] == [step["step"] for step in steps]
    table = run("--warehouse", looked_at, "runs", "show", newest["run_id"]).out
    assert refused["error_message"] in table, "an error is shown in full"


def test_a_status_that_no_run_has_is_refused(filled: str, run: Run) -> None:
    assert run("--warehouse", filled, "runs", "list", "--status", "lost").talk == "no run\n"
    said = run("--warehouse", filled, "runs", "list", "--status", "broken", code=1)
    assert "54071" in said.talk
    assert "FAILED" in said.talk


def test_studies_show_has_everything(looked_at: str, run: Run) -> None:
    said = run("--warehouse", looked_at, "--format", "json", "studies", "show", STUDY)
    found = said.json
    assert said.talk == ""
    assert found["disease"] == "SEPSIS"
    assert found["quality"]["parts"].keys() >= {"completeness", "accuracy", "timeliness"}
    assert [step["step"] for step in found["units"]["evidence"]]
    assert sum(label["samples"] for label in found["labels"]) == 9
    for section in ("study", "batch", "qc"):
        check_kinds(found[section])

    lines = run("--warehouse", looked_at, "--format", "csv", "studies", "show", STUDY).csv
    assert list(lines[0]) == ["section", "row", "field", "value"]
    fields = {(line["section"], line["row"], line["field"]): line["value"] for line in lines}
    assert fields["batch", "1", "batch_id"] == found["batch"]["batch_id"]
    assert fields["study", "1", "disease"] == "SEPSIS"
    assert fields["batch", "1", "loaded_at"] == found["batch"]["loaded_at"]
    assert fields["labels", "2", "illness"] == found["labels"][1]["illness"]

    table = run("--warehouse", looked_at, "studies", "show", STUDY)
    for step in found["units"]["evidence"]:
        assert step["outcome"] in table.out, "evidence is shown in full"
    assert "unit evidence" in table.talk


def test_a_study_in_quarantine_is_said_to_be_there(filled: str, run: Run) -> None:
    said = run("--warehouse", filled, "studies", "show", REFUSED, code=1)

    assert "54003" in said.talk
    assert f"quarantine show {REFUSED}" in said.talk


def test_empty_listings_are_empty_data(url: str, run: Run) -> None:
    run("--warehouse", url, "warehouse", "init")
    for words in (["studies", "list"], ["runs", "list"], ["quarantine", "list"], ["warehouse", "check"]):
        assert run("--warehouse", url, "--format", "json", *words).json == []
        as_csv = run("--warehouse", url, "--format", "csv", *words)
        assert len(as_csv.out.splitlines()) == 1, "the header alone"
        table = run("--warehouse", url, *words)
        assert table.out == ""
        assert table.talk


def test_text_with_brackets_and_long_words_arrives_as_it_is(url: str, tmp_path: Path, run: Run) -> None:
    title = "Sepsis [bold]patient[/] [1], " + "day 1 " * 20
    write_download(tmp_path / "s", titles=dict.fromkeys(sample_names(9), title))
    run("--warehouse", url, "load", tmp_path / "s")

    table = run("--warehouse", url, "studies", "show", STUDY)
    assert f'refinebio_title="{title.strip()}' in table.out


# Load


def test_load_in_every_form(url: str, tmp_path: Path, run: Run) -> None:
    write_download(tmp_path / "s")
    loaded = run("--warehouse", url, "--format", "json", "load", tmp_path / "s").json
    (study,) = loaded["studies"]
    assert (study["action"], study["cells"], study["error"]) == ("LOADED", 540, None)
    assert {message["severity"] for message in study["messages"]} <= {"INFO", "WARNING", "ERROR"}
    check_kinds(study)

    (line,) = run("--warehouse", url, "--format", "csv", "load", tmp_path / "s").csv
    assert (line["action"], line["batch"]) == ("NOOP", study["batch"])
    table = run("--warehouse", url, "load", tmp_path / "s").out
    assert study["batch"][:12] in table
    assert study["batch"] not in table


def test_dry_run_says_what_would_happen_and_touches_nothing(url: str, tmp_path: Path, run: Run) -> None:
    matrix = write_download(tmp_path / "s")
    dry = run("--warehouse", url, "--format", "json", "load", "--dry-run", tmp_path / "s").json
    assert dry["run_id"] is None
    assert [study["action"] for study in dry["studies"]] == ["LOADED"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["s"]

    run("--warehouse", url, "load", tmp_path / "s")
    before = (tmp_path / "w.duckdb").read_bytes()
    assert run("--warehouse", url, "--format", "json", "load", "--dry-run", tmp_path / "s").json["studies"][0][
        "action"
    ] == ("NOOP")
    change_cell(matrix, 3, 2, "5.5")
    said = run("--warehouse", url, "--format", "json", "load", "--dry-run", tmp_path / "s")
    assert said.json["studies"][0]["action"] == "REPLACED"
    assert (tmp_path / "w.duckdb").read_bytes() == before
    assert len(run("--warehouse", url, "--format", "json", "runs", "list").json) == 1


def test_workers_and_memory(url: str, tmp_path: Path, run: Run) -> None:
    for number, name in enumerate((STUDY, OTHER, REFUSED)):
        write_download(tmp_path / name, name, samples=sample_names(9, 50 * number + 1))
    paths = [tmp_path / name for name in (STUDY, OTHER, REFUSED)]

    said = run("--warehouse", url, "--format", "json", "load", *paths, "--workers", 3, "--memory", "1GiB")

    assert [study["study"] for study in said.json["studies"]] == [STUDY, OTHER, REFUSED]
    assert {study["action"] for study in said.json["studies"]} == {"LOADED"}
    for size in ("lots", "1KiB"):
        refused = run("--warehouse", url, "load", paths[0], "--memory", size, code=1)
        assert "54071" in refused.talk
        assert refused.out == ""


def test_the_same_study_twice_is_refused_before_anything_is_touched(url: str, tmp_path: Path, run: Run) -> None:
    write_download(tmp_path / "s")
    said = run("--warehouse", url, "load", tmp_path / "s", tmp_path / "s", code=1)
    assert STUDY in said.talk


def write_matrix(path: Path, *, samples_as_rows: bool = False, labels: bool = False) -> Path:
    """A plain matrix of six samples and sixty symbols."""
    cells, samples, genes = values(60, 6, seed=3), [f"P{n}" for n in range(6)], [f"GENE{n}" for n in range(60)]
    if samples_as_rows:
        header = ["sample", *genes, *(["group"] if labels else [])]
        rows = [
            [sample, *map(str, column), *([("Healthy", "Septic")[n % 2]] if labels else [])]
            for n, (sample, column) in enumerate(zip(samples, cells.T, strict=True))
        ]
    else:
        header = ["gene", *samples]
        rows = [[gene, *map(str, row)] for gene, row in zip(genes, cells, strict=True)]
    path.write_text("\n".join(",".join(row) for row in [header, *rows]) + "\n")
    return path


def fill_in(sheet: Path, illness: Sequence[str] = ("CONTROL", "SEPSIS")) -> None:
    """What a person does with a new sample sheet."""
    with sheet.open(newline="") as file:
        lines = list(csv.DictReader(file))
    with sheet.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(lines[0]))
        writer.writeheader()
        writer.writerows(line | {"illness": illness[n % len(illness)]} for n, line in enumerate(lines))


def labels_of(run: Run, url: str, study: str) -> dict[str, int]:
    found = run("--warehouse", url, "--format", "json", "studies", "show", study).json
    return {label["illness"]: label["samples"] for label in found["labels"]}


def test_sample_sheet_from_draft_to_labels(url: str, tmp_path: Path, run: Run) -> None:
    matrix = write_matrix(tmp_path / "mine.csv")
    drafted = run("samplesheet", "init", matrix)
    assert drafted.out == ""
    sheet = tmp_path / "mine.samplesheet.csv"
    assert str(sheet) in drafted.talk
    assert run("samplesheet", "init", matrix, code=1).out == "", "a sheet that may be filled in is never overwritten"

    fill_in(sheet)
    said = run("--warehouse", url, "--format", "json", "load", matrix)

    assert [(s["study"], s["action"], s["samples"]) for s in said.json["studies"]] == [("mine", "LOADED", 6)]
    assert labels_of(run, url, "mine") == {"CONTROL": 3, "SEPSIS": 3}


def test_options_of_a_plain_matrix_hold_for_relabel_and_replay(
    url: str, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "files")
    matrix = write_matrix(Path("table.csv"), samples_as_rows=True, labels=True)
    run("samplesheet", "init", matrix, "--output", "people.csv", "--samples-as-rows", "--label-column", "group")
    fill_in(Path("people.csv"))
    options = ["--samplesheet", "people.csv", "--study", "MINE", "--units", "log2"]
    options += ["--samples-as-rows", "--label-column", "group"]
    (loaded,) = run("--warehouse", url, "--format", "json", "load", matrix, *options).json["studies"]
    assert (loaded["study"], loaded["action"], loaded["genes"], loaded["units"]) == ("MINE", "LOADED", 60, "LOG2")

    fill_in(Path("people.csv"), ("CONTROL", "SEPTIC_SHOCK"))
    monkeypatch.chdir(tmp_path / "elsewhere")
    (relabelled,) = run("--warehouse", url, "--format", "json", "studies", "relabel", "MINE").json["studies"]
    assert (relabelled["action"], relabelled["units"]) == ("RELABELLED", "LOG2")
    assert labels_of(run, url, "MINE") == {"CONTROL": 3, "SEPTIC_SHOCK": 3}

    monkeypatch.chdir(tmp_path / "files")
    good = matrix.read_text()
    matrix.write_text(good.replace(good.split(",")[65], "many", 1))
    assert run("--warehouse", url, "load", matrix, *options, code=1).out
    matrix.write_text(good.replace(good.split(",")[65], "7.25", 1))
    monkeypatch.chdir(tmp_path / "elsewhere")
    (replayed,) = run("--warehouse", url, "--format", "json", "quarantine", "replay", "MINE").json["studies"]
    assert (replayed["study"], replayed["action"], replayed["units"]) == ("MINE", "REPLACED", "LOG2")


def test_what_the_settings_say_now_stands_above_what_was_said_at_load(url: str, tmp_path: Path, run: Run) -> None:
    write_download(tmp_path / "s", matrix=-abs(values()))
    assert run("--warehouse", url, "load", tmp_path / "s", "--units", "COUNTS", code=1).out
    run("--warehouse", url, "quarantine", "replay", STUDY, code=1)
    said = run("--warehouse", url, "--format", "json", "quarantine", "replay", STUDY, "--units", "LOG2")
    assert [(study["action"], study["units"]) for study in said.json["studies"]] == [("LOADED", "LOG2")]


# Quarantine


def test_quarantine_from_refusal_to_replay(url: str, tmp_path: Path, run: Run) -> None:
    matrix = write_download(tmp_path / "s")
    change_cell(matrix, 7, 4, "n.d.")
    refused = run("--warehouse", url, "load", tmp_path / "s", code=1)
    assert f"quarantine show {STUDY}" in refused.talk
    (batch,) = run("--warehouse", url, "--format", "json", "quarantine", "list").json
    assert (batch["study"], batch["code"], batch["offending_cells"]) == (STUDY, 54052, 1)
    (cell,) = run("--warehouse", url, "--format", "json", "quarantine", "show", STUDY).json
    assert (cell["line_no"], cell["value_text"]) == (7, "n.d.")
    assert run("--warehouse", url, "quarantine", "replay", STUDY, code=1).out

    change_cell(matrix, 7, 4, "6.5")
    run("--warehouse", url, "quarantine", "replay", STUDY)
    assert run("--warehouse", url, "--format", "json", "studies", "list").json[0]["cells_loaded"] == 540


def test_quarantine_drop_forgets(url: str, tmp_path: Path, run: Run) -> None:
    change_cell(write_download(tmp_path / "s"), 7, 4, "n.d.")
    run("--warehouse", url, "load", tmp_path / "s", code=1)

    dropped = run("--warehouse", url, "quarantine", "drop", STUDY)

    assert (dropped.out, STUDY in dropped.talk) == ("", True)
    assert run("--warehouse", url, "--format", "json", "quarantine", "list").json == []
    assert run("--warehouse", url, "--format", "json", "runs", "list").json[0]["status"] == "FAILED"
    assert "54003" in run("--warehouse", url, "quarantine", "drop", STUDY, code=1).talk


# Studies


def test_map_unmap_and_remove(url: str, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    write_download(tmp_path / "s")
    run("--warehouse", url, "load", tmp_path / "s")
    assert run("--warehouse", url, "studies", "map", STUDY, "--disease", "septic_shock").out == ""
    assert run("--warehouse", url, "--format", "json", "studies", "list").json[0]["disease"] == "SEPTIC_SHOCK"
    refused = run("--warehouse", url, "studies", "map", STUDY, "--disease", "flu", code=1)
    assert "SEPTIC_SHOCK" in refused.talk
    run("--warehouse", url, "studies", "unmap", STUDY)
    assert run("--warehouse", url, "--format", "json", "studies", "list").json[0]["disease"] is None

    for answer in ("n\n", ""):
        monkeypatch.setattr(sys, "stdin", io.StringIO(answer))
        assert run("--warehouse", url, "studies", "remove", STUDY, code=1).out == ""
    assert len(run("--warehouse", url, "--format", "json", "studies", "list").json) == 1
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    assert "540" in run("--warehouse", url, "studies", "remove", STUDY).talk
    assert run("--warehouse", url, "--format", "json", "studies", "list").json == []
    assert "54003" in run("--warehouse", url, "studies", "remove", STUDY, "--yes", code=1).talk


# Genes


def test_genes_load(url: str, tmp_path: Path, run: Run) -> None:
    table = tmp_path / "genes.tsv"
    table.write_text("ensgene\tsymbol\tentrez\nENSG00000141510\tTP53\t7157\nENSG00000012048\tBRCA1\t672\n")
    (row,) = run("--warehouse", url, "--format", "json", "genes", "load", table).json
    assert (row["organism"], row["genes"], row["aliases"]) == ("HOMO_SAPIENS", 2, 0)

    broken = tmp_path / "broken.tsv"
    broken.write_text("a\tb\n1\t2\n")
    table.write_text("ensgene\tsymbol\nENSG00000141510\tOTHER\n")
    said = run("--warehouse", url, "genes", "load", table, broken, code=1)
    assert "54048" in said.talk
    with open_warehouse(url) as warehouse:
        symbols = warehouse.sql("SELECT gene_symbol FROM dim.dim_gene ORDER BY 1")["gene_symbol"].to_list()
    assert symbols == ["BRCA1", "TP53"], "no table is loaded when one of them is broken"


# Warehouse


def test_warehouse_init_upgrade_and_check(url: str, run: Run) -> None:
    assert "no warehouse" in run("--warehouse", url, "studies", "list", code=1).talk
    assert "applied" in run("--warehouse", url, "warehouse", "init").talk
    assert "up to date" in run("--warehouse", url, "warehouse", "upgrade").talk
    with open_warehouse(url) as warehouse:
        warehouse.sql("DROP VIEW analytics.vw_spearman_export")
    said = run("--warehouse", url, "--format", "json", "warehouse", "check", code=1)
    assert any("vw_spearman_export" in row["difference"] for row in said.json)
    assert "54068" in said.talk


@pytest.mark.parametrize("engine", ["duckdb", "postgresql", "sqlserver"])
def test_ddl_is_printed_for_every_engine(engine: str, run: Run) -> None:
    said = run("warehouse", "ddl", "--engine", engine)

    assert "fact_gene_expression" in said.out
    assert said.talk == ""


# Settings


def test_warehouse_comes_from_option_environment_and_file(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    def named(*options: object) -> str:
        return str(run(*options, "--format", "json", "settings").json["warehouse"])

    assert named() == "duckdb:///expressway.duckdb"
    Path("expressway.yaml").write_text("warehouse: postgresql://me:secret@host/found\n")
    assert named() == "postgresql://me:***@host/found"
    Path("other.yaml").write_text("warehouse: postgresql://me@host/other\n")
    assert named("--config", "other.yaml") == "postgresql://me@host/other"
    monkeypatch.setenv("EXPRESSWAY_WAREHOUSE", "duckdb:///environment.duckdb")
    assert named("--config", "other.yaml") == "duckdb:///environment.duckdb"
    assert named("--warehouse", "duckdb:///option.duckdb") == "duckdb:///option.duckdb"

    run("warehouse", "init")
    assert Path("environment.duckdb").exists()


def test_settings_in_every_form(run: Run) -> None:
    found = run("--format", "json", "settings").json
    lines = run("--format", "csv", "settings").csv

    assert [line["setting"] for line in lines] == list(found)
    assert found["workers"] == 1
    assert "54071" in run("--config", "nowhere.yaml", "settings", code=1).talk


# Simulate and demo


def test_simulate(tmp_path: Path, run: Run) -> None:
    options = ["--studies", 2, "--genes", 60, "--samples", 12, "--seed", 7]
    said = run("simulate", tmp_path / "a", *options)
    run("simulate", tmp_path / "b", *options)

    assert said.out == ""
    files = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*") if path.is_file())
    assert Path("truth.tsv") in files
    assert all((tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes() for name in files)
    assert "54071" in run("simulate", tmp_path / "a", *options, code=1).talk
    assert "54071" in run("simulate", tmp_path / "c", "--genes", 1, code=1).talk
    assert not (tmp_path / "c").exists()


def test_demo_twice(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a download that is there already, and smaller; README.md has the whole demo."""
    monkeypatch.setenv("EXPRESSWAY_WAREHOUSE", "duckdb:///must/not/be/touched.duckdb")
    folder = tmp_path / "50% demo"
    run("simulate", folder / "download", "--studies", 5, "--genes", 200, "--samples", 90, "--seed", 1)
    first = run("--format", "json", "demo", folder).json
    assert [study["action"] for study in first["studies"]] == ["LOADED"] * 5
    assert [one["action"] for one in first["slices"]] == ["AGGREGATED"]
    last = first["recovered"][-1]
    assert last["recall"] > 0.8
    assert last["false_discovery_proportion"] < 0.2
    assert all(0 <= part["score"] <= 100 for part in first["quality"])
    assert "<html" in (folder / "report.html").read_text()

    said = run("--format", "csv", "demo", folder)
    assert [line["pair_uid"] for line in said.csv] == [line["pair_uid"] for line in first["top"]]
    shown = re.search(r"expressway --warehouse (duckdb:.*) pair (\S+) (\S+)", said.talk)
    assert shown, said.talk
    with open_warehouse(shown[1]) as warehouse:
        steps = warehouse.run(warehouse.runs()["run_id"][0])
        assert steps.filter(steps["step"] != "run")["status"].to_list() == ["NOOP"], "the pairs are there already"
    pair = run("--warehouse", shown[1], "--format", "json", "pair", shown[2], shown[3]).json
    assert pair["stored"]
    assert len(pair["studies"]) == 5


# Interrupted, cut off, full


def started(*arguments: object, **options: Any) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EXPRESSWAY_")}
    command = [sys.executable, "-m", "expressway", *map(str, arguments)]
    environment |= {"PYTHONPATH": str(ROOT / "src")} | options.pop("environment", {})
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, **options
    )


def wait_for(happened: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    while not happened():
        assert process.poll() is None, process.communicate()
        time.sleep(0.005)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Studies that take a while."""
    folder = tmp_path_factory.mktemp("large") / "download"
    assert cli.run(["simulate", str(folder), "--studies", "2", "--genes", "2000", "--samples", "60"]) == 0
    return folder


@pytest.fixture(params=["duckdb", "postgresql"])
def at_work(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, Callable[[], bool]]]:
    """The URL of an empty warehouse, and whether somebody has begun to work on it."""
    if request.param == "duckdb":
        yield f"duckdb:///{tmp_path}/w.duckdb", (tmp_path / "w.duckdb").exists
        return
    url = str(request.getfixturevalue("postgresql_url"))
    with psycopg.connect(url, autocommit=True) as connection:

        def loading() -> bool:
            there = connection.execute("SELECT to_regclass('meta.meta_etl_process_log') IS NOT NULL").fetchone()
            begun = "SELECT count(*) FROM meta.meta_etl_process_log WHERE step <> 'run'"
            return bool(there and there[0] and connection.execute(begun).fetchall()[0][0])

        yield url, loading


def test_interrupt_leaves_no_half_study(
    at_work: tuple[str, Callable[[], bool]], large: Path, tmp_path: Path, run: Run
) -> None:
    url, begun = at_work
    process = started("--warehouse", url, "load", large, "--workers", 2)
    wait_for(begun, process)
    process.send_signal(signal.SIGINT)
    out, talk = process.communicate()

    assert process.returncode == 130, talk
    assert out == ""
    assert talk == "interrupted; nothing is half-written, run the same command again\n"
    again = run("--warehouse", url, "--format", "json", "load", large).json
    assert {study["action"] for study in again["studies"]} <= {"LOADED", "NOOP"}
    assert run("--warehouse", url, "--format", "json", "warehouse", "check").json == []
    statuses = [row["status"] for row in run("--warehouse", url, "--format", "json", "runs", "list").json]
    assert statuses in (["SUCCESS"], ["SUCCESS", "LOST"]), "the interrupted run is known to be over"


INTERRUPTED_EARLY = """
import os, signal, sys

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "typer":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Finder())
from expressway.__main__ import main
main()
"""


def test_an_interrupt_before_the_commands_are_read_is_no_traceback() -> None:
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_EARLY],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
    )

    assert (done.returncode, done.stderr) == (130, "")


def test_interrupted_export_leaves_what_was_there(large: Path, tmp_path: Path, run: Run, url: str) -> None:
    study = run("--warehouse", url, "--format", "json", "load", large).json["studies"][0]["study"]
    folder = tmp_path / "out"
    folder.mkdir()
    target = folder / "x.csv"
    target.write_text("from before")

    process = started("--warehouse", url, "export", "expression", study, "-o", target)
    wait_for(lambda: any(folder.glob(".x.csv.*")), process)
    process.send_signal(signal.SIGINT)
    _, talk = process.communicate()

    assert (process.returncode, talk.startswith("interrupted")) == (130, True), talk
    assert [path.name for path in folder.iterdir()] == ["x.csv"]
    assert target.read_text() == "from before"


@pytest.mark.parametrize("words", [["--format", "json", "settings"], ["--help"]], ids=" ".join)
def test_a_reader_that_goes_away_is_no_error(words: list[str]) -> None:
    process = started(*words)
    assert process.stdout is not None
    process.stdout.close()  # like `| head -1`
    assert process.stderr is not None
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait() == 1


def test_a_stdout_without_space_is_said_so() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    with Path("/dev/full").open("w") as full:
        environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
        command = [sys.executable, "-m", "expressway", "--format", "json", "settings"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False, env=environment)

    assert done.returncode == 1
    assert done.stderr.startswith("error: 54065 NO_SPACE_LEFT")


def test_a_terminal_without_unicode_gets_its_data(tmp_path: Path) -> None:
    (tmp_path / "expressway.yaml").write_text("defaults: {title: Étude}\n", encoding="utf-8")
    plain = {"PYTHONIOENCODING": "ascii"}
    process = started("--format", "json", "settings", environment=plain, cwd=tmp_path)
    out, talk = process.communicate()

    assert (process.returncode, talk) == (0, "")
    assert out.isascii()
    assert json.loads(out)["defaults.title"] == "Étude"


# Spreadsheets


def test_text_that_a_spreadsheet_would_run_comes_back_as_it_is_with_a_warning(tmp_path: Path, run: Run) -> None:
    warehouse, target = ("--warehouse", f"duckdb:///{tmp_path}/w.duckdb"), tmp_path / "out[1].csv"
    titles = dict(zip(sample_names(9), ["=cmd|' /C calc'!A0", "@SUM(1)", "-1+2|x", "+49 sepsis"], strict=False))
    write_download(tmp_path / "named", STUDY, titles=titles)
    write_download(tmp_path / "plain", OTHER, samples=sample_names(9, 50), titles={sample_names(1, 50)[0]: "-1.5e-3"})
    run(*warehouse, "load", tmp_path / "named", tmp_path / "plain")
    for study, warned in ((STUDY, True), (OTHER, False)):
        said = run(*warehouse, "export", "expression", study, "--output", target)
        assert ("as a formula" in said.talk) == warned, "negative numbers are numbers"
        with open_warehouse(warehouse[1]) as opened:
            assert (
                pl.read_csv(target, glob=False)["sample_title"].to_list()
                == opened.expression(study)["sample_title"].to_list()
            )
    assert "as a formula" not in run(*warehouse, "--format", "csv", "studies", "list").talk


def test_printed_csv_has_the_same_warning(capsys: pytest.CaptureFixture[str]) -> None:
    show([{"gene": "=1+1", "value": -1.5}, {"gene": "TP53", "value": 2.0}], Format.csv)
    printed = capsys.readouterr()
    assert list(csv.reader(io.StringIO(printed.out))) == [["gene", "value"], ["=1+1", "-1.5"], ["TP53", "2.0"]]
    assert "as a formula" in printed.err
