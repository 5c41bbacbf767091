"""The PostgreSQL engine: a server, one partition of facts per study."""
