"""What the rest of the warehouse may ask of a database, whichever engine it is."""

from __future__ import annotations

import os
import signal
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sqlalchemy.engine import Dialect
from sqlalchemy.sql import ClauseElement

from expressway.studies.study import Block

Row = tuple[Any, ...]


class Connection(ABC):
    """One connection with explicit transactions; outside of one every statement commits by itself.

    Statements are SQLAlchemy Core constructs or plain SQL text without parameters.
    Every driver error leaves as an `ExpresswayError`.
    """

    engine: ClassVar[str]
    dialect: ClassVar[Dialect]

    def execute(self, statement: ClauseElement | str) -> None:
        """Run a statement and forget its rows."""
        self.fetchall(statement)

    @abstractmethod
    def fetchall(self, statement: ClauseElement | str) -> list[Row]:
        """The rows of a statement; an empty list when it returns none."""

    @abstractmethod
    def frame(self, statement: ClauseElement | str) -> pl.DataFrame:
        """The rows of a query as a polars frame."""

    @abstractmethod
    def stage(self, name: str, frame: pl.DataFrame) -> None:
        """Create the temporary table `name` with the rows of `frame`; it is gone when the transaction ends."""

    @abstractmethod
    def append(self, table: str, frame: pl.DataFrame, constants: Mapping[str, str]) -> None:
        """Insert many rows in bulk.

        Args:
            frame: numbers and booleans, of the very types that the columns of the table have.
            constants: text columns, the same in every row.
        """

    @abstractmethod
    def session_values(self, values: Mapping[str, str]) -> AbstractContextManager[None]:
        """Inside, the views of pairs read these values from the session (`disease`, `q`, ...)."""

    @abstractmethod
    def _begin(self) -> None: ...

    @abstractmethod
    def _commit(self) -> None: ...

    @abstractmethod
    def _rollback(self) -> None: ...

    @abstractmethod
    def close(self) -> None:
        """Close the connection; a second call does nothing."""

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All statements inside commit together, or none does."""
        self._begin()
        try:
            yield
            self._commit()
        except BaseException:
            self._rollback()
            raise

    def scalar(self, statement: ClauseElement | str) -> Any:
        """First column of the first row, or None."""
        rows = self.fetchall(statement)
        return rows[0][0] if rows else None

    def dicts(self, statement: ClauseElement | str) -> list[dict[str, Any]]:
        """The rows of a query as dictionaries."""
        return self.frame(statement).to_dicts()

    def compile(self, statement: ClauseElement) -> tuple[str, Any]:
        """SQL text and its parameters in the driver's own style."""
        compiled = statement.compile(dialect=self.dialect, compile_kwargs={"render_postcompile": True})
        if compiled.positiontup is not None:  # type: ignore[attr-defined]
            return compiled.string, [compiled.params[name] for name in compiled.positiontup]  # type: ignore[attr-defined]
        return compiled.string, compiled.params


@dataclass(frozen=True, slots=True)
class FactSums:
    """Rows, sum of gene keys, sum of sample keys, rows without a raw value."""

    rows: int = 0
    gene_keys: int = 0
    sample_keys: int = 0
    nulls: int = 0

    def __add__(self, more: FactSums) -> FactSums:
        return FactSums(
            self.rows + more.rows,
            self.gene_keys + more.gene_keys,
            self.sample_keys + more.sample_keys,
            self.nulls + more.nulls,
        )


@dataclass(frozen=True, slots=True)
class FactLoad:
    """What a bulk load of facts needs: one batch of one study, its keys in axis order."""

    study_key: int
    batch_key: int
    attempt: int
    gene_keys: NDArray[np.int32]
    sample_keys: NDArray[np.int32]
    blocks: Iterable[Block]


@dataclass(frozen=True, slots=True)
class FactRows:
    """Some facts of a batch, a row each."""

    gene_keys: NDArray[np.int32]
    sample_keys: NDArray[np.int32]
    values: NDArray[np.float64]
    """expression_value, NaN where it is NULL."""
    detected: NDArray[np.bool_] | None
    """is_detected, False where it is NULL; None when it is NULL in all of these rows."""


class Engine(ABC):
    """A database that can hold a warehouse."""

    name: ClassVar[str]

    @abstractmethod
    def connect(self) -> Connection:
        """A new connection, to be used by one thread."""

    @abstractmethod
    def exists(self) -> bool:
        """Whether the database is there already (a DuckDB file, a reachable server)."""

    @abstractmethod
    def write_lock(self) -> AbstractContextManager[object]:
        """Held around every writing transaction of this process."""

    @abstractmethod
    def study_lock(self, connection: Connection, accession: str) -> None:
        """Take the study for this transaction, or raise BusyStudy."""

    @abstractmethod
    def pairs_lock(self, connection: Connection) -> None:
        """Let nobody else write pairs until this transaction ends, or raise BusyStudy; readers go on.

        Who changes a study waits before marking runs STALE: the change is seen by this transaction, or sees what it
        wrote. Call it before anything else is written.
        """

    @abstractmethod
    def gather_statistics(self, connection: Connection, *tables: str) -> None:
        """Tell the planner what tables hold now that many of their rows have changed."""

    @abstractmethod
    def register_run(self, connection: Connection, run_id: str) -> None:
        """Mark the run as alive as long as the connection lives."""

    @abstractmethod
    def is_alive(self, connection: Connection, run_id: str) -> bool:
        """Whether the process that registered the run still lives."""

    @abstractmethod
    def write_facts(self, connection: Connection, load: FactLoad) -> FactSums:
        """Write the facts of a batch, inside a transaction; returns the sums to compare with the axes of its matrix."""

    @abstractmethod
    def publish_facts(self, connection: Connection, load: FactLoad) -> None:
        """Put the batch in the place of what the study had, as the last step of the transaction."""

    @abstractmethod
    def delete_facts(self, connection: Connection, study_key: int) -> None:
        """Remove the facts of a study, inside a transaction."""

    @abstractmethod
    def close(self) -> None:
        """Close everything that is open."""


CRASH_POINT = "EXPRESSWAY_TEST_CRASH_AT"


def crash_point(name: str) -> None:
    """Kill this process here when a test asks for it: EXPRESSWAY_TEST_CRASH_AT=name."""
    if os.environ.get(CRASH_POINT) == name:
        os.kill(os.getpid(), signal.SIGKILL)
