"""Matrices: every way they can be written, and every way they can be broken."""

from __future__ import annotations

import codecs
import gzip
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from expressway.errors import (
    BrokenContainer,
    ExpresswayError,
    NotAMatrix,
    RaggedRow,
    SourceError,
    UnknownEncoding,
)
from expressway.studies.containers import open_container
from expressway.studies.profile import MatrixLayout, MatrixProfile, profile_matrix
from tests.studies.profiles import PANEL, profile_at, values_of

SMALL_CHUNKS = 128
"""A memory limit that makes every line a chunk of its own."""


@contextmanager
def profile_of_bytes(folder: Path, content: bytes, name: str = "m.tsv", **options) -> Iterator[MatrixProfile]:
    path = folder / name
    path.write_bytes(content)
    options.setdefault("layout", MatrixLayout())
    profile = profile_matrix(open_container(path).members[0], **options)
    try:
        yield profile
    finally:
        profile.close()


def table_of(folder: Path, content: bytes, name: str = "m.tsv", **options) -> tuple[list, list, list]:
    with profile_of_bytes(folder, content, name, **options) as profile:
        assert profile.file_hash == hashlib.sha256(content).hexdigest()
        assert profile.file_size == len(content)
        return list(profile.genes), list(profile.samples), values_of(profile).tolist()


PLAIN = (["A", "B"], ["S1", "S2"], [[1.0, 2.5], [3.0, -4.0]])


@pytest.mark.parametrize("memory_limit", [SMALL_CHUNKS, 2**31])
@pytest.mark.parametrize(
    "text",
    [
        "Gene\tS1\tS2\nA\t1\t2.5\nB\t3\t-4\n",
        "Gene,S1,S2\nA,1,2.5\nB,3,-4",
        "Gene;S1;S2\nA;1;2.5\nB;3;-4\n",
        "Gene\tS1\tS2\r\nA\t1\t2.5\r\nB\t3\t-4\r\n",
        '"Gene","S1","S2"\r\n"A",1,2.5\r\n"B","  3 "," -4.0"\r\n',
        "S1\tS2\nA\t1\t2.5\nB\t3\t-4\n",
        '"S1";"S2"\n"A";1;2.5\n"B";3;-4\n',
        "\tS1\tS2\nA\t1\t2.5\nB\t3\t-4\n",
        "\n\nGene\tS1\tS2\nA\t1\t2.5\nB\t3\t-4\n\n\r\n\n",
        "Gene\tS1\tS2\n A \t+1\t 2.5\nB \t3e0\t-4. \n",
        "Gene, S1 ,S2\nA,1,0025e-1\nB,3.0,-4\n",
    ],
)
def test_ways_to_write_a_matrix(tmp_path: Path, text: str, memory_limit: int):
    assert table_of(tmp_path, text.encode(), memory_limit=memory_limit) == PLAIN


def test_commas_and_quotes_inside_cells(tmp_path: Path):
    text = '"Gene","S,1","S""2"\n"A, alias","1","2"\n"B ""x""",3,4\n'
    assert table_of(tmp_path, text.encode()) == (["A, alias", 'B "x"'], ["S,1", 'S"2'], [[1.0, 2.0], [3.0, 4.0]])


def test_one_sample_without_a_name_above_the_ids(tmp_path: Path):
    assert table_of(tmp_path, b"S1\nA\t1\nB\t2\n") == (["A", "B"], ["S1"], [[1.0], [2.0]])


@pytest.mark.parametrize("word", ["", "NA", "NaN", "nan", "null", "NULL", "N/A", '""', '" NA "', " nan", "NAN"])
def test_missing_cells(tmp_path: Path, word: str):
    content = f"Gene\tS1\tS2\nA\t1\t{word}\nB\t{word}\t2\nC\t{word}\t{word}\n".encode()
    with profile_of_bytes(tmp_path, content) as profile:
        assert profile.nulls.tolist() == [2.0, 2.0]
        assert profile.rejected_count == 0
        np.testing.assert_array_equal(values_of(profile), [[1, np.nan], [np.nan, 2], [np.nan, np.nan]])


