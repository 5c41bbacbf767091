"""Facts into DuckDB: Arrow in, one transaction."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from itertools import chain, islice

import numpy as np
import polars as pl
from polars.io.plugins import register_io_source

from expressway.errors import ExpresswayError
from expressway.studies.study import Block
from expressway.warehouse.engines.base import FactLoad, FactSums, crash_point
from expressway.warehouse.engines.duckdb.connect import DuckDBConnection

FACT = "fact.fact_gene_expression"
KEPT_BLOCKS = "64MiB"
ROW_GROUP = 122_880  # rows of a DuckDB row group, which a thread compresses while others are made
INSERT = 96 * ROW_GROUP  # rows, about 80 MB: threads wait for each other at its end, and DuckDB is to forget it
ROWS: dict[str, type[pl.DataType]] = {
    "sample_key": pl.Int32,
    "gene_key": pl.Int32,
    "raw": pl.Float64,
    "value": pl.Float64,
    "detected": pl.Boolean,
}


def write_facts(connection: DuckDBConnection, load: FactLoad) -> FactSums:
    """Replace the facts of the study by the blocks of a batch; returns the sums as the database sees them."""
    delete_facts(connection, load.study_key)
    with closing(DuckDBConnection(connection.raw.cursor())) as aside:
        limit = aside.scalar("SELECT current_setting('memory_limit')")
        blocks = iter(load.blocks)
        for first in blocks:
            more = islice(blocks, max(0, INSERT // first.raw.size - 1))
            _insert(connection, load, chain([first], more))
            _drop_written_blocks(aside, limit)
    return _sums(connection, load)


def _insert(connection: DuckDBConnection, load: FactLoad, blocks: Iterable[Block]) -> None:
    """One INSERT that takes the rows of blocks while they are made."""
    sql = (
        f"INSERT INTO {FACT} (sample_key, gene_key, study_key, batch_key, expression_value_raw, expression_value, "
        f"is_detected) SELECT sample_key, gene_key, {load.study_key}, {load.batch_key}, raw, value, detected "
        "FROM incoming"
    )
    failures: list[Exception] = []

    def frames(*_: object) -> Iterator[pl.DataFrame]:
        try:
            for block in blocks:
                yield block_frame(block, load)
                crash_point("during_facts")
        except Exception as error:  # it would arrive as text in an error of DuckDB
            failures.append(error)
            raise

    rows = register_io_source(frames, schema=ROWS).collect_batches(chunk_size=ROW_GROUP)
    try:
        connection.insert_rows(sql, rows)
    except ExpresswayError:
        if failures:
            raise failures[0] from None
        raise


def _drop_written_blocks(aside: DuckDBConnection, limit: str) -> None:
    """Have DuckDB forget the blocks it has written, which it would keep as a cache that grows with the study.

    A tight limit throughout would do the same, but with one DuckDB compresses with a single thread. `aside` is not
    the connection of the load, whose transaction a refusal would end.
    """
    with suppress(ExpresswayError):  # refused where more than that is in use
        aside.execute(f"SET memory_limit = '{KEPT_BLOCKS}'")
    aside.execute(f"SET memory_limit = '{limit}'")


def block_frame(block: Block, load: FactLoad) -> pl.DataFrame:
    """A block as rows (sample_key, gene_key, raw, value, detected), gene by gene."""
    genes, samples = block.raw.shape
    gene_keys = load.gene_keys[block.start : block.start + genes]
    raw, value = pl.Series("raw", block.raw.ravel()), pl.Series("value", block.value.ravel())
    if block.detected is None:
        detected = pl.Series("detected", [None], dtype=pl.Boolean).new_from_index(0, genes * samples)
    else:
        detected = pl.Series("detected", block.detected.ravel())
    frame = pl.DataFrame(
        [
            pl.Series("sample_key", np.tile(load.sample_keys, genes)),
            pl.Series("gene_key", np.repeat(gene_keys, samples)),
            raw,
            value,
            detected,
        ]
    )
    if math.isnan(block.raw.sum()) or math.isnan(block.value.sum()):  # a sum is NaN when a term is
        frame = frame.with_columns(
            pl.col("raw", "value").fill_nan(None),
            detected=pl.when(pl.col("raw").is_nan()).then(None).otherwise(pl.col("detected")),
        )
    return frame


def delete_facts(connection: DuckDBConnection, study_key: int) -> None:
    """Remove the facts of a study."""
    connection.execute(f"DELETE FROM {FACT} WHERE study_key = {study_key}")


def _sums(connection: DuckDBConnection, load: FactLoad) -> FactSums:
    row = connection.fetchall(
        "SELECT count(*), coalesce(sum(gene_key), 0), coalesce(sum(sample_key), 0), "
        f"count(*) - count(expression_value_raw) FROM {FACT} "
        f"WHERE study_key = {load.study_key} AND batch_key = {load.batch_key}"
    )[0]
    return FactSums(*(int(value) for value in row))
