"""Are files whole or not at all, whenever an interrupt comes?"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from expressway.errors import InvalidSetting
from expressway.files import replacing


@pytest.mark.parametrize("name", ["mkdir", "replace"])
def test_an_interrupt_leaves_nothing_behind(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "x.csv"
    target.write_text("from before")
    does = getattr(Path, name)

    def interrupted(self: Path, *arguments: object, **options: object) -> None:
        if name == "mkdir":
            does(self, *arguments, **options)
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, name, interrupted)
    with pytest.raises(KeyboardInterrupt), replacing(target) as unfinished:
        unfinished.write_text("new")

    assert [path.name for path in tmp_path.iterdir()] == ["x.csv"]
    assert target.read_text() == "from before"


def test_what_was_written_takes_the_place(tmp_path: Path) -> None:
    with replacing(tmp_path / "x.csv") as unfinished:
        unfinished.write_text("new")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("x.csv", "new")]


def test_a_link_stays_and_what_it_leads_to_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    link = tmp_path / "x.csv"
    link.symlink_to(Path("there") / "real.csv")
    for text in ("first", "second"):
        with replacing(link) as unfinished:
            unfinished.write_text(text)
        assert link.is_symlink()
        assert (tmp_path / "there" / "real.csv").read_text() == text
    assert len(list(tmp_path.rglob("*"))) == 3


def test_a_link_to_itself_becomes_a_file(tmp_path: Path) -> None:
    link = tmp_path / "x.csv"
    link.symlink_to("x.csv")
    with replacing(link) as unfinished:
        unfinished.write_text("new")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("x.csv", "new")]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_nothing_takes_the_place_of_a_pipe_or_a_device(tmp_path: Path) -> None:
    pipe = tmp_path / "x.csv"
    os.mkfifo(pipe)
    with pytest.raises(InvalidSetting, match="pipe or a device"), replacing(pipe):
        pytest.fail("nobody begins to write")
    assert pipe.is_fifo()
    assert len(list(tmp_path.iterdir())) == 1
