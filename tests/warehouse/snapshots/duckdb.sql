-- Expressway warehouse, schema 6, DuckDB. Run it in an empty database.

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
    study_key INTEGER USING COMPRESSION uncompressed NOT NULL,
    batch_key INTEGER USING COMPRESSION uncompressed NOT NULL,
    expression_value_raw DOUBLE PRECISION,
    expression_value DOUBLE PRECISION,
    is_detected BOOLEAN USING COMPRESSION rle,
    is_significant BOOLEAN USING COMPRESSION uncompressed
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

CREATE SCHEMA IF NOT EXISTS dim;

CREATE SCHEMA IF NOT EXISTS fact;

CREATE SCHEMA IF NOT EXISTS staging;

CREATE SCHEMA IF NOT EXISTS meta;

CREATE SCHEMA IF NOT EXISTS analytics;

CREATE SEQUENCE fact.feature_record_key_seq START WITH 1;

CREATE SEQUENCE dim.pair_key_seq START WITH 1;

CREATE TABLE fact.fact_feature_values (
    feature_record_key BIGINT DEFAULT nextval('fact.feature_record_key_seq') NOT NULL,
    entity_scope VARCHAR(20) NOT NULL,
    entity_id_1 BIGINT NOT NULL,
    entity_id_2 BIGINT,
    feature_name VARCHAR(64) NOT NULL,
    feature_value DOUBLE PRECISION,
    study_key INTEGER,
    disease_key INTEGER,
    technology VARCHAR(20),
    feature_run_id VARCHAR(36) NOT NULL,
    batch_id CHAR(64),
    etl_created_date TIMESTAMP WITHOUT TIME ZONE DEFAULT (CURRENT_TIMESTAMP AT TIME ZONE 'UTC') NOT NULL,
    CONSTRAINT ck_fact_feature_values_entity_scope CHECK (entity_scope IN ('GENE', 'GENE_PAIR', 'GENE_PAIR_META', 'SAMPLE', 'STUDY_COHORT'))
);

COMMENT ON TABLE fact.fact_feature_values IS 'The same numbers one feature a row, for models; written on request.';

COMMENT ON COLUMN fact.fact_feature_values.entity_id_1 IS 'For GENE_PAIR_META the pair_key.';

COMMENT ON COLUMN fact.fact_feature_values.feature_name IS 'As meta.meta_feature_catalog has it.';

COMMENT ON COLUMN fact.fact_feature_values.feature_value IS 'NULL as the null policy of the feature says.';

CREATE TABLE meta.meta_feature_catalog (
    feature_name VARCHAR(64) NOT NULL,
    description TEXT NOT NULL,
    expected_scale VARCHAR(32) NOT NULL,
    null_policy VARCHAR(32) NOT NULL,
    scope VARCHAR(20) NOT NULL,
    min DOUBLE PRECISION,
    max DOUBLE PRECISION,
    better VARCHAR(10) NOT NULL,
    role VARCHAR(10) NOT NULL,
    source VARCHAR(10) NOT NULL,
    catalog_version VARCHAR(20) NOT NULL,
    CONSTRAINT pk_meta_feature_catalog PRIMARY KEY (feature_name)
);

COMMENT ON TABLE meta.meta_feature_catalog IS 'The features of a pair: scale, bounds, and when they are NULL.';

COMMENT ON COLUMN meta.meta_feature_catalog.feature_name IS 'In lower case, its column in fact_gene_pair_metrics.';

COMMENT ON COLUMN meta.meta_feature_catalog.min IS 'Inclusive; NULL where there is no bound.';

COMMENT ON COLUMN meta.meta_feature_catalog.better IS 'high, low, abs_high or none.';

COMMENT ON COLUMN meta.meta_feature_catalog.role IS 'evidence, support, or output, which no model may read.';

COMMENT ON COLUMN meta.meta_feature_catalog.source IS 'seed or extension.';

CREATE TABLE dim.dim_gene_pair (
    pair_key BIGINT DEFAULT nextval('dim.pair_key_seq') NOT NULL,
    genea_key INTEGER NOT NULL,
    geneb_key INTEGER NOT NULL,
    pair_natural_key VARCHAR(24) NOT NULL,
    pair_uid VARCHAR(511) NOT NULL,
    genea_symbol VARCHAR(255),
    geneb_symbol VARCHAR(255),
    CONSTRAINT pk_dim_gene_pair PRIMARY KEY (pair_key),
    CONSTRAINT uq_dim_gene_pair_genea_key_geneb_key UNIQUE (genea_key, geneb_key),
    CONSTRAINT ck_dim_gene_pair_canonical_order CHECK (genea_key < geneb_key)
);

COMMENT ON TABLE dim.dim_gene_pair IS 'One row per pair of genes that was ever stored; a pair keeps its key.';

COMMENT ON COLUMN dim.dim_gene_pair.pair_natural_key IS 'The two gene keys joined by _.';

COMMENT ON COLUMN dim.dim_gene_pair.pair_uid IS 'The two gene ids in byte order, joined by |: the same in every warehouse.';

COMMENT ON COLUMN dim.dim_gene_pair.genea_symbol IS 'When the pair was stored last; the views read dim_gene.';

CREATE TABLE meta.feature_run (
    feature_run_id VARCHAR(36) NOT NULL,
    disease_key INTEGER NOT NULL,
    technology VARCHAR(20) NOT NULL,
    organism VARCHAR(255) NOT NULL,
    settings_json JSON,
    settings_hash CHAR(64),
    versions_json JSON,
    input_batches_json JSON,
    seeds_json JSON,
    genes INTEGER,
    pairs_tested BIGINT,
    pairs_stored BIGINT DEFAULT 0 NOT NULL,
    clipped BIGINT,
    dropped INTEGER,
    started_at TIMESTAMP WITHOUT TIME ZONE DEFAULT (CURRENT_TIMESTAMP AT TIME ZONE 'UTC') NOT NULL,
    ended_at TIMESTAMP WITHOUT TIME ZONE,
    status VARCHAR(12) NOT NULL,
    CONSTRAINT pk_feature_run PRIMARY KEY (feature_run_id),
    CONSTRAINT ck_feature_run_status CHECK (status IN ('CURRENT', 'STALE', 'REPLACED'))
);

COMMENT ON TABLE meta.feature_run IS 'Every run that stored pairs: from what, how, how many. One per slice is CURRENT or STALE.';

COMMENT ON COLUMN meta.feature_run.settings_json IS 'Every setting of the analysis.';

COMMENT ON COLUMN meta.feature_run.settings_hash IS 'Of the settings.';

COMMENT ON COLUMN meta.feature_run.versions_json IS 'Versions of the software.';

COMMENT ON COLUMN meta.feature_run.input_batches_json IS 'The batch_id of every study that entered.';

COMMENT ON COLUMN meta.feature_run.seeds_json IS 'Seeds of whatever draws at random.';

COMMENT ON COLUMN meta.feature_run.genes IS 'Genes that entered.';

COMMENT ON COLUMN meta.feature_run.pairs_tested IS 'm of the false discovery rates.';

COMMENT ON COLUMN meta.feature_run.clipped IS 'Correlations pulled back from 1 or -1.';

COMMENT ON COLUMN meta.feature_run.dropped IS 'Genes that were left out.';

COMMENT ON COLUMN meta.feature_run.status IS 'STALE: studies or genes of the run have changed since.';

