"""Gene annotation: which gene an id, a symbol or an older name means."""

from __future__ import annotations

import codecs
import csv
import gzip
import hashlib
import io
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from expressway.errors import BrokenContainer, InvalidAnnotation, RaggedRow, SourceNotFound, UnknownEncoding

GENE_SCHEMA = pl.Schema(
    {
        "gene_id": pl.String,
        "gene_symbol": pl.String,
        "gene_name": pl.String,
        "gene_type": pl.String,
        "chromosome": pl.String,
        "start_position": pl.Int64,
        "end_position": pl.Int64,
        "entrez": pl.String,
    }
)
ALIAS_SCHEMA = pl.Schema({"alias": pl.String, "approved_symbol": pl.String})

_ENSEMBL_ID = re.compile(r"(ENS[A-Z]*G)\d{5,}")
_ORGANISMS = {
    "ENSG": "HOMO_SAPIENS",
    "ENSMUSG": "MUS_MUSCULUS",
    "ENSRNOG": "RATTUS_NORVEGICUS",
    "ENSDARG": "DANIO_RERIO",
    "ENSSSCG": "SUS_SCROFA",
    "ENSBTAG": "BOS_TAURUS",
    "ENSGALG": "GALLUS_GALLUS",
    "ENSMMUG": "MACACA_MULATTA",
    "FBgn": "DROSOPHILA_MELANOGASTER",
    "WBGene": "CAENORHABDITIS_ELEGANS",
}
# Column names of annotables, biomaRt and BioMart's web export, lower case, the preferred first.
_COLUMNS = {
    "gene_id": ("ensgene", "ensembl_gene_id", "gene_id", "gene stable id", "gene stable id version"),
    "gene_symbol": ("symbol", "hgnc_symbol", "external_gene_name", "gene_symbol", "gene_name", "gene name"),
    "gene_name": ("description", "gene description", "name"),
    "gene_type": ("biotype", "gene_biotype", "gene_type", "gene type", "locus_type"),
    "chromosome": ("chr", "chromosome", "chromosome_name", "chromosome/scaffold name", "location"),
    "start_position": ("start", "start_position", "gene start (bp)"),
    "end_position": ("end", "end_position", "gene end (bp)"),
    "entrez": ("entrez", "entrez_id", "entrezgene_id", "entrezgene", "ncbi gene (formerly entrezgene) id"),
}
_NEEDED = (
    "needed: an Ensembl table with ensgene (or ensembl_gene_id, gene_id) and symbol (or hgnc_symbol); "
    "an HGNC table with hgnc_id, symbol, ensembl_gene_id and, for aliases, alias_symbol and prev_symbol, or with "
    "Symbol and Approved.Symbol; or a GTF"
)
_MAX_TABLE_BYTES = 512 * 1024**2
_VERSIONED = r"^(ENS[A-Z]*G\d+)\.\d+(_PAR_Y)?$"
_ENSEMBL = r"^(ENS[A-Z]*G\d{11}(_PAR_Y)?|FBgn\d{7}|WBGene\d{8}|AT[1-5CM]G\d{5}|Y[A-P][LR]\d{3}[CW](-[A-Z])?)$"
_PROBE = r"^(AFFX-.+|.+_(at|st)|ILMN_\d+|A_\d+_P\d+|TC\d{8}\..+)$"
_STANDARD_CHROMOSOME = r"^(\d{1,2}|X|Y|W|Z|MT)$"


@dataclass(frozen=True, slots=True)
class Annotation:
    """What one file says of the genes of one organism."""

    organism: str
    """refine.bio style: HOMO_SAPIENS."""
    source: str
    """File name, release and the first 12 digits of the file's SHA-256."""
    genes: pl.DataFrame
    """One row per gene_id, sorted by it; columns of GENE_SCHEMA. Several Entrez ids are joined by `|`."""
    aliases: pl.DataFrame
    """Older or other name -> approved symbol, columns of ALIAS_SCHEMA; several rows where a name is ambiguous."""
    is_hgnc: bool = False
    """Whether it is a table of names only, which gives way to an Ensembl table or a GTF."""


