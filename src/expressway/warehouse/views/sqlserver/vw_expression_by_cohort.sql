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
