"""Matrices in Parquet: their values, column after column, in bounded memory."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
import polars as pl

from expressway.errors import BrokenContainer, NoSpaceLeft, NotAMatrix
from expressway.studies.axes import Axes, texts_of
from expressway.studies.cells import numbers_of_text
from expressway.studies.containers import Member
from expressway.studies.header import ID_HEADERS
from expressway.studies.streams import web_page_hint
from expressway.studies.study import FloatArray

_MAGIC = b"PAR1"
_PIECE = 2**20
_DAMAGE = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError)


class ParquetMatrix:
    """A matrix in a Parquet file: row ids in a column of text, values in the others.

    A file inside a zip, or compressed as a whole, is written to a temporary file first. Rejected cells are named by
    their 1-based row.

    Args:
        member: the file.
        axes: layout and selection; gets everything else that is learnt.
        piece_bytes: bytes of values that are read at a time.
    """

    def __init__(self, member: Member, axes: Axes, piece_bytes: int) -> None:
        self._member, self._axes, self._piece_bytes = member, axes, piece_bytes

    @property
    def grows_by_genes(self) -> bool:
        """True: each piece holds the next genes of all samples; False: the next samples with all genes."""
        return self._axes.layout.samples_as_rows

    def pieces(self, progress: Callable[[int], None]) -> Iterator[FloatArray]:
        """Values of wanted samples, shape (samples, genes), NaN = missing or rejected.

        Args:
            progress: told the bytes of the file as far as they are used after each piece.

        Raises:
            BrokenContainer: the file is damaged or cut short.
            NotAMatrix: there is no column of ids, or none of values.
        """
        with self._local_path() as path:
            try:
                yield from self._read(pl.scan_parquet(path, glob=False), progress)
            except _DAMAGE as error:
                display = self._member.display
                raise BrokenContainer(f"{display} is damaged or cut short.", value=display) from error

    def _read(self, table: pl.LazyFrame, progress: Callable[[int], None]) -> Iterator[FloatArray]:
        axes, display = self._axes, self._member.display
        schema = table.collect_schema()
        id_column = _id_column(schema, display)
        labels = axes.layout.label_columns if axes.layout.samples_as_rows else ()
        axes.corner = id_column
        axes.columns = [name for name in schema if name != id_column and name not in labels]
        _check_types(schema, id_column, axes.columns, labels, display)
        texts = table.select(id_column, *labels).collect()
        if texts.is_empty():
            raise NotAMatrix(f"{display} has no rows.", value=display)
        wanted = axes.take_rows(
            texts_of(texts[id_column]), {name: texts_of(texts[name]) for name in labels}, 1, display
        )
        names = axes.columns if axes.layout.samples_as_rows else axes.samples
        step = max(1, self._piece_bytes // (8 * texts.height))
        # A last empty piece when no column is wanted: the other axis is known all the same.
        for first in range(0, max(1, len(names)), step):
            cells = table.select(names[first : first + step]).collect() if names else pl.DataFrame()
            yield self._values(cells, wanted, texts.height, first)
            progress(axes.file_size * min(first + step, len(names)) // max(1, len(names)))

    def _values(self, cells: pl.DataFrame, wanted: list[int], height: int, first: int) -> FloatArray:
        if cells.width == 0:
            return np.empty((0, height))
        if len(wanted) < height:
            cells = cells[wanted]
        if all(dtype.is_numeric() for dtype in cells.dtypes):
            values = cells.select(pl.all().cast(pl.Float64)).to_numpy(order="fortran")
        else:
            values = None
        if values is None or np.isinf(values).any():
            values, bad = numbers_of_text(cells)
            self._reject(cells, bad, wanted, first)
        return values if self._axes.layout.samples_as_rows else values.T

    def _reject(self, cells: pl.DataFrame, bad: np.ndarray, wanted: list[int], first: int) -> None:
        axes = self._axes
        lines = [row + 1 for row in wanted]
        if axes.layout.samples_as_rows:
            axes.reject(cells, bad, lines, axes.columns[first : first + cells.width], 0)
        else:
            axes.reject(cells, bad, lines, axes.row_ids, first)

    @contextmanager
    def _local_path(self) -> Iterator[Path]:
        """The file itself, or a copy of what is inside its packing; hashed on the way."""
        if self._member.zip_name is None and not self._member.packing:
            self._copy(None)
            yield self._member.path
            return
        with tempfile.NamedTemporaryFile(suffix=".parquet") as copy:
            try:
                self._copy(cast(BinaryIO, copy))
                copy.flush()
            except OSError as error:
                raise NoSpaceLeft(f"The temporary folder {tempfile.gettempdir()} is full: {error}.") from error
            yield Path(copy.name)

    def _copy(self, target: BinaryIO | None) -> None:
        digest, size, display = hashlib.sha256(), 0, self._member.display
        with self._member.open() as stream:
            while piece := stream.read(_PIECE):
                if size == 0 and not piece.startswith(_MAGIC):
                    hint = web_page_hint(piece[:64])
                    raise BrokenContainer(f"{display} is not a Parquet file.", value=display, hint=hint)
                digest.update(piece)
                size += len(piece)
                if target is not None:
                    target.write(piece)
        if size == 0:
            raise NotAMatrix(f"{display} is empty.", value=display)
        self._axes.file_hash, self._axes.file_size = digest.hexdigest(), size


def _id_column(schema: pl.Schema, display: str) -> str:
    for name in schema:
        if name.lower() in ID_HEADERS or name == "__index_level_0__":
            return name
    for name, dtype in schema.items():
        if dtype in (pl.String, pl.Categorical, pl.Enum):
            return name
    raise NotAMatrix(f"{display} has no column of ids (text, or named gene_id).", value=", ".join(list(schema)[:5]))


def _check_types(schema: pl.Schema, id_column: str, columns: list[str], labels: tuple[str, ...], display: str) -> None:
    for label in labels:
        if label not in schema:
            raise NotAMatrix(f"{display} has no column named {label}.", value=label)
    if not columns:
        raise NotAMatrix(f"{display} has a single column.", value=id_column)
    for name in columns:
        if not (schema[name].is_numeric() or schema[name] in (pl.String, pl.Null, pl.Categorical, pl.Enum)):
            raise NotAMatrix(f"Column {name} of {display} holds {schema[name]}, not numbers.", value=name)