def read_annotation(path: Path, *, organism: str | None = None, release: str | None = None) -> Annotation:
    """The genes and aliases of an Ensembl table, an HGNC table or a GTF, plain or gzipped; told apart by content.

    Args:
        path: TSV, CSV or GTF.
        organism: e.g. HOMO_SAPIENS; by default told from the gene ids (HGNC tables are human).
        release: what the source calls its version, e.g. "109"; kept in `source`.

    Raises:
        SourceNotFound: the path cannot be read.
        BrokenContainer: the gzip is truncated or damaged.
        InvalidAnnotation: empty, none of the three formats, or of an unknown organism.
        RaggedRow, UnknownEncoding: the table is not regular UTF-8 (or UTF-16) text.
    """
    path = Path(path)
    if path.exists() and not path.is_file() and not path.is_dir():
        hint = "Save the table as a file and give its path."
        raise SourceNotFound("the gene table cannot be read: it is no regular file", value=path, hint=hint)
    with _reading(path):
        digest = _sha256(path)
        head = _head(path)
        if _is_gtf(head):
            genes, aliases, is_hgnc = _read_gtf(path), ALIAS_SCHEMA.to_frame(), False
        else:
            genes, aliases, is_hgnc = _read_table(path, head)
    if genes.is_empty() and aliases.is_empty():
        raise InvalidAnnotation(f"{path.name} holds no genes", value=path)
    source = f"{path.name} release {release}" if release else path.name
    organism = _organism(genes, organism or ("HOMO_SAPIENS" if is_hgnc else None), path)
    return Annotation(organism, f"{source} sha256:{digest[:12]}", genes, aliases, is_hgnc)


def clean_gene_id(text: str) -> str:
    """The id without its version: ENSG00000141510.18 -> ENSG00000141510; `_PAR_Y` stays, symbols are left alone."""
    return re.sub(_VERSIONED, r"\1\2", text.strip())


def organism_of(gene_ids: Sequence[str]) -> str | None:
    """The organism that Ensembl gene ids name by their prefix; None for other ids, or for several organisms."""
    prefixes = {match[1] for match in map(_ENSEMBL_ID.match, gene_ids[:1000]) if match}
    organisms = {_ORGANISMS.get(prefix) for prefix in prefixes}
    return organisms.pop() if len(organisms) == 1 else None


def gene_id_types(gene_ids: Sequence[str]) -> pl.Series:
    """ENSEMBL, ENTREZ, PROBE or SYMBOL for each id of a study, by its form.

    A number is an Entrez id where most ids are numbers. Among others it is a name: a date that was a symbol, perhaps.
    """
    ids = pl.DataFrame({"id": gene_ids}, schema={"id": pl.String})
    name, is_number = pl.col("id").str.replace(_VERSIONED, "${1}${2}"), pl.col("id").str.contains(r"^\d+$")
    kind = (
        pl.when(name.str.contains(_ENSEMBL))
        .then(pl.lit("ENSEMBL"))
        .when(is_number & (is_number.mean() > 0.5))
        .then(pl.lit("ENTREZ"))
        .when(name.str.contains(_PROBE))
        .then(pl.lit("PROBE"))
        .otherwise(pl.lit("SYMBOL"))
    )
    return ids.select(gene_id_type=kind).to_series()


