-- SET expressway.disease = 'SEPSIS'.
UPPER(NULLIF(current_setting('expressway.disease', true), '')) AS disease_label,
UPPER(NULLIF(current_setting('expressway.technology', true), '')) AS technology,
NULLIF(current_setting('expressway.organism', true), '') AS organism,
COALESCE(CAST(NULLIF(current_setting('expressway.q', true), '') AS double precision), 0.05) AS q,
COALESCE(CAST(NULLIF(current_setting('expressway.k_min', true), '') AS integer), 3) AS k_min,
COALESCE(CAST(NULLIF(current_setting('expressway.i2_max', true), '') AS double precision), 75) AS i2_max,
UPPER(COALESCE(NULLIF(current_setting('expressway.i2_rule', true), ''), 'LEAST')) AS i2_rule,
UPPER(COALESCE(NULLIF(current_setting('expressway.k_rule', true), ''), 'INCLUDED')) AS k_rule
