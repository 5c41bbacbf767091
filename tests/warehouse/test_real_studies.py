"""Do real studies arrive whole, labelled, with the units they really have?"""

from __future__ import annotations

import csv
import gzip
import shutil
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from expressway import Warehouse, open_warehouse
from expressway.settings import load_settings
from tests.databases import slow_on_a_server

TCR, AML = "SRP164913", "SRP070849"


def warehouse_with(url: str, **overrides: Any) -> Warehouse:
    return Warehouse(load_settings(None, {"warehouse": url, **overrides}, environ={}))


def current_facts(warehouse: Warehouse) -> int:
    return int(warehouse.sql("SELECT count(*) AS n FROM fact.fact_gene_expression")["n"][0])


def one_value_changed(original: Path, target: Path) -> Path:
    """The zip with the last value of its matrix replaced."""
    with zipfile.ZipFile(original) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy:
        for name in source.namelist():
            raw = source.read(name)
            if name == f"{TCR}/{TCR}.tsv":
                raw = raw.rstrip().rpartition(b"\t")[0] + b"\t12.25\n"
            copy.writestr(name, raw)
    return target


@slow_on_a_server
def test_a_whole_download_and_its_corrections(warehouse_url: str, data_dir: Path, tmp_path: Path) -> None:
    download = data_dir / TCR / f"{TCR}.zip"
    corrected = one_value_changed(download, tmp_path / f"{TCR}.zip")
    with open_warehouse(warehouse_url) as warehouse:
        result = warehouse.load(download).studies[0]
        assert (result.action, result.genes, result.samples) == ("LOADED", 43_363, 88)
        assert (result.cells_loaded, result.unit_tag) == (3_815_944, "QN_TARGET")
        assert current_facts(warehouse) == 3_815_944
        codes = {message.code: message.details for message in result.messages}
        assert codes["TIED_FLOOR"].startswith("98.")
        changed = warehouse.sql(
            "SELECT count(*) AS n FROM fact.fact_gene_expression "
            "WHERE expression_value <> expression_value_raw AND is_detected"
        )
        assert changed["n"][0] == 0
        assert (
            warehouse.sql(
                "SELECT count(DISTINCT expression_value) AS n FROM fact.fact_gene_expression WHERE NOT is_detected"
            )["n"][0]
            == 1
        )
        assert warehouse.load(download).studies[0].action == "NOOP"
        assert warehouse.load(data_dir / TCR).studies[0].action == "NOOP"
        assert warehouse.load(corrected).studies[0].action == "REPLACED"
        assert current_facts(warehouse) == 3_815_944
        value = "SELECT count(*) AS n FROM fact.fact_gene_expression WHERE expression_value_raw = 12.25"
        assert warehouse.sql(value)["n"][0] == 1
        assert warehouse.load(download).studies[0].action == "REPLACED"
        assert current_facts(warehouse) == 3_815_944
        labels = Counter(
            dict(
                warehouse.sql(
                    "SELECT i.illness_label, count(*) AS n FROM dim.study_sample ss "
                    "JOIN dim.dim_illness i ON i.illness_key = ss.illness_key GROUP BY 1"
                ).rows()
            )
        )
        assert labels == {"CONTROL": 28, "UNKNOWN": 60}
        assert warehouse.sql(value)["n"][0] == 0
        assert list(warehouse.check()) == []


def test_units_that_contradict_the_metadata(warehouse_url: str, data_dir: Path) -> None:
    with open_warehouse(warehouse_url) as warehouse:
        result = warehouse.load(data_dir / AML).studies[0]
        assert (result.action, result.error and result.error["code"]) == ("QUARANTINED", 54021)
        assert current_facts(warehouse) == 0
    with warehouse_with(warehouse_url, studies={AML: {"units": "COUNTS"}}) as warehouse:
        result = warehouse.replay(AML).studies[0]
        assert (result.action, result.unit_tag, result.cells_loaded) == ("LOADED", "COUNTS", 41_249 * 19)
        genes = warehouse.sql("SELECT DISTINCT organism, gene_id_type FROM dim.dim_gene").rows()
        assert genes == [("MUS_MUSCULUS", "ENSEMBL")]
        sums = warehouse.sql(
            "SELECT sample_key, sum(power(2, expression_value) - 1) AS cpm FROM fact.fact_gene_expression GROUP BY 1"
        )
        assert sums["cpm"].to_list() == pytest.approx([1e6] * 19)
        assert list(warehouse.check()) == []