def resolve(gene_ids: pl.DataFrame, annotation_genes: pl.DataFrame, aliases: pl.DataFrame) -> pl.DataFrame:
    """The gene under which each id is analysed: the Ensembl gene when exactly one is meant, else the id itself.

    An id of the annotation means itself. An approved symbol means its Ensembl gene; any other symbol is looked up among
    the aliases (IL8 -> CXCL8), letter case counting: Il8 is not IL8. Where several Ensembl ids share a symbol
    or an Entrez id and exactly one of them lies on a chromosome, that one is meant: the others are copies of the same
    gene on patches, alternative haplotypes, scaffolds or the pseudoautosomal part of Y.

    Args:
        gene_ids: columns gene_id (version stripped, one organism) and gene_id_type; others pass through.
        annotation_genes: columns of GENE_SCHEMA, one row per gene_id.
        aliases: columns of ALIAS_SCHEMA.

    Returns:
        The rows of gene_ids in their order with analysis_gene_id, matched_by (ID, SYMBOL, ALIAS, ENTREZ, AMBIGUOUS or
        null) and the columns of GENE_SCHEMA that describe the analysis gene. gene_symbol falls back to the approved
        symbol of an alias, then to the symbol itself.
    """
    known = annotation_genes.select("gene_id", known_id="gene_id")
    found = gene_ids.join(known, on="gene_id", how="left", maintain_order="left").join(
        _meanings(annotation_genes, aliases), on=["gene_id", "gene_id_type"], how="left", maintain_order="left"
    )
    found = found.with_columns(
        analysis_gene_id=pl.coalesce("known_id", "meant", "gene_id"),
        matched_by=pl.when(pl.col("known_id").is_not_null()).then(pl.lit("ID")).otherwise(pl.col("matched_by")),
    )
    found = found.join(
        annotation_genes.rename({"gene_id": "analysis_gene_id"}),
        on="analysis_gene_id",
        how="left",
        maintain_order="left",
    )
    own_symbol = pl.when(pl.col("gene_id_type") == "SYMBOL").then(pl.coalesce("approved_symbol", "gene_id"))
    found = found.with_columns(gene_symbol=pl.coalesce(pl.col("gene_symbol"), own_symbol))
    return found.select(*gene_ids.columns, "analysis_gene_id", "matched_by", *GENE_SCHEMA.names()[1:])


def _meanings(genes: pl.DataFrame, aliases: pl.DataFrame) -> pl.DataFrame:
    """What every symbol, alias and Entrez id means: `meant` is null where several genes are possible or none."""
    symbols = _gene_meant(genes.select("gene_id", "chromosome", key="gene_symbol"))
    entrez = genes.select("gene_id", "chromosome", key=pl.col("entrez").str.split("|")).explode("key")
    names = aliases.group_by("alias").agg(approved=pl.col("approved_symbol").unique())
    several = pl.col("approved").list.len() > 1
    old_names = (
        names.select(
            key="alias", several=several, approved_symbol=pl.when(~several).then(pl.col("approved").list.first())
        )
        .join(symbols, on="key", how="anti")
        .join(symbols.rename({"key": "approved_symbol"}), on="approved_symbol", how="left")
        .with_columns(several=pl.col("several") | pl.col("several_right"))
    )
    columns = ("gene_id", "gene_id_type", "meant", "matched_by", "approved_symbol")
    return pl.concat(
        frame.with_columns(
            approved_symbol=approved,
            gene_id="key",
            gene_id_type=pl.lit(id_type),
            matched_by=pl.when("several")
            .then(pl.lit("AMBIGUOUS"))
            .when(pl.col("meant").is_not_null())
            .then(pl.lit(how)),
        ).select(columns)
        for frame, id_type, how, approved in (
            (symbols, "SYMBOL", "SYMBOL", pl.col("key")),
            (old_names, "SYMBOL", "ALIAS", pl.col("approved_symbol")),
            (_gene_meant(entrez), "ENTREZ", "ENTREZ", pl.lit(None, pl.String)),
        )
    )


