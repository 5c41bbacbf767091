-- Readers may see what is in quarantine: `quarantine list` and `show` and `warehouse check` ask for it.
DO $$
BEGIN
    GRANT USAGE ON SCHEMA staging TO etl_reader;
    GRANT SELECT ON staging.expression_rows TO etl_reader;
EXCEPTION WHEN insufficient_privilege OR undefined_object THEN
    RAISE NOTICE 'Skipped the grants on what is in quarantine: the roles are missing, or % may not grant.', current_user;
END $$;
