"""Cells of a chunk that need a closer look: lines with a wrong number of them, and those that are no numbers."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from expressway.errors import RaggedRow
from expressway.studies.axes import NULL_WORDS
from expressway.studies.encoding import Chunk, occurrences
from expressway.studies.study import FloatArray

_NEWLINE, _QUOTE = 10, 34


def cells_add_up(chunk: Chunk, delimiter: str, expected: int) -> bool:
    """Whether the cells of all lines together are as many as expected; False where quotes forbid a quick answer."""
    if b'"' in chunk.data:
        return False
    return occurrences(chunk.data, ord(delimiter)) == chunk.lines * (expected - 1)


def check_cells(chunk: Chunk, delimiter: str, expected: int, display: str) -> None:
    """Nothing, when every line has the expected number of cells.

    Args:
        chunk: whole lines.
        delimiter: a single character.
        expected: cells of a line, at least 2.
        display: what messages call the file.

    Raises:
        RaggedRow: names the first line with another number of cells, or with a quote that does not end.
    """
    data = np.frombuffer(chunk.data, np.uint8)
    quotes = data == _QUOTE if b'"' in chunk.data else None
    breaks = np.flatnonzero(data == _NEWLINE)
    cuts = data == ord(delimiter)
    if quotes is not None:
        inside = np.bitwise_xor.accumulate(quotes)
        _check_quotes(chunk, inside, breaks, display)
        cuts &= ~inside
    ends = breaks if chunk.data.endswith(b"\n") else np.append(breaks, len(data))
    places = np.flatnonzero(cuts)
    found = np.diff(np.searchsorted(places, ends), prepend=0) + 1
    if (found != expected).any():
        raise _ragged(chunk, found, ends, expected, display)


def _ragged(chunk: Chunk, found: NDArray[np.intp], ends: NDArray[np.intp], expected: int, display: str) -> RaggedRow:
    row = int(np.flatnonzero(found != expected)[0])
    line = chunk.first_line + row
    start = int(ends[row - 1]) + 1 if row else 0
    if chunk.data[start : int(ends[row])].strip():
        message = f"Line {line} of {display} has {found[row]:,} cells; the header says {expected:,}."
    else:
        message = f"Line {line} of {display} is blank."
    return RaggedRow(message, value=f"line {line}")


def _check_quotes(chunk: Chunk, inside: NDArray[np.bool_], breaks: NDArray[np.intp], display: str) -> None:
    open_ends = inside[np.append(breaks, len(inside) - 1)]
    if open_ends.any():
        line = chunk.first_line + int(np.flatnonzero(open_ends)[0])
        hint = "A quoted cell must end on its line; mend the line that is named."
        raise RaggedRow(f"Line {line} of {display} opens a quote that it does not close.", value=line, hint=hint)


def numbers_of_text(cells: pl.DataFrame) -> tuple[FloatArray, NDArray[np.intp]]:
    """The numbers in a frame of text, and where there are none.

    Args:
        cells: text, or numbers of any type; null, blank and the null words are missing.

    Returns:
        values of shape (rows, columns), NaN for missing and bad cells; (row, column) of each bad cell, row by row.
    """
    text = cells.select(pl.all().cast(pl.String).str.strip_chars())
    missing = text.select(pl.all().is_null() | pl.all().is_in(["", *sorted(NULL_WORDS)])).to_numpy()
    numbers = text.select(pl.all().cast(pl.Float64, strict=False).fill_null(float("inf"))).to_numpy(writable=True)
    bad = np.isinf(numbers) & ~missing
    numbers[missing | bad] = np.nan
    return numbers, np.argwhere(bad)