def _gene_meant(keyed: pl.DataFrame) -> pl.DataFrame:
    """One row per key: the only gene, or the only one on a chromosome; `several` where that leaves a choice."""
    on_chromosome = pl.col("chromosome").str.contains(_STANDARD_CHROMOSOME) & ~pl.col("gene_id").str.ends_with("_PAR_Y")
    grouped = keyed.drop_nulls("key").group_by("key")
    counted = grouped.agg(
        pl.col("gene_id").unique(), placed=pl.col("gene_id").filter(on_chromosome.fill_null(False)).unique()
    )
    meant = (
        pl.when(pl.col("gene_id").list.len() == 1)
        .then(pl.col("gene_id").list.first())
        .when(pl.col("placed").list.len() == 1)
        .then(pl.col("placed").list.first())
    )
    return counted.select("key", meant=meant, several=meant.is_null())


def _read_table(path: Path, head: str) -> tuple[pl.DataFrame, pl.DataFrame, bool]:
    """Genes and aliases of a table, by the columns it has, and whether it is one of HGNC."""
    header = next((line for line in head.splitlines() if line.strip() and not line.startswith("#")), "")
    separator = max("\t,;", key=header.count)
    found = [name.strip() for name in next(csv.reader([header], delimiter=separator), [])]
    lower = {name.lower() for name in found}
    has_ids = bool(lower & set(_COLUMNS["gene_id"]))
    if {"symbol", "approved.symbol"} <= lower:
        aliases = _aliases(_table(path, separator), ["symbol"], "approved.symbol", " /// ")
        return GENE_SCHEMA.to_frame(), aliases, True
    if {"hgnc_id", "symbol"} <= lower and has_ids:
        table = _table(path, separator)
        if "status" in table.columns:
            table = table.filter(pl.col("status").ne_missing("Entry Withdrawn"))
        old = [name for name in ("alias_symbol", "prev_symbol") if name in table.columns]
        return _genes(table), _aliases(table, old, "symbol", "|"), True
    if has_ids and lower & set(_COLUMNS["gene_symbol"]):
        return _genes(_table(path, separator)), ALIAS_SCHEMA.to_frame(), False
    shown = ", ".join(found[:12]) or "none"
    raise InvalidAnnotation(f"{path.name} is not a gene table; columns found: {shown[:300]}; {_NEEDED}", value=path)


def _table(path: Path, separator: str) -> pl.DataFrame:
    """Every column as text, names in lower case, cells stripped, empty and NA as null."""
    text = _text(path)
    try:
        table = pl.read_csv(
            text.encode(), separator=separator, infer_schema=False, comment_prefix="#", null_values=["", "NA"]
        )
    except pl.exceptions.PolarsError as error:
        raise _ragged(path, text, separator) from error
    first_of_name = {name.strip().lower(): name for name in reversed(table.columns)}
    stripped = [(ours, pl.col(name).str.strip_chars()) for ours, name in first_of_name.items()]
    return table.select(pl.when(cell != "").then(cell).alias(ours) for ours, cell in stripped)


def _genes(table: pl.DataFrame) -> pl.DataFrame:
    """One row per gene_id in GENE_SCHEMA; of several rows the first value that is not empty, Entrez ids joined."""
    columns = {ours: next((name for name in names if name in table.columns), None) for ours, names in _COLUMNS.items()}
    genes = table.select(
        pl.lit(None, pl.String).alias(k) if v is None else pl.col(v).alias(k) for k, v in columns.items()
    )
    genes = genes.drop_nulls("gene_id").with_columns(
        pl.col("gene_id").str.replace(_VERSIONED, "${1}${2}"),
        pl.col("gene_name").str.replace(r"\s*\[Source:.*$", ""),
        _chromosome(),
        pl.col("start_position", "end_position", "entrez").cast(pl.Int64, strict=False),
        # GENCODE repeats the id where a gene has no name.
        gene_symbol=pl.when(
            ~pl.col("gene_symbol").str.contains(_VERSIONED) & (pl.col("gene_symbol") != pl.col("gene_id"))
        ).then("gene_symbol"),
    )
    first = pl.exclude("gene_id", "entrez").drop_nulls().first()
    merged = genes.group_by("gene_id").agg(first, pl.col("entrez").drop_nulls().unique().sort().cast(pl.String))
    joined = pl.when(pl.col("entrez").list.len() > 0).then(pl.col("entrez").list.join("|")).alias("entrez")
    return merged.with_columns(joined).sort("gene_id").select(GENE_SCHEMA.names()).cast(GENE_SCHEMA)


