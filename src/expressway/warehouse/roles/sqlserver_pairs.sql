-- The schemas give the roles their rights on pairs; a feature run is written and never erased.
GRANT INSERT, UPDATE ON meta.feature_run TO etl_loader;
