-- Expressway warehouse, schema 6, SQL Server 2022.
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

CREATE SEQUENCE fact.feature_record_key_seq START WITH 1;
GO

CREATE SEQUENCE dim.pair_key_seq START WITH 1;
GO

CREATE TABLE fact.fact_feature_values (
    feature_record_key BIGINT NOT NULL DEFAULT NEXT VALUE FOR fact.feature_record_key_seq,
    entity_scope VARCHAR(20) COLLATE Latin1_General_100_BIN2 NOT NULL,
    entity_id_1 BIGINT NOT NULL,
    entity_id_2 BIGINT NULL,
    feature_name VARCHAR(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
    feature_value FLOAT(53) NULL,
    study_key INTEGER NULL,
    disease_key INTEGER NULL,
    technology VARCHAR(20) COLLATE Latin1_General_100_BIN2 NULL,
    feature_run_id VARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL,
    batch_id CHAR(64) NULL,
    etl_created_date DATETIME2(3) NOT NULL DEFAULT SYSUTCDATETIME(),
    CONSTRAINT ck_fact_feature_values_entity_scope CHECK (entity_scope IN ('GENE', 'GENE_PAIR', 'GENE_PAIR_META', 'SAMPLE', 'STUDY_COHORT'))
);
GO

CREATE INDEX ix_fact_feature_values_feature_run_id ON fact.fact_feature_values (feature_run_id);
GO

EXEC sp_addextendedproperty N'MS_Description', N'The same numbers one feature a row, for models; written on request.', N'SCHEMA', N'fact', N'TABLE', N'fact_feature_values';
GO

EXEC sp_addextendedproperty N'MS_Description', N'For GENE_PAIR_META the pair_key.', N'SCHEMA', N'fact', N'TABLE', N'fact_feature_values', N'COLUMN', N'entity_id_1';
GO

EXEC sp_addextendedproperty N'MS_Description', N'As meta.meta_feature_catalog has it.', N'SCHEMA', N'fact', N'TABLE', N'fact_feature_values', N'COLUMN', N'feature_name';
GO

EXEC sp_addextendedproperty N'MS_Description', N'NULL as the null policy of the feature says.', N'SCHEMA', N'fact', N'TABLE', N'fact_feature_values', N'COLUMN', N'feature_value';
GO

CREATE TABLE meta.meta_feature_catalog (
    feature_name VARCHAR(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
    description NVARCHAR(max) NOT NULL,
    expected_scale VARCHAR(32) COLLATE Latin1_General_100_BIN2 NOT NULL,
    null_policy VARCHAR(32) COLLATE Latin1_General_100_BIN2 NOT NULL,
    scope VARCHAR(20) COLLATE Latin1_General_100_BIN2 NOT NULL,
    min FLOAT(53) NULL,
    max FLOAT(53) NULL,
    better VARCHAR(10) COLLATE Latin1_General_100_BIN2 NOT NULL,
    role VARCHAR(10) COLLATE Latin1_General_100_BIN2 NOT NULL,
    source VARCHAR(10) COLLATE Latin1_General_100_BIN2 NOT NULL,
    catalog_version VARCHAR(20) COLLATE Latin1_General_100_BIN2 NOT NULL,
    CONSTRAINT pk_meta_feature_catalog PRIMARY KEY (feature_name)
);
GO

EXEC sp_addextendedproperty N'MS_Description', N'The features of a pair: scale, bounds, and when they are NULL.', N'SCHEMA', N'meta', N'TABLE', N'meta_feature_catalog';
GO

EXEC sp_addextendedproperty N'MS_Description', N'In lower case, its column in fact_gene_pair_metrics.', N'SCHEMA', N'meta', N'TABLE', N'meta_feature_catalog', N'COLUMN', N'feature_name';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Inclusive; NULL where there is no bound.', N'SCHEMA', N'meta', N'TABLE', N'meta_feature_catalog', N'COLUMN', N'min';
GO

EXEC sp_addextendedproperty N'MS_Description', N'high, low, abs_high or none.', N'SCHEMA', N'meta', N'TABLE', N'meta_feature_catalog', N'COLUMN', N'better';
GO

EXEC sp_addextendedproperty N'MS_Description', N'evidence, support, or output, which no model may read.', N'SCHEMA', N'meta', N'TABLE', N'meta_feature_catalog', N'COLUMN', N'role';
GO

EXEC sp_addextendedproperty N'MS_Description', N'seed or extension.', N'SCHEMA', N'meta', N'TABLE', N'meta_feature_catalog', N'COLUMN', N'source';
GO

CREATE TABLE dim.dim_gene_pair (
    pair_key BIGINT NOT NULL DEFAULT NEXT VALUE FOR dim.pair_key_seq,
    genea_key INTEGER NOT NULL,
    geneb_key INTEGER NOT NULL,
    pair_natural_key VARCHAR(24) COLLATE Latin1_General_100_BIN2 NOT NULL,
    pair_uid NVARCHAR(511) COLLATE Latin1_General_100_BIN2 NOT NULL,
    genea_symbol NVARCHAR(255) NULL,
    geneb_symbol NVARCHAR(255) NULL,
    CONSTRAINT pk_dim_gene_pair PRIMARY KEY (pair_key),
    CONSTRAINT uq_dim_gene_pair_genea_key_geneb_key UNIQUE (genea_key, geneb_key),
    CONSTRAINT ck_dim_gene_pair_canonical_order CHECK (genea_key < geneb_key),
    CONSTRAINT fk_dim_gene_pair_genea_key FOREIGN KEY(genea_key) REFERENCES dim.dim_gene (gene_key),
    CONSTRAINT fk_dim_gene_pair_geneb_key FOREIGN KEY(geneb_key) REFERENCES dim.dim_gene (gene_key)
);
GO

CREATE INDEX ix_dim_gene_pair_geneb_key ON dim.dim_gene_pair (geneb_key);
GO

CREATE INDEX ix_dim_gene_pair_pair_uid ON dim.dim_gene_pair (pair_uid);
GO

EXEC sp_addextendedproperty N'MS_Description', N'One row per pair of genes that was ever stored; a pair keeps its key.', N'SCHEMA', N'dim', N'TABLE', N'dim_gene_pair';
GO

EXEC sp_addextendedproperty N'MS_Description', N'The two gene keys joined by _.', N'SCHEMA', N'dim', N'TABLE', N'dim_gene_pair', N'COLUMN', N'pair_natural_key';
GO

EXEC sp_addextendedproperty N'MS_Description', N'The two gene ids in byte order, joined by |: the same in every warehouse.', N'SCHEMA', N'dim', N'TABLE', N'dim_gene_pair', N'COLUMN', N'pair_uid';
GO

EXEC sp_addextendedproperty N'MS_Description', N'When the pair was stored last; the views read dim_gene.', N'SCHEMA', N'dim', N'TABLE', N'dim_gene_pair', N'COLUMN', N'genea_symbol';
GO

CREATE TABLE meta.feature_run (
    feature_run_id VARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL,
    disease_key INTEGER NOT NULL,
    technology VARCHAR(20) COLLATE Latin1_General_100_BIN2 NOT NULL,
    organism NVARCHAR(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
    settings_json NVARCHAR(max) NULL,
    settings_hash CHAR(64) NULL,
    versions_json NVARCHAR(max) NULL,
    input_batches_json NVARCHAR(max) NULL,
    seeds_json NVARCHAR(max) NULL,
    genes INTEGER NULL,
    pairs_tested BIGINT NULL,
    pairs_stored BIGINT NOT NULL DEFAULT 0,
    clipped BIGINT NULL,
    dropped INTEGER NULL,
    started_at DATETIME2(3) NOT NULL DEFAULT SYSUTCDATETIME(),
    ended_at DATETIME2(3) NULL,
    status VARCHAR(12) COLLATE Latin1_General_100_BIN2 NOT NULL,
    CONSTRAINT pk_feature_run PRIMARY KEY (feature_run_id),
    CONSTRAINT ck_feature_run_settings_json_is_json CHECK (ISJSON(settings_json) = 1),
    CONSTRAINT ck_feature_run_versions_json_is_json CHECK (ISJSON(versions_json) = 1),
    CONSTRAINT ck_feature_run_input_batches_json_is_json CHECK (ISJSON(input_batches_json) = 1),
    CONSTRAINT ck_feature_run_seeds_json_is_json CHECK (ISJSON(seeds_json) = 1),
    CONSTRAINT ck_feature_run_status CHECK (status IN ('CURRENT', 'STALE', 'REPLACED')),
    CONSTRAINT fk_feature_run_disease_key FOREIGN KEY(disease_key) REFERENCES dim.dim_disease (disease_key)
);
GO

EXEC sp_addextendedproperty N'MS_Description', N'Every run that stored pairs: from what, how, how many. One per slice is CURRENT or STALE.', N'SCHEMA', N'meta', N'TABLE', N'feature_run';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Every setting of the analysis.', N'SCHEMA', N'meta', N'TABLE', N'feature_run', N'COLUMN', N'settings_json';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Of the settings.', N'SCHEMA', N'meta', N'TABLE', N'feature_run', N'COLUMN', N'settings_hash';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Versions of the software.', N'SCHEMA', N'meta', N'TABLE', N'feature_run', N'COLUMN', N'versions_json';
GO

EXEC sp_addextendedproperty N'MS_Description', N'The batch_id of every study that entered.', N'SCHEMA', N'meta', N'TABLE', N'feature_run', N'COLUMN', N'input_batches_json';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Seeds of whatever draws at random.', N'SCHEMA', N'meta', N'TABLE', N'feature_run', N'COLUMN', N'seeds_json';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Genes that entered.', N'SCHEMA', N'meta', N'TABLE', N'feature_run', N'COLUMN', N'genes';
GO

EXEC sp_addextendedproperty N'MS_Description', N'm of the false discovery rates.', N'SCHEMA', N'meta', N'TABLE', N'feature_run', N'COLUMN', N'pairs_tested';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Correlations pulled back from 1 or -1.', N'SCHEMA', N'meta', N'TABLE', N'feature_run', N'COLUMN', N'clipped';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Genes that were left out.', N'SCHEMA', N'meta', N'TABLE', N'feature_run', N'COLUMN', N'dropped';
GO

EXEC sp_addextendedproperty N'MS_Description', N'STALE: studies or genes of the run have changed since.', N'SCHEMA', N'meta', N'TABLE', N'feature_run', N'COLUMN', N'status';
GO

CREATE TABLE fact.fact_gene_pair_metrics (
    pair_key BIGINT NOT NULL,
    metrics_scope VARCHAR(20) COLLATE Latin1_General_100_BIN2 NOT NULL DEFAULT 'META_STUDIES',
    disease_key INTEGER NOT NULL,
    technology VARCHAR(20) COLLATE Latin1_General_100_BIN2 NOT NULL,
    organism NVARCHAR(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
    study_key INTEGER NULL,
    dz_ss_mean FLOAT(53) NULL,
    dz_ss_se FLOAT(53) NULL,
    dz_ss_ci_low FLOAT(53) NULL,
    dz_ss_ci_high FLOAT(53) NULL,
    dz_ss_q FLOAT(53) NULL,
    dz_ss_q_p FLOAT(53) NULL,
    dz_ss_i2 FLOAT(53) NULL,
    dz_ss_tau2 FLOAT(53) NULL,
    dz_ss_z FLOAT(53) NULL,
    p_ss FLOAT(53) NULL,
    q_ss FLOAT(53) NULL,
    neglog_q_ss FLOAT(53) NULL,
    kappa_ss FLOAT(53) NULL,
    abs_dz_ss FLOAT(53) NULL,
    n_studies_ss INTEGER NOT NULL,
    n_case_ss INTEGER NOT NULL,
    n_ref_ss INTEGER NOT NULL,
    dz_ss_pi_low FLOAT(53) NULL,
    dz_ss_pi_high FLOAT(53) NULL,
    dz_ss_fe_mean FLOAT(53) NULL,
    dz_ss_hk_se FLOAT(53) NULL,
    p_ss_hk FLOAT(53) NULL,
    direction_consistency_ss FLOAT(53) NULL,
    magnitude_consistency_ss FLOAT(53) NULL,
    power_ss FLOAT(53) NULL,
    dz_ss_loo_max_p FLOAT(53) NULL,
    dz_soth_mean FLOAT(53) NULL,
    dz_soth_se FLOAT(53) NULL,
    dz_soth_ci_low FLOAT(53) NULL,
    dz_soth_ci_high FLOAT(53) NULL,
    dz_soth_q FLOAT(53) NULL,
    dz_soth_q_p FLOAT(53) NULL,
    dz_soth_i2 FLOAT(53) NULL,
    dz_soth_tau2 FLOAT(53) NULL,
    dz_soth_z FLOAT(53) NULL,
    p_soth FLOAT(53) NULL,
    q_soth FLOAT(53) NULL,
    neglog_q_soth FLOAT(53) NULL,
    kappa_soth FLOAT(53) NULL,
    abs_dz_soth FLOAT(53) NULL,
    n_studies_soth INTEGER NOT NULL,
    n_case_soth INTEGER NOT NULL,
    n_ref_soth INTEGER NOT NULL,
    dz_soth_pi_low FLOAT(53) NULL,
    dz_soth_pi_high FLOAT(53) NULL,
    dz_soth_fe_mean FLOAT(53) NULL,
    dz_soth_hk_se FLOAT(53) NULL,
    p_soth_hk FLOAT(53) NULL,
    direction_consistency_soth FLOAT(53) NULL,
    magnitude_consistency_soth FLOAT(53) NULL,
    power_soth FLOAT(53) NULL,
    dz_soth_loo_max_p FLOAT(53) NULL,
    r_control FLOAT(53) NULL,
    se_r_control FLOAT(53) NULL,
    r_control_ci_low FLOAT(53) NULL,
    r_control_ci_high FLOAT(53) NULL,
    q_r_control FLOAT(53) NULL,
    i2_r_control FLOAT(53) NULL,
    tau2_r_control FLOAT(53) NULL,
    z_stat_control FLOAT(53) NULL,
    p_value_control FLOAT(53) NULL,
    q_value_control FLOAT(53) NULL,
    n_samples_control INTEGER NOT NULL,
    n_studies_r_control INTEGER NOT NULL,
    r_sepsis FLOAT(53) NULL,
    se_r_sepsis FLOAT(53) NULL,
    r_sepsis_ci_low FLOAT(53) NULL,
    r_sepsis_ci_high FLOAT(53) NULL,
    q_r_sepsis FLOAT(53) NULL,
    i2_r_sepsis FLOAT(53) NULL,
    tau2_r_sepsis FLOAT(53) NULL,
    z_stat_sepsis FLOAT(53) NULL,
    p_value_sepsis FLOAT(53) NULL,
    q_value_sepsis FLOAT(53) NULL,
    n_samples_sepsis INTEGER NOT NULL,
    n_studies_r_sepsis INTEGER NOT NULL,
    r_septic_shock FLOAT(53) NULL,
    se_r_septic_shock FLOAT(53) NULL,
    r_septic_shock_ci_low FLOAT(53) NULL,
    r_septic_shock_ci_high FLOAT(53) NULL,
    q_r_septic_shock FLOAT(53) NULL,
    i2_r_septic_shock FLOAT(53) NULL,
    tau2_r_septic_shock FLOAT(53) NULL,
    z_stat_septic_shock FLOAT(53) NULL,
    p_value_septic_shock FLOAT(53) NULL,
    q_value_septic_shock FLOAT(53) NULL,
    n_samples_septic_shock INTEGER NOT NULL,
    n_studies_r_septic_shock INTEGER NOT NULL,
    delta_r_shock_vs_sepsis FLOAT(53) NULL,
    z_diff_shock_vs_sepsis FLOAT(53) NULL,
    p_diff_shock_vs_sepsis FLOAT(53) NULL,
    q_diff_shock_vs_sepsis FLOAT(53) NULL,
    delta_r_shock_vs_control FLOAT(53) NULL,
    z_diff_shock_vs_control FLOAT(53) NULL,
    p_diff_shock_vs_control FLOAT(53) NULL,
    q_diff_shock_vs_control FLOAT(53) NULL,
    delta_r_sepsis_vs_control FLOAT(53) NULL,
    z_diff_sepsis_vs_control FLOAT(53) NULL,
    p_diff_sepsis_vs_control FLOAT(53) NULL,
    q_diff_sepsis_vs_control FLOAT(53) NULL,
    combined_effect_size FLOAT(53) NULL,
    combined_se FLOAT(53) NULL,
    combined_ci_low FLOAT(53) NULL,
    combined_ci_high FLOAT(53) NULL,
    combined_z_score FLOAT(53) NULL,
    combined_p_value FLOAT(53) NULL,
    q_combined FLOAT(53) NULL,
    neglog_q_combined FLOAT(53) NULL,
    abs_combined_effect_size FLOAT(53) NULL,
    power_score FLOAT(53) NULL,
    consistency_score FLOAT(53) NULL,
    direction_consistency FLOAT(53) NULL,
    magnitude_consistency FLOAT(53) NULL,
    total_samples INTEGER NOT NULL,
    included_study_count INTEGER NOT NULL,
    q_star FLOAT(53) NOT NULL,
    neglog_q_star FLOAT(53) NOT NULL,
    i2_star FLOAT(53) NOT NULL,
    expr_mean_min FLOAT(53) NULL,
    expr_mean_max FLOAT(53) NULL,
    expr_mad_min FLOAT(53) NULL,
    expr_mad_max FLOAT(53) NULL,
    expr_detect_min FLOAT(53) NULL,
    expr_detect_max FLOAT(53) NULL,
    expr_abs_g_min FLOAT(53) NULL,
    expr_abs_g_max FLOAT(53) NULL,
    lof_score FLOAT(53) NULL,
    iforest_score FLOAT(53) NULL,
    ranksvm_score FLOAT(53) NULL,
    unsupervised_score FLOAT(53) NULL,
    metrics_score FLOAT(53) NULL,
    rank_score FLOAT(53) NULL,
    new_rank_score FLOAT(53) NULL,
    rank_position INTEGER NULL,
    q_ss_bound BIT NOT NULL DEFAULT 0,
    q_soth_bound BIT NOT NULL DEFAULT 0,
    q_value_control_bound BIT NOT NULL DEFAULT 0,
    q_value_sepsis_bound BIT NOT NULL DEFAULT 0,
    q_value_septic_shock_bound BIT NOT NULL DEFAULT 0,
    q_diff_shock_vs_sepsis_bound BIT NOT NULL DEFAULT 0,
    q_diff_shock_vs_control_bound BIT NOT NULL DEFAULT 0,
    q_diff_sepsis_vs_control_bound BIT NOT NULL DEFAULT 0,
    q_combined_bound BIT NOT NULL DEFAULT 0,
    feature_run_id VARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL,
    batch_id CHAR(64) NULL,
    agent_result_json NVARCHAR(max) NULL,
    csv_override BIT NOT NULL DEFAULT 0,
    etl_created_date DATETIME2(3) NOT NULL DEFAULT SYSUTCDATETIME(),
    q_star_strict FLOAT(53) NULL,
    q_star_strict_bound BIT NOT NULL DEFAULT 0,
    CONSTRAINT ck_fact_gene_pair_metrics_agent_result_json_is_json CHECK (ISJSON(agent_result_json) = 1),
    CONSTRAINT uq_fact_gene_pair_metrics_pair_key_metrics_scope_disease_key_technology_organism UNIQUE (pair_key, metrics_scope, disease_key, technology, organism),
    CONSTRAINT ck_fact_gene_pair_metrics_metrics_scope CHECK (metrics_scope IN ('META_STUDIES')),
    CONSTRAINT ck_fact_gene_pair_metrics_technology CHECK (technology IN ('RNA-SEQ', 'MICROARRAY', 'OTHER', 'ALL')),
    CONSTRAINT fk_fact_gene_pair_metrics_pair_key FOREIGN KEY(pair_key) REFERENCES dim.dim_gene_pair (pair_key),
    CONSTRAINT fk_fact_gene_pair_metrics_disease_key FOREIGN KEY(disease_key) REFERENCES dim.dim_disease (disease_key)
);
GO

CREATE INDEX ix_fact_gene_pair_metrics_new_rank_score ON fact.fact_gene_pair_metrics (new_rank_score DESC) INCLUDE (combined_p_value, power_score);
GO

CREATE INDEX ix_fact_gene_pair_metrics_p_ss_p_soth_rank_score ON fact.fact_gene_pair_metrics (p_ss, p_soth, rank_score);
GO

EXEC sp_addextendedproperty N'MS_Description', N'One row per stored pair and slice: what all its studies say together.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics';
GO

EXEC sp_addextendedproperty N'MS_Description', N'ALL combines the technologies in a second stage.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'technology';
GO

EXEC sp_addextendedproperty N'MS_Description', N'NULL: a row is about all studies of the slice.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'study_key';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock against sepsis: pooled difference of Fisher z, case minus reference.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'dz_ss_mean';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock against sepsis: standard error of the pooled difference.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'dz_ss_se';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock against sepsis: lower limit of the 95% confidence interval of the pooled difference.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'dz_ss_ci_low';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock against sepsis: upper limit of the 95% confidence interval of the pooled difference.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'dz_ss_ci_high';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock against sepsis: Cochran''s Q about the fixed-effect mean; 0 with one study.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'dz_ss_q';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock against sepsis: chance of a Q this large without heterogeneity, chi-square on k - 1 degrees of freedom.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'dz_ss_q_p';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock against sepsis: percent of the variation that is between studies, 100 max(0, 1 - (k - 1) / Q); 0 where Q is 0.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'dz_ss_i2';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock against sepsis: variance between studies.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'dz_ss_tau2';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock against sepsis: pooled difference over its standard error.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'dz_ss_z';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock against sepsis: two-sided p of dz_ss_z.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'p_ss';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock against sepsis: false discovery rate at which the pair enters, over all pairs tested in the slice.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'q_ss';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock against sepsis: -log10 of q_ss, at most 300.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'neglog_q_ss';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock against sepsis: agreement of the signs of two studies beyond chance, weighted, not below 0.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'kappa_ss';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock against sepsis: size of the pooled difference.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'abs_dz_ss';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock against sepsis: k, the studies in which the difference can be estimated.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'n_studies_ss';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock against sepsis: case samples of these studies.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'n_case_ss';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock against sepsis: reference samples of these studies.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'n_ref_ss';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock against sepsis: lower limit of the 95% prediction interval, t on k - 2 degrees of freedom.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'dz_ss_pi_low';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock against sepsis: upper limit of the 95% prediction interval.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'dz_ss_pi_high';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock against sepsis: fixed-effect mean of the differences.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'dz_ss_fe_mean';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock against sepsis: Hartung-Knapp standard error, not floored.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'dz_ss_hk_se';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock against sepsis: two-sided Hartung-Knapp p, t on k - 1 degrees of freedom.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'p_ss_hk';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock against sepsis: weight of the studies on the side of the pooled difference; a zero counts half.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'direction_consistency_ss';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock against sepsis: 1 / (1 + CV^2) of the studies about the pooled difference.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'magnitude_consistency_ss';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock against sepsis: power of the design to see a difference of 0.3 (or as set) at the 5% level.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'power_ss';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock against sepsis: largest p when one study at a time is left out.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'dz_ss_loo_max_p';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock against all others: pooled difference of Fisher z, case minus reference.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'dz_soth_mean';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock against all others: standard error of the pooled difference.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'dz_soth_se';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock against all others: lower limit of the 95% confidence interval of the pooled difference.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'dz_soth_ci_low';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock against all others: upper limit of the 95% confidence interval of the pooled difference.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'dz_soth_ci_high';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock against all others: Cochran''s Q about the fixed-effect mean; 0 with one study.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'dz_soth_q';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock against all others: chance of a Q this large without heterogeneity, chi-square on k - 1 degrees of freedom.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'dz_soth_q_p';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock against all others: percent of the variation that is between studies, 100 max(0, 1 - (k - 1) / Q); 0 where Q is 0.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'dz_soth_i2';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock against all others: variance between studies.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'dz_soth_tau2';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock against all others: pooled difference over its standard error.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'dz_soth_z';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock against all others: two-sided p of dz_soth_z.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'p_soth';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock against all others: false discovery rate at which the pair enters, over all pairs tested in the slice.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'q_soth';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock against all others: -log10 of q_soth, at most 300.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'neglog_q_soth';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock against all others: agreement of the signs of two studies beyond chance, weighted, not below 0.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'kappa_soth';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock against all others: size of the pooled difference.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'abs_dz_soth';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock against all others: k, the studies in which the difference can be estimated.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'n_studies_soth';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock against all others: case samples of these studies.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'n_case_soth';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock against all others: reference samples of these studies.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'n_ref_soth';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock against all others: lower limit of the 95% prediction interval, t on k - 2 degrees of freedom.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'dz_soth_pi_low';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock against all others: upper limit of the 95% prediction interval.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'dz_soth_pi_high';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock against all others: fixed-effect mean of the differences.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'dz_soth_fe_mean';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock against all others: Hartung-Knapp standard error, not floored.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'dz_soth_hk_se';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock against all others: two-sided Hartung-Knapp p, t on k - 1 degrees of freedom.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'p_soth_hk';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock against all others: weight of the studies on the side of the pooled difference; a zero counts half.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'direction_consistency_soth';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock against all others: 1 / (1 + CV^2) of the studies about the pooled difference.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'magnitude_consistency_soth';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock against all others: power of the design to see a difference of 0.3 (or as set) at the 5% level.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'power_soth';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock against all others: largest p when one study at a time is left out.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'dz_soth_loo_max_p';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Controls: pooled Spearman correlation, back from Fisher z.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'r_control';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Controls: standard error of r_control by the delta method, for display.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'se_r_control';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Controls: lower limit of the 95% confidence interval of r_control.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'r_control_ci_low';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Controls: upper limit of the 95% confidence interval of r_control.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'r_control_ci_high';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Controls: Cochran''s Q of the Fisher z of the studies; 0 with one study.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'q_r_control';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Controls: percent of the variation of Fisher z that is between studies.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'i2_r_control';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Controls: variance of Fisher z between studies.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'tau2_r_control';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Controls: pooled Fisher z over its standard error.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'z_stat_control';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Controls: two-sided p of z_stat_control.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'p_value_control';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Controls: false discovery rate of p_value_control over all pairs tested in the slice.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'q_value_control';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Controls: samples of the studies that contribute.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'n_samples_control';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Controls: studies that contribute.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'n_studies_r_control';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Sepsis: pooled Spearman correlation, back from Fisher z.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'r_sepsis';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Sepsis: standard error of r_sepsis by the delta method, for display.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'se_r_sepsis';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Sepsis: lower limit of the 95% confidence interval of r_sepsis.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'r_sepsis_ci_low';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Sepsis: upper limit of the 95% confidence interval of r_sepsis.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'r_sepsis_ci_high';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Sepsis: Cochran''s Q of the Fisher z of the studies; 0 with one study.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'q_r_sepsis';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Sepsis: percent of the variation of Fisher z that is between studies.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'i2_r_sepsis';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Sepsis: variance of Fisher z between studies.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'tau2_r_sepsis';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Sepsis: pooled Fisher z over its standard error.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'z_stat_sepsis';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Sepsis: two-sided p of z_stat_sepsis.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'p_value_sepsis';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Sepsis: false discovery rate of p_value_sepsis over all pairs tested in the slice.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'q_value_sepsis';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Sepsis: samples of the studies that contribute.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'n_samples_sepsis';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Sepsis: studies that contribute.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'n_studies_r_sepsis';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock: pooled Spearman correlation, back from Fisher z.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'r_septic_shock';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock: standard error of r_septic_shock by the delta method, for display.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'se_r_septic_shock';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock: lower limit of the 95% confidence interval of r_septic_shock.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'r_septic_shock_ci_low';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock: upper limit of the 95% confidence interval of r_septic_shock.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'r_septic_shock_ci_high';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock: Cochran''s Q of the Fisher z of the studies; 0 with one study.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'q_r_septic_shock';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock: percent of the variation of Fisher z that is between studies.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'i2_r_septic_shock';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock: variance of Fisher z between studies.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'tau2_r_septic_shock';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock: pooled Fisher z over its standard error.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'z_stat_septic_shock';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock: two-sided p of z_stat_septic_shock.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'p_value_septic_shock';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock: false discovery rate of p_value_septic_shock over all pairs tested in the slice.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'q_value_septic_shock';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock: samples of the studies that contribute.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'n_samples_septic_shock';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock: studies that contribute.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'n_studies_r_septic_shock';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock minus sepsis: difference of the pooled correlations, which may come from different studies.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'delta_r_shock_vs_sepsis';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock minus sepsis: difference of the pooled Fisher z over its standard error.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'z_diff_shock_vs_sepsis';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock minus sepsis: two-sided p of z_diff_shock_vs_sepsis.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'p_diff_shock_vs_sepsis';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock minus sepsis: false discovery rate of p_diff_shock_vs_sepsis over all pairs tested in the slice.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'q_diff_shock_vs_sepsis';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock minus controls: difference of the pooled correlations, which may come from different studies.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'delta_r_shock_vs_control';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock minus controls: difference of the pooled Fisher z over its standard error.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'z_diff_shock_vs_control';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock minus controls: two-sided p of z_diff_shock_vs_control.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'p_diff_shock_vs_control';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Septic shock minus controls: false discovery rate of p_diff_shock_vs_control over all pairs tested in the slice.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'q_diff_shock_vs_control';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Sepsis minus controls: difference of the pooled correlations, which may come from different studies.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'delta_r_sepsis_vs_control';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Sepsis minus controls: difference of the pooled Fisher z over its standard error.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'z_diff_sepsis_vs_control';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Sepsis minus controls: two-sided p of z_diff_sepsis_vs_control.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'p_diff_sepsis_vs_control';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Sepsis minus controls: false discovery rate of p_diff_sepsis_vs_control over all pairs tested in the slice.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'q_diff_sepsis_vs_control';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Mean of the two contrasts, each weighted by the inverse of its variance.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'combined_effect_size';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Standard error of combined_effect_size; the contrasts share their case samples, which it allows for.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'combined_se';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Lower limit of the 95% confidence interval of combined_effect_size.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'combined_ci_low';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Upper limit of the 95% confidence interval of combined_effect_size.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'combined_ci_high';
GO

EXEC sp_addextendedproperty N'MS_Description', N'combined_effect_size over combined_se.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'combined_z_score';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Two-sided p of combined_z_score.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'combined_p_value';
GO

EXEC sp_addextendedproperty N'MS_Description', N'False discovery rate of combined_p_value over all pairs tested in the slice.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'q_combined';
GO

EXEC sp_addextendedproperty N'MS_Description', N'-log10 of q_combined, at most 300.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'neglog_q_combined';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Size of combined_effect_size.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'abs_combined_effect_size';
GO

EXEC sp_addextendedproperty N'MS_Description', N'The larger power of the two contrasts.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'power_score';
GO

EXEC sp_addextendedproperty N'MS_Description', N'0.5 kappa + 0.3 magnitude + 0.2 (1 - I2 / 100), mean of the contrasts weighted by their studies.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'consistency_score';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Direction consistency, mean of the contrasts weighted by their studies.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'direction_consistency';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Magnitude consistency, mean of the contrasts weighted by their studies.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'magnitude_consistency';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Samples in any statistic of the pair, each counted once.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'total_samples';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Studies in any statistic of the pair, each counted once.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'included_study_count';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Smallest of q_combined, q_ss and q_soth; a missing one reads as 1.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'q_star';
GO

EXEC sp_addextendedproperty N'MS_Description', N'-log10 of q_star, at most 300.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'neglog_q_star';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Smaller I2 of the two contrasts; a missing one reads as 100.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'i2_star';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Mean log2 expression over samples, of the gene with less.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'expr_mean_min';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Mean log2 expression over samples, of the gene with more.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'expr_mean_max';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Scaled median absolute deviation of log2 expression, mean over studies, of the gene with less.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'expr_mad_min';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Scaled median absolute deviation of log2 expression, mean over studies, of the gene with more.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'expr_mad_max';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Share of samples in which the gene is detected, mean over studies, of the gene with less.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'expr_detect_min';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Share of samples in which the gene is detected, mean over studies, of the gene with more.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'expr_detect_max';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Size of Hedges'' g, case against reference, pooled over studies, of the gene with less.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'expr_abs_g_min';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Size of Hedges'' g, case against reference, pooled over studies, of the gene with more.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'expr_abs_g_max';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Local outlier factor, as its rank share within the slice.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'lof_score';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Isolation forest score, as its rank share within the slice.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'iforest_score';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Rank-SVM decision value, as its rank share within the slice.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'ranksvm_score';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Weighted mean of the three model scores.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'unsupervised_score';
GO

EXEC sp_addextendedproperty N'MS_Description', N'0.40 significance + 0.25 effect + 0.20 consistency + 0.15 power, each from 0 to 1.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'metrics_score';
GO

EXEC sp_addextendedproperty N'MS_Description', N'1 - (rank of metrics_score - 1) / N within the slice.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'rank_score';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Weighted mean of significance, unsupervised_score, consistency and power; of what there is.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'new_rank_score';
GO

EXEC sp_addextendedproperty N'MS_Description', N'Place within the slice in the order of the ranked view, from 1.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'rank_position';
GO

EXEC sp_addextendedproperty N'MS_Description', N'True where the rate is NULL because it is only known to lie above the kept tail.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'q_ss_bound';
GO

EXEC sp_addextendedproperty N'MS_Description', N'True where the rate is NULL because it is only known to lie above the kept tail.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'q_soth_bound';
GO

EXEC sp_addextendedproperty N'MS_Description', N'True where the rate is NULL because it is only known to lie above the kept tail.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'q_value_control_bound';
GO

EXEC sp_addextendedproperty N'MS_Description', N'True where the rate is NULL because it is only known to lie above the kept tail.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'q_value_sepsis_bound';
GO

EXEC sp_addextendedproperty N'MS_Description', N'True where the rate is NULL because it is only known to lie above the kept tail.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'q_value_septic_shock_bound';
GO

EXEC sp_addextendedproperty N'MS_Description', N'True where the rate is NULL because it is only known to lie above the kept tail.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'q_diff_shock_vs_sepsis_bound';
GO

EXEC sp_addextendedproperty N'MS_Description', N'True where the rate is NULL because it is only known to lie above the kept tail.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'q_diff_shock_vs_control_bound';
GO

EXEC sp_addextendedproperty N'MS_Description', N'True where the rate is NULL because it is only known to lie above the kept tail.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'q_diff_sepsis_vs_control_bound';
GO

EXEC sp_addextendedproperty N'MS_Description', N'True where the rate is NULL because it is only known to lie above the kept tail.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'q_combined_bound';
GO

EXEC sp_addextendedproperty N'MS_Description', N'NULL: meta.feature_run has the batches that entered.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'batch_id';
GO

EXEC sp_addextendedproperty N'MS_Description', N'What a reviewer found.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'agent_result_json';
GO

EXEC sp_addextendedproperty N'MS_Description', N'The row comes from an imported table that overrules the aggregate.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'csv_override';
GO

EXEC sp_addextendedproperty N'MS_Description', N'FDR of the smallest p of ss, soth and combined over all p of these three, stacked; no score or filter reads it. NULL also in rows from before schema 6.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'q_star_strict';
GO

EXEC sp_addextendedproperty N'MS_Description', N'True where the rate is NULL because it is only known to lie above the kept tail.', N'SCHEMA', N'fact', N'TABLE', N'fact_gene_pair_metrics', N'COLUMN', N'q_star_strict_bound';
GO

INSERT INTO meta.meta_feature_catalog (feature_name, description, expected_scale, null_policy, scope, min, max, better, role, source, catalog_version) VALUES ('dz_ss_mean', N'Septic shock against sepsis: pooled difference of Fisher z, case minus reference.', 'FISHER_Z_DIFF', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', NULL, NULL, 'abs_high', 'evidence', 'seed', '1.0'), ('dz_ss_se', N'Septic shock against sepsis: standard error of the pooled difference.', 'FISHER_Z_DIFF', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', 0, NULL, 'low', 'evidence', 'seed', '1.0'), ('dz_ss_ci_low', N'Septic shock against sepsis: lower limit of the 95% confidence interval of the pooled difference.', 'FISHER_Z_DIFF', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', NULL, NULL, 'none', 'evidence', 'seed', '1.0'), ('dz_ss_ci_high', N'Septic shock against sepsis: upper limit of the 95% confidence interval of the pooled difference.', 'FISHER_Z_DIFF', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', NULL, NULL, 'none', 'evidence', 'seed', '1.0'), ('dz_ss_Q', N'Septic shock against sepsis: Cochran''s Q about the fixed-effect mean; 0 with one study.', 'CHI2', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', 0, NULL, 'low', 'evidence', 'seed', '1.0'), ('dz_ss_Q_p', N'Septic shock against sepsis: chance of a Q this large without heterogeneity, chi-square on k - 1 degrees of freedom.', 'PROBABILITY', 'NULL_IF_K_LT_2', 'GENE_PAIR_META', 0, 1, 'high', 'evidence', 'extension', '1.0'), ('dz_ss_I2', N'Septic shock against sepsis: percent of the variation that is between studies, 100 max(0, 1 - (k - 1) / Q); 0 where Q is 0.', 'PERCENT', 'NULL_IF_K_LT_2', 'GENE_PAIR_META', 0, 100, 'low', 'evidence', 'seed', '1.0'), ('dz_ss_tau2', N'Septic shock against sepsis: variance between studies.', 'FISHER_Z_DIFF_SQ', 'NULL_IF_K_LT_2', 'GENE_PAIR_META', 0, NULL, 'low', 'evidence', 'extension', '1.0'), ('dz_ss_z', N'Septic shock against sepsis: pooled difference over its standard error.', 'Z_SCORE', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', NULL, NULL, 'abs_high', 'evidence', 'seed', '1.0'), ('p_ss', N'Septic shock against sepsis: two-sided p of dz_ss_z.', 'PROBABILITY', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', 0, 1, 'low', 'evidence', 'seed', '1.0'), ('q_ss', N'Septic shock against sepsis: false discovery rate at which the pair enters, over all pairs tested in the slice.', 'PROBABILITY', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', 0, 1, 'low', 'evidence', 'seed', '1.0'), ('neglog_q_ss', N'Septic shock against sepsis: -log10 of q_ss, at most 300.', 'NEG_LOG10', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', 0, 300, 'high', 'evidence', 'seed', '1.0'), ('kappa_ss', N'Septic shock against sepsis: agreement of the signs of two studies beyond chance, weighted, not below 0.', 'UNIT_INTERVAL', 'NULL_IF_K_LT_2', 'GENE_PAIR_META', 0, 1, 'high', 'evidence', 'seed', '1.0'), ('abs_dz_ss', N'Septic shock against sepsis: size of the pooled difference.', 'FISHER_Z_DIFF', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', 0, NULL, 'high', 'evidence', 'seed', '1.0'), ('n_studies_ss', N'Septic shock against sepsis: k, the studies in which the difference can be estimated.', 'COUNT', 'NEVER_NULL_ZERO', 'GENE_PAIR_META', 0, NULL, 'high', 'support', 'seed', '1.0'), ('n_case_ss', N'Septic shock against sepsis: case samples of these studies.', 'COUNT', 'NEVER_NULL_ZERO', 'GENE_PAIR_META', 0, NULL, 'high', 'support', 'extension', '1.0'), ('n_ref_ss', N'Septic shock against sepsis: reference samples of these studies.', 'COUNT', 'NEVER_NULL_ZERO', 'GENE_PAIR_META', 0, NULL, 'high', 'support', 'extension', '1.0'), ('dz_ss_pi_low', N'Septic shock against sepsis: lower limit of the 95% prediction interval, t on k - 2 degrees of freedom.', 'FISHER_Z_DIFF', 'NULL_IF_K_LT_3', 'GENE_PAIR_META', NULL, NULL, 'none', 'evidence', 'extension', '1.0'), ('dz_ss_pi_high', N'Septic shock against sepsis: upper limit of the 95% prediction interval.', 'FISHER_Z_DIFF', 'NULL_IF_K_LT_3', 'GENE_PAIR_META', NULL, NULL, 'none', 'evidence', 'extension', '1.0'), ('dz_ss_fe_mean', N'Septic shock against sepsis: fixed-effect mean of the differences.', 'FISHER_Z_DIFF', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', NULL, NULL, 'abs_high', 'evidence', 'extension', '1.0'), ('dz_ss_hk_se', N'Septic shock against sepsis: Hartung-Knapp standard error, not floored.', 'FISHER_Z_DIFF', 'NULL_IF_K_LT_2', 'GENE_PAIR_META', 0, NULL, 'low', 'evidence', 'extension', '1.0'), ('p_ss_hk', N'Septic shock against sepsis: two-sided Hartung-Knapp p, t on k - 1 degrees of freedom.', 'PROBABILITY', 'NULL_IF_K_LT_2', 'GENE_PAIR_META', 0, 1, 'low', 'evidence', 'extension', '1.0'), ('direction_consistency_ss', N'Septic shock against sepsis: weight of the studies on the side of the pooled difference; a zero counts half.', 'UNIT_INTERVAL', 'NULL_IF_K_LT_2', 'GENE_PAIR_META', 0, 1, 'high', 'evidence', 'extension', '1.0'), ('magnitude_consistency_ss', N'Septic shock against sepsis: 1 / (1 + CV^2) of the studies about the pooled difference.', 'UNIT_INTERVAL', 'NULL_IF_K_LT_2', 'GENE_PAIR_META', 0, 1, 'high', 'evidence', 'extension', '1.0'), ('power_ss', N'Septic shock against sepsis: power of the design to see a difference of 0.3 (or as set) at the 5% level.', 'UNIT_INTERVAL', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', 0, 1, 'high', 'support', 'extension', '1.0'), ('dz_ss_loo_max_p', N'Septic shock against sepsis: largest p when one study at a time is left out.', 'PROBABILITY', 'NULL_IF_K_LT_3', 'GENE_PAIR_META', 0, 1, 'low', 'evidence', 'extension', '1.0'), ('dz_soth_mean', N'Septic shock against all others: pooled difference of Fisher z, case minus reference.', 'FISHER_Z_DIFF', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', NULL, NULL, 'abs_high', 'evidence', 'seed', '1.0'), ('dz_soth_se', N'Septic shock against all others: standard error of the pooled difference.', 'FISHER_Z_DIFF', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', 0, NULL, 'low', 'evidence', 'seed', '1.0'), ('dz_soth_ci_low', N'Septic shock against all others: lower limit of the 95% confidence interval of the pooled difference.', 'FISHER_Z_DIFF', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', NULL, NULL, 'none', 'evidence', 'seed', '1.0'), ('dz_soth_ci_high', N'Septic shock against all others: upper limit of the 95% confidence interval of the pooled difference.', 'FISHER_Z_DIFF', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', NULL, NULL, 'none', 'evidence', 'seed', '1.0'), ('dz_soth_Q', N'Septic shock against all others: Cochran''s Q about the fixed-effect mean; 0 with one study.', 'CHI2', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', 0, NULL, 'low', 'evidence', 'seed', '1.0'), ('dz_soth_Q_p', N'Septic shock against all others: chance of a Q this large without heterogeneity, chi-square on k - 1 degrees of freedom.', 'PROBABILITY', 'NULL_IF_K_LT_2', 'GENE_PAIR_META', 0, 1, 'high', 'evidence', 'extension', '1.0'), ('dz_soth_I2', N'Septic shock against all others: percent of the variation that is between studies, 100 max(0, 1 - (k - 1) / Q); 0 where Q is 0.', 'PERCENT', 'NULL_IF_K_LT_2', 'GENE_PAIR_META', 0, 100, 'low', 'evidence', 'seed', '1.0'), ('dz_soth_tau2', N'Septic shock against all others: variance between studies.', 'FISHER_Z_DIFF_SQ', 'NULL_IF_K_LT_2', 'GENE_PAIR_META', 0, NULL, 'low', 'evidence', 'extension', '1.0'), ('dz_soth_z', N'Septic shock against all others: pooled difference over its standard error.', 'Z_SCORE', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', NULL, NULL, 'abs_high', 'evidence', 'seed', '1.0'), ('p_soth', N'Septic shock against all others: two-sided p of dz_soth_z.', 'PROBABILITY', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', 0, 1, 'low', 'evidence', 'seed', '1.0'), ('q_soth', N'Septic shock against all others: false discovery rate at which the pair enters, over all pairs tested in the slice.', 'PROBABILITY', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', 0, 1, 'low', 'evidence', 'seed', '1.0'), ('neglog_q_soth', N'Septic shock against all others: -log10 of q_soth, at most 300.', 'NEG_LOG10', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', 0, 300, 'high', 'evidence', 'seed', '1.0'), ('kappa_soth', N'Septic shock against all others: agreement of the signs of two studies beyond chance, weighted, not below 0.', 'UNIT_INTERVAL', 'NULL_IF_K_LT_2', 'GENE_PAIR_META', 0, 1, 'high', 'evidence', 'seed', '1.0'), ('abs_dz_soth', N'Septic shock against all others: size of the pooled difference.', 'FISHER_Z_DIFF', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', 0, NULL, 'high', 'evidence', 'seed', '1.0'), ('n_studies_soth', N'Septic shock against all others: k, the studies in which the difference can be estimated.', 'COUNT', 'NEVER_NULL_ZERO', 'GENE_PAIR_META', 0, NULL, 'high', 'support', 'seed', '1.0'), ('n_case_soth', N'Septic shock against all others: case samples of these studies.', 'COUNT', 'NEVER_NULL_ZERO', 'GENE_PAIR_META', 0, NULL, 'high', 'support', 'extension', '1.0'), ('n_ref_soth', N'Septic shock against all others: reference samples of these studies.', 'COUNT', 'NEVER_NULL_ZERO', 'GENE_PAIR_META', 0, NULL, 'high', 'support', 'extension', '1.0'), ('dz_soth_pi_low', N'Septic shock against all others: lower limit of the 95% prediction interval, t on k - 2 degrees of freedom.', 'FISHER_Z_DIFF', 'NULL_IF_K_LT_3', 'GENE_PAIR_META', NULL, NULL, 'none', 'evidence', 'extension', '1.0'), ('dz_soth_pi_high', N'Septic shock against all others: upper limit of the 95% prediction interval.', 'FISHER_Z_DIFF', 'NULL_IF_K_LT_3', 'GENE_PAIR_META', NULL, NULL, 'none', 'evidence', 'extension', '1.0'), ('dz_soth_fe_mean', N'Septic shock against all others: fixed-effect mean of the differences.', 'FISHER_Z_DIFF', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', NULL, NULL, 'abs_high', 'evidence', 'extension', '1.0'), ('dz_soth_hk_se', N'Septic shock against all others: Hartung-Knapp standard error, not floored.', 'FISHER_Z_DIFF', 'NULL_IF_K_LT_2', 'GENE_PAIR_META', 0, NULL, 'low', 'evidence', 'extension', '1.0'), ('p_soth_hk', N'Septic shock against all others: two-sided Hartung-Knapp p, t on k - 1 degrees of freedom.', 'PROBABILITY', 'NULL_IF_K_LT_2', 'GENE_PAIR_META', 0, 1, 'low', 'evidence', 'extension', '1.0'), ('direction_consistency_soth', N'Septic shock against all others: weight of the studies on the side of the pooled difference; a zero counts half.', 'UNIT_INTERVAL', 'NULL_IF_K_LT_2', 'GENE_PAIR_META', 0, 1, 'high', 'evidence', 'extension', '1.0'), ('magnitude_consistency_soth', N'Septic shock against all others: 1 / (1 + CV^2) of the studies about the pooled difference.', 'UNIT_INTERVAL', 'NULL_IF_K_LT_2', 'GENE_PAIR_META', 0, 1, 'high', 'evidence', 'extension', '1.0'), ('power_soth', N'Septic shock against all others: power of the design to see a difference of 0.3 (or as set) at the 5% level.', 'UNIT_INTERVAL', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', 0, 1, 'high', 'support', 'extension', '1.0'), ('dz_soth_loo_max_p', N'Septic shock against all others: largest p when one study at a time is left out.', 'PROBABILITY', 'NULL_IF_K_LT_3', 'GENE_PAIR_META', 0, 1, 'low', 'evidence', 'extension', '1.0'), ('r_control', N'Controls: pooled Spearman correlation, back from Fisher z.', 'CORRELATION', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', -1, 1, 'abs_high', 'evidence', 'seed', '1.0'), ('se_r_control', N'Controls: standard error of r_control by the delta method, for display.', 'CORRELATION', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', 0, NULL, 'low', 'evidence', 'seed', '1.0'), ('r_control_ci_low', N'Controls: lower limit of the 95% confidence interval of r_control.', 'CORRELATION', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', -1, 1, 'none', 'evidence', 'extension', '1.0'), ('r_control_ci_high', N'Controls: upper limit of the 95% confidence interval of r_control.', 'CORRELATION', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', -1, 1, 'none', 'evidence', 'extension', '1.0'), ('Q_r_control', N'Controls: Cochran''s Q of the Fisher z of the studies; 0 with one study.', 'CHI2', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', 0, NULL, 'low', 'evidence', 'extension', '1.0'), ('I2_r_control', N'Controls: percent of the variation of Fisher z that is between studies.', 'PERCENT', 'NULL_IF_K_LT_2', 'GENE_PAIR_META', 0, 100, 'low', 'evidence', 'seed', '1.0'), ('tau2_r_control', N'Controls: variance of Fisher z between studies.', 'FISHER_Z_SQ', 'NULL_IF_K_LT_2', 'GENE_PAIR_META', 0, NULL, 'low', 'evidence', 'extension', '1.0'), ('z_stat_control', N'Controls: pooled Fisher z over its standard error.', 'Z_SCORE', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', NULL, NULL, 'abs_high', 'evidence', 'seed', '1.0'), ('p_value_control', N'Controls: two-sided p of z_stat_control.', 'PROBABILITY', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', 0, 1, 'low', 'evidence', 'seed', '1.0'), ('q_value_control', N'Controls: false discovery rate of p_value_control over all pairs tested in the slice.', 'PROBABILITY', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', 0, 1, 'low', 'evidence', 'extension', '1.0'), ('n_samples_control', N'Controls: samples of the studies that contribute.', 'COUNT', 'NEVER_NULL_ZERO', 'GENE_PAIR_META', 0, NULL, 'high', 'support', 'seed', '1.0'), ('n_studies_r_control', N'Controls: studies that contribute.', 'COUNT', 'NEVER_NULL_ZERO', 'GENE_PAIR_META', 0, NULL, 'high', 'support', 'extension', '1.0'), ('r_sepsis', N'Sepsis: pooled Spearman correlation, back from Fisher z.', 'CORRELATION', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', -1, 1, 'abs_high', 'evidence', 'seed', '1.0'), ('se_r_sepsis', N'Sepsis: standard error of r_sepsis by the delta method, for display.', 'CORRELATION', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', 0, NULL, 'low', 'evidence', 'seed', '1.0'), ('r_sepsis_ci_low', N'Sepsis: lower limit of the 95% confidence interval of r_sepsis.', 'CORRELATION', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', -1, 1, 'none', 'evidence', 'extension', '1.0'), ('r_sepsis_ci_high', N'Sepsis: upper limit of the 95% confidence interval of r_sepsis.', 'CORRELATION', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', -1, 1, 'none', 'evidence', 'extension', '1.0'), ('Q_r_sepsis', N'Sepsis: Cochran''s Q of the Fisher z of the studies; 0 with one study.', 'CHI2', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', 0, NULL, 'low', 'evidence', 'extension', '1.0'), ('I2_r_sepsis', N'Sepsis: percent of the variation of Fisher z that is between studies.', 'PERCENT', 'NULL_IF_K_LT_2', 'GENE_PAIR_META', 0, 100, 'low', 'evidence', 'seed', '1.0'), ('tau2_r_sepsis', N'Sepsis: variance of Fisher z between studies.', 'FISHER_Z_SQ', 'NULL_IF_K_LT_2', 'GENE_PAIR_META', 0, NULL, 'low', 'evidence', 'extension', '1.0'), ('z_stat_sepsis', N'Sepsis: pooled Fisher z over its standard error.', 'Z_SCORE', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', NULL, NULL, 'abs_high', 'evidence', 'seed', '1.0'), ('p_value_sepsis', N'Sepsis: two-sided p of z_stat_sepsis.', 'PROBABILITY', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', 0, 1, 'low', 'evidence', 'seed', '1.0'), ('q_value_sepsis', N'Sepsis: false discovery rate of p_value_sepsis over all pairs tested in the slice.', 'PROBABILITY', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', 0, 1, 'low', 'evidence', 'extension', '1.0'), ('n_samples_sepsis', N'Sepsis: samples of the studies that contribute.', 'COUNT', 'NEVER_NULL_ZERO', 'GENE_PAIR_META', 0, NULL, 'high', 'support', 'seed', '1.0'), ('n_studies_r_sepsis', N'Sepsis: studies that contribute.', 'COUNT', 'NEVER_NULL_ZERO', 'GENE_PAIR_META', 0, NULL, 'high', 'support', 'extension', '1.0'), ('r_septic_shock', N'Septic shock: pooled Spearman correlation, back from Fisher z.', 'CORRELATION', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', -1, 1, 'abs_high', 'evidence', 'seed', '1.0'), ('se_r_septic_shock', N'Septic shock: standard error of r_septic_shock by the delta method, for display.', 'CORRELATION', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', 0, NULL, 'low', 'evidence', 'seed', '1.0'), ('r_septic_shock_ci_low', N'Septic shock: lower limit of the 95% confidence interval of r_septic_shock.', 'CORRELATION', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', -1, 1, 'none', 'evidence', 'extension', '1.0'), ('r_septic_shock_ci_high', N'Septic shock: upper limit of the 95% confidence interval of r_septic_shock.', 'CORRELATION', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', -1, 1, 'none', 'evidence', 'extension', '1.0'), ('Q_r_septic_shock', N'Septic shock: Cochran''s Q of the Fisher z of the studies; 0 with one study.', 'CHI2', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', 0, NULL, 'low', 'evidence', 'extension', '1.0'), ('I2_r_septic_shock', N'Septic shock: percent of the variation of Fisher z that is between studies.', 'PERCENT', 'NULL_IF_K_LT_2', 'GENE_PAIR_META', 0, 100, 'low', 'evidence', 'seed', '1.0'), ('tau2_r_septic_shock', N'Septic shock: variance of Fisher z between studies.', 'FISHER_Z_SQ', 'NULL_IF_K_LT_2', 'GENE_PAIR_META', 0, NULL, 'low', 'evidence', 'extension', '1.0'), ('z_stat_septic_shock', N'Septic shock: pooled Fisher z over its standard error.', 'Z_SCORE', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', NULL, NULL, 'abs_high', 'evidence', 'seed', '1.0'), ('p_value_septic_shock', N'Septic shock: two-sided p of z_stat_septic_shock.', 'PROBABILITY', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', 0, 1, 'low', 'evidence', 'seed', '1.0'), ('q_value_septic_shock', N'Septic shock: false discovery rate of p_value_septic_shock over all pairs tested in the slice.', 'PROBABILITY', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', 0, 1, 'low', 'evidence', 'extension', '1.0'), ('n_samples_septic_shock', N'Septic shock: samples of the studies that contribute.', 'COUNT', 'NEVER_NULL_ZERO', 'GENE_PAIR_META', 0, NULL, 'high', 'support', 'seed', '1.0'), ('n_studies_r_septic_shock', N'Septic shock: studies that contribute.', 'COUNT', 'NEVER_NULL_ZERO', 'GENE_PAIR_META', 0, NULL, 'high', 'support', 'extension', '1.0'), ('delta_r_shock_vs_sepsis', N'Septic shock minus sepsis: difference of the pooled correlations, which may come from different studies.', 'CORRELATION_DIFF', 'NULL_IF_ANY_PARENT_NULL', 'GENE_PAIR_META', -2, 2, 'abs_high', 'evidence', 'seed', '1.0'), ('z_diff_shock_vs_sepsis', N'Septic shock minus sepsis: difference of the pooled Fisher z over its standard error.', 'Z_SCORE', 'NULL_IF_ANY_PARENT_NULL', 'GENE_PAIR_META', NULL, NULL, 'abs_high', 'evidence', 'seed', '1.0'), ('p_diff_shock_vs_sepsis', N'Septic shock minus sepsis: two-sided p of z_diff_shock_vs_sepsis.', 'PROBABILITY', 'NULL_IF_ANY_PARENT_NULL', 'GENE_PAIR_META', 0, 1, 'low', 'evidence', 'seed', '1.0'), ('q_diff_shock_vs_sepsis', N'Septic shock minus sepsis: false discovery rate of p_diff_shock_vs_sepsis over all pairs tested in the slice.', 'PROBABILITY', 'NULL_IF_ANY_PARENT_NULL', 'GENE_PAIR_META', 0, 1, 'low', 'evidence', 'extension', '1.0'), ('delta_r_shock_vs_control', N'Septic shock minus controls: difference of the pooled correlations, which may come from different studies.', 'CORRELATION_DIFF', 'NULL_IF_ANY_PARENT_NULL', 'GENE_PAIR_META', -2, 2, 'abs_high', 'evidence', 'seed', '1.0'), ('z_diff_shock_vs_control', N'Septic shock minus controls: difference of the pooled Fisher z over its standard error.', 'Z_SCORE', 'NULL_IF_ANY_PARENT_NULL', 'GENE_PAIR_META', NULL, NULL, 'abs_high', 'evidence', 'seed', '1.0'), ('p_diff_shock_vs_control', N'Septic shock minus controls: two-sided p of z_diff_shock_vs_control.', 'PROBABILITY', 'NULL_IF_ANY_PARENT_NULL', 'GENE_PAIR_META', 0, 1, 'low', 'evidence', 'seed', '1.0'), ('q_diff_shock_vs_control', N'Septic shock minus controls: false discovery rate of p_diff_shock_vs_control over all pairs tested in the slice.', 'PROBABILITY', 'NULL_IF_ANY_PARENT_NULL', 'GENE_PAIR_META', 0, 1, 'low', 'evidence', 'extension', '1.0'), ('delta_r_sepsis_vs_control', N'Sepsis minus controls: difference of the pooled correlations, which may come from different studies.', 'CORRELATION_DIFF', 'NULL_IF_ANY_PARENT_NULL', 'GENE_PAIR_META', -2, 2, 'abs_high', 'evidence', 'seed', '1.0'), ('z_diff_sepsis_vs_control', N'Sepsis minus controls: difference of the pooled Fisher z over its standard error.', 'Z_SCORE', 'NULL_IF_ANY_PARENT_NULL', 'GENE_PAIR_META', NULL, NULL, 'abs_high', 'evidence', 'seed', '1.0'), ('p_diff_sepsis_vs_control', N'Sepsis minus controls: two-sided p of z_diff_sepsis_vs_control.', 'PROBABILITY', 'NULL_IF_ANY_PARENT_NULL', 'GENE_PAIR_META', 0, 1, 'low', 'evidence', 'seed', '1.0'), ('q_diff_sepsis_vs_control', N'Sepsis minus controls: false discovery rate of p_diff_sepsis_vs_control over all pairs tested in the slice.', 'PROBABILITY', 'NULL_IF_ANY_PARENT_NULL', 'GENE_PAIR_META', 0, 1, 'low', 'evidence', 'extension', '1.0'), ('combined_effect_size', N'Mean of the two contrasts, each weighted by the inverse of its variance.', 'FISHER_Z_DIFF', 'NULL_IF_ALL_PARENTS_NULL', 'GENE_PAIR_META', NULL, NULL, 'abs_high', 'evidence', 'seed', '1.0'), ('combined_se', N'Standard error of combined_effect_size; the contrasts share their case samples, which it allows for.', 'FISHER_Z_DIFF', 'NULL_IF_ALL_PARENTS_NULL', 'GENE_PAIR_META', 0, NULL, 'low', 'evidence', 'extension', '1.0'), ('combined_ci_low', N'Lower limit of the 95% confidence interval of combined_effect_size.', 'FISHER_Z_DIFF', 'NULL_IF_ALL_PARENTS_NULL', 'GENE_PAIR_META', NULL, NULL, 'none', 'evidence', 'extension', '1.0'), ('combined_ci_high', N'Upper limit of the 95% confidence interval of combined_effect_size.', 'FISHER_Z_DIFF', 'NULL_IF_ALL_PARENTS_NULL', 'GENE_PAIR_META', NULL, NULL, 'none', 'evidence', 'extension', '1.0'), ('combined_z_score', N'combined_effect_size over combined_se.', 'Z_SCORE', 'NULL_IF_ALL_PARENTS_NULL', 'GENE_PAIR_META', NULL, NULL, 'abs_high', 'evidence', 'seed', '1.0'), ('combined_p_value', N'Two-sided p of combined_z_score.', 'PROBABILITY', 'NULL_IF_ALL_PARENTS_NULL', 'GENE_PAIR_META', 0, 1, 'low', 'evidence', 'seed', '1.0'), ('q_combined', N'False discovery rate of combined_p_value over all pairs tested in the slice.', 'PROBABILITY', 'NULL_IF_ALL_PARENTS_NULL', 'GENE_PAIR_META', 0, 1, 'low', 'evidence', 'seed', '1.0'), ('neglog_q_combined', N'-log10 of q_combined, at most 300.', 'NEG_LOG10', 'NULL_IF_ALL_PARENTS_NULL', 'GENE_PAIR_META', 0, 300, 'high', 'evidence', 'extension', '1.0'), ('abs_combined_effect_size', N'Size of combined_effect_size.', 'FISHER_Z_DIFF', 'NULL_IF_ALL_PARENTS_NULL', 'GENE_PAIR_META', 0, NULL, 'high', 'evidence', 'seed', '1.0'), ('power_score', N'The larger power of the two contrasts.', 'UNIT_INTERVAL', 'NULL_IF_ALL_PARENTS_NULL', 'GENE_PAIR_META', 0, 1, 'high', 'support', 'seed', '1.0'), ('consistency_score', N'0.5 kappa + 0.3 magnitude + 0.2 (1 - I2 / 100), mean of the contrasts weighted by their studies.', 'UNIT_INTERVAL', 'NULL_IF_ALL_PARENTS_NULL', 'GENE_PAIR_META', 0, 1, 'high', 'evidence', 'seed', '1.0'), ('direction_consistency', N'Direction consistency, mean of the contrasts weighted by their studies.', 'UNIT_INTERVAL', 'NULL_IF_ALL_PARENTS_NULL', 'GENE_PAIR_META', 0, 1, 'high', 'evidence', 'seed', '1.0'), ('magnitude_consistency', N'Magnitude consistency, mean of the contrasts weighted by their studies.', 'UNIT_INTERVAL', 'NULL_IF_ALL_PARENTS_NULL', 'GENE_PAIR_META', 0, 1, 'high', 'evidence', 'seed', '1.0'), ('total_samples', N'Samples in any statistic of the pair, each counted once.', 'COUNT', 'NEVER_NULL_ZERO', 'GENE_PAIR_META', 0, NULL, 'high', 'support', 'seed', '1.0'), ('included_study_count', N'Studies in any statistic of the pair, each counted once.', 'COUNT', 'NEVER_NULL_ZERO', 'GENE_PAIR_META', 0, NULL, 'high', 'support', 'seed', '1.0'), ('q_star', N'Smallest of q_combined, q_ss and q_soth; a missing one reads as 1.', 'PROBABILITY', 'NEVER_NULL_ONE', 'GENE_PAIR_META', 0, 1, 'low', 'evidence', 'seed', '1.0'), ('neglog_q_star', N'-log10 of q_star, at most 300.', 'NEG_LOG10', 'NEVER_NULL_ZERO', 'GENE_PAIR_META', 0, 300, 'high', 'evidence', 'seed', '1.0'), ('i2_star', N'Smaller I2 of the two contrasts; a missing one reads as 100.', 'PERCENT', 'NEVER_NULL_ONE', 'GENE_PAIR_META', 0, 100, 'low', 'evidence', 'seed', '1.0'), ('expr_mean_min', N'Mean log2 expression over samples, of the gene with less.', 'LOG2_EXPRESSION', 'NULL_IF_GENE_NOT_MEASURED', 'GENE_PAIR_META', NULL, NULL, 'none', 'support', 'extension', '1.0'), ('expr_mean_max', N'Mean log2 expression over samples, of the gene with more.', 'LOG2_EXPRESSION', 'NULL_IF_GENE_NOT_MEASURED', 'GENE_PAIR_META', NULL, NULL, 'none', 'support', 'extension', '1.0'), ('expr_mad_min', N'Scaled median absolute deviation of log2 expression, mean over studies, of the gene with less.', 'LOG2_EXPRESSION', 'NULL_IF_GENE_NOT_MEASURED', 'GENE_PAIR_META', 0, NULL, 'none', 'support', 'extension', '1.0'), ('expr_mad_max', N'Scaled median absolute deviation of log2 expression, mean over studies, of the gene with more.', 'LOG2_EXPRESSION', 'NULL_IF_GENE_NOT_MEASURED', 'GENE_PAIR_META', 0, NULL, 'none', 'support', 'extension', '1.0'), ('expr_detect_min', N'Share of samples in which the gene is detected, mean over studies, of the gene with less.', 'UNIT_INTERVAL', 'NULL_IF_GENE_NOT_MEASURED', 'GENE_PAIR_META', 0, 1, 'none', 'support', 'extension', '1.0'), ('expr_detect_max', N'Share of samples in which the gene is detected, mean over studies, of the gene with more.', 'UNIT_INTERVAL', 'NULL_IF_GENE_NOT_MEASURED', 'GENE_PAIR_META', 0, 1, 'none', 'support', 'extension', '1.0'), ('expr_abs_g_min', N'Size of Hedges'' g, case against reference, pooled over studies, of the gene with less.', 'STD_MEAN_DIFF', 'NULL_IF_GENE_NOT_MEASURED', 'GENE_PAIR_META', 0, NULL, 'none', 'support', 'extension', '1.0'), ('expr_abs_g_max', N'Size of Hedges'' g, case against reference, pooled over studies, of the gene with more.', 'STD_MEAN_DIFF', 'NULL_IF_GENE_NOT_MEASURED', 'GENE_PAIR_META', 0, NULL, 'none', 'support', 'extension', '1.0'), ('lof_score', N'Local outlier factor, as its rank share within the slice.', 'UNIT_INTERVAL', 'NULL_IF_MODEL_NOT_RUN', 'GENE_PAIR_META', 0, 1, 'high', 'output', 'extension', '1.0'), ('iforest_score', N'Isolation forest score, as its rank share within the slice.', 'UNIT_INTERVAL', 'NULL_IF_MODEL_NOT_RUN', 'GENE_PAIR_META', 0, 1, 'high', 'output', 'extension', '1.0'), ('ranksvm_score', N'Rank-SVM decision value, as its rank share within the slice.', 'UNIT_INTERVAL', 'NULL_IF_MODEL_NOT_RUN', 'GENE_PAIR_META', 0, 1, 'high', 'output', 'extension', '1.0'), ('unsupervised_score', N'Weighted mean of the three model scores.', 'UNIT_INTERVAL', 'NULL_IF_MODEL_NOT_RUN', 'GENE_PAIR_META', 0, 1, 'high', 'output', 'seed', '1.0'), ('metrics_score', N'0.40 significance + 0.25 effect + 0.20 consistency + 0.15 power, each from 0 to 1.', 'UNIT_INTERVAL', 'NULL_IF_ALL_PARENTS_NULL', 'GENE_PAIR_META', 0, 1, 'high', 'output', 'seed', '1.0'), ('rank_score', N'1 - (rank of metrics_score - 1) / N within the slice.', 'UNIT_INTERVAL', 'NULL_IF_ALL_PARENTS_NULL', 'GENE_PAIR_META', 0, 1, 'high', 'output', 'seed', '1.0'), ('new_rank_score', N'Weighted mean of significance, unsupervised_score, consistency and power; of what there is.', 'UNIT_INTERVAL', 'NULL_IF_ALL_PARENTS_NULL', 'GENE_PAIR_META', 0, 1, 'high', 'output', 'seed', '1.0'), ('rank_position', N'Place within the slice in the order of the ranked view, from 1.', 'RANK', 'NULL_IF_ALL_PARENTS_NULL', 'GENE_PAIR_META', 1, NULL, 'low', 'output', 'extension', '1.0');
GO

INSERT INTO meta.schema_version (version, name) VALUES (3, 'gene_pairs');
GO

-- Every stored pair of a slice before the filters, with the first filter that keeps it out of vw_pair_metrics_ranked in
-- left_out_because (FEW_STUDIES, Q_ABOVE_LIMIT, HETEROGENEITY), or NULL where it is in. The session says what is asked:
-- disease and technology are required, without them there are no rows; organism (default all), q (0.05), k_min (3),
-- i2_max (75), i2_rule (LEAST, GREATEST or MATCHED) and k_rule (INCLUDED or MATCHED) may be left out. For example:
-- EXEC sp_set_session_context N'disease', N'SEPSIS'.
-- MATCHED looks at the contrast whose q is q_star; where that is the combined one, at the worse of its contrasts.
CREATE OR ALTER VIEW analytics.vw_gene_pairs_candidate AS
WITH asked AS (
    SELECT
        UPPER(CONVERT(nvarchar(255), SESSION_CONTEXT(N'disease'))) AS disease_label,
        UPPER(CONVERT(nvarchar(255), SESSION_CONTEXT(N'technology'))) AS technology,
        CONVERT(nvarchar(255), SESSION_CONTEXT(N'organism')) AS organism,
        COALESCE(CONVERT(float, SESSION_CONTEXT(N'q')), 0.05) AS q,
        COALESCE(CONVERT(int, SESSION_CONTEXT(N'k_min')), 3) AS k_min,
        COALESCE(CONVERT(float, SESSION_CONTEXT(N'i2_max')), 75) AS i2_max,
        UPPER(COALESCE(CONVERT(nvarchar(255), SESSION_CONTEXT(N'i2_rule')), N'LEAST')) AS i2_rule,
        UPPER(COALESCE(CONVERT(nvarchar(255), SESSION_CONTEXT(N'k_rule')), N'INCLUDED')) AS k_rule
),
stored AS (
    SELECT
        f.*,
        d.disease_label,
        x.q AS asked_q,
        x.k_min AS asked_k_min,
        x.i2_max AS asked_i2_max,
        x.i2_rule AS asked_i2_rule,
        x.k_rule AS asked_k_rule,
        COALESCE(f.dz_ss_i2, 100) AS ss_i2,
        COALESCE(f.dz_soth_i2, 100) AS soth_i2,
        CASE
            WHEN f.q_ss = f.q_star AND f.q_soth = f.q_star THEN 'BOTH'
            WHEN f.q_ss = f.q_star THEN 'SS'
            WHEN f.q_soth = f.q_star THEN 'SOTH'
            WHEN f.n_studies_ss = 0 THEN 'SOTH'
            WHEN f.n_studies_soth = 0 THEN 'SS'
            ELSE 'BOTH'
        END AS matched
    FROM fact.fact_gene_pair_metrics AS f
    JOIN dim.dim_disease AS d ON d.disease_key = f.disease_key
    JOIN asked AS x
        ON x.disease_label = d.disease_label
        AND x.technology = f.technology
        AND COALESCE(x.organism, f.organism) = f.organism
    WHERE f.metrics_scope = 'META_STUDIES'
),
judged AS (
    SELECT
        s.*,
        CASE
            WHEN s.asked_i2_rule = 'LEAST' THEN LEAST(s.ss_i2, s.soth_i2)
            WHEN s.asked_i2_rule = 'GREATEST' THEN GREATEST(s.ss_i2, s.soth_i2)
            WHEN s.asked_i2_rule = 'MATCHED' AND s.matched = 'SS' THEN s.ss_i2
            WHEN s.asked_i2_rule = 'MATCHED' AND s.matched = 'SOTH' THEN s.soth_i2
            WHEN s.asked_i2_rule = 'MATCHED' THEN GREATEST(s.ss_i2, s.soth_i2)
        END AS i2_rule_value,
        CASE
            WHEN s.asked_k_rule = 'INCLUDED' THEN s.included_study_count
            WHEN s.asked_k_rule = 'MATCHED' AND s.matched = 'SS' THEN s.n_studies_ss
            WHEN s.asked_k_rule = 'MATCHED' AND s.matched = 'SOTH' THEN s.n_studies_soth
            WHEN s.asked_k_rule = 'MATCHED' THEN LEAST(s.n_studies_ss, s.n_studies_soth)
        END AS k_rule_value
    FROM stored AS s
)
SELECT
    j.pair_key,
    p.pair_uid,
    CASE WHEN a.gene_id < b.gene_id THEN a.gene_id ELSE b.gene_id END AS genea_id,
    CASE WHEN a.gene_id < b.gene_id THEN a.gene_symbol ELSE b.gene_symbol END AS genea_symbol,
    CASE WHEN a.gene_id < b.gene_id THEN b.gene_id ELSE a.gene_id END AS geneb_id,
    CASE WHEN a.gene_id < b.gene_id THEN b.gene_symbol ELSE a.gene_symbol END AS geneb_symbol,
    j.disease_label,
    j.technology,
    j.organism,
    j.dz_ss_mean,
    j.dz_ss_se,
    j.dz_ss_ci_low,
    j.dz_ss_ci_high,
    j.dz_ss_q,
    j.dz_ss_q_p,
    j.dz_ss_i2,
    j.dz_ss_tau2,
    j.dz_ss_z,
    j.p_ss,
    j.q_ss,
    j.neglog_q_ss,
    j.kappa_ss,
    j.abs_dz_ss,
    j.n_studies_ss,
    j.n_case_ss,
    j.n_ref_ss,
    j.dz_ss_pi_low,
    j.dz_ss_pi_high,
    j.dz_ss_fe_mean,
    j.dz_ss_hk_se,
    j.p_ss_hk,
    j.direction_consistency_ss,
    j.magnitude_consistency_ss,
    j.power_ss,
    j.dz_ss_loo_max_p,
    j.dz_soth_mean,
    j.dz_soth_se,
    j.dz_soth_ci_low,
    j.dz_soth_ci_high,
    j.dz_soth_q,
    j.dz_soth_q_p,
    j.dz_soth_i2,
    j.dz_soth_tau2,
    j.dz_soth_z,
    j.p_soth,
    j.q_soth,
    j.neglog_q_soth,
    j.kappa_soth,
    j.abs_dz_soth,
    j.n_studies_soth,
    j.n_case_soth,
    j.n_ref_soth,
    j.dz_soth_pi_low,
    j.dz_soth_pi_high,
    j.dz_soth_fe_mean,
    j.dz_soth_hk_se,
    j.p_soth_hk,
    j.direction_consistency_soth,
    j.magnitude_consistency_soth,
    j.power_soth,
    j.dz_soth_loo_max_p,
    j.r_control,
    j.se_r_control,
    j.r_control_ci_low,
    j.r_control_ci_high,
    j.q_r_control,
    j.i2_r_control,
    j.tau2_r_control,
    j.z_stat_control,
    j.p_value_control,
    j.q_value_control,
    j.n_samples_control,
    j.n_studies_r_control,
    j.r_sepsis,
    j.se_r_sepsis,
    j.r_sepsis_ci_low,
    j.r_sepsis_ci_high,
    j.q_r_sepsis,
    j.i2_r_sepsis,
    j.tau2_r_sepsis,
    j.z_stat_sepsis,
    j.p_value_sepsis,
    j.q_value_sepsis,
    j.n_samples_sepsis,
    j.n_studies_r_sepsis,
    j.r_septic_shock,
    j.se_r_septic_shock,
    j.r_septic_shock_ci_low,
    j.r_septic_shock_ci_high,
    j.q_r_septic_shock,
    j.i2_r_septic_shock,
    j.tau2_r_septic_shock,
    j.z_stat_septic_shock,
    j.p_value_septic_shock,
    j.q_value_septic_shock,
    j.n_samples_septic_shock,
    j.n_studies_r_septic_shock,
    j.delta_r_shock_vs_sepsis,
    j.z_diff_shock_vs_sepsis,
    j.p_diff_shock_vs_sepsis,
    j.q_diff_shock_vs_sepsis,
    j.delta_r_shock_vs_control,
    j.z_diff_shock_vs_control,
    j.p_diff_shock_vs_control,
    j.q_diff_shock_vs_control,
    j.delta_r_sepsis_vs_control,
    j.z_diff_sepsis_vs_control,
    j.p_diff_sepsis_vs_control,
    j.q_diff_sepsis_vs_control,
    j.combined_effect_size,
    j.combined_se,
    j.combined_ci_low,
    j.combined_ci_high,
    j.combined_z_score,
    j.combined_p_value,
    j.q_combined,
    j.neglog_q_combined,
    j.abs_combined_effect_size,
    j.power_score,
    j.consistency_score,
    j.direction_consistency,
    j.magnitude_consistency,
    j.total_samples,
    j.included_study_count,
    j.q_star,
    j.neglog_q_star,
    j.i2_star,
    j.expr_mean_min,
    j.expr_mean_max,
    j.expr_mad_min,
    j.expr_mad_max,
    j.expr_detect_min,
    j.expr_detect_max,
    j.expr_abs_g_min,
    j.expr_abs_g_max,
    j.lof_score,
    j.iforest_score,
    j.ranksvm_score,
    j.unsupervised_score,
    j.metrics_score,
    j.rank_score,
    j.new_rank_score,
    j.rank_position,
    j.q_ss_bound,
    j.q_soth_bound,
    j.q_value_control_bound,
    j.q_value_sepsis_bound,
    j.q_value_septic_shock_bound,
    j.q_diff_shock_vs_sepsis_bound,
    j.q_diff_shock_vs_control_bound,
    j.q_diff_sepsis_vs_control_bound,
    j.q_combined_bound,
    j.agent_result_json,
    j.feature_run_id,
    j.i2_rule_value,
    j.k_rule_value,
    CASE
        WHEN j.k_rule_value >= j.asked_k_min AND j.q_star <= j.asked_q AND j.i2_rule_value <= j.asked_i2_max THEN NULL
        WHEN j.k_rule_value >= j.asked_k_min AND j.q_star <= j.asked_q THEN 'HETEROGENEITY'
        WHEN j.k_rule_value >= j.asked_k_min THEN 'Q_ABOVE_LIMIT'
        ELSE 'FEW_STUDIES'
    END AS left_out_because,
    j.q_star_strict,
    j.q_star_strict_bound
FROM judged AS j
JOIN dim.dim_gene_pair AS p ON p.pair_key = j.pair_key
JOIN dim.dim_gene AS a ON a.gene_key = p.genea_key
JOIN dim.dim_gene AS b ON b.gene_key = p.geneb_key;
GO

EXEC sp_addextendedproperty N'MS_Description', N'Every stored pair of a slice before the filters, with the first filter that keeps it out of vw_pair_metrics_ranked in left_out_because (FEW_STUDIES, Q_ABOVE_LIMIT, HETEROGENEITY), or NULL where it is in. The session says what is asked: disease and technology are required, without them there are no rows; organism (default all), q (0.05), k_min (3), i2_max (75), i2_rule (LEAST, GREATEST or MATCHED) and k_rule (INCLUDED or MATCHED) may be left out. For example: EXEC sp_set_session_context N''disease'', N''SEPSIS''. MATCHED looks at the contrast whose q is q_star; where that is the combined one, at the worse of its contrasts.', N'SCHEMA', N'analytics', N'VIEW', N'vw_gene_pairs_candidate';
GO

-- The pairs of a slice that pass the filters on studies, q and heterogeneity; vw_gene_pairs_candidate says how the
-- session gives disease, technology and the limits, and why other pairs are left out. i2_rule_value is the I2 that
-- was compared with i2_max, i2_star always the smaller one. A view has no order; the one that is meant is:
-- q_star, new_rank_score DESC, power_score DESC, i2_star, kappa_ss DESC, abs_combined_effect_size DESC, pair_uid,
-- missing values last.
CREATE OR ALTER VIEW analytics.vw_pair_metrics_ranked AS
SELECT
    c.pair_key,
    c.pair_uid,
    c.genea_id,
    c.genea_symbol,
    c.geneb_id,
    c.geneb_symbol,
    c.disease_label,
    c.technology,
    c.organism,
    c.dz_ss_mean,
    c.dz_ss_se,
    c.dz_ss_ci_low,
    c.dz_ss_ci_high,
    c.dz_ss_q,
    c.dz_ss_q_p,
    c.dz_ss_i2,
    c.dz_ss_tau2,
    c.dz_ss_z,
    c.p_ss,
    c.q_ss,
    c.neglog_q_ss,
    c.kappa_ss,
    c.abs_dz_ss,
    c.n_studies_ss,
    c.n_case_ss,
    c.n_ref_ss,
    c.dz_ss_pi_low,
    c.dz_ss_pi_high,
    c.dz_ss_fe_mean,
    c.dz_ss_hk_se,
    c.p_ss_hk,
    c.direction_consistency_ss,
    c.magnitude_consistency_ss,
    c.power_ss,
    c.dz_ss_loo_max_p,
    c.dz_soth_mean,
    c.dz_soth_se,
    c.dz_soth_ci_low,
    c.dz_soth_ci_high,
    c.dz_soth_q,
    c.dz_soth_q_p,
    c.dz_soth_i2,
    c.dz_soth_tau2,
    c.dz_soth_z,
    c.p_soth,
    c.q_soth,
    c.neglog_q_soth,
    c.kappa_soth,
    c.abs_dz_soth,
    c.n_studies_soth,
    c.n_case_soth,
    c.n_ref_soth,
    c.dz_soth_pi_low,
    c.dz_soth_pi_high,
    c.dz_soth_fe_mean,
    c.dz_soth_hk_se,
    c.p_soth_hk,
    c.direction_consistency_soth,
    c.magnitude_consistency_soth,
    c.power_soth,
    c.dz_soth_loo_max_p,
    c.r_control,
    c.se_r_control,
    c.r_control_ci_low,
    c.r_control_ci_high,
    c.q_r_control,
    c.i2_r_control,
    c.tau2_r_control,
    c.z_stat_control,
    c.p_value_control,
    c.q_value_control,
    c.n_samples_control,
    c.n_studies_r_control,
    c.r_sepsis,
    c.se_r_sepsis,
    c.r_sepsis_ci_low,
    c.r_sepsis_ci_high,
    c.q_r_sepsis,
    c.i2_r_sepsis,
    c.tau2_r_sepsis,
    c.z_stat_sepsis,
    c.p_value_sepsis,
    c.q_value_sepsis,
    c.n_samples_sepsis,
    c.n_studies_r_sepsis,
    c.r_septic_shock,
    c.se_r_septic_shock,
    c.r_septic_shock_ci_low,
    c.r_septic_shock_ci_high,
    c.q_r_septic_shock,
    c.i2_r_septic_shock,
    c.tau2_r_septic_shock,
    c.z_stat_septic_shock,
    c.p_value_septic_shock,
    c.q_value_septic_shock,
    c.n_samples_septic_shock,
    c.n_studies_r_septic_shock,
    c.delta_r_shock_vs_sepsis,
    c.z_diff_shock_vs_sepsis,
    c.p_diff_shock_vs_sepsis,
    c.q_diff_shock_vs_sepsis,
    c.delta_r_shock_vs_control,
    c.z_diff_shock_vs_control,
    c.p_diff_shock_vs_control,
    c.q_diff_shock_vs_control,
    c.delta_r_sepsis_vs_control,
    c.z_diff_sepsis_vs_control,
    c.p_diff_sepsis_vs_control,
    c.q_diff_sepsis_vs_control,
    c.combined_effect_size,
    c.combined_se,
    c.combined_ci_low,
    c.combined_ci_high,
    c.combined_z_score,
    c.combined_p_value,
    c.q_combined,
    c.neglog_q_combined,
    c.abs_combined_effect_size,
    c.power_score,
    c.consistency_score,
    c.direction_consistency,
    c.magnitude_consistency,
    c.total_samples,
    c.included_study_count,
    c.q_star,
    c.neglog_q_star,
    c.i2_star,
    c.expr_mean_min,
    c.expr_mean_max,
    c.expr_mad_min,
    c.expr_mad_max,
    c.expr_detect_min,
    c.expr_detect_max,
    c.expr_abs_g_min,
    c.expr_abs_g_max,
    c.lof_score,
    c.iforest_score,
    c.ranksvm_score,
    c.unsupervised_score,
    c.metrics_score,
    c.rank_score,
    c.new_rank_score,
    c.rank_position,
    c.q_ss_bound,
    c.q_soth_bound,
    c.q_value_control_bound,
    c.q_value_sepsis_bound,
    c.q_value_septic_shock_bound,
    c.q_diff_shock_vs_sepsis_bound,
    c.q_diff_shock_vs_control_bound,
    c.q_diff_sepsis_vs_control_bound,
    c.q_combined_bound,
    c.agent_result_json,
    c.feature_run_id,
    c.i2_rule_value,
    c.k_rule_value,
    c.q_star_strict,
    c.q_star_strict_bound
FROM analytics.vw_gene_pairs_candidate AS c
WHERE c.left_out_because IS NULL;
GO

EXEC sp_addextendedproperty N'MS_Description', N'The pairs of a slice that pass the filters on studies, q and heterogeneity; vw_gene_pairs_candidate says how the session gives disease, technology and the limits, and why other pairs are left out. i2_rule_value is the I2 that was compared with i2_max, i2_star always the smaller one. A view has no order; the one that is meant is: q_star, new_rank_score DESC, power_score DESC, i2_star, kappa_ss DESC, abs_combined_effect_size DESC, pair_uid, missing values last.', N'SCHEMA', N'analytics', N'VIEW', N'vw_pair_metrics_ranked';
GO

-- The same pairs as in vw_pair_metrics_ranked, for exports and tests that want them by q_star.
CREATE OR ALTER VIEW analytics.vw_pair_metrics_significant AS
SELECT
    r.pair_key,
    r.pair_uid,
    r.genea_id,
    r.genea_symbol,
    r.geneb_id,
    r.geneb_symbol,
    r.disease_label,
    r.technology,
    r.organism,
    r.dz_ss_mean,
    r.dz_ss_se,
    r.dz_ss_ci_low,
    r.dz_ss_ci_high,
    r.dz_ss_q,
    r.dz_ss_q_p,
    r.dz_ss_i2,
    r.dz_ss_tau2,
    r.dz_ss_z,
    r.p_ss,
    r.q_ss,
    r.neglog_q_ss,
    r.kappa_ss,
    r.abs_dz_ss,
    r.n_studies_ss,
    r.n_case_ss,
    r.n_ref_ss,
    r.dz_ss_pi_low,
    r.dz_ss_pi_high,
    r.dz_ss_fe_mean,
    r.dz_ss_hk_se,
    r.p_ss_hk,
    r.direction_consistency_ss,
    r.magnitude_consistency_ss,
    r.power_ss,
    r.dz_ss_loo_max_p,
    r.dz_soth_mean,
    r.dz_soth_se,
    r.dz_soth_ci_low,
    r.dz_soth_ci_high,
    r.dz_soth_q,
    r.dz_soth_q_p,
    r.dz_soth_i2,
    r.dz_soth_tau2,
    r.dz_soth_z,
    r.p_soth,
    r.q_soth,
    r.neglog_q_soth,
    r.kappa_soth,
    r.abs_dz_soth,
    r.n_studies_soth,
    r.n_case_soth,
    r.n_ref_soth,
    r.dz_soth_pi_low,
    r.dz_soth_pi_high,
    r.dz_soth_fe_mean,
    r.dz_soth_hk_se,
    r.p_soth_hk,
    r.direction_consistency_soth,
    r.magnitude_consistency_soth,
    r.power_soth,
    r.dz_soth_loo_max_p,
    r.r_control,
    r.se_r_control,
    r.r_control_ci_low,
    r.r_control_ci_high,
    r.q_r_control,
    r.i2_r_control,
    r.tau2_r_control,
    r.z_stat_control,
    r.p_value_control,
    r.q_value_control,
    r.n_samples_control,
    r.n_studies_r_control,
    r.r_sepsis,
    r.se_r_sepsis,
    r.r_sepsis_ci_low,
    r.r_sepsis_ci_high,
    r.q_r_sepsis,
    r.i2_r_sepsis,
    r.tau2_r_sepsis,
    r.z_stat_sepsis,
    r.p_value_sepsis,
    r.q_value_sepsis,
    r.n_samples_sepsis,
    r.n_studies_r_sepsis,
    r.r_septic_shock,
    r.se_r_septic_shock,
    r.r_septic_shock_ci_low,
    r.r_septic_shock_ci_high,
    r.q_r_septic_shock,
    r.i2_r_septic_shock,
    r.tau2_r_septic_shock,
    r.z_stat_septic_shock,
    r.p_value_septic_shock,
    r.q_value_septic_shock,
    r.n_samples_septic_shock,
    r.n_studies_r_septic_shock,
    r.delta_r_shock_vs_sepsis,
    r.z_diff_shock_vs_sepsis,
    r.p_diff_shock_vs_sepsis,
    r.q_diff_shock_vs_sepsis,
    r.delta_r_shock_vs_control,
    r.z_diff_shock_vs_control,
    r.p_diff_shock_vs_control,
    r.q_diff_shock_vs_control,
    r.delta_r_sepsis_vs_control,
    r.z_diff_sepsis_vs_control,
    r.p_diff_sepsis_vs_control,
    r.q_diff_sepsis_vs_control,
    r.combined_effect_size,
    r.combined_se,
    r.combined_ci_low,
    r.combined_ci_high,
    r.combined_z_score,
    r.combined_p_value,
    r.q_combined,
    r.neglog_q_combined,
    r.abs_combined_effect_size,
    r.power_score,
    r.consistency_score,
    r.direction_consistency,
    r.magnitude_consistency,
    r.total_samples,
    r.included_study_count,
    r.q_star,
    r.neglog_q_star,
    r.i2_star,
    r.expr_mean_min,
    r.expr_mean_max,
    r.expr_mad_min,
    r.expr_mad_max,
    r.expr_detect_min,
    r.expr_detect_max,
    r.expr_abs_g_min,
    r.expr_abs_g_max,
    r.lof_score,
    r.iforest_score,
    r.ranksvm_score,
    r.unsupervised_score,
    r.metrics_score,
    r.rank_score,
    r.new_rank_score,
    r.rank_position,
    r.q_ss_bound,
    r.q_soth_bound,
    r.q_value_control_bound,
    r.q_value_sepsis_bound,
    r.q_value_septic_shock_bound,
    r.q_diff_shock_vs_sepsis_bound,
    r.q_diff_shock_vs_control_bound,
    r.q_diff_sepsis_vs_control_bound,
    r.q_combined_bound,
    r.agent_result_json,
    r.feature_run_id,
    r.i2_rule_value,
    r.k_rule_value,
    r.q_star_strict,
    r.q_star_strict_bound
FROM analytics.vw_pair_metrics_ranked AS r;
GO

EXEC sp_addextendedproperty N'MS_Description', N'The same pairs as in vw_pair_metrics_ranked, for exports and tests that want them by q_star.', N'SCHEMA', N'analytics', N'VIEW', N'vw_pair_metrics_significant';
GO

-- The schemas give the roles their rights on pairs; a feature run is written and never erased.
GRANT INSERT, UPDATE ON meta.feature_run TO etl_loader;
GO

INSERT INTO meta.schema_version (version, name) VALUES (4, 'pair_views');
GO

-- Readers may see what is in quarantine.
GRANT SELECT ON SCHEMA::staging TO etl_reader;
GO

INSERT INTO meta.schema_version (version, name) VALUES (5, 'readers_see_quarantine');
GO

INSERT INTO meta.schema_version (version, name) VALUES (6, 'strict_q');
GO
