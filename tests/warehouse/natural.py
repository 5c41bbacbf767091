"""The content of a warehouse by natural keys: two warehouses are equal when these are."""

from __future__ import annotations

from typing import Any

import polars as pl

from expressway import Warehouse

QUERIES = {
    "dim_study": """
        SELECT study_accession_code, study_title, study_pubmed_id, study_technology, study_organism,
               study_platform_summary, study_description, study_unit_tag, value_scale, study_status, hold_reason,
               source_first_published, source_last_modified, source_kind FROM dim.dim_study ORDER BY 1""",
    "dim_sample": """
        SELECT s.sample_accession_code, s.sample_title, s.sample_organism, s.sample_platform, s.sample_treatment,
               s.sample_cell_line, s.sample_tissue, s.sample_subject, s.sample_time, s.sample_age, s.sample_sex,
               s.is_processed, s.processor_name, s.processor_version, p.platform_accession, st.study_accession_code,
               i.illness_label, CAST(s.source_json AS VARCHAR) AS source_json
        FROM dim.dim_sample s LEFT JOIN dim.dim_platform p ON p.platform_key = s.platform_key
        LEFT JOIN dim.dim_study st ON st.study_key = s.study_key
        LEFT JOIN dim.dim_illness i ON i.illness_key = s.illness_key ORDER BY 1""",
    "study_sample": """
        SELECT st.study_accession_code, s.sample_accession_code, ss.title, i.illness_label, ss.illness_method,
               ss.illness_rule, ss.illness_evidence, ss.illness_ruleset, ss.exclude_from_analysis, ss.exclude_reason
        FROM dim.study_sample ss JOIN dim.dim_study st ON st.study_key = ss.study_key
        JOIN dim.dim_sample s ON s.sample_key = ss.sample_key
        JOIN dim.dim_illness i ON i.illness_key = ss.illness_key ORDER BY 1, 2""",
    "dim_gene": """
        SELECT g.gene_id, g.gene_id_type, g.organism, g.gene_symbol, g.gene_name, g.chromosome, a.gene_id AS analysis
        FROM dim.dim_gene g LEFT JOIN dim.dim_gene a ON a.gene_key = g.analysis_gene_key ORDER BY 1, 2, 3""",
    "dim_illness": "SELECT illness_label, illness_definition FROM dim.dim_illness ORDER BY 1",
    "dim_platform": """
        SELECT platform_accession, platform_name, manufacturer, measurement_technology
        FROM dim.dim_platform ORDER BY 1""",
    "study_disease_map": """
        SELECT st.study_accession_code, d.disease_label, m.is_active FROM dim.study_disease_map m
        JOIN dim.dim_study st ON st.study_key = m.study_key JOIN dim.dim_disease d ON d.disease_key = m.disease_key
        ORDER BY 1, 2, 3""",
    "batch": """
        SELECT batch_id, study_accession_code, file_hash, metadata_hash, settings_hash, value_settings_hash, file_size,
               created_at, status, is_current, unit_tag, value_scale, genes, samples, cells_in, cells_loaded,
               cells_quarantined, cells_skipped, cells_merged, nulls FROM meta.batch ORDER BY 1""",
    "staging": """
        SELECT b.batch_id, r.line_no, r.gene_id, r.sample_accession_code, r.value_text, r.reject_code
        FROM staging.expression_rows r JOIN meta.batch b ON b.batch_key = r.batch_key ORDER BY 1, 2, 4""",
    "fact": """
        SELECT st.study_accession_code, g.gene_id, s.sample_accession_code, b.batch_id, f.expression_value_raw,
               f.expression_value, f.is_detected, f.is_significant
        FROM fact.fact_gene_expression f JOIN dim.dim_study st ON st.study_key = f.study_key
        JOIN dim.dim_gene g ON g.gene_key = f.gene_key JOIN dim.dim_sample s ON s.sample_key = f.sample_key
        JOIN meta.batch b ON b.batch_key = f.batch_key ORDER BY 1, 2, 3""",
}


def natural_state(warehouse: Warehouse) -> dict[str, list[tuple[Any, ...]]]:
    """Rows of every table without surrogate keys, run ids and times; facts as a count and a hash of their rows."""
    state: dict[str, list[tuple[Any, ...]]] = {}
    for name, query in QUERIES.items():
        frame = warehouse.sql(query)
        if name == "fact":
            state[name] = [(frame.height, _fingerprint(frame))]
        else:
            state[name] = frame.rows()
    return state


def _fingerprint(frame: pl.DataFrame) -> int:
    if frame.is_empty():
        return 0
    types = {"expression_value_raw": pl.Float64, "expression_value": pl.Float64}
    plain = frame.cast(types | {"is_detected": pl.Boolean, "is_significant": pl.Boolean})  # type: ignore[arg-type]
    return int(plain.hash_rows(seed=1).implode().hash(seed=2).item())
