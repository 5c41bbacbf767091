"""The views analysts read: their names and their columns, in order. Their SQL is in `warehouse/views`."""

from __future__ import annotations

VIEWS: dict[str, tuple[str, ...]] = {
    "vw_expression_long": (
        "sample_key",
        "sample_accession_code",
        "sample_title",
        "illness_label",
        "study_key",
        "study_accession_code",
        "study_title",
        "study_technology",
        "platform_name",
        "gene_key",
        "gene_id",
        "gene_symbol",
        "expression_value_raw",
        "expression_value",
        "expression_log2_value",
        "is_detected",
        "batch_id",
    ),
    "vw_expression_by_cohort": (
        "study_key",
        "study_accession_code",
        "illness_label",
        "gene_key",
        "gene_id",
        "gene_symbol",
        "sample_count",
        "detected_count",
        "mean",
        "std",
        "min",
        "max",
        "median",
    ),
    "vw_spearman_export": (
        "sample_key",
        "gene_key",
        "expression_value",
        "illness_label",
        "study_key",
    ),
}
