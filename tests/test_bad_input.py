"""Every kind of bad input: is there a code, a hint, an exit code that is not 0, no traceback and not one fact?"""

from __future__ import annotations

import gzip
import json
import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from expressway import cli, open_warehouse
from expressway.settings import load_settings
from expressway.warehouse.warehouse import Warehouse
from tests.warehouse.studies import GENES, change_cell, sample_names, values, write_download

STUDY = "GSE900001"
FAILED, QUARANTINED = "FAILED", "QUARANTINED"


@dataclass(frozen=True)
class Case:
    """A broken study: how it is made, the code it must give, and what it leaves in the warehouse."""

    name: str
    code: int
    leaves: str
    make: Callable[[Path], Path]
    options: tuple[str, ...] = ()


def rewrite(make: Callable[[bytes], bytes]) -> Callable[[Path], Path]:
    """A download whose matrix went through `make`."""

    def build(folder: Path) -> Path:
        matrix = write_download(folder)
        matrix.write_bytes(make(matrix.read_bytes()))
        return folder

    return build


def cell(text: str) -> Callable[[Path], Path]:
    """A download with `text` in one cell."""

    def build(folder: Path) -> Path:
        change_cell(write_download(folder), 5, 3, text)
        return folder

    return build


def zipped(folder: Path, change: Callable[[bytes], bytes] = lambda raw: raw) -> Path:
    """The download as a zip, its bytes changed."""
    write_download(folder / "inside")
    target = folder / "download.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted((folder / "inside").rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder / "inside"))
    target.write_bytes(change(target.read_bytes()))
    return target