def _chromosome() -> pl.Expr:
    """Ensembl's names: chr1 -> 1, chrM and mitochondria -> MT, the band 4q13.3 -> 4; scaffolds stay as they are."""
    place = pl.col("chromosome").str.replace(r"^(\d{1,2}|X|Y)(cen|ter|[pq]\S*)?( .*)?$", "${1}")
    place = place.str.replace(r"^chr(\d{1,2}|[XYWZM]|MT)$", "${1}")
    return place.replace({"M": "MT", "mitochondria": "MT"}).alias("chromosome")


def _aliases(table: pl.DataFrame, old: Sequence[str], approved: str, separator: str) -> pl.DataFrame:
    """Distinct alias -> approved symbol; what is an approved symbol itself is never the alias of another gene."""
    current = table.select(approved_symbol=pl.col(approved).str.split(separator)).explode("approved_symbol")
    split = [
        table.select(alias=pl.col(name).str.split("|"), approved_symbol=pl.col(approved).str.split(separator))
        .explode("alias")
        .explode("approved_symbol")
        for name in old
    ]
    pairs = pl.concat([ALIAS_SCHEMA.to_frame(), *split])
    pairs = pairs.with_columns(pl.all().str.strip_chars()).drop_nulls().filter(pl.col("alias") != "").unique()
    return pairs.join(current, left_on="alias", right_on="approved_symbol", how="anti").sort("alias", "approved_symbol")


def _is_gtf(head: str) -> bool:
    """Whether the first line that is not a comment has a GTF's nine columns."""
    line = next((line for line in head.splitlines() if line and not line.startswith("#")), "")
    fields = line.split("\t")
    return len(fields) == 9 and fields[3].isdigit() and fields[4].isdigit()


def _read_gtf(path: Path) -> pl.DataFrame:
    """The gene features, read as a stream: only their lines are kept."""
    kept: list[bytes] = []
    with _open(path) as lines:
        for number, line in enumerate(lines, start=1):
            if line.startswith(b"#") or not line.strip():
                continue
            if line.count(b"\t") != 8:
                raise RaggedRow(f"line {number} of {path.name} does not have the nine columns of a GTF", value=path)
            if b"\tgene\t" in line:
                kept.append(line.rstrip(b"\r\n"))
    fields = pl.Series("line", _decoded(b"\n".join(kept), path).split("\n")).str.split("\t").to_frame()
    text = pl.col("line").list.get(8, null_on_oob=True)
    table = fields.filter(pl.col("line").list.get(2, null_on_oob=True) == "gene").select(
        chromosome=pl.col("line").list.get(0),
        start=pl.col("line").list.get(3),
        end=pl.col("line").list.get(4),
        gene_id=_attribute(text, "gene_id"),
        gene_name=_attribute(text, "gene_name"),
        gene_type=pl.coalesce(_attribute(text, "gene_biotype"), _attribute(text, "gene_type")),
    )
    if table["gene_id"].count() == 0:
        raise InvalidAnnotation(
            f'{path.name} has no gene features with gene_id "..." attributes',
            value=path,
            hint="Give the GTF (not GFF3) of Ensembl or GENCODE, with its lines of feature type gene.",
        )
    return _genes(table.rename({"gene_name": "symbol"}))


def _attribute(text: pl.Expr, name: str) -> pl.Expr:
    return text.str.extract(rf'(?:^|;)\s*{name} "([^"]+)"')


