"""Is the error tree whole: one code per event, drawn as it is, documented, and with a hint a person can type?"""

from __future__ import annotations

import pickle
import re

import pytest

from expressway import errors
from expressway.errors import LOGGED_CODES, ExpresswayError, LoggedCode, error_classes

CLASSES = error_classes()
STANDARD = {54001, 54002, 54003, 54010, 54020, 54021, 54022, 54030, 54031, 54100, 54200, 54201}
TREE_LINE = re.compile(r"^\s*[|` ]*-- (?P<name>\w+)\s+(?P<code>\d{5})(?P<transient>\s+transient)?$", re.M)


def subclasses(cls: type[ExpresswayError]) -> list[type[ExpresswayError]]:
    return [cls, *(below for child in cls.__subclasses__() for below in subclasses(child))]


def test_the_standard_codes_are_all_there() -> None:
    assert {entry.code for entry in [*CLASSES, *LOGGED_CODES]} >= STANDARD


def test_a_code_and_a_name_mean_one_thing() -> None:
    entries = [*CLASSES, *LOGGED_CODES, ExpresswayError]

    assert len({entry.code for entry in entries}) == len(entries)
    assert len({entry.name for entry in entries}) == len(entries)


@pytest.mark.parametrize("entry", [*CLASSES, *LOGGED_CODES], ids=lambda entry: str(entry.code))
def test_every_code_says_what_it_is(entry: type[ExpresswayError] | LoggedCode) -> None:
    hint = entry.hint if isinstance(entry, LoggedCode) else entry.default_hint

    assert 54000 < entry.code < 55000
    assert re.fullmatch(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+", entry.name)
    assert entry.summary.endswith(".")
    assert hint
    assert hint != ExpresswayError.default_hint, "a code has a hint of its own"


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    drawn = {
        (line["name"], int(line["code"]), bool(line["transient"])) for line in TREE_LINE.finditer(errors.__doc__ or "")
    }

    assert drawn == {(cls.__name__, cls.code, cls.transient) for cls in CLASSES}


@pytest.mark.parametrize("cls", subclasses(ExpresswayError), ids=lambda cls: cls.__name__)
def test_an_error_keeps_its_fields_on_the_way_between_processes(cls: type[ExpresswayError]) -> None:
    error = cls("it broke", value=3, hint="mend it")

    copy = pickle.loads(pickle.dumps(error))

    assert type(copy) is cls
    assert copy.as_dict() == error.as_dict()
    assert str(copy) == f"{cls.code} {cls.name}: it broke"
    assert (copy.value, copy.hint) == ("3", "mend it")


@pytest.mark.parametrize("cls", subclasses(ExpresswayError), ids=lambda cls: cls.__name__)
def test_an_error_without_a_hint_of_its_own_gives_that_of_its_class(cls: type[ExpresswayError]) -> None:
    assert cls("it broke").hint == cls.default_hint
    assert cls("it broke").value is None


@pytest.mark.parametrize(
    ("family", "parent"),
    [
        (errors.SettingsError, ValueError),
        (errors.SourceError, ValueError),
        (errors.ValidationError, ValueError),
        (errors.WarehouseError, RuntimeError),
        (errors.SourceNotFound, FileNotFoundError),
        (errors.UnknownStudyOrDisease, LookupError),
    ],
)
def test_code_that_catches_the_built_in_error_catches_ours(
    family: type[ExpresswayError], parent: type[Exception]
) -> None:
    assert issubclass(family, parent)


def test_a_hint_names_only_commands_that_exist() -> None:
    from expressway.cli import app
    from tools.generate_docs import commands

    hints = [entry.default_hint for entry in CLASSES] + [entry.hint for entry in LOGGED_CODES]
    named = [quoted for hint in hints for quoted in re.findall(r"`expressway ([^`]*)`", hint)]
    known = {" ".join(words) for words in commands(app)}

    unknown = [text for text in named if not any(f"{text} ".startswith(f"{command} ") for command in known)]

    assert named
    assert unknown == []
