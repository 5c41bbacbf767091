"""The list of files in a zip, refused when following it could do harm."""

from __future__ import annotations

import re
import stat
import struct
import zipfile
from collections.abc import Sequence
from pathlib import Path

from expressway.errors import BrokenContainer, UnsafeArchive
from expressway.studies.streams import UNPACK_HINT, unpacked_limit, web_page_hint

MOST_MEMBERS = 10_000
"""A refine.bio download has a handful of files for each of its studies."""
LARGEST_TOTAL = 2**40
"""Declared bytes of all members together: 1 TiB."""

_LOCAL_HEADER = 30
_DRIVE = re.compile(r"[A-Za-z]:")


def zip_contents(path: Path) -> Sequence[tuple[str, zipfile.ZipInfo]]:
    """(name with forward slashes, entry) of every file in a zip.

    Raises:
        BrokenContainer: it is no zip, or is damaged or cut short.
        UnsafeArchive: names that lead outside, links, encryption, doubled or overlapping entries, bombs.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries, directory = archive.infolist(), archive.start_dir
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error) as error:
        with path.open("rb") as file:
            hint = web_page_hint(file.read(64))
        raise BrokenContainer(f"{path} is not a zip file, or is cut short: {error}.", value=path, hint=hint) from error
    _check_sizes(path, entries)
    _check_overlap(path, entries, directory)
    return _files(path, entries)


def _files(path: Path, entries: Sequence[zipfile.ZipInfo]) -> Sequence[tuple[str, zipfile.ZipInfo]]:
    files: dict[str, zipfile.ZipInfo] = {}
    for entry in entries:
        _check_entry(path, entry)
        name = entry.filename.replace("\\", "/")
        if name in files:
            raise UnsafeArchive(f"{path} has two members named {name}.", value=f"{path}!{name}")
        if not name.endswith("/"):
            files[name] = entry
    return list(files.items())


def _check_entry(path: Path, entry: zipfile.ZipInfo) -> None:
    # The library cuts a name at its first NUL; what stands behind it is judged too.
    name = entry.orig_filename.replace("\\", "/")
    if name.startswith("/") or _DRIVE.match(name) or ".." in name.split("/") or "\0" in name:
        problem = "leads out of its folder"
    elif stat.S_ISLNK(entry.external_attr >> 16):
        problem = "is a link"
    elif entry.flag_bits & 0x1:
        problem = "is encrypted"
    else:
        return
    shown = name.replace("\0", "\\0")
    raise UnsafeArchive(f"The member {shown} of {path} {problem}.", value=f"{path}!{shown}")


def _check_sizes(path: Path, entries: Sequence[zipfile.ZipInfo]) -> None:
    if len(entries) > MOST_MEMBERS:
        raise UnsafeArchive(f"{path} has {len(entries):,} members; at most {MOST_MEMBERS:,} are read.", value=path)
    for entry in entries:
        if entry.file_size > unpacked_limit(entry.compress_size):
            raise UnsafeArchive(
                f"{entry.filename} in {path} has {entry.compress_size:,} bytes and claims {entry.file_size:,}.",
                value=f"{path}!{entry.filename}",
                hint=UNPACK_HINT,
            )
    total = sum(entry.file_size for entry in entries)
    if total > LARGEST_TOTAL:
        raise UnsafeArchive(f"{path} claims {total:,} bytes; at most {LARGEST_TOTAL:,} are read.", value=path)


def _check_overlap(path: Path, entries: Sequence[zipfile.ZipInfo], directory: int) -> None:
    ordered = sorted(entries, key=lambda entry: entry.header_offset)
    ends = [entry.header_offset for entry in ordered[1:]] + [directory]
    for entry, end in zip(ordered, ends, strict=True):
        if entry.header_offset + _LOCAL_HEADER + entry.compress_size > end:
            raise UnsafeArchive(f"Members of {path} share the same bytes.", value=f"{path}!{entry.filename}")
