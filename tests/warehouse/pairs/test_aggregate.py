"""Do studies become stored pairs, once, whole, of the right slice, and is everything said that must be known?"""

from __future__ import annotations

import json
import shutil
from contextlib import closing
from pathlib import Path

import pytest

from expressway import Warehouse
from expressway.errors import DiseaseMapAmbiguous, DiseaseNotMapped, InvalidSetting, UnknownStudyOrDisease
from expressway.pipeline import write_report
from expressway.reports.gather import gather
from expressway.studies.annotation import read_annotation
from expressway.warehouse.pairs.ranked import Filters
from tests.warehouse.pairs.rows import drop_map_index, map_study
from tests.warehouse.pairs.simulated import (
    GENES,
    SAMPLES,
    actions,
    changed_once,
    load_all,
    open_with,
    simulated,
    stored,
)
from tests.warehouse.studies import sample_names, values, write_download

LOG = (
    "SELECT validation_code AS code, severity, details FROM meta.meta_data_validation_log ORDER BY created_at, details"
)
RUNS = "SELECT status, technology FROM meta.feature_run ORDER BY started_at, technology"
COUNTS = (
    "SELECT count(*) AS pairs, count(DISTINCT pair_key) AS different, count(DISTINCT feature_run_id) AS runs "
    "FROM fact.fact_gene_pair_metrics"
)
EVERYTHING = Filters(q=1, k_min=1, i2_max=100)