@pytest.mark.parametrize("memory_limit", [SMALL_CHUNKS, 2**31])
def test_rejected_cells(tmp_path: Path, memory_limit: int):
    content = b"Gene\tS1\tS2\tS3\nA\t1\tinf\t2\nB\t0x1\t2\t3\nC\t4\tNA\t1e999\nD\t-Infinity\t1,5\t7\n"
    with profile_of_bytes(tmp_path, content, memory_limit=memory_limit) as profile:
        found = [(cell.line_no, cell.gene_id, cell.sample, cell.text, cell.code) for cell in profile.rejected]
        assert found == [
            (2, "A", "S2", "inf", 54052),
            (3, "B", "S1", "0x1", 54052),
            (4, "C", "S3", "1e999", 54052),
            (5, "D", "S1", "-Infinity", 54052),
            (5, "D", "S2", "1,5", 54052),
        ]
        assert profile.rejected_count == 5
        assert profile.nulls.tolist() == [0.0, 1.0, 0.0]
        expected = [[1, np.nan, 2], [np.nan, 2, 3], [4, np.nan, np.nan], [np.nan, np.nan, 7]]
        np.testing.assert_array_equal(values_of(profile), expected)


def test_rejected_cells_are_all_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("expressway.studies.axes.MOST_REJECTED", 3)
    content = b"Gene\tS1\tS2\n" + b"".join(b"G%d\tx\ty\n" % i for i in range(10))
    with profile_of_bytes(tmp_path, content, memory_limit=SMALL_CHUNKS) as profile:
        assert profile.rejected_count == 20
        assert [cell.text for cell in profile.rejected] == ["x", "y", "x"]


def test_rejected_cells_of_samples_in_rows(tmp_path: Path):
    content = b"Sample,G1,G2,Label\ns1,1,2,a\ns2,x,3,b\ns3,y,inf,c\n"
    with profile_of_bytes(tmp_path, content, layout=PANEL, skip=frozenset({"s2"})) as profile:
        found = [(cell.line_no, cell.gene_id, cell.sample, cell.text) for cell in profile.rejected]
        assert found == [(4, "G1", "s3", "y"), (4, "G2", "s3", "inf")]
        assert profile.rejected_count == 2
        assert profile.text_columns == {"Label": ["a", "c"]}
        np.testing.assert_array_equal(values_of(profile), [[1, np.nan], [2, np.nan]])


@pytest.mark.parametrize("memory_limit", [SMALL_CHUNKS, 2**31])
def test_columns_left_out_are_never_parsed(tmp_path: Path, memory_limit: int):
    content = b"Gene\tS1\ttext\tS2\tlast\nA\t1\tabc\t2\tx\nB\t3\t\t4\t\n"
    skip = frozenset({"text", "last", "unknown"})
    with profile_of_bytes(tmp_path, content, skip=skip, memory_limit=memory_limit) as profile:
        assert profile.rejected_count == 0
        assert profile.all_columns == ["S1", "text", "S2", "last"]
        assert values_of(profile).tolist() == [[1, 2], [3, 4]]
    with profile_of_bytes(tmp_path, content, keep=frozenset({"S2"}), memory_limit=memory_limit) as profile:
        assert (profile.samples, values_of(profile).tolist()) == (["S2"], [[2], [4]])


def test_no_sample_is_wanted(tmp_path: Path):
    with profile_of_bytes(tmp_path, b"Gene\tS1\nA\t1\n", keep=frozenset()) as profile:
        assert (profile.samples, profile.genes, profile.all_columns) == ([], ["A"], ["S1"])
        assert profile.sums.shape == (0,)
    with profile_of_bytes(tmp_path, b"Sample,A\ns1,1\n", layout=PANEL_WITHOUT_LABEL, keep=frozenset()) as profile:
        assert (profile.samples, profile.genes, profile.all_columns) == ([], ["A"], ["s1"])


PANEL_WITHOUT_LABEL = MatrixLayout(samples_as_rows=True)


