-- Readers may see what is in quarantine.
GRANT SELECT ON SCHEMA::staging TO etl_reader;
