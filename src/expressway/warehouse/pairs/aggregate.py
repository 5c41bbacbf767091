"""From the facts of a slice to its stored pairs: read, analyse, publish; nothing where nothing has changed."""

from __future__ import annotations

import hashlib
import tempfile
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from sqlalchemy import text

from expressway.coexpression.analysis import Analysis, Prepared, analyse_prepared, available_cores, prepare
from expressway.errors import ExpresswayError
from expressway.settings import PairSettings, Settings
from expressway.studies.study import Message
from expressway.warehouse.engines.base import Connection, Engine
from expressway.warehouse.ledger import Outcome, Run, as_json, utc_now, versions
from expressway.warehouse.pairs.matrices import StudyMatrix, read_study
from expressway.warehouse.pairs.publish import Published, publish
from expressway.warehouse.pairs.runs import mark_current
from expressway.warehouse.pairs.slice import ALL, Slice, resolve

Progress = Callable[[str, str, int, int], None]
FEW_STUDIES = 3
"""Studies below which the default filter of the ranked view returns nothing."""
HETEROGENEOUS = 75.0
"""I^2, in per cent, above which the default filter leaves a pair out."""
CURRENT = """
SELECT feature_run_id, settings_hash, genes, pairs_tested, pairs_stored FROM meta.feature_run
WHERE disease_key = :disease AND technology = :technology AND organism = :organism AND status <> 'REPLACED'
"""
POOLED_GENES = """
SELECT g.gene_id, a.gene_id FROM dim.dim_gene g JOIN dim.dim_gene a ON a.gene_key = g.analysis_gene_key
WHERE g.analysis_gene_key <> g.gene_key AND g.organism = :organism ORDER BY g.gene_key
"""

DROPPED = {"gene": pl.String, "reason": pl.String}


@dataclass(frozen=True, slots=True)
class SliceResult:
    """What was done with one slice."""

    disease: str
    technology: str
    organism: str
    action: str
    """AGGREGATED, NOOP, FAILED, or PLANNED by a dry run."""
    feature_run_id: str | None = None
    studies: int = 0
    samples: int = 0
    genes: int = 0
    pairs_tested: int = 0
    pairs_stored: int = 0
    seconds: float = 0.0
    messages: tuple[Message, ...] = ()
    error: Mapping[str, object] | None = None
    plan: Mapping[str, Any] | None = None
    """Of a dry run: studies with their cohorts, genes left out and why, memory, minutes."""

    @property
    def ok(self) -> bool:
        """Whether the slice stands in the warehouse as asked."""
        return self.action != "FAILED"


@dataclass(frozen=True, slots=True)
class AggregateResult:
    """What an aggregation did."""

    run_id: str | None
    slices: tuple[SliceResult, ...]

    @property
    def ok(self) -> bool:
        """Whether every slice stands in the warehouse as asked."""
        return all(one.ok for one in self.slices)


def of_all(diseases: Sequence[str], one: Callable[[str], AggregateResult]) -> AggregateResult:
    """The results of all diseases; one that is refused leaves the others alone and stands as a failed slice."""
    results = []
    for disease in diseases:
        try:
            results.append(one(disease))
        except ExpresswayError as error:
            refused = SliceResult(disease, "-", "-", "FAILED", error=error.as_dict())
            results.append(AggregateResult(None, (refused,)))
    run_id = next((result.run_id for result in results if result.run_id), None)
    return AggregateResult(run_id, tuple(one for result in results for one in result.slices))


@dataclass(frozen=True, slots=True)
class Request:
    """Which pairs are wanted, and how."""

    disease: str
    technology: str | None
    organism: str | None
    settings: Settings

    @property
    def pairs(self) -> PairSettings:
        """How the pairs are analysed."""
        return self.settings.pairs


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
        return AggregateResult(None, tuple(_planned(connection, one, wanted, progress) for one in slices))
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
        result = _result(of, "FAILED", error=error.as_dict())
    return replace(result, seconds=round(time.monotonic() - started, 2))


def _result(of: Slice, action: str, **fields: Any) -> SliceResult:
    samples = sum(study.samples.height for study in of.studies)
    return SliceResult(
        of.disease, of.technology, of.organism, action, studies=len(of.studies), samples=samples, **fields
    )


