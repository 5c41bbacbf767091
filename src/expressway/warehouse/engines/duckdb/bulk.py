"""Facts into DuckDB: Arrow in, one transaction."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import closing, suppress

import numpy as np
import polars as pl

from expressway.errors import ExpresswayError
from expressway.studies.study import Block
from expressway.warehouse.engines.base import FactLoad, FactSums, crash_point, prefetch
from expressway.warehouse.engines.duckdb.connect import DuckDBConnection

FACT = "fact.fact_gene_expression"
KEPT_BLOCKS = "64MiB"
INSERTS = 4  # after so many, about 60 MB written, DuckDB is to forget: each time, it also gives back what it works with
ROW_GROUP = 122_880  # rows of a DuckDB row group: a record batch of that size is compressed by a thread of its own


def write_facts(connection: DuckDBConnection, load: FactLoad) -> int:
    """Replace the facts of the study by the blocks of a batch; returns the rows written."""
    delete_facts(connection, load.study_key)
    insert = (
        f"INSERT INTO {FACT} (sample_key, gene_key, study_key, batch_key, expression_value_raw, expression_value, "
        f"is_detected) SELECT sample_key, gene_key, {load.study_key}, {load.batch_key}, raw, value, detected "
        "FROM incoming"
    )
    rows = 0
    with closing(DuckDBConnection(connection.raw.cursor())) as aside:
        limit = aside.scalar("SELECT current_setting('memory_limit')")
        for number, frame in enumerate(prefetch(_frames(load)), 1):
            connection.insert_frame(insert, frame)
            if number % INSERTS == 0:
                _drop_written_blocks(aside, limit)
            rows += frame.height
            crash_point("during_facts")
    return rows


def _drop_written_blocks(aside: DuckDBConnection, limit: str) -> None:
    """Have DuckDB forget the blocks it has written, which it would keep as a cache that grows with the study.

    A tight limit throughout would do the same, but with one DuckDB compresses with a single thread. `aside` is not
    the connection of the load, whose transaction a refusal would end.
    """
    with suppress(ExpresswayError):  # refused where more than that is in use
        aside.execute(f"SET memory_limit = '{KEPT_BLOCKS}'")
    aside.execute(f"SET memory_limit = '{limit}'")


def _frames(load: FactLoad) -> Iterator[pl.DataFrame]:
    for block in load.blocks:
        frame = block_frame(block, load)
        slices = [frame.slice(first, ROW_GROUP) for first in range(0, frame.height, ROW_GROUP)]
        yield pl.concat(slices, rechunk=False)


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


def sum_facts(connection: DuckDBConnection, load: FactLoad) -> FactSums:
    """The sums of a batch as the database sees them."""
    row = connection.fetchall(
        "SELECT count(*), coalesce(sum(gene_key), 0), coalesce(sum(sample_key), 0), "
        f"count(*) - count(expression_value_raw) FROM {FACT} "
        f"WHERE study_key = {load.study_key} AND batch_key = {load.batch_key}"
    )[0]
    return FactSums(*(int(value) for value in row))
