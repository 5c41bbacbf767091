"""Sample sheets: reading, the words of every complaint, the JSON schema, and sheets written to be filled in."""

from __future__ import annotations

import csv
import gzip
import json
from importlib.resources import files
from pathlib import Path

import jsonschema
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expressway.errors import (
    BrokenContainer,
    DuplicateSample,
    InvalidSampleSheet,
    InvalidSetting,
    NotAMatrix,
    SourceNotFound,
)
from expressway.studies.samplesheet import (
    BY_NAME,
    COLUMNS,
    columns_table,
    default_sheet,
    organism_name,
    parse_samplesheet,
    schema,
    write_samplesheet,
)

FULL = """sample,title,illness,organism,Cell Line,exclude,exclude_reason,study,units,technology,Centre
GSM1,patient 1,septic shock,Homo sapiens,,,,GSE9,tpm,rna-seq,Lyon
GSM2,patient 2,CONTROL,human,HeLa,yes,mixed up,,,,
"""


def complaint(text: str) -> str:
    with pytest.raises(InvalidSampleSheet) as caught:
        parse_samplesheet(text.encode(), "sheet.csv")
    return caught.value.message


def test_a_full_sheet():
    sheet = parse_samplesheet(FULL.encode(), "sheet.csv")
    first, second = sheet.samples
    assert (first.accession, first.title, first.declared_illness) == ("GSM1", "patient 1", "SEPTIC_SHOCK")
    assert (first.organism, first.cell_line, first.exclude, first.exclude_reason) == ("HOMO_SAPIENS", None, False, None)
    assert first.source == {"Centre": "Lyon"}
    assert (second.declared_illness, second.organism, second.cell_line) == ("CONTROL", "HOMO_SAPIENS", "HeLa")
    assert (second.exclude, second.exclude_reason, second.source) == (True, "mixed up", {})
    assert sheet.study == {"study": "GSE9", "units": "TPM", "technology": "RNA-SEQ"}


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_however_it_was_saved(delimiter, encoding, end):
    lines = ["sample", "title"], ["S1", "Müller, 5 µg"], ["S2", 'say "x"'], ["", ""], ["S3", "a;b"]
    text = end.join(delimiter.join(f'"{c.replace(chr(34), chr(34) * 2)}"' for c in cells) for cells in lines)
    sheet = parse_samplesheet(text.encode(encoding), "sheet.csv")
    assert [(s.accession, s.title) for s in sheet.samples] == [("S1", "Müller, 5 µg"), ("S2", 'say "x"'), ("S3", "a;b")]


def test_a_single_column_is_enough():
    assert [s.accession for s in parse_samplesheet(b"sample\nS1\nS2\n", "x").samples] == ["S1", "S2"]


def test_an_empty_illness_declares_nothing():
    first, second = parse_samplesheet(b"sample,illness\nS1,\nS2,unknown\n", "x").samples
    assert (first.declared_illness, second.declared_illness) == (None, "UNKNOWN")