CREATE TABLE fact.fact_gene_pair_metrics (
    pair_key BIGINT NOT NULL,
    metrics_scope VARCHAR(20) DEFAULT 'META_STUDIES' NOT NULL,
    disease_key INTEGER NOT NULL,
    technology VARCHAR(20) NOT NULL,
    organism VARCHAR(255) NOT NULL,
    study_key INTEGER,
    dz_ss_mean DOUBLE PRECISION,
    dz_ss_se DOUBLE PRECISION,
    dz_ss_ci_low DOUBLE PRECISION,
    dz_ss_ci_high DOUBLE PRECISION,
    dz_ss_q DOUBLE PRECISION,
    dz_ss_q_p DOUBLE PRECISION,
    dz_ss_i2 DOUBLE PRECISION,
    dz_ss_tau2 DOUBLE PRECISION,
    dz_ss_z DOUBLE PRECISION,
    p_ss DOUBLE PRECISION,
    q_ss DOUBLE PRECISION,
    neglog_q_ss DOUBLE PRECISION,
    kappa_ss DOUBLE PRECISION,
    abs_dz_ss DOUBLE PRECISION,
    n_studies_ss INTEGER NOT NULL,
    n_case_ss INTEGER NOT NULL,
    n_ref_ss INTEGER NOT NULL,
    dz_ss_pi_low DOUBLE PRECISION,
    dz_ss_pi_high DOUBLE PRECISION,
    dz_ss_fe_mean DOUBLE PRECISION,
    dz_ss_hk_se DOUBLE PRECISION,
    p_ss_hk DOUBLE PRECISION,
    direction_consistency_ss DOUBLE PRECISION,
    magnitude_consistency_ss DOUBLE PRECISION,
    power_ss DOUBLE PRECISION,
    dz_ss_loo_max_p DOUBLE PRECISION,
    dz_soth_mean DOUBLE PRECISION,
    dz_soth_se DOUBLE PRECISION,
    dz_soth_ci_low DOUBLE PRECISION,
    dz_soth_ci_high DOUBLE PRECISION,
    dz_soth_q DOUBLE PRECISION,
    dz_soth_q_p DOUBLE PRECISION,
    dz_soth_i2 DOUBLE PRECISION,
    dz_soth_tau2 DOUBLE PRECISION,
    dz_soth_z DOUBLE PRECISION,
    p_soth DOUBLE PRECISION,
    q_soth DOUBLE PRECISION,
    neglog_q_soth DOUBLE PRECISION,
    kappa_soth DOUBLE PRECISION,
    abs_dz_soth DOUBLE PRECISION,
    n_studies_soth INTEGER NOT NULL,
    n_case_soth INTEGER NOT NULL,
    n_ref_soth INTEGER NOT NULL,
    dz_soth_pi_low DOUBLE PRECISION,
    dz_soth_pi_high DOUBLE PRECISION,
    dz_soth_fe_mean DOUBLE PRECISION,
    dz_soth_hk_se DOUBLE PRECISION,
    p_soth_hk DOUBLE PRECISION,
    direction_consistency_soth DOUBLE PRECISION,
    magnitude_consistency_soth DOUBLE PRECISION,
    power_soth DOUBLE PRECISION,
    dz_soth_loo_max_p DOUBLE PRECISION,
    r_control DOUBLE PRECISION,
    se_r_control DOUBLE PRECISION,
    r_control_ci_low DOUBLE PRECISION,
    r_control_ci_high DOUBLE PRECISION,
    q_r_control DOUBLE PRECISION,
    i2_r_control DOUBLE PRECISION,
    tau2_r_control DOUBLE PRECISION,
    z_stat_control DOUBLE PRECISION,
    p_value_control DOUBLE PRECISION,
    q_value_control DOUBLE PRECISION,
    n_samples_control INTEGER NOT NULL,
    n_studies_r_control INTEGER NOT NULL,
    r_sepsis DOUBLE PRECISION,
    se_r_sepsis DOUBLE PRECISION,
    r_sepsis_ci_low DOUBLE PRECISION,
    r_sepsis_ci_high DOUBLE PRECISION,
    q_r_sepsis DOUBLE PRECISION,
    i2_r_sepsis DOUBLE PRECISION,
    tau2_r_sepsis DOUBLE PRECISION,
    z_stat_sepsis DOUBLE PRECISION,
    p_value_sepsis DOUBLE PRECISION,
    q_value_sepsis DOUBLE PRECISION,
    n_samples_sepsis INTEGER NOT NULL,
    n_studies_r_sepsis INTEGER NOT NULL,
    r_septic_shock DOUBLE PRECISION,
    se_r_septic_shock DOUBLE PRECISION,
    r_septic_shock_ci_low DOUBLE PRECISION,
    r_septic_shock_ci_high DOUBLE PRECISION,
    q_r_septic_shock DOUBLE PRECISION,
    i2_r_septic_shock DOUBLE PRECISION,
    tau2_r_septic_shock DOUBLE PRECISION,
    z_stat_septic_shock DOUBLE PRECISION,
    p_value_septic_shock DOUBLE PRECISION,
    q_value_septic_shock DOUBLE PRECISION,
    n_samples_septic_shock INTEGER NOT NULL,
    n_studies_r_septic_shock INTEGER NOT NULL,
    delta_r_shock_vs_sepsis DOUBLE PRECISION,
    z_diff_shock_vs_sepsis DOUBLE PRECISION,
    p_diff_shock_vs_sepsis DOUBLE PRECISION,
    q_diff_shock_vs_sepsis DOUBLE PRECISION,
    delta_r_shock_vs_control DOUBLE PRECISION,
    z_diff_shock_vs_control DOUBLE PRECISION,
    p_diff_shock_vs_control DOUBLE PRECISION,
    q_diff_shock_vs_control DOUBLE PRECISION,
    delta_r_sepsis_vs_control DOUBLE PRECISION,
    z_diff_sepsis_vs_control DOUBLE PRECISION,
    p_diff_sepsis_vs_control DOUBLE PRECISION,
    q_diff_sepsis_vs_control DOUBLE PRECISION,
    combined_effect_size DOUBLE PRECISION,
    combined_se DOUBLE PRECISION,
    combined_ci_low DOUBLE PRECISION,
    combined_ci_high DOUBLE PRECISION,
    combined_z_score DOUBLE PRECISION,
    combined_p_value DOUBLE PRECISION,
    q_combined DOUBLE PRECISION,
    neglog_q_combined DOUBLE PRECISION,
    abs_combined_effect_size DOUBLE PRECISION,
    power_score DOUBLE PRECISION,
    consistency_score DOUBLE PRECISION,
    direction_consistency DOUBLE PRECISION,
    magnitude_consistency DOUBLE PRECISION,
    total_samples INTEGER NOT NULL,
    included_study_count INTEGER NOT NULL,
    q_star DOUBLE PRECISION NOT NULL,
    neglog_q_star DOUBLE PRECISION NOT NULL,
    i2_star DOUBLE PRECISION NOT NULL,
    expr_mean_min DOUBLE PRECISION,
    expr_mean_max DOUBLE PRECISION,
    expr_mad_min DOUBLE PRECISION,
    expr_mad_max DOUBLE PRECISION,
    expr_detect_min DOUBLE PRECISION,
    expr_detect_max DOUBLE PRECISION,
    expr_abs_g_min DOUBLE PRECISION,
    expr_abs_g_max DOUBLE PRECISION,
    lof_score DOUBLE PRECISION,
    iforest_score DOUBLE PRECISION,
    ranksvm_score DOUBLE PRECISION,
    unsupervised_score DOUBLE PRECISION,
    metrics_score DOUBLE PRECISION,
    rank_score DOUBLE PRECISION,
    new_rank_score DOUBLE PRECISION,
    rank_position INTEGER,
    q_ss_bound BOOLEAN DEFAULT false NOT NULL,
    q_soth_bound BOOLEAN DEFAULT false NOT NULL,
    q_value_control_bound BOOLEAN DEFAULT false NOT NULL,
    q_value_sepsis_bound BOOLEAN DEFAULT false NOT NULL,
    q_value_septic_shock_bound BOOLEAN DEFAULT false NOT NULL,
    q_diff_shock_vs_sepsis_bound BOOLEAN DEFAULT false NOT NULL,
    q_diff_shock_vs_control_bound BOOLEAN DEFAULT false NOT NULL,
    q_diff_sepsis_vs_control_bound BOOLEAN DEFAULT false NOT NULL,
    q_combined_bound BOOLEAN DEFAULT false NOT NULL,
    feature_run_id VARCHAR(36) NOT NULL,
    batch_id CHAR(64),
    agent_result_json JSON,
    csv_override BOOLEAN DEFAULT false NOT NULL,
    etl_created_date TIMESTAMP WITHOUT TIME ZONE DEFAULT (CURRENT_TIMESTAMP AT TIME ZONE 'UTC') NOT NULL,
    q_star_strict DOUBLE PRECISION,
    q_star_strict_bound BOOLEAN DEFAULT false NOT NULL,
    CONSTRAINT uq_fact_gene_pair_metrics_pair_key_metrics_scope_diseas_4541 UNIQUE (pair_key, metrics_scope, disease_key, technology, organism),
    CONSTRAINT ck_fact_gene_pair_metrics_metrics_scope CHECK (metrics_scope IN ('META_STUDIES')),
    CONSTRAINT ck_fact_gene_pair_metrics_technology CHECK (technology IN ('RNA-SEQ', 'MICROARRAY', 'OTHER', 'ALL'))
);

