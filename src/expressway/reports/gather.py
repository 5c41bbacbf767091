"""What a report shows of a slice, out of the warehouse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import polars as pl

from expressway.reports.report import ReportData
from expressway.warehouse.pairs.ranked import Filters

if TYPE_CHECKING:
    from expressway.warehouse.warehouse import Warehouse

OVERLAPS = """
SELECT a.study_accession_code AS study, b.study_accession_code AS other, count(*) AS samples
FROM dim.study_sample x JOIN dim.study_sample y ON y.sample_key = x.sample_key AND y.study_key > x.study_key
JOIN dim.dim_study a ON a.study_key = x.study_key JOIN dim.dim_study b ON b.study_key = y.study_key
GROUP BY 1, 2 ORDER BY 1, 2
"""
MESSAGES = """
SELECT s.study_accession_code AS study, v.severity, v.validation_code AS code, v.details, v.batch_id
FROM meta.meta_data_validation_log v JOIN dim.dim_study s ON s.study_key = v.study_key
WHERE v.severity <> 'INFO' ORDER BY v.created_at, v.validation_code, v.details
"""
MESSAGE_SCHEMA = {"study": pl.String, "severity": pl.String, "code": pl.String, "details": pl.String}
TELLING = ("54100", "UNKNOWN_I2", "SOTH_IS_SS", "COMBINED_APPROXIMATE", "ONE_MEASUREMENT")
"""Codes of a run that a report shows although they are no warnings."""


def gather(
    warehouse: Warehouse,
    disease: str | None,
    technology: str | None,
    organism: str | None,
    *,
    filters: Filters,
    top: int,
    truth: pl.DataFrame | None = None,
) -> ReportData:
    """All that a report shows; the arguments are those of `pipeline.write_report`."""
    of = warehouse.published_slice(disease, technology, organism)
    which = (of.disease, of.technology, of.organism)
    run = warehouse.published_run(of)
    ranked = warehouse.ranked_pairs(filters, *which)
    settings = dict(run["settings"])
    counts = dict(settings.pop("counts", {}))
    dropped = settings.pop("genes_dropped", [])
    distributions = settings.pop("distributions", {})
    said = [one for one in settings.pop("messages", []) if one["severity"] != "INFO" or one["code"] in TELLING]
    if ranked.note and of.stale:
        said.insert(0, {"severity": "WARNING", "code": "STALE", "details": ranked.note})
    evidence = [
        warehouse.pair(a, b, disease=of.disease, technology=of.technology, organism=of.organism)
        for a, b in ranked.pairs.head(min(top, ranked.pairs.height)).select("genea_id", "geneb_id").iter_rows()
    ]
    loaded = set(warehouse.studies()["study"])  # of a slice that is out of date, some may be gone
    known = {accession: warehouse.study(accession) for accession in run["input_batches"] if accession in loaded}
    return ReportData(
        disease=of.disease,
        technology=of.technology,
        organism=of.organism,
        pairs=ranked.pairs,
        evidence=evidence,
        studies=_studies(known, settings),
        units=_units(known),
        labels=_many(known, "labels"),
        quality=_quality(known),
        overlaps=_only(warehouse.sql(OVERLAPS), known),
        messages=_messages(warehouse.sql(MESSAGES), run["input_batches"], said),
        genes=pl.DataFrame(dropped, infer_schema_length=None),
        distributions={name: pl.DataFrame(columns) for name, columns in distributions.items()},
        counts=counts | {"pairs_passing": ranked.passing},
        settings=settings,
        filters=asdict(filters),
        versions=run["versions"],
        files=_files(known),
        why_empty=ranked.note if ranked.pairs.is_empty() else "",
        truth=truth,
        run_id=of.feature_run_id,
    )


Known = Mapping[str, Mapping[str, Any]]


def _studies(known: Known, settings: Mapping[str, Any]) -> pl.DataFrame:
    contrasts = settings["contrasts"]
    labels = {"n_control": "control", "n_sepsis": "reference", "n_septic_shock": "case"}
    rows = []
    for accession, study in known.items():
        sizes: dict[str, int] = {}
        for label in study["labels"]:
            if not label["excluded"]:
                sizes[label["illness"]] = sizes.get(label["illness"], 0) + label["samples"]
        counted = {name: sizes.pop(contrasts[role], 0) for name, role in labels.items()}
        further = sum(count for label, count in sizes.items() if label in contrasts["others"])
        batch, qc = study["batch"], study["qc"] or {}
        rows.append(
            {
                "study": accession,
                "title": study["study"]["study_title"],
                "technology": study["study"]["study_technology"],
                "platform": study["study"]["study_platform_summary"],
                "unit_tag": batch["unit_tag"],
                "value_scale": batch["value_scale"],
                "genes": batch["genes"],
                "samples": batch["samples"],
                **counted,
                "n_others": further,
                "tied_floor_share": qc.get("tied_floor_share"),
                "quality_score": batch["quality_score"],
            }
        )
    return pl.DataFrame(rows, infer_schema_length=None)


def _units(known: Known) -> pl.DataFrame:
    rows = [
        {
            "study": accession,
            "step": str(step.get("step")),
            "outcome": str(step.get("outcome")),
            "evidence": ", ".join(f"{key}={value}" for key, value in step.items() if key not in {"step", "outcome"}),
        }
        for accession, study in known.items()
        for step in study["units"]["evidence"] or []
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def _many(known: Known, name: str) -> pl.DataFrame:
    rows = [{"study": accession, **row} for accession, study in known.items() for row in study[name]]
    return pl.DataFrame(rows, infer_schema_length=None)


def _quality(known: Known) -> pl.DataFrame:
    rows = [
        {"study": accession, "score": study["quality"]["score"]} | (study["quality"]["parts"] or {})
        for accession, study in known.items()
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def _only(frame: pl.DataFrame, known: Known) -> pl.DataFrame:
    return frame.filter(pl.col("study").is_in(list(known)) & pl.col("other").is_in(list(known)))


def _messages(log: pl.DataFrame, batches: Mapping[str, str], said: Sequence[Mapping[str, str]]) -> pl.DataFrame:
    """What the run said of its slice, then what was found in the batches that entered it, each once."""
    found = log.filter(pl.col("batch_id").is_in(list(batches.values()))).select(*MESSAGE_SCHEMA)
    return pl.concat([pl.DataFrame(said, schema=MESSAGE_SCHEMA), found]).unique(maintain_order=True)


def _files(known: Known) -> pl.DataFrame:
    names = ("file_name", "file_hash", "container_hash", "metadata_hash", "batch_id")
    rows = [{"study": accession} | {name: study["batch"][name] for name in names} for accession, study in known.items()]
    return pl.DataFrame(rows, infer_schema_length=None)
