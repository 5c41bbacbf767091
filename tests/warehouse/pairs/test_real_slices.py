"""Do the real sepsis studies make the slices that they should?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import stats

from expressway import open_warehouse
from expressway.studies.annotation import read_annotation
from expressway.warehouse.engines.base import Connection
from expressway.warehouse.pairs.evidence import pair_evidence
from expressway.warehouse.pairs.matrices import read_study
from expressway.warehouse.pairs.slice import Slice, resolve
from tests.databases import slow_on_a_server
from tests.warehouse.test_real_studies import EXPECTED, PANELS, RNA_SEQ, coconut, panel

COCONUT = ("GSE28750", "GSE40012", "GSE66099")
SHARED = "GSM712478, GSM712479, GSM712480, GSM712481, GSM712482, GSM712488, GSM712489, GSM712490, GSM712491, GSM712492"


@pytest.fixture
def sepsis(warehouse_url: str, data_dir: Path, tmp_path: Path) -> Iterator[Connection]:
    """The panels and the COCONUT studies, mapped to SEPSIS."""
    with open_warehouse(warehouse_url) as warehouse:
        for table in ("annotables_grch38.tsv.gz", "hgnchelper_hgnc.table.tsv.gz"):
            warehouse.load_genes(read_annotation(data_dir / "annotation" / table))
        matrices = [panel(data_dir, study, tmp_path / study) for study in PANELS]
        matrices += [coconut(data_dir, study, tmp_path / f"coconut-{study}") for study in COCONUT]
        for matrix in matrices:
            (study,) = warehouse.load(matrix).studies
            assert study.ok
            warehouse.map_study(study.study, "SEPSIS")
        with closing(warehouse.engine.connect()) as connection:
            yield connection


def cohorts(of: Slice) -> dict[str, dict[str, int]]:
    return {study.accession: study.cohorts for study in of.studies}


@slow_on_a_server
def test_the_panels_are_a_slice_of_arrays_and_one_of_sequencing(sepsis: Connection) -> None:
    arrays, sequencing = resolve(sepsis, "SEPSIS")
    assert (arrays.technology, sequencing.technology) == ("MICROARRAY", "RNA-SEQ")
    assert (arrays.organism, sequencing.organism) == ("HOMO_SAPIENS", "HOMO_SAPIENS")
    assert cohorts(sequencing) == {study: EXPECTED[study] for study in sorted(RNA_SEQ)}
    assert cohorts(arrays) == {study: EXPECTED[study] for study in EXPECTED if study not in RNA_SEQ} | {
        "GSE40012-COCONUT": {"CONTROL": 5, "SEPSIS": 5},
        "GSE66099-COCONUT": {"CONTROL": 5, "SEPTIC_SHOCK": 5},
    }
    assert arrays.left_out == (
        ("GSE28750-COCONUT", "no sample of it is left to count: 10 samples counted in GSE28750"),
    )
    (overlap,) = [message.details for message in arrays.messages if message.code == "SAMPLE_OVERLAP"]
    assert overlap == f"10 samples of GSE28750-COCONUT counted only in GSE28750, which has more: {SHARED}"
    assert sequencing.messages == ()
    (together,) = resolve(sepsis, "SEPSIS", "ALL")
    assert cohorts(together) == cohorts(arrays) | cohorts(sequencing)
    for study in arrays.studies:
        _is_what_the_view_has(sepsis, study.study_key, read_study(sepsis, study))
    _pair_of_an_old_and_a_new_name(sepsis, arrays)


def _is_what_the_view_has(connection: Connection, key: int, matrix: object) -> None:
    """Cell by cell; by analysis gene, as genes have aliases of theirs beside them here."""
    study, notes = matrix.study, matrix.notes  # type: ignore[attr-defined]
    facts = connection.frame(
        "SELECT a.gene_id AS gene, v.sample_accession_code AS sample, avg(v.expression_value) AS value "
        "FROM analytics.vw_expression_long v JOIN dim.dim_gene g ON g.gene_key = v.gene_key "
        f"JOIN dim.dim_gene a ON a.gene_key = g.analysis_gene_key WHERE v.study_key = {key} GROUP BY 1, 2"
    )
    shown = pl.DataFrame(
        {
            "gene": np.repeat(np.array(study.genes), len(study.samples)),
            "sample": np.tile(np.array(study.samples), len(study.genes)),
            "read": study.values.ravel(),
        }
    )
    both = shown.join(facts, on=["gene", "sample"], how="full")
    assert both.height == shown.height == facts.height
    assert np.allclose(both["read"].to_numpy(), both["value"].to_numpy(), rtol=1e-13, atol=0)
    assert bool(notes) == (study.name in {"GSE40012-COCONUT", "GSE66099-COCONUT"})


def _pair_of_an_old_and_a_new_name(connection: Connection, arrays: Slice) -> None:
    found = pair_evidence(connection, arrays, "ELA2", "IL8")
    assert (found.gene_a, found.gene_b) == ("ENSG00000169429", "ENSG00000197561")
    assert found.symbols == ("CXCL8", "ELANE")
    rows = {row["study"]: row for row in found.studies.iter_rows(named=True)}
    samples = found.samples.filter(study="GSE57065", cohort="SEPTIC_SHOCK")
    r = stats.spearmanr(samples["value_a"], samples["value_b"]).statistic
    assert rows["GSE57065"]["r_septic_shock"] == pytest.approx(r, abs=1e-12)
    assert rows["GSE57065"]["absent_because"] == "SEPSIS has no samples"
    assert rows["GSE66099-COCONUT"]["absent_because"] == "the study does not have CXCL8 and ELANE"
    assert [name for name, row in rows.items() if row["dz_ss"] is not None] == ["GSE137342"]
    assert found.statistics["n_studies_ss"] == 1
    assert found.statistics["n_studies_soth"] == 2
    assert math.isclose(found.statistics["dz_ss_mean"], rows["GSE137342"]["dz_ss"], rel_tol=1e-12)
    assert all(len(row["file_hash"]) == len(row["container_hash"]) == 64 for row in rows.values())
