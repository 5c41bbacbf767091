"""Small studies as files: what tests load, change and break."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

GENES = [f"ENSG{90_000_000_000 + number}" for number in range(60)]
TITLES = ("Healthy control", "Sepsis patient", "Septic shock patient")


def values(genes: int = 60, samples: int = 9, seed: int = 1) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Log-like array values, all different."""
    return np.round(np.random.default_rng(seed).normal(8, 2, (genes, samples)), 6)


def sample_names(count: int, first: int = 1) -> list[str]:
    """Public-looking sample accessions."""
    return [f"GSM{9_000_000 + first + number}" for number in range(count)]


def write_download(
    folder: Path,
    accession: str = "GSE900001",
    *,
    matrix: np.ndarray[Any, Any] | Sequence[Sequence[Any]] | None = None,
    genes: Sequence[str] | None = None,
    samples: Sequence[str] | None = None,
    described: Sequence[str] | None = None,
    titles: Mapping[str, str] | None = None,
    top: Mapping[str, Any] | None = None,
) -> Path:
    """A refine.bio download of one microarray study; returns the path of its matrix."""
    cells = values() if matrix is None else matrix
    names = list(samples or sample_names(len(cells[0])))
    ids = list(genes or GENES[: len(cells)])
    described = list(described or names)
    study = folder / accession
    study.mkdir(parents=True, exist_ok=True)
    lines = ["\t".join(["Gene", *names])]
    lines += ["\t".join([gene, *map(_text, row)]) for gene, row in zip(ids, cells, strict=True)]
    path = study / f"{accession}.tsv"
    path.write_text("\n".join(lines) + "\n")
    metadata = {
        "aggregate_by": "EXPERIMENT",
        "created_at": "2026-01-02T03:04:05",
        "num_experiments": 1,
        "num_samples": len(described),
        "quant_sf_only": False,
        "quantile_normalized": False,
        "scale_by": "NONE",
        "experiments": {accession: _experiment(accession, described)},
        "samples": {name: _sample(name, number, titles or {}) for number, name in enumerate(described)},
    }
    (folder / "aggregated_metadata.json").write_text(json.dumps(metadata | dict(top or {})))
    return path


def _text(value: Any) -> str:
    return value if isinstance(value, str) else repr(float(value))


def _experiment(accession: str, samples: Sequence[str]) -> dict[str, Any]:
    return {
        "accession_code": accession,
        "title": f"Study {accession}",
        "technology": "MICROARRAY",
        "organisms": ["HOMO_SAPIENS"],
        "pubmed_id": "",
        "description": "Made for tests",
        "source_first_published": "2020-01-01T00:00:00",
        "source_last_modified": "2020-01-02T00:00:00",
        "sample_accession_codes": list(samples),
    }


def _sample(name: str, number: int, titles: Mapping[str, str]) -> dict[str, Any]:
    return {
        "refinebio_accession_code": name,
        "refinebio_title": titles.get(name, f"{TITLES[number % 3]} {number}"),
        "refinebio_organism": "HOMO_SAPIENS",
        "refinebio_platform": "Affymetrix Human Genome U133 Plus 2.0 Array (hgu133plus2)",
        "refinebio_processed": True,
        "refinebio_disease": "",
        "refinebio_subject": "",
    }


def change_cell(path: Path, line: int, column: int, text: str) -> None:
    """Change one cell of a matrix (line 1 is the header, column 0 the gene)."""
    lines = path.read_text().split("\n")
    cells = lines[line - 1].split("\t")
    cells[column] = text
    lines[line - 1] = "\t".join(cells)
    path.write_text("\n".join(lines))
