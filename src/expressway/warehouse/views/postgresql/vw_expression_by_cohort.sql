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
    PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY expression_value) AS median
FROM analytics.vw_expression_long
GROUP BY study_key, study_accession_code, illness_label, gene_key, gene_id, gene_symbol;
