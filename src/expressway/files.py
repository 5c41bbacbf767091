"""Files and folders that people ask for: whole or not at all, and what a failed write means to them."""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from expressway.errors import InvalidSetting, NoSpaceLeft

FULL = frozenset({errno.ENOSPC, errno.EFBIG, errno.EDQUOT})


@contextmanager
def writing(target: Path) -> Iterator[None]:
    """Turns what a write to the target may fail with into an error for its user.

    Raises:
        InvalidSetting: the folder is not there or cannot be written.
        NoSpaceLeft: the disk is full.
    """
    try:
        yield
    except _failures() as error:
        raise _refusal(error, target) from error


@contextmanager
def folder_beside(target: Path) -> Iterator[Path]:
    """A hidden folder to prepare the target in, gone at the end, also where an interrupt falls into its making."""
    folder = target.parent / f".{target.name}.{secrets.token_hex(8)}"
    try:
        folder.mkdir(mode=0o700)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A path beside the target that takes its place at the end, so that a failure leaves what was there.

    Raises:
        InvalidSetting: as `writing`, and where the target is a pipe or a device, which nothing may take the place of.
        NoSpaceLeft: the disk is full.
    """
    with writing(target):
        place = Path(os.path.realpath(target))  # a link stays, and what it leads to is replaced
        if place.exists() and not (place.is_file() or place.is_dir()):
            reason = f"cannot write {target}: it is a pipe or a device, no file"
            raise InvalidSetting(reason, value=target, hint="Name a file.")
        with folder_beside(place) as folder:
            unfinished = folder / f"unfinished{target.suffix}"
            yield unfinished
            unfinished.replace(place)


def _failures() -> tuple[type[Exception], ...]:
    """What a write may fail with; asked only once something failed, so that nobody imports polars for it."""
    from polars.exceptions import ComputeError

    return OSError, ComputeError


def _refusal(error: Exception, target: Path) -> NoSpaceLeft | InvalidSetting:
    """What a failed write means to the user; polars tells the cause in words only."""
    found = re.search(r"\(os error (\d+)\)", str(error))
    number = getattr(error, "errno", None) or (int(found[1]) if found else None)
    if number in FULL:
        return NoSpaceLeft(
            f"there is no space to write {target}", value=target, hint="Free some space, or write to another disk."
        )
    reason = os.strerror(number) if number else str(error)
    return InvalidSetting(f"cannot write {target}: {reason}", value=target, hint="Choose a folder you may write to.")
