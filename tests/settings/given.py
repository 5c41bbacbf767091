"""What the tests of settings share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from expressway.errors import ExpresswayError
from expressway.settings import Settings, load_settings

GSE, OTHER = "GSE13904", "E-MTAB-1548"

Write = Callable[[str], Path]


def refused(
    error: type[ExpresswayError],
    *said: str,
    config: Path | None = None,
    overrides: Mapping[str, object] | None = None,
    environ: Mapping[str, str] | None = None,
) -> ExpresswayError:
    """The error that the settings are refused with, which says all of `said` in its message or hint."""
    with pytest.raises(error) as caught:
        load_settings(config, overrides, environ or {})
    text = f"{caught.value.message}\n{caught.value.hint}"
    for part in said:
        assert part in text
    return caught.value


def file_settings(config: Path, **environ: str) -> Settings:
    return load_settings(config, environ=environ)
