"""A chart as a file, or as SVG inside a page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import altair as alt

from expressway.errors import InvalidSetting
from expressway.files import replacing
from expressway.reports.vector import described

SCALE = 2.0
"""Pixels of a PNG for each pixel of the chart: sharp on a dense screen and on paper."""


def svg(chart: alt.TopLevelMixin, name: str = "chart") -> str:
    """The chart as an SVG element with title and description for screen readers; the same bytes for the same chart.

    Args:
        chart: any Altair chart whose data are inside it.
        name: told apart from other charts of the same page by this; letters, digits and hyphens.
    """
    import vl_convert

    spec = _spec(chart)
    return described(vl_convert.vegalite_to_svg(spec, allowed_base_urls=[]), spec.get("description", ""), name)


def save(chart: alt.TopLevelMixin, path: Path) -> None:
    """Write the chart to `path`, replaced in one step when it is there already; needs no network.

    Args:
        chart: any Altair chart whose data are inside it.
        path: FILE.svg or FILE.png.

    Raises:
        InvalidSetting: another suffix, or a folder that is not there or cannot be written.
        NoSpaceLeft: the disk is full; what was at `path` is still there.
    """
    suffix = path.suffix.lower()
    if suffix not in {".svg", ".png"}:
        raise InvalidSetting(
            f"cannot draw to {path.suffix or 'a file without suffix'}", value=path, hint="Use FILE.svg or FILE.png."
        )
    with replacing(path) as unfinished:
        if suffix == ".svg":
            unfinished.write_text(svg(chart) + "\n", encoding="utf-8")
        else:
            unfinished.write_bytes(_png(chart))


def _png(chart: alt.TopLevelMixin) -> bytes:
    import vl_convert

    return bytes(vl_convert.vegalite_to_png(_spec(chart), scale=SCALE, allowed_base_urls=[]))


def _spec(chart: alt.TopLevelMixin) -> dict[str, Any]:
    return dict(chart.to_dict(validate=False))
