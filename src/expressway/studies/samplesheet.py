"""A sample sheet: one line per sample of any matrix, written by people, checked column by column."""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from expressway.errors import DuplicateSample, InvalidSampleSheet, InvalidSetting, NotAMatrix
from expressway.files import replacing
from expressway.studies.containers import open_container
from expressway.studies.outline import best_label_column, guess_layout, layout_of, read_outline, sample_rows
from expressway.studies.refinebio import TECHNOLOGIES
from expressway.studies.study import Sample
from expressway.studies.units import UNIT_TAGS

ILLNESSES = ("CONTROL", "NO_SEPSIS", "SEPSIS", "SEPTIC_SHOCK", "UNKNOWN")
BOOLEANS: Mapping[str, bool] = {"TRUE": True, "FALSE": False, "YES": True, "NO": False, "1": True, "0": False}
COMMON_NAMES = {"HUMAN": "HOMO_SAPIENS", "MOUSE": "MUS_MUSCULUS", "RAT": "RATTUS_NORVEGICUS"}
PROBLEMS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Column:
    """A column that a sample sheet may have."""

    name: str
    about: str
    pattern: str
    """Regular expression (the subset that Python and ECMA 262 share) for a cell without its outer blanks."""
    problem: str
    """What a wrong cell does, as it follows the cell's text in a message."""
    values: tuple[str, ...] = ()
    """The words a cell may have; case, blanks, hyphens and underscores do not matter."""
    per_study: bool = False
    """Says something of the study: the same on every line, or given on some lines only."""


def _plain(name: str, about: str, limit: int = 200, per_study: bool = False) -> Column:
    problem = f"is not one line of text of at most {limit} characters"
    return Column(name, about, rf"^[^\u0000-\u001f]{{0,{limit}}}$", problem, per_study=per_study)


def _word(name: str, about: str, values: tuple[str, ...], per_study: bool = False) -> Column:
    spelled = ("".join(_either_case(c) if c.isalnum() else "[ _-]*" for c in value) for value in values)
    problem = f"is not one of {', '.join(values)}"
    return Column(name, about, rf"^(?:{'|'.join(['', *spelled])})$", problem, values, per_study)


def _either_case(letter: str) -> str:
    return f"[{letter.upper()}{letter.lower()}]" if letter.isalpha() else letter


COLUMNS = (
    Column(
        "sample",
        "The sample as the matrix names it. Required, and once only.",
        r"^\S(?:[^\u0000-\u001f]{0,198}\S)?$",
        "is not a sample name (one line of text, 1 to 200 characters)",
    ),
    _plain("title", "What the sample is, in words; illness is inferred from it when the illness cell is empty.", 500),
    _word("illness", "The cohort. It overrides every other evidence.", ILLNESSES),
    _plain("organism", "The organism, as `Homo sapiens` or HOMO_SAPIENS."),
    _plain("platform", "The instrument or array, as `Name (Accession)` or a single word."),
    _plain("treatment", "What was done to the sample.", 500),
    _plain("cell_line", "The cell line."),
    _plain("tissue", "The tissue or specimen."),
    _plain("subject", "The person or animal; the same text on two lines marks a repeated measure."),
    _plain("time", "The time point, as `day 3` or `24 h`."),
    _plain("age", "The age of the subject."),
    _plain("sex", "The sex of the subject."),
    _word("exclude", "Whether the sample is left out of every analysis; empty means no.", tuple(BOOLEANS)),
    _plain("exclude_reason", "Why it is left out.", 500),
    Column(
        "study",
        "The study's accession; the name of the matrix file when it is not given.",
        r"^[A-Za-z0-9._-]{0,50}$",
        "is not an accession (1 to 50 letters, digits, dots, hyphens and underscores)",
        per_study=True,
    ),
    _plain("study_title", "The study's title.", 500, per_study=True),
    _word("technology", "How the values were measured.", TECHNOLOGIES, per_study=True),
    _word("units", "The units of the values; found from the values when it is not given.", UNIT_TAGS, per_study=True),
    Column("pubmed_id", "The PubMed number of the paper.", r"^\d{0,9}$", "is not a PubMed number", per_study=True),
)
BY_NAME: Mapping[str, Column] = {column.name: column for column in COLUMNS}


