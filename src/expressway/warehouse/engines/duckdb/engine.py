"""The DuckDB engine: an embedded file that one process owns."""

from __future__ import annotations

import os
import threading
from contextlib import AbstractContextManager
from pathlib import Path

import duckdb

from expressway.errors import WarehouseNotWritable
from expressway.warehouse.engines.base import Connection, Engine, FactLoad, FactSums
from expressway.warehouse.engines.duckdb import bulk
from expressway.warehouse.engines.duckdb.connect import DuckDBConnection, open_database, translated


class DuckDBEngine(Engine):
    """`duckdb:///path/to/file.duckdb`.

    Args:
        path: the database file; its folder must exist.
        memory: bytes this process may use, half of which DuckDB gets; None leaves DuckDB its own default.
        read_only: open it without the right to write, beside other readers.
    """

    name = "duckdb"

    def __init__(self, path: Path, memory: int | None = None, read_only: bool = False) -> None:
        self.path = path
        self._read_only = read_only
        self._memory = memory
        self._root: duckdb.DuckDBPyConnection | None = None
        self._lock = threading.RLock()
        self._open_lock = threading.Lock()
        self._runs: set[str] = set()

    def exists(self) -> bool:
        return self.path.exists()

    def connect(self) -> DuckDBConnection:
        with self._open_lock:
            if self._root is None:
                self._root = self._open()
        root = self._root
        cursor = translated(root.cursor)
        translated(lambda: cursor.execute("SET TimeZone = 'UTC'").fetchall())
        return DuckDBConnection(cursor)

    def _open(self) -> duckdb.DuckDBPyConnection:
        folder = self.path.parent
        if not folder.is_dir():
            raise WarehouseNotWritable(
                f"the folder {folder} does not exist", value=self.path, hint=f"Create it first: mkdir -p {folder}"
            )
        if self._read_only and self.path.is_file():
            return open_database(self.path, self._memory, read_only=True)
        if self.path.is_dir() or not os.access(self.path if self.path.exists() else folder, os.W_OK):
            raise WarehouseNotWritable(f"{self.path} cannot be opened for writing", value=self.path)
        return open_database(self.path, self._memory)

    def write_lock(self) -> AbstractContextManager[object]:
        return self._lock

    def study_lock(self, connection: Connection, accession: str) -> None:
        """Nothing to take: the write lock covers every study of this process, and there is no other process."""

    def pairs_lock(self, connection: Connection) -> None:
        """Nothing to take, for the same reason."""

    def gather_statistics(self, connection: Connection, *tables: str) -> None:
        """Nothing to do: DuckDB keeps them with the rows."""

    def register_run(self, connection: Connection, run_id: str) -> None:
        self._runs.add(run_id)

    def is_alive(self, connection: Connection, run_id: str) -> bool:
        return run_id in self._runs

    def write_facts(self, connection: Connection, load: FactLoad) -> FactSums:
        assert isinstance(connection, DuckDBConnection)
        return bulk.write_facts(connection, load)

    def publish_facts(self, connection: Connection, load: FactLoad) -> None:
        """Nothing to do: the commit shows the new facts and hides the old ones."""

    def delete_facts(self, connection: Connection, study_key: int) -> None:
        assert isinstance(connection, DuckDBConnection)
        bulk.delete_facts(connection, study_key)

    def close(self) -> None:
        if self._root is not None:
            self._root.close()
            self._root = None
