-- The roles may do with pairs what they may do with the rest; a feature run is written and never erased.
DO $$
DECLARE
    thing record;
BEGIN
    GRANT SELECT ON dim.dim_gene_pair, fact.fact_gene_pair_metrics, fact.fact_feature_values,
        meta.feature_run, meta.meta_feature_catalog TO etl_reader;
    GRANT SELECT ON analytics.vw_gene_pairs_candidate, analytics.vw_pair_metrics_ranked,
        analytics.vw_pair_metrics_significant TO etl_reader;
    GRANT INSERT, UPDATE, DELETE ON dim.dim_gene_pair TO etl_loader;
    GRANT INSERT, UPDATE ON meta.feature_run TO etl_loader;
    GRANT USAGE ON SEQUENCE dim.pair_key_seq TO etl_loader;
    GRANT ALL ON dim.dim_gene_pair, meta.feature_run, meta.meta_feature_catalog TO etl_admin;
    FOR thing IN
        SELECT n.nspname, c.relname, c.relkind
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE (n.nspname, c.relname) IN (
            ('dim', 'pair_key_seq'), ('dim', 'dim_gene_pair'),
            ('fact', 'feature_record_key_seq'), ('fact', 'fact_gene_pair_metrics'), ('fact', 'fact_feature_values'),
            ('meta', 'feature_run'), ('meta', 'meta_feature_catalog'),
            ('analytics', 'vw_gene_pairs_candidate'), ('analytics', 'vw_pair_metrics_ranked'),
            ('analytics', 'vw_pair_metrics_significant')
        )
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
    RAISE NOTICE 'Skipped the grants on pairs: the roles are missing, or % may not grant.', current_user;
END $$;
