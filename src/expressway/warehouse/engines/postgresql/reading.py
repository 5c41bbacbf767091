"""Facts out of PostgreSQL: the server packs the rows of some pages into one binary value per column.

A row of a result costs the client more than everything else about it: 10 million of them take a binary COPY twice as
long as this.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from expressway.warehouse.engines.base import Connection, FactRows
from expressway.warehouse.engines.postgresql.connect import PostgreSQLConnection, driver, query_error
from expressway.warehouse.engines.postgresql.ddl import partitions_of

PAGES = 2048  # of 8 KiB: some 250,000 rows, 4 MB packed
SIZE = "SELECT pg_relation_size('fact.{}') / current_setting('block_size')::bigint"
# Asked of the parent, which readers may read; the study leaves its partition as the only one that is looked at.
PACKED = """
SELECT string_agg(int8send((gene_key::bigint << 32) | sample_key), ''),
       string_agg(float8send(coalesce(expression_value, 'NaN')), ''),
       CASE WHEN count(is_detected) > 0 THEN string_agg(boolsend(coalesce(is_detected, false)), '') END
FROM fact.fact_gene_expression
WHERE study_key = {study} AND batch_key = {batch} AND ctid >= '({first},0)'::tid AND ctid < '({end},0)'::tid{wanted}
"""


def read_facts(
    connection: Connection, study_key: int, batch_key: int, sample_keys: Sequence[int] | None = None
) -> Iterator[FactRows]:
    """The facts of a batch in any order; of these samples only, if some are named."""
    assert isinstance(connection, PostgreSQLConnection)
    wanted = f" AND sample_key IN ({', '.join(map(str, sample_keys))})" if sample_keys is not None else ""
    for (partition,) in connection.fetchall(partitions_of(study_key)):
        pages = int(connection.scalar(SIZE.format(partition)))
        for first in range(0, pages, PAGES):
            end = first + PAGES
            sql = PACKED.format(study=study_key, batch=batch_key, first=first, end=end, wanted=wanted)
            keys, values, detected = _binary_row(connection, sql)
            if keys is not None:
                yield _rows(keys, values, detected)


def _rows(keys: bytes, values: bytes, detected: bytes | None) -> FactRows:
    pairs: NDArray[np.int32] = np.frombuffer(keys, ">i4").astype(np.int32).reshape(-1, 2)
    return FactRows(
        gene_keys=pairs[:, 0],
        sample_keys=pairs[:, 1],
        values=np.frombuffer(values, ">f8").astype(np.float64),
        detected=None if detected is None else np.frombuffer(detected, np.bool_),
    )


def _binary_row(connection: PostgreSQLConnection, sql: str) -> Any:
    try:
        return connection.raw.cursor(binary=True).execute(sql).fetchone()
    except driver().Error as error:
        failure = query_error(error, connection.raw)
    raise failure
