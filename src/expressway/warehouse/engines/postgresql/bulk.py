"""Facts into PostgreSQL: binary COPY into a table of their own, attached as a partition at the end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from expressway.studies.study import Block
from expressway.warehouse.engines.base import FactLoad, FactSums, crash_point
from expressway.warehouse.engines.postgresql.connect import PostgreSQLConnection, driver, query_error
from expressway.warehouse.engines.postgresql.ddl import partition_name
from expressway.warehouse.engines.postgresql.prefetch import prefetch

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


def write_facts(connection: PostgreSQLConnection, load: FactLoad) -> FactSums:
    """COPY the blocks of a batch into its table; study_key and batch_key are the table's own defaults.

    The server counts the rows. Keys and nulls are summed in the very rows it is sent: to have it read them all again
    would take a tenth as long as writing them.
    """
    table = f"fact.{partition_name(load.study_key, load.batch_key, load.attempt)}"
    sql = (
        f"COPY {table} (sample_key, gene_key, expression_value_raw, expression_value, is_detected) "
        "FROM STDIN (FORMAT BINARY, FREEZE)"
    )
    sent: list[FactSums] = []
    try:
        with connection.raw.cursor() as cursor:
            with cursor.copy(sql) as copy:
                copy.write(HEADER)
                for message in prefetch(_messages(load, sent)):
                    copy.write(message)
                    crash_point("during_facts")
                copy.write(TRAILER)
            return replace(sum(sent, FactSums()), rows=int(cursor.rowcount))
    except driver().Error as error:
        failure = query_error(error, connection.raw)
    raise failure


def _messages(load: FactLoad, sent: list[FactSums]) -> Iterator[bytes | memoryview]:
    for block in load.blocks:
        samples = len(load.sample_keys)
        step = max(1, SLICE // samples)
        for first in range(0, len(block.raw), step):
            rows = _rows(block, load, first, min(first + step, len(block.raw)))
            sent.append(_sums(rows))
            yield _encoded(rows)


def _rows(block: Block, load: FactLoad, first: int, last: int) -> NDArray[np.void]:
    """Genes `first` to `last` of a block as rows of PostgreSQL's binary COPY format; a length of -1 is a null."""
    rows = np.empty((last - first, len(load.sample_keys)), ROW)
    rows["fields"] = 5
    rows["sample_length"] = rows["gene_length"] = 4
    rows["sample_key"] = load.sample_keys
    rows["gene_key"] = load.gene_keys[block.start + first : block.start + last, None]
    rows["raw"], rows["value"] = block.raw[first:last], block.value[first:last]
    raw_null = np.isnan(block.raw[first:last])
    rows["raw_length"] = np.where(raw_null, -1, 8)
    rows["value_length"] = np.where(np.isnan(block.value[first:last]), -1, 8)
    if block.detected is None:
        rows["detected_length"] = -1
    else:
        rows["detected"] = block.detected[first:last]
        rows["detected_length"] = np.where(raw_null, -1, 1)
    return rows.reshape(-1)


def _sums(rows: NDArray[np.void]) -> FactSums:
    return FactSums(
        rows=len(rows),
        gene_keys=int(rows["gene_key"].sum(dtype=np.int64)),
        sample_keys=int(rows["sample_key"].sum(dtype=np.int64)),
        nulls=int(np.count_nonzero(rows["raw_length"] == -1)),
    )


def _encoded(rows: NDArray[np.void]) -> bytes | memoryview:
    """The bytes of rows, without those of null fields."""
    keep: NDArray[np.bool_] | None = None
    for name in ("raw", "value", "detected"):
        null = rows[f"{name}_length"] == -1
        if null.any():
            keep = np.ones((len(rows), ROW.itemsize), bool) if keep is None else keep
            offset = ROW.fields[name][1]  # type: ignore[index]
            keep[null, offset : offset + ROW[name].itemsize] = False
    wide = rows.view(np.uint8)
    return wide.data if keep is None else wide.reshape(keep.shape)[keep].tobytes()
