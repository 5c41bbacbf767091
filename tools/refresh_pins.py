"""Writes requirements/*.txt again: the newest versions that pyproject.toml allows, each file pinned and hashed.

Usage: python tools/refresh_pins.py path/to/uv
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PINS = ROOT / "requirements"
WHERE_FROM = re.compile(r"://|^\s*-|--(?:extra-)?index|--find-links|(?:^|\s)/\w|file:")
"""What would say on whose machine or from which index a file was made."""


def foreign_lines(text: str) -> list[str]:
    """Lines of a requirements file that are neither a pin, a hash nor a plain comment."""
    return [line for line in text.splitlines() if WHERE_FROM.search(line.replace("--hash=sha256:", ""))]


def compile_pins(uv: str, name: str, *arguments: str, source: str = "pyproject.toml", text: str | None = None) -> None:
    """Write requirements/NAME from a source file, or from the requirements in `text`."""
    command = [uv, "pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes"]
    command += ["--custom-compile-command", "make pins", "--upgrade", *arguments]
    command += ["--output-file", f"requirements/{name}", "-" if text else source]
    subprocess.run(command, cwd=ROOT, check=True, text=True, input=text)
    if foreign := foreign_lines((PINS / name).read_text(encoding="utf-8")):
        sys.exit(f"error: requirements/{name} names an index, a host or a path: {foreign[0].strip()}")


def main(uv: str) -> None:
    """Refresh every file; the smaller sets take their versions from the largest, so that all agree."""
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]["requires"]
    PINS.mkdir(exist_ok=True)
    compile_pins(uv, "uv.txt", "--no-annotate", text="uv\n")
    compile_pins(uv, "build.txt", text="\n".join([*build, "editables"]) + "\n")
    compile_pins(uv, "dev.txt", "--all-extras", "--group", "dev")
    same = ("--no-annotate", "--constraints", "requirements/dev.txt")
    compile_pins(uv, "all.txt", "--extra", "all", *same)
    compile_pins(uv, "base.txt", *same)


if __name__ == "__main__":
    main(sys.argv[1])
