"""The views analysts read: their names and their columns, in order. Their SQL is in `warehouse/views`."""

from __future__ import annotations

from expressway.coexpression.catalog import features
from expressway.warehouse.schema.pairs import BOUND_COLUMNS, STRICT_COLUMNS

_PAIR_COLUMNS = (
    "pair_key",
    "pair_uid",
    "genea_id",
    "genea_symbol",
    "geneb_id",
    "geneb_symbol",
    "disease_label",
    "technology",
    "organism",
    *(feature.column for feature in features()),
    *BOUND_COLUMNS,
    "agent_result_json",
    "feature_run_id",
    "i2_rule_value",
    "k_rule_value",
)

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
    "vw_gene_pairs_candidate": (*_PAIR_COLUMNS, "left_out_because", *STRICT_COLUMNS),
    "vw_pair_metrics_ranked": (*_PAIR_COLUMNS, *STRICT_COLUMNS),
    "vw_pair_metrics_significant": (*_PAIR_COLUMNS, *STRICT_COLUMNS),
}
