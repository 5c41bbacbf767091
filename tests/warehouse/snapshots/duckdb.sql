-- Expressway warehouse, schema 2, DuckDB. Run it in an empty database.

CREATE SCHEMA IF NOT EXISTS dim;

CREATE SCHEMA IF NOT EXISTS fact;

CREATE SCHEMA IF NOT EXISTS staging;

CREATE SCHEMA IF NOT EXISTS meta;

CREATE SCHEMA IF NOT EXISTS analytics;

CREATE SEQUENCE dim.disease_key_seq START WITH 1;

CREATE SEQUENCE dim.gene_key_seq START WITH 1;

CREATE SEQUENCE dim.illness_key_seq START WITH 1;

CREATE SEQUENCE dim.platform_key_seq START WITH 1;

CREATE SEQUENCE dim.study_key_seq START WITH 1;

CREATE SEQUENCE meta.batch_key_seq START WITH 1;

CREATE SEQUENCE dim.sample_key_seq START WITH 1;

CREATE SEQUENCE dim.study_disease_map_key_seq START WITH 1;

CREATE TABLE dim.dim_disease (
    disease_key INTEGER DEFAULT nextval('dim.disease_key_seq') NOT NULL,
    disease_label VARCHAR(64) NOT NULL,
    disease_ontology VARCHAR(64),
    is_active BOOLEAN DEFAULT true NOT NULL,
    etl_created_date TIMESTAMP WITHOUT TIME ZONE DEFAULT (CURRENT_TIMESTAMP AT TIME ZONE 'UTC') NOT NULL,
    etl_updated_date TIMESTAMP WITHOUT TIME ZONE,
    CONSTRAINT pk_dim_disease PRIMARY KEY (disease_key),
    CONSTRAINT uq_dim_disease_disease_label UNIQUE (disease_label)
);

COMMENT ON TABLE dim.dim_disease IS 'The condition that a study is about; what a single sample has is dim_illness.';

COMMENT ON COLUMN dim.dim_disease.disease_label IS 'Natural key; a study''s spectrum.';

COMMENT ON COLUMN dim.dim_disease.disease_ontology IS 'DOID, SNOMED or UMLS id.';

CREATE TABLE dim.dim_gene (
    gene_key INTEGER DEFAULT nextval('dim.gene_key_seq') NOT NULL,
    gene_id VARCHAR(255) NOT NULL,
    gene_id_type VARCHAR(10) NOT NULL,
    organism VARCHAR(255) DEFAULT 'UNKNOWN' NOT NULL,
    analysis_gene_key INTEGER,
    gene_symbol VARCHAR(255),
    entrez_id TEXT,
    gene_name TEXT,
    gene_type VARCHAR(255),
    chromosome VARCHAR(255),
    start_position BIGINT,
    end_position BIGINT,
    annotation_source TEXT,
    etl_created_date TIMESTAMP WITHOUT TIME ZONE DEFAULT (CURRENT_TIMESTAMP AT TIME ZONE 'UTC') NOT NULL,
    etl_updated_date TIMESTAMP WITHOUT TIME ZONE,
    CONSTRAINT pk_dim_gene PRIMARY KEY (gene_key),
    CONSTRAINT uq_dim_gene_gene_id_gene_id_type_organism UNIQUE (gene_id, gene_id_type, organism),
    CONSTRAINT ck_dim_gene_gene_id_type CHECK (gene_id_type IN ('ENSEMBL', 'SYMBOL', 'ENTREZ', 'PROBE'))
);

COMMENT ON TABLE dim.dim_gene IS 'One row per gene id of a type in an organism, as the sources write it.';

COMMENT ON COLUMN dim.dim_gene.gene_id IS 'Without version suffix; case matters.';

COMMENT ON COLUMN dim.dim_gene.organism IS 'UNKNOWN if no source tells.';

COMMENT ON COLUMN dim.dim_gene.analysis_gene_key IS 'The row under which studies are pooled: the Ensembl gene that the id maps to, else the row itself.';

COMMENT ON COLUMN dim.dim_gene.entrez_id IS 'NCBI gene ids that the annotation gives, joined by |.';

COMMENT ON COLUMN dim.dim_gene.annotation_source IS 'The gene table that symbol, name and position come from.';

CREATE TABLE dim.dim_illness (
    illness_key INTEGER DEFAULT nextval('dim.illness_key_seq') NOT NULL,
    illness_label VARCHAR(64) NOT NULL,
    illness_definition VARCHAR(500),
    CONSTRAINT pk_dim_illness PRIMARY KEY (illness_key),
    CONSTRAINT uq_dim_illness_illness_label UNIQUE (illness_label)
);

