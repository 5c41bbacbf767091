-- Expressway warehouse, schema 2, SQL Server 2022.
-- Run it in an empty database: sqlcmd -b -I -i THIS_FILE

SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
GO

IF SCHEMA_ID(N'dim') IS NULL EXEC(N'CREATE SCHEMA dim');
GO

IF SCHEMA_ID(N'fact') IS NULL EXEC(N'CREATE SCHEMA fact');
GO

IF SCHEMA_ID(N'staging') IS NULL EXEC(N'CREATE SCHEMA staging');
GO

IF SCHEMA_ID(N'meta') IS NULL EXEC(N'CREATE SCHEMA meta');
GO

IF SCHEMA_ID(N'analytics') IS NULL EXEC(N'CREATE SCHEMA analytics');
GO

CREATE SEQUENCE dim.disease_key_seq START WITH 1;
GO

CREATE SEQUENCE dim.gene_key_seq START WITH 1;
GO

CREATE SEQUENCE dim.illness_key_seq START WITH 1;
GO

CREATE SEQUENCE dim.platform_key_seq START WITH 1;
GO

CREATE SEQUENCE dim.study_key_seq START WITH 1;
GO

CREATE SEQUENCE meta.batch_key_seq START WITH 1;
GO

CREATE SEQUENCE dim.sample_key_seq START WITH 1;
GO

CREATE SEQUENCE dim.study_disease_map_key_seq START WITH 1;
GO

