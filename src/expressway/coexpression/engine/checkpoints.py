"""What a first pass has found so far, on disk, so that a killed run goes on where it was."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile

import numpy as np

from expressway.coexpression.engine.candidates import best_candidates
from expressway.coexpression.engine.tiles import Found, Problem

if TYPE_CHECKING:
    from expressway.coexpression.engine.screen import Search


def key(given: Problem, search: Search) -> str:
    """SHA-256 of everything that the state of a pass depends on: data, search, the cutting into tiles, the version."""
    digest = hashlib.sha256(repr((search.least, search.start, search.limit, search.fixed, search.sample)).encode())
    digest.update(repr((search.tile, search.compiled, given.complete, version("expressway"))).encode())
    for array in given:
        if isinstance(array, np.ndarray):
            digest.update(repr((array.dtype.str, array.shape)).encode())
            digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def save(path: Path, name: str, given: Problem, search: Search, done: tuple[int, int], parts: Sequence[Found]) -> None:
    """Write the state to `path` in one step; histograms as their bins that hold something."""
    state: dict[str, np.ndarray] = {"name": np.array(name), "done": np.array(done)}
    used = int(max(part.highest.max() for part in parts)) + 1
    total = parts[0].histogram[:, :used].copy()
    for part in parts[1:]:
        total += part.histogram[:, :used]
    family, number = np.nonzero(total)
    state["bins"] = np.stack([family, number, total[family, number]])
    state["coarse"] = np.sum([part.coarse for part in parts], axis=0)
    state["counts"] = np.sum([part.counts for part in parts], axis=0)
    for field in ("first", "second", "score"):
        state[field] = np.concatenate([getattr(part, field)[: int(part.held[0])] for part in parts])
    kept = best_candidates(state["first"], state["second"], state["score"], search.limit + 1, given.alphabet)
    state |= {field: state[field][kept] for field in ("first", "second", "score")}
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with unfinished.open("wb") as file:
            np.savez(file, allow_pickle=False, **state)
        unfinished.replace(path)
    except OSError:  # a full disk costs the resumption, not the run
        remove(unfinished)


def remove(path: Path) -> None:
    """Take a file away if it is there and can be."""
    with suppress(OSError):
        path.unlink()


def resume(path: Path | None, name: str, into: Found) -> tuple[int, int]:
    """Put a saved state into `into`; returns the tiles and pairs that are done, zeros where there is none."""
    if path is None or not path.exists():
        return 0, 0
    try:
        with path.open("rb") as file, np.lib.npyio.NpzFile(file, allow_pickle=False) as archive:
            if str(archive["name"]) != name:
                return 0, 0
            state = {field: archive[field] for field in archive.files}  # all is read before anything is taken
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return 0, 0
    family, number, count = state["bins"]
    into.histogram[family, number] = count
    np.maximum.at(into.highest, family, number)
    into.coarse[:] = state["coarse"]
    into.counts[:] = state["counts"]
    held = len(state["score"])
    for field in ("first", "second", "score"):
        getattr(into, field)[:held] = state[field]
    into.held[0] = held
    tiles, pairs = (int(figure) for figure in state["done"])
    return tiles, pairs
