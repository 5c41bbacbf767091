"""The commands of pairs as a person or a script meets them: aggregate, pairs, pair, export pairs, plot, report, run."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from expressway import cli, open_warehouse
from expressway.studies.annotation import read_annotation
from tests.warehouse.pairs.simulated import load_all, simulated
from tests.warehouse.studies import change_cell, sample_names, values, write_download

WIDE = ("--k-min", 1, "--i2-max", 100, "--q", 1)


@dataclass(frozen=True)
class Said:
    """What a command printed and how it ended."""

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

    def command(*arguments: object, code: int = 0) -> Said:
        ended = cli.run([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        assert ended == code, printed
        assert "Traceback" not in printed.err
        assert "54000" not in printed.err
        return Said(printed.out, printed.err)

    return command


@pytest.fixture(scope="module")
def download(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three simulated studies."""
    return simulated(tmp_path_factory.mktemp("simulated") / "download")


@pytest.fixture(scope="module")
def genes(download: Path) -> list[str]:
    """The genes of the studies; the first has symbol and alias."""
    lines = (download / "SRP903001" / "SRP903001.tsv").read_text().splitlines()[1:]
    return [line.split("\t")[0] for line in lines]


@pytest.fixture(scope="module")
def url(download: Path, genes: list[str], tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a DuckDB warehouse with stored pairs: the best 300 of three studies."""
    folder = tmp_path_factory.mktemp("stored")
    named = folder / "genes.tsv"
    named.write_text("ensgene\tsymbol\n" + "".join(f"{gene}\tGENE{n}\n" for n, gene in enumerate(genes)))
    url = f"duckdb:///{folder}/w.duckdb"
    with open_warehouse(url) as warehouse:
        load_all(warehouse, download)
        warehouse.load_genes(read_annotation(named))
        assert warehouse.aggregate("SEPSIS", keep=300).ok
    return url


@pytest.fixture(scope="module")
def best(url: str) -> dict[str, Any]:
    """The best pair."""
    with open_warehouse(url) as warehouse:
        return warehouse.top_pairs(limit=1).row(0, named=True)


# aggregate


def test_aggregate_says_what_it_would_do_and_does_it(download: Path, tmp_path: Path, run: Run) -> None:
    new = f"duckdb:///{tmp_path}/w.duckdb"
    with open_warehouse(new) as warehouse:
        load_all(warehouse, download)
    plan = run("--warehouse", new, "aggregate", "--dry-run")
    assert "would AGGREGATE" in plan.talk
    assert "Genes left out" in plan.talk
    assert all(study in plan.out for study in ("SRP903001", "SRP903002", "SRP903003"))
    assert all(name in plan.out for name in ("k_ss", "k_soth", "memory_mib", "minutes", "pairs"))
    planned = run("--warehouse", new, "--format", "json", "aggregate", "--dry-run").json
    assert planned["run_id"] is None
    assert planned["slices"][0]["plan"]["k_soth"] == 3

    done = run("--warehouse", new, "--format", "json", "aggregate", "--disease", "sepsis", "--keep", 50).json
    (one,) = done["slices"]
    assert (one["action"], one["pairs_stored"], one["error"]) == ("AGGREGATED", 50, None)
    again = run("--warehouse", new, "--format", "csv", "aggregate", "--keep", 50).csv
    assert [line["action"] for line in again] == ["NOOP"]
    assert again[0]["run"] == one["run"]
    step = run("--warehouse", new, "--format", "json", "runs", "show", done["run_id"]).json
    assert any("aggregate SEPSIS RNA-SEQ" in json.dumps(row) for row in step)


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (["--disease", "SCURVY"], 1, "54003"),
        (["--technology", "MICROARRAY"], 1, "RNA-SEQ (3 studies), or ALL"),
        (["--organism", "mouse"], 1, "HOMO_SAPIENS"),
        (["--genes", "mad:none"], 1, "54071"),
        (["--genes", "some"], 1, "54071"),
        (["--genes", "file:/nowhere/genes.txt"], 1, "54071"),
        (["--genes", "file:{empty}"], 1, "54071"),
        (["--genes", "file:{unknown}"], 1, "ENSG"),
        (["--keep", "0"], 2, "--keep"),
        (["--keep", "many"], 2, "--keep"),
    ],
)
@pytest.mark.parametrize("dry", [False, True])
def test_what_aggregate_refuses(
    words: list[str], code: int, reason: str, dry: bool, url: str, run: Run, tmp_path: Path
) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "unknown").write_text("NOGENE1\nNOGENE2\n")
    made = [word.format(empty=tmp_path / "empty", unknown=tmp_path / "unknown") for word in words]
    said = run("--warehouse", url, "aggregate", *made, *(["--dry-run"] if dry else []), code=code)
    assert reason in said.talk
    assert "hint: " in said.talk
    with open_warehouse(url) as warehouse:
        assert warehouse.published_slices()["pairs_stored"].to_list() == [300]


def test_contrasts_that_are_broken(url: str, run: Run, tmp_path: Path) -> None:
    for text in ("case: [", "case: SEPTIC_SHOCK\n", "", "- a\n"):
        (tmp_path / "contrasts.yaml").write_text(text)
        (tmp_path / "e.yaml").write_text(f"pairs: {{contrasts: {tmp_path}/contrasts.yaml}}\n")
        said = run("--warehouse", url, "--config", tmp_path / "e.yaml", "aggregate", code=1)
        assert "hint: " in said.talk
        assert "contrasts" in said.talk


# pairs


def test_pairs_in_every_form(url: str, run: Run, best: dict[str, Any]) -> None:
    table = run("--warehouse", url, "pairs", *WIDE, "--limit", 5)
    assert len(table.out.splitlines()) == 6
    assert table.talk == ""
    rows = run("--warehouse", url, "pairs", *WIDE, "--limit", 5, "--format", "json").json
    assert rows[0]["pair_uid"] == best["pair_uid"]
    lines = run("--warehouse", url, "--format", "csv", "pairs", *WIDE, "--limit", 5).csv
    assert [line["pair_uid"] for line in lines] == [row["pair_uid"] for row in rows]
    assert list(lines[0]) == list(rows[0])
    assert [row["q_star"] for row in rows] == sorted(row["q_star"] for row in rows)


def test_pairs_as_parquet(url: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "expressway", "--warehouse", url, "pairs", "--format", "parquet"]
    done = subprocess.run(command, capture_output=True, check=True)
    frame = pl.read_parquet(io.BytesIO(done.stdout))
    with open_warehouse(url) as warehouse:
        assert frame.equals(warehouse.top_pairs(), null_equal=True)


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (["--q", "1.5"], 1, "between 0 and 1"),
        (["--q", "-0.1"], 1, "between 0 and 1"),
        (["--q", "nan"], 1, "between 0 and 1"),
        (["--limit", "0"], 1, "between 1 and 1,000"),
        (["--limit", "1001"], 1, "between 1 and 1,000"),
        (["--k-min", "0"], 1, "k_min"),
        (["--i2-max", "101"], 1, "i2_max"),
        (["--i2-rule", "most"], 1, "LEAST, GREATEST, MATCHED"),
        (["--k-rule", "most"], 1, "INCLUDED, MATCHED"),
        (["--disease", "SCURVY"], 1, "54003"),
        (["--technology", "MICROARRAY"], 1, "--technology RNA-SEQ"),
        (["--organism", "mouse"], 1, "--organism HOMO_SAPIENS"),
        (["--format", "xml"], 2, "xml"),
    ],
)
def test_what_pairs_refuses(words: list[str], code: int, reason: str, url: str, run: Run) -> None:
    said = run("--warehouse", url, "pairs", *words, code=code)
    assert said.out == ""
    assert reason in said.talk
    assert "hint: " in said.talk


def test_pairs_before_there_are_any(run: Run, tmp_path: Path) -> None:
    new = f"duckdb:///{tmp_path}/w.duckdb"
    assert "there is no warehouse" in run("--warehouse", new, "pairs", code=1).talk
    run("--warehouse", new, "warehouse", "init")
    for words in (["pairs"], ["pair", "A", "B"], ["export", "pairs", "-o", tmp_path / "x.csv"], ["report"]):
        said = run("--warehouse", new, *words, code=1)
        assert "no pairs are stored yet" in said.talk
        assert "expressway aggregate" in said.talk
    assert "54001" in run("--warehouse", new, "aggregate", code=1).talk


def test_one_study_has_no_pair_that_passes_and_the_way_out_works(download: Path, run: Run, tmp_path: Path) -> None:
    new = f"duckdb:///{tmp_path}/w.duckdb"
    with open_warehouse(new) as warehouse:
        warehouse.load(download)
        warehouse.map_study("SRP903001", "SEPSIS")
    assert "FEW_STUDIES" in run("--warehouse", new, "aggregate", "--keep", 100).talk
    empty = run("--warehouse", new, "pairs")
    assert empty.out == ""
    assert "`--k-min 1 --i2-max 100`" in empty.talk
    assert run("--warehouse", new, "--format", "json", "pairs").json == []
    assert run("--warehouse", new, "--format", "json", "pairs", "--k-min", 1, "--i2-max", 100).json
    run("--warehouse", new, "report", "--out", tmp_path / "report.html")
    assert "--k-min 1 --i2-max 100" in (tmp_path / "report.html").read_text()


# pair


def test_pair_by_symbol_and_id(url: str, run: Run, best: dict[str, Any]) -> None:
    a, b = best["genea_symbol"], best["geneb_symbol"]
    by_symbol = run("--warehouse", url, "--format", "json", "pair", a, b).json
    assert by_symbol == run("--warehouse", url, "--format", "json", "pair", *best["pair_uid"].split("|")).json
    assert by_symbol == run("--warehouse", url, "--format", "json", "pair", b.lower(), a.lower()).json
    assert by_symbol["stored"]
    assert by_symbol["statistics"]["q_ss"] == pytest.approx(best["q_ss"])
    assert by_symbol["statistics"]["dz_ss_mean"] == pytest.approx(best["dz_ss_mean"], rel=1e-9)
    assert [study["study"] for study in by_symbol["studies"]] == ["SRP903001", "SRP903002", "SRP903003"]
    assert all(len(study["file_hash"]) == 64 for study in by_symbol["studies"])
    table = run("--warehouse", url, "pair", a, b)
    assert all(study["file_hash"] in table.out for study in by_symbol["studies"])
    assert f"({a})" in table.talk
    assert "Statistics:" in table.talk
    assert len(run("--warehouse", url, "--format", "csv", "pair", a, b).csv) == 3


def test_pair_is_computed_as_its_run_was_set(download: Path, run: Run, tmp_path: Path) -> None:
    new = f"duckdb:///{tmp_path}/w.duckdb"
    with open_warehouse(new) as warehouse:
        load_all(warehouse, download)
    (tmp_path / "turned.yaml").write_text(
        "case: SEPSIS\nreference: CONTROL\ncontrol: SEPTIC_SHOCK\nothers: [CONTROL, SEPTIC_SHOCK]\n"
    )
    (tmp_path / "e.yaml").write_text(f"pairs: {{contrasts: {tmp_path}/turned.yaml, se_method: fieller, keep: 20}}\n")
    run("--warehouse", new, "--config", tmp_path / "e.yaml", "aggregate")
    (stored,) = run("--warehouse", new, "--format", "json", "pairs", *WIDE, "--limit", 1).json
    pair = run("--warehouse", new, "--format", "json", "pair", *stored["pair_uid"].split("|")).json
    for name in ("dz_ss_mean", "dz_ss_se", "dz_soth_mean", "p_ss"):
        assert pair["statistics"][name] == pytest.approx(stored[name], rel=1e-9)


def test_pair_that_is_not_stored_says_why(url: str, run: Run, genes: list[str]) -> None:
    with open_warehouse(url) as warehouse:
        stored = set(warehouse.top_pairs(limit=1000, q=1, k_min=1, i2_max=100)["pair_uid"])
        kept = {gene for uid in stored for gene in uid.split("|")}
        one, *others = sorted(kept)
        other = next(gene for gene in others if f"{one}|{gene}" not in stored)
    found = run("--warehouse", url, "--format", "json", "pair", one, other).json
    assert not found["stored"]
    assert any("not among the 300" in note or "300" in note for note in found["notes"]), found["notes"]
    assert 0 < found["statistics"]["p_ss"] <= 1


def test_pair_of_a_gene_that_dropped_out_says_where(url: str, run: Run, genes: list[str]) -> None:
    with open_warehouse(url) as warehouse:
        (plan,) = warehouse.aggregate("SEPSIS", dry_run=True).slices
        assert plan.plan is not None
        assert plan.plan["genes_dropped"], "the simulation has genes that are hardly detected"
        rare = warehouse.sql(
            "SELECT g.gene_id FROM fact.fact_gene_expression f JOIN dim.dim_gene g ON g.gene_key = f.gene_key "
            "GROUP BY 1 ORDER BY avg(CASE WHEN is_detected THEN 1.0 ELSE 0.0 END), 1 LIMIT 1"
        )["gene_id"][0]
    said = run("--warehouse", url, "--format", "json", "pair", rare, next(gene for gene in genes if gene != rare)).json
    assert not said["stored"]
    assert "counts in no cohort of any study" in " ".join(said["notes"])
    reasons = [row["absent_because"] for row in said["studies"]]
    assert all("is constant in" in reason or "detected" in reason for reason in reasons), reasons


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (("GENE1", "GENE1"), "one gene"),
        (("GENE1", "gene1"), "one gene"),
        (("GENE1", "NOSUCHGENE"), "NOSUCHGENE"),
        (("", "GENE1"), "54071"),
    ],
)
def test_what_pair_refuses(names: tuple[str, str], reason: str, url: str, run: Run) -> None:
    said = run("--warehouse", url, "pair", *names, code=1)
    assert reason in said.talk
    assert "hint: " in said.talk


# export, plot, report


def test_export_pairs_with_its_manifest(url: str, run: Run, tmp_path: Path) -> None:
    for name in ("x.parquet", "x.csv", "x.h5ad"):
        assert "300 pairs" in run("--warehouse", url, "export", "pairs", "-o", tmp_path / name).talk
        manifest = json.loads((tmp_path / f"{name}.manifest.json").read_text())
        assert manifest["pairs"] == 300
        assert [one["study"] for one in manifest["inputs"]] == ["SRP903001", "SRP903002", "SRP903003"]
        assert manifest["citations"]
        assert manifest["settings"]["keep"] == 300
        assert manifest["versions"].keys() >= {"expressway", "python", "numpy", "scipy", "numba"}
    frame = pl.read_parquet(tmp_path / "x.parquet")
    assert frame["pair_uid"].is_sorted()
    assert frame.height == 300


def test_plots_and_reports(url: str, run: Run, best: dict[str, Any], tmp_path: Path) -> None:
    names = best["pair_uid"].split("|")
    for kind in ("forest", "scatter"):
        run("--warehouse", url, "plot", kind, *names, "-o", tmp_path / f"{kind}.svg")
        assert (tmp_path / f"{kind}.svg").read_text().startswith("<svg")
    run("--warehouse", url, "plot", "forest", *names, "-o", tmp_path / "x.png")
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")
    run("--warehouse", url, "report", "--out", tmp_path / "report.html", "--top", 10**30)
    run("--warehouse", url, "report", "--out", tmp_path / "report.html", "--top", 2)
    page = (tmp_path / "report.html").read_text()
    assert best["genea_symbol"] in page
    assert "SRP903003" in page


def test_what_only_reads_stands_beside_other_readers(
    url: str, download: Path, run: Run, best: dict[str, Any], tmp_path: Path
) -> None:
    """Another process reads the file all the while."""
    path, names = url.removeprefix("duckdb:///"), best["pair_uid"].split("|")
    program = "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=True); print('open', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", program, path], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "open\n"
        run("--warehouse", url, "pairs", *WIDE)
        run("--warehouse", url, "pair", *names)
        run("--warehouse", url, "export", "pairs", "-o", tmp_path / "x.parquet")
        run("--warehouse", url, "plot", "scatter", *names, "-o", tmp_path / "x.svg")
        run("--warehouse", url, "report", "--out", tmp_path / "x.html", "--top", 1)
        run("--warehouse", url, "aggregate", "--dry-run")
        run("--warehouse", url, "load", download, "--dry-run")
        assert "54062" in run("--warehouse", url, "aggregate", code=1).talk
        reader.communicate("\n")


@pytest.mark.parametrize("words", [("pairs",), ("aggregate", "--dry-run"), ("load", "{download}", "--dry-run")])
def test_what_only_reads_says_that_the_warehouse_is_older(
    words: tuple[str, ...], download: Path, run: Run, tmp_path: Path
) -> None:
    url = f"duckdb:///{tmp_path}/w.duckdb"
    with open_warehouse(url) as warehouse:
        warehouse.init()
        warehouse.engine.connect().execute("DELETE FROM meta.schema_version WHERE version > 2")
    said = run("--warehouse", url, *(word.format(download=download) for word in words), code=1)
    assert "54063" in said.talk
    assert "warehouse upgrade" in said.talk


@pytest.mark.parametrize("target", ["/nowhere/at/all/x", "/proc/x"])
@pytest.mark.parametrize(
    ("words", "suffix"),
    [
        (("export", "pairs", "-o"), ".parquet"),
        (("report", "--out"), ".html"),
        (("plot", "forest", "{a}", "{b}", "-o"), ".svg"),
    ],
)
def test_targets_that_cannot_be_written(
    words: tuple[str, ...], suffix: str, target: str, url: str, run: Run, best: dict[str, Any]
) -> None:
    a, b = best["pair_uid"].split("|")
    said = run("--warehouse", url, *(word.format(a=a, b=b) for word in words), f"{target}{suffix}", code=1)
    assert "54071" in said.talk
    assert "hint: " in said.talk


@pytest.mark.parametrize(
    "words", [("export", "pairs", "-o", "x.xlsx"), ("plot", "forest", "GENE1", "GENE2", "-o", "x.gif")]
)
def test_forms_that_nobody_writes(words: tuple[str, ...], url: str, run: Run) -> None:
    said = run("--warehouse", url, *words, code=1)
    assert "hint: " in said.talk


# run


def pipeline_of(folder: Path, download: Path, **more: Any) -> Path:
    """A pipeline.yaml beside its sources."""
    folder.mkdir()
    (folder / "data").symlink_to(download)
    settings: dict[str, Any] = {"sources": ["data"], "warehouse": "duckdb:///w.duckdb", "report": "report.html"}
    settings |= {"defaults": {"disease": "SEPSIS"}} | more
    (folder / "pipeline.yaml").write_text(json.dumps(settings))
    return folder / "pipeline.yaml"


def test_run_does_everything_from_any_folder(download: Path, run: Run, tmp_path: Path) -> None:
    config = pipeline_of(tmp_path / "job", download, pairs={"keep": 100})
    first = run("--format", "json", "run", config).json
    assert [study["action"] for study in first["load"]["studies"]] == ["LOADED"] * 3
    assert [one["action"] for one in first["slices"]] == ["AGGREGATED"]
    assert first["ok"]
    assert first["reports"] == [str(tmp_path / "job" / "report.html")]
    command = [sys.executable, "-m", "expressway", "run", str(config)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.count("NOOP") == 4
    assert "wrote" in done.stderr


def test_a_broken_study_stops_no_other(download: Path, run: Run, tmp_path: Path) -> None:
    broken = write_download(tmp_path / "broken", "GSE900077", matrix=values(), samples=sample_names(9))
    change_cell(broken, 5, 3, "high, really")
    config = pipeline_of(
        tmp_path / "job",
        download,
        sources=["data", str(tmp_path / "broken")],
        defaults={},
        diseases=["SEPSIS", "SEPTIC_SHOCK"],
        studies={f"SRP90300{n}": {"disease": "SEPSIS"} for n in (1, 2)} | {"SRP903003": {"disease": "SCURVY"}},
        report="out/r.html",
        pairs={"keep": 100},
    )
    (tmp_path / "job" / "out").mkdir()
    said = run("--format", "json", "run", config, code=1)
    found = said.json
    actions = {study["study"]: study["action"] for study in found["load"]["studies"]}
    assert actions["GSE900077"] == "QUARANTINED"
    assert [(one["disease"], one["studies"], one["action"]) for one in found["slices"]] == [("SEPSIS", 2, "AGGREGATED")]
    assert not found["ok"]
    assert "no study is mapped to SEPTIC_SHOCK" in said.talk
    assert "no disease SCURVY" in said.talk
    assert "hint: " in said.talk
    assert Path(found["reports"][0]).is_file()


def test_a_pipeline_that_is_not_there(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = str(tmp_path / "nope.yaml")
    for words in (("run", missing), ("--config", missing, "studies", "list")):
        said = run(*words, code=1).talk
        assert missing in said
        assert "hint: Check the path: it must be that of a settings file." in said
    monkeypatch.setenv("EXPRESSWAY_CONFIG", missing)
    assert "hint: Check the path in EXPRESSWAY_CONFIG" in run("run", code=1).talk


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{}", "no sources"),
        ("sources: [nowhere]", "nowhere"),
        ("sources: [.]\npairs: {keep: 0}", "keep"),
        ("sources: [.]\npairs: {tau2_method: XY}", "tau2_method"),
        ("sources: x: y", "pipeline.yaml"),
    ],
)
def test_a_pipeline_that_cannot_run(text: str, reason: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "pipeline.yaml").write_text(f"{text}\n")
    said = run("--warehouse", f"duckdb:///{tmp_path}/w.duckdb", "run", tmp_path / "pipeline.yaml", code=1)
    assert reason in said.talk
    assert "hint: " in said.talk
