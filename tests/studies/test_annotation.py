from __future__ import annotations

import csv
import gzip
import re
from contextlib import suppress
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expressway.errors import (
    BrokenContainer,
    InvalidAnnotation,
    RaggedRow,
    SourceError,
    SourceNotFound,
    UnknownEncoding,
)
from expressway.studies.annotation import (
    ALIAS_SCHEMA,
    GENE_SCHEMA,
    Annotation,
    clean_gene_id,
    gene_id_types,
    read_annotation,
    resolve,
)

ENSEMBL = """\
ensgene\tentrez\tsymbol\tchr\tstart\tend\tstrand\tbiotype\tdescription
ENSG00000169429.11\t3576\tCXCL8\t4\t73740569\t73743716\t1\tprotein_coding\tC-X-C motif 8 [Source:HGNC;Acc:HGNC:6025]
ENSG00000004866\t93655\tST7\t7\t1\t9\t1\tprotein_coding\tST7
ENSG00000004866\t7982\tST7\t7\t1\t9\t1\tprotein_coding\tST7
ENSG00000230000\t\t\tKI270733.1\t1\t9\t1\tlncRNA\t
"""
HGNC = """\
hgnc_id\tsymbol\tname\tlocus_type\tstatus\tlocation\talias_symbol\tprev_symbol\tentrez_id\tensembl_gene_id
HGNC:6025\tCXCL8\tchemokine 8\tgene with protein product\tApproved\t4q13.3\t"SCYB8|LUCT"\tIL8\t3576\tENSG00000169429
HGNC:3309\tELANE\telastase\tgene with protein product\tApproved\t19p13.3\tNE|HLE\t"ELA2"\t1991\tENSG00000197561
HGNC:61\tABCD1\tABC D1\tgene with protein product\tApproved\tXq28\tAMN\tALD\t215\tENSG00000101986
HGNC:14604\tAMN\tamnion\tgene with protein product\tApproved\t14q32.32\t\t\t81693\tENSG00000166126
HGNC:7414\tMT-ATP6\tATP6\tgene with protein product\tApproved\tmitochondria\tNE\t\t4508\tENSG00000198899
HGNC:1\tGONE\twithdrawn\twithdrawn\tEntry Withdrawn\t\tOLD\t\t\t
"""
GTF = """\
#!genome-build GRCh38.p14
4\tHAVANA\tgene\t10\t90\t.\t+\t.\tgene_id "ENSG00000169429"; gene_version "11"; gene_name "CXCL8"; gene_biotype "RNA";
chr4\tHAVANA\ttranscript\t10\t90\t.\t+\t.\tgene_id "ENSG00000169429.11"; transcript_id "ENST00000307407.8";
chrY\tHAVANA\tgene\t100\t900\t.\t+\t.\tgene_id "ENSG00000182378.15_PAR_Y"; gene_type "other"; gene_name "PLCXD1";
chrM\tENSEMBL\tgene\t577\t647\t.\t+\t.\tgene_id "ENSG00000210049"; gene_version "1"; gene_biotype "Mt_tRNA";
chr1\tHAVANA\tgene\t5\t6\t.\t-\t.\tgene_id "ENSG00000290825.1"; gene_type "lncRNA"; gene_name "ENSG00000290825.1";
"""


def write(path: Path, text: str) -> Path:
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text, encoding="utf-8")
    return path


def genes_of(*rows: tuple[str, str | None, str, str | None]) -> pl.DataFrame:
    """Genes from (gene_id, gene_symbol, chromosome, entrez)."""
    table = pl.DataFrame(
        rows, schema=dict.fromkeys(("gene_id", "gene_symbol", "chromosome", "entrez"), pl.String), orient="row"
    )
    return table.select(
        table[name].cast(kind) if name in table.columns else pl.lit(None, kind).alias(name)
        for name, kind in GENE_SCHEMA.items()
    )