def _analyse(
    engine: Engine,
    connection: Connection,
    run: Run,
    step: str,
    of: Slice,
    wanted: Request,
    progress: Progress | None,
) -> SliceResult:
    fingerprint = _fingerprint(connection, of, wanted.pairs)
    known = _known(connection, of, fingerprint)
    if known is not None:
        with engine.write_lock(), connection.transaction():
            mark_current(connection, known["feature_run_id"])
            run.finish(connection, step, Outcome("NOOP", rows_written=0, context={"inputs": _inputs(of)}))
        return _result(of, "NOOP", **known)
    began = utc_now()
    matrices = _read(connection, of, progress)
    prepared = _prepare(matrices, of, wanted.pairs)
    analysis = analyse_prepared(
        prepared,
        keep=wanted.pairs.keep,
        threads=wanted.pairs.threads,
        checkpoint=_checkpoint(wanted.settings, fingerprint),
        progress=None if progress is None else lambda done, total: progress(_name(of), "pairs", done, total),
    )
    messages = (*of.messages, *_alerts(of, analysis))
    run_id = str(uuid.uuid4())
    published = Published(
        disease_key=of.disease_key,
        technology=of.technology,
        organism=of.organism,
        feature_run_id=run_id,
        pairs=_with_keys(analysis.pairs, matrices),
        run_values=_run_values(of, analysis, wanted.pairs, fingerprint, began),
        messages=messages,
        feature_values=wanted.pairs.feature_values,
        step=step,
    )
    stored = publish(engine, connection, run, published)
    return _result(
        of,
        "AGGREGATED",
        feature_run_id=run_id,
        genes=analysis.counts["genes"],
        pairs_tested=analysis.pairs_tested,
        pairs_stored=stored,
        messages=messages,
    )


def _read(connection: Connection, of: Slice, progress: Progress | None) -> list[StudyMatrix]:
    matrices = []
    for number, study in enumerate(of.studies):
        matrices.append(read_study(connection, study))
        if progress is not None:
            progress(_name(of), "reading", number + 1, len(of.studies))
    return matrices


def _prepare(matrices: Sequence[StudyMatrix], of: Slice, pairs: PairSettings) -> Prepared:
    return prepare(
        [matrix.study for matrix in matrices],
        contrasts=pairs.contrasts,
        genes=pairs.genes,
        by_technology=of.technology == ALL,
        choices=pairs,
    )


def _name(of: Slice) -> str:
    return f"{of.disease} {of.technology}"


def _checkpoint(settings: Settings, fingerprint: str) -> Path:
    """A file for the state of a long pass, in the folder that settings name or one for temporary files."""
    folder = settings.work_folder or Path(tempfile.gettempdir()) / "expressway"
    return folder / f"pairs-{fingerprint[:32]}.npz"


def _inputs(of: Slice) -> dict[str, str]:
    return {study.accession: study.batch_id for study in of.studies}


def _fingerprint(connection: Connection, of: Slice, pairs: PairSettings) -> str:
    """SHA-256 of all that decides the result: batches, samples with labels, pooled gene ids, settings, version."""
    digest = hashlib.sha256(as_json(_settings(pairs)).encode())
    digest.update(as_json([of.disease, of.technology, of.organism, versions()["expressway"]]).encode())
    for study in of.studies:
        labels = study.samples.select("sample_accession_code", "illness_label").rows()
        digest.update(as_json([study.accession, study.batch_id, study.technology, labels]).encode())
    pooled = connection.fetchall(text(POOLED_GENES).bindparams(organism=of.organism))
    digest.update(as_json([list(pair) for pair in pooled]).encode())
    return digest.hexdigest()


def _settings(pairs: PairSettings) -> dict[str, Any]:
    """The settings that decide the result; of files what is in them."""
    values = pairs.model_dump(mode="json", exclude={"threads"})
    genes = pairs.genes.removeprefix("file:") if pairs.genes.startswith("file:") else ""
    for name, path in (("genes", genes), ("contrasts", pairs.contrasts)):
        if Path(path).is_file():
            values[f"{name}_sha256"] = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    return values


def _known(connection: Connection, of: Slice, fingerprint: str) -> dict[str, Any] | None:
    bound = {"disease": of.disease_key, "technology": of.technology, "organism": of.organism}
    rows = connection.dicts(text(CURRENT).bindparams(**bound))
    if not rows or rows[0]["settings_hash"] != fingerprint:
        return None
    return {name: rows[0][name] for name in ("feature_run_id", "genes", "pairs_tested", "pairs_stored")}


def _with_keys(pairs: pl.DataFrame, matrices: Sequence[StudyMatrix]) -> pl.DataFrame:
    keys: dict[str, int] = {}
    for matrix in matrices:
        keys |= dict(zip(matrix.study.genes, matrix.gene_keys.tolist(), strict=True))
    named = pl.DataFrame({"gene": list(keys), "key": list(keys.values())}, schema={"gene": pl.String, "key": pl.Int32})
    return pairs.with_columns(
        genea_key=pairs.select(gene="geneA").join(named, on="gene", how="left", maintain_order="left")["key"],
        geneb_key=pairs.select(gene="geneB").join(named, on="gene", how="left", maintain_order="left")["key"],
    )


def _run_values(
    of: Slice, analysis: Analysis, pairs: PairSettings, fingerprint: str, began: datetime
) -> dict[str, Any]:
    subjects = {"one_sample_per_subject": pairs.one_sample_per_subject}
    return {
        "settings_json": as_json(analysis.settings | subjects | _found_out(analysis)),
        "settings_hash": fingerprint,
        "versions_json": as_json(versions()),
        "input_batches_json": as_json(_inputs(of)),
        "seeds_json": as_json({}),
        "genes": analysis.counts["genes"],
        "pairs_tested": analysis.pairs_tested,
        "clipped": analysis.counts["clipped"],
        "dropped": analysis.counts["genes_dropped"],
        "started_at": began,
    }