COMMENT ON TABLE dim.dim_illness IS 'The cohorts a sample can belong to.';

COMMENT ON COLUMN dim.dim_illness.illness_label IS 'Natural key; the cohort of a sample.';

CREATE TABLE dim.dim_platform (
    platform_key INTEGER DEFAULT nextval('dim.platform_key_seq') NOT NULL,
    platform_accession VARCHAR(400) NOT NULL,
    platform_name TEXT,
    manufacturer TEXT,
    measurement_technology VARCHAR(20),
    CONSTRAINT pk_dim_platform PRIMARY KEY (platform_key),
    CONSTRAINT ck_dim_platform_measurement_technology CHECK (measurement_technology IN ('RNA-SEQ', 'MICROARRAY', 'OTHER')),
    CONSTRAINT uq_dim_platform_platform_accession UNIQUE (platform_accession)
);

COMMENT ON TABLE dim.dim_platform IS 'Arrays and sequencers, normalised from `Name (Accession)`.';

COMMENT ON COLUMN dim.dim_platform.platform_accession IS 'Natural key.';

CREATE TABLE dim.dim_study (
    study_key INTEGER DEFAULT nextval('dim.study_key_seq') NOT NULL,
    study_accession_code VARCHAR(50) NOT NULL,
    study_title TEXT,
    study_pubmed_id TEXT,
    study_technology VARCHAR(20) DEFAULT 'OTHER' NOT NULL,
    study_organism TEXT,
    study_platform_summary TEXT,
    study_description TEXT,
    study_unit_tag VARCHAR(20),
    value_scale VARCHAR(10),
    study_status VARCHAR(10) DEFAULT 'ACTIVE' NOT NULL,
    hold_reason TEXT,
    source_first_published TEXT,
    source_last_modified TEXT,
    source_kind VARCHAR(10) DEFAULT 'REFINEBIO' NOT NULL,
    etl_created_date TIMESTAMP WITHOUT TIME ZONE DEFAULT (CURRENT_TIMESTAMP AT TIME ZONE 'UTC') NOT NULL,
    etl_updated_date TIMESTAMP WITHOUT TIME ZONE,
    CONSTRAINT pk_dim_study PRIMARY KEY (study_key),
    CONSTRAINT ck_dim_study_study_technology CHECK (study_technology IN ('RNA-SEQ', 'MICROARRAY', 'OTHER')),
    CONSTRAINT ck_dim_study_value_scale CHECK (value_scale IN ('LOG2', 'LINEAR', 'QN', 'SCALED', 'UNKNOWN')),
    CONSTRAINT ck_dim_study_study_status CHECK (study_status IN ('ACTIVE', 'HELD')),
    CONSTRAINT ck_dim_study_source_kind CHECK (source_kind IN ('REFINEBIO', 'MATRIX')),
    CONSTRAINT uq_dim_study_study_accession_code UNIQUE (study_accession_code)
);

COMMENT ON TABLE dim.dim_study IS 'One row per study, by accession.';

COMMENT ON COLUMN dim.dim_study.study_accession_code IS 'Natural key, e.g. GSE57065.';

COMMENT ON COLUMN dim.dim_study.study_organism IS 'As refine.bio writes it: HOMO_SAPIENS.';

COMMENT ON COLUMN dim.dim_study.study_unit_tag IS 'Units of the current batch, e.g. COUNTS, TPM, QN_TARGET.';

COMMENT ON COLUMN dim.dim_study.value_scale IS 'Scale of expression_value in the current batch.';

COMMENT ON COLUMN dim.dim_study.hold_reason IS 'Why a HELD study stays out of exports and aggregation.';

COMMENT ON COLUMN dim.dim_study.source_first_published IS 'The source''s own string.';

COMMENT ON COLUMN dim.dim_study.source_last_modified IS 'The source''s own string.';

CREATE TABLE dim.gene_alias (
    organism VARCHAR(255) NOT NULL,
    alias VARCHAR(255) NOT NULL,
    approved_symbol VARCHAR(255) NOT NULL,
    annotation_source TEXT,
    CONSTRAINT uq_gene_alias_organism_alias_approved_symbol UNIQUE (organism, alias, approved_symbol)
);

COMMENT ON TABLE dim.gene_alias IS 'Older and other names of genes with the symbol that is approved now.';

