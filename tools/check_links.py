"""Finds links between the pages of the project that lead nowhere. Addresses on the web are not fetched."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")
HEADING = re.compile(r"^#+ +(?P<text>.+?)\s*$", re.M)
FENCED = re.compile(r"^ *```.*?^ *```\s*?$", re.M | re.S)
ON_THE_WEB = re.compile(r"^[a-z]+:")


def pages(root: Path) -> list[Path]:
    """The Markdown pages of a checkout."""
    return [*sorted(root.glob("*.md")), *sorted((root / "docs").glob("**/*.md"))]


def anchors(text: str) -> set[str]:
    """What can follow # in a link to a page, made from its headings as code hosts do."""
    words = (re.sub(r"[^\w\- ]", "", heading["text"].lower()) for heading in HEADING.finditer(FENCED.sub("", text)))
    return {word.replace(" ", "-") for word in words}


def broken_links(root: Path) -> list[str]:
    """One line for every link whose file or heading does not exist, as `page: target: what is missing`."""
    broken = []
    for page in pages(root):
        for link in LINK.finditer(FENCED.sub("", page.read_text(encoding="utf-8"))):
            if missing := _missing(page, link["target"]):
                broken.append(f"{page.relative_to(root)}: {link['target']}: {missing}")
    return broken


def _missing(page: Path, target: str) -> str | None:
    if ON_THE_WEB.match(target):
        return None
    name, _, anchor = target.partition("#")
    path = page.parent / name if name else page
    if not path.exists():
        return "no such file"
    if anchor and anchor not in anchors(path.read_text(encoding="utf-8")):
        return "no such heading"
    return None


if __name__ == "__main__":
    sys.exit("\n".join(broken_links(ROOT)) or None)
