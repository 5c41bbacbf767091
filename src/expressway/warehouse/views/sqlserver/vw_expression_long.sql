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