CREATE TABLE dim.dim_disease (
    disease_key INTEGER NOT NULL DEFAULT NEXT VALUE FOR dim.disease_key_seq,
    disease_label VARCHAR(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
    disease_ontology VARCHAR(64) COLLATE Latin1_General_100_BIN2 NULL,
    is_active BIT NOT NULL DEFAULT 1,
    etl_created_date DATETIME2(3) NOT NULL DEFAULT SYSUTCDATETIME(),
    etl_updated_date DATETIME2(3) NULL,
    CONSTRAINT pk_dim_disease PRIMARY KEY (disease_key),
    CONSTRAINT uq_dim_disease_disease_label UNIQUE (disease_label)
);
GO

EXEC sp_addextendedproperty N'MS_Description', N'The condition that a study is about; what a single sample has is dim_illness.', N'SCHEMA', N'dim', N'TABLE', N'dim_disease';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Natural key; a study''s spectrum.', N'SCHEMA', N'dim', N'TABLE', N'dim_disease', N'COLUMN', N'disease_label';
GO

EXEC sp_addextendedproperty N'MS_Description', N'DOID, SNOMED or UMLS id.', N'SCHEMA', N'dim', N'TABLE', N'dim_disease', N'COLUMN', N'disease_ontology';
GO

CREATE TABLE dim.dim_gene (
    gene_key INTEGER NOT NULL DEFAULT NEXT VALUE FOR dim.gene_key_seq,
    gene_id NVARCHAR(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
    gene_id_type VARCHAR(10) COLLATE Latin1_General_100_BIN2 NOT NULL,
    organism NVARCHAR(255) COLLATE Latin1_General_100_BIN2 NOT NULL DEFAULT 'UNKNOWN',
    analysis_gene_key INTEGER NULL,
    gene_symbol NVARCHAR(255) NULL,
    entrez_id NVARCHAR(max) NULL,
    gene_name NVARCHAR(max) NULL,
    gene_type NVARCHAR(255) NULL,
    chromosome NVARCHAR(255) NULL,
    start_position BIGINT NULL,
    end_position BIGINT NULL,
    annotation_source NVARCHAR(max) NULL,
    etl_created_date DATETIME2(3) NOT NULL DEFAULT SYSUTCDATETIME(),
    etl_updated_date DATETIME2(3) NULL,
    CONSTRAINT pk_dim_gene PRIMARY KEY (gene_key),
    CONSTRAINT uq_dim_gene_gene_id_gene_id_type_organism UNIQUE (gene_id, gene_id_type, organism),
    CONSTRAINT ck_dim_gene_gene_id_type CHECK (gene_id_type IN ('ENSEMBL', 'SYMBOL', 'ENTREZ', 'PROBE')),
    CONSTRAINT fk_dim_gene_analysis_gene_key FOREIGN KEY(analysis_gene_key) REFERENCES dim.dim_gene (gene_key)
);
GO

CREATE INDEX ix_dim_gene_analysis_gene_key ON dim.dim_gene (analysis_gene_key);
GO

CREATE INDEX ix_dim_gene_gene_symbol ON dim.dim_gene (gene_symbol);
GO

EXEC sp_addextendedproperty N'MS_Description', N'One row per gene id of a type in an organism, as the sources write it.', N'SCHEMA', N'dim', N'TABLE', N'dim_gene';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Without version suffix; case matters.', N'SCHEMA', N'dim', N'TABLE', N'dim_gene', N'COLUMN', N'gene_id';
GO

EXEC sp_addextendedproperty N'MS_Description', N'UNKNOWN if no source tells.', N'SCHEMA', N'dim', N'TABLE', N'dim_gene', N'COLUMN', N'organism';
GO

EXEC sp_addextendedproperty N'MS_Description', N'The row under which studies are pooled: the Ensembl gene that the id maps to, else the row itself.', N'SCHEMA', N'dim', N'TABLE', N'dim_gene', N'COLUMN', N'analysis_gene_key';
GO

EXEC sp_addextendedproperty N'MS_Description', N'NCBI gene ids that the annotation gives, joined by |.', N'SCHEMA', N'dim', N'TABLE', N'dim_gene', N'COLUMN', N'entrez_id';
GO

EXEC sp_addextendedproperty N'MS_Description', N'The gene table that symbol, name and position come from.', N'SCHEMA', N'dim', N'TABLE', N'dim_gene', N'COLUMN', N'annotation_source';
GO

CREATE TABLE dim.dim_illness (
    illness_key INTEGER NOT NULL DEFAULT NEXT VALUE FOR dim.illness_key_seq,
    illness_label VARCHAR(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
    illness_definition NVARCHAR(500) NULL,
    CONSTRAINT pk_dim_illness PRIMARY KEY (illness_key),
    CONSTRAINT uq_dim_illness_illness_label UNIQUE (illness_label)
);
GO

EXEC sp_addextendedproperty N'MS_Description', N'The cohorts a sample can belong to.', N'SCHEMA', N'dim', N'TABLE', N'dim_illness';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Natural key; the cohort of a sample.', N'SCHEMA', N'dim', N'TABLE', N'dim_illness', N'COLUMN', N'illness_label';
GO

CREATE TABLE dim.dim_platform (
    platform_key INTEGER NOT NULL DEFAULT NEXT VALUE FOR dim.platform_key_seq,
    platform_accession NVARCHAR(400) COLLATE Latin1_General_100_BIN2 NOT NULL,
    platform_name NVARCHAR(max) NULL,
    manufacturer NVARCHAR(max) NULL,
    measurement_technology VARCHAR(20) COLLATE Latin1_General_100_BIN2 NULL,
    CONSTRAINT pk_dim_platform PRIMARY KEY (platform_key),
    CONSTRAINT ck_dim_platform_measurement_technology CHECK (measurement_technology IN ('RNA-SEQ', 'MICROARRAY', 'OTHER')),
    CONSTRAINT uq_dim_platform_platform_accession UNIQUE (platform_accession)
);
GO

EXEC sp_addextendedproperty N'MS_Description', N'Arrays and sequencers, normalised from `Name (Accession)`.', N'SCHEMA', N'dim', N'TABLE', N'dim_platform';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Natural key.', N'SCHEMA', N'dim', N'TABLE', N'dim_platform', N'COLUMN', N'platform_accession';
GO

CREATE TABLE dim.dim_study (
    study_key INTEGER NOT NULL DEFAULT NEXT VALUE FOR dim.study_key_seq,
    study_accession_code VARCHAR(50) COLLATE Latin1_General_100_BIN2 NOT NULL,
    study_title NVARCHAR(max) NULL,
    study_pubmed_id NVARCHAR(max) NULL,
    study_technology VARCHAR(20) COLLATE Latin1_General_100_BIN2 NOT NULL DEFAULT 'OTHER',
    study_organism NVARCHAR(max) NULL,
    study_platform_summary NVARCHAR(max) NULL,
    study_description NVARCHAR(max) NULL,
    study_unit_tag VARCHAR(20) COLLATE Latin1_General_100_BIN2 NULL,
    value_scale VARCHAR(10) COLLATE Latin1_General_100_BIN2 NULL,
    study_status VARCHAR(10) COLLATE Latin1_General_100_BIN2 NOT NULL DEFAULT 'ACTIVE',
    hold_reason NVARCHAR(max) NULL,
    source_first_published NVARCHAR(max) NULL,
    source_last_modified NVARCHAR(max) NULL,
    source_kind VARCHAR(10) COLLATE Latin1_General_100_BIN2 NOT NULL DEFAULT 'REFINEBIO',
    etl_created_date DATETIME2(3) NOT NULL DEFAULT SYSUTCDATETIME(),
    etl_updated_date DATETIME2(3) NULL,
    CONSTRAINT pk_dim_study PRIMARY KEY (study_key),
    CONSTRAINT ck_dim_study_study_technology CHECK (study_technology IN ('RNA-SEQ', 'MICROARRAY', 'OTHER')),
    CONSTRAINT ck_dim_study_value_scale CHECK (value_scale IN ('LOG2', 'LINEAR', 'QN', 'SCALED', 'UNKNOWN')),
    CONSTRAINT ck_dim_study_study_status CHECK (study_status IN ('ACTIVE', 'HELD')),
    CONSTRAINT ck_dim_study_source_kind CHECK (source_kind IN ('REFINEBIO', 'MATRIX')),
    CONSTRAINT uq_dim_study_study_accession_code UNIQUE (study_accession_code)
);
GO

EXEC sp_addextendedproperty N'MS_Description', N'One row per study, by accession.', N'SCHEMA', N'dim', N'TABLE', N'dim_study';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Natural key, e.g. GSE57065.', N'SCHEMA', N'dim', N'TABLE', N'dim_study', N'COLUMN', N'study_accession_code';
GO

EXEC sp_addextendedproperty N'MS_Description', N'As refine.bio writes it: HOMO_SAPIENS.', N'SCHEMA', N'dim', N'TABLE', N'dim_study', N'COLUMN', N'study_organism';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Units of the current batch, e.g. COUNTS, TPM, QN_TARGET.', N'SCHEMA', N'dim', N'TABLE', N'dim_study', N'COLUMN', N'study_unit_tag';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Scale of expression_value in the current batch.', N'SCHEMA', N'dim', N'TABLE', N'dim_study', N'COLUMN', N'value_scale';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Why a HELD study stays out of exports and aggregation.', N'SCHEMA', N'dim', N'TABLE', N'dim_study', N'COLUMN', N'hold_reason';
GO

EXEC sp_addextendedproperty N'MS_Description', N'The source''s own string.', N'SCHEMA', N'dim', N'TABLE', N'dim_study', N'COLUMN', N'source_first_published';
GO

EXEC sp_addextendedproperty N'MS_Description', N'The source''s own string.', N'SCHEMA', N'dim', N'TABLE', N'dim_study', N'COLUMN', N'source_last_modified';
GO

CREATE TABLE dim.gene_alias (
    organism NVARCHAR(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
    alias NVARCHAR(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
    approved_symbol NVARCHAR(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
    annotation_source NVARCHAR(max) NULL,
    CONSTRAINT uq_gene_alias_organism_alias_approved_symbol UNIQUE (organism, alias, approved_symbol)
);
GO

EXEC sp_addextendedproperty N'MS_Description', N'Older and other names of genes with the symbol that is approved now.', N'SCHEMA', N'dim', N'TABLE', N'gene_alias';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Several rows where an alias is ambiguous.', N'SCHEMA', N'dim', N'TABLE', N'gene_alias', N'COLUMN', N'approved_symbol';
GO

CREATE PARTITION FUNCTION pf_study (int) AS RANGE RIGHT FOR VALUES (1);
GO

CREATE PARTITION SCHEME ps_study AS PARTITION pf_study ALL TO ([PRIMARY]);
GO

CREATE TABLE fact.fact_gene_expression (
    sample_key INTEGER NOT NULL,
    gene_key INTEGER NOT NULL,
    study_key INTEGER NOT NULL,
    batch_key INTEGER NOT NULL,
    expression_value_raw FLOAT(53) NULL,
    expression_value FLOAT(53) NULL,
    is_detected BIT NULL,
    is_significant BIT NULL
) ON ps_study (study_key);
GO

CREATE CLUSTERED COLUMNSTORE INDEX cci_fact_gene_expression ON fact.fact_gene_expression ON ps_study (study_key);
GO

EXEC sp_addextendedproperty N'MS_Description', N'One row per gene and sample of a study''s current batch, on servers a partition per study.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_expression';
GO

EXEC sp_addextendedproperty N'MS_Description', N'A sample of two studies has its facts in both.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_expression', N'COLUMN', N'study_key';
GO

EXEC sp_addextendedproperty N'MS_Description', N'As in the file; NULL where the file has no value.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_expression', N'COLUMN', N'expression_value_raw';
GO

EXEC sp_addextendedproperty N'MS_Description', N'On the analysis scale of the batch (meta.batch.value_scale).', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_expression', N'COLUMN', N'expression_value';
GO

EXEC sp_addextendedproperty N'MS_Description', N'False at the tied floor or at zero; NULL where detection means nothing.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_expression', N'COLUMN', N'is_detected';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Reserved; NULL.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_expression', N'COLUMN', N'is_significant';
GO

CREATE TABLE meta.batch (
    batch_key INTEGER NOT NULL DEFAULT NEXT VALUE FOR meta.batch_key_seq,
    batch_id CHAR(64) NOT NULL,
    study_accession_code VARCHAR(50) COLLATE Latin1_General_100_BIN2 NOT NULL,
    study_key INTEGER NULL,
    file_name NVARCHAR(max) NULL,
    source_path NVARCHAR(max) NULL,
    file_hash CHAR(64) NOT NULL,
    metadata_hash CHAR(64) NOT NULL,
    settings_hash CHAR(64) NOT NULL,
    value_settings_hash CHAR(64) NOT NULL,
    container_hash CHAR(64) NULL,
    file_size BIGINT NULL,
    created_at NVARCHAR(max) NULL,
    status VARCHAR(12) COLLATE Latin1_General_100_BIN2 NOT NULL,
    is_current BIT NOT NULL DEFAULT 0,
    attempt INTEGER NOT NULL DEFAULT 1,
    unit_tag VARCHAR(20) COLLATE Latin1_General_100_BIN2 NULL,
    value_scale VARCHAR(10) COLLATE Latin1_General_100_BIN2 NULL,
    genes INTEGER NULL,
    samples INTEGER NULL,
    cells_in BIGINT NULL,
    cells_loaded BIGINT NULL,
    cells_quarantined BIGINT NULL,
    cells_skipped BIGINT NULL,
    cells_merged BIGINT NULL,
    nulls BIGINT NULL,
    quality_score FLOAT(53) NULL,
    quality_json NVARCHAR(max) NULL,
    run_id VARCHAR(36) COLLATE Latin1_General_100_BIN2 NULL,
    loaded_at DATETIME2(3) NULL,
    CONSTRAINT pk_batch PRIMARY KEY (batch_key),
    CONSTRAINT ck_batch_quality_json_is_json CHECK (ISJSON(quality_json) = 1),
    CONSTRAINT ck_batch_status CHECK (status IN ('LOADED', 'REPLACED', 'QUARANTINED')),
    CONSTRAINT ck_batch_value_scale CHECK (value_scale IN ('LOG2', 'LINEAR', 'QN', 'SCALED', 'UNKNOWN')),
    CONSTRAINT uq_batch_batch_id UNIQUE (batch_id)
);
GO

CREATE INDEX ix_batch_study_accession_code ON meta.batch (study_accession_code);
GO

CREATE UNIQUE INDEX uq_batch_is_current ON meta.batch (study_key) WHERE is_current = 1;
GO

EXEC sp_addextendedproperty N'MS_Description', N'Every batch that reached the warehouse: what it was, what became of it, where its cells went.', N'SCHEMA', N'meta', N'TABLE', N'batch';
GO

EXEC sp_addextendedproperty N'MS_Description', N'SHA-256 of file hash, study, created_at, size.', N'SCHEMA', N'meta', N'TABLE', N'batch', N'COLUMN', N'batch_id';
GO

EXEC sp_addextendedproperty N'MS_Description', N'NULL while the study was never loaded.', N'SCHEMA', N'meta', N'TABLE', N'batch', N'COLUMN', N'study_key';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Where a replay reads the study again.', N'SCHEMA', N'meta', N'TABLE', N'batch', N'COLUMN', N'source_path';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Of the decompressed matrix.', N'SCHEMA', N'meta', N'TABLE', N'batch', N'COLUMN', N'file_hash';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Of the study''s and its samples'' fields.', N'SCHEMA', N'meta', N'TABLE', N'batch', N'COLUMN', N'metadata_hash';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Of every setting of the load.', N'SCHEMA', N'meta', N'TABLE', N'batch', N'COLUMN', N'settings_hash';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Of the settings that change values, not labels.', N'SCHEMA', N'meta', N'TABLE', N'batch', N'COLUMN', N'value_settings_hash';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Of the zip or compressed file as it came.', N'SCHEMA', N'meta', N'TABLE', N'batch', N'COLUMN', N'container_hash';
GO

EXEC sp_addextendedproperty N'MS_Description', N'refine.bio''s own string; empty when the source has none.', N'SCHEMA', N'meta', N'TABLE', N'batch', N'COLUMN', N'created_at';
GO

EXEC sp_addextendedproperty N'MS_Description', N'The batch whose facts are stored; at most one per study.', N'SCHEMA', N'meta', N'TABLE', N'batch', N'COLUMN', N'is_current';
GO

EXEC sp_addextendedproperty N'MS_Description', N'= loaded + quarantined + skipped + merged.', N'SCHEMA', N'meta', N'TABLE', N'batch', N'COLUMN', N'cells_in';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Rows of the fact table, missing values included.', N'SCHEMA', N'meta', N'TABLE', N'batch', N'COLUMN', N'cells_loaded';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Of samples left out by skip lists or intersection.', N'SCHEMA', N'meta', N'TABLE', N'batch', N'COLUMN', N'cells_skipped';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Averaged into another row (repeated probes).', N'SCHEMA', N'meta', N'TABLE', N'batch', N'COLUMN', N'cells_merged';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Of the loaded cells, those without a value.', N'SCHEMA', N'meta', N'TABLE', N'batch', N'COLUMN', N'nulls';
GO

EXEC sp_addextendedproperty N'MS_Description', N'0 to 100.', N'SCHEMA', N'meta', N'TABLE', N'batch', N'COLUMN', N'quality_score';
GO

EXEC sp_addextendedproperty N'MS_Description', N'The parts of the quality score.', N'SCHEMA', N'meta', N'TABLE', N'batch', N'COLUMN', N'quality_json';
GO

CREATE TABLE meta.meta_data_validation_log (
    run_id VARCHAR(36) COLLATE Latin1_General_100_BIN2 NULL,
    batch_id CHAR(64) NULL,
    study_key INTEGER NULL,
    validation_code VARCHAR(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
    severity VARCHAR(16) COLLATE Latin1_General_100_BIN2 NOT NULL,
    details NVARCHAR(max) NULL,
    created_at DATETIME2(3) NOT NULL DEFAULT SYSUTCDATETIME(),
    CONSTRAINT ck_meta_data_validation_log_severity CHECK (severity IN ('INFO', 'WARNING', 'ERROR'))
);
GO

CREATE INDEX ix_meta_data_validation_log_batch_id ON meta.meta_data_validation_log (batch_id);
GO

CREATE INDEX ix_meta_data_validation_log_run_id ON meta.meta_data_validation_log (run_id);
GO

EXEC sp_addextendedproperty N'MS_Description', N'What validation found, also where it stopped nothing.', N'SCHEMA', N'meta', N'TABLE', N'meta_data_validation_log';
GO

CREATE TABLE meta.meta_etl_process_log (
    run_id VARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL,
    batch_id CHAR(64) NULL,
    step NVARCHAR(64) NOT NULL,
    status VARCHAR(16) COLLATE Latin1_General_100_BIN2 NOT NULL,
    attempt INTEGER NOT NULL DEFAULT 1,
    started_at DATETIME2(3) NOT NULL DEFAULT SYSUTCDATETIME(),
    ended_at DATETIME2(3) NULL,
    rows_read BIGINT NULL,
    rows_written BIGINT NULL,
    error_code INTEGER NULL,
    error_message NVARCHAR(max) NULL,
    context_json NVARCHAR(max) NULL,
    CONSTRAINT ck_meta_etl_process_log_context_json_is_json CHECK (ISJSON(context_json) = 1)
);
GO

CREATE INDEX ix_meta_etl_process_log_batch_id ON meta.meta_etl_process_log (batch_id);
GO

CREATE INDEX ix_meta_etl_process_log_run_id ON meta.meta_etl_process_log (run_id);
GO

EXEC sp_addextendedproperty N'MS_Description', N'Every run, step and attempt with counts, times and errors.', N'SCHEMA', N'meta', N'TABLE', N'meta_etl_process_log';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Study, settings, versions, file names and hashes, timings, the last SQL.', N'SCHEMA', N'meta', N'TABLE', N'meta_etl_process_log', N'COLUMN', N'context_json';
GO

CREATE TABLE meta.meta_study_qc (
    batch_key INTEGER NOT NULL,
    study_key INTEGER NULL,
    ks_statistic FLOAT(53) NULL,
    ks_pvalue FLOAT(53) NULL,
    ks_warning NVARCHAR(max) NULL,
    quantile_normalized BIT NULL,
    quant_sf_only BIT NULL,
    library_size_min FLOAT(53) NULL,
    library_size_median FLOAT(53) NULL,
    library_size_max FLOAT(53) NULL,
    zero_share FLOAT(53) NULL,
    tied_floor_share FLOAT(53) NULL,
    unit_evidence NVARCHAR(max) NULL,
    collected_at DATETIME2(3) NOT NULL DEFAULT SYSUTCDATETIME(),
    CONSTRAINT pk_meta_study_qc PRIMARY KEY (batch_key),
    CONSTRAINT ck_meta_study_qc_unit_evidence_is_json CHECK (ISJSON(unit_evidence) = 1)
);
GO

EXEC sp_addextendedproperty N'MS_Description', N'Quality figures of a batch: stored, never a gate.', N'SCHEMA', N'meta', N'TABLE', N'meta_study_qc';
GO

EXEC sp_addextendedproperty N'MS_Description', N'refine.bio''s test that samples share a distribution; of the download.', N'SCHEMA', N'meta', N'TABLE', N'meta_study_qc', N'COLUMN', N'ks_statistic';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Smallest sum of raw values of a sample.', N'SCHEMA', N'meta', N'TABLE', N'meta_study_qc', N'COLUMN', N'library_size_min';
GO

EXEC sp_addextendedproperty N'MS_Description', N'0 to 1.', N'SCHEMA', N'meta', N'TABLE', N'meta_study_qc', N'COLUMN', N'zero_share';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Share of cells at the tied lowest value of their sample, 0 to 1.', N'SCHEMA', N'meta', N'TABLE', N'meta_study_qc', N'COLUMN', N'tied_floor_share';
GO

EXEC sp_addextendedproperty N'MS_Description', N'The steps by which the units were found.', N'SCHEMA', N'meta', N'TABLE', N'meta_study_qc', N'COLUMN', N'unit_evidence';
GO

CREATE TABLE meta.schema_version (
    version INTEGER NOT NULL,
    name VARCHAR(100) COLLATE Latin1_General_100_BIN2 NOT NULL,
    applied_at DATETIME2(3) NOT NULL DEFAULT SYSUTCDATETIME(),
    CONSTRAINT pk_schema_version PRIMARY KEY (version)
);
GO

EXEC sp_addextendedproperty N'MS_Description', N'The migrations that made this warehouse.', N'SCHEMA', N'meta', N'TABLE', N'schema_version';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Number of the migration.', N'SCHEMA', N'meta', N'TABLE', N'schema_version', N'COLUMN', N'version';
GO

CREATE TABLE staging.expression_rows (
    batch_key INTEGER NOT NULL,
    line_no BIGINT NULL,
    gene_id NVARCHAR(400) COLLATE Latin1_General_100_BIN2 NULL,
    sample_accession_code NVARCHAR(400) COLLATE Latin1_General_100_BIN2 NULL,
    expression_value FLOAT(53) NULL,
    value_text NVARCHAR(max) NULL,
    reject_code VARCHAR(10) COLLATE Latin1_General_100_BIN2 NULL
);
GO

CREATE INDEX ix_expression_rows_batch_key ON staging.expression_rows (batch_key);
GO

EXEC sp_addextendedproperty N'MS_Description', N'The offending cells of quarantined batches, up to 100,000 each.', N'SCHEMA', N'staging', N'TABLE', N'expression_rows';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Line of the matrix file, the header being line 1.', N'SCHEMA', N'staging', N'TABLE', N'expression_rows', N'COLUMN', N'line_no';
GO

EXEC sp_addextendedproperty N'MS_Description', N'The cell as it stands in the file.', N'SCHEMA', N'staging', N'TABLE', N'expression_rows', N'COLUMN', N'value_text';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Code of the error that the cell raised.', N'SCHEMA', N'staging', N'TABLE', N'expression_rows', N'COLUMN', N'reject_code';
GO

CREATE TABLE dim.dim_sample (
    sample_key INTEGER NOT NULL DEFAULT NEXT VALUE FOR dim.sample_key_seq,
    sample_accession_code NVARCHAR(400) COLLATE Latin1_General_100_BIN2 NOT NULL,
    sample_title NVARCHAR(max) NULL,
    sample_organism NVARCHAR(max) NULL,
    sample_platform NVARCHAR(max) NULL,
    sample_treatment NVARCHAR(max) NULL,
    sample_cell_line NVARCHAR(max) NULL,
    sample_tissue NVARCHAR(max) NULL,
    sample_subject NVARCHAR(max) NULL,
    sample_time NVARCHAR(max) NULL,
    sample_age NVARCHAR(max) NULL,
    sample_sex NVARCHAR(max) NULL,
    is_processed BIT NULL,
    processor_name NVARCHAR(max) NULL,
    processor_version NVARCHAR(max) NULL,
    platform_key INTEGER NULL,
    study_key INTEGER NULL,
    illness_key INTEGER NULL,
    source_json NVARCHAR(max) NULL,
    etl_created_date DATETIME2(3) NOT NULL DEFAULT SYSUTCDATETIME(),
    etl_updated_date DATETIME2(3) NULL,
    CONSTRAINT pk_dim_sample PRIMARY KEY (sample_key),
    CONSTRAINT ck_dim_sample_source_json_is_json CHECK (ISJSON(source_json) = 1),
    CONSTRAINT uq_dim_sample_sample_accession_code UNIQUE (sample_accession_code),
    CONSTRAINT fk_dim_sample_platform_key FOREIGN KEY(platform_key) REFERENCES dim.dim_platform (platform_key),
    CONSTRAINT fk_dim_sample_study_key FOREIGN KEY(study_key) REFERENCES dim.dim_study (study_key),
    CONSTRAINT fk_dim_sample_illness_key FOREIGN KEY(illness_key) REFERENCES dim.dim_illness (illness_key)
);
GO

CREATE INDEX ix_dim_sample_study_key ON dim.dim_sample (study_key);
GO

EXEC sp_addextendedproperty N'MS_Description', N'One row per sample, by accession. What depends on the study is in study_sample.', N'SCHEMA', N'dim', N'TABLE', N'dim_sample';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Natural key; <study>:<sample> for samples of a plain matrix without a public accession.', N'SCHEMA', N'dim', N'TABLE', N'dim_sample', N'COLUMN', N'sample_accession_code';
GO

EXEC sp_addextendedproperty N'MS_Description', N'The person or animal; repeats where a study follows subjects in time.', N'SCHEMA', N'dim', N'TABLE', N'dim_sample', N'COLUMN', N'sample_subject';
GO

EXEC sp_addextendedproperty N'MS_Description', N'The owner: the smallest accession of the studies that hold it.', N'SCHEMA', N'dim', N'TABLE', N'dim_sample', N'COLUMN', N'study_key';
GO

EXEC sp_addextendedproperty N'MS_Description', N'The label in the owner study; study_sample has every study''s.', N'SCHEMA', N'dim', N'TABLE', N'dim_sample', N'COLUMN', N'illness_key';
GO

EXEC sp_addextendedproperty N'MS_Description', N'The submitter''s words, untouched.', N'SCHEMA', N'dim', N'TABLE', N'dim_sample', N'COLUMN', N'source_json';
GO

CREATE TABLE dim.study_disease_map (
    study_disease_map_key INTEGER NOT NULL DEFAULT NEXT VALUE FOR dim.study_disease_map_key_seq,
    study_key INTEGER NOT NULL,
    disease_key INTEGER NOT NULL,
    is_active BIT NOT NULL DEFAULT 1,
    effective_from DATETIME2(3) NOT NULL DEFAULT SYSUTCDATETIME(),
    effective_to DATETIME2(3) NULL,
    created_by NVARCHAR(128) NULL,
    created_at DATETIME2(3) NOT NULL DEFAULT SYSUTCDATETIME(),
    updated_by NVARCHAR(128) NULL,
    updated_at DATETIME2(3) NULL,
    CONSTRAINT pk_study_disease_map PRIMARY KEY (study_disease_map_key),
    CONSTRAINT fk_study_disease_map_study_key FOREIGN KEY(study_key) REFERENCES dim.dim_study (study_key),
    CONSTRAINT fk_study_disease_map_disease_key FOREIGN KEY(disease_key) REFERENCES dim.dim_disease (disease_key)
);
GO

CREATE UNIQUE INDEX uq_study_disease_map_is_active ON dim.study_disease_map (study_key) WHERE is_active = 1;
GO

EXEC sp_addextendedproperty N'MS_Description', N'Which disease a study counts for, with history.', N'SCHEMA', N'dim', N'TABLE', N'study_disease_map';
GO

EXEC sp_addextendedproperty N'MS_Description', N'At most one row per study is active; the others are its history.', N'SCHEMA', N'dim', N'TABLE', N'study_disease_map', N'COLUMN', N'is_active';
GO

CREATE TABLE dim.study_sample (
    study_key INTEGER NOT NULL,
    sample_key INTEGER NOT NULL,
    title NVARCHAR(max) NULL,
    illness_key INTEGER NOT NULL,
    illness_method VARCHAR(10) COLLATE Latin1_General_100_BIN2 NOT NULL,
    illness_rule NVARCHAR(max) NULL,
    illness_evidence NVARCHAR(max) NULL,
    illness_ruleset NVARCHAR(max) NULL,
    exclude_from_analysis BIT NOT NULL DEFAULT 0,
    exclude_reason NVARCHAR(max) NULL,
    CONSTRAINT pk_study_sample PRIMARY KEY (study_key, sample_key),
    CONSTRAINT ck_study_sample_illness_method CHECK (illness_method IN ('OVERRIDE', 'FIELD', 'TITLE', 'DEFAULT')),
    CONSTRAINT fk_study_sample_study_key FOREIGN KEY(study_key) REFERENCES dim.dim_study (study_key),
    CONSTRAINT fk_study_sample_sample_key FOREIGN KEY(sample_key) REFERENCES dim.dim_sample (sample_key),
    CONSTRAINT fk_study_sample_illness_key FOREIGN KEY(illness_key) REFERENCES dim.dim_illness (illness_key)
);
GO

CREATE INDEX ix_study_sample_sample_key ON dim.study_sample (sample_key);
GO

EXEC sp_addextendedproperty N'MS_Description', N'A sample in a study: its title, its illness label with evidence, its exclusion.', N'SCHEMA', N'dim', N'TABLE', N'study_sample';
GO

EXEC sp_addextendedproperty N'MS_Description', N'What the label rests on.', N'SCHEMA', N'dim', N'TABLE', N'study_sample', N'COLUMN', N'illness_method';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Id of the rule that gave the label.', N'SCHEMA', N'dim', N'TABLE', N'study_sample', N'COLUMN', N'illness_rule';
GO

EXEC sp_addextendedproperty N'MS_Description', N'The words that the rule matched.', N'SCHEMA', N'dim', N'TABLE', N'study_sample', N'COLUMN', N'illness_evidence';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Name and version of the rules.', N'SCHEMA', N'dim', N'TABLE', N'study_sample', N'COLUMN', N'illness_ruleset';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Views leave the sample out.', N'SCHEMA', N'dim', N'TABLE', N'study_sample', N'COLUMN', N'exclude_from_analysis';
GO

INSERT INTO dim.dim_illness (illness_label, illness_definition) VALUES ('CONTROL', N'Healthy volunteer or other reference subject without infection or organ failure.'), ('NO_SEPSIS', N'A patient without sepsis, including sterile inflammation (SIRS).'), ('SEPSIS', N'Sepsis without shock: infection with a dysregulated host response.'), ('SEPTIC_SHOCK', N'Sepsis with shock: circulatory failure that needs vasopressors.'), ('UNKNOWN', N'Neither an override, a field nor the title of the sample tells.');
GO

INSERT INTO dim.dim_disease (disease_label) VALUES ('SEPSIS'), ('SEPTIC_SHOCK'), ('CONTROL');
GO

INSERT INTO meta.schema_version (version, name) VALUES (1, 'star_schema');
GO

-- Every fact of the current batches with its sample, label, study, platform and gene; samples that are excluded from
-- analysis are left out. A study on hold is shown too; while its scale is UNKNOWN, expression_log2_value is NULL.
-- A condition on study_key reads only that study's partition; one on study_accession_code reads all of them.
CREATE OR ALTER VIEW analytics.vw_expression_long AS
SELECT
    f.sample_key,
    sa.sample_accession_code,
    COALESCE(ss.title, sa.sample_title) AS sample_title,
    il.illness_label,
    f.study_key,
    st.study_accession_code,
    st.study_title,
    st.study_technology,
    pl.platform_name,
    f.gene_key,
    ge.gene_id,
    ge.gene_symbol,
    f.expression_value_raw,
    f.expression_value,
    CASE
        WHEN ba.value_scale = 'LOG2' THEN f.expression_value
        WHEN ba.value_scale = 'LINEAR' AND f.expression_value > 0 THEN LOG(f.expression_value + 1) / LOG(2)
    END AS expression_log2_value,
    f.is_detected,
    ba.batch_id
FROM fact.fact_gene_expression AS f
JOIN meta.batch AS ba ON ba.batch_key = f.batch_key
JOIN dim.dim_study AS st ON st.study_key = f.study_key
JOIN dim.study_sample AS ss ON ss.study_key = f.study_key AND ss.sample_key = f.sample_key
JOIN dim.dim_sample AS sa ON sa.sample_key = f.sample_key
JOIN dim.dim_illness AS il ON il.illness_key = ss.illness_key
JOIN dim.dim_gene AS ge ON ge.gene_key = f.gene_key
LEFT JOIN dim.dim_platform AS pl ON pl.platform_key = sa.platform_key
WHERE ba.is_current = 1 AND ss.exclude_from_analysis = 0;
GO

EXEC sp_addextendedproperty N'MS_Description', N'Every fact of the current batches with its sample, label, study, platform and gene; samples that are excluded from analysis are left out. A study on hold is shown too; while its scale is UNKNOWN, expression_log2_value is NULL. A condition on study_key reads only that study''s partition; one on study_accession_code reads all of them.', N'SCHEMA', N'analytics', N'VIEW', N'vw_expression_long';
GO

-- Mean, spread and median of the analysis values of a gene in a cohort of a study. sample_count is the number of
-- samples with a value; detected_count is NULL where the study tells nothing about detection.
CREATE OR ALTER VIEW analytics.vw_expression_by_cohort AS
WITH medians AS (
    SELECT DISTINCT
        study_key,
        illness_label,
        gene_key,
        PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY expression_value)
            OVER (PARTITION BY study_key, illness_label, gene_key) AS median
    FROM analytics.vw_expression_long
),
cohorts AS (
    SELECT
        study_key,
        study_accession_code,
        illness_label,
        gene_key,
        gene_id,
        gene_symbol,
        COUNT(expression_value) AS sample_count,
        CASE WHEN COUNT(is_detected) > 0 THEN COUNT(CASE WHEN is_detected = 1 THEN 1 END) END AS detected_count,
        AVG(expression_value) AS mean,
        STDEV(expression_value) AS std,
        MIN(expression_value) AS min,
        MAX(expression_value) AS max
    FROM analytics.vw_expression_long
    GROUP BY study_key, study_accession_code, illness_label, gene_key, gene_id, gene_symbol
)
SELECT
    c.study_key,
    c.study_accession_code,
    c.illness_label,
    c.gene_key,
    c.gene_id,
    c.gene_symbol,
    c.sample_count,
    c.detected_count,
    c.mean,
    c.std,
    c.min,
    c.max,
    m.median
FROM cohorts AS c
JOIN medians AS m
    ON m.study_key = c.study_key AND m.illness_label = c.illness_label AND m.gene_key = c.gene_key;
GO

EXEC sp_addextendedproperty N'MS_Description', N'Mean, spread and median of the analysis values of a gene in a cohort of a study. sample_count is the number of samples with a value; detected_count is NULL where the study tells nothing about detection.', N'SCHEMA', N'analytics', N'VIEW', N'vw_expression_by_cohort';
GO

-- The export contract of correlation and model jobs: analysis values with the label of the sample in the study.
-- Excluded samples are left out, and so are studies on hold, whose units nobody knows.
CREATE OR ALTER VIEW analytics.vw_spearman_export AS
SELECT
    f.sample_key,
    f.gene_key,
    f.expression_value,
    il.illness_label,
    f.study_key
FROM fact.fact_gene_expression AS f
JOIN meta.batch AS ba ON ba.batch_key = f.batch_key
JOIN dim.dim_study AS st ON st.study_key = f.study_key
JOIN dim.study_sample AS ss ON ss.study_key = f.study_key AND ss.sample_key = f.sample_key
JOIN dim.dim_illness AS il ON il.illness_key = ss.illness_key
WHERE ba.is_current = 1 AND ss.exclude_from_analysis = 0 AND st.study_status = 'ACTIVE';
GO

EXEC sp_addextendedproperty N'MS_Description', N'The export contract of correlation and model jobs: analysis values with the label of the sample in the study. Excluded samples are left out, and so are studies on hold, whose units nobody knows.', N'SCHEMA', N'analytics', N'VIEW', N'vw_spearman_export';
GO

-- Three roles: etl_reader asks, etl_loader loads, etl_admin upgrades.
IF DATABASE_PRINCIPAL_ID(N'etl_reader') IS NULL CREATE ROLE etl_reader;
IF DATABASE_PRINCIPAL_ID(N'etl_loader') IS NULL CREATE ROLE etl_loader;
IF DATABASE_PRINCIPAL_ID(N'etl_admin') IS NULL CREATE ROLE etl_admin;
ALTER ROLE etl_reader ADD MEMBER etl_loader;
ALTER ROLE etl_loader ADD MEMBER etl_admin;
GO

GRANT SELECT ON SCHEMA::dim TO etl_reader;
GRANT SELECT ON SCHEMA::fact TO etl_reader;
GRANT SELECT ON SCHEMA::meta TO etl_reader;
GRANT SELECT ON SCHEMA::analytics TO etl_reader;
GO

-- The log is written and never erased; the schema version is only read. Emptying and splitting a partition of the
-- facts need ALTER on their schema and on the partition function.
GRANT SELECT, INSERT, UPDATE, DELETE ON SCHEMA::dim TO etl_loader;
GRANT SELECT, INSERT, UPDATE, DELETE, ALTER ON SCHEMA::staging TO etl_loader;
GRANT SELECT, INSERT, UPDATE, DELETE, ALTER ON SCHEMA::fact TO etl_loader;
GRANT INSERT, UPDATE, DELETE ON meta.batch TO etl_loader;
GRANT INSERT, UPDATE, DELETE ON meta.meta_study_qc TO etl_loader;
GRANT INSERT, UPDATE ON meta.meta_etl_process_log TO etl_loader;
GRANT INSERT ON meta.meta_data_validation_log TO etl_loader;
GRANT UPDATE ON meta.batch_key_seq TO etl_loader;
GRANT ALTER ANY DATASPACE TO etl_loader;
GO

GRANT CONTROL ON SCHEMA::dim TO etl_admin;
GRANT CONTROL ON SCHEMA::fact TO etl_admin;
GRANT CONTROL ON SCHEMA::staging TO etl_admin;
GRANT CONTROL ON SCHEMA::meta TO etl_admin;
GRANT CONTROL ON SCHEMA::analytics TO etl_admin;
GRANT CREATE TABLE, CREATE VIEW, CREATE SCHEMA TO etl_admin;
GO

INSERT INTO meta.schema_version (version, name) VALUES (2, 'analytics_views');
GO
