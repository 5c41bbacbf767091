"""The columns of a delimited matrix, and the cells of a chunk parsed by them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from expressway.errors import NotAMatrix
from expressway.studies.axes import NULL_WORDS, Axes
from expressway.studies.cells import cells_add_up, check_cells
from expressway.studies.encoding import Chunk
from expressway.studies.header import Header
from expressway.studies.study import FloatArray


@dataclass(frozen=True, slots=True)
class Parsed:
    """The cells of consecutive lines."""

    first_line: int
    """1-based number of the first line."""
    frame: pl.DataFrame
    """Row ids and labels; the wanted cells too, as text, where `values` is None."""
    values: FloatArray | None
    """Shape (rows, wanted columns), NaN = missing; None when a cell is not a finite number."""


class Columns:
    """The columns of a matrix under names of our own: c0 the row ids, c1 the first column after them, and so on."""

    def __init__(self, header: Header, axes: Axes, display: str) -> None:
        layout, names = axes.layout, header.columns
        labels = layout.label_columns if layout.samples_as_rows else ()
        for label in labels:
            if label not in names:
                raise NotAMatrix(f"{display} has no column named {label}.", value=label)
        data = [(f"c{place}", name) for place, name in enumerate(names, 1) if name not in labels]
        if not data:
            raise NotAMatrix(f"{display} has no column of values.", value=display)
        self._header = header
        self.labels = {label: f"c{names.index(label) + 1}" for label in labels}
        self.data = [name for _, name in data]
        self.numbers = [column for column, name in data if layout.samples_as_rows or axes.selection.wants(name)]
        self._last = f"c{len(names)}"
        self._display = display
        self._order: Literal["c", "fortran"] = "c" if layout.samples_as_rows else "fortran"
        self._has_null_words = False

    def parse(self, chunk: Chunk) -> Parsed:
        """The cells of a chunk; as text when one of them is not a finite number.

        Raises:
            RaggedRow: a line has too few or too many cells.
            NotAMatrix: the lines cannot be parsed.
        """
        is_checked = not cells_add_up(chunk, self._header.delimiter, self._header.width)
        if is_checked:
            self._check(chunk)
        frame = self._numbers_frame(chunk)
        if not is_checked and (frame is None or frame[self._last].null_count()):
            # The cells add up, yet one line may be short (filled up with nulls) and another too long.
            self._check(chunk)
        if frame is not None:
            # Slicing the list of columns: `select` takes as long as a tenth of the parsing.
            texts, columns = 1 + len(self.labels), frame.get_columns()
            cells = pl.DataFrame(columns[texts : texts + len(self.numbers)])
            values = cells.to_numpy(order=self._order) if self.numbers else np.empty((chunk.lines, 0))
            if not np.isinf(values).any():
                return Parsed(chunk.first_line, pl.DataFrame(columns[:texts]), values)
        frame = self._frame(chunk, pl.String, null_words=False)
        if frame is None:
            place = f"lines {chunk.first_line} to {chunk.first_line + chunk.lines - 1}"
            raise NotAMatrix(f"{self._display} cannot be parsed at {place}.", value=place)
        return Parsed(chunk.first_line, frame, None)

    def _check(self, chunk: Chunk) -> None:
        check_cells(chunk, self._header.delimiter, self._header.width, self._display)

    def _numbers_frame(self, chunk: Chunk) -> pl.DataFrame | None:
        # Looking for null words takes a fifth of the time, and most matrices have none.
        frame = None if self._has_null_words else self._frame(chunk, pl.Float64, null_words=False)
        if frame is None and (frame := self._frame(chunk, pl.Float64, null_words=True)) is not None:
            self._has_null_words = True
        return frame

    def _frame(self, chunk: Chunk, cell_type: type[pl.DataType], *, null_words: bool) -> pl.DataFrame | None:
        schema: dict[str, type[pl.DataType]] = {f"c{place}": pl.String for place in range(self._header.width)}
        schema.update(dict.fromkeys(self.numbers, cell_type))
        table = pl.scan_csv(
            chunk.data,
            has_header=False,
            separator=self._header.delimiter,
            schema=schema,
            quote_char='"' if b'"' in chunk.data else None,
            null_values=sorted(NULL_WORDS) if null_words else None,
        )
        wanted = list(dict.fromkeys(["c0", *self.labels.values(), *self.numbers, self._last]))
        try:
            # With thousands of columns, a selection of them all takes half as long as the parsing.
            frame = (table if wanted == list(schema) else table.select(wanted)).collect()
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
            return None
        return frame if frame.height == chunk.lines else None
