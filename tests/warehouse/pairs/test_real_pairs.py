"""What the real sepsis studies can show of pairs, and what they cannot: each shock study stands alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from expressway.studies.annotation import read_annotation
from expressway.warehouse.pairs.ranked import Filters
from tests.warehouse.pairs.simulated import actions, load_all, open_with
from tests.warehouse.test_real_studies import PANELS, coconut, panel

WIDE = Filters(k_min=1, i2_max=100)
ARRAY_GENES, SEQUENCED_GENES = 2048, 54


@pytest.mark.slow
def test_pairs_of_panels_and_coconut(warehouse_url: str, data_dir: Path, tmp_path: Path) -> None:
    with open_with(warehouse_url, pairs={"keep": 20_000}) as warehouse:
        for table in ("annotables_grch38.tsv.gz", "hgnchelper_hgnc.table.tsv.gz"):
            warehouse.load_genes(read_annotation(data_dir / "annotation" / table))
        load_all(warehouse, *(panel(data_dir, study, tmp_path / study) for study in PANELS))
        for study in ("GSE28750", "GSE40012", "GSE66099"):
            load_all(warehouse, coconut(data_dir, study, tmp_path / f"coconut-{study}"))

        plans = {one.technology: one for one in warehouse.aggregate("SEPSIS", dry_run=True).slices}
        assert {name: (one.plan or {})["k_ss"] for name, one in plans.items()} == {"MICROARRAY": 1, "RNA-SEQ": 1}
        assert {name: (one.plan or {})["k_soth"] for name, one in plans.items()} == {"MICROARRAY": 3, "RNA-SEQ": 1}
        result = warehouse.aggregate("SEPSIS")
        assert actions(result) == {"MICROARRAY": "AGGREGATED", "RNA-SEQ": "AGGREGATED"}
        arrays, sequenced = result.slices
        assert (arrays.studies, arrays.samples, arrays.genes) == (6, 207, ARRAY_GENES)
        assert (arrays.pairs_tested, arrays.pairs_stored) == (ARRAY_GENES * (ARRAY_GENES - 1) // 2, 20_000)
        assert (sequenced.studies, sequenced.samples, sequenced.genes) == (2, 471, SEQUENCED_GENES)
        assert sequenced.pairs_stored == sequenced.pairs_tested == SEQUENCED_GENES * (SEQUENCED_GENES - 1) // 2

        for technology, reason in (("MICROARRAY", "I2 (LEAST) above 75"), ("RNA-SEQ", "fewer than 3 studies")):
            assert warehouse.ranked_pairs(Filters(), "SEPSIS", technology).pairs.is_empty()
            assert reason in warehouse.ranked_pairs(Filters(), "SEPSIS", technology).note
        (only,) = warehouse.ranked_pairs(WIDE, "SEPSIS", "MICROARRAY").pairs.to_dicts()
        assert {only["genea_symbol"], only["geneb_symbol"]} == {"LCN2", "ITGAM"}
        assert (only["n_studies_ss"], only["n_studies_soth"]) == (1, 2)
        found = warehouse.ranked_pairs(WIDE, "SEPSIS", "RNA-SEQ")
        assert found.passing == 57
        assert set(found.pairs["n_studies_ss"]) == {1}
        assert found.pairs["dz_ss_i2"].null_count() == 57, "one study has no heterogeneity to tell of"

        (both,) = warehouse.aggregate("SEPSIS", "ALL").slices
        assert (both.studies, both.samples, both.genes) == (8, 678, ARRAY_GENES)
        together = warehouse.ranked_pairs(Filters(), "SEPSIS", "ALL").pairs
        assert together.height == 8
        assert set(together["n_studies_ss"]) == {2}
        said = [message.code for message in both.messages]
        assert said.count("SAMPLE_OVERLAP") == 1
        assert "FEW_STUDIES" in said
        il8 = warehouse.pair("IL8", "S100A12", disease="SEPSIS", technology="ALL")
        assert "CXCL8" in il8.symbols, "an older name finds the gene"
        whole = il8.studies.filter(il8.studies["absent_because"].is_null())
        assert whole["study"].to_list() == ["GSE137342", "GSE154918"], "the others lack a cohort or a gene"
        assert list(warehouse.check()) == []