# --- what is refused ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\n\n \r\n", "single column"),
        (b"Gene\tS1\n", "has a header and no rows"),
        (b"Gene\tS1\n\n\n", "has a header and no rows"),
        (b"Gene\nA\nB\n", "has a single column"),
        (b"<!DOCTYPE html>\n<html><body>Log in</body></html>", "is a web page"),
        (b"\xef\xbb\xbf  <HTML>", "is a web page"),
        (b'{"samples": {}}', "is a JSON file"),
        (b"[1, 2]", "is a JSON file"),
        (b"!Series_title\tx\n", "GEO series matrix"),
        (b"PK\x03\x04\x14\0", "is a zip file or an Excel workbook"),
        (gzip.compress(b"Gene\tS1\nA\t1\n", mtime=0), "is a gzip file"),
        (b"Gene\tS1\rA\t1\rB\t2\r", "bare carriage return"),
        (b"Gene\tS1\t\nA\t1\t\n", "Column 3 of .* has no name"),
        (b"Gene\tS1\n\t1\n", "Line 2 of .* has no id"),
        (b"Gene\tS1\nA\t1\n  \t1\n", "Line 3 of .* has no id"),
        (b"Gene\tS1\nA\t1\nNA\t1\n", "Line 3 of .* has no id"),
    ],
)
@pytest.mark.parametrize("memory_limit", [SMALL_CHUNKS, 2**31])
def test_no_matrix(tmp_path: Path, content: bytes, message: str, memory_limit: int):
    with pytest.raises(NotAMatrix, match=message) as caught:
        table_of(tmp_path, content, memory_limit=memory_limit)
    assert caught.value.hint


@pytest.mark.parametrize("memory_limit", [SMALL_CHUNKS, 2**31])
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Gene\tS1\tS2\nA\t1\t2\nB\t3\n", "Line 3 of .* has 2 cells; the header says 3"),
        ("Gene\tS1\tS2\nA\t1\t2\nB\t3\t4\t5\n", "Line 3 of .* has 4 cells; the header says 3"),
        ("Gene\tS1\tS2\nA\t1\t2\nB\t3\nC\t1\t2\t3\nD\t1\t2\n", "Line 3 of .* has 2 cells"),
        ("Gene\tS1\tS2\nA\t1\t2\t3\nC\t1\nD\t1\t2\n", "Line 2 of .* has 4 cells"),
        ("Gene\tS1\tS2\nA\t1\t2\n\nB\t3\t4\n", "Line 3 of .* is blank"),
        ("Gene\tS1\tS2\nA\t1\t2\n\r\n\r\nB\t3\t4\n", "Line 3 of .* is blank"),
        ("Gene\tS1\tS2\nA\t1\t2\t\nB\t3\t4\t\n", "Line 2 of .* has 4 cells"),
        ("Gene\tS1\tS2\nA\t1\t2\nB", "Line 3 of .* has 1 cells"),
        ('Gene,S1,S2\n"A, x",1\nB,3,4,5\n', "Line 2 of .* has 2 cells"),
        ('Gene,S1,S2\nA,1,2\n"B,3,4\nC",5,6\n', "Line 3 of .* opens a quote"),
        ('Gene,S1,S2\nA,1,2\n"B,3,4', "Line 3 of .* opens a quote"),
    ],
)
def test_ragged_rows(tmp_path: Path, text: str, message: str, memory_limit: int):
    with pytest.raises(RaggedRow, match=message):
        table_of(tmp_path, text.encode(), memory_limit=memory_limit)


