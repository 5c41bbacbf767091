"""Does every command in README.md and docs/ run and print what the page shows, and are the generated pages fresh?

A failure here means that a reader who types what we wrote gets something else.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from expressway.studies.samplesheet import columns_table
from expressway.studies.units import FORMULAS, TRANSFORMS, UNIT_TAGS, VALUE_SCALES
from tests.conftest import ROOT
from tests.console_pages import Command, Output, PageError, complaint, environment, matches, read_commands, run_commands
from tests.ready_programs import ready_programs
from tools import check_links, generate_docs

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SECONDS_PER_PAGE = 280


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder of programs that start at once."""
    with ready_programs(tmp_path_factory.mktemp("ready"), environment()) as folder:
        yield folder


@pytest.mark.timeout(SECONDS_PER_PAGE + 10)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_commands_of_a_page_do_what_it_says(page: Path, programs: Path, tmp_path: Path) -> None:
    commands = read_commands(page.read_text(encoding="utf-8"))

    outputs = run_commands(commands, tmp_path, ROOT, SECONDS_PER_PAGE, programs)

    wrong = [text for command, output in zip(commands, outputs, strict=True) if (text := complaint(command, output))]
    assert not wrong, "\n\n".join(wrong)


@pytest.mark.parametrize("name", generate_docs.PAGES)
def test_a_generated_page_is_what_the_code_says(name: str) -> None:
    assert generate_docs.stale(name) is None


def test_a_generated_page_that_was_edited_by_hand_is_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(generate_docs, "DOCS", tmp_path)
    generate_docs.write("errors.md")
    assert generate_docs.stale("errors.md") is None

    page = tmp_path / "errors.md"
    page.write_text(page.read_text(encoding="utf-8").replace("54010", "54011"), encoding="utf-8")

    assert "docs/errors.md" in (generate_docs.stale("errors.md") or "")


def test_the_page_on_studies_lists_the_columns_of_a_sample_sheet() -> None:
    assert columns_table() in (ROOT / "docs/studies.md").read_text(encoding="utf-8")


def test_the_page_on_units_says_what_is_done_with_each() -> None:
    rows = re.findall(r"^\| ([A-Z0-9_, ]+) \| (.+) \| ([A-Z0-9]+) \|$", (ROOT / "docs/units.md").read_text(), re.M)
    said = {unit: (what, scale) for units, what, scale in rows for unit in units.split(", ")}

    assert said.keys() == {*UNIT_TAGS, "UNKNOWN"}
    for unit, (what, scale) in said.items():
        assert what.startswith(FORMULAS[TRANSFORMS.get(unit, "none")])
        assert scale == VALUE_SCALES.get(unit, "LOG2")


def test_no_link_between_the_pages_is_broken() -> None:
    assert check_links.broken_links(ROOT) == []


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/one.md").write_text("# One thing\n\n## A `part` of it\n", encoding="utf-8")
    text = "[a](docs/one.md#a-part-of-it) [b](docs/two.md)\n[c](docs/one.md#none) [d](https://example.org)\n```\n[e](x.md)\n```\n"
    (tmp_path / "README.md").write_text(text, encoding="utf-8")

    broken = check_links.broken_links(tmp_path)

    assert [line.split(": ")[1] for line in broken] == ["docs/two.md", "docs/one.md#none"]


# The machine that runs the pages


def page(*lines: str) -> str:
    return "\n".join(["# A page", "", *lines, ""])


def outcomes(text: str, folder: Path, programs: Path | None = None) -> list[str | None]:
    commands = read_commands(text)
    outputs = run_commands(commands, folder, ROOT, 30, programs)
    return [complaint(*pair) for pair in zip(commands, outputs, strict=True)]


def test_one_session_per_page_with_the_programs_of_this_environment(tmp_path: Path) -> None:
    text = page(
        "```console", "$ name=world", "$ mkdir -p a/b && cd a/b", "```", "Then:", "```console",
        "$ echo hello $name; basename $PWD", "hello world", "b", "$ command -v python", sys.executable, "```",
        "```python", "import polars", "open('made', 'w').close()", "```",
        "```console", "$ ls", "made", "$ cat <<EOF", "> one", "> two", "> EOF", "one", "two", "```",
    )  # fmt: skip

    assert outcomes(text, tmp_path) == [None] * 7
    assert (tmp_path / "a/b/made").exists()


