"""Load a prepared study: one transaction holds its facts, its labels, its batch row and its ledger row."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import polars as pl
from sqlalchemy import insert, select, update

from expressway.errors import ReconciliationFailed, ValidationError
from expressway.studies.study import CellCounts, Message, Study
from expressway.warehouse import ledger
from expressway.warehouse.dimensions import Keys, ensure_keys, sample_accessions, update_study
from expressway.warehouse.engines.base import Connection, Engine, FactLoad, FactSums, crash_point
from expressway.warehouse.ledger import Outcome, Run, as_json, utc_now
from expressway.warehouse.overlap import overlap_messages
from expressway.warehouse.pairs.runs import mark_stale
from expressway.warehouse.schema import batch as batches
from expressway.warehouse.schema import dim_study, expression_rows
from expressway.warehouse.schema import meta_study_qc as qc

CELLS_PER_BLOCK = 122_880  # a DuckDB row group; arrays of 1 MB stay in the cache, and their memory is used again


@dataclass(frozen=True, slots=True)
class StudyResult:
    """What a load did with one study."""

    study: str
    action: str
    """LOADED, REPLACED, RELABELLED, NOOP, QUARANTINED, FAILED, or PLANNED by a dry run."""
    batch_id: str | None = None
    genes: int = 0
    samples: int = 0
    cells_loaded: int = 0
    unit_tag: str | None = None
    quality_score: float | None = None
    seconds: float = 0.0
    messages: tuple[Message, ...] = ()
    error: Mapping[str, object] | None = None

    @property
    def ok(self) -> bool:
        """Whether the study stands in the warehouse as asked."""
        return self.action not in {"QUARANTINED", "FAILED"}


@dataclass(frozen=True, slots=True)
class Plan:
    """What has to happen, given what the warehouse holds."""

    action: str
    current: Mapping[str, Any] | None
    known: Mapping[str, Any] | None
    """The row of this very batch_id, when it was seen before."""


def plan(connection: Connection, study: Study) -> Plan:
    """Compare the hashes of a study with those of its current batch."""
    rows = connection.dicts(select(batches).where(batches.c.study_accession_code == study.info.accession))
    current = next((row for row in rows if row["is_current"]), None)
    known = next((row for row in rows if row["batch_id"] == study.hashes.batch_id), None)
    if study.failures:
        return Plan("QUARANTINED", current, known)
    if current is None:
        return Plan("LOADED", current, known)
    new = study.hashes
    if current["file_hash"] != new.file_hash or current["value_settings_hash"] != new.value_settings_hash:
        return Plan("REPLACED", current, known)
    same = current["metadata_hash"] == new.metadata_hash and current["settings_hash"] == new.settings_hash
    return Plan("NOOP" if same else "RELABELLED", current, current)


def load_study(engine: Engine, connection: Connection, run: Run, step: str, study: Study, memory: int) -> StudyResult:
    """Bring the warehouse to hold `study`; on any error nothing of it is left but dimension keys.

    Raises:
        WarehouseError: the transaction was rolled back.
    """
    with engine.write_lock():
        todo = plan(connection, study)
        if todo.action == "QUARANTINED":
            return _quarantine(engine, connection, run, step, study, todo)
        if todo.action == "NOOP":
            return _noop(connection, run, step, study, todo)
        crash_point("before_keys")
        keys = ensure_keys(connection, study)
        crash_point("before_facts")
        with connection.transaction():
            engine.study_lock(connection, study.info.accession)
            todo = plan(connection, study)  # another process may have loaded it while this one waited
            if todo.action == "NOOP":
                return _finish_noop(connection, run, step, study, todo)
            result = _load(engine, connection, run, step, study, memory, todo, keys)
            crash_point("before_commit")
        crash_point("after_commit")
        return result


def _load(
    engine: Engine, connection: Connection, run: Run, step: str, study: Study, memory: int, todo: Plan, keys: Keys
) -> StudyResult:
    batch_key, attempt = _write_batch(connection, study, run, todo, status="LOADED")
    facts = None
    if todo.action != "RELABELLED":
        facts = _fact_load(study, keys, batch_key, attempt, memory)
        written = engine.write_facts(connection, facts)
        crash_point("after_facts")
        _reconcile(written, facts, study.counts)
    update_study(connection, study, keys.study)
    mark_stale(connection, study.info.accession)
    _write_qc(connection, study, batch_key, keys.study)
    messages = [*study.messages, *overlap_messages(connection, study.info.accession, sample_accessions(study))]
    ledger.log_messages(connection, run.run_id, study.hashes.batch_id, keys.study, messages)
    crash_point("before_ledger")
    outcome = Outcome(
        "SUCCESS",
        batch_id=_batch_id(study, todo),
        attempt=attempt,
        rows_read=study.counts.cells_in,
        rows_written=study.counts.loaded if facts else 0,
        context=_context(study) | {"action": todo.action},
    )
    run.finish(connection, step, outcome)
    if facts is not None:
        engine.publish_facts(connection, facts)
    return replace(_result(study, todo.action), batch_id=_batch_id(study, todo), messages=tuple(messages))


def _batch_id(study: Study, todo: Plan) -> str:
    """A re-download of the same content keeps the batch it has."""
    if todo.action in {"NOOP", "RELABELLED"} and todo.current is not None:
        return str(todo.current["batch_id"])
    return study.hashes.batch_id


def _noop(connection: Connection, run: Run, step: str, study: Study, todo: Plan) -> StudyResult:
    with connection.transaction():
        return _finish_noop(connection, run, step, study, todo)


def _finish_noop(connection: Connection, run: Run, step: str, study: Study, todo: Plan) -> StudyResult:
    batch_id = _batch_id(study, todo)
    _retire(connection, study.info.accession, batch_id)
    moved = {"source_path": study.source_path, "file_name": study.file_name}
    connection.execute(update(batches).where(batches.c.batch_id == batch_id).values(moved))
    context = _context(study) | {"action": "NOOP"}
    run.finish(
        connection, step, Outcome("NOOP", batch_id, rows_read=study.counts.cells_in, rows_written=0, context=context)
    )
    return replace(_result(study, "NOOP"), batch_id=batch_id)


def _fact_load(study: Study, keys: Keys, batch_key: int, attempt: int, memory: int) -> FactLoad:
    assert study.values is not None
    cells = min(CELLS_PER_BLOCK, max(memory // 256, 10_000))
    genes_per_block = study.block_size or max(1, cells // max(1, len(study.samples)))
    return FactLoad(
        study_key=keys.study,
        batch_key=batch_key,
        attempt=attempt,
        gene_keys=keys.genes,
        sample_keys=keys.samples,
        blocks=study.values.blocks(genes_per_block),
    )


def _reconcile(written: FactSums, facts: FactLoad, counts: CellCounts) -> None:
    """Every cell arrived once: rows, nulls, and the sums of keys that only the whole matrix gives."""
    genes, samples = len(facts.gene_keys), len(facts.sample_keys)
    expected = FactSums(
        rows=genes * samples,
        gene_keys=int(facts.gene_keys.sum(dtype="int64")) * samples,
        sample_keys=int(facts.sample_keys.sum(dtype="int64")) * genes,
        nulls=counts.nulls,
    )
    accounted = counts.loaded + counts.quarantined + counts.skipped + counts.merged
    if written != expected or written.rows != counts.loaded or accounted != counts.cells_in:
        raise ReconciliationFailed(f"expected {expected} from {counts}, wrote {written}")


def _write_batch(connection: Connection, study: Study, run: Run, todo: Plan, status: str) -> tuple[int, int]:
    """Insert or reactivate the batch row and retire the current one; returns its key and attempt."""
    values = _batch_values(study, run, status)
    row = todo.known
    accession = study.info.accession
    if status == "LOADED":
        _retire(connection, accession, values["batch_id"])
    if row is None:
        connection.execute(insert(batches).values(values | {"attempt": 1}))
        key = connection.scalar(select(batches.c.batch_key).where(batches.c.batch_id == values["batch_id"]))
        return int(key), 1
    attempt = int(row["attempt"]) + 1
    del values["batch_id"], values["study_accession_code"]
    if todo.action == "RELABELLED":
        values["attempt"] = attempt - 1
    else:
        values["attempt"] = attempt
    connection.execute(update(batches).where(batches.c.batch_key == row["batch_key"]).values(values))
    return int(row["batch_key"]), int(values["attempt"])


def _retire(connection: Connection, accession: str, batch_id: str) -> None:
    """The other batches of a study, loaded or refused, give way to the one that is loaded."""
    of_study = batches.c.study_accession_code == accession
    keys = select(batches.c.batch_key).where(of_study)
    connection.execute(expression_rows.delete().where(expression_rows.c.batch_key.in_(keys)))
    others = update(batches).where(of_study, batches.c.batch_id != batch_id)
    connection.execute(others.values(is_current=False, status="REPLACED"))


def _batch_values(study: Study, run: Run, status: str) -> dict[str, Any]:
    hashes, counts = study.hashes, study.counts
    loaded = status == "LOADED"
    study_row = select(dim_study.c.study_key).where(dim_study.c.study_accession_code == study.info.accession)
    return {
        "batch_id": hashes.batch_id,
        "study_accession_code": study.info.accession,
        "study_key": study_row.scalar_subquery() if loaded else None,
        "file_name": study.file_name,
        "source_path": study.source_path,
        "file_hash": hashes.file_hash,
        "metadata_hash": hashes.metadata_hash,
        "settings_hash": hashes.settings_hash,
        "value_settings_hash": hashes.value_settings_hash,
        "container_hash": hashes.container_hash,
        "file_size": hashes.file_size,
        "created_at": study.flags.created_at,
        "status": status,
        "is_current": loaded,
        "unit_tag": study.units.unit_tag,
        "value_scale": study.units.value_scale,
        "genes": len(study.genes),
        "samples": len(study.samples),
        "cells_in": counts.cells_in,
        "cells_loaded": counts.loaded if loaded else 0,
        "cells_quarantined": 0 if loaded else counts.cells_in - counts.skipped - counts.merged,
        "cells_skipped": counts.skipped,
        "cells_merged": counts.merged,
        "nulls": counts.nulls,
        "quality_score": study.quality.score,
        "quality_json": as_json(study.quality.parts),
        "run_id": run.run_id,
        "loaded_at": utc_now(),
    }


def _write_qc(connection: Connection, study: Study, batch_key: int, study_key: int) -> None:
    connection.execute(qc.delete().where(qc.c.batch_key == batch_key))
    values = {
        name: as_json(value) if isinstance(value, list | tuple | dict) else value for name, value in study.qc.items()
    }
    connection.execute(
        insert(qc).values(values | {"batch_key": batch_key, "study_key": study_key, "collected_at": utc_now()})
    )


def _quarantine(engine: Engine, connection: Connection, run: Run, step: str, study: Study, todo: Plan) -> StudyResult:
    """Keep the rejected batch with its reason and offending cells; a current batch of the study stays."""
    if todo.known is not None and todo.known["is_current"]:
        raise _kept(study.failures[0])
    first = study.failures[0]
    messages = [*study.messages, *(_failure_message(failure) for failure in study.failures)]
    with connection.transaction():
        engine.study_lock(connection, study.info.accession)
        batch_key, _ = _write_batch(connection, study, run, todo, status="QUARANTINED")
        _stage_rejected(connection, study, batch_key)
        ledger.log_messages(connection, run.run_id, study.hashes.batch_id, None, messages)
        context = _context(study) | {"action": "QUARANTINED"}
        outcome = Outcome(
            "QUARANTINED",
            study.hashes.batch_id,
            rows_read=study.counts.cells_in,
            rows_written=0,
            error=first,
            context=context,
        )
        run.finish(connection, step, outcome)
    result = _result(study, "QUARANTINED")
    return replace(result, cells_loaded=0, messages=tuple(messages), error=first.as_dict())


def _kept(failure: ValidationError) -> ValidationError:
    """The failure of a file that is loaded already and only fails under the settings given now."""
    hint = "The study stays loaded as it was; correct the settings, then load it again."
    return type(failure)(failure.message, value=failure.value, hint=hint)


def _failure_message(failure: ValidationError) -> Message:
    return Message(str(failure.code), "ERROR", f"{failure.name}: {failure.message}")


def _stage_rejected(connection: Connection, study: Study, batch_key: int) -> None:
    connection.execute(expression_rows.delete().where(expression_rows.c.batch_key == batch_key))
    if not study.rejected:
        return
    frame = pl.DataFrame(
        {
            "batch_key": [batch_key] * len(study.rejected),
            "line_no": [cell.line_no for cell in study.rejected],
            "gene_id": [cell.gene_id for cell in study.rejected],
            "sample_accession_code": [cell.sample for cell in study.rejected],
            "value_text": [cell.text for cell in study.rejected],
            "reject_code": [str(cell.code) for cell in study.rejected],
        }
    )
    connection.stage("rejected", frame)
    names = ", ".join(frame.columns)
    connection.execute(f"INSERT INTO staging.expression_rows ({names}) SELECT {names} FROM rejected")


def _context(study: Study) -> dict[str, Any]:
    hashes = study.hashes
    return {
        "source": study.source_path,
        "file": study.file_name,
        "file_hash": hashes.file_hash,
        "container_hash": hashes.container_hash,
        "metadata_hash": hashes.metadata_hash,
        "settings_hash": hashes.settings_hash,
        "settings": study.settings_snapshot,
        "units": [dict(step) for step in study.units.evidence],
        "quality": json.loads(as_json(study.quality.parts)),
    }


def _result(study: Study, action: str) -> StudyResult:
    return StudyResult(
        study=study.info.accession,
        action=action,
        batch_id=study.hashes.batch_id,
        genes=len(study.genes),
        samples=len(study.samples),
        cells_loaded=study.counts.loaded,
        unit_tag=study.units.unit_tag,
        quality_score=round(study.quality.score, 1),
        messages=tuple(study.messages),
    )