def test_a_short_and_a_long_row_deep_in_a_large_file(tmp_path: Path):
    rows = [f"G{i}\t1\t2\t3" for i in range(50_000)]
    rows[40_000], rows[45_000] = "G\t1\t2", "G\t1\t2\t3\t4"
    content = "\n".join(["Gene\ta\tb\tc", *rows]).encode()
    with pytest.raises(RaggedRow, match=r"Line 40002 of .* has 3 cells"):
        table_of(tmp_path, content)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"Gene\tS1\nA\t1\nB\0\t2\n", "Line 3 of .* holds NUL bytes"),
        ("Gene\tS1\nA\t1\n".encode("utf-16-le"), "Line 1 of .* holds NUL bytes"),
        (codecs.BOM_UTF16_LE + "Gene\tS1\nA\t1\n".encode("utf-16-le")[:-1], "UTF-16"),
        (codecs.BOM_UTF16_LE + b"\x00\xd8A\x00", "UTF-16"),
        ("Gène\tS1\nA\t1\n".encode() + "é\t2\n".encode("latin-1"), "mixes encodings: line 1 is UTF-8, line 3 is not"),
    ],
)
@pytest.mark.parametrize("memory_limit", [SMALL_CHUNKS, 2**31])
def test_encodings_that_cannot_be_told(tmp_path: Path, content: bytes, message: str, memory_limit: int):
    with pytest.raises(UnknownEncoding, match=message):
        table_of(tmp_path, content, memory_limit=memory_limit)


def test_a_label_column_that_is_not_there(tmp_path: Path):
    with pytest.raises(NotAMatrix, match="has no column named Label"):
        table_of(tmp_path, b"Sample,A\ns1,1\n", layout=PANEL)


# --- Parquet -----------------------------------------------------------------------------------------------------


def parquet_bytes(folder: Path, frame: pl.DataFrame) -> bytes:
    path = folder / "written.parquet"
    frame.write_parquet(path, row_group_size=3)
    return path.read_bytes()


@pytest.mark.parametrize("name", ["m.parquet", "m.parquet.gz"])
@pytest.mark.parametrize("memory_limit", [SMALL_CHUNKS, 2**31])
def test_parquet(tmp_path: Path, name: str, memory_limit: int):
    frame = pl.DataFrame(
        {
            "gene_id": ["ENSG1.2", "B", "C", "D"],
            "S1": [1, 2, None, 4],
            "S2": pl.Series([0.5, float("nan"), 1.5, 2.5], dtype=pl.Float32),
            "S3": ["1", " 2.5", "NA", "x"],
            "S4": [1.0, float("inf"), 3.0, 4.0],
        }
    )
    content = parquet_bytes(tmp_path, frame)
    stored = gzip.compress(content, mtime=0) if name.endswith("gz") else content
    with profile_of_bytes(tmp_path, stored, name, memory_limit=memory_limit) as profile:
        assert profile.file_hash == hashlib.sha256(content).hexdigest()
        assert profile.file_size == len(content)
        assert (profile.genes, profile.samples) == (["ENSG1", "B", "C", "D"], ["S1", "S2", "S3", "S4"])
        nan = np.nan
        expected = [[1, 0.5, 1, 1], [2, nan, 2.5, nan], [nan, 1.5, nan, 3], [4, 2.5, nan, 4]]
        np.testing.assert_array_equal(values_of(profile), expected)
        found = [(cell.line_no, cell.gene_id, cell.sample, cell.text) for cell in profile.rejected]
        assert sorted(found) == [(2, "B", "S4", "inf"), (4, "D", "S3", "x")]
        assert profile.nulls.tolist() == [1.0, 1.0, 1.0, 0.0]


@pytest.mark.parametrize("memory_limit", [SMALL_CHUNKS, 2**31])
def test_parquet_with_samples_in_rows(tmp_path: Path, memory_limit: int):
    frame = pl.DataFrame(
        {"Sample": ["s1", "s2", "s3"], "G1": [1, 2, 3], "G2": [4.0, 5.0, None], "Label": ["a", "b", "c"]}
    )
    content = parquet_bytes(tmp_path, frame)
    options = {"layout": PANEL, "skip": frozenset({"s2"}), "memory_limit": memory_limit}
    with profile_of_bytes(tmp_path, content, "m.parquet", **options) as profile:
        assert (profile.samples, profile.all_columns) == (["s1", "s3"], ["s1", "s2", "s3"])
        assert profile.text_columns == {"Label": ["a", "c"]}
        np.testing.assert_array_equal(values_of(profile), [[1, 3], [4, np.nan]])


