"""Does a contrast set say what it means, and a broken one what is wrong with it?"""

from __future__ import annotations

from pathlib import Path

import pytest

from expressway.coexpression.contrasts import ContrastSet, built_in_contrasts, load_contrasts
from expressway.errors import InvalidSetting

GOOD = "case: SHOCK\nreference: ILL\ncontrol: WELL\nothers: [ILL, WELL]\n"


def test_sepsis_is_built_in() -> None:
    assert load_contrasts("sepsis") == ContrastSet(
        "sepsis", "SEPTIC_SHOCK", "SEPSIS", "CONTROL", ("SEPSIS", "NO_SEPSIS", "CONTROL")
    )


@pytest.mark.parametrize("name", built_in_contrasts())
def test_every_built_in_set_loads(name: str) -> None:
    assert load_contrasts(name).name == name


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    file = tmp_path / "burns.yaml"
    file.write_text(GOOD + "# NO is a label, not a truth value\n")
    assert load_contrasts(file) == ContrastSet("burns", "SHOCK", "ILL", "WELL", ("ILL", "WELL"))
    file.write_text(GOOD.replace("WELL", "NO"))
    assert load_contrasts(str(file)).control == "NO"


def test_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(InvalidSetting) as caught:
        load_contrasts("Sepsiss")
    assert "'Sepsiss'" in caught.value.message
    assert "Did you mean 'sepsis'" in caught.value.hint
    assert ".yaml" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("case: [SHOCK\n", "line 2", "Correct the YAML"),
        ("case: A\ncase: B\n", "line 2: the key 'case' stands there twice", "Correct the YAML"),
        ("? [a]\n: b\n", "a key must be plain text", "Correct the YAML"),
        ("", "expected `key: value` pairs", "case, reference, control, others"),
        ("- SHOCK\n", "expected `key: value` pairs", "case, reference, control, others"),
        (GOOD + "refrence: X\n", "there is no key 'refrence'", "Did you mean 'reference'"),
        (GOOD + "soth: X\n", "there is no key 'soth'", "Valid keys: case, reference, control, others"),
        (GOOD.replace("case: SHOCK\n", ""), "the key 'case' is missing", "case, reference, control, others"),
        (GOOD.replace("SHOCK", ""), "case needs one label", "cohort label"),
        (GOOD.replace("SHOCK", "[A, B]"), "case needs one label", "cohort label"),
        (GOOD.replace("SHOCK", "unknown"), "UNKNOWN never enter", "Leave the label out"),
        (GOOD.replace("[ILL, WELL]", "ILL"), "others needs a list", "others: [SEPSIS, CONTROL]"),
        (GOOD.replace("[ILL, WELL]", "[]"), "others needs a list", "others: [SEPSIS, CONTROL]"),
        (GOOD.replace("[ILL, WELL]", "[ILL, {a: b}]"), "others needs one label", "cohort label"),
        (GOOD.replace("[ILL, WELL]", "[ILL, ILL]"), "others names 'ILL' twice", "once"),
        (GOOD.replace("[ILL, WELL]", "[ILL, SHOCK]"), "'SHOCK' is the case and stands under others", "itself"),
        (GOOD.replace("reference: ILL", "reference: SHOCK"), "stands under reference", "itself"),
        (GOOD.replace("control: WELL", "control: ILL"), "reference and control are both 'ILL'", "two cohorts"),
        ("[" * 5_000, "", ""),
    ],
)
def test_a_broken_file_says_what_is_wrong(tmp_path: Path, text: str, message: str, hint: str) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    with pytest.raises(InvalidSetting) as caught:
        load_contrasts(file)
    assert str(file) in caught.value.message
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="cannot be read"):
        load_contrasts(tmp_path / "absent.yaml")
    latin = tmp_path / "latin.yml"
    latin.write_bytes(GOOD.encode() + b"# \xe9\n")
    with pytest.raises(InvalidSetting, match="not UTF-8"):
        load_contrasts(latin)
