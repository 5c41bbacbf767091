"""The parsed values of a matrix in a temporary file, so that the second pass parses nothing."""

from __future__ import annotations

import tempfile
import threading
import weakref
from collections.abc import Iterator, Sequence
from itertools import pairwise
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from expressway.errors import NoSpaceLeft
from expressway.files import FULL
from expressway.studies.study import FloatArray

_CELL = 8
_WIDE_CELLS = 2**21


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

    def blocks(self, size: int) -> Iterator[tuple[int, FloatArray]]:
        """(first gene, values of shape (genes, samples), C-contiguous) of `size` genes each, the last of fewer."""
        start, block, filled = 0, self._block(0, size), 0
        for wide in self._wide():
            done = 0
            while done < wide.shape[1]:
                taken = min(len(block) - filled, wide.shape[1] - done)
                block[filled : filled + taken] = wide[:, done : done + taken].T
                filled, done = filled + taken, done + taken
                if filled == len(block):
                    yield start, block
                    start += filled
                    block, filled = self._block(start, size), 0

    def _block(self, start: int, size: int) -> FloatArray:
        return np.empty((min(size, self.genes - start), self._samples))

    def _wide(self) -> Iterator[FloatArray]:
        """Consecutive genes of all samples, shape (samples, genes), each time in the same memory."""
        most = max(1, _WIDE_CELLS // max(1, self._samples))
        memory = np.empty(self._samples * min(most, self.genes))
        for block_start, block_stop in pairwise(self._starts):
            for low in range(block_start, block_stop, most):
                genes = min(most, block_stop - low)
                wide = memory[: self._samples * genes].reshape(self._samples, genes)
                self._read_block(wide, 0, low, block_start, block_stop)
                yield wide

    def columns(self, first: int, last: int) -> FloatArray:
        """Values of samples `first` to `last` (excluded) for all genes, shape (samples, genes), C-contiguous."""
        found = np.empty((min(last, self._samples) - first, self.genes))
        self._fill(found, first)
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

    def _fill(self, found: FloatArray, first: int) -> None:
        """Values of samples from `first` on, as many as `found` (samples, genes) can take."""
        for start, stop in pairwise(self._starts):
            self._read_block(found[:, start:stop], first, start, start, stop)

    def _read_block(self, target: FloatArray, first: int, low: int, block_start: int, block_stop: int) -> None:
        width, count = block_stop - block_start, target.shape[1]
        origin = block_start * self._samples + first * width + low - block_start
        if count < width:
            for row in range(len(target)):
                self._read(target[row], origin + row * width)
        elif target.flags.c_contiguous:
            self._read(target, origin)
        else:
            target[:] = self._read(np.empty(target.shape), origin)

    def _read(self, values: FloatArray, origin: int) -> FloatArray:
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
