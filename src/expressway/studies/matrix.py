"""Matrices in delimited text: their values, chunk after chunk, in bounded memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from expressway.errors import NotAMatrix
from expressway.studies.axes import Axes, texts_of
from expressway.studies.cells import numbers_of_text
from expressway.studies.columns import Columns, Parsed
from expressway.studies.containers import Member
from expressway.studies.encoding import LineReader
from expressway.studies.header import read_header
from expressway.studies.study import FloatArray

CHUNK_BYTES = 2**23
"""Text that is parsed at a time: larger is not faster."""

_PARSERS = 3


class DelimitedMatrix:
    """A matrix in delimited text.

    Args:
        member: the file.
        axes: layout and selection; gets everything else that is learnt.
        chunk_bytes: bytes of text that are parsed at a time.
    """

    def __init__(self, member: Member, axes: Axes, chunk_bytes: int = CHUNK_BYTES) -> None:
        self._member, self._axes, self._chunk_bytes = member, axes, chunk_bytes

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
            columns = Columns(header, self._axes, display)
            self._axes.columns, self._axes.corner = columns.data, header.corner
            for parsed in self._parsed(lines, columns):
                yield self._values(columns, parsed)
                progress(lines.file_size)
            if not self._axes.row_ids:
                raise NotAMatrix(f"{display} has a header and no rows.", value=display)
            self._axes.file_hash, self._axes.file_size = lines.file_hash, lines.file_size

    def _parsed(self, lines: LineReader, columns: Columns) -> Iterator[Parsed]:
        """The chunks in order; one is read and hashed while others are parsed."""
        waiting: deque[Future[Parsed]] = deque()
        with ThreadPoolExecutor(1) as reader, ThreadPoolExecutor(_PARSERS) as parsers:
            chunk = lines.chunk(self._chunk_bytes)
            while chunk is not None:
                waiting.append(parsers.submit(columns.parse, chunk))
                ahead = reader.submit(lines.chunk, self._chunk_bytes)
                if len(waiting) > _PARSERS:
                    yield waiting.popleft().result()
                # What is wrong in an earlier line is told before what is wrong in a later one.
                if ahead.exception() is not None:
                    yield from (future.result() for future in waiting)
                chunk = ahead.result()
            yield from (future.result() for future in waiting)

    def _values(self, columns: Columns, parsed: Parsed) -> FloatArray:
        axes, frame, values = self._axes, parsed.frame, parsed.values
        labels = {name: texts_of(frame[column]) for name, column in columns.labels.items()}
        wanted = axes.take_rows(texts_of(frame["c0"]), labels, parsed.first_line, self._member.display)
        if values is None:
            values = self._judged(columns, parsed, wanted)
        elif len(wanted) < len(values):
            values = values[wanted]
        return values.T if self.grows_by_genes else values

    def _judged(self, columns: Columns, parsed: Parsed, wanted: list[int]) -> FloatArray:
        """Numbers out of text, what is none being rejected."""
        cells = parsed.frame.select(columns.numbers)[wanted]
        values, bad = numbers_of_text(cells)
        if len(bad):
            axes, lines = self._axes, [parsed.first_line + row for row in wanted]
            if self.grows_by_genes:
                axes.reject(cells, bad, lines, axes.row_ids[-len(wanted) :], 0)
            else:
                axes.reject(cells, bad, lines, axes.columns, len(axes.samples) - len(wanted))
        return values
