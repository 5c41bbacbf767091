"""From the facts of a slice to its stored pairs: read, analyse, publish; nothing where nothing has changed."""

from __future__ import annotations

import tempfile
import time
import uuid
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from expressway.coexpression.analysis import Analysis, analyse_prepared
from expressway.errors import ExpresswayError
from expressway.settings import PairSettings, Settings
from expressway.studies.study import Message
from expressway.warehouse.engines.base import Connection, Engine
from expressway.warehouse.ledger import Outcome, Run, as_json, utc_now, versions
from expressway.warehouse.pairs.alerts import alerts
from expressway.warehouse.pairs.fingerprint import fingerprint, known_run, status_now
from expressway.warehouse.pairs.matrices import StudyMatrix
from expressway.warehouse.pairs.outcome import AggregateResult, Request, SliceResult, outcome
from expressway.warehouse.pairs.planning import plan_slice, reasons
from expressway.warehouse.pairs.publish import Published, publish
from expressway.warehouse.pairs.reading import Progress, prepare_slice, read_slice
from expressway.warehouse.pairs.runs import mark_run
from expressway.warehouse.pairs.slice import Slice, resolve


def aggregate(
    engine: Engine, connection: Connection, wanted: Request, *, dry_run: bool = False, progress: Progress | None = None
) -> AggregateResult:
    """Recompute the slices of a disease from its studies, and replace each in one transaction.

    Raises:
        DiseaseNotMapped: no study is mapped to the disease.
        DiseaseMapAmbiguous: a study of it has several active mappings.
        UnknownStudyOrDisease: no such disease.
        InvalidSetting: no study has the technology or the organism; no study can be analysed.
    """
    if dry_run:
        slices = _resolve(connection, wanted, None)
        return AggregateResult(None, tuple(plan_slice(connection, one, wanted, progress) for one in slices))
    context = {"disease": wanted.disease, "technology": wanted.technology, "organism": wanted.organism}
    run = Run(engine, connection, "aggregate", context | {"pairs": wanted.pairs.model_dump(mode="json")})
    try:
        slices = _resolve(connection, wanted, run.run_id)
    except ExpresswayError:
        run.end(connection, failed=1)
        raise
    results = tuple(_one(engine, connection, run, one, wanted, progress) for one in slices)
    run.end(connection, failed=sum(not result.ok for result in results))
    return AggregateResult(run.run_id, results)


def _resolve(connection: Connection, wanted: Request, run_id: str | None) -> list[Slice]:
    return resolve(
        connection,
        wanted.disease,
        wanted.technology,
        wanted.organism,
        one_sample_per_subject=wanted.pairs.one_sample_per_subject,
        run_id=run_id,
    )


def _one(
    engine: Engine, connection: Connection, run: Run, of: Slice, wanted: Request, progress: Progress | None
) -> SliceResult:
    started, step = time.monotonic(), f"aggregate {of.disease} {of.technology} {of.organism}"[:64]
    run.start(connection, step, {"inputs": _inputs(of)})
    try:
        result = _analyse(engine, connection, run, step, of, wanted, progress)
    except ExpresswayError as error:
        with engine.write_lock(), connection.transaction():
            run.finish(connection, step, Outcome("FAILED", error=error, context={"inputs": _inputs(of)}))
        result = outcome(of, "FAILED", error=error.as_dict())
    return replace(result, seconds=round(time.monotonic() - started, 2))


