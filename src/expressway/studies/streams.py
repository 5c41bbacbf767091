"""Streams of decompressed bytes: every way they can break, told as an error of ours."""

from __future__ import annotations

import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable
from typing import BinaryIO, cast

import zstandard

from expressway.errors import BrokenContainer, SourceError, UnsafeArchive

UNPACKED_ALLOWANCE = 2**30
"""Bytes that may come out of any file, however well it is packed."""
LARGEST_RATIO = 200
"""Unpacked over packed bytes that is believed beyond the allowance: a matrix with 98% tied cells reaches 55."""

UNPACK_HINT = "If you trust where it comes from, unpack it and load the unpacked file."

_BUFFER = 2**20
_ZSTD_PIECE = 2**12
_GZIP_MAGIC = b"\x1f\x8b"
_WEB_PAGE_STARTS = (b"<!doctype", b"<html", b"<head", b"<?xml")
_DAMAGE = (
    EOFError,
    OSError,
    ValueError,
    NotImplementedError,
    RuntimeError,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
    zstandard.ZstdError,
)


def unpacked_limit(packed: int) -> int:
    """Bytes that a file of so many packed bytes may hold before it is taken for a bomb."""
    return max(UNPACKED_ALLOWANCE, LARGEST_RATIO * packed)


def web_page_hint(head: bytes) -> str | None:
    """What to do when the first bytes are those of a web page, else None."""
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_WEB_PAGE_STARTS):
        return "It is a web page (a login or error page, perhaps): open it in a browser, then download the file itself."
    return None


def guarded_stream(
    opened: Callable[[], BinaryIO], *, display: str, packing: str, packed: int, declared: int | None = None
) -> BinaryIO:
    """A buffered stream of decompressed bytes.

    Args:
        opened: gives the stream of stored bytes.
        display: what messages call the file.
        packing: ".gz", ".zst", or "" when the stored bytes are the content.
        packed: packed bytes (of the file, or of the zip member), which bound what may come out.
        declared: bytes that the stored stream must give in full; None when nothing says.

    Raises:
        BrokenContainer: at once or while reading, when the file is cut short or damaged.
        UnsafeArchive: while reading, when far more comes out than a matrix of this size holds.
    """
    try:
        stored = opened()
        try:
            inner = _unpacked(_counted(stored, declared), packing, display)
        except BaseException:
            stored.close()
            raise
    except SourceError:
        raise
    except _DAMAGE as error:
        raise _broken(display, error) from error
    return io.BufferedReader(_Guarded(inner, stored, display, packed), _BUFFER)


def _unpacked(stored: io.BufferedReader, packing: str, display: str) -> BinaryIO:
    if packing == "":
        return stored
    head = stored.peek(64)
    if hint := web_page_hint(head):
        raise BrokenContainer(f"{display} is not compressed data.", value=display, hint=hint)
    if packing == ".gz":
        if not head.startswith(_GZIP_MAGIC):
            hint = "If it is plain text already, rename it without .gz." if head else None
            raise BrokenContainer(f"{display} is not a gzip file.", value=display, hint=hint)
        return cast(BinaryIO, gzip.GzipFile(fileobj=stored, mode="rb"))
    return io.BufferedReader(_Zstandard(stored), _BUFFER)


def _counted(stored: BinaryIO, declared: int | None) -> io.BufferedReader:
    return io.BufferedReader(_Counted(stored, declared), _BUFFER)


class _Counted(io.RawIOBase):
    """Stored bytes that end only where they were declared to end."""

    def __init__(self, inner: BinaryIO, declared: int | None) -> None:
        self._inner, self._declared, self._count = inner, declared, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        count = self._inner.readinto(buffer)  # type: ignore[attr-defined]
        self._count += count
        if count == 0 and len(buffer) and self._declared is not None and self._count != self._declared:
            raise EOFError(f"{self._count:,} bytes where {self._declared:,} were declared")
        return int(count)


class _Zstandard(io.RawIOBase):
    """Frames of zstd one after the other; unlike the library's reader it notices a missing end."""

    def __init__(self, stored: BinaryIO) -> None:
        self._stored, self._ready, self._packed = stored, b"", b""
        self._frame: zstandard.ZstdDecompressionObj | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._ready:
            # Small pieces: one call returns all that its piece unpacks to.
            self._packed = self._packed or self._stored.read(_ZSTD_PIECE)
            if not self._packed:
                if self._frame is not None:
                    raise EOFError("the last zstd frame has no end")
                return 0
            self._ready = self._next_piece()
        count = min(len(buffer), len(self._ready))
        buffer[:count], self._ready = self._ready[:count], self._ready[count:]
        return count

    def _next_piece(self) -> bytes:
        if self._frame is None:
            self._frame = zstandard.ZstdDecompressor().decompressobj()
        piece = self._frame.decompress(self._packed)
        self._packed = b""
        if self._frame.eof:
            self._packed, self._frame = self._frame.unused_data, None
        return piece


class _Guarded(io.RawIOBase):
    """Turns damage into BrokenContainer, and a bomb into UnsafeArchive before it fills anything."""

    def __init__(self, inner: BinaryIO, stored: BinaryIO, display: str, packed: int) -> None:
        self._inner, self._stored, self._display, self._packed, self._count = inner, stored, display, packed, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            count = int(self._inner.readinto(buffer))  # type: ignore[attr-defined]
        except SourceError:
            raise
        except _DAMAGE as error:
            raise _broken(self._display, error) from error
        self._count += count
        if self._count > unpacked_limit(self._packed):
            raise UnsafeArchive(
                f"{self._display} has {self._packed:,} bytes and unpacks to more than {self._count - 1:,}.",
                value=self._display,
                hint=UNPACK_HINT,
            )
        return count

    def close(self) -> None:
        if not self.closed:
            self._inner.close()
            self._stored.close()
        super().close()


def _broken(display: str, error: Exception) -> BrokenContainer:
    reason = str(error).strip().rstrip(".") or type(error).__name__
    return BrokenContainer(f"{display} is damaged or cut short: {reason}.", value=display)
