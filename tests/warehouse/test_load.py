"""Does a load leave exactly the study in the warehouse, whatever happened before it?"""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from expressway import Warehouse, open_warehouse
from expressway.errors import BusyStudy, SchemaOlder, UnknownStudyOrDisease
from expressway.settings import load_settings
from tests.warehouse.natural import natural_state
from tests.warehouse.studies import change_cell, sample_names, values, write_download

STUDY = "GSE900001"


def facts(warehouse: Warehouse) -> int:
    return int(warehouse.sql("SELECT count(*) AS n FROM fact.fact_gene_expression")["n"][0])


def actions(warehouse: Warehouse, *paths: Path) -> list[str]:
    return [study.action for study in warehouse.load(*paths).studies]


def test_every_cell_arrives_with_its_gene_and_sample(warehouse_url: str, tmp_path: Path) -> None:
    matrix = values()
    write_download(tmp_path, matrix=matrix)
    with open_warehouse(warehouse_url) as warehouse:
        assert actions(warehouse, tmp_path) == ["LOADED"]
        long = warehouse.expression(STUDY)
    assert long.height == matrix.size
    wide = long.pivot("sample_accession_code", index="gene_id", values="expression_value_raw")
    assert wide.select(sample_names(9)).to_numpy().tolist() == matrix.tolist()


def test_missing_cells_are_null_and_counted(warehouse_url: str, tmp_path: Path) -> None:
    matrix = values().tolist()
    matrix[0][0], matrix[5][3], matrix[59][8] = "", "NA", "nan"
    write_download(tmp_path, matrix=matrix)
    with open_warehouse(warehouse_url) as warehouse:
        assert actions(warehouse, tmp_path) == ["LOADED"]
        nulls = warehouse.sql("SELECT count(*) AS n FROM fact.fact_gene_expression WHERE expression_value_raw IS NULL")
        assert nulls["n"][0] == 3
        assert warehouse.sql("SELECT nulls FROM meta.batch")["nulls"][0] == 3


def test_second_load_is_a_noop(warehouse_url: str, tmp_path: Path) -> None:
    write_download(tmp_path)
    with open_warehouse(warehouse_url) as warehouse:
        warehouse.load(tmp_path)
        before = natural_state(warehouse)
        assert actions(warehouse, tmp_path) == ["NOOP"]
        assert natural_state(warehouse) == before
        assert warehouse.runs()["status"].to_list() == ["SUCCESS", "SUCCESS"]


def test_new_download_of_the_same_content_is_a_noop(warehouse_url: str, tmp_path: Path) -> None:
    write_download(tmp_path / "a")
    write_download(tmp_path / "b", top={"created_at": "2026-06-07T08:09:10"})
    with open_warehouse(warehouse_url) as warehouse:
        warehouse.load(tmp_path / "a")
        assert actions(warehouse, tmp_path / "b") == ["NOOP"]
        assert warehouse.sql("SELECT count(*) AS n FROM meta.batch")["n"][0] == 1