COMMENT ON COLUMN dim.gene_alias.approved_symbol IS 'Several rows where an alias is ambiguous.';

CREATE TABLE fact.fact_gene_expression (
    sample_key INTEGER USING COMPRESSION bitpacking NOT NULL,
    gene_key INTEGER USING COMPRESSION rle NOT NULL,
    study_key INTEGER USING COMPRESSION rle NOT NULL,
    batch_key INTEGER USING COMPRESSION rle NOT NULL,
    expression_value_raw DOUBLE PRECISION,
    expression_value DOUBLE PRECISION,
    is_detected BOOLEAN USING COMPRESSION bitpacking,
    is_significant BOOLEAN USING COMPRESSION rle
);

COMMENT ON TABLE fact.fact_gene_expression IS 'One row per gene and sample of a study''s current batch, on servers a partition per study.';

COMMENT ON COLUMN fact.fact_gene_expression.study_key IS 'A sample of two studies has its facts in both.';

COMMENT ON COLUMN fact.fact_gene_expression.expression_value_raw IS 'As in the file; NULL where the file has no value.';

COMMENT ON COLUMN fact.fact_gene_expression.expression_value IS 'On the analysis scale of the batch (meta.batch.value_scale).';

COMMENT ON COLUMN fact.fact_gene_expression.is_detected IS 'False at the tied floor or at zero; NULL where detection means nothing.';

COMMENT ON COLUMN fact.fact_gene_expression.is_significant IS 'Reserved; NULL.';

CREATE TABLE meta.batch (
    batch_key INTEGER DEFAULT nextval('meta.batch_key_seq') NOT NULL,
    batch_id CHAR(64) NOT NULL,
    study_accession_code VARCHAR(50) NOT NULL,
    study_key INTEGER,
    file_name TEXT,
    source_path TEXT,
    file_hash CHAR(64) NOT NULL,
    metadata_hash CHAR(64) NOT NULL,
    settings_hash CHAR(64) NOT NULL,
    value_settings_hash CHAR(64) NOT NULL,
    container_hash CHAR(64),
    file_size BIGINT,
    created_at TEXT,
    status VARCHAR(12) NOT NULL,
    is_current BOOLEAN DEFAULT false NOT NULL,
    attempt INTEGER DEFAULT 1 NOT NULL,
    unit_tag VARCHAR(20),
    value_scale VARCHAR(10),
    genes INTEGER,
    samples INTEGER,
    cells_in BIGINT,
    cells_loaded BIGINT,
    cells_quarantined BIGINT,
    cells_skipped BIGINT,
    cells_merged BIGINT,
    nulls BIGINT,
    quality_score DOUBLE PRECISION,
    quality_json JSON,
    run_id VARCHAR(36),
    loaded_at TIMESTAMP WITHOUT TIME ZONE,
    CONSTRAINT pk_batch PRIMARY KEY (batch_key),
    CONSTRAINT ck_batch_status CHECK (status IN ('LOADED', 'REPLACED', 'QUARANTINED')),
    CONSTRAINT ck_batch_value_scale CHECK (value_scale IN ('LOG2', 'LINEAR', 'QN', 'SCALED', 'UNKNOWN')),
    CONSTRAINT uq_batch_batch_id UNIQUE (batch_id)
);

CREATE UNIQUE INDEX uq_batch_is_current ON meta.batch ((CASE WHEN is_current THEN study_key END));

COMMENT ON TABLE meta.batch IS 'Every batch that reached the warehouse: what it was, what became of it, where its cells went.';

COMMENT ON COLUMN meta.batch.batch_id IS 'SHA-256 of file hash, study, created_at, size.';

COMMENT ON COLUMN meta.batch.study_key IS 'NULL while the study was never loaded.';

COMMENT ON COLUMN meta.batch.source_path IS 'Where a replay reads the study again.';

COMMENT ON COLUMN meta.batch.file_hash IS 'Of the decompressed matrix.';

COMMENT ON COLUMN meta.batch.metadata_hash IS 'Of the study''s and its samples'' fields.';

COMMENT ON COLUMN meta.batch.settings_hash IS 'Of every setting of the load.';

COMMENT ON COLUMN meta.batch.value_settings_hash IS 'Of the settings that change values, not labels.';

COMMENT ON COLUMN meta.batch.container_hash IS 'Of the zip or compressed file as it came.';

COMMENT ON COLUMN meta.batch.created_at IS 'refine.bio''s own string; empty when the source has none.';

