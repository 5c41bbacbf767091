"""Simulated studies in a warehouse, mapped and ready to be aggregated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from expressway import Warehouse
from expressway.settings import load_settings
from expressway.studies.simulate import simulate
from tests.warehouse.studies import sample_names, values

GENES = 200
SAMPLES = 3 * 45 - 2
"""Samples that count: two of the second study have no label."""
COHORTS = ("CONTROL", "SEPSIS", "SEPTIC_SHOCK")
PAIRS_OF_RUN = "SELECT * FROM fact.fact_gene_pair_metrics ORDER BY pair_key"


def open_with(url: str, **settings: Any) -> Warehouse:
    """A warehouse with settings, and with none of the environment."""
    return Warehouse(load_settings(None, {"warehouse": url, **settings}, environ={}))


def simulated(folder: Path, studies: int = 3) -> Path:
    """A download of RNA-seq studies of 200 genes and 45 samples."""
    simulate(folder, studies=studies, genes=GENES, samples=45, seed=3)
    return folder


def load_all(warehouse: Warehouse, *sources: Path, disease: str = "SEPSIS") -> list[str]:
    """Load studies and map them to a disease; returns their accessions."""
    result = warehouse.load(*sources)
    assert result.ok, result
    for study in result.studies:
        warehouse.map_study(study.study, disease)
    return [study.study for study in result.studies]


def actions(result: Any) -> dict[str, str]:
    """What happened to the slice of each technology."""
    return {one.technology: one.action for one in result.slices}


def stored(warehouse: Warehouse) -> pl.DataFrame:
    """Every row of stored pairs, whatever slice it is of."""
    return warehouse.sql(PAIRS_OF_RUN)


def changed_once(text: Path, change: Callable[[str], str]) -> None:
    """Rewrite a text file."""
    before = text.read_text()
    after = change(before)
    assert after != before
    text.write_text(after)


def write_matrix(
    folder: Path,
    accession: str,
    genes: Sequence[str],
    first: int,
    cohorts: Sequence[str] = COHORTS,
    seed: int = 7,
    subjects: Sequence[str] = ("",),
) -> Path:
    """A plain matrix of 18 samples, a third of them in each cohort; cohorts and subjects are repeated in turn."""
    folder.mkdir(parents=True, exist_ok=True)
    names = sample_names(18, first)
    rows = [["gene", *names], *([gene, *row] for gene, row in zip(genes, values(len(genes), 18, seed), strict=True))]
    matrix = folder / f"{accession}.csv"
    matrix.write_text("\n".join(",".join(map(str, row)) for row in rows))
    sheet = [
        f"{name},{cohorts[number % len(cohorts)]},Homo sapiens,{subjects[number % len(subjects)]}"
        for number, name in enumerate(names)
    ]
    header = "sample,illness,organism,subject"
    (folder / f"{accession}.samplesheet.csv").write_text("\n".join([header, *sheet]) + "\n")
    return matrix