def test_the_documented_complaint():
    message = complaint("sample,illness\nS1,SEPSIS\nS2,control\nS3,septic chok\n")
    assert message == (
        'sheet.csv: line 4, column illness: "septic chok" is not one of CONTROL, NO_SEPSIS, SEPSIS, SEPTIC_SHOCK, '
        "UNKNOWN (did you mean SEPTIC_SHOCK?)"
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the column sample is missing (the columns are: none)"),
        ("title\nx\n", "line 1: the column sample is missing (the columns are: title)"),
        ("sampel,title\nS1,x\n", "line 1, column sampel: no such column (did you mean sample?)"),
        ("sample,ilness\nS1,x\n", "line 1, column ilness: no such column (did you mean illness?)"),
        ("sample,Tisue\nS1,x\n", "line 1, column Tisue: no such column (did you mean tissue?)"),
        ("sample,title,Title\nS1,x,y\n", "line 1, column Title: stands twice in the header"),
        ("sample,mine,mine\nS1,x,y\n", "line 1, column mine: stands twice in the header"),
        ("sample,title\n", "no line for any sample"),
        ("sample,title\n\n,x\n", "line 3, column sample: is empty"),
        ("sample,title\nS1,x,y\n", "line 2: 3 cells where the header has 2"),
        ("sample,title\nS1\n", "line 2: 1 cells where the header has 2"),
        ("sample,exclude\nS1,perhaps\n", 'line 2, column exclude: "perhaps" is not one of TRUE, FALSE, YES, NO, 1, 0'),
        ("sample,units\nS1,counts\nS2,TPN\n", '"TPN" is not one of COUNTS, TPM'),
        ("sample,units\nS1,counts\nS2,TPN\n", "(did you mean TPM?)"),
        ("sample,technology\nS1,chip\n", '"chip" is not one of RNA-SEQ, MICROARRAY, OTHER'),
        ("sample,study\nS1,my study\n", 'line 2, column study: "my study" is not an accession'),
        ("sample,pubmed_id\nS1,PMID 7\n", '"PMID 7" is not a PubMed number'),
        ("sample,study\nS1,A\nS2,\nS3,B\n", 'line 4, column study: "B" differs from "A" in line 2'),
        ('sample,title\nS1,"two\nlines"\nS2,x,y\n', "line 4: 3 cells where the header has 2"),
        ('sample,title\nS1,"two\nlines"\n', 'line 2, column title: "two lines" is not one line of text'),
        (f"sample,title\nS1,{'x' * 501}\n", "column title"),
        ('sample,title\nS1,"never closed\nS2,x\n', "quotation mark that is not closed"),
    ],
)
def test_complaints_name_line_and_column(text, words):
    assert words in complaint(text)


def test_up_to_ten_problems_at_once():
    lines = "".join(f"S{number},ill\n" for number in range(12))
    message = complaint(f"sample,illness,titel\n{lines}".replace("ill\n", "ill,\n"))
    assert message.startswith("sheet.csv has 13 problems:\n  line 1, column titel:")
    assert message.count("\n") == 11
    assert message.endswith("\n  and 3 more")


def test_a_sample_in_two_lines():
    with pytest.raises(DuplicateSample, match='sample "S1" stands in lines 2 and 5'):
        parse_samplesheet(b"sample\nS1\nS2\n\nS1\n", "sheet.csv")


@pytest.mark.parametrize(
    ("raw", "words"),
    [(b"PK\x03\x04\x00", "spreadsheet file"), (b"\xd0\xcf\x11\xe0", "spreadsheet file"), (b"sam\0ple\n", "not text")],
)
def test_what_is_not_text(raw, words):
    with pytest.raises(InvalidSampleSheet, match=words):
        parse_samplesheet(raw, "sheet.xlsx")


@pytest.mark.parametrize("name", ["batch", "time_h", "sample_id", "disease", "label", "stage", "gender", "BMI", "race"])
def test_columns_of_the_users_own_are_kept(name):
    sheet = parse_samplesheet(f"sample,{name}\nS1,x\n".encode(), "x")
    assert sheet.samples[0].source == {name: "x"}


@given(st.binary() | st.text().map(lambda text: f"sample,illness\n{text}".encode("utf-8", "replace")))
def test_any_bytes_are_read_or_refused(raw):
    try:
        sheet = parse_samplesheet(raw, "sheet.csv")
    except (InvalidSampleSheet, DuplicateSample) as error:
        assert error.message
    else:
        assert sheet.samples


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Homo sapiens", "HOMO_SAPIENS"),
        (" mouse ", "MUS_MUSCULUS"),
        ("DANIO_RERIO", "DANIO_RERIO"),
        ("", None),
        (None, None),
    ],
)
def test_organism_name(text, expected):
    assert organism_name(text) == expected


# the JSON schema


def stored_schema() -> dict:
    return json.loads(files("expressway.studies").joinpath("samplesheet_schema.json").read_text("utf-8"))


def test_the_stored_schema_is_the_one_of_the_columns():
    assert stored_schema() == schema()
    jsonschema.Draft202012Validator.check_schema(stored_schema())


def test_every_column_has_its_own_error_message():
    for name, rule in stored_schema()["items"]["properties"].items():
        assert rule["errorMessage"].startswith(f"{name} is not ")


