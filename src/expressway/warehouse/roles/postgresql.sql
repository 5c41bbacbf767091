-- Three roles: etl_reader asks, etl_loader loads, etl_admin upgrades. Roles belong to the server, not to the database,
-- so they may be there already. What the user who runs this may not do is skipped with a notice.
DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['etl_reader', 'etl_loader', 'etl_admin'] LOOP
        CONTINUE WHEN EXISTS (SELECT FROM pg_roles WHERE rolname = wanted);
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;  -- another database of this server was faster
        END;
    END LOOP;
    IF NOT pg_has_role('etl_loader', 'etl_reader', 'MEMBER') THEN
        GRANT etl_reader TO etl_loader;
    END IF;
    IF NOT pg_has_role('etl_admin', 'etl_loader', 'MEMBER') THEN
        GRANT etl_loader TO etl_admin;
    END IF;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE 'Skipped the roles etl_reader, etl_loader and etl_admin: % may not create them.', current_user;
END $$;

-- The log is written and never erased; the schema version is only read.
DO $$
BEGIN
    GRANT USAGE ON SCHEMA dim, fact, meta, analytics TO etl_reader;
    GRANT SELECT ON ALL TABLES IN SCHEMA dim, meta, analytics TO etl_reader;
    GRANT SELECT ON fact.fact_gene_expression TO etl_reader;

    GRANT USAGE ON SCHEMA staging TO etl_loader;
    GRANT USAGE, CREATE ON SCHEMA fact TO etl_loader;
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA dim, staging TO etl_loader;
    GRANT INSERT, UPDATE, DELETE ON meta.batch, meta.meta_study_qc TO etl_loader;
    GRANT INSERT, UPDATE ON meta.meta_etl_process_log TO etl_loader;
    GRANT INSERT ON meta.meta_data_validation_log TO etl_loader;
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA dim, meta TO etl_loader;

    GRANT ALL ON SCHEMA dim, fact, staging, meta, analytics TO etl_admin;
    GRANT ALL ON ALL TABLES IN SCHEMA dim, staging, meta, analytics TO etl_admin;
    GRANT ALL ON ALL SEQUENCES IN SCHEMA dim, meta TO etl_admin;
EXCEPTION WHEN insufficient_privilege OR undefined_object THEN
    RAISE NOTICE 'Skipped the grants: the roles are missing, or % may not grant.', current_user;
END $$;

-- Only an owner may attach a partition or change a table: the facts belong to the loaders, the rest to the admins.
DO $$
DECLARE
    mine text := current_user;
    thing record;
BEGIN
    IF NOT pg_has_role(mine, 'etl_admin', 'MEMBER') THEN
        EXECUTE format('GRANT etl_admin TO %I', mine);
    END IF;
    FOR thing IN
        SELECT n.nspname, c.relname, c.relkind
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname IN ('dim', 'fact', 'staging', 'meta', 'analytics') AND c.relkind IN ('r', 'p', 'v', 'S')
        ORDER BY n.nspname, c.relname
    LOOP
        EXECUTE format(
            'ALTER %s %I.%I OWNER TO %I',
            CASE thing.relkind WHEN 'v' THEN 'VIEW' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END,
            thing.nspname,
            thing.relname,
            CASE thing.nspname WHEN 'fact' THEN 'etl_loader' ELSE 'etl_admin' END
        );
    END LOOP;
EXCEPTION WHEN insufficient_privilege OR undefined_object THEN
    RAISE NOTICE 'Skipped the change of owner: % stays the owner of the tables.', current_user;
END $$;
