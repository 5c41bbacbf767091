"""Dimensions: studies, samples, genes, illnesses, platforms, diseases, and what ties them together."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import BigInteger, Boolean, Column, Index, Table

from expressway.warehouse.schema.columns import TIMESTAMP as TS
from expressway.warehouse.schema.columns import (
    code,
    dim_key,
    etl_dates,
    flag,
    identifier,
    json_column,
    metadata,
    moment,
    one_of,
    only_one_where,
    surrogate_key,
    text,
)

TECHNOLOGIES = ("RNA-SEQ", "MICROARRAY", "OTHER")
VALUE_SCALES = ("LOG2", "LINEAR", "QN", "SCALED", "UNKNOWN")

dim_study = Table(
    "dim_study",
    metadata,
    surrogate_key("study_key", "dim"),
    Column("study_accession_code", code(50), nullable=False, unique=True, comment="Natural key, e.g. GSE57065."),
    Column("study_title", text()),
    Column("study_pubmed_id", text()),
    Column("study_technology", code(20), nullable=False, server_default="OTHER"),
    Column("study_organism", text(), comment="As refine.bio writes it: HOMO_SAPIENS."),
    Column("study_platform_summary", text()),
    Column("study_description", text()),
    Column("study_unit_tag", code(20), comment="Units of the current batch, e.g. COUNTS, TPM, QN_TARGET."),
    Column("value_scale", code(10), comment="Scale of expression_value in the current batch."),
    Column("study_status", code(10), nullable=False, server_default="ACTIVE"),
    Column("hold_reason", text(), comment="Why a HELD study stays out of exports and aggregation."),
    Column("source_first_published", text(), comment="The source's own string."),
    Column("source_last_modified", text(), comment="The source's own string."),
    Column("source_kind", code(10), nullable=False, server_default="REFINEBIO"),
    *etl_dates(),
    one_of("study_technology", *TECHNOLOGIES),
    one_of("value_scale", *VALUE_SCALES),
    one_of("study_status", "ACTIVE", "HELD"),
    one_of("source_kind", "REFINEBIO", "MATRIX"),
    schema="dim",
    comment="One row per study, by accession.",
)

dim_illness = Table(
    "dim_illness",
    metadata,
    surrogate_key("illness_key", "dim"),
    Column("illness_label", code(64), nullable=False, unique=True, comment="Natural key; the cohort of a sample."),
    Column("illness_definition", text(500)),
    schema="dim",
    comment="The cohorts a sample can belong to.",
)

dim_platform = Table(
    "dim_platform",
    metadata,
    surrogate_key("platform_key", "dim"),
    Column("platform_accession", identifier(400), nullable=False, unique=True, comment="Natural key."),
    Column("platform_name", text()),
    Column("manufacturer", text()),
    Column("measurement_technology", code(20)),
    one_of("measurement_technology", *TECHNOLOGIES),
    schema="dim",
    comment="Arrays and sequencers, normalised from `Name (Accession)`.",
)

dim_gene = Table(
    "dim_gene",
    metadata,
    surrogate_key("gene_key", "dim"),
    Column("gene_id", identifier(255), nullable=False, comment="Without version suffix; case matters."),
    Column("gene_id_type", code(10), nullable=False),
    Column(
        "organism", identifier(255), nullable=False, server_default="UNKNOWN", comment="UNKNOWN if no source tells."
    ),
    dim_key(
        "dim_gene",
        key="gene_key",
        column="analysis_gene_key",
        comment="The row under which studies are pooled: the Ensembl gene that the id maps to, else the row itself.",
    ),
    Column("gene_symbol", text(255)),
    Column("entrez_id", text(), comment="NCBI gene ids that the annotation gives, joined by |."),
    Column("gene_name", text()),
    Column("gene_type", text(255)),
    Column("chromosome", text(255)),
    Column("start_position", BigInteger),
    Column("end_position", BigInteger),
    Column("annotation_source", text(), comment="The gene table that symbol, name and position come from."),
    *etl_dates(),
    sa.UniqueConstraint("gene_id", "gene_id_type", "organism"),
    one_of("gene_id_type", "ENSEMBL", "SYMBOL", "ENTREZ", "PROBE"),
    schema="dim",
    comment="One row per gene id of a type in an organism, as the sources write it.",
)
Index(None, dim_gene.c.analysis_gene_key)
Index(None, dim_gene.c.gene_symbol)

gene_alias = Table(
    "gene_alias",
    metadata,
    Column("organism", identifier(255), nullable=False),
    Column("alias", identifier(255), nullable=False),
    Column("approved_symbol", identifier(255), nullable=False, comment="Several rows where an alias is ambiguous."),
    Column("annotation_source", text()),
    sa.UniqueConstraint("organism", "alias", "approved_symbol"),
    schema="dim",
    comment="Older and other names of genes with the symbol that is approved now.",
)

dim_sample = Table(
    "dim_sample",
    metadata,
    surrogate_key("sample_key", "dim"),
    Column(
        "sample_accession_code",
        identifier(400),
        nullable=False,
        unique=True,
        comment="Natural key; <study>:<sample> for samples of a plain matrix without a public accession.",
    ),
    Column("sample_title", text()),
    Column("sample_organism", text()),
    Column("sample_platform", text()),
    Column("sample_treatment", text()),
    Column("sample_cell_line", text()),
    Column("sample_tissue", text()),
    Column("sample_subject", text(), comment="The person or animal; repeats where a study follows subjects in time."),
    Column("sample_time", text()),
    Column("sample_age", text()),
    Column("sample_sex", text()),
    Column("is_processed", Boolean),
    Column("processor_name", text()),
    Column("processor_version", text()),
    dim_key("dim_platform", key="platform_key"),
    dim_key("dim_study", key="study_key", comment="The owner: the smallest accession of the studies that hold it."),
    dim_key("dim_illness", key="illness_key", comment="The label in the owner study; study_sample has every study's."),
    *json_column("source_json", "The submitter's words, untouched."),
    *etl_dates(),
    schema="dim",
    comment="One row per sample, by accession. What depends on the study is in study_sample.",
)
Index(None, dim_sample.c.study_key)

study_sample = Table(
    "study_sample",
    metadata,
    dim_key("dim_study", key="study_key", primary_key=True, autoincrement=False),
    dim_key("dim_sample", key="sample_key", primary_key=True, autoincrement=False),
    Column("title", text()),
    dim_key("dim_illness", key="illness_key", nullable=False),
    Column("illness_method", code(10), nullable=False, comment="What the label rests on."),
    Column("illness_rule", text(), comment="Id of the rule that gave the label."),
    Column("illness_evidence", text(), comment="The words that the rule matched."),
    Column("illness_ruleset", text(), comment="Name and version of the rules."),
    flag("exclude_from_analysis", False, "Views leave the sample out."),
    Column("exclude_reason", text()),
    one_of("illness_method", "OVERRIDE", "FIELD", "TITLE", "DEFAULT"),
    schema="dim",
    comment="A sample in a study: its title, its illness label with evidence, its exclusion.",
)
Index(None, study_sample.c.sample_key)

dim_disease = Table(
    "dim_disease",
    metadata,
    surrogate_key("disease_key", "dim"),
    Column("disease_label", code(64), nullable=False, unique=True, comment="Natural key; a study's spectrum."),
    Column("disease_ontology", code(64), comment="DOID, SNOMED or UMLS id."),
    flag("is_active", True),
    *etl_dates(),
    schema="dim",
    comment="The condition that a study is about; what a single sample has is dim_illness.",
)

study_disease_map = Table(
    "study_disease_map",
    metadata,
    surrogate_key("study_disease_map_key", "dim"),
    dim_key("dim_study", key="study_key", nullable=False),
    dim_key("dim_disease", key="disease_key", nullable=False),
    flag("is_active", True, "At most one row per study is active; the others are its history."),
    moment("effective_from"),
    Column("effective_to", TS),
    Column("created_by", text(128)),
    moment("created_at"),
    Column("updated_by", text(128)),
    Column("updated_at", TS),
    schema="dim",
    comment="Which disease a study counts for, with history.",
)
only_one_where(study_disease_map.c.is_active, per=study_disease_map.c.study_key)