@pytest.mark.parametrize("kept", [0, 3, 4, 100, -8, -1])
def test_parquet_cut_short(tmp_path: Path, kept: int):
    content = parquet_bytes(tmp_path, pl.DataFrame({"gene": ["A", "B"], "S1": [1.0, 2.0]}))[:kept]
    with pytest.raises((BrokenContainer, NotAMatrix), match=r"m\.parquet"):
        table_of(tmp_path, content, "m.parquet")


def test_parquet_damaged_in_the_middle(tmp_path: Path):
    frame = pl.DataFrame({"gene": [f"G{i}" for i in range(500)], "S1": np.random.default_rng(1).normal(size=500)})
    content = bytearray(parquet_bytes(tmp_path, frame))
    content[200:1200] = bytes(1000)
    with pytest.raises(BrokenContainer), profile_of_bytes(tmp_path, bytes(content), "m.parquet"):
        pass


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"S1": [1.0], "S2": [2.0]}, "no column of ids"),
        ({"gene": ["A"]}, "single column"),
        ({"gene": ["A"], "S1": [[1.0]]}, "holds List"),
        ({"gene": pl.Series([], dtype=pl.String), "S1": pl.Series([], dtype=pl.Float64)}, "has no rows"),
        ({"gene": ["A", None], "S1": [1.0, 2.0]}, "Line 2 of .* has no id"),
    ],
)
def test_parquet_that_is_no_matrix(tmp_path: Path, columns: dict, message: str):
    content = parquet_bytes(tmp_path, pl.DataFrame(columns))
    with pytest.raises(NotAMatrix, match=message):
        table_of(tmp_path, content, "m.parquet")


def test_web_page_named_parquet(tmp_path: Path):
    with pytest.raises(BrokenContainer) as caught, profile_of_bytes(tmp_path, b"<!doctype html>", "m.parquet"):
        pass
    assert "web page" in caught.value.hint


# --- properties --------------------------------------------------------------------------------------------------

numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(0, 50).map(float)
cells = numbers | st.just(float("nan"))


@st.composite
def tables(draw: st.DrawFn, alphabet: str) -> tuple[list[str], list[str], np.ndarray]:
    letters = st.text(alphabet, min_size=1, max_size=6)
    samples = draw(st.lists(letters.map("s_{}".format), min_size=1, max_size=5, unique=True))
    genes = draw(st.lists(letters.map("g_{}".format), min_size=1, max_size=12, unique=True))
    values = draw(hnp.arrays(float, (len(genes), len(samples)), elements=cells))
    return genes, samples, values


def written(genes, samples, values, delimiter: str, quoted: bool, end: str, last_end: bool, null: str) -> str:
    def cell(text: str) -> str:
        return '"' + text.replace('"', '""') + '"' if quoted else text

    rows = [["gene", *samples]]
    rows += [
        [gene, *(null if np.isnan(x) else repr(float(x)) for x in row)] for gene, row in zip(genes, values, strict=True)
    ]
    return end.join(delimiter.join(map(cell, row)) for row in rows) + end * last_end


ENCODINGS = {
    "utf-8": codecs.BOM_UTF8[:0],
    "utf-8-sig": b"",
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
    "latin-1": b"",
}


@given(
    table=tables("abAZ09µé-"),
    encoding=st.sampled_from(sorted(ENCODINGS)),
    delimiter=st.sampled_from("\t,;"),
    quoted=st.booleans(),
    end=st.sampled_from(["\n", "\r\n"]),
    last_end=st.booleans(),
    null=st.sampled_from(["", "NA", "nan", "NULL"]),
    packed=st.booleans(),
    chunk=st.integers(1, 200),
)
def test_round_trip(tmp_path_factory, table, encoding, delimiter, quoted, end, last_end, null, packed, chunk):
    genes, samples, values = table
    content = ENCODINGS[encoding] + written(*table, delimiter, quoted, end, last_end, null).encode(encoding)
    name = "m.csv.gz" if packed else "m.csv"
    stored = gzip.compress(content, mtime=0) if packed else content
    folder = tmp_path_factory.mktemp("round")
    with profile_of_bytes(folder, stored, name, memory_limit=128 * chunk, duplicate_probes="keep") as profile:
        assert (profile.genes, profile.samples) == (genes, samples)
        np.testing.assert_array_equal(values_of(profile, 5), values)
        assert profile.file_hash == hashlib.sha256(content).hexdigest()
        assert profile.file_size == len(content)
        assert profile.rejected_count == 0


