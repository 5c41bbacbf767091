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
