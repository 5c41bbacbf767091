"""Dimension rows: missing ones are added before a batch, their attributes change with it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from expressway.errors import KeyNotResolved
from expressway.studies.annotation import gene_id_types
from expressway.studies.hashes import warehouse_accession
from expressway.studies.study import Sample, Study
from expressway.warehouse.diseases import study_key
from expressway.warehouse.engines.base import Connection
from expressway.warehouse.genes import add_genes, resolve_new_genes
from expressway.warehouse.upserts import insert_missing, upsert

UNKNOWN_ORGANISM = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Keys:
    """Surrogate keys of a study, its genes and its samples in axis order."""

    study: int
    genes: NDArray[np.int32]
    samples: NDArray[np.int32]


def sample_accessions(study: Study) -> list[str]:
    """The accession under which each sample stands in dim_sample."""
    return [
        warehouse_accession(study.info.accession, sample.accession, study.info.source_kind) for sample in study.samples
    ]


def ensure_keys(connection: Connection, study: Study) -> Keys:
    """Add the dimension rows that are missing, in a short transaction of its own, and return all keys."""
    organism = study.info.organism or UNKNOWN_ORGANISM
    genes = pl.DataFrame({"gene_id": study.genes}).with_columns(
        gene_id_type=gene_id_types(study.genes), organism=pl.lit(organism)
    )
    samples = pl.DataFrame({"sample_accession_code": sample_accessions(study)})
    with connection.transaction():
        insert_missing(connection, "dim.dim_study", pl.DataFrame({"study_accession_code": [study.info.accession]}))
        upsert(connection, "dim.dim_platform", _platforms(study), ["platform_accession"])
        labels = pl.DataFrame({"illness_label": sorted({label.illness for label in study.labels})})
        insert_missing(connection, "dim.dim_illness", labels)
        insert_missing(connection, "dim.dim_disease", pl.DataFrame({"disease_label": [study.disease]}))
        insert_missing(connection, "dim.dim_sample", samples)
        add_genes(connection, genes)
        resolve_new_genes(connection, organism)
        return Keys(
            study=study_key(connection, study.info.accession),
            genes=_keys(connection, "dim.dim_gene", "gene_key", genes),
            samples=_keys(connection, "dim.dim_sample", "sample_key", samples),
        )


def _keys(connection: Connection, table: str, key: str, natural: pl.DataFrame) -> NDArray[np.int32]:
    connection.stage("wanted", natural.with_row_index("position").cast({"position": pl.Int64}))
    match = " AND ".join(f"t.{name} = w.{name}" for name in natural.columns)
    found = connection.fetchall(f"SELECT t.{key} FROM wanted w JOIN {table} t ON {match} ORDER BY w.position")
    if len(found) != natural.height:
        raise KeyNotResolved(f"{natural.height - len(found)} rows have no key in {table}", value=table)
    return np.array([row[0] for row in found], np.int32)


def _platforms(study: Study) -> pl.DataFrame:
    rows = {platform.accession: platform for platform in study.platforms.values()}
    return pl.DataFrame(
        [
            {
                "platform_accession": platform.accession,
                "platform_name": platform.name,
                "manufacturer": platform.manufacturer,
                "measurement_technology": platform.technology,
            }
            for _, platform in sorted(rows.items())
        ],
        schema=dict.fromkeys(
            ("platform_accession", "platform_name", "manufacturer", "measurement_technology"), pl.String
        ),
    )


def update_study(connection: Connection, study: Study, key: int) -> None:
    """Write the attributes of a study, its samples and their labels; part of the batch's transaction."""
    _update_dim_study(connection, study)
    _replace_study_samples(connection, study, key)
    _update_owned_samples(connection, study, key)


def _update_dim_study(connection: Connection, study: Study) -> None:
    info, units = study.info, study.units
    row: dict[str, Any] = {
        "study_accession_code": info.accession,
        "study_title": info.title,
        "study_pubmed_id": info.pubmed_id,
        "study_technology": info.technology,
        "study_organism": info.organism or UNKNOWN_ORGANISM,
        "study_platform_summary": info.platform_summary or _platform_summary(study),
        "study_description": info.description,
        "study_unit_tag": units.unit_tag,
        "value_scale": units.value_scale,
        "study_status": "HELD" if study.hold_reason else "ACTIVE",
        "hold_reason": study.hold_reason,
        "source_first_published": info.source_first_published,
        "source_last_modified": info.source_last_modified,
        "source_kind": info.source_kind,
    }
    frame = pl.DataFrame([row], schema=dict.fromkeys(row, pl.String))
    upsert(connection, "dim.dim_study", frame, ["study_accession_code"], staged="study_row")
    connection.execute(
        "UPDATE dim.dim_study SET etl_updated_date = CURRENT_TIMESTAMP "
        "WHERE study_accession_code IN (SELECT study_accession_code FROM study_row)"
    )


