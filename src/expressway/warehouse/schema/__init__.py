"""The star schema, defined once: five schemas of tables and views that every engine creates alike.

Comments on tables and columns are part of the definition; engines turn them into database comments.
Natural keys decide what is the same; surrogate keys come from sequences and may differ between databases.
"""

from __future__ import annotations

import sqlalchemy as sa

from expressway.warehouse.schema.analytics import VIEWS
from expressway.warehouse.schema.columns import metadata
from expressway.warehouse.schema.dim import (
    dim_disease,
    dim_gene,
    dim_illness,
    dim_platform,
    dim_sample,
    dim_study,
    gene_alias,
    study_disease_map,
    study_sample,
)
from expressway.warehouse.schema.fact import fact_gene_expression
from expressway.warehouse.schema.meta import (
    batch,
    meta_data_validation_log,
    meta_etl_process_log,
    meta_study_qc,
    schema_version,
)
from expressway.warehouse.schema.pairs import (
    dim_gene_pair,
    fact_feature_values,
    fact_gene_pair_metrics,
    feature_run,
    meta_feature_catalog,
)
from expressway.warehouse.schema.seeds import FEATURE_SEEDS, SEEDS
from expressway.warehouse.schema.staging import expression_rows

SCHEMAS = ("dim", "fact", "staging", "meta", "analytics")


def table(name: str) -> sa.Table:
    """The definition of a table by its qualified name, e.g. `meta.batch`."""
    return metadata.tables[name]


__all__ = [
    "FEATURE_SEEDS",
    "SCHEMAS",
    "SEEDS",
    "VIEWS",
    "batch",
    "dim_disease",
    "dim_gene",
    "dim_gene_pair",
    "dim_illness",
    "dim_platform",
    "dim_sample",
    "dim_study",
    "expression_rows",
    "fact_feature_values",
    "fact_gene_expression",
    "fact_gene_pair_metrics",
    "feature_run",
    "gene_alias",
    "meta_data_validation_log",
    "meta_etl_process_log",
    "meta_feature_catalog",
    "meta_study_qc",
    "metadata",
    "schema_version",
    "study_disease_map",
    "study_sample",
    "table",
]
