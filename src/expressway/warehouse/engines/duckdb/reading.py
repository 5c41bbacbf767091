"""Facts out of DuckDB: an Arrow stream, batch after batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing

import numpy as np
import polars as pl

from expressway.errors import NoSpaceLeft, QueryRefused
from expressway.warehouse.engines.base import Connection, FactRows
from expressway.warehouse.engines.duckdb.bulk import FACT
from expressway.warehouse.engines.duckdb.connect import ArrowStream, DuckDBConnection, translated

ROWS = 250_000  # of a batch: 5 MB


def read_facts(
    connection: Connection, study_key: int, batch_key: int, sample_keys: Sequence[int] | None = None
) -> Iterator[FactRows]:
    """The facts of a batch in any order; of these samples only, if some are named."""
    assert isinstance(connection, DuckDBConnection)
    wanted = f" AND sample_key IN ({', '.join(map(str, sample_keys))})" if sample_keys is not None else ""
    sql = (
        f"SELECT gene_key, sample_key, expression_value, is_detected FROM {FACT} "
        f"WHERE study_key = {study_key} AND batch_key = {batch_key}{wanted}"
    )
    with closing(DuckDBConnection(connection.raw.cursor())) as aside:  # a stream occupies its connection
        stream = translated(lambda: ArrowStream(aside.raw.sql(sql)))
        batches = pl.scan_arrow_c_stream(stream).collect_batches(chunk_size=ROWS, maintain_order=False)
        try:
            for frame in batches:
                yield _rows(frame)
        except pl.exceptions.PolarsError as error:
            failure = _stream_error(str(error))
        else:
            return
    raise failure


def _rows(frame: pl.DataFrame) -> FactRows:
    detected = frame["is_detected"]
    known = detected.null_count() < frame.height
    return FactRows(
        gene_keys=frame["gene_key"].to_numpy(),
        sample_keys=frame["sample_key"].to_numpy(),
        values=frame["expression_value"].to_numpy().astype(np.float64, copy=False),
        detected=detected.fill_null(False).to_numpy() if known else None,
    )


def _stream_error(text: str) -> NoSpaceLeft | QueryRefused:
    if "out of memory" in text.lower():
        return NoSpaceLeft("DuckDB ran out of memory", hint="Raise --memory.")
    return QueryRefused(text.removeprefix("got external error: ").split("\n", maxsplit=1)[0].strip())
