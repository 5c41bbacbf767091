-- Three roles: etl_reader asks, etl_loader loads, etl_admin upgrades.
IF DATABASE_PRINCIPAL_ID(N'etl_reader') IS NULL CREATE ROLE etl_reader;
IF DATABASE_PRINCIPAL_ID(N'etl_loader') IS NULL CREATE ROLE etl_loader;
IF DATABASE_PRINCIPAL_ID(N'etl_admin') IS NULL CREATE ROLE etl_admin;
ALTER ROLE etl_reader ADD MEMBER etl_loader;
ALTER ROLE etl_loader ADD MEMBER etl_admin;
GO
GRANT SELECT ON SCHEMA::dim TO etl_reader;
GRANT SELECT ON SCHEMA::fact TO etl_reader;
GRANT SELECT ON SCHEMA::meta TO etl_reader;
GRANT SELECT ON SCHEMA::analytics TO etl_reader;
GO
-- The log is written and never erased; the schema version is only read. Emptying and splitting a partition of the
-- facts need ALTER on their schema and on the partition function.
GRANT SELECT, INSERT, UPDATE, DELETE ON SCHEMA::dim TO etl_loader;
GRANT SELECT, INSERT, UPDATE, DELETE, ALTER ON SCHEMA::staging TO etl_loader;
GRANT SELECT, INSERT, UPDATE, DELETE, ALTER ON SCHEMA::fact TO etl_loader;
GRANT INSERT, UPDATE, DELETE ON meta.batch TO etl_loader;
GRANT INSERT, UPDATE, DELETE ON meta.meta_study_qc TO etl_loader;
GRANT INSERT, UPDATE ON meta.meta_etl_process_log TO etl_loader;
GRANT INSERT ON meta.meta_data_validation_log TO etl_loader;
GRANT UPDATE ON meta.batch_key_seq TO etl_loader;
GRANT ALTER ANY DATASPACE TO etl_loader;
GO
GRANT CONTROL ON SCHEMA::dim TO etl_admin;
GRANT CONTROL ON SCHEMA::fact TO etl_admin;
GRANT CONTROL ON SCHEMA::staging TO etl_admin;
GRANT CONTROL ON SCHEMA::meta TO etl_admin;
GRANT CONTROL ON SCHEMA::analytics TO etl_admin;
GRANT CREATE TABLE, CREATE VIEW, CREATE SCHEMA TO etl_admin;