def resolved(
    ids: list[str], genes: pl.DataFrame, aliases: dict[str, list[str]], kind: str = "SYMBOL"
) -> dict[str, tuple[str | None, ...]]:
    pairs = [(alias, symbol) for alias, symbols in aliases.items() for symbol in symbols]
    found = resolve(
        pl.DataFrame(
            {"gene_id": ids, "gene_id_type": [kind] * len(ids)},
            schema_overrides={"gene_id": pl.String, "gene_id_type": pl.String},
        ),
        genes,
        pl.DataFrame(pairs, schema=ALIAS_SCHEMA, orient="row"),
    )
    assert found["gene_id"].to_list() == ids
    return {
        row["gene_id"]: (row["analysis_gene_id"], row["matched_by"], row["gene_symbol"]) for row in found.to_dicts()
    }


@pytest.fixture(scope="module")
def human(data_dir: Path) -> Annotation:
    return read_annotation(data_dir / "annotation" / "annotables_grch38.tsv.gz", release="109")


@pytest.fixture(scope="module")
def hgnc(data_dir: Path) -> Annotation:
    return read_annotation(data_dir / "annotation" / "hgnchelper_hgnc.table.tsv.gz")


@pytest.mark.parametrize("name", ["genes.tsv", "genes.tsv.gz", "genes.csv"])
def test_ensembl_table_has_one_clean_row_per_gene(tmp_path: Path, name: str) -> None:
    text = ENSEMBL.replace("\t", ",") if name.endswith("csv") else ENSEMBL
    annotation = read_annotation(write(tmp_path / name, text), release="109")
    assert annotation.organism == "HOMO_SAPIENS"
    assert annotation.genes.schema == GENE_SCHEMA
    assert annotation.genes.rows() == [
        ("ENSG00000004866", "ST7", "ST7", "protein_coding", "7", 1, 9, "7982|93655"),
        ("ENSG00000169429", "CXCL8", "C-X-C motif 8", "protein_coding", "4", 73740569, 73743716, "3576"),
        ("ENSG00000230000", None, None, "lncRNA", "KI270733.1", 1, 9, None),
    ]
    assert annotation.aliases.is_empty()
    assert re.fullmatch(rf"{re.escape(name)} release 109 sha256:[0-9a-f]{{12}}", annotation.source)


def test_biomart_column_names_are_known(tmp_path: Path) -> None:
    text = "Gene stable ID\tGene name\tChromosome/scaffold name\nENSDARG00000000001\tslc35a5\t9\n"
    annotation = read_annotation(write(tmp_path / "mart_export.txt", text))
    assert annotation.organism == "DANIO_RERIO"
    assert annotation.genes.select("gene_id", "gene_symbol", "chromosome").rows() == [
        ("ENSDARG00000000001", "slc35a5", "9")
    ]


def test_hgnc_table_gives_genes_and_aliases(tmp_path: Path) -> None:
    annotation = read_annotation(write(tmp_path / "hgnc_complete_set.txt", HGNC))
    assert annotation.organism == "HOMO_SAPIENS"
    assert dict(annotation.genes.select("gene_symbol", "chromosome").rows()) == {
        "CXCL8": "4", "ELANE": "19", "ABCD1": "X", "AMN": "14", "MT-ATP6": "MT",
    }  # fmt: skip
    aliases = annotation.aliases.rows()
    assert ("IL8", "CXCL8") in aliases
    assert ("LUCT", "CXCL8") in aliases
    assert ("ELA2", "ELANE") in aliases
    assert [symbol for alias, symbol in aliases if alias == "NE"] == ["ELANE", "MT-ATP6"]
    assert "OLD" not in annotation.aliases["alias"], "withdrawn entries name no gene"
    assert "AMN" not in annotation.aliases["alias"], "an approved symbol is no alias of another gene"


