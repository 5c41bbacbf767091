"""The schema as SQL Server 2022 creates it, and the statements that give a study its partition of facts.

The facts are a clustered columnstore index, without a column list and without any other key, partitioned by study.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.dialects.mssql.base import MSDialect
from sqlalchemy.schema import CreateIndex

from expressway.warehouse import rendering
from expressway.warehouse.schema import fact_gene_expression

DIALECT = MSDialect()  # type: ignore[no-untyped-call]

# Filtered indexes can only be created, and their tables only be written, under these session settings.
SESSION = "SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON"

_FACT = fact_gene_expression.fullname
_PARTITIONS = (
    "CREATE PARTITION FUNCTION pf_study (int) AS RANGE RIGHT FOR VALUES (1)",
    "CREATE PARTITION SCHEME ps_study AS PARTITION pf_study ALL TO ([PRIMARY])",
)


def create_schemas(names: Sequence[str]) -> list[str]:
    """The schemas, unless they are there."""
    return [f"IF SCHEMA_ID(N'{name}') IS NULL EXEC(N'CREATE SCHEMA {name}')" for name in names]


def create_tables(tables: Sequence[sa.Table]) -> list[str]:
    """Sequences, tables, indexes and comments, in an order that runs."""
    statements = rendering.sequences(tables, DIALECT)
    for table in tables:
        create = rendering.create_table(table, DIALECT)
        if table is fact_gene_expression:
            scheme = "ON ps_study (study_key)"
            columnstore = f"CREATE CLUSTERED COLUMNSTORE INDEX cci_{table.name} ON {table.fullname} {scheme}"
            statements.extend([*_PARTITIONS, f"{create} {scheme}", columnstore])
        else:
            statements.append(create)
        statements.extend(rendering.render(CreateIndex(index), DIALECT) for index in rendering.indexes(table))
        statements.extend(_comments(table))
    return statements


def _comments(table: sa.Table) -> list[str]:
    where = (str(table.schema), "TABLE", table.name)
    columns = [column for column in table.columns if column.comment]
    return [_comment(str(table.comment), *where)] + [
        _comment(str(column.comment), *where, "COLUMN", column.name) for column in columns
    ]


def _comment(words: str, *where: str) -> str:
    path = ", ".join(f"N'{part}'" for part in ("SCHEMA", *where))
    return f"EXEC sp_addextendedproperty N'MS_Description', N{rendering.quoted(words)}, {path}"


def create_views(names: Sequence[str]) -> list[str]:
    """The analysts' views with their comments."""
    statements = []
    for name in names:
        sql = rendering.view_sql("sqlserver", name)
        statements += [sql, _comment(rendering.leading_comment(sql), "analytics", "VIEW", name)]
    return statements


def create_roles() -> list[str]:
    """The roles etl_reader, etl_loader and etl_admin with their grants."""
    return [batch.strip() for batch in rendering.read_sql("roles", "sqlserver.sql").split("\nGO\n")]


def grant_pairs() -> list[str]:
    """What the roles may do with pairs beyond what the schemas give them."""
    return [rendering.read_sql("roles", "sqlserver_pairs.sql")]


def grant_staging() -> list[str]:
    """What readers may see of what is in quarantine."""
    return [rendering.read_sql("roles", "sqlserver_staging.sql")]


def open_partition(study_key: int) -> list[str]:
    """Give a study a partition of its own; call it before the first facts of the study.

    A columnstore partition can be split only while it is empty, so the boundary after the study is made as well: the
    last partition never holds a row.
    """
    return [_split(study_key), _split(study_key + 1)]


def _split(boundary: int) -> str:
    return (
        "IF NOT EXISTS (SELECT 1 FROM sys.partition_range_values v JOIN sys.partition_functions f "
        f"ON f.function_id = v.function_id WHERE f.name = N'pf_study' AND CAST(v.value AS int) = {boundary}) BEGIN "
        "ALTER PARTITION SCHEME ps_study NEXT USED [PRIMARY]; "
        f"ALTER PARTITION FUNCTION pf_study() SPLIT RANGE ({boundary}); END"
    )


def empty_partition(study_key: int) -> list[str]:
    """Remove the facts of a study without logging every row; part of the caller's transaction."""
    return [f"TRUNCATE TABLE {_FACT} WITH (PARTITIONS ($PARTITION.pf_study({study_key})))"]
