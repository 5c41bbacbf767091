"""What an aggregation would do: everything but the pass over pairs."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from expressway.coexpression.analysis import Prepared, available_cores
from expressway.coexpression.catalog import features
from expressway.errors import ExpresswayError
from expressway.warehouse.engines.base import Connection
from expressway.warehouse.pairs.fingerprint import fingerprint, known_run
from expressway.warehouse.pairs.outcome import Request, SliceResult, outcome
from expressway.warehouse.pairs.reading import Progress, prepare_slice, read_slice
from expressway.warehouse.pairs.slice import Slice

DROPPED = {"gene": pl.String, "reason": pl.String}


def plan_slice(connection: Connection, of: Slice, wanted: Request, progress: Progress | None) -> SliceResult:
    """What would become of a slice; FAILED where it cannot be analysed."""
    try:
        return _plan(connection, of, wanted, progress)
    except ExpresswayError as error:
        return outcome(of, "FAILED", error=error.as_dict())


def _plan(connection: Connection, of: Slice, wanted: Request, progress: Progress | None) -> SliceResult:
    known = known_run(connection, of, fingerprint(connection, of, wanted.pairs))
    matrices, unclear = read_slice(connection, of, progress)
    prepared = prepare_slice(matrices, of, wanted.pairs)
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
        "samples": [
            {"study": study.accession, "sample": sample, "cohort": label}
            for study in of.studies
            for sample, label in study.samples.select("sample_accession_code", "illness_label").iter_rows()
        ],
        "left_out": [{"study": study, "reason": reason} for study, reason in of.left_out],
        "k_ss": int(((cohorts[:, 0] > 0) & (cohorts[:, 1] > 0)).sum()),
        "k_soth": int(((cohorts[:, 0] > 0) & (cohorts[:, 1:] > 0).any(axis=1)).sum()),
        "genes_dropped": reasons(named),
        "pairs_with_missing_values": prepared.plain_pairs,
        "memory_mib": round(_bytes(prepared, threads, wanted.pairs.keep) / 2**20),
        "minutes": round(_seconds(prepared, threads) / 60, 2),
    }
    return outcome(
        of, "PLANNED", genes=len(layout.genes), pairs_tested=pairs, messages=(*of.messages, *unclear), plan=plan
    )


def reasons(dropped: pl.DataFrame) -> list[dict[str, Any]]:
    """How many genes were left out for each reason, and one of them; of equal genes the other is not named."""
    same = pl.col("reason").str.replace("^the same values as .* in", "the same values as another gene in")
    return dropped.group_by(same).agg(genes=pl.len(), example=pl.col("gene").min()).sort("reason").to_dicts()


def _bytes(prepared: Prepared, threads: int, keep: int) -> float:
    """About how much memory it takes: the program, matrices and ranks, each thread's share, the pairs to store."""
    layout = prepared.layout
    matrices = sum(study.values.nbytes for study in prepared.studies) + 2 * layout.ranks.nbytes
    stored = min(keep, layout.expected_pairs()) * len(features()) * 8
    return 350e6 + matrices + 60e6 * threads + 5 * stored


def _seconds(prepared: Prepared, threads: int) -> float:
    """About how long the pass takes: nanoseconds for each compiled pair, by studies and samples, else microseconds."""
    layout = prepared.layout
    compiled = layout.expected_pairs() - prepared.plain_pairs
    each = 12e-9 * len(layout.studies) + 0.025e-9 * float(np.sum(layout.n))
    return (compiled * each + prepared.plain_pairs * 15e-6) / threads + 1