@given(table=tables("abc"), chunk=st.integers(1, 100), labelled=st.booleans())
def test_round_trip_of_samples_in_rows(tmp_path_factory, table, chunk, labelled):
    samples, genes, values = table
    layout = PANEL if labelled else PANEL_WITHOUT_LABEL
    text = written(samples, genes, values, ",", quoted=False, end="\n", last_end=True, null="NA").splitlines()
    if labelled:
        text = [line + ("," + ("Label" if row == 0 else f"l{row}")) for row, line in enumerate(text)]
    with profile_of_bytes(
        tmp_path_factory.mktemp("round"), "\n".join(text).encode(), layout=layout, memory_limit=128 * chunk
    ) as profile:
        assert (profile.genes, profile.samples) == (genes, samples)
        np.testing.assert_array_equal(values_of(profile, 2), values.T)
        assert profile.text_columns == ({"Label": [f"l{i + 1}" for i in range(len(samples))]} if labelled else {})


@given(
    content=st.binary(max_size=80) | st.text('\t,;\n\r"ab1.e- ', max_size=80).map(str.encode), chunk=st.integers(1, 50)
)
@example(content=b'a\tb\n"\t1\n"\t2\n', chunk=1)
@example(content=b'a\tb\na"\t"1\n', chunk=50)
@example(content=b"\xff\xfe", chunk=1)
def test_any_bytes_give_a_profile_or_an_error_of_ours(tmp_path_factory, content, chunk):
    folder = tmp_path_factory.mktemp("any")
    outcomes = []
    for limit in (128 * chunk, 2**31):
        try:
            outcomes.append(table_of(folder, content, memory_limit=limit))
        except ExpresswayError as error:
            assert isinstance(error, SourceError)
            outcomes.append(str(error))
    assert repr(outcomes[0]) == repr(outcomes[1])


# --- real files --------------------------------------------------------------------------------------------------


def plain_reading(path: Path) -> tuple[list[str], np.ndarray]:
    """What numpy makes of a tab-separated matrix."""
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as lines:
        next(lines)
        rows = [line.rstrip("\n").split("\t") for line in lines]
    return [row[0] for row in rows], np.array([row[1:] for row in rows], dtype=float)


@pytest.mark.parametrize(
    "path", ["SRP070849/SRP070849/SRP070849.tsv.gz", "geo/COCONUT/converted/GSE28750_genes.tsv"], ids=["SRP", "COCONUT"]
)
def test_real_values(data_dir: Path, path: str):
    genes, values = plain_reading(data_dir / path)
    with profile_at(data_dir / path) as profile:
        assert profile.genes == genes
        np.testing.assert_array_equal(values_of(profile, 10_000), values)


def test_real_panels(data_dir: Path):
    paths = sorted((data_dir / "geo").glob("GSE*/*.csv"))
    assert len(paths) > 20
    for path in paths:
        with profile_at(path, PANEL) as profile:
            assert profile.rejected_count == 0, path
            assert not profile.nulls.any(), path
            assert all(profile.text_columns["Label"]), path
            assert len(profile.text_columns["Label"]) == len(profile.samples)
            assert profile.layout_hint is None
    with profile_at(paths[0]) as profile:
        assert "--samples-as-rows" in profile.layout_hint
        assert profile.rejected_count == profile.rows_in_file


def test_real_panel_of_padded_numbers(data_dir: Path):
    path = data_dir / "geo" / "GSE32707" / "filtered_sepsD0_GSE32707.csv"
    header, *rows = [line.replace('"', "").split(",") for line in path.read_text().splitlines()]
    profile = profile_matrix(open_container(path).members[0], layout=PANEL, duplicate_probes="keep")
    assert profile.genes == header[1:-1]
    assert profile.samples == [row[0] for row in rows]
    assert values_of(profile).T.tolist() == [[float(cell) for cell in row[1:-1]] for row in rows]
    profile.close()
