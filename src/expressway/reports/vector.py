"""SVG made small and readable for everyone: what vl-convert draws, fit to stand in a page."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape

_EMPTY = re.compile(r'<path class="(?:background|foreground)"[^>]*?(?:d=""|d="M0[^"]*h0[^"]*")[^>]*/>')
_ATTRIBUTES = re.compile(
    r' (?:aria-[a-z]+|role|class|pointer-events|xmlns:xlink|version|stroke-miterlimit)="[^"]*"| opacity="1"'
    r'| stroke-width="0"| font-weight="normal"'
)
_NUMBER = re.compile(r"-?\d+\.\d{3,}")
_GROUP = re.compile(r"<g(?: transform=\"translate\(0,0\)\")?></g>")
_DOT = re.compile(r'<path transform="translate\(([^,]+),([^)]+)\)" d="M([\d.]+),0A[^"]+"([^>]*)/>')
_DOTS = re.compile(r'<circle ([^>]*r="[^"]*")([^>/]*)/>(?:<circle [^>]*r="[^"]*"\2/>)+')
_FONT = re.compile(r' font-family="[^"]*"')
_TAG = re.compile(r"<[^>]+>")
_IDENTIFIER = re.compile(r'id="([^"]+)"')


def described(svg: str, description: str, name: str) -> str:
    """The SVG with a title and description of its own, without what screens and readers have no use for.

    Args:
        svg: as vl-convert writes it.
        description: what the picture shows; its first sentence becomes the title.
        name: prefix of every id, so that several pictures can stand in one page.
    """
    small = _TAG.sub(lambda tag: _NUMBER.sub(_rounded, tag[0]), _ATTRIBUTES.sub("", _EMPTY.sub("", svg)))
    while (fewer := _GROUP.sub("", small)) != small:
        small = fewer
    small = _DOTS.sub(_together, _DOT.sub(_circle, small))
    fonts = dict.fromkeys(_FONT.findall(small))
    small = _FONT.sub("", small) if len(fonts) == 1 else small
    for identifier in dict.fromkeys(_IDENTIFIER.findall(small)):
        small = small.replace(f'id="{identifier}"', f'id="{name}-{identifier}"')
        small = small.replace(f"url(#{identifier})", f"url(#{name}-{identifier})")
    title, _, rest = description.partition(". ")
    labels = f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-desc">{escape(rest)}</desc>'
    font = next(iter(fonts)).strip() + " " if len(fonts) == 1 else ""
    opening = f'<svg role="img" aria-labelledby="{name}-title {name}-desc" {font}'
    head, _, body = small.removeprefix("<svg ").partition(">")
    return f"{opening}{head}>{labels}{body}"


def _rounded(number: re.Match[str]) -> str:
    return f"{float(number[0]):.2f}".rstrip("0").rstrip(".")


def _circle(dot: re.Match[str]) -> str:
    x, y, radius = (f"{float(part):.1f}" for part in dot.groups()[:3])
    return f'<circle cx="{x}" cy="{y}" r="{radius}"{dot[4]}/>'


def _together(dots: re.Match[str]) -> str:
    """Dots of one look, with the look said once. Opacity stays with each, so that dots on top of each other show."""
    look = dots[2].replace(" opacity=", " fill-opacity=")
    return f"<g{look}>{dots[0].replace(dots[2], '')}</g>"
