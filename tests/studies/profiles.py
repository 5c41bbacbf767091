"""Profiles of small matrices and of real files, read the way a load reads them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from expressway.studies.containers import open_container
from expressway.studies.profile import MatrixLayout, MatrixProfile, profile_matrix

PANEL = MatrixLayout(samples_as_rows=True, label_columns=("Label",))


@contextmanager
def profile_of(values: ArrayLike, samples: Sequence[str] | None = None) -> Iterator[MatrixProfile]:
    """The profile of a matrix (genes x samples; NaN = missing) that was written to a TSV."""
    matrix = np.asarray(values, dtype=float)
    names = samples or [f"s{i}" for i in range(matrix.shape[1])]
    rows = [["Gene", *names]]
    rows += [[f"g{i}", *("NA" if np.isnan(x) else repr(float(x)) for x in row)] for i, row in enumerate(matrix)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "matrix.tsv"
        path.write_text("\n".join("\t".join(row) for row in rows) + "\n", encoding="utf-8")
        with profile_at(path) as profile:
            yield profile


@contextmanager
def profile_at(path: Path, layout: MatrixLayout = MatrixLayout()) -> Iterator[MatrixProfile]:  # noqa: B008 - frozen
    """The profile of a matrix file; closed at the end."""
    profile = profile_matrix(open_container(path).members[0], layout=layout)
    try:
        yield profile
    finally:
        profile.close()


def values_of(profile: MatrixProfile, genes_per_block: int = 1_000) -> np.ndarray:
    """All values of a profile, genes x samples."""
    return np.concatenate([raw for _, raw in profile.blocks(genes_per_block)])
