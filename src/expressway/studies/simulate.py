"""Simulated studies: one refine.bio download whose differential correlation is known."""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from expressway.errors import InvalidSetting
from expressway.files import folder_beside, writing
from expressway.studies.simulation_model import (
    COHORTS,
    RHO,
    STUDY_SD,
    Design,
    draw_design,
    draw_values,
    target_curve,
)

SMALLEST = {"studies": 1, "genes": 50, "samples": 6, "seed": 0}
LARGEST = {"studies": 999, "genes": 1_000_000, "samples": 99_999, "seed": 2**63 - 1}

_CELLS_AT_ONCE = 1_000_000


@dataclass(frozen=True, slots=True)
class SimulationSummary:
    """What was written and where."""

    path: Path
    accessions: tuple[str, ...]
    genes: int
    samples: int
    """Samples per study."""
    seed: int
    quantile_normalized: bool
    planted: Mapping[str, int]
    """Number of pairs by kind."""


@dataclass(frozen=True, slots=True)
class _Patient:
    """Who gave a sample, in which cohort, and the words of the submitter."""

    cohort: int
    title: str
    disease: str
    subject: str
    time: str
    follow_up: bool = False

    @property
    def true_cohort(self) -> str:
        return "FOLLOW_UP" if self.follow_up else COHORTS[self.cohort]


@dataclass(frozen=True, slots=True)
class _Written:
    """What the files of the whole download need to know of a written study, by run accession."""

    rows: Mapping[str, Mapping[str, Any]]
    cohorts: Mapping[str, str]