@dataclass(frozen=True, slots=True)
class SampleSheet:
    """A sample sheet without problems."""

    samples: tuple[Sample, ...]
    """In the order of the lines. Columns the sheet may have beyond `COLUMNS` are kept in `Sample.source`."""
    study: Mapping[str, str]
    """The columns that describe the study, as far as they are filled in."""


@dataclass(slots=True)
class _Reading:
    """What is known while a sheet is read."""

    records: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def parse_samplesheet(raw: bytes, name: str) -> SampleSheet:
    """The samples and the study that a sample sheet describes.

    Args:
        raw: the bytes: cells parted by comma, semicolon or tab; UTF-8, UTF-16 or Latin-1.
        name: what messages call the sheet.

    Raises:
        InvalidSampleSheet: with every problem (at most 10 are shown), each with its line and column.
        DuplicateSample: two lines describe the same sample.
    """
    reading = _Reading()
    try:
        _read(_decode(raw, name), reading)
    except csv.Error as error:
        reading.problems.append(f"{error} (look for a quotation mark that is not closed)")
    study = _study_values(reading)
    if not reading.records and not reading.problems:
        reading.problems.append("it has no line for any sample")
    if reading.problems:
        raise InvalidSampleSheet(_listed(name, reading.problems), value=name)
    _check_repeats(reading, name)
    return SampleSheet(tuple(_sample(record) for _, record in reading.records), study)


@dataclass(frozen=True, slots=True)
class Draft:
    """A sample sheet that was written to be filled in, and what was guessed for it."""

    target: Path
    samples: int
    samples_as_rows: bool
    label_column: str | None


def write_samplesheet(matrix: Path, target: Path, samples_as_rows: bool | None, label_column: str | None) -> Draft:
    """Writes a sample sheet with one line per sample of a matrix, to be filled in by a person.

    Of the matrix only the header is read, or the first column and the labels when rows are samples. Labels are
    written as `label` and `title`, and as `illness` where they are one of its words.

    Args:
        matrix: the matrix file.
        target: the sheet; it must not exist yet.
        samples_as_rows: which way the matrix lies; guessed from its first lines when None.
        label_column: the column of labels when rows are samples; guessed when None.

    Raises:
        SourceError: the matrix cannot be read, or names no sample.
        InvalidSetting: the target is there already or cannot be written, or there is no such column.
    """
    member = open_container(matrix).members[0]
    outline = read_outline(member)
    as_rows = guess_layout(outline).samples_as_rows if samples_as_rows is None else samples_as_rows
    label = label_column or best_label_column(layout_of(outline, as_rows, None))
    layout_of(outline, as_rows, label)
    named = list(sample_rows(member, [label] if label else [])) if as_rows else [(s,) for s in outline.header[1:]]
    if not named:
        raise NotAMatrix(f"{matrix} names no sample in its {'first column' if as_rows else 'header'}", value=matrix)
    _write_new(target, [_draft_line(*cells) for cells in named])
    return Draft(target, len(named), as_rows, label)


def default_sheet(matrix: Path) -> Path:
    """Where the sample sheet of a matrix is looked for first: `MATRIX.samplesheet.csv` beside it."""
    bare = matrix.with_suffix("") if matrix.suffix.lower() in (".gz", ".zst") else matrix
    return matrix.with_name(f"{bare.stem}.samplesheet.csv")


DRAFT_COLUMNS = (
    *("sample", "title", "illness", "label", "subject", "time", "exclude", "exclude_reason"),
    *("organism", "platform", "technology", "units"),
)


def _draft_line(sample: str, label: str = "") -> dict[str, str]:
    illness = _canonical("illness", label)
    return {"sample": sample, "title": label, "label": label, "illness": illness if illness in ILLNESSES else ""}