def agree(column: str, text: str) -> bool:
    """What both the reader and the schema say of one cell; they must say the same."""
    row = {"sample": "S1", column: text}
    by_schema = not list(jsonschema.Draft202012Validator(stored_schema()).iter_errors([row]))
    sheet = f'sample\n"{text}"\n' if column == "sample" else f'sample,{column}\nS1,"{text}"\n'
    try:
        parse_samplesheet(sheet.encode(), "x")
        by_reader = True
    except InvalidSampleSheet:
        by_reader = False
    assert by_schema == by_reader, (column, text)
    return by_schema


CELLS = ["", "x", "a b", "SEPSIS", "septic shock", "No-Sepsis", "sepsiss", "TRUE", "no", "2", "rna seq", "Log2", "tpm"]
CELLS += [
    "12345",
    "1234567890",
    "GSE1",
    "ä",
    "a/b",
    "x" * 50,
    "x" * 51,
    "x" * 200,
    "x" * 201,
    "x" * 500,
    "x" * 501,
    "a\tb",
]


@pytest.mark.parametrize("column", [column.name for column in COLUMNS])
def test_reader_and_schema_agree(column):
    verdicts = {agree(column, text) for text in CELLS if column != "sample" or text}
    assert verdicts == {True, False}


@given(st.sampled_from(sorted(BY_NAME)), st.text(st.characters(codec="utf-8", exclude_characters='"\0'), max_size=12))
def test_reader_and_schema_agree_on_any_text(column, text):
    if text := text.strip():
        agree(column, text)


def test_the_table_for_the_documentation_has_every_column():
    lines = columns_table().splitlines()
    assert len(lines) == len(COLUMNS) + 2
    assert lines[2].startswith("| `sample` | sample | text |")


# sheets to be filled in


def lines_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_draft_for_samples_as_rows(tmp_path: Path):
    matrix, sheet = tmp_path / "m.csv", tmp_path / "m.samplesheet.csv"
    matrix.write_text("Sample,IL6,TNF,Label\nP1,1,2,Septic shock\nP2,3,4,Healthy control\n")
    draft = write_samplesheet(matrix, sheet, None, None)
    assert (draft.samples, draft.samples_as_rows, draft.label_column) == (2, True, "Label")
    first, second = lines_of(sheet)
    assert (first["sample"], first["title"], first["label"]) == ("P1", "Septic shock", "Septic shock")
    assert (first["illness"], second["illness"], second["title"]) == ("SEPTIC_SHOCK", "", "Healthy control")
    assert [s.declared_illness for s in parse_samplesheet(sheet.read_bytes(), "s").samples] == ["SEPTIC_SHOCK", None]


def test_draft_for_genes_as_rows(tmp_path: Path):
    matrix, sheet = tmp_path / "m.tsv.gz", tmp_path / "s.csv"
    matrix.write_bytes(gzip.compress(b"\tS1\tS2\nENSG00000141510\t1\t2\nENSG00000012048\t3\t4\n"))
    draft = write_samplesheet(matrix, sheet, None, None)
    assert (draft.samples, draft.samples_as_rows, draft.label_column) == (2, False, None)
    assert [line["sample"] for line in lines_of(sheet)] == ["S1", "S2"]
    assert {line["illness"] for line in lines_of(sheet)} == {""}


@pytest.mark.parametrize("name", ["m.parquet", "m.parquet.gz"])
def test_draft_for_parquet(tmp_path: Path, name):
    matrix, sheet = tmp_path / name, tmp_path / "s.csv"
    frame = pl.DataFrame({"IL6": [1.0, None], "sample": ["P1", "P2"], "group": ["a", "b"]})
    with gzip.open(matrix, "wb") if name.endswith(".gz") else matrix.open("wb") as file:
        frame.write_parquet(file)
    draft = write_samplesheet(matrix, sheet, None, None)
    assert (draft.samples, draft.samples_as_rows, draft.label_column) == (2, True, "group")
    assert [line["label"] for line in lines_of(sheet)] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "samples_as_rows", "label"),
    [
        ("gene,S1,S2\nIL6,1,2\n", False, None),
        ("x,GSM1,GSM2\nIL6,1,2\n", False, None),
        ("x,IL6,TNF\nGSM1,1,2\n", True, None),
        ("x,ENSG00000141510,y\nP1,1,2\n", True, None),
        ("x,a,b\nENSMUSG00000141510.3,1,2\n", False, None),
        ("x,a,b,site\nP1,1,NA,Lyon\nP2,1,,NA\n", True, "site"),
        ("x,a,class,site\nP1,1,0,Lyon\n", True, "class"),
        ("x,a,b\nP1,1,2\n", False, None),
        ("a\tb\nIL6\t1\t2\n", False, None),
    ],
)
def test_orientation_and_label_column_are_guessed(tmp_path: Path, text, samples_as_rows, label):
    matrix = tmp_path / "m.csv"
    matrix.write_text(text)
    draft = write_samplesheet(matrix, tmp_path / "s.csv", None, None)
    assert (draft.samples_as_rows, draft.label_column) == (samples_as_rows, label)


