"""Gene pairs: the pairs that were found, their metrics over the studies of a slice, and the runs that made them.

A slice is a disease, a technology and an organism. Its pairs are replaced as a whole, in one transaction.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table
from sqlalchemy import text as sql

from expressway.coexpression.catalog import Q_COLUMNS, Q_STRICT, Feature, features
from expressway.warehouse.schema.columns import (
    DOUBLE,
    SHA256,
    code,
    dim_key,
    flag,
    identifier,
    json_column,
    metadata,
    moment,
    one_of,
    surrogate_key,
    text,
)
from expressway.warehouse.schema.columns import TIMESTAMP as TS
from expressway.warehouse.schema.dim import TECHNOLOGIES

META_STUDIES = "META_STUDIES"
SLICE_TECHNOLOGIES = (*TECHNOLOGIES, "ALL")
BOUND_COLUMNS = tuple(f"{name.lower()}_bound" for name in Q_COLUMNS)
STRICT_COLUMNS = (Q_STRICT, f"{Q_STRICT}_bound")
ENTITY_SCOPES = ("GENE", "GENE_PAIR", "GENE_PAIR_META", "SAMPLE", "STUDY_COHORT")

dim_gene_pair = Table(
    "dim_gene_pair",
    metadata,
    surrogate_key("pair_key", "dim", BigInteger),
    dim_key("dim_gene", key="gene_key", column="genea_key", nullable=False),
    dim_key("dim_gene", key="gene_key", column="geneb_key", nullable=False),
    Column("pair_natural_key", code(24), nullable=False, comment="The two gene keys joined by _."),
    Column(
        "pair_uid",
        identifier(511),
        nullable=False,
        comment="The two gene ids in byte order, joined by |: the same in every warehouse.",
    ),
    Column("genea_symbol", text(255), comment="When the pair was stored last; the views read dim_gene."),
    Column("geneb_symbol", text(255)),
    sa.UniqueConstraint("genea_key", "geneb_key"),
    sa.CheckConstraint("genea_key < geneb_key", name="canonical_order"),
    schema="dim",
    comment="One row per pair of genes that was ever stored; a pair keeps its key.",
)
Index(None, dim_gene_pair.c.geneb_key)
Index(None, dim_gene_pair.c.pair_uid)


def _feature_column(feature: Feature) -> Column[float]:
    kind = Integer() if feature.is_count else DOUBLE
    return Column(feature.column, kind, nullable=feature.nullable, comment=feature.description)


def _bound_column(name: str) -> Column[bool]:
    return Column(
        name,
        Boolean,
        nullable=False,
        server_default=sa.false(),
        comment="True where the rate is NULL because it is only known to lie above the kept tail.",
    )


fact_gene_pair_metrics = Table(
    "fact_gene_pair_metrics",
    metadata,
    Column("pair_key", BigInteger, sa.ForeignKey("dim.dim_gene_pair.pair_key"), nullable=False),
    Column("metrics_scope", code(20), nullable=False, server_default=META_STUDIES),
    dim_key("dim_disease", key="disease_key", nullable=False),
    Column("technology", code(20), nullable=False, comment="ALL combines the technologies in a second stage."),
    Column("organism", identifier(255), nullable=False),
    Column("study_key", Integer, comment="NULL: a row is about all studies of the slice."),
    *(_feature_column(feature) for feature in features()),
    *(_bound_column(name) for name in BOUND_COLUMNS),
    Column("feature_run_id", code(36), nullable=False),
    Column("batch_id", SHA256, comment="NULL: meta.feature_run has the batches that entered."),
    *json_column("agent_result_json", "What a reviewer found."),
    flag("csv_override", False, "The row comes from an imported table that overrules the aggregate."),
    moment("etl_created_date"),
    Column(
        Q_STRICT,
        DOUBLE,
        comment="FDR of the smallest p of ss, soth and combined over all p of these three, stacked; no score or "
        "filter reads it. NULL also in rows from before schema 6.",
    ),
    _bound_column(f"{Q_STRICT}_bound"),
    sa.UniqueConstraint("pair_key", "metrics_scope", "disease_key", "technology", "organism"),
    one_of("metrics_scope", META_STUDIES),
    one_of("technology", *SLICE_TECHNOLOGIES),
    schema="fact",
    comment="One row per stored pair and slice: what all its studies say together.",
)
_best_first = fact_gene_pair_metrics.c.new_rank_score.desc()
_beside = ["combined_p_value", "power_score"]
Index("ix_fact_gene_pair_metrics_new_rank_score", _best_first, postgresql_include=_beside, mssql_include=_beside)
Index(None, fact_gene_pair_metrics.c.p_ss, fact_gene_pair_metrics.c.p_soth, fact_gene_pair_metrics.c.rank_score)

# No primary key: millions of rows at a time, whose key says nothing.
fact_feature_values = Table(
    "fact_feature_values",
    metadata,
    surrogate_key("feature_record_key", "fact", BigInteger, primary_key=False),
    Column("entity_scope", code(20), nullable=False),
    Column("entity_id_1", BigInteger, nullable=False, comment="For GENE_PAIR_META the pair_key."),
    Column("entity_id_2", BigInteger),
    Column("feature_name", code(64), nullable=False, comment="As meta.meta_feature_catalog has it."),
    Column("feature_value", DOUBLE, comment="NULL as the null policy of the feature says."),
    Column("study_key", Integer),
    Column("disease_key", Integer),
    Column("technology", code(20)),
    Column("feature_run_id", code(36), nullable=False),
    Column("batch_id", SHA256),
    moment("etl_created_date"),
    one_of("entity_scope", *ENTITY_SCOPES),
    schema="fact",
    comment="The same numbers one feature a row, for models; written on request.",
)
Index(None, fact_feature_values.c.feature_run_id)

meta_feature_catalog = Table(
    "meta_feature_catalog",
    metadata,
    Column("feature_name", code(64), primary_key=True, comment="In lower case, its column in fact_gene_pair_metrics."),
    Column("description", text(), nullable=False),
    Column("expected_scale", code(32), nullable=False),
    Column("null_policy", code(32), nullable=False),
    Column("scope", code(20), nullable=False),
    Column("min", DOUBLE, comment="Inclusive; NULL where there is no bound."),
    Column("max", DOUBLE),
    Column("better", code(10), nullable=False, comment="high, low, abs_high or none."),
    Column("role", code(10), nullable=False, comment="evidence, support, or output, which no model may read."),
    Column("source", code(10), nullable=False, comment="seed or extension."),
    Column("catalog_version", code(20), nullable=False),
    schema="meta",
    comment="The features of a pair: scale, bounds, and when they are NULL.",
)

feature_run = Table(
    "feature_run",
    metadata,
    Column("feature_run_id", code(36), primary_key=True),
    dim_key("dim_disease", key="disease_key", nullable=False),
    Column("technology", code(20), nullable=False),
    Column("organism", identifier(255), nullable=False),
    *json_column("settings_json", "Every setting of the analysis."),
    Column("settings_hash", SHA256, comment="Of the settings."),
    *json_column("versions_json", "Versions of the software."),
    *json_column("input_batches_json", "The batch_id of every study that entered."),
    *json_column("seeds_json", "Seeds of whatever draws at random."),
    Column("genes", Integer, comment="Genes that entered."),
    Column("pairs_tested", BigInteger, comment="m of the false discovery rates."),
    Column("pairs_stored", BigInteger, nullable=False, server_default=sql("0")),
    Column("clipped", BigInteger, comment="Correlations pulled back from 1 or -1."),
    Column("dropped", Integer, comment="Genes that were left out."),
    moment("started_at"),
    Column("ended_at", TS),
    Column("status", code(12), nullable=False, comment="STALE: studies or genes of the run have changed since."),
    one_of("status", "CURRENT", "STALE", "REPLACED"),
    schema="meta",
    comment="Every run that stored pairs: from what, how, how many. One per slice is CURRENT or STALE.",
)