@pytest.mark.parametrize("columns", [("alias_symbol", "prev_symbol"), ("prev_symbol",), ()], ids=len)
def test_hgnc_table_without_aliases_is_one_of_hgnc(columns: tuple[str, ...], tmp_path: Path) -> None:
    header = "\t".join(["hgnc_id", "symbol", "ensembl_gene_id", *columns])
    row = "\t".join(["HGNC:6025", "CXCL8", "ENSG00000169429", *("" for _ in columns)])
    annotation = read_annotation(write(tmp_path / "hgnc.tsv", f"{header}\n{row}\n"))
    assert annotation.is_hgnc
    assert annotation.organism == "HOMO_SAPIENS"
    assert annotation.genes["gene_symbol"].to_list() == ["CXCL8"]
    assert annotation.aliases.is_empty()


def test_hgnchelper_table_splits_several_approved_symbols(tmp_path: Path) -> None:
    text = (
        "Symbol\tApproved.Symbol\tchromosome\nA1BG\tA1BG\t19\nIL8\tCXCL8\t4\nSEP2\tSEPTIN2 /// SELENOF\tNA\nX\tNA\t1\n"
    )
    annotation = read_annotation(write(tmp_path / "table.tsv", text))
    assert annotation.organism == "HOMO_SAPIENS"
    assert annotation.genes.is_empty()
    assert annotation.aliases.rows() == [("IL8", "CXCL8"), ("SEP2", "SELENOF"), ("SEP2", "SEPTIN2")]


@pytest.mark.parametrize("name", ["genes.gtf", "genes.gtf.gz"])
def test_gtf_gives_its_gene_features(tmp_path: Path, name: str) -> None:
    annotation = read_annotation(write(tmp_path / name, GTF))
    assert annotation.organism == "HOMO_SAPIENS"
    assert annotation.genes.select("gene_id", "gene_symbol", "gene_type", "chromosome", "start_position").rows() == [
        ("ENSG00000169429", "CXCL8", "RNA", "4", 10),
        ("ENSG00000182378_PAR_Y", "PLCXD1", "other", "Y", 100),
        ("ENSG00000210049", None, "Mt_tRNA", "MT", 577),
        ("ENSG00000290825", None, "lncRNA", "1", 5),
    ]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_byte_order_marks_are_read(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "genes.tsv"
    path.write_bytes(ENSEMBL.encode(encoding))
    assert read_annotation(path).genes.height == 3


def test_organism_is_the_one_asked_for_where_ids_do_not_tell(tmp_path: Path) -> None:
    path = write(tmp_path / "genes.csv", "gene_id,symbol\nSPAC1002.01,mrx11\n")
    with pytest.raises(InvalidAnnotation, match=r"SPAC1002\.01") as caught:
        read_annotation(path)
    assert "--organism" in caught.value.hint
    assert read_annotation(path, organism="Schizosaccharomyces pombe").organism == "SCHIZOSACCHAROMYCES_POMBE"


def test_organism_that_contradicts_the_ids_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidAnnotation, match="HOMO_SAPIENS, not of MUS_MUSCULUS"):
        read_annotation(write(tmp_path / "genes.tsv", ENSEMBL), organism="MUS_MUSCULUS")
    mixed = ENSEMBL + "ENSMUSG00000000001\t1\tGnai3\t3\t1\t9\t1\tprotein_coding\tx\n"
    with pytest.raises(InvalidAnnotation, match="HOMO_SAPIENS and MUS_MUSCULUS"):
        read_annotation(write(tmp_path / "mixed.tsv", mixed))


