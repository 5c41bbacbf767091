"""Facts: the expression values of the current batch of every study."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Integer, Table

from expressway.warehouse.schema.columns import DOUBLE, metadata

# No primary key, foreign key or unique constraint: gene and sample ids are unique on the axes of a matrix, which
# proves every cell unique at the cost of G + N; an index over G x N rows makes replacing a batch many times slower.
fact_gene_expression = Table(
    "fact_gene_expression",
    metadata,
    Column("sample_key", Integer, nullable=False),
    Column("gene_key", Integer, nullable=False),
    Column("study_key", Integer, nullable=False, comment="A sample of two studies has its facts in both."),
    Column("batch_key", Integer, nullable=False),
    Column("expression_value_raw", DOUBLE, comment="As in the file; NULL where the file has no value."),
    Column("expression_value", DOUBLE, comment="On the analysis scale of the batch (meta.batch.value_scale)."),
    Column("is_detected", Boolean, comment="False at the tied floor or at zero; NULL where detection means nothing."),
    Column("is_significant", Boolean, comment="Reserved; NULL."),
    schema="fact",
    comment="One row per gene and sample of a study's current batch, on servers a partition per study.",
)
