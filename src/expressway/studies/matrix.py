"""Matrices in delimited text: their values, chunk after chunk, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import numpy as np
import polars as pl

from expressway.errors import NotAMatrix
from expressway.studies.axes import NULL_WORDS, Axes, texts_of
from expressway.studies.cells import cells_add_up, check_cells, numbers_of_text
from expressway.studies.containers import Member
from expressway.studies.encoding import Chunk, LineReader
from expressway.studies.header import Header, read_header
from expressway.studies.study import FloatArray

CHUNK_BYTES = 2**24
"""Text that is parsed at a time: larger is not faster."""


class DelimitedMatrix:
    """A matrix in delimited text.

    Args:
        member: the file.
        axes: layout and selection; gets everything else that is learnt.
        chunk_bytes: bytes of text that are parsed at a time.
    """

    def __init__(self, member: Member, axes: Axes, chunk_bytes: int = CHUNK_BYTES) -> None:
        self._member, self._axes, self._chunk_bytes = member, axes, chunk_bytes

        self._order: Literal["c", "fortran"] = "c" if axes.layout.samples_as_rows else "fortran"

    @property
    def grows_by_genes(self) -> bool:
        """True: each piece holds the next genes of all samples; False: the next samples with all genes."""
        return not self._axes.layout.samples_as_rows

    def pieces(self, progress: Callable[[int], None]) -> Iterator[FloatArray]:
        """Values of wanted samples, shape (samples, genes), NaN = missing or rejected.

        Args:
            progress: told the bytes read so far after each piece.

        Raises:
            SourceError: whatever is wrong with the file, naming the line.
        """
        display = self._member.display
        with self._member.open() as stream:
            lines = LineReader(stream, display)
            header = read_header(lines, display)
            columns = _Columns(header, self._axes, display)
            self._axes.columns, self._axes.corner = columns.data, header.corner
            for chunk in self._chunks(lines, header):
                yield self._values(columns, chunk)
                progress(lines.file_size)
            if not self._axes.row_ids:
                raise NotAMatrix(f"{display} has a header and no rows.", value=display)
            self._axes.file_hash, self._axes.file_size = lines.file_hash, lines.file_size

    def _chunks(self, lines: LineReader, header: Header) -> Iterator[Chunk]:
        # One chunk is read, hashed and checked while the one before is parsed.
        with ThreadPoolExecutor(1) as reader:
            ahead = reader.submit(self._checked_chunk, lines, header)
            while (chunk := ahead.result()) is not None:
                ahead = reader.submit(self._checked_chunk, lines, header)
                yield chunk

    def _checked_chunk(self, lines: LineReader, header: Header) -> Chunk | None:
        chunk = lines.chunk(self._chunk_bytes)
        if chunk is not None and not cells_add_up(chunk, header.delimiter, header.width):
            check_cells(chunk, header.delimiter, header.width, self._member.display)
        return chunk

    def _values(self, columns: _Columns, chunk: Chunk) -> FloatArray:
        frame = columns.numbers_frame(chunk)
        if frame is None or frame[columns.last].null_count():
            # The cells add up, yet one line may be short (filled up with nulls) and another too long.
            check_cells(chunk, columns.header.delimiter, columns.header.width, self._member.display)
        values = None if frame is None else frame.select(columns.numbers).to_numpy(order=self._order)
        if values is None or np.isinf(values).any():
            frame, values = columns.text_frame(chunk), None
        if frame is None:
            place = f"lines {chunk.first_line} to {chunk.first_line + chunk.lines - 1}"
            raise NotAMatrix(f"{self._member.display} cannot be parsed at {place}.", value=place)
        wanted = self._take_rows(columns, frame, chunk)
        if values is None:
            values = self._judged(frame.select(columns.numbers)[wanted], chunk, wanted)
        elif len(wanted) < len(values):
            values = values[wanted]
        return values.T if self.grows_by_genes else values

    def _take_rows(self, columns: _Columns, frame: pl.DataFrame, chunk: Chunk) -> list[int]:
        labels = {name: texts_of(frame[column]) for name, column in columns.labels.items()}
        return self._axes.take_rows(texts_of(frame["c0"]), labels, chunk.first_line, self._member.display)

    def _judged(self, cells: pl.DataFrame, chunk: Chunk, wanted: list[int]) -> FloatArray:
        """Numbers out of text, what is none being rejected."""
        values, bad = numbers_of_text(cells)
        if len(bad):
            axes, lines = self._axes, [chunk.first_line + row for row in wanted]
            if self.grows_by_genes:
                axes.reject(cells, bad, lines, axes.row_ids[-len(wanted) :], 0)
            else:
                axes.reject(cells, bad, lines, axes.columns, len(axes.samples) - len(wanted))
        return values


class _Columns:
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
        self.header = header
        self.labels = {label: f"c{names.index(label) + 1}" for label in labels}
        self.data = [name for _, name in data]
        self.numbers = [column for column, name in data if layout.samples_as_rows or axes.selection.wants(name)]
        self.last = f"c{len(names)}"
        self._has_null_words = False

    def numbers_frame(self, chunk: Chunk) -> pl.DataFrame | None:
        """Row ids, labels and wanted values of a chunk; None when a cell is neither a number nor missing."""
        # Looking for null words takes a fifth of the time, and most matrices have none.
        frame = None if self._has_null_words else self._frame(chunk, pl.Float64, null_words=False)
        if frame is None and (frame := self._frame(chunk, pl.Float64, null_words=True)) is not None:
            self._has_null_words = True
        return frame

    def text_frame(self, chunk: Chunk) -> pl.DataFrame | None:
        """Row ids, labels and wanted cells of a chunk as text; None when not even that can be parsed."""
        return self._frame(chunk, pl.String, null_words=False)

    def _frame(self, chunk: Chunk, cell_type: type[pl.DataType], *, null_words: bool) -> pl.DataFrame | None:
        schema: dict[str, type[pl.DataType]] = {f"c{place}": pl.String for place in range(self.header.width)}
        schema.update(dict.fromkeys(self.numbers, cell_type))
        table = pl.scan_csv(
            chunk.data,
            has_header=False,
            separator=self.header.delimiter,
            schema=schema,
            quote_char='"' if b'"' in chunk.data else None,
            null_values=sorted(NULL_WORDS) if null_words else None,
        )
        try:
            frame = table.select(list(dict.fromkeys(["c0", *self.labels.values(), *self.numbers, self.last]))).collect()
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
            return None
        return frame if frame.height == chunk.lines else None
