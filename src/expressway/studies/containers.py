"""What a study arrives in: a zip, a folder or a single file, read as streams of decompressed bytes."""

from __future__ import annotations

import hashlib
import os
import posixpath
import stat
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, Literal, cast

from expressway.errors import SourceNotFound, UnsafeArchive
from expressway.studies.archives import zip_contents
from expressway.studies.streams import guarded_stream

ContainerKind = Literal["ZIP", "FOLDER", "FILE"]

_PACKINGS = (".gz", ".zst")
_UNWANTED = "__MACOSX"


@dataclass(frozen=True, slots=True)
class Member:
    """A file of a container."""

    name: str
    """Path inside the container with forward slashes; the file name for a single file."""
    display: str
    """What messages call it: `SRP1.zip!SRP1/SRP1.tsv`, or the path."""
    size: int
    """Bytes of the file as the container shows it: a zip member unpacked, any other file (a .gz too) as stored."""
    path: Path
    """The file itself, or the zip that holds it."""
    packed: int = 0
    """Bytes it takes in the zip; `size` for a file of its own."""
    zip_name: str | None = None
    """Its name as the zip spells it; None for a file of its own."""

    @property
    def packing(self) -> str:
        """The compression that its name tells: ".gz", ".zst" or ""."""
        ending = posixpath.splitext(self.name)[1].lower()
        return ending if ending in _PACKINGS else ""

    @property
    def suffix(self) -> str:
        """Lower-case suffix of the name without .gz or .zst: ".tsv", ".csv", ".txt", ".parquet", ".json"."""
        name = self.name[: len(self.name) - len(self.packing)]
        return posixpath.splitext(name)[1].lower()

    def open(self) -> BinaryIO:
        """A stream of decompressed bytes, to be closed by the caller.

        Raises:
            SourceNotFound: the file is gone or may not be read.
            BrokenContainer, UnsafeArchive: at once or while reading.
        """
        return guarded_stream(
            self.open_stored,
            display=self.display,
            packing=self.packing,
            packed=self.packed or self.size,
            declared=None if self.zip_name is None else self.size,
        )

    def open_stored(self) -> BinaryIO:
        """A stream of the bytes as the container shows them, without unpacking .gz or .zst."""
        if self.zip_name is None:
            return _opened(self.path)
        with zipfile.ZipFile(self.path) as archive:
            return cast(BinaryIO, archive.open(self.zip_name))

    def read(self, limit: int) -> bytes:
        """All decompressed bytes.

        Args:
            limit: bytes that the file may have at most; for small files such as metadata.

        Raises:
            UnsafeArchive: the file is larger.
        """
        with self.open() as stream:
            content = stream.read(limit + 1)
        if len(content) > limit:
            raise UnsafeArchive(f"{self.display} is larger than {limit:,} bytes.", value=self.display)
        return content


@dataclass(frozen=True, slots=True)
class Container:
    """A study on disk with its files in order of name."""

    path: Path
    kind: ContainerKind
    members: tuple[Member, ...]

    def sha256(self, known: Mapping[str, str] | None = None) -> str:
        """64 hex digits: of the zip or the single file; for a folder of its sorted `name NUL sha256` lines.

        Args:
            known: hashes of plain files that were read already, by member name.
        """
        known = known or {}
        if self.kind == "ZIP":
            return _file_sha256(self.path)
        hashes = {member.name: known.get(member.name) or _file_sha256(member.path) for member in self.members}
        if self.kind == "FILE":
            return hashes[self.members[0].name]
        lines = sorted(f"{name}\0{value}\n" for name, value in hashes.items())
        return hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def open_container(path: Path) -> Container:
    """The container at a path with its list of files; nothing is unpacked.

    Hidden files, `.DS_Store` and `__MACOSX` are left out.

    Args:
        path: a .zip, a folder (taken with all its subfolders), or a single file.

    Raises:
        SourceNotFound: the path does not exist, cannot be read, or is an empty folder.
        UnsafeArchive: a member or link leads outside, is encrypted, or unpacks to far too much.
        BrokenContainer: the zip is damaged or cut short.
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise SourceNotFound(f"{path} cannot be read: {reason}.", value=path) from error
    if stat.S_ISDIR(mode):
        kind, members = "FOLDER", sorted(_folder_members(path), key=lambda member: member.name)
    elif not stat.S_ISREG(mode):
        raise SourceNotFound(f"{path} is neither a file nor a folder.", value=path)
    elif path.suffix.lower() == ".zip":
        kind, members = "ZIP", sorted(_zip_members(path), key=lambda member: member.name)
    else:
        _opened(path).close()
        kind, members = "FILE", [_file_member(path, path.name)]
    if not members:
        raise SourceNotFound(f"{path} holds no files.", value=path)
    return Container(path, cast(ContainerKind, kind), tuple(members))


def _file_member(path: Path, name: str) -> Member:
    size = path.stat().st_size
    return Member(name, str(path), size, path, packed=size)


def _zip_members(path: Path) -> Iterator[Member]:
    _opened(path).close()
    for name, info in zip_contents(path):
        if _is_wanted(name):
            yield Member(name, f"{path}!{name}", info.file_size, path, info.compress_size, info.filename)


def _folder_members(root: Path) -> Iterator[Member]:
    home = root.resolve()
    for folder, subfolders, files in os.walk(root, onerror=_unreadable):
        subfolders[:] = [entry for entry in subfolders if _is_wanted(entry)]
        for entry in sorted(subfolders) + sorted(files):
            path = Path(folder, entry)
            name = path.relative_to(root).as_posix()
            if not _is_wanted(name):
                continue
            if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(home):  # a loop has no `resolve`
                raise UnsafeArchive(f"The link {path} leads out of the folder.", value=path)
            if path.is_file():
                yield _file_member(path, name)


def _is_wanted(name: str) -> bool:
    return not any(part.startswith(".") or part == _UNWANTED for part in name.split("/"))


def _unreadable(error: OSError) -> None:
    raise SourceNotFound(f"{error.filename} cannot be read: {error.strerror}.", value=error.filename) from error


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise SourceNotFound(f"{path} cannot be read: {error.strerror}.", value=path) from error


def _file_sha256(path: Path) -> str:
    with _opened(path) as file:
        return hashlib.file_digest(cast(BufferedReader, file), "sha256").hexdigest()
