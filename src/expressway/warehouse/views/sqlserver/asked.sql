-- EXEC sp_set_session_context N'disease', N'SEPSIS'.
UPPER(CONVERT(nvarchar(255), SESSION_CONTEXT(N'disease'))) AS disease_label,
UPPER(CONVERT(nvarchar(255), SESSION_CONTEXT(N'technology'))) AS technology,
CONVERT(nvarchar(255), SESSION_CONTEXT(N'organism')) AS organism,
COALESCE(CONVERT(float, SESSION_CONTEXT(N'q')), 0.05) AS q,
COALESCE(CONVERT(int, SESSION_CONTEXT(N'k_min')), 3) AS k_min,
COALESCE(CONVERT(float, SESSION_CONTEXT(N'i2_max')), 75) AS i2_max,
UPPER(COALESCE(CONVERT(nvarchar(255), SESSION_CONTEXT(N'i2_rule')), N'LEAST')) AS i2_rule,
UPPER(COALESCE(CONVERT(nvarchar(255), SESSION_CONTEXT(N'k_rule')), N'INCLUDED')) AS k_rule