@pytest.fixture(scope="module")
def download(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three simulated studies."""
    return simulated(tmp_path_factory.mktemp("simulated") / "download")


@pytest.fixture(scope="module")
def loaded(download: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DuckDB warehouse with three studies that are mapped to SEPSIS, to be copied."""
    file = tmp_path_factory.mktemp("loaded") / "w.duckdb"
    with open_with(f"duckdb:///{file}") as warehouse:
        load_all(warehouse, download)
    return file


@pytest.fixture
def ready(engine: str, warehouse_url: str, download: Path, loaded: Path) -> str:
    """The URL of a warehouse, on each engine, with three studies that are mapped to SEPSIS."""
    if engine == "duckdb":
        shutil.copy(loaded, warehouse_url.removeprefix("duckdb:///"))
        return warehouse_url
    with open_with(warehouse_url) as warehouse:
        load_all(warehouse, download)
    return warehouse_url


def arrays(folder: Path, accession: str = "GSE900001", first: int = 1, seed: int = 5, **more: object) -> Path:
    """A microarray study of 60 genes and 18 samples."""
    write_download(
        folder,
        accession,
        matrix=values(samples=18, seed=seed),
        samples=sample_names(18, first),
        **more,  # type: ignore[arg-type]
    )
    return folder


def codes(warehouse: Warehouse) -> list[str]:
    return warehouse.sql(LOG)["code"].to_list()


def steps_of_last_run(warehouse: Warehouse) -> dict[str, str]:
    run = warehouse.run(warehouse.runs()["run_id"][0])
    return dict(run.select("step", "status").iter_rows())


def test_from_studies_to_pairs_and_again(ready: str) -> None:
    seen: list[tuple[str, str, int, int]] = []
    with open_with(ready) as warehouse:
        result = warehouse.aggregate("sepsis", progress=lambda *step: seen.append(step))
        (one,) = result.slices
        assert (one.disease, one.technology, one.organism) == ("SEPSIS", "RNA-SEQ", "HOMO_SAPIENS")
        assert (one.action, one.studies, one.samples) == ("AGGREGATED", 3, SAMPLES)
        assert 100 < one.genes < GENES, "some are hardly ever detected"
        pairs = one.genes * (one.genes - 1) // 2
        assert (one.pairs_tested, one.pairs_stored) == (pairs, pairs)
        assert warehouse.sql(COUNTS).row(0) == (pairs, pairs, 1)
        assert steps_of_last_run(warehouse) == {"run": "SUCCESS", "aggregate SEPSIS RNA-SEQ HOMO_SAPIENS": "SUCCESS"}
        before = stored(warehouse)

        again = warehouse.aggregate("SEPSIS")
        assert actions(again) == {"RNA-SEQ": "NOOP"}
        assert again.slices[0].feature_run_id == one.feature_run_id
        assert again.slices[0].pairs_stored == pairs
        assert stored(warehouse).equals(before, null_equal=True)
        assert steps_of_last_run(warehouse) == {"run": "SUCCESS", "aggregate SEPSIS RNA-SEQ HOMO_SAPIENS": "NOOP"}
        assert list(warehouse.check()) == []
        assert warehouse.sql(RUNS)["status"].to_list() == ["CURRENT"]
    assert {stage for _, stage, _, _ in seen} == {"reading", "pairs"}
    assert seen[-1][2] == seen[-1][3]


def test_what_makes_the_pairs_anew_and_what_does_not(ready: str, download: Path, tmp_path: Path) -> None:
    study = "SRP903001"
    first = sorted(line.split("\t")[0] for line in (download / study / f"{study}.tsv").read_text().splitlines()[1:])
    listed = tmp_path / "genes.txt"
    listed.write_text("\n".join(first[:50]) + "\n")

    def again(**settings: object) -> str:
        with open_with(ready, pairs=settings) as warehouse:
            return actions(warehouse.aggregate("SEPSIS"))["RNA-SEQ"]

    assert again() == "AGGREGATED"
    assert again(threads=1) == "NOOP"
    assert again(keep=500) == "AGGREGATED"
    assert again(keep=500, tau2_method="PM") == "AGGREGATED"
    assert again(genes=f"file:{listed}") == "AGGREGATED"
    assert again(genes=f"file:{listed}") == "NOOP"
    listed.write_text("\n".join(first[:40]) + "\n")
    assert again(genes=f"file:{listed}") == "AGGREGATED"
    with open_with(ready) as warehouse:
        assert warehouse.aggregate("SEPSIS", genes="mad:30").slices[0].genes <= 30
        assert actions(warehouse.aggregate("SEPSIS")) == {"RNA-SEQ": "AGGREGATED"}
        unrelated = arrays(tmp_path / "arrays")
        assert warehouse.load(unrelated).ok
        assert actions(warehouse.aggregate("SEPSIS")) == {"RNA-SEQ": "NOOP"}, "other genes are no concern of it"
        annotation = tmp_path / "genes.tsv"
        annotation.write_text(f"ensgene\tsymbol\n{first[0]}\tTWIN\n{first[1]}\tTWIN2\n")
        warehouse.load_genes(read_annotation(annotation))
        assert actions(warehouse.aggregate("SEPSIS")) == {"RNA-SEQ": "NOOP"}, "names decide nothing"


def test_labels_and_files_that_change(ready: str, tmp_path: Path, download: Path) -> None:
    study = "SRP903001"
    with open_with(ready) as warehouse:
        warehouse.aggregate("SEPSIS")
        sample = warehouse.sql("SELECT min(sample_accession_code) AS s FROM dim.dim_sample")["s"][0]
        assert warehouse.ranked_pairs(EVERYTHING).note == ""
    with open_with(ready, studies={study: {"illness_overrides": {sample: "UNKNOWN"}}}) as warehouse:
        assert warehouse.relabel(study).ok
        assert "changed" in warehouse.ranked_pairs(EVERYTHING).note
        one = warehouse.aggregate("SEPSIS").slices[0]
        assert one.action == "AGGREGATED"
        assert warehouse.ranked_pairs(EVERYTHING).note == ""
    corrected = tmp_path / "corrected"
    shutil.copytree(download, corrected)
    changed_once(corrected / study / f"{study}.tsv", _without_last_gene)
    with open_with(ready) as warehouse:
        assert [one.action for one in warehouse.load(corrected).studies].count("REPLACED") == 1
        assert "aggregate" in warehouse.ranked_pairs(EVERYTHING).note
        assert warehouse.sql(RUNS)["status"].to_list()[-1] == "STALE"
        assert warehouse.aggregate("SEPSIS").slices[0].action == "AGGREGATED"
        assert warehouse.remove_study(study) > 0
        assert "aggregate" in warehouse.ranked_pairs(EVERYTHING).note
        assert warehouse.top_pairs(limit=5, k_min=1, q=1, i2_max=100).height == 5, "the former pairs are there yet"
        write_report(warehouse, tmp_path / "stale.html", filters=EVERYTHING, top=1)
        assert "brings them up to date" in (tmp_path / "stale.html").read_text()
        one = warehouse.aggregate("SEPSIS").slices[0]
        assert (one.action, one.studies) == ("AGGREGATED", 2)
        assert warehouse.ranked_pairs(EVERYTHING).note == ""
        assert warehouse.sql(RUNS)["status"].to_list().count("CURRENT") == 1
        assert list(warehouse.check()) == []


def _without_last_gene(text: str) -> str:
    return text.rstrip("\n").rpartition("\n")[0] + "\n"


def test_a_dry_run_says_everything_and_touches_nothing(ready: str, tmp_path: Path) -> None:
    everything = (
        "SELECT (SELECT count(*) FROM meta.meta_etl_process_log) AS steps, "
        "(SELECT count(*) FROM meta.feature_run) AS runs, (SELECT count(*) FROM dim.dim_gene_pair) AS pairs, "
        "(SELECT count(*) FROM meta.meta_data_validation_log) AS messages"
    )
    with open_with(ready) as warehouse:
        before = warehouse.sql(everything).row(0)
        (one,) = warehouse.aggregate("SEPSIS", genes="mad:150", dry_run=True).slices
        assert warehouse.sql(everything).row(0) == before
        plan = one.plan or {}
        assert (one.action, one.pairs_tested) == ("PLANNED", one.genes * (one.genes - 1) // 2)
        assert (plan["would"], plan["k_ss"], plan["k_soth"]) == ("AGGREGATE", 3, 3)
        assert plan["left_out"] == []
        assert len(plan["samples"]) == sum(row["samples"] for row in plan["studies"])
        assert plan["samples"][0].keys() == {"study", "sample", "cohort"}
        assert sum(row["genes"] for row in plan["genes_dropped"]) == GENES - one.genes
        assert plan["memory_mib"] > 0
        assert plan["minutes"] > 0
        for row in plan["studies"]:
            assert row["CONTROL"] + row["SEPSIS"] + row["SEPTIC_SHOCK"] == row["samples"]
        assert json.loads(json.dumps(plan)) == plan
        warehouse.aggregate("SEPSIS", genes="mad:150")
        (again,) = warehouse.aggregate("SEPSIS", genes="mad:150", dry_run=True).slices
        assert again.plan
        assert again.plan["would"] == "NOOP"


def test_slices_are_never_mixed(ready: str, tmp_path: Path) -> None:
    """Arrays and sequencing, people and mice: each for itself, or technologies in two declared stages."""
    mice = {"organisms": ["MUS_MUSCULUS"]}
    folder = arrays(tmp_path / "mice", "GSE900009", first=500, seed=9, genes=[f"ENSMUSG{n:011d}" for n in range(60)])
    changed_once(folder / "aggregated_metadata.json", lambda text: text.replace("HOMO_SAPIENS", mice["organisms"][0]))
    with open_with(ready) as warehouse:
        ours = load_all(warehouse, arrays(tmp_path / "a"), arrays(tmp_path / "b", "GSE900002", 100, 6), folder)
        assert len(ours) == 3
        result = warehouse.aggregate("SEPSIS")
        found = [(one.technology, one.organism, one.studies) for one in result.slices]
        assert found == [
            ("MICROARRAY", "HOMO_SAPIENS", 2),
            ("MICROARRAY", "MUS_MUSCULUS", 1),
            ("RNA-SEQ", "HOMO_SAPIENS", 3),
        ]
        assert result.ok
        with pytest.raises(InvalidSetting, match="2 slices have pairs") as refused:
            warehouse.top_pairs("SEPSIS", "MICROARRAY")
        assert "--organism MUS_MUSCULUS" in refused.value.hint
        assert warehouse.published_slice("SEPSIS", "MICROARRAY", "mouse").organism == "MUS_MUSCULUS"

        together = warehouse.aggregate("SEPSIS", "ALL", "human").slices
        assert [(one.technology, one.studies, one.action) for one in together] == [("ALL", 5, "AGGREGATED")]
        assert set(warehouse.published_slices()["technology"]) == {"MICROARRAY", "RNA-SEQ", "ALL"}
        assert actions(warehouse.aggregate("SEPSIS")) == {"MICROARRAY": "NOOP", "RNA-SEQ": "NOOP"}
        assert list(warehouse.check()) == []


def test_a_slice_that_fails_leaves_the_others_and_its_former_pairs(ready: str, tmp_path: Path) -> None:
    with open_with(ready) as warehouse:
        load_all(warehouse, arrays(tmp_path / "a"))
        assert actions(warehouse.aggregate("SEPSIS")) == {"MICROARRAY": "AGGREGATED", "RNA-SEQ": "AGGREGATED"}
        arrays_before = stored(warehouse).filter(technology="MICROARRAY")
    genes = tmp_path / "genes.txt"
    with open_with(ready) as warehouse:
        known = warehouse.sql("SELECT gene_id FROM dim.dim_gene WHERE gene_id NOT LIKE 'ENSG9%' ORDER BY 1 LIMIT 20")
        genes.write_text("\n".join(known["gene_id"]) + "\n")
        result = warehouse.aggregate("SEPSIS", genes=f"file:{genes}")
        assert actions(result) == {"MICROARRAY": "FAILED", "RNA-SEQ": "AGGREGATED"}
        assert not result.ok
        failed = result.slices[0]
        assert failed.error
        assert failed.error["code"] == InvalidSetting.code
        assert stored(warehouse).filter(technology="MICROARRAY").equals(arrays_before, null_equal=True)
        assert steps_of_last_run(warehouse) == {
            "run": "FAILED",
            "aggregate SEPSIS MICROARRAY HOMO_SAPIENS": "FAILED",
            "aggregate SEPSIS RNA-SEQ HOMO_SAPIENS": "SUCCESS",
        }
        plans = warehouse.aggregate("SEPSIS", genes=f"file:{genes}", dry_run=True)
        assert actions(plans) == {"MICROARRAY": "FAILED", "RNA-SEQ": "PLANNED"}


def test_a_disease_that_is_refused_leaves_the_others(ready: str) -> None:
    with open_with(ready) as warehouse:
        warehouse.map_study("SRP903003", "SEPTIC_SHOCK")
        warehouse.sql("UPDATE dim.dim_study SET study_status = 'HELD' WHERE study_accession_code = 'SRP903003'")
        result = warehouse.aggregate()
        found = [(one.disease, one.technology, one.action) for one in result.slices]
        assert found == [("SEPSIS", "RNA-SEQ", "AGGREGATED"), ("SEPTIC_SHOCK", "-", "FAILED")]
        assert "on hold" in str((result.slices[1].error or {})["message"])
        with pytest.raises(InvalidSetting, match="on hold"):
            warehouse.aggregate("SEPTIC_SHOCK")


def test_features_in_long_form_when_asked(ready: str) -> None:
    long = (
        "SELECT count(*) AS values, count(DISTINCT feature_name) AS features, min(entity_scope) AS scope "
        "FROM fact.fact_feature_values"
    )
    with open_with(ready, pairs={"feature_values": True, "keep": 40}) as warehouse:
        warehouse.aggregate("SEPSIS")
        assert warehouse.sql(long).row(0) == (40 * 134, 134, "GENE_PAIR_META")
    with open_with(ready, pairs={"keep": 40}) as warehouse:
        assert actions(warehouse.aggregate("SEPSIS")) == {"RNA-SEQ": "AGGREGATED"}
        assert warehouse.sql(long)["values"][0] == 0


def test_what_is_refused_is_logged(ready: str) -> None:
    with open_with(ready) as warehouse:
        with pytest.raises(UnknownStudyOrDisease, match="SCURVY"):
            warehouse.aggregate("SCURVY")
        with pytest.raises(InvalidSetting, match="MICROARRAY"):
            warehouse.aggregate("SEPSIS", "MICROARRAY")
        with pytest.raises(InvalidSetting, match="organism"):
            warehouse.aggregate("SEPSIS", organism="mouse")
        with closing(warehouse.engine.connect()) as connection:
            drop_map_index(connection)
            map_study(connection, _key_of(warehouse, "SRP903001"), "SEPTIC_SHOCK")
        with pytest.raises(DiseaseMapAmbiguous) as refused:
            warehouse.aggregate("SEPSIS")
        assert "studies map SRP903001 --disease SEPSIS" in refused.value.hint
        assert "54002" in codes(warehouse)
        warehouse.map_study("SRP903001", "SEPSIS")
        for name in ("SRP903001", "SRP903002", "SRP903003"):
            warehouse.unmap_study(name)
        with pytest.raises(DiseaseNotMapped):
            warehouse.aggregate("SEPSIS")
        assert "54001" in codes(warehouse)
        with pytest.raises(DiseaseNotMapped):
            warehouse.aggregate()
        assert set(warehouse.runs()["status"]) <= {"FAILED", "SUCCESS"}


def _key_of(warehouse: Warehouse, study: str) -> int:
    query = f"SELECT study_key FROM dim.dim_study WHERE study_accession_code = '{study}'"
    return int(warehouse.sql(query)["study_key"][0])


def test_alerts_are_logged(warehouse_url: str, download: Path, tmp_path: Path) -> None:
    titles = dict(zip(sample_names(18), [f"Healthy control {n}" for n in range(12)], strict=False))
    with open_with(warehouse_url) as warehouse:
        load_all(warehouse, arrays(tmp_path / "a", titles=titles), arrays(tmp_path / "b", "GSE900002", 100, 6))
        result = warehouse.aggregate("SEPSIS")
        said = {message.code for message in result.slices[0].messages}
        assert said >= {"FEW_STUDIES", "UNKNOWN_I2", "MISSING_COHORT"}
        assert "54100" not in said, "one study cannot disagree"
        log = warehouse.sql(LOG)
        few = log.filter(code="FEW_STUDIES")
        assert set(few["severity"]) == {"WARNING"}
        assert "fewer than 3" in few["details"][0]
        (missing,) = log.filter(code="MISSING_COHORT")["details"]
        assert missing.startswith("GSE900001")
        assert "SEPTIC_SHOCK 2" in missing
        empty = warehouse.ranked_pairs(Filters())
        assert empty.pairs.is_empty()
        assert "come from fewer than 3 studies" in empty.note


def test_a_report_says_what_its_own_run_said(ready: str, tmp_path: Path) -> None:
    def told(technology: str) -> list[str]:
        data = gather(warehouse, "SEPSIS", technology, None, filters=EVERYTHING, top=0)
        return [f"{row['study']} {row['code']} {row['details']}" for row in data.messages.iter_rows(named=True)]

    with open_with(ready) as warehouse:
        load_all(warehouse, arrays(tmp_path / "arrays"))
        warehouse.aggregate("SEPSIS")
        few = ["None FEW_STUDIES SEPSIS MICROARRAY: ss rests on 1 study, fewer than 3"]
        assert [line for line in told("MICROARRAY") if "FEW_STUDIES" in line and " ss " in line] == few
        assert [line for line in told("RNA-SEQ") if "MICROARRAY" in line or "GSE900001" in line] == []
        warehouse.aggregate("SEPSIS", "RNA-SEQ", genes="mad:20")
        heterogeneous = [line for line in told("RNA-SEQ") if "stored pairs" in line]
        assert all("of 190 stored pairs" in line for line in heterogeneous), "nothing of the run that was replaced"
        assert any(line.startswith("SRP903001 OUTLIER_SAMPLES") for line in told("RNA-SEQ"))
