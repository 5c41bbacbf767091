"""The SQL Server engine: columnstore facts, partitioned by study."""
