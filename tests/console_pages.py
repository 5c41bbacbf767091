"""Runs the commands of a Markdown page as a reader would type them, and compares what they print.

A fenced block marked `console` holds lines that start with `$ ` (a command; `> ` goes on with it) and, below each,
the lines it prints on stdout. A block marked `python` is run as a script. All blocks of a page share one bash session
that starts in an empty folder. In the expected lines `...` stands for anything (on a line of its own: any lines),
and a time such as `1.3 s` may be any other time. No expected lines means: it must succeed, whatever it prints.

A comment on the line above a block changes that for this block:

    <!-- console: checkout -->          run it in the folder of the checkout, e.g. `make demo`
    <!-- console: fails -->             its commands must fail; the expected lines are those of stdout, then stderr
    <!-- console: skip, the reason -->  do not run it
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

BLOCK = re.compile(r"^(?:<!-- console:(?P<mark>.*)-->\n)?```(?P<language>\S*).*\n(?P<body>(?:.*\n)*?)```\s*$", re.M)
NEVER_RUN = re.compile(r"^[ \t]+```(?:console|python)|^[ \t]*```(?:bash|sh|shell|zsh|pycon|shell-session)\b", re.M)
TIME = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?\s?(?:µs|us|ms|s|sec|seconds?|min|minutes?|h|hours?)(?![\w/])")
END = "=== end of a command, status "
WIDTH = "100"


class PageError(Exception):
    """A page that would quietly not be run, or that says something else than what happens."""


@dataclass(frozen=True)
class Command:
    """A command of a page: its line there, its text, what it is to print, and the mode of its block."""

    line: int
    text: str
    expected: tuple[str, ...] = ()
    mode: str = "run"


@dataclass(frozen=True)
class Output:
    """What a command printed and how it ended."""

    stdout: str
    stderr: str
    status: int


def read_commands(page: str) -> list[Command]:
    """The commands of a page that are to be run, in order."""
    commands: list[Command] = []
    blocks = list(BLOCK.finditer(page))
    if found := NEVER_RUN.search(page):
        raise PageError(f"`{found[0].strip()}` is never run: write ```console at the left margin")
    if len(re.findall(r"^```", page, re.M)) != 2 * len(blocks):
        raise PageError("a block of the page is not closed")
    if page.count("<!-- console:") != sum(block["mark"] is not None for block in blocks):
        raise PageError("a console comment must stand on the line right above its block")
    for block in blocks:
        mode = _mode(block["mark"])
        line = page.count("\n", 0, block.start("body")) + 1
        if mode != "skip" and block["language"] == "console":
            commands += _typed(block["body"].splitlines(), line, mode)
        elif mode != "skip" and block["language"] == "python":
            commands.append(Command(line, f"python - <<'END_OF_SCRIPT'\n{block['body']}END_OF_SCRIPT", mode=mode))
    return commands


def run_commands(
    commands: Sequence[Command], folder: Path, checkout: Path, seconds: float, programs: Path | None = None
) -> list[Output]:
    """What the commands print, one after the other in a bash session in `folder`; fewer if the session ends early.

    Programs are looked for in `programs` first.
    """
    script = "\n".join(_step(command, checkout) for command in commands)
    try:
        run = subprocess.run(
            ["bash", "--noprofile", "--norc", "-c", script],
            cwd=folder,
            env=environment(programs),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise PageError(f"not done after {seconds:g} s; so far: {error.stdout!r} {error.stderr!r}") from None
    outputs = [
        Output(stdout, stderr, status)
        for (stdout, status), (stderr, _) in zip(_parts(run.stdout), _parts(run.stderr), strict=True)
    ]
    if len(outputs) < len(commands):
        raise PageError(f"the session ended at line {commands[len(outputs)].line}: {run.stderr[-2000:]}")
    return outputs


def environment(programs: Path | None = None) -> dict[str, str]:
    """The environment without the person's settings, and without what an outer `make` hands down."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("EXPRESSWAY_", "MAKE", "MFLAGS"))}
    folders = [*([programs] if programs else []), Path(sys.executable).parent, os.environ["PATH"]]
    path = os.pathsep.join(map(str, folders))
    return kept | {"PATH": path, "COLUMNS": WIDTH, "NO_COLOR": "1", "TERM": "dumb", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def complaint(command: Command, output: Output) -> str | None:
    """How the page is wrong about a command; None when it is right."""
    shown = output.stdout + output.stderr if command.mode == "fails" else output.stdout
    if (output.status != 0) != (command.mode == "fails"):
        problem = f"exit status {output.status}"
    elif command.expected and not matches(command.expected, shown):
        problem = "\n".join(["expected:", *command.expected])
    else:
        return None
    return f"line {command.line}: {command.text}\n{problem}\nstdout:\n{output.stdout}\nstderr:\n{output.stderr}"


def matches(expected: Sequence[str], printed: str) -> bool:
    """Whether the lines of a page are what was printed, up to `...`, times, and blank lines at both ends."""
    pattern = "".join(_line_pattern(line) for line in "\n".join(expected).strip("\n").splitlines())
    lines = [f"{_without_times(line)}\n" for line in printed.strip("\n").splitlines()]
    return re.fullmatch(pattern, "".join(lines)) is not None


def _mode(mark: str | None) -> str:
    mode, _, reason = (part.strip() for part in (mark or "run").partition(","))
    if mode not in {"run", "checkout", "fails", "skip"}:
        raise PageError(f"`console: {mode}` is none of checkout, fails, skip")
    if mode == "skip" and not reason:
        raise PageError("a block is left out with its reason only: <!-- console: skip, the reason -->")
    return mode


def _typed(lines: list[str], first: int, mode: str) -> Iterator[Command]:
    starts = [number for number, line in enumerate(lines) if line.startswith("$ ")]
    if starts[:1] != [0]:
        raise PageError(f"line {first}: a console block starts with a `$ ` line")
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        below = start + 1
        while below < end and (lines[below].startswith("> ") or lines[below - 1].endswith("\\")):
            below += 1
        text = "\n".join(line.removeprefix("$ ").removeprefix("> ") for line in lines[start:below])
        yield Command(first + start, text, tuple(lines[below:end]), mode)


def _step(command: Command, checkout: Path) -> str:
    text = f"(cd {shlex.quote(str(checkout))}\n{command.text}\n)" if command.mode == "checkout" else command.text
    return f"{text}\nstatus=$?; echo '{END}'$status; echo '{END}'$status >&2"


def _parts(stream: str) -> list[tuple[str, int]]:
    pieces = re.split(END + r"(\d+)\n", stream)
    return [(text, int(status)) for text, status in zip(pieces[:-1:2], pieces[1::2], strict=True)]


def _line_pattern(line: str) -> str:
    if line.strip() == "...":
        return r"(?:.*\n)*"
    return ".*".join(re.escape(part) for part in _without_times(line).split("...")) + r"\n"


def _without_times(line: str) -> str:
    text, times = TIME.subn("<time>", line.rstrip())
    return re.sub(r"\s+", " ", text) if times else text