def truncated_gzip(folder: Path) -> Path:
    matrix = write_download(folder)
    packed = gzip.compress(matrix.read_bytes())
    matrix.with_suffix(".tsv.gz").write_bytes(packed[: len(packed) * 2 // 3])
    matrix.unlink()
    return folder


def zip_slip(folder: Path) -> Path:
    target = zipped(folder)
    with zipfile.ZipFile(target, "a") as archive:
        archive.writestr("../../evil.tsv", "Gene\tA\n")
    return target


def zip_bomb(folder: Path) -> Path:
    target = folder / "bomb.zip"
    folder.mkdir(parents=True, exist_ok=True)
    archive = zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9)
    with archive, archive.open(f"{STUDY}/{STUDY}.tsv", "w", force_zip64=True) as member:
        zeros = bytes(2**24)
        for _ in range(80):
            member.write(zeros)
    return target


def metadata(change: Callable[[dict[str, object]], object]) -> Callable[[Path], Path]:
    """A download whose metadata went through `change`."""

    def build(folder: Path) -> Path:
        write_download(folder)
        path = folder / "aggregated_metadata.json"
        content = json.loads(path.read_text())
        result = change(content)
        path.write_text(result if isinstance(result, str) else json.dumps(result or content))
        return folder

    return build


def without(key: str) -> Callable[[dict[str, object]], object]:
    return lambda content: {name: value for name, value in content.items() if name != key}


def many_nulls(folder: Path) -> Path:
    cells: list[list[object]] = values().tolist()
    for row in cells[:30]:
        row[:4] = ["NA"] * 4
    write_download(folder, matrix=cells)
    return folder


def mismatch(described: list[str]) -> Callable[[Path], Path]:
    def build(folder: Path) -> Path:
        write_download(folder, described=described)
        return folder

    return build


def repeated_gene(folder: Path) -> Path:
    write_download(folder, genes=[*GENES[:59], GENES[3]])
    return folder


def repeated_sample(folder: Path) -> Path:
    names = sample_names(9)
    write_download(folder, samples=[*names[:8], names[2]], described=names[:8])
    return folder


def negative_counts(folder: Path) -> Path:
    change_cell(write_download(folder, matrix=abs(values())), 9, 2, "-3.0")
    return folder


def quant_sf(folder: Path) -> Path:
    write_download(folder, top={"quant_sf_only": True})
    return folder


def odd_gene(name: str) -> Callable[[Path], Path]:
    """A download with a gene that no warehouse could hold."""

    def build(folder: Path) -> Path:
        write_download(folder, genes=[*GENES[:59], name])
        return folder

    return build


NAMES = sample_names(9)
CASES = (
    Case("truncated gzip", 54044, FAILED, truncated_gzip),
    Case("truncated zip", 54044, FAILED, lambda folder: zipped(folder, lambda raw: raw[: len(raw) // 2])),
    Case("damaged zip", 54044, FAILED, lambda folder: zipped(folder, lambda raw: raw[:200] + bytes(200) + raw[400:])),
    Case("HTML saved as TSV", 54041, FAILED, rewrite(lambda _: b"<!DOCTYPE html>\n<html><body>404</body></html>\n")),
    Case("empty file", 54041, FAILED, rewrite(lambda _: b"")),
    Case("header only", 54041, FAILED, rewrite(lambda raw: raw.split(b"\n")[0] + b"\n")),
    Case("one column", 54041, FAILED, rewrite(lambda raw: b"\n".join(row.split(b"\t")[0] for row in raw.split(b"\n")))),
    Case("short row", 54043, FAILED, rewrite(lambda raw: raw.rstrip().rpartition(b"\t")[0] + b"\n")),
    Case("binary", 54042, FAILED, rewrite(lambda raw: bytes(range(256)) * 40)),
    Case("gene with an escape sequence", 54041, FAILED, odd_gene("\x1b[31mCD177\x07")),
    Case("gene of 256 letters", 54041, FAILED, odd_gene("G" * 256)),
    Case("sample with an escape sequence", 54041, FAILED, rewrite(lambda raw: raw.replace(b"\t", b"\t\x1b[2J", 1))),
    Case("duplicate gene", 54050, QUARANTINED, repeated_gene),
    Case("duplicate sample", 54051, QUARANTINED, repeated_sample),
    Case("text in a cell", 54052, QUARANTINED, cell("high")),
    Case("infinite value", 54052, QUARANTINED, cell("inf")),
    Case("minus infinity", 54052, QUARANTINED, cell("-Infinity")),
    Case("too many nulls", 54053, QUARANTINED, many_nulls),
    Case("negative counts", 54054, QUARANTINED, negative_counts, ("--units", "COUNTS")),
    Case("sample only in the matrix", 54010, QUARANTINED, mismatch(NAMES[:8])),
    Case("sample only in the metadata", 54010, QUARANTINED, mismatch([*NAMES, "GSM1"])),
    Case("invalid JSON", 54046, FAILED, metadata(lambda _: '{"experiments": {')),
    Case("no experiments", 54046, FAILED, metadata(without("experiments"))),
    Case("no samples block", 54046, FAILED, metadata(without("samples"))),
    Case("metadata is a list", 54046, FAILED, metadata(lambda content: json.dumps([content]))),
    Case("zip slip", 54045, FAILED, zip_slip),
    Case("zip bomb", 54045, FAILED, zip_bomb),
    Case("quant.sf only", 54022, FAILED, quant_sf),
)


def run(*arguments: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    code = cli.run(list(arguments))
    printed = capsys.readouterr()
    return code, printed.out, printed.err


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bad_study(case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = case.make(tmp_path / "study")
    url = f"duckdb:///{tmp_path / 'w.duckdb'}"
    code, _, talk = run("--warehouse", url, "load", str(source), *case.options, capsys=capsys)
    assert code == 1, talk
    assert f"{case.code} " in talk
    assert "hint: " in talk
    assert "Traceback" not in talk
    with open_warehouse(url) as warehouse:
        assert warehouse.sql("SELECT count(*) AS n FROM fact.fact_gene_expression")["n"][0] == 0
        assert warehouse.sql("SELECT count(*) AS n FROM dim.dim_study")["n"][0] == 0
        batches = warehouse.sql("SELECT status FROM meta.batch")["status"].to_list()
        assert batches == ([QUARANTINED] if case.leaves == QUARANTINED else [])
        steps = warehouse.sql("SELECT status, error_code FROM meta.meta_etl_process_log WHERE step <> 'run'")
        assert steps.rows() == [(case.leaves, case.code)]
        assert warehouse.runs()["status"].to_list() == [FAILED]


def test_dry_run_of_a_bad_study_touches_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = cell("high")(tmp_path / "study")
    code, _, talk = run(
        "--warehouse", f"duckdb:///{tmp_path / 'w.duckdb'}", "load", str(source), "--dry-run", capsys=capsys
    )
    assert (code, "54052" in talk) == (1, True)
    assert not (tmp_path / "w.duckdb").exists()


def refused(arguments: list[str], expected: int, capsys: pytest.CaptureFixture[str]) -> str:
    code, out, talk = run(*arguments, capsys=capsys)
    assert code == 1, (out, talk)
    assert f"{expected} " in talk
    assert "hint: " in talk
    assert "Traceback" not in talk
    assert out == ""
    return talk


def test_no_such_path(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"duckdb:///{tmp_path / 'w.duckdb'}"
    refused(["--warehouse", url, "load", str(tmp_path / "nowhere.zip")], 54040, capsys)
    with open_warehouse(url) as warehouse:
        warehouse.init()
        assert warehouse.runs().is_empty()


def test_path_that_is_too_long(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"duckdb:///{tmp_path / 'w.duckdb'}"
    assert len(refused(["--warehouse", url, "load", "x" * 5000], 54040, capsys)) < 500


def test_link_to_itself_is_passed_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_download(tmp_path / "study")
    (tmp_path / "study" / "self.tsv").symlink_to("self.tsv")
    code, out, talk = run(
        "--warehouse", f"duckdb:///{tmp_path / 'w.duckdb'}", "load", str(tmp_path / "study"), capsys=capsys
    )
    assert (code, "LOADED" in out) == (0, True), talk


def test_gene_table_that_never_ends(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(tmp_path / "genes.tsv")
    for path in (tmp_path / "genes.tsv", "/dev/zero"):
        refused(["--warehouse", f"duckdb:///{tmp_path / 'w.duckdb'}", "genes", "load", str(path)], 54040, capsys)


def test_words_of_the_user_do_not_steer_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"duckdb:///{tmp_path / 'w.duckdb'}"
    talk = refused(["--warehouse", url, "load", "\x1b]0;title\x07\x1b[2J\u202e"], 54040, capsys)
    assert "\\x1b]0;title\\x07\\x1b[2J\\u202e" in talk
    assert not set("\x1b\x07\u202e") & set(talk)


def test_no_more_memory(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def starve(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr("expressway.warehouse.loading.prepare", starve)
    write_download(tmp_path / "study")
    code, _, talk = run(
        "--warehouse", f"duckdb:///{tmp_path / 'w.duckdb'}", "load", str(tmp_path / "study"), capsys=capsys
    )
    assert (code, "54065 " in talk, "--workers" in talk) == (1, True, True)


@pytest.mark.parametrize("url", ["sqlite:///x.db", "nonsense", "duckdb://", "mysql://u:secret@h/d"])
def test_wrong_url(url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "secret" not in refused(["--warehouse", url, "studies", "list"], 54060, capsys)


def test_no_server_and_no_password_in_the_talk(capsys: pytest.CaptureFixture[str]) -> None:
    talk = refused(["--warehouse", "postgresql://me:secret@127.0.0.1:1/none", "studies", "list"], 54061, capsys)
    assert "secret" not in talk


def test_folder_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"duckdb:///{tmp_path}/missing/w.duckdb"
    write_download(tmp_path / "study")
    refused(["--warehouse", url, "load", str(tmp_path / "study")], 54064, capsys)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_warehouse_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_download(tmp_path / "study")
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    refused(["--warehouse", f"duckdb:///{locked}/w.duckdb", "load", str(tmp_path / "study")], 54064, capsys)


def test_warehouse_that_is_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_download(tmp_path / "study")
    refused(["--warehouse", f"duckdb:///{tmp_path}", "load", str(tmp_path / "study")], 54064, capsys)


def test_file_that_is_no_duckdb(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "w.duckdb").write_text("not a database, just some words that are long enough to be read")
    refused(["--warehouse", f"duckdb:///{tmp_path / 'w.duckdb'}", "studies", "list"], 54061, capsys)


def test_file_that_is_empty(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "w.duckdb").touch()
    talk = refused(["--warehouse", f"duckdb:///{tmp_path / 'w.duckdb'}", "warehouse", "init"], 54061, capsys)
    assert "is empty" in talk
    assert "Remove it" in talk


def test_second_process_on_a_duckdb_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import subprocess
    import sys

    url = f"duckdb:///{tmp_path / 'w.duckdb'}"
    with open_warehouse(url) as warehouse:
        warehouse.init()
        command = [sys.executable, "-m", "expressway", "--warehouse", url, "studies", "list"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "54062 WAREHOUSE_LOCKED" in done.stderr
    assert "hint: " in done.stderr
    assert "PostgreSQL" in done.stderr
    assert "leaked" not in done.stderr


def test_readers_stand_beside_each_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import subprocess
    import sys

    url = f"duckdb:///{tmp_path / 'w.duckdb'}"
    write_download(tmp_path / "study")
    assert run("--warehouse", url, "load", str(tmp_path / "study"), capsys=capsys)[0] == 0
    with Warehouse(load_settings(None, {"warehouse": url}, environ={}), read_only=True) as reader:
        assert reader.studies().height == 1
        for words, code in (
            (["studies", "list"], 0),
            (["studies", "show", STUDY], 0),
            (["runs", "list"], 0),
            (["quarantine", "list"], 0),
            (["warehouse", "check"], 0),
            (["export", "expression", STUDY, "-o", str(tmp_path / "out.parquet")], 0),
            (["studies", "unmap", STUDY], 1),
        ):
            command = [sys.executable, "-m", "expressway", "--warehouse", url, *words]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert done.returncode == code, (words, done.stderr)
    assert "54062 WAREHOUSE_LOCKED" in done.stderr


def test_unknown_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"duckdb:///{tmp_path / 'w.duckdb'}"
    with open_warehouse(url) as warehouse:
        warehouse.init()
    for command in (
        ["studies", "show", "GSE1"],
        ["studies", "map", "GSE1", "--disease", "SEPSIS"],
        ["studies", "remove", "GSE1", "--yes"],
        ["studies", "relabel", "GSE1"],
        ["quarantine", "show", "GSE1"],
        ["quarantine", "replay", "GSE1"],
        ["export", "expression", "GSE1", "-o", str(tmp_path / "x.csv")],
        ["runs", "show", "0"],
    ):
        refused(["--warehouse", url, *command], 54003, capsys)


def test_older_schema(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "w.duckdb"
    with open_warehouse(f"duckdb:///{path}") as warehouse:
        warehouse.init()
    with duckdb.connect(str(path)) as connection:
        connection.execute("DELETE FROM meta.schema_version WHERE version > 2").fetchall()
    talk = refused(["--warehouse", f"duckdb:///{path}", "studies", "list"], 54063, capsys)
    assert "warehouse upgrade" in talk


def test_newer_schema(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "w.duckdb"
    with open_warehouse(f"duckdb:///{path}") as warehouse:
        warehouse.init()
    with duckdb.connect(str(path)) as connection:
        connection.execute("INSERT INTO meta.schema_version (version, name) VALUES (999, 'future')").fetchall()
    refused(["--warehouse", f"duckdb:///{path}", "studies", "list"], 54063, capsys)


def test_unknown_setting(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "expressway.yaml").write_text("worker: 2\n")
    talk = refused(["--config", str(tmp_path / "expressway.yaml"), "studies", "list"], 54070, capsys)
    assert "workers" in talk


def test_wrong_usage_is_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("load", "--no-such-option", "x", capsys=capsys)[0] == 2
    assert run("nonsense", capsys=capsys)[0] == 2
