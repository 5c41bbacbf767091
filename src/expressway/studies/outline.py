"""The outline of a matrix: its first lines, and what they say of the way it lies in its file."""

from __future__ import annotations

import csv
import re
import shutil
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice

import polars as pl

from expressway.errors import BrokenContainer, InvalidSetting, NotAMatrix, SourceError
from expressway.studies.axes import MatrixLayout
from expressway.studies.containers import Member
from expressway.studies.encoding import LineReader
from expressway.studies.hashes import PUBLIC_SAMPLE
from expressway.studies.header import ID_HEADERS, read_header

LINES = 20

SAMPLE_CORNERS = frozenset(("sample", "samples", "sampleid", "samplename", "geoaccession", "patient", "subject"))
GENE_CORNERS = frozenset(("gene", "genes", "geneid", "genesymbol", "symbol", "probe", "probeid", "idref", "ensgene"))
LABEL_NAMES = frozenset(("label", "labels", "group", "class"))
"""Names of a column of labels, also where the labels are numbers."""
GENE_ID = re.compile(r"ENS[A-Z]*G\d{6,}(\.\d+)?")
MISSING = frozenset(("", "na", "n/a", "nan", "null", "none"))


@dataclass(frozen=True, slots=True)
class Outline:
    """The first lines of a matrix as text."""

    header: tuple[str, ...]
    """One name for each column; "" for a first column without a name."""
    rows: tuple[tuple[str, ...], ...]
    """At most 20 lines below the header."""


def read_outline(member: Member) -> Outline:
    """Header and first lines of a matrix.

    Raises:
        SourceError: the file is broken, or not a matrix.
    """
    if member.suffix == ".parquet":
        with _parquet(member) as table:
            frame = table.head(LINES).collect()
        return Outline(tuple(frame.columns), tuple(_texts(row) for row in frame.iter_rows()))
    lines = _lines(member)
    return Outline(next(lines), tuple(islice(lines, LINES)))


def guess_layout(outline: Outline, samples: Collection[str] = ()) -> MatrixLayout:
    """The way a matrix lies: rows are samples when the first line or column says so, genes otherwise.

    The first of these that speaks decides: known sample names, the name of the first column, gene ids, public
    sample accessions, a last column of text.

    Args:
        outline: the first lines of the matrix.
        samples: names of samples, where a sample sheet tells them.
    """
    return layout_of(outline, _samples_are_rows(outline, samples), None)


def layout_of(outline: Outline, samples_as_rows: bool, label_column: str | None) -> MatrixLayout:
    """A layout with the columns of text that a matrix with samples as rows has.

    Args:
        outline: the first lines of the matrix.
        samples_as_rows: which way it lies.
        label_column: a column of labels that was named; found from the first lines when None.

    Raises:
        InvalidSetting: there is no such column.
    """
    columns = outline.header[1:]
    if label_column is not None and (not samples_as_rows or label_column not in columns):
        raise InvalidSetting(
            f'there is no column of labels named "{label_column}"' if samples_as_rows else "rows are not samples",
            value=f"label_column: {label_column}",
            hint=f"The last columns are: {', '.join(columns[-5:])}. A column of labels needs samples as rows.",
        )
    if not samples_as_rows:
        return MatrixLayout()
    found = [name for index, name in enumerate(columns, 1) if name == label_column or _is_text(outline, index)]
    return MatrixLayout(samples_as_rows=True, label_columns=tuple(found))


def best_label_column(layout: MatrixLayout) -> str | None:
    """The column that most likely holds the cohort: one named Label, Group or Class, else the last column of text."""
    named = [name for name in layout.label_columns if name.lower() in LABEL_NAMES]
    return next(iter([*named, *reversed(layout.label_columns)]), None)


def sample_rows(member: Member, columns: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """The first cell and the cells of some columns of every line, one line after the other in memory."""
    header = read_outline(member).header
    wanted = [0, *(header.index(name) for name in columns)]
    if member.suffix == ".parquet":
        with _parquet(member) as table:
            frame = table.select([header[index] for index in wanted]).collect()
        yield from (_texts(row) for row in frame.iter_rows())
    else:
        lines = islice(_lines(member), 1, None)
        yield from (tuple(cells[index] for index in wanted) for cells in lines if len(cells) > max(wanted))


def _samples_are_rows(outline: Outline, samples: Collection[str]) -> bool:
    columns, first = outline.header[1:], [row[0] for row in outline.rows]
    corner = re.sub(r"[\s_.-]+", "", outline.header[0]).lower() if outline.header else ""
    signs = (
        (any(name in samples for name in first), any(name in samples for name in columns)),
        (corner in SAMPLE_CORNERS, corner in GENE_CORNERS),
        (any(map(GENE_ID.fullmatch, columns)), any(map(GENE_ID.fullmatch, first))),
        (any(map(PUBLIC_SAMPLE.fullmatch, first)), any(map(PUBLIC_SAMPLE.fullmatch, columns))),
    )
    last_is_text = len(columns) > 1 and _is_text(outline, len(columns))
    return next((rows for rows, not_rows in signs if rows != not_rows), last_is_text)


def _is_text(outline: Outline, index: int) -> bool:
    """Whether a column is one of labels: by its name, or because none of its cells is a number."""
    if outline.header[index].lower() in LABEL_NAMES:
        return True
    cells = [row[index].strip() for row in outline.rows if index < len(row)]
    given = [cell for cell in cells if cell.lower() not in MISSING]
    return bool(given) and not any(map(_is_number, given))


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _lines(member: Member) -> Iterator[tuple[str, ...]]:
    """The cells of every line, the header first; "" stands for a name that the first column lacks."""
    with member.open() as stream:
        header = read_header(LineReader(stream, member.display), member.display)
    with member.open() as stream:
        lines = LineReader(stream, member.display)
        first = _cells(lines.line(), header.delimiter)
        yield (first[0] if len(first) > len(header.columns) else "", *header.columns)
        while line := lines.line():
            yield _cells(line, header.delimiter)


def _cells(line: str, delimiter: str) -> tuple[str, ...]:
    try:
        return tuple(cell.strip() for cell in next(csv.reader([line], delimiter=delimiter)))
    except csv.Error as error:
        raise NotAMatrix(f"a line of the matrix cannot be read: {error}", value=line[:60]) from error


@contextmanager
def _parquet(member: Member) -> Iterator[pl.LazyFrame]:
    """The table of a Parquet file, its column of ids first; a packed file is written to a temporary one."""
    try:
        with tempfile.NamedTemporaryFile(suffix=".parquet") as copy:
            packed = member.zip_name is not None or member.packing
            if packed:
                with member.open() as stream:
                    shutil.copyfileobj(stream, copy)
                copy.flush()
            table = pl.scan_parquet(copy.name if packed else member.path, glob=False)
            schema = table.collect_schema()
            known = (name for name in schema if name.lower() in ID_HEADERS or name == "__index_level_0__")
            text = (name for name, dtype in schema.items() if dtype in (pl.String, pl.Categorical, pl.Enum))
            first = next(chain(known, text), None)
            yield table if first is None else table.select(first, pl.exclude(first))
    except SourceError:
        raise
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise BrokenContainer(f"{member.display} cannot be read as Parquet: {error}", value=member.display) from error


def _texts(row: Sequence[object]) -> tuple[str, ...]:
    return tuple("" if cell is None else str(cell) for cell in row)
