-- Every stored pair of a slice before the filters, with the first filter that keeps it out of vw_pair_metrics_ranked in
-- left_out_because (FEW_STUDIES, Q_ABOVE_LIMIT, HETEROGENEITY), or NULL where it is in. The session says what is asked:
-- disease and technology are required, without them there are no rows; organism (default all), q (0.05), k_min (3),
-- i2_max (75), i2_rule (LEAST, GREATEST or MATCHED) and k_rule (INCLUDED or MATCHED) may be left out. For example:
-- {example}
-- MATCHED looks at the contrast whose q is q_star; where that is the combined one, at the worse of its contrasts.
CREATE OR REPLACE VIEW analytics.vw_gene_pairs_candidate AS
WITH asked AS (
    SELECT
        {asked}
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
