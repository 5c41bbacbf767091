"""Are files whole or not at all, whenever an interrupt comes?"""

from __future__ import annotations

from pathlib import Path

import pytest

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