def _found_out(analysis: Analysis) -> dict[str, Any]:
    """What a report shows of the whole analysis beside its pairs."""
    dropped = analysis.genes.filter(status="DROPPED")
    return {
        "counts": analysis.counts,
        "genes_dropped": _reasons(dropped),
        "distributions": {name: frame.to_dict(as_series=False) for name, frame in analysis.distributions.items()},
    }


def _reasons(dropped: pl.DataFrame) -> list[dict[str, Any]]:
    """How many genes were left out for each reason, and one of them; of equal genes the other is not named."""
    same = pl.col("reason").str.replace("^the same values as .* in", "the same values as another gene in")
    return dropped.group_by(same).agg(genes=pl.len(), example=pl.col("gene").min()).sort("reason").to_dicts()


def _alerts(of: Slice, analysis: Analysis) -> list[Message]:
    """What a person should know before believing the pairs: few studies, heterogeneity, cohorts that are missing."""
    pairs, found = analysis.pairs, []
    most = {name: int(pairs[f"n_studies_{name}"].max() or 0) for name in ("ss", "soth")}  # type: ignore[arg-type]
    for name, k in most.items():
        if k < FEW_STUDIES:
            told = f"{_name(of)}: {name} rests on {k} {'study' if k == 1 else 'studies'}, fewer than {FEW_STUDIES}"
            found.append(Message("FEW_STUDIES", "WARNING", told))
    least = pl.min_horizontal(pl.col("dz_ss_I2").fill_null(100.0), pl.col("dz_soth_I2").fill_null(100.0))
    many = int(pairs.select((least > HETEROGENEOUS).sum()).item())
    if many:
        told = f"{many:,} of {pairs.height:,} stored pairs have I2 above {HETEROGENEOUS:g}% or unknown"
        found.append(Message("54100", "INFO", f"{_name(of)}: {told}"))
    found += [Message("MISSING_COHORT", "INFO", f"{study}: {told}") for study, told in _missing(of, analysis)]
    return found


def _missing(of: Slice, analysis: Analysis) -> list[tuple[str, str]]:
    contrasts, least = analysis.settings["contrasts"], analysis.settings["min_n"]
    wanted = [contrasts[role] for role in ("case", "reference", "control")]
    short = []
    for study in of.studies:
        small = [label for label in wanted if study.cohorts.get(label, 0) < least]
        if small:
            sizes = ", ".join(f"{label} {study.cohorts.get(label, 0)}" for label in small)
            short.append((study.accession, f"cohorts of fewer than {least} samples do not count: {sizes}"))
    return short


def _planned(connection: Connection, of: Slice, wanted: Request, progress: Progress | None) -> SliceResult:
    try:
        return _plan(connection, of, wanted, progress)
    except ExpresswayError as error:
        return _result(of, "FAILED", error=error.as_dict())


def _plan(connection: Connection, of: Slice, wanted: Request, progress: Progress | None) -> SliceResult:
    """What an aggregation would do: everything but the pass over pairs."""
    known = _known(connection, of, _fingerprint(connection, of, wanted.pairs))
    prepared = _prepare(_read(connection, of, progress), of, wanted.pairs)
    layout = prepared.layout
    pairs = layout.expected_pairs()
    dropped = prepared.selection.dropped
    named = pl.DataFrame({"gene": list(dropped), "reason": list(dropped.values())}, schema=DROPPED)
    cohorts = layout.n.reshape(len(layout.studies), -1)
    threads = wanted.pairs.threads or available_cores()
    plan = {
        "would": "NOOP" if known else "AGGREGATE",
        "studies": [
            {"study": study.accession, "technology": study.technology, "samples": study.samples.height}
            | study.cohorts
            | {"notes": "; ".join(study.notes)}
            for study in of.studies
        ],
        "left_out": [{"study": study, "reason": reason} for study, reason in of.left_out],
        "k_ss": int(((cohorts[:, 0] > 0) & (cohorts[:, 1] > 0)).sum()),
        "k_soth": int(((cohorts[:, 0] > 0) & (cohorts[:, 1:] > 0).any(axis=1)).sum()),
        "genes_dropped": _reasons(named),
        "pairs_with_missing_values": prepared.plain_pairs,
        "memory_mib": round((layout.ranks.nbytes * 2 + 300e6 + 60e6 * threads) / 2**20),
        "minutes": round(_seconds(prepared, threads) / 60, 2),
    }
    return _result(of, "PLANNED", genes=len(layout.genes), pairs_tested=pairs, messages=of.messages, plan=plan)


def _seconds(prepared: Prepared, threads: int) -> float:
    """About how long the pass takes: nanoseconds for each compiled pair, by studies and samples, else microseconds."""
    layout = prepared.layout
    compiled = layout.expected_pairs() - prepared.plain_pairs
    each = 14e-9 * len(layout.studies) + 0.04e-9 * float(np.sum(layout.n))
    return (compiled * each + prepared.plain_pairs * 8e-6) / threads + 1
