"""People and animals that give several samples: which of their samples is the first."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import polars as pl

from expressway.studies.quality import repeated_subjects
from expressway.studies.study import Sample

_NUMBER = re.compile(r"(?:(?<![^\s(])-)?\d+(?:\.\d+)?")
"""A minus counts where a word could begin: `day -1` is before `day 0`, `T-1` is a name."""


def repeated(samples: pl.DataFrame) -> dict[str, list[str]]:
    """Accessions by subject, for the subjects with more than one sample.

    Args:
        samples: columns sample_accession_code, subject, time, tissue, cell_line; one study's.
    """
    return repeated_subjects(
        [
            Sample(
                accession=row["sample_accession_code"],
                subject=row["subject"],
                time=row["time"],
                tissue=row["tissue"],
                cell_line=row["cell_line"],
            )
            for row in samples.iter_rows(named=True)
        ]
    )


def earliest_samples(samples: pl.DataFrame, subjects: Mapping[str, Sequence[str]]) -> list[int]:
    """Keys of the samples that are the first of their subject, or the only one, or of nobody known."""
    times = dict(samples.select("sample_accession_code", "time").iter_rows())
    later = {
        name
        for names in subjects.values()
        for name in sorted(names, key=lambda name: (time_order(times[name]), name))[1:]
    }
    return samples.filter(~pl.col("sample_accession_code").is_in(list(later)))["sample_key"].to_list()


def time_order(time: str | None) -> tuple[bool, float]:
    """Sorts times by the first number in their words (day 1, 0h, T1, D3); those without one are last."""
    found = _NUMBER.search(time or "")
    return (found is None, float(found[0]) if found else 0.0)