def _organism(genes: pl.DataFrame, asked: str | None, path: Path) -> str:
    """The organism of the id prefixes, or the one asked for where the prefixes say nothing."""
    prefix = genes["gene_id"].str.extract(r"^(ENS[A-Z]*?G|FBgn|WBGene)\d")
    told = sorted(_ORGANISMS[p] for p in prefix.drop_nulls().unique() if p in _ORGANISMS)
    wanted = asked.strip().upper().replace(" ", "_") if asked else None
    if len(told) > 1:
        raise InvalidAnnotation(
            f"{path.name} holds genes of {' and '.join(told)}", value=path, hint="Load one organism at a time."
        )
    if wanted and told and wanted != told[0]:
        raise InvalidAnnotation(
            f"{path.name} holds ids of {told[0]}, not of {wanted}",
            value=wanted,
            hint="Correct or leave out the organism.",
        )
    if not wanted and not told:
        example = genes["gene_id"][0]
        raise InvalidAnnotation(
            f"the organism of {path.name} cannot be told from ids like {example}",
            value=example,
            hint="Name it: `expressway genes load FILE --organism DANIO_RERIO`.",
        )
    return wanted or told[0]


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Turns what files and decompressors raise into errors of ours."""
    try:
        yield
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise BrokenContainer(f"{path.name} is a truncated or damaged gzip file", value=path) from error
    except OSError as error:
        if isinstance(error, SourceNotFound):
            raise
        raise SourceNotFound(
            f"the gene table cannot be read: {error.strerror or error}", value=path, hint="Check the path of the file."
        ) from error


def _open(path: Path) -> gzip.GzipFile | io.BufferedReader:
    with path.open("rb") as raw:
        zipped = raw.read(2) == b"\x1f\x8b"
    return gzip.open(path) if zipped else path.open("rb")


def _sha256(path: Path) -> str:
    with path.open("rb") as raw:
        return hashlib.file_digest(raw, "sha256").hexdigest()


def _head(path: Path) -> str:
    """The first lines as text, enough to tell the format."""
    with _open(path) as stream:
        start = stream.read(1 << 16)
    if not start.strip():
        raise InvalidAnnotation(f"{path.name} is empty", value=path)
    if start.startswith(b"PK\x03\x04"):
        raise InvalidAnnotation(f"{path.name} is a zip file", value=path, hint="Unpack it and give the table in it.")
    if start.lstrip()[:1] == b"<":
        raise InvalidAnnotation(
            f"{path.name} is a web page, not a gene table", value=path, hint="Download the file itself again."
        )
    return _decoded(start, path, cut=True)


def _text(path: Path) -> str:
    with _open(path) as stream:
        data = stream.read(_MAX_TABLE_BYTES + 1)
    if len(data) > _MAX_TABLE_BYTES:
        raise InvalidAnnotation(f"{path.name} is larger than {_MAX_TABLE_BYTES >> 20} MiB of text", value=path)
    return _decoded(data, path)


def _decoded(data: bytes, path: Path, *, cut: bool = False) -> str:
    """UTF-8 or, with its mark, UTF-16; `cut` allows half a character at the end."""
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        return decoder.decode(data, final=not cut)
    except UnicodeDecodeError as error:
        raise UnknownEncoding(f"{path.name} is not UTF-8 text (byte {error.start})", value=path) from error


def _ragged(path: Path, text: str, separator: str) -> RaggedRow:
    """Names the first line whose number of cells is not the header's."""
    rows = csv.reader(io.StringIO(text), delimiter=separator)
    wide = 0
    with suppress(csv.Error):
        for row in rows:
            if row and not row[0].startswith("#"):
                wide = wide or len(row)
                if len(row) != wide:
                    message = f"line {rows.line_num} of {path.name} has {len(row)} cells, not {wide}"
                    return RaggedRow(message, value=path)
    return RaggedRow(f"{path.name} cannot be read as a table (an unclosed quotation mark?)", value=path)
