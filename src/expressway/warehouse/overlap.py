"""Samples that stand in several studies: counted twice, they would inflate n and k."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import polars as pl

from expressway.studies.study import Message
from expressway.warehouse.engines.base import Connection


def overlap_messages(connection: Connection, accession: str, samples: Sequence[str]) -> list[Message]:
    """One WARNING for each other study that holds samples of this one, naming them; call it inside a transaction."""
    connection.stage("overlapping", pl.DataFrame({"sample_accession_code": list(samples), "study": accession}))
    shared: dict[str, list[str]] = defaultdict(list)
    for other, sample in connection.fetchall(
        "SELECT st.study_accession_code, s.sample_accession_code FROM overlapping o "
        "JOIN dim.dim_sample s ON s.sample_accession_code = o.sample_accession_code "
        "JOIN dim.study_sample ss ON ss.sample_key = s.sample_key "
        "JOIN dim.dim_study st ON st.study_key = ss.study_key AND st.study_accession_code <> o.study "
        "ORDER BY 1, 2"
    ):
        shared[other].append(sample)
    return [
        Message("SAMPLE_OVERLAP", "WARNING", f"{len(names)} samples are also in {other}: {', '.join(names)}")
        for other, names in shared.items()
    ]