COMMENT ON COLUMN meta.batch.is_current IS 'The batch whose facts are stored; at most one per study.';

COMMENT ON COLUMN meta.batch.cells_in IS '= loaded + quarantined + skipped + merged.';

COMMENT ON COLUMN meta.batch.cells_loaded IS 'Rows of the fact table, missing values included.';

COMMENT ON COLUMN meta.batch.cells_skipped IS 'Of samples left out by skip lists or intersection.';

COMMENT ON COLUMN meta.batch.cells_merged IS 'Averaged into another row (repeated probes).';

COMMENT ON COLUMN meta.batch.nulls IS 'Of the loaded cells, those without a value.';

COMMENT ON COLUMN meta.batch.quality_score IS '0 to 100.';

COMMENT ON COLUMN meta.batch.quality_json IS 'The parts of the quality score.';

CREATE TABLE meta.meta_data_validation_log (
    run_id VARCHAR(36),
    batch_id CHAR(64),
    study_key INTEGER,
    validation_code VARCHAR(64) NOT NULL,
    severity VARCHAR(16) NOT NULL,
    details TEXT,
    created_at TIMESTAMP WITHOUT TIME ZONE DEFAULT (CURRENT_TIMESTAMP AT TIME ZONE 'UTC') NOT NULL,
    CONSTRAINT ck_meta_data_validation_log_severity CHECK (severity IN ('INFO', 'WARNING', 'ERROR'))
);

COMMENT ON TABLE meta.meta_data_validation_log IS 'What validation found, also where it stopped nothing.';

CREATE TABLE meta.meta_etl_process_log (
    run_id VARCHAR(36) NOT NULL,
    batch_id CHAR(64),
    step VARCHAR(64) NOT NULL,
    status VARCHAR(16) NOT NULL,
    attempt INTEGER DEFAULT 1 NOT NULL,
    started_at TIMESTAMP WITHOUT TIME ZONE DEFAULT (CURRENT_TIMESTAMP AT TIME ZONE 'UTC') NOT NULL,
    ended_at TIMESTAMP WITHOUT TIME ZONE,
    rows_read BIGINT,
    rows_written BIGINT,
    error_code INTEGER,
    error_message TEXT,
    context_json JSON
);

COMMENT ON TABLE meta.meta_etl_process_log IS 'Every run, step and attempt with counts, times and errors.';

COMMENT ON COLUMN meta.meta_etl_process_log.context_json IS 'Study, settings, versions, file names and hashes, timings, the last SQL.';

CREATE TABLE meta.meta_study_qc (
    batch_key INTEGER NOT NULL,
    study_key INTEGER,
    ks_statistic DOUBLE PRECISION,
    ks_pvalue DOUBLE PRECISION,
    ks_warning TEXT,
    quantile_normalized BOOLEAN,
    quant_sf_only BOOLEAN,
    library_size_min DOUBLE PRECISION,
    library_size_median DOUBLE PRECISION,
    library_size_max DOUBLE PRECISION,
    zero_share DOUBLE PRECISION,
    tied_floor_share DOUBLE PRECISION,
    unit_evidence JSON,
    collected_at TIMESTAMP WITHOUT TIME ZONE DEFAULT (CURRENT_TIMESTAMP AT TIME ZONE 'UTC') NOT NULL,
    CONSTRAINT pk_meta_study_qc PRIMARY KEY (batch_key)
);

COMMENT ON TABLE meta.meta_study_qc IS 'Quality figures of a batch: stored, never a gate.';

COMMENT ON COLUMN meta.meta_study_qc.ks_statistic IS 'refine.bio''s test that samples share a distribution; of the download.';

COMMENT ON COLUMN meta.meta_study_qc.library_size_min IS 'Smallest sum of raw values of a sample.';

COMMENT ON COLUMN meta.meta_study_qc.zero_share IS '0 to 1.';

COMMENT ON COLUMN meta.meta_study_qc.tied_floor_share IS 'Share of cells at the tied lowest value of their sample, 0 to 1.';

COMMENT ON COLUMN meta.meta_study_qc.unit_evidence IS 'The steps by which the units were found.';

CREATE TABLE meta.schema_version (
    version INTEGER NOT NULL,
    name VARCHAR(100) NOT NULL,
    applied_at TIMESTAMP WITHOUT TIME ZONE DEFAULT (CURRENT_TIMESTAMP AT TIME ZONE 'UTC') NOT NULL,
    CONSTRAINT pk_schema_version PRIMARY KEY (version)
);

