"""What the pair statistics need of a study: one matrix, and a cohort for each of its samples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from expressway.errors import InvalidSetting

NAMED = 5  # offenders that a message names
ROWS_AT_ONCE = 1024
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, eq=False)
class CohortStudy:
    """Expression values of one study with the cohort of every sample.

    Args:
        name: the study, e.g. its accession.
        genes: one id for each row of `values`, all different.
        values: shape (genes, samples), float64 on any scale that ranks samples rightly; NaN = not measured.
        cohorts: one label for each column of `values`, e.g. SEPTIC_SHOCK.
        technology: RNA-SEQ, MICROARRAY or OTHER; studies of different technologies are not pooled.
        detected: shape (genes, samples), False at the tied floor or at zero; None where detection means nothing.
        samples: one id for each column, by which samples that stand in several studies are found.
        value_scale: LOG2, QN, SCALED or another: what the mean and the spread of a gene mean.

    Raises:
        InvalidSetting: the shapes disagree, a gene or sample is named twice or not at all, a cohort has no name, or a
            value is infinite.
    """

    name: str
    genes: Sequence[str]
    values: NDArray[np.float64]
    cohorts: Sequence[str]
    technology: str = "OTHER"
    detected: NDArray[np.bool_] | None = None
    samples: Sequence[str] | None = None
    value_scale: str = "LOG2"

    def __post_init__(self) -> None:
        if not self.name:
            raise InvalidSetting("a study has no name", value=self.name, hint="Give it one: its accession, say.")
        self._check_matrix()
        self._check_names("gene", self.genes, rows := self.values.shape[0], "row", unique=True)
        self._check_names("cohort", self.cohorts, columns := self.values.shape[1], "column", unique=False)
        if self.samples is not None:
            self._check_names("sample", self.samples, columns, "column", unique=True)
        if self.detected is not None:
            self._check_detected((rows, columns))

    def rows(self, genes: Iterable[str]) -> NDArray[np.int64]:
        """The row of each gene, -1 where the study does not have it."""
        row_of = {gene: row for row, gene in enumerate(self.genes)}
        return np.array([row_of.get(gene, -1) for gene in genes], dtype=np.int64)

    def measurements(self, genes: Iterable[str]) -> NDArray[np.int64]:
        """A number for each gene, the same for genes with the same values in every sample: they are one measurement.

        It is the first row with these values; -1 where the study does not have the gene.
        """
        blocks = [_marks(self.values[row : row + 256]) for row in range(0, len(self.values), 256)]
        marks = np.concatenate([np.zeros(0, np.uint64), *blocks])
        _, first, number = np.unique(marks, return_index=True, return_inverse=True)
        found = np.append(first[number], -1)
        later = np.flatnonzero(first[number] != np.arange(len(marks)))
        chance = later[(_bits(self.values[later]) != _bits(self.values[found[later]])).any(axis=1)]
        found[chance] = chance
        return np.asarray(found[self.rows(genes)])

    def _check_matrix(self) -> None:
        values = np.asarray(self.values)
        if values.ndim != 2 or values.dtype.kind not in "fiu":
            raise InvalidSetting(
                f"the values of {self.name} are no matrix of numbers: {values.ndim} dimensions of {values.dtype}",
                value=values.shape,
                hint="Give a float64 array of shape (genes, samples), NaN where nothing was measured.",
            )
        object.__setattr__(self, "values", np.asarray(values, np.float64))
        rows = range(0, len(self.values), ROWS_AT_ONCE)
        blocks = [np.isinf(self.values[first : first + ROWS_AT_ONCE]).any(axis=1) for first in rows]
        infinite = np.concatenate([np.zeros(0, np.bool_), *blocks])
        if infinite.any():
            row = int(infinite.argmax())
            raise InvalidSetting(
                f"{int(infinite.sum())} genes of {self.name} have infinite values, row {row} first",
                value=self.values[row][np.isinf(self.values[row])][0],
                hint="Write NaN where a value is missing; a logarithm of zero needs an offset.",
            )

    def _check_names(self, what: str, names: Sequence[str], expected: int, axis: str, *, unique: bool) -> None:
        if isinstance(names, str) or len(names) != expected:
            raise InvalidSetting(
                f"{self.name} has {expected} {axis}s and {len(names)} {what}s",
                value=len(names),
                hint=f"Give one {what} for each {axis} of `values`, whose shape is (genes, samples).",
            )
        wrong = [position for position, name in enumerate(names) if not isinstance(name, str) or not name]
        if wrong:
            raise InvalidSetting(
                f"{len(wrong)} {what}s of {self.name} are no names, that of {axis} {wrong[0]} first",
                value=names[wrong[0]],
                hint=f"Every {what} is a text that is not empty.",
            )
        if unique:
            self._refuse_repeats(what, names)

    def _refuse_repeats(self, what: str, names: Iterable[str]) -> None:
        repeated = sorted(name for name, count in Counter(names).items() if count > 1)
        if repeated:
            raise InvalidSetting(
                f"{len(repeated)} {what}s of {self.name} are there more than once: {', '.join(repeated[:NAMED])}",
                value=repeated[0],
                hint=f"Every {what} is there once; average or drop the others.",
            )

    def _check_detected(self, shape: tuple[int, int]) -> None:
        detected = np.asarray(self.detected)
        if detected.shape != shape or detected.dtype != np.bool_:
            raise InvalidSetting(
                f"`detected` of {self.name} is {detected.dtype} of shape {detected.shape}, not bool of shape {shape}",
                value=detected.shape,
                hint="Give one True or False for each value, or leave it out.",
            )


def _bits(values: NDArray[np.float64]) -> NDArray[np.uint64]:
    """The values as whole numbers; a zero with a sign is a zero."""
    return (values + 0.0).view(np.uint64)


def _marks(values: NDArray[np.float64]) -> NDArray[np.uint64]:
    """A number for each row, the same where all values are."""
    bits = _bits(values)
    bits ^= bits >> np.uint64(32)  # brings the bits of round numbers down
    return np.asarray(bits @ np.cumprod(np.full(bits.shape[1], _MULTIPLIER)))
