"""The parsed values of a matrix in a temporary file, so that the second pass parses nothing."""

from __future__ import annotations

import tempfile
import threading
import weakref
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from expressway.errors import NoSpaceLeft
from expressway.files import FULL
from expressway.studies.study import FloatArray

_CELL = 8


class Spill:
    """Values of a matrix on disk: float64 as given, NaN = missing.

    The file is a row of blocks of genes, each sample after sample, so the values of a sample lie together in
    each block. It has no name, lies where TMPDIR says, and vanishes with the process.

    Args:
        samples: number of samples when genes are appended; None when samples are appended.
    """

    def __init__(self, samples: int | None = None) -> None:
        try:
            # The handle outlives this call: `close` and the finalizer end it.
            self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115
        except OSError as error:
            raise NoSpaceLeft(f"No temporary file can be made: {error.strerror or error}.") from error
        self._close = weakref.finalize(self, self._file.close)
        self._lock = threading.Lock()
        self._by_genes = samples is not None
        self._samples = samples or 0
        self._starts = [0]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def samples(self) -> int:
        """Number of samples."""
        return self._samples

    @property
    def genes(self) -> int:
        """Number of genes."""
        return self._starts[-1]

    def close(self) -> None:
        """Frees the disk space."""
        self._close()

    def append(self, values: FloatArray) -> None:
        """Writes the next genes of all samples, or the next samples with all genes.

        Args:
            values: shape (samples, genes), C-contiguous.

        Raises:
            NoSpaceLeft: the temporary folder is full.
        """
        samples, genes = values.shape
        if self._by_genes:
            self._starts.append(self.genes + genes)
        else:
            self._starts = [0, genes]
            self._samples += samples
        left = _bytes_of(np.ascontiguousarray(values))
        try:
            with self._lock:
                self._file.seek(0, 2)
                while left:
                    left = left[self._file.write(left) :]
        except OSError as error:
            if error.errno not in FULL:
                raise
            raise NoSpaceLeft(
                f"The temporary folder {tempfile.gettempdir()} is full.", value=tempfile.gettempdir()
            ) from error

    def read(self, start: int, stop: int) -> FloatArray:
        """Values of genes `start` to `stop` (excluded), shape (genes, samples), C-contiguous."""
        found = np.empty((max(0, min(stop, self.genes) - start), self._samples))
        self._fill(found.T, 0, start)
        return found

    def columns(self, first: int, last: int) -> FloatArray:
        """Values of samples `first` to `last` (excluded) for all genes, shape (samples, genes), C-contiguous."""
        found = np.empty((min(last, self._samples) - first, self.genes))
        self._fill(found, first, 0)
        return found

    def stripes(self, limit: int) -> Iterator[tuple[int, int]]:
        """(first, last) sample of stripes whose `columns` take at most `limit` bytes, or one sample."""
        step = max(1, limit // max(1, self.genes * _CELL))
        for first in range(0, self._samples, step):
            yield first, min(first + step, self._samples)

    def rows(self, indices: Sequence[int] | NDArray[np.intp], limit: int) -> FloatArray:
        """Values of chosen genes, shape (genes, samples), read in stripes of at most `limit` bytes."""
        found = np.empty((len(indices), self._samples))
        for first, last in self.stripes(limit):
            found[:, first:last] = self.columns(first, last)[:, indices].T
        return found

    def _fill(self, found: FloatArray, first: int, start: int) -> None:
        """Values of samples from `first` and genes from `start` on, as many as `found` (samples, genes) can take."""
        stop = start + found.shape[1]
        for block_start, block_stop in zip(self._starts[:-1], self._starts[1:], strict=True):
            low, high = max(start, block_start), min(stop, block_stop)
            if low < high:
                self._read_block(found[:, low - start : high - start], first, low, block_start, block_stop)

    def _read_block(self, target: FloatArray, first: int, low: int, block_start: int, block_stop: int) -> None:
        width, count = block_stop - block_start, target.shape[1]
        origin = block_start * self._samples + first * width + low - block_start
        if count == width:
            target[:] = self._values(origin, target.size).reshape(target.shape)
            return
        for row in range(target.shape[0]):
            target[row] = self._values(origin + row * width, count)

    def _values(self, origin: int, count: int) -> FloatArray:
        values = np.empty(count)
        left = _bytes_of(values)
        with self._lock:
            self._file.seek(origin * _CELL)
            while left:
                count = self._file.readinto(left)
                if not count:
                    raise EOFError("the temporary file is shorter than what was written to it")
                left = left[count:]
        return values


def _bytes_of(values: FloatArray) -> memoryview:
    # An empty array has no view of its bytes.
    return values.data.cast("B") if values.size else memoryview(b"")