COMMENT ON TABLE meta.schema_version IS 'The migrations that made this warehouse.';

COMMENT ON COLUMN meta.schema_version.version IS 'Number of the migration.';

CREATE TABLE staging.expression_rows (
    batch_key INTEGER NOT NULL,
    line_no BIGINT,
    gene_id TEXT,
    sample_accession_code TEXT,
    expression_value DOUBLE PRECISION,
    value_text TEXT,
    reject_code VARCHAR(10)
);

COMMENT ON TABLE staging.expression_rows IS 'The offending cells of quarantined batches, up to 100,000 each.';

COMMENT ON COLUMN staging.expression_rows.line_no IS 'Line of the matrix file, the header being line 1.';

COMMENT ON COLUMN staging.expression_rows.value_text IS 'The cell as it stands in the file.';

COMMENT ON COLUMN staging.expression_rows.reject_code IS 'Code of the error that the cell raised.';

CREATE TABLE dim.dim_sample (
    sample_key INTEGER DEFAULT nextval('dim.sample_key_seq') NOT NULL,
    sample_accession_code VARCHAR(400) NOT NULL,
    sample_title TEXT,
    sample_organism TEXT,
    sample_platform TEXT,
    sample_treatment TEXT,
    sample_cell_line TEXT,
    sample_tissue TEXT,
    sample_subject TEXT,
    sample_time TEXT,
    sample_age TEXT,
    sample_sex TEXT,
    is_processed BOOLEAN,
    processor_name TEXT,
    processor_version TEXT,
    platform_key INTEGER,
    study_key INTEGER,
    illness_key INTEGER,
    source_json JSON,
    etl_created_date TIMESTAMP WITHOUT TIME ZONE DEFAULT (CURRENT_TIMESTAMP AT TIME ZONE 'UTC') NOT NULL,
    etl_updated_date TIMESTAMP WITHOUT TIME ZONE,
    CONSTRAINT pk_dim_sample PRIMARY KEY (sample_key),
    CONSTRAINT uq_dim_sample_sample_accession_code UNIQUE (sample_accession_code)
);

COMMENT ON TABLE dim.dim_sample IS 'One row per sample, by accession. What depends on the study is in study_sample.';

COMMENT ON COLUMN dim.dim_sample.sample_accession_code IS 'Natural key; <study>:<sample> for samples of a plain matrix without a public accession.';

COMMENT ON COLUMN dim.dim_sample.sample_subject IS 'The person or animal; repeats where a study follows subjects in time.';

COMMENT ON COLUMN dim.dim_sample.study_key IS 'The owner: the smallest accession of the studies that hold it.';

COMMENT ON COLUMN dim.dim_sample.illness_key IS 'The label in the owner study; study_sample has every study''s.';

COMMENT ON COLUMN dim.dim_sample.source_json IS 'The submitter''s words, untouched.';

CREATE TABLE dim.study_disease_map (
    study_disease_map_key INTEGER DEFAULT nextval('dim.study_disease_map_key_seq') NOT NULL,
    study_key INTEGER NOT NULL,
    disease_key INTEGER NOT NULL,
    is_active BOOLEAN DEFAULT true NOT NULL,
    effective_from TIMESTAMP WITHOUT TIME ZONE DEFAULT (CURRENT_TIMESTAMP AT TIME ZONE 'UTC') NOT NULL,
    effective_to TIMESTAMP WITHOUT TIME ZONE,
    created_by VARCHAR(128),
    created_at TIMESTAMP WITHOUT TIME ZONE DEFAULT (CURRENT_TIMESTAMP AT TIME ZONE 'UTC') NOT NULL,
    updated_by VARCHAR(128),
    updated_at TIMESTAMP WITHOUT TIME ZONE,
    CONSTRAINT pk_study_disease_map PRIMARY KEY (study_disease_map_key)
);

CREATE UNIQUE INDEX uq_study_disease_map_is_active ON dim.study_disease_map ((CASE WHEN is_active THEN study_key END));

COMMENT ON TABLE dim.study_disease_map IS 'Which disease a study counts for, with history.';

COMMENT ON COLUMN dim.study_disease_map.is_active IS 'At most one row per study is active; the others are its history.';