def _write_new(target: Path, lines: Sequence[Mapping[str, str]]) -> None:
    if target.exists():
        hint = "Choose another name, or remove the sheet if nothing in it is needed."
        raise InvalidSetting(f"{target} is there already and is not overwritten", value=target, hint=hint)
    with replacing(target) as unfinished, unfinished.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, DRAFT_COLUMNS, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)


def schema() -> dict[str, Any]:
    """The JSON schema (draft 2020-12) of a sample sheet read as a list of objects; kept in samplesheet_schema.json."""
    properties = {
        column.name: {
            "type": "string",
            "description": column.about,
            "pattern": column.pattern,
            "errorMessage": f"{column.name} {column.problem}",
        }
        for column in COLUMNS
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Expressway sample sheet",
        "description": "One object per line; cells without their outer blanks. Other columns are kept as they are.",
        "type": "array",
        "minItems": 1,
        "items": {
            "type": "object",
            "required": ["sample"],
            "properties": properties,
            "additionalProperties": {"type": "string"},
        },
    }


def columns_table() -> str:
    """The columns of a sample sheet as a Markdown table, for the documentation."""
    lines = ["| column | of the | values | meaning |", "|---|---|---|---|"]
    for column in COLUMNS:
        level = "study" if column.per_study else "sample"
        lines.append(f"| `{column.name}` | {level} | {', '.join(column.values) or 'text'} | {column.about} |")
    return "\n".join(lines) + "\n"


def organism_name(text: str | None) -> str | None:
    """An organism as refine.bio writes it: HOMO_SAPIENS for `Homo sapiens` and `human`."""
    folded = re.sub(r"[\s_]+", "_", (text or "").strip()).upper()
    return COMMON_NAMES.get(folded, folded) or None


def fold(text: str) -> str:
    """Text in capitals without blanks, hyphens and underscores: what two spellings of a word share."""
    return re.sub(r"[\s_-]+", "", text).upper()


