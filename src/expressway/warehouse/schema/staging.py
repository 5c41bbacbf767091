"""Staging: cells that wait for a decision."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import BigInteger, Column, Integer, Table
from sqlalchemy.dialects import mssql

from expressway.warehouse.schema.columns import BINARY_COLLATION, DOUBLE, code, metadata, text

# Any text can stand in a rejected cell; SQL Server joins these columns to the dimensions after a bulk copy.
_AS_IN_THE_FILE = sa.Text().with_variant(mssql.NVARCHAR(400, collation=BINARY_COLLATION), "mssql")

expression_rows = Table(
    "expression_rows",
    metadata,
    Column("batch_key", Integer, nullable=False),
    Column("line_no", BigInteger, comment="Line of the matrix file, the header being line 1."),
    Column("gene_id", _AS_IN_THE_FILE),
    Column("sample_accession_code", _AS_IN_THE_FILE),
    Column("expression_value", DOUBLE),
    Column("value_text", text(), comment="The cell as it stands in the file."),
    Column("reject_code", code(10), comment="Code of the error that the cell raised."),
    schema="staging",
    comment="The offending cells of quarantined batches, up to 100,000 each.",
)
sa.Index(None, expression_rows.c.batch_key)