CREATE TABLE dim.study_sample (
    study_key INTEGER NOT NULL,
    sample_key INTEGER NOT NULL,
    title TEXT,
    illness_key INTEGER NOT NULL,
    illness_method VARCHAR(10) NOT NULL,
    illness_rule TEXT,
    illness_evidence TEXT,
    illness_ruleset TEXT,
    exclude_from_analysis BOOLEAN DEFAULT false NOT NULL,
    exclude_reason TEXT,
    CONSTRAINT pk_study_sample PRIMARY KEY (study_key, sample_key),
    CONSTRAINT ck_study_sample_illness_method CHECK (illness_method IN ('OVERRIDE', 'FIELD', 'TITLE', 'DEFAULT'))
);

COMMENT ON TABLE dim.study_sample IS 'A sample in a study: its title, its illness label with evidence, its exclusion.';

COMMENT ON COLUMN dim.study_sample.illness_method IS 'What the label rests on.';

COMMENT ON COLUMN dim.study_sample.illness_rule IS 'Id of the rule that gave the label.';

COMMENT ON COLUMN dim.study_sample.illness_evidence IS 'The words that the rule matched.';

COMMENT ON COLUMN dim.study_sample.illness_ruleset IS 'Name and version of the rules.';

COMMENT ON COLUMN dim.study_sample.exclude_from_analysis IS 'Views leave the sample out.';

INSERT INTO dim.dim_illness (illness_label, illness_definition) VALUES ('CONTROL', 'Healthy volunteer or other reference subject without infection or organ failure.'), ('NO_SEPSIS', 'A patient without sepsis, including sterile inflammation (SIRS).'), ('SEPSIS', 'Sepsis without shock: infection with a dysregulated host response.'), ('SEPTIC_SHOCK', 'Sepsis with shock: circulatory failure that needs vasopressors.'), ('UNKNOWN', 'Neither an override, a field nor the title of the sample tells.');

INSERT INTO dim.dim_disease (disease_label) VALUES ('SEPSIS'), ('SEPTIC_SHOCK'), ('CONTROL');

INSERT INTO meta.schema_version (version, name) VALUES (1, 'star_schema');

-- Every fact of the current batches with its sample, label, study, platform and gene; samples that are excluded from
-- analysis are left out. A study on hold is shown too; while its scale is UNKNOWN, expression_log2_value is NULL.
CREATE OR REPLACE VIEW analytics.vw_expression_long AS
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
        WHEN ba.value_scale = 'LINEAR' AND f.expression_value > 0 THEN LN(f.expression_value + 1) / LN(2)
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
WHERE ba.is_current AND NOT ss.exclude_from_analysis;

COMMENT ON VIEW analytics.vw_expression_long IS 'Every fact of the current batches with its sample, label, study, platform and gene; samples that are excluded from analysis are left out. A study on hold is shown too; while its scale is UNKNOWN, expression_log2_value is NULL.';

-- Mean, spread and median of the analysis values of a gene in a cohort of a study. sample_count is the number of
-- samples with a value; detected_count is NULL where the study tells nothing about detection.
CREATE OR REPLACE VIEW analytics.vw_expression_by_cohort AS
SELECT
    study_key,
    study_accession_code,
    illness_label,
    gene_key,
    gene_id,
    gene_symbol,
    COUNT(expression_value) AS sample_count,
    CASE WHEN COUNT(is_detected) > 0 THEN COUNT(CASE WHEN is_detected THEN 1 END) END AS detected_count,
    AVG(expression_value) AS mean,
    STDDEV_SAMP(expression_value) AS std,
    MIN(expression_value) AS min,
    MAX(expression_value) AS max,
    MEDIAN(expression_value) AS median
FROM analytics.vw_expression_long
GROUP BY study_key, study_accession_code, illness_label, gene_key, gene_id, gene_symbol;

COMMENT ON VIEW analytics.vw_expression_by_cohort IS 'Mean, spread and median of the analysis values of a gene in a cohort of a study. sample_count is the number of samples with a value; detected_count is NULL where the study tells nothing about detection.';

-- The export contract of correlation and model jobs: analysis values with the label of the sample in the study.
-- Excluded samples are left out, and so are studies on hold, whose units nobody knows.
CREATE OR REPLACE VIEW analytics.vw_spearman_export AS
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
WHERE ba.is_current AND NOT ss.exclude_from_analysis AND st.study_status = 'ACTIVE';

COMMENT ON VIEW analytics.vw_spearman_export IS 'The export contract of correlation and model jobs: analysis values with the label of the sample in the study. Excluded samples are left out, and so are studies on hold, whose units nobody knows.';

INSERT INTO meta.schema_version (version, name) VALUES (2, 'analytics_views');