@pytest.mark.parametrize(
    ("content", "error", "says"),
    [
        (b"", InvalidAnnotation, "empty"),
        (gzip.compress(b"", mtime=0), InvalidAnnotation, "empty"),
        (b"ensgene\tsymbol\n", InvalidAnnotation, "no genes"),
        (b"Gene\tSRR1\tSRR2\nENSG00000000003\t1\t2\n", InvalidAnnotation, "Gene, SRR1, SRR2"),
        (b"<!DOCTYPE html><html></html>", InvalidAnnotation, "web page"),
        (b"PK\x03\x04rest", InvalidAnnotation, "zip"),
        (b'ensgene\tsymbol\nENSG00000000003\t"TSPAN6\n', RaggedRow, "quotation"),
        (b"ensgene\tsymbol\nENSG00000000003\tTSPAN6\t1\n", RaggedRow, "line 2"),
        (b"ensgene\tsymbol\nENSG00000000003\t\xff\xfe\xfa\n", UnknownEncoding, "UTF-8"),
        (gzip.compress(ENSEMBL.encode() * 500, mtime=0)[:-200], BrokenContainer, "truncated"),
        (b"\x1f\x8bnonsense", BrokenContainer, "damaged"),
        (GTF.replace("\tgene\t", "\texon\t").encode(), InvalidAnnotation, "no gene features"),
        (GTF.encode() + b"chr1\tHAVANA\tgene\n", RaggedRow, "line 7"),
        (b"chr1\tx\tgene\t1\t2\t.\t+\t.\tID=gene:ENSG00000000003;Name=A\n", InvalidAnnotation, "no gene features"),
    ],
)
def test_bad_input_is_refused_with_a_hint(tmp_path: Path, content: bytes, error: type[SourceError], says: str) -> None:
    path = tmp_path / "table"
    path.write_bytes(content)
    with pytest.raises(error, match=says) as caught:
        read_annotation(path)
    assert type(caught.value) is error
    assert caught.value.hint


def test_missing_path_and_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.tsv", tmp_path):
        with pytest.raises(SourceNotFound) as caught:
            read_annotation(path)
        assert caught.value.value == str(path)


@given(st.binary(max_size=300))
def test_any_bytes_give_an_annotation_or_an_error_of_ours(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.mktemp("any") / "table"
    for data in (content, b"ensgene\tsymbol\n" + content, b'1\tx\tgene\t1\t2\t.\t+\t.\tgene_id "ENSG1";\n' + content):
        path.write_bytes(data)
        with suppress(SourceError):
            assert isinstance(read_annotation(path), Annotation)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("ENSG00000141510.18", "ENSG00000141510"),
        ("ENSMUSG00000059552", "ENSMUSG00000059552"),
        ("ENSG00000182378.15_PAR_Y", "ENSG00000182378_PAR_Y"),
        (" ENSG00000141510 ", "ENSG00000141510"),
        ("HLA-DRA.1", "HLA-DRA.1"),
        ("RP11-34P13.7", "RP11-34P13.7"),
        ("AC093323.3", "AC093323.3"),
    ],
)
def test_only_the_version_is_stripped(text: str, clean: str) -> None:
    assert clean_gene_id(text) == clean
    assert clean_gene_id(clean) == clean


@pytest.mark.parametrize(
    ("ids", "kinds"),
    [
        (["ENSG00000141510.18", "ENSG00000182378_PAR_Y", "ERCC-00002"], ["ENSEMBL", "ENSEMBL", "SYMBOL"]),
        (["FBgn0031208", "WBGene00000001", "44256"], ["ENSEMBL", "ENSEMBL", "SYMBOL"]),
        (["IL8", "HLA-DRA.1", "100", "ENSG00000141510"], ["SYMBOL", "SYMBOL", "SYMBOL", "ENSEMBL"]),
        (["7105", "3576", "IL8"], ["ENTREZ", "ENTREZ", "SYMBOL"]),
        (["202295_s_at", "1007_s_at", "AFFX-BioB-5_at", "100"], ["PROBE", "PROBE", "PROBE", "SYMBOL"]),
        (["ILMN_1343291", "A_23_P12345", "A1BG"], ["PROBE", "PROBE", "SYMBOL"]),
        ([], []),
    ],
)
def test_each_id_has_the_type_of_its_form_and_a_number_that_of_most(ids: list[str], kinds: list[str]) -> None:
    assert gene_id_types(ids).to_list() == kinds


