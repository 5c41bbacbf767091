"""Is what is shown of a pair what its facts say, whether it is stored or not?"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

from expressway.coexpression import CohortStudy, analyse, pool
from expressway.coexpression.catalog import features
from expressway.errors import InvalidSetting
from expressway.settings import PairSettings
from expressway.warehouse.engines.base import Connection
from expressway.warehouse.pairs.evidence import PairEvidence, pair_evidence
from expressway.warehouse.pairs.matrices import read_study
from expressway.warehouse.pairs.slice import Slice, resolve
from tests.warehouse.pairs.rows import change, mapped_study
from tests.warehouse.small_warehouse import add_facts, add_genes, insert

COHORTS = ("CONTROL",) * 8 + ("NO_SEPSIS",) * 6 + ("SEPSIS",) * 9 + ("SEPTIC_SHOCK",) * 10
ID_A, ID_B = "ENSG00000000001", "ENSG00000000002"
GENES = 12


def study_values(seed: int, genes: int = GENES) -> np.ndarray[Any, Any]:
    return np.round(np.random.default_rng(seed).normal(size=(genes, len(COHORTS))), 2)


def store_study(
    connection: Connection, key: int, values: np.ndarray[Any, Any], cohorts: Sequence[str] = COHORTS, **options: Any
) -> None:
    mapped_study(connection, key, cohorts, **options)
    facts = [
        (100 * key + column + 1, row + 1, None if math.isnan(cell) else float(cell), None)
        for row, line in enumerate(values)
        for column, cell in enumerate(line)
    ]
    add_facts(connection, key, facts)
    change(connection, "meta.batch", f"batch_key = {key}", file_name=f"GSE{key}.tsv", container_hash=f"{key}" * 64)


@pytest.fixture
def slice_(connection: Connection) -> Slice:
    """Three studies; GSE3 has no patients with sepsis, and lacks a value of the second gene."""
    add_genes(connection, GENES)
    store_study(connection, 1, study_values(1))
    store_study(connection, 2, study_values(2))
    values = study_values(3)
    values[1, 0] = math.nan
    store_study(connection, 3, values, [label.replace("NO_SEPSIS", "CONTROL") for label in COHORTS])
    change(connection, "dim.study_sample", "study_key = 3 AND illness_key = 3", exclude_from_analysis=True)
    (found,) = resolve(connection, "SEPSIS")
    return found


def matrices(connection: Connection, of: Slice) -> list[CohortStudy]:
    return [read_study(connection, study).study for study in of.studies]


def test_the_rows_of_studies_are_what_scipy_makes_of_the_facts(connection: Connection, slice_: Slice) -> None:
    found = pair_evidence(connection, slice_, "SYM1", "SYM2")
    assert (found.gene_a, found.gene_b, found.symbols) == (ID_A, ID_B, ("SYM1", "SYM2"))
    assert found.studies["study"].to_list() == ["GSE1", "GSE2", "GSE3"]
    for number, row in enumerate(found.studies.head(2).iter_rows(named=True), 1):
        values, labels = study_values(number), np.array(COHORTS)
        z, variance = {}, {}
        for label in dict.fromkeys(COHORTS):
            chosen = labels == label
            r = stats.spearmanr(values[0, chosen], values[1, chosen]).statistic
            z[label], variance[label] = math.atanh(r), 1 / (chosen.sum() - 3)
            if label != "NO_SEPSIS":
                assert row[f"r_{label.lower()}"] == pytest.approx(r, abs=1e-12)
                assert row[f"n_{label.lower()}"] == chosen.sum()
        others = [label for label in z if label != "SEPTIC_SHOCK"]
        assert row["n_others"] == 23
        weights = {label: 1 / variance[label] for label in others}
        mean = sum(weights[label] * z[label] for label in others) / sum(weights.values())
        assert row["dz_ss"] == pytest.approx(z["SEPTIC_SHOCK"] - z["SEPSIS"], abs=1e-12)
        assert row["se_ss"] == pytest.approx(math.sqrt(variance["SEPTIC_SHOCK"] + variance["SEPSIS"]), abs=1e-12)
        assert row["dz_soth"] == pytest.approx(z["SEPTIC_SHOCK"] - mean, abs=1e-12)
        assert row["se_soth"] == pytest.approx(
            math.sqrt(variance["SEPTIC_SHOCK"] + 1 / sum(weights.values())), abs=1e-12
        )
        assert row["absent_because"] is None
        assert (row["batch_id"], row["file_hash"]) == (f"{number:064d}", "h" * 64)
        assert (row["file_name"], row["container_hash"]) == (f"GSE{number}.tsv", str(number) * 64)
    last = found.studies.row(2, named=True)
    assert (last["n_control"], last["n_sepsis"], last["dz_ss"], last["se_ss"]) == (13, 0, None, None)
    assert last["dz_soth"] is not None
    assert last["absent_because"] == "SEPSIS has no samples"


def test_the_weights_are_those_of_the_pooled_estimate(connection: Connection, slice_: Slice) -> None:
    found = pair_evidence(connection, slice_, ID_A, ID_B)
    for name in ("ss", "soth"):
        rows = found.studies.drop_nulls(f"dz_{name}")
        assert rows[f"weight_{name}"].sum() == pytest.approx(1, abs=1e-12)
        mean = (rows[f"weight_{name}"] * rows[f"dz_{name}"]).sum()
        assert found.statistics[f"dz_{name}_mean"] == pytest.approx(mean, abs=1e-12)
        pooled = pool(rows[f"dz_{name}"].to_numpy()[:, None], rows[f"se_{name}"].to_numpy()[:, None])
        assert found.statistics[f"p_{name}"] == pytest.approx(float(pooled.p[0]), rel=1e-12)
    assert found.studies["weight_ss"][2] is None


def test_the_samples_are_the_facts(connection: Connection, slice_: Slice) -> None:
    found = pair_evidence(connection, slice_, "SYM2", "SYM1")
    assert found.gene_a == ID_A
    assert found.samples.columns == ["study", "sample", "cohort", "value_a", "value_b"]
    assert found.samples.height == 33 + 33 + 24
    first = found.samples.filter(study="GSE3", sample="GSM301").row(0, named=True)
    assert first == {
        "study": "GSE3",
        "sample": "GSM301",
        "cohort": "CONTROL",
        "value_a": study_values(3)[0, 0],
        "value_b": None,
    }


def test_every_statistic_is_that_of_an_analysis_of_all_genes(connection: Connection, slice_: Slice) -> None:
    every = analyse(matrices(connection, slice_), tail=1.0).pairs
    assert every.height == GENES * (GENES - 1) // 2
    for a, b in ((1, 2), (2, 7), (5, 12)):
        wanted = every.filter(pair_uid=f"ENSG{a:011d}|ENSG{b:011d}").row(0, named=True)
        found = pair_evidence(connection, slice_, f"SYM{b}", f"SYM{a}").statistics
        assert list(found) == [*(feature.name for feature in features()), "q_star_strict"]
        compared = 0
        for name, value in found.items():
            if value is not None:
                assert value == pytest.approx(wanted[name], rel=1e-9, abs=1e-12), name
                compared += 1
        assert compared > 90
        assert found["q_ss"] is None


def store_pairs(connection: Connection, of: Slice, *, best: int, **settings: Any) -> pl.DataFrame:
    """What an aggregation stores, written with plain SQL."""
    analysis = analyse(matrices(connection, of), keep=best, **settings)
    slice_keys = {"disease_key": of.disease_key, "technology": of.technology, "organism": of.organism}
    insert(
        connection,
        "meta.feature_run",
        feature_run_id="run",
        **slice_keys,
        settings_json=json.dumps(analysis.settings),
        pairs_tested=analysis.pairs_tested,
        pairs_stored=best,
        started_at="2026-01-01 00:00:00",
        status="CURRENT",
    )
    for number, row in enumerate(analysis.pairs.iter_rows(named=True), 1):
        keys = [int(row[name].removeprefix("ENSG")) for name in ("geneA", "geneB")]
        insert(
            connection,
            "dim.dim_gene_pair",
            pair_key=number,
            genea_key=keys[0],
            geneb_key=keys[1],
            pair_natural_key="_".join(map(str, keys)),
            pair_uid=row["pair_uid"],
        )
        values = {name.lower(): value for name, value in row.items() if name not in {"geneA", "geneB", "pair_uid"}}
        insert(connection, "fact.fact_gene_pair_metrics", pair_key=number, feature_run_id="run", **slice_keys, **values)
    return analysis.pairs


def test_a_stored_pair_has_its_rates_and_scores(connection: Connection, slice_: Slice) -> None:
    pairs = store_pairs(connection, slice_, best=5)
    row = pairs.row(2, named=True)
    found = pair_evidence(connection, slice_, row["geneA"], row["geneB"])
    assert (found.stored, found.notes) == (True, [])
    assert row["q_star_strict"] is not None
    for name in [n for n in row if n not in {"geneA", "geneB", "pair_uid"}]:
        expected = row[name]
        assert found.statistics[name] == (expected if expected is None else pytest.approx(expected, rel=1e-9)), name
    change(connection, "fact.fact_gene_pair_metrics", "pair_key = 3", p_ss=0.5)
    (note,) = pair_evidence(connection, slice_, row["geneA"], row["geneB"]).notes
    assert note == "stored otherwise: p_ss; aggregate the slice again"
    change(connection, "meta.feature_run", "feature_run_id = 'run'", status="STALE")
    notes = pair_evidence(connection, slice_, row["geneA"], row["geneB"], PairSettings(min_n=6)).notes
    assert notes[:2] == [
        "a study or its genes have changed since the pairs were stored: aggregate the slice again",
        "the pairs were stored with other settings: min_n 5, now 6",
    ]


def test_the_bounds_of_a_pair_that_is_not_stored_enclose_its_rates(connection: Connection, slice_: Slice) -> None:
    stored = set(store_pairs(connection, slice_, best=5)["pair_uid"])
    every = analyse(matrices(connection, slice_), tail=1.0).pairs.filter(~pl.col("pair_uid").is_in(list(stored)))
    assert every.height == 61
    for row in every.sort("p_soth").head(3).iter_rows(named=True):
        found = pair_evidence(connection, slice_, row["geneA"], row["geneB"])
        assert not found.stored
        least = min(row[name] for name in ("p_ss", "p_soth", "combined_p_value"))
        assert found.notes[0].startswith(f"not stored: its smallest p is {least:.3g}; of 66 tested pairs the 5 with p")
        bounds = {note.split()[0]: note for note in found.notes[1:]}
        assert list(bounds) == ["q_ss", "q_soth", "q_combined"]
        for rate, note in bounds.items():
            figures = [float(word) for word in note.replace(rate, "").split() if word[0].isdigit()]
            assert figures[0] <= row[rate] * 1.01
            assert len(figures) == 1 or figures[1] >= row[rate] * 0.99


def test_a_slice_that_was_never_aggregated_says_how(connection: Connection, slice_: Slice) -> None:
    found = pair_evidence(connection, slice_, ID_A, ID_B)
    assert not found.stored
    assert found.notes == [
        "no pairs of this slice are stored yet: `expressway aggregate --disease SEPSIS --technology RNA-SEQ`"
    ]


def test_a_gene_that_dropped_out_says_where_and_why(connection: Connection) -> None:
    add_genes(connection, 3)
    constant = study_values(1, 3)
    constant[1, 14:23] = 4.0
    store_study(connection, 1, constant)
    store_study(connection, 2, study_values(2, 1))
    (of,) = resolve(connection, "SEPSIS")
    found = pair_evidence(connection, of, "SYM1", "SYM2")
    assert found.studies["absent_because"].to_list() == [
        "SYM2 is constant in SEPSIS",
        "the study does not have SYM2",
    ]
    assert found.studies["dz_ss"].to_list() == [None, None]
    assert found.statistics["n_studies_ss"] == 0
    assert found.statistics["n_studies_soth"] == 1
    assert found.studies["n_control"].to_list() == [8, 0]


def test_a_gene_that_no_study_has_leaves_nothing_to_test(connection: Connection, slice_: Slice) -> None:
    insert(connection, "dim.dim_gene", gene_id="ENSG99", gene_id_type="ENSEMBL", organism="HOMO_SAPIENS")
    connection.execute("UPDATE dim.dim_gene SET analysis_gene_key = gene_key WHERE gene_id = 'ENSG99'")
    found = pair_evidence(connection, slice_, "SYM1", "ENSG99")
    assert found.notes[0] == "ENSG99 is in no study of the slice"
    assert set(found.studies["absent_because"]) == {"the study does not have ENSG99"}
    assert (found.statistics["p_ss"], found.statistics["total_samples"]) == (None, 0)
    assert found.samples["value_b"].null_count() == found.samples.height


def test_a_gene_that_counts_nowhere(connection: Connection) -> None:
    add_genes(connection, 2)
    values = study_values(1, 2)
    values[1] = 1.0
    store_study(connection, 1, values)
    (of,) = resolve(connection, "SEPSIS")
    found = pair_evidence(connection, of, "SYM1", "SYM2")
    assert found.notes[0] == "one of the genes counts in no cohort of any study: absent_because says why"
    assert found.studies["absent_because"][0].startswith("SYM2 is constant in SEPTIC_SHOCK; ")


def test_one_study_has_no_p_of_hartung_and_knapp(connection: Connection) -> None:
    add_genes(connection, 2)
    store_study(connection, 1, study_values(1, 2))
    (of,) = resolve(connection, "SEPSIS")
    found = pair_evidence(connection, of, "SYM1", "SYM2", PairSettings(ci_method="HK"))
    assert found.notes[0] == "one study alone tells of each contrast: ci_method HK has no p then, z has"
    assert found.studies["dz_ss"][0] is not None
    assert found.statistics["p_ss"] is None


def test_genes_with_the_same_values_are_one_measurement(connection: Connection) -> None:
    add_genes(connection, 2)
    values = study_values(1, 2)
    values[1] = values[0]
    store_study(connection, 1, values)
    (of,) = resolve(connection, "SEPSIS")
    found = pair_evidence(connection, of, "SYM1", "SYM2")
    assert "SYM1 and SYM2 have the same values in every study: one measurement" in found.notes
    assert found.studies.select("r_sepsis", "absent_because").row(0) == (
        None,
        "both have the same values: one measurement",
    )


def test_rows_of_one_gene_are_averaged_as_in_the_matrix(connection: Connection, slice_: Slice) -> None:
    change(connection, "dim.dim_gene", "gene_key IN (3, 4)", analysis_gene_key=2)
    (of,) = resolve(connection, "SEPSIS")
    found = pair_evidence(connection, of, "SYM1", "SYM2")
    study = matrices(connection, of)[2]
    row = list(study.genes).index(ID_B)
    shown = found.samples.filter(study="GSE3")["value_b"].fill_null(math.nan).to_numpy()
    assert np.array_equal(shown, study.values[row], equal_nan=True)


def evidence_of_all(connection: Connection) -> tuple[PairEvidence, pl.DataFrame]:
    (of,) = resolve(connection, "SEPSIS", "ALL")
    every = analyse(matrices(connection, of), tail=1.0, by_technology=True).pairs
    return pair_evidence(connection, of, "SYM1", "SYM2"), every.filter(pair_uid=f"{ID_A}|{ID_B}")


def test_technologies_together_are_pooled_in_two_stages(connection: Connection) -> None:
    add_genes(connection, GENES)
    for key, technology in ((1, "RNA-SEQ"), (2, "MICROARRAY"), (3, "RNA-SEQ"), (4, "MICROARRAY")):
        store_study(connection, key, study_values(key), technology=technology)
    found, wanted = evidence_of_all(connection)
    assert found.statistics["dz_ss_mean"] == pytest.approx(wanted["dz_ss_mean"][0], rel=1e-12)
    mean = (found.studies["weight_ss"] * found.studies["dz_ss"]).sum()
    assert found.statistics["dz_ss_mean"] == pytest.approx(mean, rel=1e-12)
    assert found.studies["technology"].to_list() == ["RNA-SEQ", "MICROARRAY"] * 2


def test_a_technology_without_the_genes_is_still_one(connection: Connection) -> None:
    """What is said of technologies is not said of the studies of the one that is left."""
    add_genes(connection, GENES)
    for key, technology in ((1, "RNA-SEQ"), (2, "MICROARRAY"), (3, "RNA-SEQ")):
        store_study(connection, key, study_values(key), technology=technology)
    connection.execute("DELETE FROM fact.fact_gene_expression WHERE study_key = 2 AND gene_key IN (1, 2)")
    change(connection, "meta.batch", "batch_key = 2", genes=GENES - 2)
    (of,) = resolve(connection, "SEPSIS", "ALL")
    store_pairs(connection, of, best=66, by_technology=True, tail=1.0)
    found = pair_evidence(connection, of, ID_A, ID_B, PairSettings(tail=1.0))
    assert (found.statistics["n_studies_ss"], found.statistics["dz_ss_I2"]) == (2, None)
    assert found.notes == []


def test_a_pair_is_two_genes(connection: Connection, slice_: Slice) -> None:
    with pytest.raises(InvalidSetting, match="SYM1 and ENSG00000000001 are one gene"):
        pair_evidence(connection, slice_, "SYM1", ID_A)
