"""The DuckDB engine: an embedded file, the default."""