COHORTS = {"control": "CONTROL", "sepsis": "SEPSIS", "septic_shock": "SEPTIC_SHOCK"}
PANELS = {
    "GSE154918": ("sepsis_shock_labeledGSE154918.csv",),
    "GSE137342": ("sepsis_onlyD1_GSE137342_10558.csv", "septic_shockD1_GSE137342_10558.csv"),
    "GSE57065": ("sepsis_hr0_GSE57065.csv",),
    "GSE185263": ("sepsis_dataGSE185263.csv",),
    "GSE28750": ("sepsis_data_GSE28750.csv",),
    "GSE54514": ("sepsis_D1_GSE54514.csv",),
}
EXPECTED = {
    "GSE154918": {"CONTROL": 40, "SEPSIS": 20, "SEPTIC_SHOCK": 19},
    "GSE137342": {"CONTROL": 12, "SEPSIS": 15, "SEPTIC_SHOCK": 6},
    "GSE57065": {"CONTROL": 25, "SEPTIC_SHOCK": 28},
    "GSE185263": {"CONTROL": 44, "SEPSIS": 348},
    "GSE28750": {"CONTROL": 20, "SEPSIS": 10},
    "GSE54514": {"CONTROL": 36, "SEPSIS": 35},
}
RNA_SEQ = {"GSE154918", "GSE185263"}


def lines_of(path: Path) -> list[str]:
    return path.read_text().splitlines()