def test_corrected_file_replaces_and_the_first_comes_back(warehouse_url: str, tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    write_download(first)
    change_cell(write_download(second), 3, 2, "5.5")
    with open_warehouse(warehouse_url) as warehouse:
        assert actions(warehouse, first) == ["LOADED"]
        original = natural_state(warehouse)
        assert actions(warehouse, second) == ["REPLACED"]
        assert facts(warehouse) == 540
        assert natural_state(warehouse)["fact"] != original["fact"]
        assert actions(warehouse, first) == ["REPLACED"]
        assert natural_state(warehouse)["fact"] == original["fact"]
        batches = warehouse.sql("SELECT status, is_current, attempt FROM meta.batch ORDER BY batch_key").rows()
        assert batches == [("LOADED", True, 2), ("REPLACED", False, 1)]


def test_new_titles_change_labels_and_leave_facts(warehouse_url: str, tmp_path: Path) -> None:
    names = sample_names(9)
    write_download(tmp_path / "a")
    write_download(tmp_path / "b", titles={names[0]: "Septic shock, day 1"})
    with open_warehouse(warehouse_url) as warehouse:
        warehouse.load(tmp_path / "a")
        before = natural_state(warehouse)
        result = warehouse.load(tmp_path / "b")
        assert [study.action for study in result.studies] == ["RELABELLED"]
        after = natural_state(warehouse)
        assert after["fact"] == before["fact"]
        labels = {row[1]: row[3] for row in after["study_sample"]}
        assert labels[names[0]] == "SEPTIC_SHOCK"
        steps = warehouse.run(result.run_id or "")
        assert steps.filter(steps["step"] != "run")["rows_written"].to_list() == [0]


def test_overrides_relabel_without_loading_facts(warehouse_url: str, tmp_path: Path) -> None:
    name = sample_names(9)[0]
    write_download(tmp_path)
    with open_warehouse(warehouse_url) as warehouse:
        warehouse.load(tmp_path)
    overrides = {"warehouse": warehouse_url, "studies": {STUDY: {"illness_overrides": {name: "SEPSIS"}}}}
    with Warehouse(load_settings(None, overrides, environ={})) as warehouse:
        assert [study.action for study in warehouse.relabel(STUDY).studies] == ["RELABELLED"]
        labels = warehouse.sql(
            "SELECT i.illness_label, ss.illness_method FROM dim.study_sample ss "
            "JOIN dim.dim_illness i ON i.illness_key = ss.illness_key "
            f"JOIN dim.dim_sample s ON s.sample_key = ss.sample_key WHERE s.sample_accession_code = '{name}'"
        )
        assert labels.rows() == [("SEPSIS", "OVERRIDE")]


def test_other_units_reload_the_facts_of_the_same_file(warehouse_url: str, tmp_path: Path) -> None:
    write_download(tmp_path, matrix=abs(values()))
    with open_warehouse(warehouse_url) as warehouse:
        warehouse.load(tmp_path)
        before = natural_state(warehouse)
    overrides = {"warehouse": warehouse_url, "studies": {STUDY: {"units": "TPM"}}}
    with Warehouse(load_settings(None, overrides, environ={})) as warehouse:
        assert actions(warehouse, tmp_path) == ["REPLACED"]
        after = natural_state(warehouse)
    assert after["fact"][0][0] == before["fact"][0][0]
    assert after["fact"] != before["fact"]
    assert [(row[8], row[9], row[10]) for row in after["batch"]] == [("LOADED", True, "TPM")]


def test_quarantine_keeps_the_current_batch_and_its_cells(warehouse_url: str, tmp_path: Path) -> None:
    write_download(tmp_path / "good")
    bad = write_download(tmp_path / "bad")
    change_cell(bad, 7, 4, "n.d.")
    with open_warehouse(warehouse_url) as warehouse:
        warehouse.load(tmp_path / "good")
        before = natural_state(warehouse)["fact"]
        result = warehouse.load(tmp_path / "bad").studies[0]
        assert (result.action, result.error and result.error["code"]) == ("QUARANTINED", 54052)
        assert natural_state(warehouse)["fact"] == before
        cells = warehouse.quarantined_cells(STUDY).rows()
        assert cells == [(7, "ENSG90000000005", sample_names(9)[3], "n.d.", "54052")]
        change_cell(bad, 7, 4, "6.5")
        assert [study.action for study in warehouse.replay(STUDY).studies] == ["REPLACED"]
        assert facts(warehouse) == 540
        assert warehouse.quarantined().is_empty()
        with pytest.raises(UnknownStudyOrDisease):
            warehouse.drop_quarantined(STUDY)
        assert list(warehouse.check()) == []


def test_one_broken_study_leaves_the_others(warehouse_url: str, tmp_path: Path) -> None:
    write_download(tmp_path / "a", "GSE900001")
    write_download(tmp_path / "b", "GSE900002", samples=sample_names(9, 50)).write_text("<!doctype html><html></html>")
    write_download(tmp_path / "c", "GSE900003", samples=sample_names(9, 90))
    with open_warehouse(warehouse_url) as warehouse:
        result = warehouse.load(tmp_path / "a", tmp_path / "b", tmp_path / "c", workers=2)
        assert [study.action for study in result.studies] == ["LOADED", "FAILED", "LOADED"]
        assert not result.ok
        assert facts(warehouse) == 1080
        run = warehouse.run(result.run_id or "")
        assert sorted(run["status"].to_list()) == ["FAILED", "FAILED", "SUCCESS", "SUCCESS"]


def test_shared_samples_are_named_and_owned_by_the_smallest_accession(warehouse_url: str, tmp_path: Path) -> None:
    write_download(tmp_path / "b", "GSE900002", samples=sample_names(9, 7))
    write_download(tmp_path / "a", "GSE900001")
    with open_warehouse(warehouse_url) as warehouse:
        warehouse.load(tmp_path / "b")
        result = warehouse.load(tmp_path / "a")
        warnings = [m.details for m in result.studies[0].messages if m.code == "SAMPLE_OVERLAP"]
        assert warnings == ["3 samples are also in GSE900002: GSM9000007, GSM9000008, GSM9000009"]
        owners = dict(
            warehouse.sql(
                "SELECT s.sample_accession_code, st.study_accession_code FROM dim.dim_sample s "
                "JOIN dim.dim_study st ON st.study_key = s.study_key"
            ).rows()
        )
        assert owners["GSM9000007"] == "GSE900001"
        assert owners["GSM9000012"] == "GSE900002"


def test_removed_study_is_gone_and_can_come_back(warehouse_url: str, tmp_path: Path) -> None:
    write_download(tmp_path)
    with open_warehouse(warehouse_url) as warehouse:
        warehouse.load(tmp_path)
        warehouse.map_study(STUDY, "SEPSIS")
        before = natural_state(warehouse)["fact"]
        assert warehouse.remove_study(STUDY) == 540
        assert facts(warehouse) == 0
        assert warehouse.studies().is_empty()
        assert list(warehouse.check()) == []
        assert actions(warehouse, tmp_path) == ["LOADED"]
        assert natural_state(warehouse)["fact"] == before


def test_disease_map_has_one_active_row_and_its_history(warehouse_url: str, tmp_path: Path) -> None:
    write_download(tmp_path)
    with open_warehouse(warehouse_url) as warehouse:
        warehouse.load(tmp_path)
        for disease in ("SEPSIS", "SEPTIC_SHOCK", "sepsis", "SEPSIS"):
            warehouse.map_study(STUDY, disease)
        rows = natural_state(warehouse)["study_disease_map"]
        assert rows == [(STUDY, "SEPSIS", False), (STUDY, "SEPSIS", True), (STUDY, "SEPTIC_SHOCK", False)]
        assert warehouse.unmap_study(STUDY)
        assert not warehouse.unmap_study(STUDY)
        with pytest.raises(UnknownStudyOrDisease, match="no disease MALARIA"):
            warehouse.map_study(STUDY, "MALARIA")
        with pytest.raises(UnknownStudyOrDisease, match="GSE1"):
            warehouse.map_study("GSE1", "SEPSIS")


FLU = """
id: flu_v1
version: "1"
disease: Influenza
labels: {SEVERE: In intensive care., MILD: At home., UNKNOWN: Not told.}
rules:
  - {id: "1", pattern: severe, label: SEVERE}
  - {id: "2", pattern: ".", label: MILD}
"""


def test_a_ruleset_brings_its_disease(warehouse_url: str, tmp_path: Path) -> None:
    write_download(tmp_path / "download")
    (tmp_path / "flu.yaml").write_text(FLU)
    with open_warehouse(warehouse_url) as warehouse:
        warehouse.load(tmp_path / "download")
        with pytest.raises(UnknownStudyOrDisease) as refused:
            warehouse.map_study(STUDY, "INFLUENZA")
        assert "ruleset" in str(refused.value.hint)
    settings = load_settings(
        None, {"warehouse": warehouse_url, "defaults": {"ruleset": str(tmp_path / "flu.yaml")}}, environ={}
    )
    with Warehouse(settings) as warehouse:
        assert actions(warehouse, tmp_path / "download") == ["RELABELLED"]
        warehouse.map_study(STUDY, "influenza")
        assert warehouse.studies()["disease"].to_list() == ["INFLUENZA"]
        assert list(warehouse.check()) == []


def test_older_warehouse_is_refused_and_upgraded(warehouse_url: str, tmp_path: Path) -> None:
    write_download(tmp_path)
    with open_warehouse(warehouse_url) as warehouse:
        warehouse.init()
        newest = warehouse.sql("SELECT max(version) AS n FROM meta.schema_version")["n"][0]
        for view in ("vw_spearman_export", "vw_expression_by_cohort", "vw_expression_long"):
            warehouse.sql(f"DROP VIEW analytics.{view}")
        warehouse.sql(f"DELETE FROM meta.schema_version WHERE version = {newest}")
        with pytest.raises(SchemaOlder) as refused:
            warehouse.load(tmp_path)
        assert "warehouse upgrade" in refused.value.hint
        assert len(warehouse.init()) == 1
        assert actions(warehouse, tmp_path) == ["LOADED"]


def test_two_loads_of_one_study_at_once_do_not_mix(postgresql_url: str, tmp_path: Path) -> None:
    """The second waits at the lock or is told that the study is busy; the facts are those of one load."""
    write_download(tmp_path)
    with open_warehouse(postgresql_url) as warehouse:
        warehouse.init()
    outcomes: list[str] = []

    def load() -> None:
        with open_warehouse(postgresql_url) as own:
            result = own.load(tmp_path).studies[0]
            outcomes.append(result.action if result.error is None else str(result.error["code"]))

    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("LOADED") == 1
    assert set(outcomes) <= {"LOADED", "NOOP", str(BusyStudy.code)}
    with open_warehouse(postgresql_url) as warehouse:
        assert facts(warehouse) == 540
        assert list(warehouse.check()) == []


def test_many_studies_at_once(warehouse_url: str, tmp_path: Path) -> None:
    for number in range(6):
        accession = f"GSE90000{number}"
        write_download(
            tmp_path / accession, accession, matrix=values(seed=number), samples=sample_names(9, 100 * number)
        )
    with open_warehouse(warehouse_url) as warehouse:
        result = warehouse.load(*sorted(tmp_path.iterdir()), workers=4)
        assert [study.action for study in result.studies] == ["LOADED"] * 6
        assert facts(warehouse) == 6 * 540
        assert list(warehouse.check()) == []