def _platform_summary(study: Study) -> str | None:
    names = sorted({platform.name for platform in study.platforms.values()})
    return "; ".join(names) or None


def _replace_study_samples(connection: Connection, study: Study, key: int) -> None:
    rows = [
        {
            "sample_accession_code": accession,
            "title": sample.title,
            "illness_label": label.illness,
            "illness_method": label.method,
            "illness_rule": label.rule,
            "illness_evidence": label.evidence,
            "illness_ruleset": label.ruleset,
            "exclude_from_analysis": label.exclude or sample.exclude,
            "exclude_reason": sample.exclude_reason if sample.exclude else label.exclude_reason,
        }
        for accession, sample, label in zip(sample_accessions(study), study.samples, study.labels, strict=True)
    ]
    schema = dict.fromkeys(rows[0], pl.String) | {"exclude_from_analysis": pl.Boolean}
    connection.stage("labelled", pl.DataFrame(rows, schema=schema))
    connection.execute(f"DELETE FROM dim.study_sample WHERE study_key = {key}")
    connection.execute(
        "INSERT INTO dim.study_sample (study_key, sample_key, title, illness_key, illness_method, illness_rule, "
        "illness_evidence, illness_ruleset, exclude_from_analysis, exclude_reason) "
        f"SELECT {key}, s.sample_key, l.title, i.illness_key, l.illness_method, l.illness_rule, l.illness_evidence, "
        "l.illness_ruleset, l.exclude_from_analysis, l.exclude_reason FROM labelled l "
        "JOIN dim.dim_sample s ON s.sample_accession_code = l.sample_accession_code "
        "JOIN dim.dim_illness i ON i.illness_label = l.illness_label ORDER BY s.sample_key"
    )


OWNERS = """
SELECT ss.sample_key, ss.study_key, ss.illness_key FROM dim.study_sample ss
JOIN dim.dim_study st ON st.study_key = ss.study_key
WHERE NOT EXISTS (
    SELECT 1 FROM dim.study_sample other JOIN dim.dim_study os ON os.study_key = other.study_key
    WHERE other.sample_key = ss.sample_key AND os.study_accession_code < st.study_accession_code)
"""


def _update_owned_samples(connection: Connection, study: Study, key: int) -> None:
    rows = [
        _sample_row(study, sample, code) for code, sample in zip(sample_accessions(study), study.samples, strict=True)
    ]
    schema = dict.fromkeys(rows[0], pl.String) | {"is_processed": pl.Boolean}
    connection.stage("described", pl.DataFrame(rows, schema=schema))
    connection.execute(
        "CREATE TEMP TABLE owned AS SELECT d.*, p.platform_key FROM described d "
        "LEFT JOIN dim.dim_platform p ON p.platform_accession = d.platform_accession "
        f"JOIN dim.dim_sample s ON s.sample_accession_code = d.sample_accession_code "
        f"JOIN ({OWNERS}) o ON o.sample_key = s.sample_key AND o.study_key = {key}"
    )
    columns = [name for name in rows[0] if name not in {"sample_accession_code", "platform_accession"}]
    assign = ", ".join(f"{name} = o.{name}" for name in [*columns, "platform_key"])
    assign = assign.replace("o.source_json", "CAST(o.source_json AS JSON)")
    connection.execute(
        f"UPDATE dim.dim_sample AS t SET {assign} FROM owned o WHERE t.sample_accession_code = o.sample_accession_code"
    )
    connection.execute("DROP TABLE owned")
    update_owners(connection)


def update_owners(connection: Connection) -> None:
    """Point dim_sample at the study with the smallest accession that holds the sample, and at its label."""
    connection.execute(
        f"UPDATE dim.dim_sample AS t SET study_key = o.study_key, illness_key = o.illness_key FROM ({OWNERS}) o "
        "WHERE t.sample_key = o.sample_key AND "
        "(t.study_key IS DISTINCT FROM o.study_key OR t.illness_key IS DISTINCT FROM o.illness_key)"
    )


def _sample_row(study: Study, sample: Sample, accession: str) -> dict[str, Any]:
    platform = study.platforms.get(sample.platform or "")
    return {
        "sample_accession_code": accession,
        "sample_title": sample.title,
        "sample_organism": sample.organism,
        "sample_platform": sample.platform,
        "sample_treatment": sample.treatment,
        "sample_cell_line": sample.cell_line,
        "sample_tissue": sample.tissue,
        "sample_subject": sample.subject,
        "sample_time": sample.time,
        "sample_age": sample.age,
        "sample_sex": sample.sex,
        "is_processed": sample.is_processed,
        "processor_name": sample.processor_name,
        "processor_version": sample.processor_version,
        "platform_accession": platform.accession if platform else None,
        "source_json": json.dumps(dict(sample.source), sort_keys=True, ensure_ascii=False, default=str),
    }