def simulate(
    target: Path,
    *,
    studies: int = 5,
    genes: int = 3000,
    samples: int = 90,
    seed: int = 1,
    quantile_normalized: bool = True,
) -> SimulationSummary:
    """A refine.bio download of RNA-seq studies in folder `target`, with `truth.tsv` and `truth.json` beside it.

    The bytes depend on the arguments only; a study's matrix does not depend on how many follow it. The folder appears
    when it is complete.

    Args:
        target: a folder that does not exist yet, or is empty.
        studies: number of studies, 1 to 999.
        genes: genes of every study, at least 50.
        samples: samples of every study, at least 6; a third each is CONTROL, SEPSIS and SEPTIC_SHOCK.
        seed: chooses genes, values, dates and, by its last two digits, accessions.
        quantile_normalized: False writes unnormalised counts instead.

    Raises:
        InvalidSetting: a size out of range, a folder that holds files already or cannot be written.
        NoSpaceLeft: the disk is full; nothing stays behind.
    """
    sizes = {"studies": studies, "genes": genes, "samples": samples, "seed": seed}
    _check(sizes)
    target = Path(target).absolute()
    with writing(target):
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise InvalidSetting(
                f"{target} exists already and is not an empty folder",
                value=target,
                hint="Name a new folder: `expressway simulate NEW_FOLDER`.",
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        with folder_beside(target) as holder:
            download = holder / "download"
            download.mkdir()
            summary = _write_download(download, target, sizes, quantile_normalized)
            _publish(download, target)
    return summary


def _publish(download: Path, target: Path) -> None:
    """Moves the download to its place; its JSON goes last, for without it no loader takes the folder for a download."""
    if not target.exists():
        download.rename(target)
        return
    for path in sorted(download.iterdir(), key=lambda path: path.name == "aggregated_metadata.json"):
        path.rename(target / path.name)


def _check(sizes: Mapping[str, int]) -> None:
    for name, size in sizes.items():
        if not SMALLEST[name] <= size <= LARGEST[name]:
            raise InvalidSetting(
                f"{name} must lie between {SMALLEST[name]} and {LARGEST[name]}, not be {size}",
                value=size,
                hint="`expressway simulate --help` shows the defaults.",
            )


def _write_download(download: Path, target: Path, sizes: Mapping[str, int], normalised: bool) -> SimulationSummary:
    """Everything in the folder, study by study."""
    seed, genes = sizes["seed"], sizes["genes"]
    created = (datetime(2024, 1, 1) + timedelta(seconds=seed * 86_461 % (2 * 365 * 86_400))).isoformat()
    design = draw_design(seed, genes)
    curve = target_curve(genes) if normalised else None
    studies = {}
    for number in range(1, sizes["studies"] + 1):
        folder = download / f"SRP9{seed % 100:02d}{number:03d}"
        folder.mkdir()
        studies[folder.name] = _write_study(folder, number, sizes, design, curve)
    experiments = {name: _experiment(name, created, study.rows) for name, study in studies.items()}
    samples = {run: row for study in studies.values() for run, row in study.rows.items()}
    flags = _flags(len(experiments), len(samples), created, normalised)
    _write_json(download / "aggregated_metadata.json", flags | {"experiments": experiments, "samples": samples})
    truth = _truth(design)
    truth.write_csv(download / "truth.tsv", separator="\t")
    settings = {"quantile_normalized": normalised, "rho": RHO, "rho_sd_between_studies": STUDY_SD, **sizes}
    versions = {"simulation": 1, "numpy": np.__version__, "polars": pl.__version__}
    cohorts = {name: study.cohorts for name, study in studies.items()}
    _write_json(download / "truth.json", {"settings": settings, "versions": versions, "cohorts": cohorts})
    (download / "README.md").write_text(_README, encoding="utf-8")
    (download / "LICENSE.TXT").write_text(_LICENSE, encoding="utf-8")
    planted = dict(truth.group_by("kind", maintain_order=True).len().iter_rows())
    return SimulationSummary(target, tuple(studies), genes, sizes["samples"], seed, normalised, planted)


def _write_study(
    folder: Path, number: int, sizes: Mapping[str, int], design: Design, curve: NDArray[np.float64] | None
) -> _Written:
    """One study's matrix and sample table; its numbers depend on the seed and on which study it is, on nothing else."""
    rng = np.random.default_rng([sizes["seed"], number])
    runs = [f"{folder.name.replace('SRP', 'SRR')}{place:05d}" for place in range(1, sizes["samples"] + 1)]
    patients = dict(zip(runs, _patients(rng, number, len(runs)), strict=True))
    rows = {run: _sample_row(rng, run, patient) for run, patient in patients.items()}
    cohorts = np.array([patient.cohort for patient in patients.values()])
    _write_matrix(folder / f"{folder.name}.tsv", runs, draw_values(rng, design, cohorts, curve), design.gene_ids)
    _write_metadata(folder / f"metadata_{folder.name}.tsv", folder.name, list(rows.values()))
    return _Written(rows, {run: p.true_cohort for run, p in patients.items()})


def _flags(studies: int, samples: int, created: str, normalised: bool) -> dict[str, Any]:
    """What refine.bio says of a whole download."""
    return {
        "aggregate_by": "EXPERIMENT",
        "created_at": created,
        "ks_pvalue": 1.0 if normalised else None,
        "ks_statistic": 0.0 if normalised else None,
        "ks_warning": None,
        "num_experiments": studies,
        "num_samples": samples,
        "quant_sf_only": False,
        "quantile_normalized": normalised,
        "scale_by": "NONE",
    }


def _write_matrix(
    path: Path, runs: Sequence[str], values: Iterable[NDArray[np.float32]], gene_ids: Sequence[str]
) -> None:
    """Genes x samples as text. Values arrive sample by sample, so they wait on disk to be written gene by gene."""
    with tempfile.TemporaryFile(dir=path.parent) as waiting, path.open("wb") as out:
        for some in values:
            waiting.write(some.tobytes())
        waiting.flush()
        by_sample = np.memmap(waiting, np.float32, "r", shape=(len(runs), len(gene_ids)))
        out.write("\t".join(["Gene", *runs]).encode() + b"\n")
        step = max(1, _CELLS_AT_ONCE // len(runs))
        for start in range(0, len(gene_ids), step):
            part = slice(start, start + step)
            columns = [pl.Series(run, by_sample[j, part]) for j, run in enumerate(runs)]
            table = pl.DataFrame([pl.Series("Gene", gene_ids[part]), *columns])
            out.write(table.write_csv(include_header=False, separator="\t").encode())


def _patients(rng: np.random.Generator, number: int, samples: int) -> list[_Patient]:
    """The samples of a study in random order; where the titles are status codes, two patients are seen again."""
    titles, diseases = _STYLES[(number - 1) % len(_STYLES)]
    again = 2 if "Shock_P" in titles[-1] and samples >= 30 else 0
    everyone = [
        _Patient(
            cohort=i % 3,
            title=titles[i % 3].format(nth=i // 3 + 1, serial=i + 1),
            disease=diseases[i % 3],
            subject=f"P{i + 1:03d}",
            time="day 1",
        )
        for i in range(samples - again)
    ]
    everyone += [
        _Patient(0, f"Shock_FU_{nth:02d}", "", subject=f"P{3 * nth:03d}", time="day 90", follow_up=True)
        for nth in range(1, again + 1)
    ]
    return [everyone[i] for i in rng.permutation(samples)]


def _experiment(accession: str, created: str, runs: Iterable[str]) -> dict[str, Any]:
    """A study as refine.bio describes it."""
    return {
        "accession_code": accession,
        "description": "Simulated whole-blood RNA-seq of healthy controls, patients with sepsis and patients with "
        "septic shock. No person stands behind any value.",
        "has_publication": False,
        "organisms": ["HOMO_SAPIENS"],
        "protocol_description": "",
        "publication_doi": "",
        "publication_title": "",
        "pubmed_id": "",
        "sample_accession_codes": list(runs),
        "source_first_published": created,
        "source_last_modified": created,
        "submitter_institution": "",
        "technology": "RNA-SEQ",
        "title": f"Simulated sepsis study {int(accession[-3:])}",
    }


def _sample_row(rng: np.random.Generator, run: str, patient: _Patient) -> dict[str, Any]:
    """A sample as refine.bio describes it."""
    return dict.fromkeys(_FIELDS, "") | {
        "refinebio_accession_code": run,
        "refinebio_age": float(rng.integers(18, 90)),
        "refinebio_annotations": [],
        "refinebio_disease": patient.disease,
        "refinebio_organism": "HOMO_SAPIENS",
        "refinebio_platform": "Illumina NovaSeq 6000 (IlluminaNovaSeq6000)",
        "refinebio_processed": True,
        "refinebio_processor_id": 0,
        "refinebio_processor_name": "Tximport",
        "refinebio_processor_version": "simulated",
        "refinebio_sex": str(rng.choice(["female", "male"])),
        "refinebio_source_database": "SRA",
        "refinebio_specimen_part": "whole blood",
        "refinebio_subject": patient.subject,
        "refinebio_time": patient.time,
        "refinebio_title": patient.title,
    }


def _write_metadata(path: Path, accession: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """The samples as a table with the line ends that refine.bio writes."""
    columns = [name for name in _FIELDS if name != "refinebio_annotations"]
    columns.insert(1, "experiment_accession")
    lines = [columns]
    for row in rows:
        shown = {**row, "experiment_accession": accession, "refinebio_age": f"{row['refinebio_age']:.3f}"}
        lines.append([str(shown[name]) for name in columns])
    path.write_text("".join("\t".join(line) + "\r\n" for line in lines), encoding="utf-8", newline="")


def _truth(design: Design) -> pl.DataFrame:
    """One row per planted pair: ids in sorted order, kind, correlation of z by cohort, median count of either gene."""
    groups = {**design.pairs, "module": np.array(list(combinations(np.sort(design.module), 2)))}
    columns = ["pair_uid", "gene_a", "gene_b", "kind", *(f"rho_{name.lower()}" for name in COHORTS)]
    rows = []
    for kind, pairs in groups.items():
        for a, b in np.sort(pairs, axis=1):
            names = design.gene_ids[a], design.gene_ids[b]
            counts = (round(math.exp(design.level[gene]), 1) for gene in (a, b))
            rows.append(("|".join(names), *names, kind, *RHO[kind], *counts))
    return pl.DataFrame(rows, schema=[*columns, "median_count_a", "median_count_b"], orient="row")


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=4, sort_keys=True), encoding="utf-8")


_FIELDS = (
    "refinebio_accession_code",
    "refinebio_age",
    "refinebio_annotations",
    "refinebio_cell_line",
    "refinebio_compound",
    "refinebio_developmental_stage",
    "refinebio_disease",
    "refinebio_disease_stage",
    "refinebio_genetic_information",
    "refinebio_organism",
    "refinebio_platform",
    "refinebio_processed",
    "refinebio_processor_id",
    "refinebio_processor_name",
    "refinebio_processor_version",
    "refinebio_race",
    "refinebio_sex",
    "refinebio_source_archive_url",
    "refinebio_source_database",
    "refinebio_specimen_part",
    "refinebio_subject",
    "refinebio_time",
    "refinebio_title",
    "refinebio_treatment",
)
# Titles and disease fields of CONTROL, SEPSIS and SEPTIC_SHOCK, as submitters write them; one style per study, in turn.
_NO_FIELD = ("", "", "")
_STYLES = (
    (("Healthy control {nth}", "Sepsis patient {nth}", "Septic shock patient {nth}"), _NO_FIELD),
    (("Hlty_{nth:02d}", "Seps_P_{nth:02d}", "Shock_P_{nth:02d}"), _NO_FIELD),
    (("WB_{serial:03d}_L1",) * 3, ("healthy control", "sepsis", "septic shock")),
    (("01-{serial:04d}_Control_day1", "01-{serial:04d}_Sepsis_day1", "01-{serial:04d}_Septic Shock_day1_0"), _NO_FIELD),
    (("HC{nth}", "sepsis_{nth}", "SepticShock_{nth}"), _NO_FIELD),
)
_README = """\
# Simulated download

The layout is that of a refine.bio download; every value was drawn by `expressway simulate`. Nothing here was measured,
and the gene ids (ENSG0090...) exist in no Ensembl release. Never mix these files with real data.

* `aggregated_metadata.json`, `SRP9*/`: the download, as a loader expects it.
* `truth.tsv`: the planted gene pairs. `kind` is gain (correlated in SEPTIC_SHOCK only), loss (everywhere else), flip
  (the sign changes), decoy (correlated everywhere: no difference) or module (all pairs of a group of genes, correlated
  in SEPTIC_SHOCK only). `rho_*` is the correlation of the normal variables behind the counts; Spearman's coefficient
  of the values is a little smaller. `median_count_*` tells how strongly either gene is expressed. A gene that is not
  listed is independent of all others.
* `truth.json`: settings, versions, and the cohort of every sample.
"""
_LICENSE = "Simulated data: no rights are claimed. Use them for whatever you like, as simulated data.\n"