def test_symbols_and_older_names_mean_their_ensembl_gene() -> None:
    genes = genes_of(("ENSG1", "CXCL8", "4", "3576"), ("ENSG2", "ELANE", "19", None), ("ENSG3", None, "1", None))
    aliases = {"IL8": ["CXCL8"], "ELA2": ["ELANE"], "OLD": ["NOWHERE"], "CXCL8": ["ELANE"]}
    assert resolved(["CXCL8", "IL8", "Il8", "ELA2", "OLD", "ENSG3", "NEW"], genes, aliases) == {
        "CXCL8": ("ENSG1", "SYMBOL", "CXCL8"),
        "IL8": ("ENSG1", "ALIAS", "CXCL8"),
        "Il8": ("Il8", None, "Il8"),
        "ELA2": ("ENSG2", "ALIAS", "ELANE"),
        "OLD": ("OLD", None, "NOWHERE"),
        "ENSG3": ("ENSG3", "ID", "ENSG3"),
        "NEW": ("NEW", None, "NEW"),
    }


def test_several_possible_genes_leave_the_id_itself() -> None:
    genes = genes_of(
        ("ENSG1", "MATR3", "5", None),
        ("ENSG2", "MATR3", "5", None),
        ("ENSG3", "A", "1", None),
        ("ENSG4", "B", "2", None),
    )
    assert resolved(["MATR3", "AB", "OLDMATR"], genes, {"AB": ["A", "B"], "OLDMATR": ["MATR3"]}) == {
        "MATR3": ("MATR3", "AMBIGUOUS", "MATR3"),
        "AB": ("AB", "AMBIGUOUS", "AB"),
        "OLDMATR": ("OLDMATR", "AMBIGUOUS", "MATR3"),
    }


def test_copies_off_the_chromosomes_are_the_same_gene() -> None:
    genes = genes_of(
        ("ENSG1", "TNF", "6", "7124"),
        ("ENSG2", "TNF", "CHR_HSCHR6_MHC_COX_CTG1", "7124"),
        ("ENSG3", "PLCXD1", "X", "55344"),
        ("ENSG3_PAR_Y", "PLCXD1", "Y", "55344"),
        ("ENSG4", "KIR", "CHR_A", None),
        ("ENSG5", "KIR", "CHR_B", None),
        ("ENSG6", "ONLY", "GL000220.1", None),
    )
    found = resolved(["TNF", "PLCXD1", "KIR", "ONLY", "ENSG2"], genes, {})
    assert {gene: meaning[0] for gene, meaning in found.items()} == {
        "TNF": "ENSG1", "PLCXD1": "ENSG3", "KIR": "KIR", "ONLY": "ENSG6", "ENSG2": "ENSG2",
    }  # fmt: skip


def test_entrez_ids_mean_a_gene_only_when_they_are_entrez_ids() -> None:
    genes = genes_of(("ENSG1", "ST7", "7", "7982|93655"), ("ENSG2", "A", "1", "5"), ("ENSG3", "B", "1", "5"))
    found = resolved(["7982", "93655", "5", "6"], genes, {}, kind="ENTREZ")
    assert [found[key][:2] for key in found] == [
        ("ENSG1", "ENTREZ"), ("ENSG1", "ENTREZ"), ("5", "AMBIGUOUS"), ("6", None),
    ]  # fmt: skip
    assert resolved(["7982"], genes, {})["7982"][0] == "7982"


def test_no_annotation_leaves_every_id_itself() -> None:
    empty = GENE_SCHEMA.to_frame()
    assert resolved(["IL8"], empty, {}) == {"IL8": ("IL8", None, "IL8")}
    assert resolved(["ENSG1"], empty, {}, kind="ENSEMBL") == {"ENSG1": ("ENSG1", None, None)}
    assert resolved([], empty, {}) == {}


