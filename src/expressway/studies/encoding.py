"""Whole lines of UTF-8 out of a stream of bytes, whatever the encoding of the file, hashed on the way."""

from __future__ import annotations

import codecs
import hashlib
import io
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from expressway.errors import NotAMatrix, RaggedRow, UnknownEncoding

LONGEST_LINE = 2**26
"""Bytes: a line of 60,000 genes has about 1.2 MB."""

_BUFFER = 2**20
_PIECE = 2**16  # bytes compared at a time: what comes of it stays in the cache
_NEWLINE = 10
_UTF8_MARK = codecs.BOM_UTF8
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_LINE_ENDS = b"\r\n"


@dataclass(frozen=True, slots=True)
class Chunk:
    """Consecutive whole lines without blank lines at their end."""

    data: bytes
    """UTF-8."""
    first_line: int
    """1-based number of its first line in the file."""
    lines: int
    """How many lines it holds."""


class LineReader:
    """Lines of a text file; its hash and size are complete once `chunk` has returned None."""

    def __init__(self, stream: BinaryIO, display: str) -> None:
        self._hashed = _Hashed(stream)
        self._stream: BinaryIO = io.BufferedReader(self._hashed, _BUFFER)
        self._display = display
        self._line = 1
        self._blank_line: int | None = None
        self._ahead = b""
        self._text = _Text(display)
        mark = self.head()[:3]
        if mark.startswith(_UTF16_MARKS):
            self._stream = io.BufferedReader(_Utf16(self._stream, display), _BUFFER)
        elif mark == _UTF8_MARK:
            self._stream.read(3)

    @property
    def file_hash(self) -> str:
        """SHA-256 of the bytes read so far as they are in the file, 64 hex digits."""
        return self._hashed.hash.hexdigest()

    @property
    def file_size(self) -> int:
        """Bytes read so far as they are in the file."""
        return self._hashed.count

    def head(self) -> bytes:
        """The first bytes of what has not been read yet, for a look; up to 1 MiB."""
        return self._stream.peek(_BUFFER)  # type: ignore[attr-defined, no-any-return]

    def line(self) -> str:
        """The next line that is not blank, without its end; "" at the end of the file."""
        while raw := self._whole_line():
            if text := raw.rstrip(_LINE_ENDS):
                return self._text.utf8(text, self._line - 1).decode("utf-8")
        return ""

    def line_ahead(self) -> str:
        """The next line without its end, which `chunk` will give again; "" when blank or at the end of the file."""
        self._ahead, self._line = self._whole_line(), self._line - 1
        return self._text.utf8(self._ahead.rstrip(_LINE_ENDS), self._line).decode("utf-8")

    def chunk(self, size: int) -> Chunk | None:
        """The next `size` bytes and the rest of their last line; None at the end of the file.

        Raises:
            RaggedRow: a blank line stands between other lines.
            UnknownEncoding: the bytes are not text.
        """
        while data := self._ahead + self._stream.read(size):
            self._ahead = b""
            if not data.endswith(b"\n"):
                data += self._stream.readline(LONGEST_LINE)
            first, ends = self._line, occurrences(data, _NEWLINE)
            self._line += ends
            text = self._without_blank_end(data, first)
            if text:
                lines = (ends if text is data else occurrences(text, _NEWLINE)) + (not text.endswith(b"\n"))
                return Chunk(self._text.utf8(text, first), first, lines)
        return None

    def _whole_line(self) -> bytes:
        raw = self._stream.readline(LONGEST_LINE)
        if len(raw) == LONGEST_LINE:
            raise NotAMatrix(f"Line {self._line} of {self._display} is longer than {LONGEST_LINE:,} bytes.")
        self._line += 1
        return raw

    def _without_blank_end(self, data: bytes, first: int) -> bytes:
        if self._blank_line is None and not data.endswith((b"\n\n", b"\n\r\n")) and data[0] not in _LINE_ENDS:
            return data
        text = data.rstrip(_LINE_ENDS)
        if text and self._blank_line is not None:
            raise RaggedRow(f"Line {self._blank_line} of {self._display} is blank.", value=f"line {self._blank_line}")
        filled = text.count(b"\n") + 1 if text else 0
        if data.count(b"\n") > filled:
            self._blank_line = self._blank_line or first + filled
        return text


def occurrences(data: bytes, byte: int) -> int:
    """How many there are: `bytes.count` takes three times as long, and keeps the parsers from running."""
    codes = np.frombuffer(data, np.uint8)
    pieces = (codes[first : first + _PIECE] == byte for first in range(0, len(codes), _PIECE))
    return sum(map(np.count_nonzero, pieces))


class _Text:
    """Brings chunks to UTF-8: a file is UTF-8 or, when a line of it is not, Latin-1; never both."""

    def __init__(self, display: str) -> None:
        self._display = display
        self._utf8_line: int | None = None
        self._latin1_line: int | None = None

    def utf8(self, data: bytes, first_line: int) -> bytes:
        if b"\0" in data:
            line = first_line + data[: data.index(b"\0")].count(b"\n")
            raise self._unknown(f"Line {line} of {self._display} holds NUL bytes: it is not text.", line)
        if data.isascii():
            return data
        for number, content in enumerate(data.split(b"\n"), first_line):
            self._classify(content, number)
        if self._utf8_line is not None and self._latin1_line is not None:
            raise self._unknown(
                f"{self._display} mixes encodings: line {self._utf8_line} is UTF-8, line {self._latin1_line} is not.",
                max(self._utf8_line, self._latin1_line),
            )
        return data if self._latin1_line is None else data.decode("latin-1").encode("utf-8")

    def _classify(self, line: bytes, number: int) -> None:
        if line.isascii():
            return
        try:
            line.decode("utf-8")
            self._utf8_line = self._utf8_line or number
        except UnicodeDecodeError:
            self._latin1_line = self._latin1_line or number

    def _unknown(self, message: str, line: int) -> UnknownEncoding:
        return UnknownEncoding(message, value=f"line {line}")


class _Hashed(io.RawIOBase):
    """Passes bytes on and hashes them."""

    def __init__(self, inner: BinaryIO) -> None:
        self._inner, self.hash, self.count = inner, hashlib.sha256(), 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        count = int(self._inner.readinto(buffer))  # type: ignore[attr-defined]
        self.hash.update(buffer[:count])
        self.count += count
        return count


class _Utf16(io.RawIOBase):
    """UTF-16 with its byte order mark as UTF-8."""

    def __init__(self, inner: BinaryIO, display: str) -> None:
        self._inner, self._display, self._ready = inner, display, b""
        self._decoder = codecs.getincrementaldecoder("utf-16")()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._ready:
            piece = self._inner.read(_BUFFER)
            try:
                self._ready = self._decoder.decode(piece, final=not piece).encode("utf-8")
            except UnicodeError as error:
                raise UnknownEncoding(f"{self._display} begins as UTF-16 but does not stay it: {error}.") from error
            if not piece:
                break
        count = min(len(buffer), len(self._ready))
        buffer[:count], self._ready = self._ready[:count], self._ready[count:]
        return count
