"""The ledger: every run and step with its outcome, and the runs that never ended."""

from __future__ import annotations

import json
import os
import platform
import socket
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from sqlalchemy import and_, insert, select, update

from expressway.errors import ExpresswayError
from expressway.studies.study import Message
from expressway.warehouse.engines.base import Connection, Engine
from expressway.warehouse.schema import meta_data_validation_log as validations
from expressway.warehouse.schema import meta_etl_process_log as log

RUN = "run"


def utc_now() -> datetime:
    """The time in UTC."""
    return datetime.now(UTC)


def versions() -> dict[str, str]:
    """Versions of what a result depends on."""
    packages = ("expressway", "polars", "numpy", "scipy", "numba", "duckdb", "sqlalchemy")
    return {"python": platform.python_version()} | {name: version(name) for name in packages}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a step ended."""

    status: str
    """SUCCESS, NOOP, QUARANTINED or FAILED."""
    batch_id: str | None = None
    attempt: int = 1
    rows_read: int | None = None
    rows_written: int | None = None
    error: ExpresswayError | None = None
    context: Mapping[str, Any] | None = None


class Run:
    """One invocation that writes; its row says RUNNING until it ends, and LOST when the process died."""

    def __init__(self, engine: Engine, connection: Connection, command: str, context: Mapping[str, Any]) -> None:
        self.run_id = str(uuid.uuid4())
        self._engine = engine
        self._context = {"command": command, "versions": versions(), "host": socket.gethostname(), "pid": os.getpid()}
        self._context.update(context)
        with engine.write_lock():
            mark_lost_runs(engine, connection)
            engine.register_run(connection, self.run_id)
            self.start(connection, RUN, self._context)

    def start(self, connection: Connection, step: str, context: Mapping[str, Any]) -> None:
        """Write that a step has begun, and commit it."""
        with self._engine.write_lock(), connection.transaction():
            connection.execute(
                insert(log).values(
                    run_id=self.run_id,
                    step=step,
                    status="RUNNING",
                    attempt=1,
                    started_at=utc_now(),
                    context_json=as_json(context),
                )
            )

    def finish(self, connection: Connection, step: str, outcome: Outcome) -> None:
        """Write how a step ended; call it inside the transaction that holds what the step wrote."""
        error = outcome.error
        values: dict[str, Any] = {
            "status": outcome.status,
            "batch_id": outcome.batch_id,
            "attempt": outcome.attempt,
            "ended_at": utc_now(),
            "rows_read": outcome.rows_read,
            "rows_written": outcome.rows_written,
            "error_code": error.code if error else None,
            "error_message": error.message if error else None,
        }
        if outcome.context is not None:
            values["context_json"] = as_json({**outcome.context, **({"error": error.as_dict()} if error else {})})
        connection.execute(update(log).where(log.c.run_id == self.run_id, log.c.step == step).values(values))

    def end(self, connection: Connection, failed: int) -> None:
        """Close the run: SUCCESS, or FAILED when a study of it failed."""
        with self._engine.write_lock(), connection.transaction():
            context = self._context | {"failed_studies": failed}
            self.finish(connection, RUN, Outcome("FAILED" if failed else "SUCCESS", context=context))


def mark_lost_runs(engine: Engine, connection: Connection) -> None:
    """Rows that say RUNNING although their process is gone become LOST."""
    for run_id in lost_runs(engine, connection):
        with connection.transaction():
            lost = and_(log.c.run_id == run_id, log.c.status == "RUNNING")
            connection.execute(update(log).where(lost).values(status="LOST"))


def lost_runs(engine: Engine, connection: Connection) -> list[str]:
    """Runs with rows that say RUNNING although their process is gone."""
    running = select(log.c.run_id).where(log.c.status == "RUNNING").distinct().order_by(log.c.run_id)
    ids = [str(run_id) for (run_id,) in connection.fetchall(running)]
    return [run_id for run_id in ids if not engine.is_alive(connection, run_id)]


def log_messages(
    connection: Connection, run_id: str, batch_id: str | None, study_key: int | None, messages: Sequence[Message]
) -> None:
    """Write messages to the validation log."""
    for message in messages:
        connection.execute(
            insert(validations).values(
                run_id=run_id,
                batch_id=batch_id,
                study_key=study_key,
                validation_code=message.code,
                severity=message.severity,
                details=message.details,
                created_at=utc_now(),
            )
        )


def as_json(value: Mapping[str, Any] | Sequence[Any]) -> str:
    """Canonical JSON text."""
    return json.dumps(value, sort_keys=True, default=str, ensure_ascii=False)