COMMENT ON TABLE fact.fact_gene_pair_metrics IS 'One row per stored pair and slice: what all its studies say together.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.technology IS 'ALL combines the technologies in a second stage.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.study_key IS 'NULL: a row is about all studies of the slice.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.dz_ss_mean IS 'Septic shock against sepsis: pooled difference of Fisher z, case minus reference.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.dz_ss_se IS 'Septic shock against sepsis: standard error of the pooled difference.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.dz_ss_ci_low IS 'Septic shock against sepsis: lower limit of the 95% confidence interval of the pooled difference.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.dz_ss_ci_high IS 'Septic shock against sepsis: upper limit of the 95% confidence interval of the pooled difference.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.dz_ss_q IS 'Septic shock against sepsis: Cochran''s Q about the fixed-effect mean; 0 with one study.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.dz_ss_q_p IS 'Septic shock against sepsis: chance of a Q this large without heterogeneity, chi-square on k - 1 degrees of freedom.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.dz_ss_i2 IS 'Septic shock against sepsis: percent of the variation that is between studies, 100 max(0, 1 - (k - 1) / Q); 0 where Q is 0.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.dz_ss_tau2 IS 'Septic shock against sepsis: variance between studies.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.dz_ss_z IS 'Septic shock against sepsis: pooled difference over its standard error.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.p_ss IS 'Septic shock against sepsis: two-sided p of dz_ss_z.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.q_ss IS 'Septic shock against sepsis: false discovery rate at which the pair enters, over all pairs tested in the slice.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.neglog_q_ss IS 'Septic shock against sepsis: -log10 of q_ss, at most 300.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.kappa_ss IS 'Septic shock against sepsis: agreement of the signs of two studies beyond chance, weighted, not below 0.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.abs_dz_ss IS 'Septic shock against sepsis: size of the pooled difference.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.n_studies_ss IS 'Septic shock against sepsis: k, the studies in which the difference can be estimated.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.n_case_ss IS 'Septic shock against sepsis: case samples of these studies.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.n_ref_ss IS 'Septic shock against sepsis: reference samples of these studies.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.dz_ss_pi_low IS 'Septic shock against sepsis: lower limit of the 95% prediction interval, t on k - 2 degrees of freedom.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.dz_ss_pi_high IS 'Septic shock against sepsis: upper limit of the 95% prediction interval.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.dz_ss_fe_mean IS 'Septic shock against sepsis: fixed-effect mean of the differences.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.dz_ss_hk_se IS 'Septic shock against sepsis: Hartung-Knapp standard error, not floored.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.p_ss_hk IS 'Septic shock against sepsis: two-sided Hartung-Knapp p, t on k - 1 degrees of freedom.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.direction_consistency_ss IS 'Septic shock against sepsis: weight of the studies on the side of the pooled difference; a zero counts half.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.magnitude_consistency_ss IS 'Septic shock against sepsis: 1 / (1 + CV^2) of the studies about the pooled difference.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.power_ss IS 'Septic shock against sepsis: power of the design to see a difference of 0.3 (or as set) at the 5% level.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.dz_ss_loo_max_p IS 'Septic shock against sepsis: largest p when one study at a time is left out.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.dz_soth_mean IS 'Septic shock against all others: pooled difference of Fisher z, case minus reference.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.dz_soth_se IS 'Septic shock against all others: standard error of the pooled difference.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.dz_soth_ci_low IS 'Septic shock against all others: lower limit of the 95% confidence interval of the pooled difference.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.dz_soth_ci_high IS 'Septic shock against all others: upper limit of the 95% confidence interval of the pooled difference.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.dz_soth_q IS 'Septic shock against all others: Cochran''s Q about the fixed-effect mean; 0 with one study.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.dz_soth_q_p IS 'Septic shock against all others: chance of a Q this large without heterogeneity, chi-square on k - 1 degrees of freedom.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.dz_soth_i2 IS 'Septic shock against all others: percent of the variation that is between studies, 100 max(0, 1 - (k - 1) / Q); 0 where Q is 0.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.dz_soth_tau2 IS 'Septic shock against all others: variance between studies.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.dz_soth_z IS 'Septic shock against all others: pooled difference over its standard error.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.p_soth IS 'Septic shock against all others: two-sided p of dz_soth_z.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.q_soth IS 'Septic shock against all others: false discovery rate at which the pair enters, over all pairs tested in the slice.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.neglog_q_soth IS 'Septic shock against all others: -log10 of q_soth, at most 300.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.kappa_soth IS 'Septic shock against all others: agreement of the signs of two studies beyond chance, weighted, not below 0.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.abs_dz_soth IS 'Septic shock against all others: size of the pooled difference.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.n_studies_soth IS 'Septic shock against all others: k, the studies in which the difference can be estimated.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.n_case_soth IS 'Septic shock against all others: case samples of these studies.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.n_ref_soth IS 'Septic shock against all others: reference samples of these studies.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.dz_soth_pi_low IS 'Septic shock against all others: lower limit of the 95% prediction interval, t on k - 2 degrees of freedom.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.dz_soth_pi_high IS 'Septic shock against all others: upper limit of the 95% prediction interval.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.dz_soth_fe_mean IS 'Septic shock against all others: fixed-effect mean of the differences.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.dz_soth_hk_se IS 'Septic shock against all others: Hartung-Knapp standard error, not floored.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.p_soth_hk IS 'Septic shock against all others: two-sided Hartung-Knapp p, t on k - 1 degrees of freedom.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.direction_consistency_soth IS 'Septic shock against all others: weight of the studies on the side of the pooled difference; a zero counts half.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.magnitude_consistency_soth IS 'Septic shock against all others: 1 / (1 + CV^2) of the studies about the pooled difference.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.power_soth IS 'Septic shock against all others: power of the design to see a difference of 0.3 (or as set) at the 5% level.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.dz_soth_loo_max_p IS 'Septic shock against all others: largest p when one study at a time is left out.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.r_control IS 'Controls: pooled Spearman correlation, back from Fisher z.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.se_r_control IS 'Controls: standard error of r_control by the delta method, for display.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.r_control_ci_low IS 'Controls: lower limit of the 95% confidence interval of r_control.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.r_control_ci_high IS 'Controls: upper limit of the 95% confidence interval of r_control.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.q_r_control IS 'Controls: Cochran''s Q of the Fisher z of the studies; 0 with one study.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.i2_r_control IS 'Controls: percent of the variation of Fisher z that is between studies.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.tau2_r_control IS 'Controls: variance of Fisher z between studies.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.z_stat_control IS 'Controls: pooled Fisher z over its standard error.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.p_value_control IS 'Controls: two-sided p of z_stat_control.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.q_value_control IS 'Controls: false discovery rate of p_value_control over all pairs tested in the slice.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.n_samples_control IS 'Controls: samples of the studies that contribute.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.n_studies_r_control IS 'Controls: studies that contribute.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.r_sepsis IS 'Sepsis: pooled Spearman correlation, back from Fisher z.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.se_r_sepsis IS 'Sepsis: standard error of r_sepsis by the delta method, for display.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.r_sepsis_ci_low IS 'Sepsis: lower limit of the 95% confidence interval of r_sepsis.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.r_sepsis_ci_high IS 'Sepsis: upper limit of the 95% confidence interval of r_sepsis.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.q_r_sepsis IS 'Sepsis: Cochran''s Q of the Fisher z of the studies; 0 with one study.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.i2_r_sepsis IS 'Sepsis: percent of the variation of Fisher z that is between studies.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.tau2_r_sepsis IS 'Sepsis: variance of Fisher z between studies.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.z_stat_sepsis IS 'Sepsis: pooled Fisher z over its standard error.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.p_value_sepsis IS 'Sepsis: two-sided p of z_stat_sepsis.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.q_value_sepsis IS 'Sepsis: false discovery rate of p_value_sepsis over all pairs tested in the slice.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.n_samples_sepsis IS 'Sepsis: samples of the studies that contribute.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.n_studies_r_sepsis IS 'Sepsis: studies that contribute.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.r_septic_shock IS 'Septic shock: pooled Spearman correlation, back from Fisher z.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.se_r_septic_shock IS 'Septic shock: standard error of r_septic_shock by the delta method, for display.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.r_septic_shock_ci_low IS 'Septic shock: lower limit of the 95% confidence interval of r_septic_shock.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.r_septic_shock_ci_high IS 'Septic shock: upper limit of the 95% confidence interval of r_septic_shock.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.q_r_septic_shock IS 'Septic shock: Cochran''s Q of the Fisher z of the studies; 0 with one study.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.i2_r_septic_shock IS 'Septic shock: percent of the variation of Fisher z that is between studies.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.tau2_r_septic_shock IS 'Septic shock: variance of Fisher z between studies.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.z_stat_septic_shock IS 'Septic shock: pooled Fisher z over its standard error.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.p_value_septic_shock IS 'Septic shock: two-sided p of z_stat_septic_shock.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.q_value_septic_shock IS 'Septic shock: false discovery rate of p_value_septic_shock over all pairs tested in the slice.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.n_samples_septic_shock IS 'Septic shock: samples of the studies that contribute.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.n_studies_r_septic_shock IS 'Septic shock: studies that contribute.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.delta_r_shock_vs_sepsis IS 'Septic shock minus sepsis: difference of the pooled correlations, which may come from different studies.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.z_diff_shock_vs_sepsis IS 'Septic shock minus sepsis: difference of the pooled Fisher z over its standard error.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.p_diff_shock_vs_sepsis IS 'Septic shock minus sepsis: two-sided p of z_diff_shock_vs_sepsis.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.q_diff_shock_vs_sepsis IS 'Septic shock minus sepsis: false discovery rate of p_diff_shock_vs_sepsis over all pairs tested in the slice.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.delta_r_shock_vs_control IS 'Septic shock minus controls: difference of the pooled correlations, which may come from different studies.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.z_diff_shock_vs_control IS 'Septic shock minus controls: difference of the pooled Fisher z over its standard error.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.p_diff_shock_vs_control IS 'Septic shock minus controls: two-sided p of z_diff_shock_vs_control.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.q_diff_shock_vs_control IS 'Septic shock minus controls: false discovery rate of p_diff_shock_vs_control over all pairs tested in the slice.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.delta_r_sepsis_vs_control IS 'Sepsis minus controls: difference of the pooled correlations, which may come from different studies.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.z_diff_sepsis_vs_control IS 'Sepsis minus controls: difference of the pooled Fisher z over its standard error.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.p_diff_sepsis_vs_control IS 'Sepsis minus controls: two-sided p of z_diff_sepsis_vs_control.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.q_diff_sepsis_vs_control IS 'Sepsis minus controls: false discovery rate of p_diff_sepsis_vs_control over all pairs tested in the slice.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.combined_effect_size IS 'Mean of the two contrasts, each weighted by the inverse of its variance.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.combined_se IS 'Standard error of combined_effect_size; the contrasts share their case samples, which it allows for.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.combined_ci_low IS 'Lower limit of the 95% confidence interval of combined_effect_size.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.combined_ci_high IS 'Upper limit of the 95% confidence interval of combined_effect_size.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.combined_z_score IS 'combined_effect_size over combined_se.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.combined_p_value IS 'Two-sided p of combined_z_score.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.q_combined IS 'False discovery rate of combined_p_value over all pairs tested in the slice.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.neglog_q_combined IS '-log10 of q_combined, at most 300.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.abs_combined_effect_size IS 'Size of combined_effect_size.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.power_score IS 'The larger power of the two contrasts.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.consistency_score IS '0.5 kappa + 0.3 magnitude + 0.2 (1 - I2 / 100), mean of the contrasts weighted by their studies.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.direction_consistency IS 'Direction consistency, mean of the contrasts weighted by their studies.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.magnitude_consistency IS 'Magnitude consistency, mean of the contrasts weighted by their studies.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.total_samples IS 'Samples in any statistic of the pair, each counted once.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.included_study_count IS 'Studies in any statistic of the pair, each counted once.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.q_star IS 'Smallest of q_combined, q_ss and q_soth; a missing one reads as 1.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.neglog_q_star IS '-log10 of q_star, at most 300.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.i2_star IS 'Smaller I2 of the two contrasts; a missing one reads as 100.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.expr_mean_min IS 'Mean log2 expression over samples, of the gene with less.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.expr_mean_max IS 'Mean log2 expression over samples, of the gene with more.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.expr_mad_min IS 'Scaled median absolute deviation of log2 expression, mean over studies, of the gene with less.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.expr_mad_max IS 'Scaled median absolute deviation of log2 expression, mean over studies, of the gene with more.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.expr_detect_min IS 'Share of samples in which the gene is detected, mean over studies, of the gene with less.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.expr_detect_max IS 'Share of samples in which the gene is detected, mean over studies, of the gene with more.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.expr_abs_g_min IS 'Size of Hedges'' g, case against reference, pooled over studies, of the gene with less.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.expr_abs_g_max IS 'Size of Hedges'' g, case against reference, pooled over studies, of the gene with more.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.lof_score IS 'Local outlier factor, as its rank share within the slice.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.iforest_score IS 'Isolation forest score, as its rank share within the slice.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.ranksvm_score IS 'Rank-SVM decision value, as its rank share within the slice.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.unsupervised_score IS 'Weighted mean of the three model scores.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.metrics_score IS '0.40 significance + 0.25 effect + 0.20 consistency + 0.15 power, each from 0 to 1.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.rank_score IS '1 - (rank of metrics_score - 1) / N within the slice.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.new_rank_score IS 'Weighted mean of significance, unsupervised_score, consistency and power; of what there is.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.rank_position IS 'Place within the slice in the order of the ranked view, from 1.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.q_ss_bound IS 'True where the rate is NULL because it is only known to lie above the kept tail.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.q_soth_bound IS 'True where the rate is NULL because it is only known to lie above the kept tail.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.q_value_control_bound IS 'True where the rate is NULL because it is only known to lie above the kept tail.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.q_value_sepsis_bound IS 'True where the rate is NULL because it is only known to lie above the kept tail.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.q_value_septic_shock_bound IS 'True where the rate is NULL because it is only known to lie above the kept tail.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.q_diff_shock_vs_sepsis_bound IS 'True where the rate is NULL because it is only known to lie above the kept tail.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.q_diff_shock_vs_control_bound IS 'True where the rate is NULL because it is only known to lie above the kept tail.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.q_diff_sepsis_vs_control_bound IS 'True where the rate is NULL because it is only known to lie above the kept tail.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.q_combined_bound IS 'True where the rate is NULL because it is only known to lie above the kept tail.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.batch_id IS 'NULL: meta.feature_run has the batches that entered.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.agent_result_json IS 'What a reviewer found.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.csv_override IS 'The row comes from an imported table that overrules the aggregate.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.q_star_strict IS 'FDR of the smallest p of ss, soth and combined over all p of these three, stacked; no score or filter reads it. NULL also in rows from before schema 6.';