def test_a_program_that_starts_at_once_does_what_a_new_one_would(programs: Path, tmp_path: Path) -> None:
    script = ["import os, sys", "print(sys.argv[1:], os.environ['WORD'], os.getcwd()[-2:])", "sys.exit('so it ends')"]
    (tmp_path / "a.py").write_text("\n".join(script))
    text = page(
        "<!-- console: fails -->", "```console", "$ mkdir ab; cd ab; WORD=é python ../a.py 1 'b c'",
        "['1', 'b c'] é ab", "so it ends", "$ WORD=ü python - x < ../a.py", "['x'] ü ab", "so it ends",
        "$ echo 'raise KeyError(7)' | python - 2>&1 | tail -n 1; false", "KeyError: 7",
        "$ expressway nowhere", "error: No such command 'nowhere'.", "...", "```",
        "```console", "$ python -c 'print(3)' | tr 3 4", "4", "$ expressway --version | wc -l", "1", "```",
    )  # fmt: skip

    assert outcomes(text, tmp_path, programs) == [None] * 6


def test_wrong_output_and_failing_commands_are_reported_with_their_line(tmp_path: Path) -> None:
    text = page("```console", "$ echo one", "two", "$ false", "$ printf 'no end'", "no end", "$ echo talk >&2", "```")

    first, second, third, fourth = outcomes(text, tmp_path)

    assert str(first).startswith("line 4: echo one")
    assert "expected:\ntwo" in str(first)
    assert "exit status 1" in str(second)
    assert (third, fourth) == (None, None)


def test_a_block_that_must_fail_shows_its_error_text(tmp_path: Path) -> None:
    text = page(
        "<!-- console: fails -->", "```console", "$ echo data; echo error: no >&2; false", "data", "error: no", "```"
    )
    succeeding = page("<!-- console: fails -->", "```console", "$ true", "```")

    assert outcomes(text, tmp_path) == [None]
    assert outcomes(succeeding, tmp_path) != [None]


def test_a_block_can_run_in_the_checkout_or_be_left_out_with_a_reason(tmp_path: Path) -> None:
    text = page(
        "<!-- console: checkout -->", "```console", "$ ls pyproject.toml", "pyproject.toml", "```",
        "```console", "$ ls", "```",
        "<!-- console: skip, it needs a cluster -->", "```console", "$ false", "```",
    )  # fmt: skip

    assert outcomes(text, tmp_path) == [None, None]


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["<!-- console: skip -->", "```console", "$ false", "```"], "reason"),
        (["<!-- console: sometimes -->", "```console", "$ false", "```"], "sometimes"),
        (["<!-- console: fails -->", "", "```console", "$ false", "```"], "right above"),
        (["```bash", "false", "```"], "never run"),
        (["- item", "  ```console", "  $ false", "  ```"], "never run"),
        (["```console", "output", "```"], "starts with"),
        (["```console", "$ true"], "not closed"),
    ],
)
def test_a_block_that_would_quietly_not_run_is_refused(lines: list[str], reason: str) -> None:
    with pytest.raises(PageError, match=reason):
        read_commands(page(*lines))


def test_a_session_that_ends_early_or_hangs_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PageError, match="ended at line 4"):
        run_commands(read_commands(page("```console", "$ exit 3", "$ true", "```")), tmp_path, ROOT, 30)
    with pytest.raises(PageError, match=r"not done after 0\.5 s"):
        run_commands([Command(1, "sleep 20")], tmp_path, ROOT, 0.5)


@pytest.mark.parametrize(
    ("expected", "printed", "same"),
    [
        ("a\nb", "a\nb\n", True),
        ("a\nb", "a\n\nb\n", False),
        ("a", "\na  \n\n", True),
        ("a\n...\nz", "a\nb\nc\nz\n", True),
        ("a\n...\nz", "a\nz\n", True),
        ("...", "", True),
        ("batch 3f...: done", "batch 3f77aa: done\n", True),
        ("batch 3f...: done", "batch 4f77aa: done\n", False),
        ("took 1.3 s  fast", "took 12.25 s fast\n", True),
        ("took 1.3 s", "took 3 minutes\n", True),
        ("5 studies", "6 studies\n", False),
        ("5 samples", "6 samples\n", False),
        ("10 rows/s", "11 rows/s\n", False),
    ],
)
def test_what_counts_as_the_same_output(expected: str, printed: str, same: bool) -> None:
    assert matches(expected.splitlines(), printed) is same
    assert (complaint(Command(1, "x", tuple(expected.splitlines())), Output(printed, "", 0)) is None) is same
