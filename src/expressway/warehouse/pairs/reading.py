"""The studies of a slice, ready for analysis."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from expressway.coexpression.analysis import Prepared, prepare
from expressway.settings import PairSettings
from expressway.warehouse.engines.base import Connection
from expressway.warehouse.pairs.matrices import StudyMatrix, read_study
from expressway.warehouse.pairs.slice import ALL, Slice

Progress = Callable[[str, str, int, int], None]


def read_slice(connection: Connection, of: Slice, progress: Progress | None) -> list[StudyMatrix]:
    """The matrix of every study of a slice."""
    matrices = []
    for number, study in enumerate(of.studies):
        matrices.append(read_study(connection, study))
        if progress is not None:
            progress(of.name, "reading", number + 1, len(of.studies))
    return matrices


def prepare_slice(matrices: Sequence[StudyMatrix], of: Slice, pairs: PairSettings) -> Prepared:
    """Genes chosen, ranks laid out."""
    return prepare(
        [matrix.study for matrix in matrices],
        contrasts=pairs.contrasts,
        genes=pairs.genes,
        by_technology=of.technology == ALL,
        choices=pairs,
    )