def _decode(raw: bytes, name: str) -> str:
    """The text of a sheet, whichever program saved it."""
    if raw[:4] == b"PK\x03\x04" or raw[:4] == b"\xd0\xcf\x11\xe0":
        hint = "Save the sheet as CSV from the spreadsheet program."
        raise InvalidSampleSheet(f"{name} is a spreadsheet file, not text", value=name, hint=hint)
    utf16 = raw[:2] in (b"\xff\xfe", b"\xfe\xff")
    for encoding in ("utf-16",) if utf16 else ("utf-8-sig", "cp1252", "latin-1"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise InvalidSampleSheet(f"{name} is not text in UTF-8, UTF-16 or Latin-1", value=name)


def _read(text: str, reading: _Reading) -> None:
    """Header and lines; every wrong cell becomes a problem."""
    lines = _lines(text)
    number, cells = next(lines, (1, []))
    header = _header(number, cells, reading.problems)
    for number, cells in lines:
        if len(cells) != len(header):
            reading.problems.append(f"line {number}: {len(cells)} cells where the header has {len(header)}")
            continue
        record = {column: cell.strip() for column, cell in zip(header, cells, strict=True) if column}
        wrong = [column for column in record if _is_wrong(column, record[column])]
        reading.problems += [_cell_problem(number, column, record[column]) for column in wrong]
        reading.records.append((number, record))


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """(number of its first line in the file, cells) of every line that is not blank."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    unquoted = re.sub(r'"[^"]*"', "", first)
    delimiter = max(",;\t", key=unquoted.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 1
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield number, cells
        number = reader.line_num + 1


def _header(number: int, cells: list[str], problems: list[str]) -> list[str]:
    """The columns by their proper names; columns of the user's own as they are written; "" where wrong."""
    columns: list[str] = []
    for cell in cells:
        written = cell.strip()
        folded = re.sub(r"[\s_-]+", "_", written.lower())
        column = folded if folded in BY_NAME else written
        if column and column in columns:
            problems.append(f"line {number}, column {written}: stands twice in the header")
        elif meant := _near_miss(folded):
            problems.append(f"line {number}, column {written}: no such column (did you mean {meant}?)")
        columns.append("" if column in columns or _near_miss(folded) else column)
    if "sample" not in columns and not any("did you mean sample?" in problem for problem in problems):
        shown = ", ".join(cell.strip() for cell in cells) or "none"
        problems.append(f"line {number}: the column sample is missing (the columns are: {shown})")
    return columns


def _near_miss(folded: str) -> str | None:
    """The column that a misspelled name stands for; None for a known name or one that is the user's own."""
    if folded in BY_NAME:
        return None
    close = difflib.get_close_matches(folded, BY_NAME, n=1, cutoff=0.8)
    return close[0] if close and abs(len(close[0]) - len(folded)) <= 1 else None


def _is_wrong(column: str, text: str) -> bool:
    return column in BY_NAME and re.search(BY_NAME[column].pattern, text) is None


def _cell_problem(number: int, column: str, text: str) -> str:
    """The sentence for one wrong cell, with the nearest valid word where there is one."""
    rule = BY_NAME[column]
    if column == "sample" and not text:
        return f"line {number}, column sample: is empty"
    by_fold = {fold(value): value for value in rule.values}
    close = difflib.get_close_matches(fold(text), by_fold, n=1)
    hint = f" (did you mean {by_fold[close[0]]}?)" if close else ""
    shown = text if len(text) <= 60 else text[:57] + "..."
    return f'line {number}, column {column}: "{" ".join(shown.split())}" {rule.problem}{hint}'


def _study_values(reading: _Reading) -> dict[str, str]:
    """What the columns of the study say, each once; two different texts are a problem."""
    values: dict[str, str] = {}
    lines: dict[str, int] = {}
    for number, record in reading.records:
        for column in (c.name for c in COLUMNS if c.per_study):
            text = _canonical(column, record.get(column, ""))
            if _is_wrong(column, text):
                continue
            if text and values.setdefault(column, text) != text:
                where = f'line {number}, column {column}: "{text}"'
                reading.problems.append(f'{where} differs from "{values[column]}" in line {lines[column]}')
            elif text:
                lines.setdefault(column, number)
    return values


def _canonical(column: str, text: str) -> str:
    """A cell as its list of words spells it."""
    return next((value for value in BY_NAME[column].values if fold(value) == fold(text)), text)


def _check_repeats(reading: _Reading, name: str) -> None:
    first: dict[str, int] = {}
    for number, record in reading.records:
        if first.setdefault(record["sample"], number) != number:
            lines = f"lines {first[record['sample']]} and {number}"
            raise DuplicateSample(f'{name}: sample "{record["sample"]}" stands in {lines}', value=record["sample"])


def _sample(record: Mapping[str, str]) -> Sample:
    given = {column: text for column, text in record.items() if text}
    plain = ("title", "platform", "treatment", "cell_line", "tissue", "subject", "time", "age", "sex", "exclude_reason")
    return Sample(
        accession=given["sample"],
        organism=organism_name(given.get("organism")),
        declared_illness=_canonical("illness", given.get("illness", "")) or None,
        exclude=BOOLEANS.get(given.get("exclude", "").upper(), False),
        source={column: text for column, text in given.items() if column not in BY_NAME},
        **{column: given.get(column) for column in plain},  # type: ignore[arg-type]
    )


def _listed(name: str, problems: list[str]) -> str:
    """One sentence for one problem, a list for more."""
    if len(problems) == 1:
        return f"{name}: {problems[0]}"
    more = len(problems) - PROBLEMS_SHOWN
    shown = problems[:PROBLEMS_SHOWN] + ([f"and {more} more"] if more > 0 else [])
    return f"{name} has {len(problems)} problems:\n  " + "\n  ".join(shown)