COMMENT ON COLUMN fact.fact_gene_pair_metrics.q_star_strict_bound IS 'True where the rate is NULL because it is only known to lie above the kept tail.';

INSERT INTO meta.meta_feature_catalog (feature_name, description, expected_scale, null_policy, scope, min, max, better, role, source, catalog_version) VALUES ('dz_ss_mean', 'Septic shock against sepsis: pooled difference of Fisher z, case minus reference.', 'FISHER_Z_DIFF', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', NULL, NULL, 'abs_high', 'evidence', 'seed', '1.0'), ('dz_ss_se', 'Septic shock against sepsis: standard error of the pooled difference.', 'FISHER_Z_DIFF', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', 0, NULL, 'low', 'evidence', 'seed', '1.0'), ('dz_ss_ci_low', 'Septic shock against sepsis: lower limit of the 95% confidence interval of the pooled difference.', 'FISHER_Z_DIFF', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', NULL, NULL, 'none', 'evidence', 'seed', '1.0'), ('dz_ss_ci_high', 'Septic shock against sepsis: upper limit of the 95% confidence interval of the pooled difference.', 'FISHER_Z_DIFF', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', NULL, NULL, 'none', 'evidence', 'seed', '1.0'), ('dz_ss_Q', 'Septic shock against sepsis: Cochran''s Q about the fixed-effect mean; 0 with one study.', 'CHI2', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', 0, NULL, 'low', 'evidence', 'seed', '1.0'), ('dz_ss_Q_p', 'Septic shock against sepsis: chance of a Q this large without heterogeneity, chi-square on k - 1 degrees of freedom.', 'PROBABILITY', 'NULL_IF_K_LT_2', 'GENE_PAIR_META', 0, 1, 'high', 'evidence', 'extension', '1.0'), ('dz_ss_I2', 'Septic shock against sepsis: percent of the variation that is between studies, 100 max(0, 1 - (k - 1) / Q); 0 where Q is 0.', 'PERCENT', 'NULL_IF_K_LT_2', 'GENE_PAIR_META', 0, 100, 'low', 'evidence', 'seed', '1.0'), ('dz_ss_tau2', 'Septic shock against sepsis: variance between studies.', 'FISHER_Z_DIFF_SQ', 'NULL_IF_K_LT_2', 'GENE_PAIR_META', 0, NULL, 'low', 'evidence', 'extension', '1.0'), ('dz_ss_z', 'Septic shock against sepsis: pooled difference over its standard error.', 'Z_SCORE', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', NULL, NULL, 'abs_high', 'evidence', 'seed', '1.0'), ('p_ss', 'Septic shock against sepsis: two-sided p of dz_ss_z.', 'PROBABILITY', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', 0, 1, 'low', 'evidence', 'seed', '1.0'), ('q_ss', 'Septic shock against sepsis: false discovery rate at which the pair enters, over all pairs tested in the slice.', 'PROBABILITY', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', 0, 1, 'low', 'evidence', 'seed', '1.0'), ('neglog_q_ss', 'Septic shock against sepsis: -log10 of q_ss, at most 300.', 'NEG_LOG10', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', 0, 300, 'high', 'evidence', 'seed', '1.0'), ('kappa_ss', 'Septic shock against sepsis: agreement of the signs of two studies beyond chance, weighted, not below 0.', 'UNIT_INTERVAL', 'NULL_IF_K_LT_2', 'GENE_PAIR_META', 0, 1, 'high', 'evidence', 'seed', '1.0'), ('abs_dz_ss', 'Septic shock against sepsis: size of the pooled difference.', 'FISHER_Z_DIFF', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', 0, NULL, 'high', 'evidence', 'seed', '1.0'), ('n_studies_ss', 'Septic shock against sepsis: k, the studies in which the difference can be estimated.', 'COUNT', 'NEVER_NULL_ZERO', 'GENE_PAIR_META', 0, NULL, 'high', 'support', 'seed', '1.0'), ('n_case_ss', 'Septic shock against sepsis: case samples of these studies.', 'COUNT', 'NEVER_NULL_ZERO', 'GENE_PAIR_META', 0, NULL, 'high', 'support', 'extension', '1.0'), ('n_ref_ss', 'Septic shock against sepsis: reference samples of these studies.', 'COUNT', 'NEVER_NULL_ZERO', 'GENE_PAIR_META', 0, NULL, 'high', 'support', 'extension', '1.0'), ('dz_ss_pi_low', 'Septic shock against sepsis: lower limit of the 95% prediction interval, t on k - 2 degrees of freedom.', 'FISHER_Z_DIFF', 'NULL_IF_K_LT_3', 'GENE_PAIR_META', NULL, NULL, 'none', 'evidence', 'extension', '1.0'), ('dz_ss_pi_high', 'Septic shock against sepsis: upper limit of the 95% prediction interval.', 'FISHER_Z_DIFF', 'NULL_IF_K_LT_3', 'GENE_PAIR_META', NULL, NULL, 'none', 'evidence', 'extension', '1.0'), ('dz_ss_fe_mean', 'Septic shock against sepsis: fixed-effect mean of the differences.', 'FISHER_Z_DIFF', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', NULL, NULL, 'abs_high', 'evidence', 'extension', '1.0'), ('dz_ss_hk_se', 'Septic shock against sepsis: Hartung-Knapp standard error, not floored.', 'FISHER_Z_DIFF', 'NULL_IF_K_LT_2', 'GENE_PAIR_META', 0, NULL, 'low', 'evidence', 'extension', '1.0'), ('p_ss_hk', 'Septic shock against sepsis: two-sided Hartung-Knapp p, t on k - 1 degrees of freedom.', 'PROBABILITY', 'NULL_IF_K_LT_2', 'GENE_PAIR_META', 0, 1, 'low', 'evidence', 'extension', '1.0'), ('direction_consistency_ss', 'Septic shock against sepsis: weight of the studies on the side of the pooled difference; a zero counts half.', 'UNIT_INTERVAL', 'NULL_IF_K_LT_2', 'GENE_PAIR_META', 0, 1, 'high', 'evidence', 'extension', '1.0'), ('magnitude_consistency_ss', 'Septic shock against sepsis: 1 / (1 + CV^2) of the studies about the pooled difference.', 'UNIT_INTERVAL', 'NULL_IF_K_LT_2', 'GENE_PAIR_META', 0, 1, 'high', 'evidence', 'extension', '1.0'), ('power_ss', 'Septic shock against sepsis: power of the design to see a difference of 0.3 (or as set) at the 5% level.', 'UNIT_INTERVAL', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', 0, 1, 'high', 'support', 'extension', '1.0'), ('dz_ss_loo_max_p', 'Septic shock against sepsis: largest p when one study at a time is left out.', 'PROBABILITY', 'NULL_IF_K_LT_3', 'GENE_PAIR_META', 0, 1, 'low', 'evidence', 'extension', '1.0'), ('dz_soth_mean', 'Septic shock against all others: pooled difference of Fisher z, case minus reference.', 'FISHER_Z_DIFF', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', NULL, NULL, 'abs_high', 'evidence', 'seed', '1.0'), ('dz_soth_se', 'Septic shock against all others: standard error of the pooled difference.', 'FISHER_Z_DIFF', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', 0, NULL, 'low', 'evidence', 'seed', '1.0'), ('dz_soth_ci_low', 'Septic shock against all others: lower limit of the 95% confidence interval of the pooled difference.', 'FISHER_Z_DIFF', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', NULL, NULL, 'none', 'evidence', 'seed', '1.0'), ('dz_soth_ci_high', 'Septic shock against all others: upper limit of the 95% confidence interval of the pooled difference.', 'FISHER_Z_DIFF', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', NULL, NULL, 'none', 'evidence', 'seed', '1.0'), ('dz_soth_Q', 'Septic shock against all others: Cochran''s Q about the fixed-effect mean; 0 with one study.', 'CHI2', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', 0, NULL, 'low', 'evidence', 'seed', '1.0'), ('dz_soth_Q_p', 'Septic shock against all others: chance of a Q this large without heterogeneity, chi-square on k - 1 degrees of freedom.', 'PROBABILITY', 'NULL_IF_K_LT_2', 'GENE_PAIR_META', 0, 1, 'high', 'evidence', 'extension', '1.0'), ('dz_soth_I2', 'Septic shock against all others: percent of the variation that is between studies, 100 max(0, 1 - (k - 1) / Q); 0 where Q is 0.', 'PERCENT', 'NULL_IF_K_LT_2', 'GENE_PAIR_META', 0, 100, 'low', 'evidence', 'seed', '1.0'), ('dz_soth_tau2', 'Septic shock against all others: variance between studies.', 'FISHER_Z_DIFF_SQ', 'NULL_IF_K_LT_2', 'GENE_PAIR_META', 0, NULL, 'low', 'evidence', 'extension', '1.0'), ('dz_soth_z', 'Septic shock against all others: pooled difference over its standard error.', 'Z_SCORE', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', NULL, NULL, 'abs_high', 'evidence', 'seed', '1.0'), ('p_soth', 'Septic shock against all others: two-sided p of dz_soth_z.', 'PROBABILITY', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', 0, 1, 'low', 'evidence', 'seed', '1.0'), ('q_soth', 'Septic shock against all others: false discovery rate at which the pair enters, over all pairs tested in the slice.', 'PROBABILITY', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', 0, 1, 'low', 'evidence', 'seed', '1.0'), ('neglog_q_soth', 'Septic shock against all others: -log10 of q_soth, at most 300.', 'NEG_LOG10', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', 0, 300, 'high', 'evidence', 'seed', '1.0'), ('kappa_soth', 'Septic shock against all others: agreement of the signs of two studies beyond chance, weighted, not below 0.', 'UNIT_INTERVAL', 'NULL_IF_K_LT_2', 'GENE_PAIR_META', 0, 1, 'high', 'evidence', 'seed', '1.0'), ('abs_dz_soth', 'Septic shock against all others: size of the pooled difference.', 'FISHER_Z_DIFF', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', 0, NULL, 'high', 'evidence', 'seed', '1.0'), ('n_studies_soth', 'Septic shock against all others: k, the studies in which the difference can be estimated.', 'COUNT', 'NEVER_NULL_ZERO', 'GENE_PAIR_META', 0, NULL, 'high', 'support', 'seed', '1.0'), ('n_case_soth', 'Septic shock against all others: case samples of these studies.', 'COUNT', 'NEVER_NULL_ZERO', 'GENE_PAIR_META', 0, NULL, 'high', 'support', 'extension', '1.0'), ('n_ref_soth', 'Septic shock against all others: reference samples of these studies.', 'COUNT', 'NEVER_NULL_ZERO', 'GENE_PAIR_META', 0, NULL, 'high', 'support', 'extension', '1.0'), ('dz_soth_pi_low', 'Septic shock against all others: lower limit of the 95% prediction interval, t on k - 2 degrees of freedom.', 'FISHER_Z_DIFF', 'NULL_IF_K_LT_3', 'GENE_PAIR_META', NULL, NULL, 'none', 'evidence', 'extension', '1.0'), ('dz_soth_pi_high', 'Septic shock against all others: upper limit of the 95% prediction interval.', 'FISHER_Z_DIFF', 'NULL_IF_K_LT_3', 'GENE_PAIR_META', NULL, NULL, 'none', 'evidence', 'extension', '1.0'), ('dz_soth_fe_mean', 'Septic shock against all others: fixed-effect mean of the differences.', 'FISHER_Z_DIFF', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', NULL, NULL, 'abs_high', 'evidence', 'extension', '1.0'), ('dz_soth_hk_se', 'Septic shock against all others: Hartung-Knapp standard error, not floored.', 'FISHER_Z_DIFF', 'NULL_IF_K_LT_2', 'GENE_PAIR_META', 0, NULL, 'low', 'evidence', 'extension', '1.0'), ('p_soth_hk', 'Septic shock against all others: two-sided Hartung-Knapp p, t on k - 1 degrees of freedom.', 'PROBABILITY', 'NULL_IF_K_LT_2', 'GENE_PAIR_META', 0, 1, 'low', 'evidence', 'extension', '1.0'), ('direction_consistency_soth', 'Septic shock against all others: weight of the studies on the side of the pooled difference; a zero counts half.', 'UNIT_INTERVAL', 'NULL_IF_K_LT_2', 'GENE_PAIR_META', 0, 1, 'high', 'evidence', 'extension', '1.0'), ('magnitude_consistency_soth', 'Septic shock against all others: 1 / (1 + CV^2) of the studies about the pooled difference.', 'UNIT_INTERVAL', 'NULL_IF_K_LT_2', 'GENE_PAIR_META', 0, 1, 'high', 'evidence', 'extension', '1.0'), ('power_soth', 'Septic shock against all others: power of the design to see a difference of 0.3 (or as set) at the 5% level.', 'UNIT_INTERVAL', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', 0, 1, 'high', 'support', 'extension', '1.0'), ('dz_soth_loo_max_p', 'Septic shock against all others: largest p when one study at a time is left out.', 'PROBABILITY', 'NULL_IF_K_LT_3', 'GENE_PAIR_META', 0, 1, 'low', 'evidence', 'extension', '1.0'), ('r_control', 'Controls: pooled Spearman correlation, back from Fisher z.', 'CORRELATION', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', -1, 1, 'abs_high', 'evidence', 'seed', '1.0'), ('se_r_control', 'Controls: standard error of r_control by the delta method, for display.', 'CORRELATION', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', 0, NULL, 'low', 'evidence', 'seed', '1.0'), ('r_control_ci_low', 'Controls: lower limit of the 95% confidence interval of r_control.', 'CORRELATION', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', -1, 1, 'none', 'evidence', 'extension', '1.0'), ('r_control_ci_high', 'Controls: upper limit of the 95% confidence interval of r_control.', 'CORRELATION', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', -1, 1, 'none', 'evidence', 'extension', '1.0'), ('Q_r_control', 'Controls: Cochran''s Q of the Fisher z of the studies; 0 with one study.', 'CHI2', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', 0, NULL, 'low', 'evidence', 'extension', '1.0'), ('I2_r_control', 'Controls: percent of the variation of Fisher z that is between studies.', 'PERCENT', 'NULL_IF_K_LT_2', 'GENE_PAIR_META', 0, 100, 'low', 'evidence', 'seed', '1.0'), ('tau2_r_control', 'Controls: variance of Fisher z between studies.', 'FISHER_Z_SQ', 'NULL_IF_K_LT_2', 'GENE_PAIR_META', 0, NULL, 'low', 'evidence', 'extension', '1.0'), ('z_stat_control', 'Controls: pooled Fisher z over its standard error.', 'Z_SCORE', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', NULL, NULL, 'abs_high', 'evidence', 'seed', '1.0'), ('p_value_control', 'Controls: two-sided p of z_stat_control.', 'PROBABILITY', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', 0, 1, 'low', 'evidence', 'seed', '1.0'), ('q_value_control', 'Controls: false discovery rate of p_value_control over all pairs tested in the slice.', 'PROBABILITY', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', 0, 1, 'low', 'evidence', 'extension', '1.0'), ('n_samples_control', 'Controls: samples of the studies that contribute.', 'COUNT', 'NEVER_NULL_ZERO', 'GENE_PAIR_META', 0, NULL, 'high', 'support', 'seed', '1.0'), ('n_studies_r_control', 'Controls: studies that contribute.', 'COUNT', 'NEVER_NULL_ZERO', 'GENE_PAIR_META', 0, NULL, 'high', 'support', 'extension', '1.0'), ('r_sepsis', 'Sepsis: pooled Spearman correlation, back from Fisher z.', 'CORRELATION', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', -1, 1, 'abs_high', 'evidence', 'seed', '1.0'), ('se_r_sepsis', 'Sepsis: standard error of r_sepsis by the delta method, for display.', 'CORRELATION', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', 0, NULL, 'low', 'evidence', 'seed', '1.0'), ('r_sepsis_ci_low', 'Sepsis: lower limit of the 95% confidence interval of r_sepsis.', 'CORRELATION', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', -1, 1, 'none', 'evidence', 'extension', '1.0'), ('r_sepsis_ci_high', 'Sepsis: upper limit of the 95% confidence interval of r_sepsis.', 'CORRELATION', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', -1, 1, 'none', 'evidence', 'extension', '1.0'), ('Q_r_sepsis', 'Sepsis: Cochran''s Q of the Fisher z of the studies; 0 with one study.', 'CHI2', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', 0, NULL, 'low', 'evidence', 'extension', '1.0'), ('I2_r_sepsis', 'Sepsis: percent of the variation of Fisher z that is between studies.', 'PERCENT', 'NULL_IF_K_LT_2', 'GENE_PAIR_META', 0, 100, 'low', 'evidence', 'seed', '1.0'), ('tau2_r_sepsis', 'Sepsis: variance of Fisher z between studies.', 'FISHER_Z_SQ', 'NULL_IF_K_LT_2', 'GENE_PAIR_META', 0, NULL, 'low', 'evidence', 'extension', '1.0'), ('z_stat_sepsis', 'Sepsis: pooled Fisher z over its standard error.', 'Z_SCORE', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', NULL, NULL, 'abs_high', 'evidence', 'seed', '1.0'), ('p_value_sepsis', 'Sepsis: two-sided p of z_stat_sepsis.', 'PROBABILITY', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', 0, 1, 'low', 'evidence', 'seed', '1.0'), ('q_value_sepsis', 'Sepsis: false discovery rate of p_value_sepsis over all pairs tested in the slice.', 'PROBABILITY', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', 0, 1, 'low', 'evidence', 'extension', '1.0'), ('n_samples_sepsis', 'Sepsis: samples of the studies that contribute.', 'COUNT', 'NEVER_NULL_ZERO', 'GENE_PAIR_META', 0, NULL, 'high', 'support', 'seed', '1.0'), ('n_studies_r_sepsis', 'Sepsis: studies that contribute.', 'COUNT', 'NEVER_NULL_ZERO', 'GENE_PAIR_META', 0, NULL, 'high', 'support', 'extension', '1.0'), ('r_septic_shock', 'Septic shock: pooled Spearman correlation, back from Fisher z.', 'CORRELATION', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', -1, 1, 'abs_high', 'evidence', 'seed', '1.0'), ('se_r_septic_shock', 'Septic shock: standard error of r_septic_shock by the delta method, for display.', 'CORRELATION', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', 0, NULL, 'low', 'evidence', 'seed', '1.0'), ('r_septic_shock_ci_low', 'Septic shock: lower limit of the 95% confidence interval of r_septic_shock.', 'CORRELATION', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', -1, 1, 'none', 'evidence', 'extension', '1.0'), ('r_septic_shock_ci_high', 'Septic shock: upper limit of the 95% confidence interval of r_septic_shock.', 'CORRELATION', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', -1, 1, 'none', 'evidence', 'extension', '1.0'), ('Q_r_septic_shock', 'Septic shock: Cochran''s Q of the Fisher z of the studies; 0 with one study.', 'CHI2', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', 0, NULL, 'low', 'evidence', 'extension', '1.0'), ('I2_r_septic_shock', 'Septic shock: percent of the variation of Fisher z that is between studies.', 'PERCENT', 'NULL_IF_K_LT_2', 'GENE_PAIR_META', 0, 100, 'low', 'evidence', 'seed', '1.0'), ('tau2_r_septic_shock', 'Septic shock: variance of Fisher z between studies.', 'FISHER_Z_SQ', 'NULL_IF_K_LT_2', 'GENE_PAIR_META', 0, NULL, 'low', 'evidence', 'extension', '1.0'), ('z_stat_septic_shock', 'Septic shock: pooled Fisher z over its standard error.', 'Z_SCORE', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', NULL, NULL, 'abs_high', 'evidence', 'seed', '1.0'), ('p_value_septic_shock', 'Septic shock: two-sided p of z_stat_septic_shock.', 'PROBABILITY', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', 0, 1, 'low', 'evidence', 'seed', '1.0'), ('q_value_septic_shock', 'Septic shock: false discovery rate of p_value_septic_shock over all pairs tested in the slice.', 'PROBABILITY', 'NULL_IF_NO_STUDY', 'GENE_PAIR_META', 0, 1, 'low', 'evidence', 'extension', '1.0'), ('n_samples_septic_shock', 'Septic shock: samples of the studies that contribute.', 'COUNT', 'NEVER_NULL_ZERO', 'GENE_PAIR_META', 0, NULL, 'high', 'support', 'seed', '1.0'), ('n_studies_r_septic_shock', 'Septic shock: studies that contribute.', 'COUNT', 'NEVER_NULL_ZERO', 'GENE_PAIR_META', 0, NULL, 'high', 'support', 'extension', '1.0'), ('delta_r_shock_vs_sepsis', 'Septic shock minus sepsis: difference of the pooled correlations, which may come from different studies.', 'CORRELATION_DIFF', 'NULL_IF_ANY_PARENT_NULL', 'GENE_PAIR_META', -2, 2, 'abs_high', 'evidence', 'seed', '1.0'), ('z_diff_shock_vs_sepsis', 'Septic shock minus sepsis: difference of the pooled Fisher z over its standard error.', 'Z_SCORE', 'NULL_IF_ANY_PARENT_NULL', 'GENE_PAIR_META', NULL, NULL, 'abs_high', 'evidence', 'seed', '1.0'), ('p_diff_shock_vs_sepsis', 'Septic shock minus sepsis: two-sided p of z_diff_shock_vs_sepsis.', 'PROBABILITY', 'NULL_IF_ANY_PARENT_NULL', 'GENE_PAIR_META', 0, 1, 'low', 'evidence', 'seed', '1.0'), ('q_diff_shock_vs_sepsis', 'Septic shock minus sepsis: false discovery rate of p_diff_shock_vs_sepsis over all pairs tested in the slice.', 'PROBABILITY', 'NULL_IF_ANY_PARENT_NULL', 'GENE_PAIR_META', 0, 1, 'low', 'evidence', 'extension', '1.0'), ('delta_r_shock_vs_control', 'Septic shock minus controls: difference of the pooled correlations, which may come from different studies.', 'CORRELATION_DIFF', 'NULL_IF_ANY_PARENT_NULL', 'GENE_PAIR_META', -2, 2, 'abs_high', 'evidence', 'seed', '1.0'), ('z_diff_shock_vs_control', 'Septic shock minus controls: difference of the pooled Fisher z over its standard error.', 'Z_SCORE', 'NULL_IF_ANY_PARENT_NULL', 'GENE_PAIR_META', NULL, NULL, 'abs_high', 'evidence', 'seed', '1.0'), ('p_diff_shock_vs_control', 'Septic shock minus controls: two-sided p of z_diff_shock_vs_control.', 'PROBABILITY', 'NULL_IF_ANY_PARENT_NULL', 'GENE_PAIR_META', 0, 1, 'low', 'evidence', 'seed', '1.0'), ('q_diff_shock_vs_control', 'Septic shock minus controls: false discovery rate of p_diff_shock_vs_control over all pairs tested in the slice.', 'PROBABILITY', 'NULL_IF_ANY_PARENT_NULL', 'GENE_PAIR_META', 0, 1, 'low', 'evidence', 'extension', '1.0'), ('delta_r_sepsis_vs_control', 'Sepsis minus controls: difference of the pooled correlations, which may come from different studies.', 'CORRELATION_DIFF', 'NULL_IF_ANY_PARENT_NULL', 'GENE_PAIR_META', -2, 2, 'abs_high', 'evidence', 'seed', '1.0'), ('z_diff_sepsis_vs_control', 'Sepsis minus controls: difference of the pooled Fisher z over its standard error.', 'Z_SCORE', 'NULL_IF_ANY_PARENT_NULL', 'GENE_PAIR_META', NULL, NULL, 'abs_high', 'evidence', 'seed', '1.0'), ('p_diff_sepsis_vs_control', 'Sepsis minus controls: two-sided p of z_diff_sepsis_vs_control.', 'PROBABILITY', 'NULL_IF_ANY_PARENT_NULL', 'GENE_PAIR_META', 0, 1, 'low', 'evidence', 'seed', '1.0'), ('q_diff_sepsis_vs_control', 'Sepsis minus controls: false discovery rate of p_diff_sepsis_vs_control over all pairs tested in the slice.', 'PROBABILITY', 'NULL_IF_ANY_PARENT_NULL', 'GENE_PAIR_META', 0, 1, 'low', 'evidence', 'extension', '1.0'), ('combined_effect_size', 'Mean of the two contrasts, each weighted by the inverse of its variance.', 'FISHER_Z_DIFF', 'NULL_IF_ALL_PARENTS_NULL', 'GENE_PAIR_META', NULL, NULL, 'abs_high', 'evidence', 'seed', '1.0'), ('combined_se', 'Standard error of combined_effect_size; the contrasts share their case samples, which it allows for.', 'FISHER_Z_DIFF', 'NULL_IF_ALL_PARENTS_NULL', 'GENE_PAIR_META', 0, NULL, 'low', 'evidence', 'extension', '1.0'), ('combined_ci_low', 'Lower limit of the 95% confidence interval of combined_effect_size.', 'FISHER_Z_DIFF', 'NULL_IF_ALL_PARENTS_NULL', 'GENE_PAIR_META', NULL, NULL, 'none', 'evidence', 'extension', '1.0'), ('combined_ci_high', 'Upper limit of the 95% confidence interval of combined_effect_size.', 'FISHER_Z_DIFF', 'NULL_IF_ALL_PARENTS_NULL', 'GENE_PAIR_META', NULL, NULL, 'none', 'evidence', 'extension', '1.0'), ('combined_z_score', 'combined_effect_size over combined_se.', 'Z_SCORE', 'NULL_IF_ALL_PARENTS_NULL', 'GENE_PAIR_META', NULL, NULL, 'abs_high', 'evidence', 'seed', '1.0'), ('combined_p_value', 'Two-sided p of combined_z_score.', 'PROBABILITY', 'NULL_IF_ALL_PARENTS_NULL', 'GENE_PAIR_META', 0, 1, 'low', 'evidence', 'seed', '1.0'), ('q_combined', 'False discovery rate of combined_p_value over all pairs tested in the slice.', 'PROBABILITY', 'NULL_IF_ALL_PARENTS_NULL', 'GENE_PAIR_META', 0, 1, 'low', 'evidence', 'seed', '1.0'), ('neglog_q_combined', '-log10 of q_combined, at most 300.', 'NEG_LOG10', 'NULL_IF_ALL_PARENTS_NULL', 'GENE_PAIR_META', 0, 300, 'high', 'evidence', 'extension', '1.0'), ('abs_combined_effect_size', 'Size of combined_effect_size.', 'FISHER_Z_DIFF', 'NULL_IF_ALL_PARENTS_NULL', 'GENE_PAIR_META', 0, NULL, 'high', 'evidence', 'seed', '1.0'), ('power_score', 'The larger power of the two contrasts.', 'UNIT_INTERVAL', 'NULL_IF_ALL_PARENTS_NULL', 'GENE_PAIR_META', 0, 1, 'high', 'support', 'seed', '1.0'), ('consistency_score', '0.5 kappa + 0.3 magnitude + 0.2 (1 - I2 / 100), mean of the contrasts weighted by their studies.', 'UNIT_INTERVAL', 'NULL_IF_ALL_PARENTS_NULL', 'GENE_PAIR_META', 0, 1, 'high', 'evidence', 'seed', '1.0'), ('direction_consistency', 'Direction consistency, mean of the contrasts weighted by their studies.', 'UNIT_INTERVAL', 'NULL_IF_ALL_PARENTS_NULL', 'GENE_PAIR_META', 0, 1, 'high', 'evidence', 'seed', '1.0'), ('magnitude_consistency', 'Magnitude consistency, mean of the contrasts weighted by their studies.', 'UNIT_INTERVAL', 'NULL_IF_ALL_PARENTS_NULL', 'GENE_PAIR_META', 0, 1, 'high', 'evidence', 'seed', '1.0'), ('total_samples', 'Samples in any statistic of the pair, each counted once.', 'COUNT', 'NEVER_NULL_ZERO', 'GENE_PAIR_META', 0, NULL, 'high', 'support', 'seed', '1.0'), ('included_study_count', 'Studies in any statistic of the pair, each counted once.', 'COUNT', 'NEVER_NULL_ZERO', 'GENE_PAIR_META', 0, NULL, 'high', 'support', 'seed', '1.0'), ('q_star', 'Smallest of q_combined, q_ss and q_soth; a missing one reads as 1.', 'PROBABILITY', 'NEVER_NULL_ONE', 'GENE_PAIR_META', 0, 1, 'low', 'evidence', 'seed', '1.0'), ('neglog_q_star', '-log10 of q_star, at most 300.', 'NEG_LOG10', 'NEVER_NULL_ZERO', 'GENE_PAIR_META', 0, 300, 'high', 'evidence', 'seed', '1.0'), ('i2_star', 'Smaller I2 of the two contrasts; a missing one reads as 100.', 'PERCENT', 'NEVER_NULL_ONE', 'GENE_PAIR_META', 0, 100, 'low', 'evidence', 'seed', '1.0'), ('expr_mean_min', 'Mean log2 expression over samples, of the gene with less.', 'LOG2_EXPRESSION', 'NULL_IF_GENE_NOT_MEASURED', 'GENE_PAIR_META', NULL, NULL, 'none', 'support', 'extension', '1.0'), ('expr_mean_max', 'Mean log2 expression over samples, of the gene with more.', 'LOG2_EXPRESSION', 'NULL_IF_GENE_NOT_MEASURED', 'GENE_PAIR_META', NULL, NULL, 'none', 'support', 'extension', '1.0'), ('expr_mad_min', 'Scaled median absolute deviation of log2 expression, mean over studies, of the gene with less.', 'LOG2_EXPRESSION', 'NULL_IF_GENE_NOT_MEASURED', 'GENE_PAIR_META', 0, NULL, 'none', 'support', 'extension', '1.0'), ('expr_mad_max', 'Scaled median absolute deviation of log2 expression, mean over studies, of the gene with more.', 'LOG2_EXPRESSION', 'NULL_IF_GENE_NOT_MEASURED', 'GENE_PAIR_META', 0, NULL, 'none', 'support', 'extension', '1.0'), ('expr_detect_min', 'Share of samples in which the gene is detected, mean over studies, of the gene with less.', 'UNIT_INTERVAL', 'NULL_IF_GENE_NOT_MEASURED', 'GENE_PAIR_META', 0, 1, 'none', 'support', 'extension', '1.0'), ('expr_detect_max', 'Share of samples in which the gene is detected, mean over studies, of the gene with more.', 'UNIT_INTERVAL', 'NULL_IF_GENE_NOT_MEASURED', 'GENE_PAIR_META', 0, 1, 'none', 'support', 'extension', '1.0'), ('expr_abs_g_min', 'Size of Hedges'' g, case against reference, pooled over studies, of the gene with less.', 'STD_MEAN_DIFF', 'NULL_IF_GENE_NOT_MEASURED', 'GENE_PAIR_META', 0, NULL, 'none', 'support', 'extension', '1.0'), ('expr_abs_g_max', 'Size of Hedges'' g, case against reference, pooled over studies, of the gene with more.', 'STD_MEAN_DIFF', 'NULL_IF_GENE_NOT_MEASURED', 'GENE_PAIR_META', 0, NULL, 'none', 'support', 'extension', '1.0'), ('lof_score', 'Local outlier factor, as its rank share within the slice.', 'UNIT_INTERVAL', 'NULL_IF_MODEL_NOT_RUN', 'GENE_PAIR_META', 0, 1, 'high', 'output', 'extension', '1.0'), ('iforest_score', 'Isolation forest score, as its rank share within the slice.', 'UNIT_INTERVAL', 'NULL_IF_MODEL_NOT_RUN', 'GENE_PAIR_META', 0, 1, 'high', 'output', 'extension', '1.0'), ('ranksvm_score', 'Rank-SVM decision value, as its rank share within the slice.', 'UNIT_INTERVAL', 'NULL_IF_MODEL_NOT_RUN', 'GENE_PAIR_META', 0, 1, 'high', 'output', 'extension', '1.0'), ('unsupervised_score', 'Weighted mean of the three model scores.', 'UNIT_INTERVAL', 'NULL_IF_MODEL_NOT_RUN', 'GENE_PAIR_META', 0, 1, 'high', 'output', 'seed', '1.0'), ('metrics_score', '0.40 significance + 0.25 effect + 0.20 consistency + 0.15 power, each from 0 to 1.', 'UNIT_INTERVAL', 'NULL_IF_ALL_PARENTS_NULL', 'GENE_PAIR_META', 0, 1, 'high', 'output', 'seed', '1.0'), ('rank_score', '1 - (rank of metrics_score - 1) / N within the slice.', 'UNIT_INTERVAL', 'NULL_IF_ALL_PARENTS_NULL', 'GENE_PAIR_META', 0, 1, 'high', 'output', 'seed', '1.0'), ('new_rank_score', 'Weighted mean of significance, unsupervised_score, consistency and power; of what there is.', 'UNIT_INTERVAL', 'NULL_IF_ALL_PARENTS_NULL', 'GENE_PAIR_META', 0, 1, 'high', 'output', 'seed', '1.0'), ('rank_position', 'Place within the slice in the order of the ranked view, from 1.', 'RANK', 'NULL_IF_ALL_PARENTS_NULL', 'GENE_PAIR_META', 1, NULL, 'low', 'output', 'extension', '1.0');

INSERT INTO meta.schema_version (version, name) VALUES (3, 'gene_pairs');

-- Every stored pair of a slice before the filters, with the first filter that keeps it out of vw_pair_metrics_ranked in
-- left_out_because (FEW_STUDIES, Q_ABOVE_LIMIT, HETEROGENEITY), or NULL where it is in. The session says what is asked:
-- disease and technology are required, without them there are no rows; organism (default all), q (0.05), k_min (3),
-- i2_max (75), i2_rule (LEAST, GREATEST or MATCHED) and k_rule (INCLUDED or MATCHED) may be left out. For example:
-- SET VARIABLE disease = 'SEPSIS'.
-- MATCHED looks at the contrast whose q is q_star; where that is the combined one, at the worse of its contrasts.
CREATE OR REPLACE VIEW analytics.vw_gene_pairs_candidate AS
WITH asked AS (
    SELECT
        UPPER(CAST(getvariable('disease') AS VARCHAR)) AS disease_label,
        UPPER(CAST(getvariable('technology') AS VARCHAR)) AS technology,
        CAST(getvariable('organism') AS VARCHAR) AS organism,
        COALESCE(CAST(getvariable('q') AS DOUBLE), 0.05) AS q,
        COALESCE(CAST(getvariable('k_min') AS INTEGER), 3) AS k_min,
        COALESCE(CAST(getvariable('i2_max') AS DOUBLE), 75) AS i2_max,
        UPPER(COALESCE(CAST(getvariable('i2_rule') AS VARCHAR), 'LEAST')) AS i2_rule,
        UPPER(COALESCE(CAST(getvariable('k_rule') AS VARCHAR), 'INCLUDED')) AS k_rule
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

COMMENT ON VIEW analytics.vw_gene_pairs_candidate IS 'Every stored pair of a slice before the filters, with the first filter that keeps it out of vw_pair_metrics_ranked in left_out_because (FEW_STUDIES, Q_ABOVE_LIMIT, HETEROGENEITY), or NULL where it is in. The session says what is asked: disease and technology are required, without them there are no rows; organism (default all), q (0.05), k_min (3), i2_max (75), i2_rule (LEAST, GREATEST or MATCHED) and k_rule (INCLUDED or MATCHED) may be left out. For example: SET VARIABLE disease = ''SEPSIS''. MATCHED looks at the contrast whose q is q_star; where that is the combined one, at the worse of its contrasts.';

-- The pairs of a slice that pass the filters on studies, q and heterogeneity; vw_gene_pairs_candidate says how the
-- session gives disease, technology and the limits, and why other pairs are left out. i2_rule_value is the I2 that
-- was compared with i2_max, i2_star always the smaller one. A view has no order; the one that is meant is:
-- q_star, new_rank_score DESC, power_score DESC, i2_star, kappa_ss DESC, abs_combined_effect_size DESC, pair_uid,
-- missing values last.
CREATE OR REPLACE VIEW analytics.vw_pair_metrics_ranked AS
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

COMMENT ON VIEW analytics.vw_pair_metrics_ranked IS 'The pairs of a slice that pass the filters on studies, q and heterogeneity; vw_gene_pairs_candidate says how the session gives disease, technology and the limits, and why other pairs are left out. i2_rule_value is the I2 that was compared with i2_max, i2_star always the smaller one. A view has no order; the one that is meant is: q_star, new_rank_score DESC, power_score DESC, i2_star, kappa_ss DESC, abs_combined_effect_size DESC, pair_uid, missing values last.';

-- The same pairs as in vw_pair_metrics_ranked, for exports and tests that want them by q_star.
CREATE OR REPLACE VIEW analytics.vw_pair_metrics_significant AS
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

COMMENT ON VIEW analytics.vw_pair_metrics_significant IS 'The same pairs as in vw_pair_metrics_ranked, for exports and tests that want them by q_star.';

INSERT INTO meta.schema_version (version, name) VALUES (4, 'pair_views');

INSERT INTO meta.schema_version (version, name) VALUES (5, 'readers_see_quarantine');

INSERT INTO meta.schema_version (version, name) VALUES (6, 'strict_q');
