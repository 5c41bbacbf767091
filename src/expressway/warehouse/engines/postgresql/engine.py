"""The PostgreSQL engine: many processes, a partition for each batch."""

from __future__ import annotations

import hashlib
from contextlib import AbstractContextManager, nullcontext

from expressway.errors import BusyStudy
from expressway.warehouse.engines.base import Connection, Engine, FactLoad, FactSums
from expressway.warehouse.engines.postgresql import bulk, ddl
from expressway.warehouse.engines.postgresql.connect import PostgreSQLConnection, open_connection

LOCK_TIMEOUT = "60s"  # how long a load waits for readers before it gives up; nothing is lost by it


def lock_key(kind: str, name: str) -> int:
    """A signed 64-bit number for an advisory lock."""
    digest = hashlib.sha256(f"expressway:{kind}:{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


class PostgreSQLEngine(Engine):
    """`postgresql://user@host:5432/database`."""

    name = "postgresql"

    def __init__(self, url: str) -> None:
        self._url = url
        self._alive: list[PostgreSQLConnection] = []

    def exists(self) -> bool:
        self.connect().close()
        return True

    def connect(self) -> PostgreSQLConnection:
        return open_connection(self._url)

    def write_lock(self) -> AbstractContextManager[object]:
        return nullcontext()

    def study_lock(self, connection: Connection, accession: str) -> None:
        key = lock_key("study", accession)
        if not connection.scalar(f"SELECT pg_try_advisory_xact_lock({key})"):
            raise BusyStudy(f"study {accession} is being loaded by another process", value=accession)

    def pairs_lock(self, connection: Connection) -> None:
        connection.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        connection.execute("LOCK TABLE fact.fact_gene_pair_metrics, meta.feature_run IN SHARE ROW EXCLUSIVE MODE")

    def gather_statistics(self, connection: Connection, *tables: str) -> None:
        """Without them, reading the pairs just written joins 100,000 rows one by one."""
        connection.execute(f"ANALYZE {', '.join(tables)}")

    def register_run(self, connection: Connection, run_id: str) -> None:
        """An advisory lock of a connection that is kept open: the server frees it when the process dies."""
        keeper = self.connect()
        keeper.execute(f"SELECT pg_advisory_lock({lock_key('run', run_id)})")
        self._alive.append(keeper)

    def is_alive(self, connection: Connection, run_id: str) -> bool:
        key = lock_key("run", run_id)
        if not connection.scalar(f"SELECT pg_try_advisory_lock({key})"):
            return True
        connection.execute(f"SELECT pg_advisory_unlock({key})")
        return False

    def write_facts(self, connection: Connection, load: FactLoad) -> FactSums:
        assert isinstance(connection, PostgreSQLConnection)
        for statement in ddl.create_partition(load.study_key, load.batch_key, load.attempt):
            connection.execute(statement)
        return bulk.write_facts(connection, load)

    def publish_facts(self, connection: Connection, load: FactLoad) -> None:
        """Take the old partition off and attach the new one: the parent is locked for an instant only."""
        for statement in ddl.index_partition(load.study_key, load.batch_key, load.attempt):
            connection.execute(statement)
        connection.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        new = ddl.partition_name(load.study_key, load.batch_key, load.attempt)
        self._drop_partitions(connection, load.study_key)
        for statement in ddl.attach_partition(new, load.study_key):
            connection.execute(statement)

    def delete_facts(self, connection: Connection, study_key: int) -> None:
        self._drop_partitions(connection, study_key)

    def _drop_partitions(self, connection: Connection, study_key: int) -> None:
        for (name,) in connection.fetchall(ddl.partitions_of(study_key)):
            for statement in ddl.drop_partition(name):
                connection.execute(statement)

    def close(self) -> None:
        for keeper in self._alive:
            keeper.close()
        self._alive.clear()
