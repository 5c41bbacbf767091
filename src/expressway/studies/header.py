"""The header of a delimited matrix: its delimiter and the names of its columns."""

from __future__ import annotations

import csv
from dataclasses import dataclass

from expressway.errors import NotAMatrix
from expressway.studies.axes import check_id
from expressway.studies.encoding import LineReader
from expressway.studies.streams import web_page_hint

DELIMITERS = ("\t", ",", ";")
ID_HEADERS = frozenset(
    [
        "gene",
        "gene_id",
        "geneid",
        "gene_symbol",
        "genesymbol",
        "gene_name",
        "symbol",
        "id",
        "id_ref",
        "ensembl",
        "ensembl_id",
        "ensembl_gene_id",
        "ensgene",
        "entrez",
        "entrez_id",
        "entrezid",
        "probe",
        "probe_id",
        "probeid",
        "sample",
        "sample_id",
        "sampleid",
    ]
)
"""Names, in lower case, of the column of row ids."""

_BINARY_STARTS = {
    b"PK\x03\x04": "a zip file or an Excel workbook",
    b"\x1f\x8b": "a gzip file",
    b"\x28\xb5\x2f\xfd": "a zstd file",
    b"PAR1": "a Parquet file",
    b"%PDF": "a PDF",
    b"\x89HDF": "an HDF5 file",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
}


@dataclass(frozen=True, slots=True)
class Header:
    """The first line of a matrix."""

    delimiter: str
    columns: tuple[str, ...]
    """Names of all columns after the column of row ids."""
    corner: str = ""
    """Name of the column of row ids; empty when it has none."""

    @property
    def width(self) -> int:
        """Cells of each row."""
        return len(self.columns) + 1


def read_header(lines: LineReader, display: str) -> Header:
    """The header of a matrix; the reader stands at its first row afterwards.

    A header that is one name shorter than the rows (no name above the row ids) is accepted.

    Raises:
        NotAMatrix: the file is empty, binary, a web page, JSON, has a single column or unnamed columns.
    """
    _check_head(lines.head(), display)
    first = lines.line()
    if not first:
        raise NotAMatrix(f"{display} is empty.", value=display)
    if "\r" in first:
        raise NotAMatrix(
            f"{display} has lines that end with a bare carriage return.", hint="Save it with LF line ends."
        )
    second = lines.line_ahead()
    delimiter = _delimiter(first) or _delimiter(second)
    if delimiter is None:
        raise NotAMatrix(
            f"{display} has a single column: its first line has no tab, comma or semicolon.",
            value=first[:80],
            hint="Look at its first lines: the header must come first, with comments removed.",
        )
    names, cells = _cells(first, delimiter), _cells(second, delimiter)
    # A last cell that is empty points to delimiters at the end of lines, not to a missing name at the start.
    lacks_corner = len(cells) == len(names) + 1 and cells[-1] != "" and names[0].lower() not in ID_HEADERS
    columns = tuple(names if lacks_corner else names[1:])
    if "" in columns:
        place = columns.index("") + (1 if lacks_corner else 2)
        raise NotAMatrix(f"Column {place} of {display} has no name.", value=f"column {place}")
    for place, name in enumerate(columns, 1 if lacks_corner else 2):
        check_id(name, f"column {place}", display)
    return Header(delimiter, columns, "" if lacks_corner else names[0])


def _check_head(head: bytes, display: str) -> None:
    hint = web_page_hint(head)
    start = head.lstrip()
    found = (
        "a web page" if hint else next((what for magic, what in _BINARY_STARTS.items() if head.startswith(magic)), None)
    )
    if found is None and start.startswith((b"{", b"[")):
        found = "a JSON file"
    elif found is None and start.startswith(b"!"):
        found, hint = (
            "a GEO series matrix with its header block",
            "Remove the lines that begin with an exclamation mark.",
        )
    if found is not None:
        raise NotAMatrix(f"{display} is {found}, not a matrix.", value=display, hint=hint)


def _delimiter(line: str) -> str | None:
    widths = {delimiter: len(_cells(line, delimiter)) for delimiter in DELIMITERS}
    if widths["\t"] > 1:
        return "\t"
    best = max((",", ";"), key=lambda delimiter: widths[delimiter])
    return best if widths[best] > 1 else None


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter), [])]
    except csv.Error:
        return [cell.strip() for cell in line.split(delimiter)]