def test_what_is_said_wins_over_the_guess(tmp_path: Path):
    matrix = tmp_path / "m.csv"
    matrix.write_text("gene,site,b,arm\nP1,Lyon,1,treated\n")
    draft = write_samplesheet(matrix, tmp_path / "s.csv", True, "site")
    assert (draft.samples_as_rows, draft.label_column) == (True, "site")
    assert lines_of(tmp_path / "s.csv")[0]["label"] == "Lyon"


@pytest.mark.parametrize(("samples_as_rows", "label"), [(True, "nowhere"), (False, "b"), (None, "nowhere")])
def test_a_label_column_that_is_not_there(tmp_path: Path, samples_as_rows, label):
    (tmp_path / "m.csv").write_text("gene,a,b\nIL6,1,2\n")
    with pytest.raises(InvalidSetting) as caught:
        write_samplesheet(tmp_path / "m.csv", tmp_path / "s.csv", samples_as_rows, label)
    assert label in caught.value.value
    assert not (tmp_path / "s.csv").exists()


def test_nothing_is_overwritten(tmp_path: Path):
    (tmp_path / "m.csv").write_text("gene,S1\nIL6,1\n")
    (tmp_path / "s.csv").write_text("mine")
    with pytest.raises(InvalidSetting, match="not overwritten"):
        write_samplesheet(tmp_path / "m.csv", tmp_path / "s.csv", None, None)
    assert (tmp_path / "s.csv").read_text() == "mine"
    with pytest.raises(InvalidSetting, match="cannot write"):
        write_samplesheet(tmp_path / "m.csv", tmp_path / "no" / "s.csv", None, None)


def test_a_matrix_without_samples(tmp_path: Path):
    (tmp_path / "m.csv").write_text("Sample,IL6\n")
    with pytest.raises(NotAMatrix):
        write_samplesheet(tmp_path / "m.csv", tmp_path / "s.csv", None, None)
    with pytest.raises(SourceNotFound):
        write_samplesheet(tmp_path / "absent.csv", tmp_path / "s.csv", None, None)
    (tmp_path / "p.parquet").write_text("no")
    with pytest.raises(BrokenContainer, match="Parquet"):
        write_samplesheet(tmp_path / "p.parquet", tmp_path / "s.csv", None, None)


@pytest.mark.parametrize("name", ["a.b.csv", "a.b.tsv.gz", "a.b.parquet", "a.b.csv.zst"])
def test_the_default_sheet_is_found_beside_the_matrix(name):
    assert default_sheet(Path("x") / name) == Path("x/a.b.samplesheet.csv")


@pytest.mark.parametrize(
    ("path", "samples", "labels"),
    [
        ("geo/GSE154918/sepsis_shock_labeledGSE154918.csv", 79, {"Healthy control", "Sepsis", "Septic shock"}),
        ("geo/GSE28750/sepsis_data_GSE28750.csv", 30, {"HEALTHY", "SEPSIS"}),
        ("geo/GSE185263/sepsis_dataGSE185263.csv", 392, None),
        ("geo/COCONUT/converted/GSE66099_genes.tsv", 10, {""}),
        ("SRP164913/SRP164913/SRP164913.tsv.gz", 88, {""}),
    ],
)
def test_real_matrices(data_dir: Path, tmp_path: Path, path, samples, labels):
    draft = write_samplesheet(data_dir / path, tmp_path / "s.csv", None, None)
    assert draft.samples == samples
    assert draft.samples_as_rows == (labels != {""})
    sheet = parse_samplesheet((tmp_path / "s.csv").read_bytes(), "s")
    assert len(sheet.samples) == samples
    if labels is not None:
        assert {sample.title or "" for sample in sheet.samples} == labels
