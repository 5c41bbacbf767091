"""How a matrix lies in its file, and what is learnt of its axes while the values go by."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from expressway.errors import NotAMatrix, NotANumber
from expressway.studies.study import RejectedCell

MOST_REJECTED = 100_000
"""Rejected cells that are kept; the others are counted."""

NULL_WORDS = frozenset({"NA", "NaN", "nan", "null", "NULL", "N/A"})
"""Missing, as is an empty cell."""

_LONGEST_TEXT = 200
_LONGEST_ID = 255
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_SAMPLE_CORNERS = frozenset({"sample", "sampleid"})
_SAMPLE_ID = re.compile(r"(GSM|[SED]RR|[SED]RS|SAM[NED]A?)\d+")
_ENSEMBL_ID = re.compile(r"ENS[A-Z]*G\d+(\.\d+)?")
_LOOKED_AT = 1_000


@dataclass(frozen=True, slots=True)
class MatrixLayout:
    """How a matrix lies in its file."""

    samples_as_rows: bool = False
    """False: rows are genes, columns samples. True: rows are samples, columns genes."""
    label_columns: tuple[str, ...] = ()
    """Columns of text when samples are rows; returned as they are and never parsed as numbers."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The samples that are wanted."""

    keep: frozenset[str] | None = None
    """Only these; None for all."""
    skip: frozenset[str] = frozenset()
    """Never these."""

    def wants(self, sample: str) -> bool:
        return sample not in self.skip and (self.keep is None or sample in self.keep)


@dataclass(slots=True)
class Axes:
    """Rows, columns, labels and rejected cells of a matrix; complete after its last piece."""

    layout: MatrixLayout
    selection: Selection
    corner: str = ""
    """Name of the column of row ids."""
    columns: list[str] = field(default_factory=list)
    """Every data column of the file: samples, or genes when samples are rows (labels left out)."""
    row_ids: list[str] = field(default_factory=list)
    """Every row of the file."""
    texts: dict[str, list[str]] = field(default_factory=dict)
    """Label column -> text of each wanted sample."""
    rejected: list[RejectedCell] = field(default_factory=list)
    """Cells that are text or infinite, the first 100,000."""
    rejected_by_sample: dict[int, int] = field(default_factory=dict)
    """Position of a wanted sample -> number of its rejected cells."""
    file_hash: str = ""
    file_size: int = 0

    @property
    def all_samples(self) -> list[str]:
        """Every sample of the file."""
        return self.row_ids if self.layout.samples_as_rows else self.columns

    @property
    def samples(self) -> list[str]:
        """The wanted samples."""
        return [sample for sample in self.all_samples if self.selection.wants(sample)]

    @property
    def gene_ids(self) -> list[str]:
        """Every gene of the file as it is spelt there."""
        return self.columns if self.layout.samples_as_rows else self.row_ids

    def layout_hint(self) -> str | None:
        """What to do when the rows look like samples and should be genes, or the other way round; else None."""
        named_samples = self.corner.lower().replace("_", "") in _SAMPLE_CORNERS
        rows = named_samples or _mostly(_SAMPLE_ID, self.row_ids) or _mostly(_ENSEMBL_ID, self.columns)
        columns = _mostly(_SAMPLE_ID, self.columns) or _mostly(_ENSEMBL_ID, self.row_ids)
        if rows and not columns and not self.layout.samples_as_rows:
            return "The rows look like samples: load it with --samples-as-rows."
        if columns and not rows and self.layout.samples_as_rows:
            return "The rows look like genes: load it with --genes-as-rows."
        return None

    def take_rows(
        self, ids: Sequence[str], labels: Mapping[str, list[str]], first_line: int, display: str
    ) -> list[int]:
        """Positions of the wanted rows among the next rows of the file, whose ids and labels are noted.

        Raises:
            NotAMatrix: a row has no id, or one that no warehouse can hold.
        """
        if "" in ids:
            place = f"line {first_line + list(ids).index('')}"
            raise NotAMatrix(f"{place.capitalize()} of {display} has no id in its first cell.", value=place)
        for row, name in enumerate(ids):
            check_id(name, f"line {first_line + row}", display)
        self.row_ids += ids
        if not self.layout.samples_as_rows:
            return list(range(len(ids)))
        wanted = [row for row, sample in enumerate(ids) if self.selection.wants(sample)]
        for name, texts in labels.items():
            self.texts.setdefault(name, []).extend(texts[row] for row in wanted)
        return wanted

    def reject(
        self, cells: pl.DataFrame, bad: NDArray[np.intp], lines: Sequence[int], genes: Sequence[str], first: int
    ) -> None:
        """Counts cells that are no numbers, and keeps them while there is room.

        Args:
            cells: text; rows and columns as in the file, wanted samples only.
            bad: (row, column) of each, shape (cells, 2).
            lines: line in the file of each row.
            genes: of the rows, or of the columns when samples are rows.
            first: position of the first sample of `cells` among the wanted ones.
        """
        gene_side, sample_side = (1, 0) if self.layout.samples_as_rows else (0, 1)
        counts = np.bincount(bad[:, sample_side])
        for place in np.flatnonzero(counts):
            sample = first + int(place)
            self.rejected_by_sample[sample] = self.rejected_by_sample.get(sample, 0) + int(counts[place])
        samples = self.samples
        for row, column in bad[: MOST_REJECTED - len(self.rejected)].tolist():
            gene, sample = genes[(row, column)[gene_side]], samples[first + (row, column)[sample_side]]
            text = str(cells.item(row, column))[:_LONGEST_TEXT]
            self.rejected.append(RejectedCell(lines[row], gene, sample, text, NotANumber.code))


def check_id(name: str, place: str, display: str) -> None:
    """Nothing, when a gene or sample can be called so in every warehouse.

    Raises:
        NotAMatrix: it is too long or holds control characters.
    """
    if len(name) > _LONGEST_ID or _CONTROL.search(name):
        raise NotAMatrix(
            f"{place.capitalize()} of {display} has a name of more than {_LONGEST_ID} letters or with control "
            "characters.",
            value=ascii(name[:80]),
            hint="Look at that line: is the file a table of genes and samples?",
        )


def texts_of(column: pl.Series) -> list[str]:
    """Texts of a column without blanks around them; a null word is empty."""
    texts = [(text or "").strip() for text in column.cast(pl.String).to_list()]
    return ["" if text in NULL_WORDS else text for text in texts]


def _mostly(pattern: re.Pattern[str], names: Sequence[str]) -> bool:
    looked_at = names[:_LOOKED_AT]
    return 2 * sum(pattern.fullmatch(name) is not None for name in looked_at) > len(looked_at)