def panel(data_dir: Path, study: str, folder: Path) -> Path:
    """A panel as one matrix (rows that stand in several files once) with its sample sheet."""
    groups = {
        (row["study"], row["file"], row["label"]): row["group"]
        for row in csv.DictReader(lines_of(data_dir / "geo" / "label_map.tsv"), delimiter="\t")
    }
    rows: dict[str, list[str]] = {}
    sheet: dict[str, str] = {}
    for name in PANELS[study]:
        with (data_dir / "geo" / study / name).open(newline="") as file:
            lines = csv.reader(file)
            header = next(lines)
            for line in lines:
                rows[line[0]] = line
                sheet[line[0]] = COHORTS[groups[study, name, line[-1]]]
    folder.mkdir()
    matrix = folder / f"{study}.csv"
    with matrix.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows.values()])
    with (folder / f"{study}.samplesheet.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["sample", "illness", "organism", "technology", "study"])
        for sample, illness in sheet.items():
            writer.writerow([sample, illness, "human", "RNA-SEQ" if study in RNA_SEQ else "MICROARRAY", study])
    return matrix


def coconut(data_dir: Path, study: str, folder: Path) -> Path:
    """A COCONUT matrix, as a study of its own, with its sample sheet."""
    source = data_dir / "geo" / "COCONUT" / "converted"
    folder.mkdir()
    matrix = folder / f"{study}-COCONUT.tsv"
    shutil.copy(source / f"{study}_genes.tsv", matrix)
    diagnosis = {"Healthy": "CONTROL", "Sepsis": "SEPSIS", "Septic_Shock": "SEPTIC_SHOCK"}
    with (folder / f"{study}-COCONUT.samplesheet.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["sample", "title", "illness", "platform", "organism", "technology"])
        for row in csv.DictReader(lines_of(source / f"{study}_pheno.tsv"), delimiter="\t"):
            label = diagnosis[row["DiagnosisPrimary"]]
            writer.writerow([row["Sample"], row["Title"], label, row["Platform_id"], "HOMO_SAPIENS", "MICROARRAY"])
    return matrix


@slow_on_a_server
def test_sepsis_panels_and_coconut(warehouse_url: str, data_dir: Path, tmp_path: Path) -> None:
    annotation = data_dir / "annotation"
    with open_warehouse(warehouse_url) as warehouse:
        from expressway.studies.annotation import read_annotation

        warehouse.load_genes(read_annotation(annotation / "annotables_grch38.tsv.gz"))
        warehouse.load_genes(read_annotation(annotation / "hgnchelper_hgnc.table.tsv.gz"))
        for study in PANELS:
            result = warehouse.load(panel(data_dir, study, tmp_path / study)).studies[0]
            assert result.action == "LOADED", result
            assert result.samples == sum(EXPECTED[study].values())
        found = warehouse.sql(
            "SELECT st.study_accession_code, i.illness_label, count(*) AS n FROM dim.study_sample ss "
            "JOIN dim.dim_study st ON st.study_key = ss.study_key "
            "JOIN dim.dim_illness i ON i.illness_key = ss.illness_key GROUP BY 1, 2"
        )
        for study, cohorts in EXPECTED.items():
            assert dict(found.filter(pl.col("study_accession_code") == study)[:, 1:].rows()) == cohorts
        overlaps = {}
        for study in ("GSE28750", "GSE40012", "GSE66099"):
            result = warehouse.load(coconut(data_dir, study, tmp_path / f"coconut-{study}")).studies[0]
            assert (result.action, result.genes, result.samples) == ("LOADED", 2000, 10)
            overlaps[study] = [m.details for m in result.messages if m.code == "SAMPLE_OVERLAP"]
        assert overlaps["GSE40012"] == overlaps["GSE66099"] == []
        (overlap,) = overlaps["GSE28750"]
        assert overlap.startswith("10 samples are also in GSE28750: GSM712478, ")
        assert overlap.endswith("GSM712492")
        pooled = warehouse.sql(
            "SELECT g.gene_id, a.gene_id AS analysis, g.gene_symbol FROM dim.dim_gene g "
            "JOIN dim.dim_gene a ON a.gene_key = g.analysis_gene_key "
            "WHERE g.gene_id IN ('IL8', 'CXCL8', 'ELA2', 'ELANE')"
        )
        targets = {row[0]: (row[1], row[2]) for row in pooled.rows()}
        assert targets["IL8"] == ("ENSG00000169429", "CXCL8")
        assert list(warehouse.check()) == []


@slow_on_a_server
def test_mouse_and_human_side_by_side(warehouse_url: str, data_dir: Path) -> None:
    from expressway.studies.annotation import read_annotation

    with warehouse_with(warehouse_url, studies={AML: {"units": "COUNTS"}}) as warehouse:
        for name in ("annotables_grch38.tsv.gz", "annotables_grcm38.tsv.gz"):
            warehouse.load_genes(read_annotation(data_dir / "annotation" / name))
        assert warehouse.load(data_dir / AML).ok
        before = current_facts(warehouse)
        symbols = warehouse.sql(
            "SELECT organism, gene_symbol FROM dim.dim_gene WHERE gene_symbol IN ('GNAI3', 'Gnai3') ORDER BY 1"
        ).rows()
        assert symbols == [("HOMO_SAPIENS", "GNAI3"), ("MUS_MUSCULUS", "Gnai3")]
        warehouse.load_genes(read_annotation(data_dir / "annotation" / "annotables_grcm38.tsv.gz"))
        assert current_facts(warehouse) == before


def test_matrix_compressed_by_hand_is_the_same_content(warehouse_url: str, data_dir: Path, tmp_path: Path) -> None:
    matrix = coconut(data_dir, "GSE66099", tmp_path / "plain")
    packed = tmp_path / "packed"
    shutil.copytree(matrix.parent, packed)
    (packed / f"{matrix.name}.gz").write_bytes(gzip.compress(matrix.read_bytes()))
    (packed / matrix.name).unlink()
    with open_warehouse(warehouse_url) as warehouse:
        assert warehouse.load(matrix).studies[0].action == "LOADED"
        assert warehouse.load(packed / f"{matrix.name}.gz").studies[0].action == "NOOP"