@given(
    st.lists(st.tuples(st.sampled_from("ABCD"), st.sampled_from(["1", "2", "CHR_X"])), max_size=8),
    st.dictionaries(st.sampled_from("ABCDEF"), st.lists(st.sampled_from("ABCD"), min_size=1, max_size=3)),
)
def test_resolution_equals_a_plain_walk_through_the_rules(
    named: list[tuple[str, str]], aliases: dict[str, list[str]]
) -> None:
    genes = genes_of(*((f"ENSG{i}", symbol, chromosome, None) for i, (symbol, chromosome) in enumerate(named)))

    def gene(symbol: str) -> str | None:
        ids = [(f"ENSG{i}", place) for i, (name, place) in enumerate(named) if name == symbol]
        placed = [gene_id for gene_id, place in ids if place != "CHR_X"]
        return ids[0][0] if len(ids) == 1 else placed[0] if len(placed) == 1 else None

    def walk(name: str) -> str:
        if any(name == symbol for symbol, _ in named):
            return gene(name) or name
        approved = set(aliases.get(name, ()))
        return (gene(approved.pop()) if len(approved) == 1 else None) or name

    found = resolved(list("ABCDEF"), genes, aliases)
    assert {name: meaning[0] for name, meaning in found.items()} == {name: walk(name) for name in "ABCDEF"}


def test_real_tables_have_the_documented_size(human: Annotation, hgnc: Annotation) -> None:
    assert human.organism == "HOMO_SAPIENS"
    assert human.genes.height == 69_299
    assert human.genes["gene_id"].is_unique().all()
    assert hgnc.aliases.filter(pl.col("alias") == "IL8").rows() == [("IL8", "CXCL8")]


def test_real_studies_are_covered(human: Annotation, data_dir: Path) -> None:
    mouse = read_annotation(data_dir / "annotation" / "annotables_grcm38.tsv.gz")
    assert mouse.organism == "MUS_MUSCULUS"
    for study, annotation, known, named in (("SRP164913", human, 0.993, 0.723), ("SRP070849", mouse, 0.928, 0.927)):
        ids = pl.read_csv(data_dir / study / study / f"{study}.tsv.gz", separator="\t", columns=["Gene"])["Gene"]
        assert set(gene_id_types(ids.to_list())) == {"ENSEMBL"}
        found = resolve(pl.DataFrame({"gene_id": ids, "gene_id_type": "ENSEMBL"}), annotation.genes, annotation.aliases)
        assert found["analysis_gene_id"].equals(ids.alias("analysis_gene_id"))
        assert found["matched_by"].is_not_null().mean() == pytest.approx(known, abs=0.0006)
        assert found["gene_symbol"].is_not_null().mean() == pytest.approx(named, abs=0.0006)


def test_every_symbol_of_the_sepsis_panels_means_one_gene(human: Annotation, hgnc: Annotation, data_dir: Path) -> None:
    symbols: set[str] = set()
    for panel in sorted((data_dir / "geo").glob("GSE*/*.csv")):
        with panel.open(newline="") as lines:
            symbols |= {re.sub(r"\.\d+$", "", name) for name in next(csv.reader(lines))[1:-1]}
    ids = pl.DataFrame({"gene_id": sorted(symbols), "gene_id_type": "SYMBOL"})
    found = resolve(ids, human.genes, hgnc.aliases)
    assert found.height == 58
    assert found.filter(~pl.col("analysis_gene_id").str.starts_with("ENSG")).is_empty()
    by_alias = found.filter(pl.col("matched_by") == "ALIAS").select("gene_id", "gene_symbol").rows()
    assert by_alias == [("CIAS1", "NLRP3"), ("ELA2", "ELANE"), ("IL8", "CXCL8")]
