"""Facts become matrices: a study of a slice as the pair statistics want it.

The facts of a batch are read in any order and put where they belong, in memory of the matrix and little else. That
every cell was written is proved, not assumed: a cell that no fact was for would otherwise pass for a missing value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sqlalchemy import text

from expressway.coexpression.study import CohortStudy
from expressway.errors import BusyStudy, KeyNotResolved
from expressway.warehouse.engines.base import Connection, FactRows
from expressway.warehouse.engines.duckdb import reading as duckdb
from expressway.warehouse.engines.postgresql import reading as postgresql
from expressway.warehouse.pairs.slice import SliceStudy

READERS: dict[str, Callable[..., Iterator[FactRows]]] = {
    "duckdb": duckdb.read_facts,
    "postgresql": postgresql.read_facts,
}
BATCH = "SELECT genes, samples FROM meta.batch WHERE batch_key = :batch AND is_current"
HIGHEST = "SELECT max(gene_key) FROM dim.dim_gene"
GENES = """
SELECT g.gene_key, g.gene_id AS source_id, a.gene_key AS analysis_key, a.gene_id
FROM dim.dim_gene g JOIN dim.dim_gene a ON a.gene_key = coalesce(g.analysis_gene_key, g.gene_key)
WHERE g.gene_key BETWEEN :lowest AND :highest
"""
NEVER_WRITTEN = np.int64(0x7FF8_EC05_EC05_EC05)
"""Bits of a NaN that no database gives out and no arithmetic makes."""


@dataclass(frozen=True, slots=True, eq=False)
class StudyMatrix:
    """A study as read from its facts."""

    study: CohortStudy
    """Genes sorted by id, samples by accession."""
    gene_keys: NDArray[np.int32]
    """The key in dim_gene of each gene."""
    notes: tuple[str, ...] = ()


def read_study(connection: Connection, study: SliceStudy) -> StudyMatrix:
    """The expression values of the samples of a study that count, genes x samples, on its analysis scale.

    Genes are those that studies are pooled under. Where several rows of the study are of one such gene, a sample has
    the mean of those that were measured in it. A gene is detected where one of its rows is; never where nothing was
    measured.

    Raises:
        BusyStudy: the batch was replaced since the slice was resolved.
        KeyNotResolved: the facts are not one for each gene and sample.
    """
    size = connection.fetchall(text(BATCH).bindparams(batch=study.batch_key))
    if not size:
        raise _replaced(study)
    genes, samples = map(int, size[0])
    keys = study.samples["sample_key"].to_list()
    grid = _Grid(genes, keys, int(connection.scalar(HIGHEST)))
    for rows in READERS[connection.engine](
        connection, study.study_key, study.batch_key, None if len(keys) == samples else keys
    ):
        grid.put(rows)
    if grid.rows == 0 or grid.rows != genes * len(keys) or not grid.is_full():
        if not connection.fetchall(text(BATCH).bindparams(batch=study.batch_key)):
            raise _replaced(study)
        raise KeyNotResolved(
            f"{study.accession} has {grid.rows} facts where {genes} genes x {len(keys)} samples are to be",
            value=study.accession,
            hint="`expressway warehouse check` shows what is wrong.",
        )
    named = _named(connection, grid.gene_keys)
    return _pooled(study, grid, named)


def _replaced(study: SliceStudy) -> BusyStudy:
    return BusyStudy(
        f"{study.accession} was loaded again while it was read",
        value=study.accession,
        hint="Run the same command again.",
    )


class _Grid:
    """A matrix that is filled cell by cell, rows in the order in which genes are met."""

    def __init__(self, genes: int, sample_keys: list[int], highest_gene: int) -> None:
        self.rows = 0
        self.values = np.full((genes, len(sample_keys)), NEVER_WRITTEN, np.int64).view(np.float64)
        self.detected: NDArray[np.bool_] | None = None
        self.gene_keys = np.zeros(genes, np.int32)
        self._known = 0
        self._row = np.full(highest_gene + 2, -1, np.intp)
        self._column = np.full(max(sample_keys, default=0) + 2, -1, np.intp)
        self._column[sample_keys] = np.arange(len(sample_keys))

    def put(self, facts: FactRows) -> None:
        """Write some facts; one of a gene or sample too many is left out, so that `rows` no longer fits."""
        self.rows += len(facts.values)
        self._meet(facts.gene_keys)
        row = self._row.take(facts.gene_keys, mode="clip")
        column = self._column.take(facts.sample_keys, mode="clip")
        values, detected = facts.values, facts.detected
        if min(row.min(initial=0), column.min(initial=0)) < 0:
            known = (row >= 0) & (column >= 0)
            row, column, values = row[known], column[known], values[known]
            detected = None if detected is None else detected[known]
        row *= self.values.shape[1]
        row += column
        self.values.reshape(-1)[row] = values
        if detected is not None:
            if self.detected is None:
                self.detected = np.zeros(self.values.shape, np.bool_)
            self.detected.reshape(-1)[row] = detected

    def _meet(self, gene_keys: NDArray[np.int32]) -> None:
        """Give each gene that is new the next row."""
        last = np.flatnonzero(gene_keys[1:] != gene_keys[:-1])
        firsts = np.append(gene_keys[last], gene_keys[-1:])  # where the facts of a gene lie together, one of each
        new = np.unique(firsts[self._row.take(firsts, mode="clip") < 0])[: len(self.gene_keys) - self._known]
        new = new[new < len(self._row) - 1]
        rows = np.arange(self._known, self._known + len(new))
        self.gene_keys[rows] = new
        self._row[new] = rows
        self._known += len(new)

    def is_full(self) -> bool:
        """Whether every cell was written: then, with as many facts as cells, each was written once."""
        bits = self.values.view(np.int64)
        return all(not (bits[first : first + 1024] == NEVER_WRITTEN).any() for first in range(0, len(bits), 1024))


def _named(connection: Connection, gene_keys: NDArray[np.int32]) -> pl.DataFrame:
    """One row for each row of the matrix, sorted by gene: row, gene_id, analysis_key, source_id."""
    bounds = {"lowest": int(gene_keys.min()), "highest": int(gene_keys.max())}
    genes = connection.frame(text(GENES).bindparams(**bounds)).with_columns(pl.col("gene_key").cast(pl.Int32))
    rows = pl.DataFrame({"gene_key": gene_keys}).with_row_index("row").join(genes, on="gene_key")
    if rows.height != len(gene_keys):
        raise KeyNotResolved(
            f"{len(gene_keys) - rows.height} genes have no row in dim.dim_gene",
            hint="`expressway warehouse check` shows what is wrong.",
        )
    return rows.sort("gene_id", "source_id", "gene_key")


def _pooled(study: SliceStudy, grid: _Grid, named: pl.DataFrame) -> StudyMatrix:
    groups = named.group_by("gene_id", maintain_order=True).agg("row", pl.col("analysis_key").first())
    several = groups.filter(pl.col("row").list.len() > 1)
    for rows in several["row"]:
        _average(grid, rows.to_numpy())
    order = groups["row"].list.first().to_numpy().astype(np.intp)
    fields: dict[str, Any] = {"values": _in_order(grid.values, order)}
    if grid.detected is not None:
        fields["detected"] = _in_order(grid.detected, order)
    notes = list(study.notes)
    if several.height:
        many = int(several["row"].list.len().sum())
        one = "1 gene" if several.height == 1 else f"{several.height} genes"
        notes.append(f"{many} rows of {one} averaged: several ids of the study are of one gene")
    return StudyMatrix(
        CohortStudy(
            name=study.accession,
            genes=groups["gene_id"].to_list(),
            cohorts=study.samples["illness_label"].to_list(),
            technology=study.technology,
            value_scale=study.value_scale,
            samples=study.samples["sample_accession_code"].to_list(),
            **fields,
        ),
        groups["analysis_key"].to_numpy().astype(np.int32),
        tuple(notes),
    )


def _average(grid: _Grid, rows: NDArray[Any]) -> None:
    """Put the mean of some rows into the first of them."""
    grid.values[rows[0]] = mean_of_rows(grid.values[rows])
    if grid.detected is not None:
        grid.detected[rows[0]] = grid.detected[rows].any(axis=0)


def mean_of_rows(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean of the measured values of each column, added in order of the rows; NaN where there is none."""
    measured = ~np.isnan(values)
    count = measured.sum(axis=0)
    total = np.where(measured, values, 0.0).sum(axis=0)
    return np.asarray(np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0))


def _in_order(matrix: NDArray[Any], order: NDArray[np.intp]) -> NDArray[Any]:
    """The rows `order` of a matrix, moved within it: a copy would take the memory of another matrix."""
    rest = np.ones(len(matrix), np.bool_)
    rest[order] = False
    source = np.concatenate([order, np.flatnonzero(rest)])
    todo = source != np.arange(len(source))
    for start in np.flatnonzero(todo):
        if not todo[start]:
            continue
        kept, place = matrix[start].copy(), int(start)
        while source[place] != start:
            matrix[place] = matrix[source[place]]
            todo[place] = False
            place = int(source[place])
        matrix[place] = kept
        todo[place] = False
    return matrix[: len(order)]