def _analyse(
    engine: Engine,
    connection: Connection,
    run: Run,
    step: str,
    of: Slice,
    wanted: Request,
    progress: Progress | None,
) -> SliceResult:
    mark = fingerprint(connection, of, wanted.pairs)
    known = known_run(connection, of, mark)
    if known is not None:
        with engine.write_lock(), connection.transaction():
            engine.pairs_lock(connection)
            mark_run(connection, known["feature_run_id"], status_now(connection, of, wanted.pairs, mark))
            run.finish(connection, step, Outcome("NOOP", rows_written=0, context={"inputs": _inputs(of)}))
        return outcome(of, "NOOP", **known)
    began = utc_now()
    matrices, unclear = read_slice(connection, of, progress)
    prepared = prepare_slice(matrices, of, wanted.pairs)
    analysis = analyse_prepared(
        prepared,
        keep=wanted.pairs.keep,
        threads=wanted.pairs.threads,
        checkpoint=_checkpoint(wanted.settings, mark),
        progress=None if progress is None else lambda done, total: progress(of.name, "pairs", done, total),
    )
    messages = (*of.messages, *unclear, *alerts(of, analysis))
    run_id = str(uuid.uuid4())
    published = Published(
        disease_key=of.disease_key,
        technology=of.technology,
        organism=of.organism,
        feature_run_id=run_id,
        pairs=_with_keys(analysis.pairs, matrices),
        run_values=_run_values(of, analysis, mark, began) | _settings(analysis, wanted.pairs, messages),
        messages=messages,
        feature_values=wanted.pairs.feature_values,
        step=step,
        status=lambda: status_now(connection, of, wanted.pairs, mark),
    )
    stored = publish(engine, connection, run, published)
    return outcome(
        of,
        "AGGREGATED",
        feature_run_id=run_id,
        genes=analysis.counts["genes"],
        pairs_tested=analysis.pairs_tested,
        pairs_stored=stored,
        messages=messages,
    )


def _checkpoint(settings: Settings, mark: str) -> Path:
    """A file for the state of a long pass, in the folder that settings name or one for temporary files."""
    folder = settings.work_folder or Path(tempfile.gettempdir()) / "expressway"
    return folder / f"pairs-{mark[:32]}.npz"


def _inputs(of: Slice) -> dict[str, str]:
    return {study.accession: study.batch_id for study in of.studies}


def _with_keys(pairs: pl.DataFrame, matrices: Sequence[StudyMatrix]) -> pl.DataFrame:
    keys: dict[str, int] = {}
    for matrix in matrices:
        keys |= dict(zip(matrix.study.genes, matrix.gene_keys.tolist(), strict=True))
    named = pl.DataFrame({"gene": list(keys), "key": list(keys.values())}, schema={"gene": pl.String, "key": pl.Int32})
    return pairs.with_columns(
        genea_key=pairs.select(gene="geneA").join(named, on="gene", how="left", maintain_order="left")["key"],
        geneb_key=pairs.select(gene="geneB").join(named, on="gene", how="left", maintain_order="left")["key"],
    )


def _run_values(of: Slice, analysis: Analysis, mark: str, began: datetime) -> dict[str, Any]:
    return {
        "settings_hash": mark,
        "versions_json": as_json(versions()),
        "input_batches_json": as_json(_inputs(of)),
        "seeds_json": as_json({}),
        "genes": analysis.counts["genes"],
        "pairs_tested": analysis.pairs_tested,
        "clipped": analysis.counts["clipped"],
        "dropped": analysis.counts["genes_dropped"],
        "started_at": began,
    }


def _settings(analysis: Analysis, pairs: PairSettings, messages: Sequence[Message]) -> dict[str, Any]:
    subjects = {"one_sample_per_subject": pairs.one_sample_per_subject}
    return {"settings_json": as_json(analysis.settings | subjects | _found_out(analysis, messages))}


def _found_out(analysis: Analysis, messages: Sequence[Message]) -> dict[str, Any]:
    """What a report shows of the whole analysis beside its pairs."""
    dropped = analysis.genes.filter(status="DROPPED")
    return {
        "counts": analysis.counts,
        "genes_dropped": reasons(dropped),
        "distributions": {name: frame.to_dict(as_series=False) for name, frame in analysis.distributions.items()},
        "messages": [asdict(message) for message in messages],
    }
