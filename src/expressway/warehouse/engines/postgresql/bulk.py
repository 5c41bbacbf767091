"""Facts into PostgreSQL: binary COPY into a table of their own, attached as a partition at the end."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from expressway.studies.study import Block
from expressway.warehouse.engines.base import FactLoad, FactSums, crash_point, prefetch
from expressway.warehouse.engines.postgresql.connect import PostgreSQLConnection, driver, query_error
from expressway.warehouse.engines.postgresql.ddl import partition_name

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
ROW = np.dtype(
    [
        ("fields", ">i2"),
        ("sample_length", ">i4"),
        ("sample_key", ">i4"),
        ("gene_length", ">i4"),
        ("gene_key", ">i4"),
        ("raw_length", ">i4"),
        ("raw", ">f8"),
        ("value_length", ">i4"),
        ("value", ">f8"),
        ("detected_length", ">i4"),
        ("detected", "u1"),
    ]
)
SLICE = 64 * 1024  # rows a COPY message holds: about 3 MiB


def write_facts(connection: PostgreSQLConnection, load: FactLoad) -> int:
    """COPY the blocks of a batch into its table; study_key and batch_key are the table's own defaults."""
    table = f"fact.{partition_name(load.study_key, load.batch_key, load.attempt)}"
    sql = (
        f"COPY {table} (sample_key, gene_key, expression_value_raw, expression_value, is_detected) "
        "FROM STDIN (FORMAT BINARY, FREEZE)"
    )
    try:
        with connection.raw.cursor() as cursor:
            with cursor.copy(sql) as copy:
                copy.write(HEADER)
                for message in prefetch(_messages(load)):
                    copy.write(message)
                    crash_point("during_facts")
                copy.write(TRAILER)
            return int(cursor.rowcount)
    except driver().Error as error:
        failure = query_error(error, connection.raw)
    raise failure


def _messages(load: FactLoad) -> Iterator[bytes | memoryview]:
    for block in load.blocks:
        samples = len(load.sample_keys)
        step = max(1, SLICE // samples)
        for first in range(0, len(block.raw), step):
            yield encode_rows(block, load, first, min(first + step, len(block.raw)))


def encode_rows(block: Block, load: FactLoad, first: int, last: int) -> bytes | memoryview:
    """Genes `first` to `last` of a block in PostgreSQL's binary COPY format."""
    genes, samples = last - first, len(load.sample_keys)
    rows = np.empty((genes, samples), ROW)
    rows["fields"] = 5
    rows["sample_length"] = rows["gene_length"] = 4
    rows["raw_length"] = rows["value_length"] = 8
    rows["detected_length"] = 1
    rows["sample_key"] = load.sample_keys
    rows["gene_key"] = load.gene_keys[block.start + first : block.start + last, None]
    rows["raw"], rows["value"] = block.raw[first:last], block.value[first:last]
    raw_null, value_null = np.isnan(block.raw[first:last]), np.isnan(block.value[first:last])
    if block.detected is None:
        detected_null = np.ones_like(raw_null)
    else:
        rows["detected"] = block.detected[first:last]
        detected_null = raw_null
    if raw_null.any() or value_null.any() or detected_null.any():
        return _without_nulls(rows, raw_null, value_null, detected_null)
    return rows.reshape(-1).view(np.uint8).data


def _without_nulls(rows: NDArray[np.void], *nulls: NDArray[np.bool_]) -> bytes:
    """The rows with the bytes of null fields taken out and their lengths set to -1."""
    keep = np.ones((rows.size, ROW.itemsize), bool)
    for name, null in zip(("raw", "value", "detected"), nulls, strict=True):
        rows[f"{name}_length"][null] = -1
        offset = ROW.fields[name][1]  # type: ignore[index]
        keep[null.ravel(), offset : offset + ROW[name].itemsize] = False
    return rows.reshape(-1).view(np.uint8).reshape(rows.size, -1)[keep].tobytes()


def sum_facts(connection: PostgreSQLConnection, load: FactLoad) -> FactSums:
    """The sums of a batch as the database sees them."""
    table = partition_name(load.study_key, load.batch_key, load.attempt)
    row = connection.fetchall(
        "SELECT count(*), coalesce(sum(gene_key), 0), coalesce(sum(sample_key), 0), "
        f"count(*) - count(expression_value_raw) FROM fact.{table}"
    )[0]
    return FactSums(*(int(value) for value in row))
