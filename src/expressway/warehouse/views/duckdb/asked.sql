-- SET VARIABLE disease = 'SEPSIS'.
UPPER(CAST(getvariable('disease') AS VARCHAR)) AS disease_label,
UPPER(CAST(getvariable('technology') AS VARCHAR)) AS technology,
CAST(getvariable('organism') AS VARCHAR) AS organism,
COALESCE(CAST(getvariable('q') AS DOUBLE), 0.05) AS q,
COALESCE(CAST(getvariable('k_min') AS INTEGER), 3) AS k_min,
COALESCE(CAST(getvariable('i2_max') AS DOUBLE), 75) AS i2_max,
UPPER(COALESCE(CAST(getvariable('i2_rule') AS VARCHAR), 'LEAST')) AS i2_rule,
UPPER(COALESCE(CAST(getvariable('k_rule') AS VARCHAR), 'INCLUDED')) AS k_rule
