"""Genes in the warehouse: do annotations meet the genes of studies, in every order, and leave the facts alone?"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from itertools import permutations
from pathlib import Path

import polars as pl
import pytest

from expressway import Warehouse, open_warehouse
from expressway.errors import InvalidAnnotation
from expressway.studies.annotation import read_annotation
from tests.warehouse.natural import natural_state
from tests.warehouse.small_warehouse import insert
from tests.warehouse.studies import sample_names, values, write_download

TP53, BRCA1, CXCL8, ELANE, NOVEL = (
    "ENSG00000141510", "ENSG00000012048", "ENSG00000169429", "ENSG00000197561", "ENSG00000999999",
)  # fmt: skip
MOUSE_TRP53, MOUSE_CXCL1 = "ENSMUSG00000059552", "ENSMUSG00000029380"

ENSEMBL = f"""ensgene\tentrez\tsymbol\tchr\tstart\tend\tstrand\tbiotype\tdescription
{TP53}\t7157\tTP53\t17\t7661779\t7687550\t-1\tprotein_coding\ttumor protein p53 [Source:HGNC]
{BRCA1}\t672\tBRCA1\t17\t43044295\t43170245\t-1\tprotein_coding\tBRCA1 DNA repair associated
{CXCL8}\t3576\tCXCL8\t4\t73740541\t73743716\t1\tprotein_coding\tC-X-C motif chemokine ligand 8
{ELANE}\t\tELANE\t19\t852209\t856246\t1\tprotein_coding\t
{NOVEL}\t\t\t1\t1000\t2000\t1\tlncRNA\tnovel transcript
"""
HGNC = f"""hgnc_id\tsymbol\tname\tlocus_type\tlocation\talias_symbol\tprev_symbol\tentrez_id\tensembl_gene_id
HGNC:11998\tTP53\ttumor protein p53 (HGNC)\tgene with protein product\t17p13.1\tp53|LFS1\t\t7157\t{TP53}
HGNC:6025\tCXCL8\tchemokine 8 (HGNC)\tgene with protein product\t4q13.3\tNAP-1\tIL8\t3576\t{CXCL8}
HGNC:3309\tELANE\telastase, neutrophil expressed\tgene with protein product\t19p13.3\tHNE\tELA2\t1991\t{ELANE}
HGNC:99999\tNOVEL1\tnovel gene 1\tRNA, long non-coding\t1p36.33\t\t\t\t{NOVEL}
"""
GTF = "".join(
    f'{place}\t.\t{strand}\t.\tgene_id "{gene}"; gene_name "{symbol}"; gene_biotype "protein_coding";\n'
    for place, strand, gene, symbol in (
        ("17\tensembl\tgene\t7661779\t7687550", "-", TP53, "TP53"),
        ("4\tensembl\tgene\t73740541\t73743716", "+", CXCL8, "CXCL8"),
    )
)
MOUSE = f"""ensgene\tentrez\tsymbol\tchr\tstart\tend\tstrand\tbiotype\tdescription
{MOUSE_TRP53}\t22059\tTrp53\t11\t69471185\t69482699\t1\tprotein_coding\ttransformation related protein 53
{MOUSE_CXCL1}\t14825\tCxcl1\t5\t90791099\t90794029\t1\tprotein_coding\tchemokine ligand 1
"""
TABLES = {"ensembl.tsv": ENSEMBL, "hgnc.tsv": HGNC, "genes.gtf": GTF}


@pytest.fixture
def load_genes(tmp_path: Path):
    """Loads tables, given as (name, text) or as the name of one of TABLES."""

    def load(warehouse: Warehouse, *tables: str | tuple[str, str]) -> None:
        for table in tables:
            name, text = (table, TABLES[table]) if isinstance(table, str) else table
            (tmp_path / name).write_text(text)
            warehouse.load_genes(read_annotation(tmp_path / name))

    return load


def write_study(
    folder: Path, accession: str, genes: Sequence[str], organism: str = "Homo sapiens", first: int = 1
) -> Path:
    """A plain matrix with a sample sheet."""
    folder.mkdir(parents=True, exist_ok=True)
    names = sample_names(6, first)
    rows = values(len(genes), 6, seed=len(genes))
    lines = [",".join(["gene", *names])]
    lines += [",".join([gene, *map(str, row)]) for gene, row in zip(genes, rows, strict=True)]
    matrix = folder / f"{accession}.csv"
    matrix.write_text("\n".join(lines) + "\n")
    sheet = ["sample,illness,organism", *(f"{name},SEPSIS,{organism}" for name in names)]
    (folder / f"{accession}.samplesheet.csv").write_text("\n".join(sheet) + "\n")
    return matrix


def padded(*genes: str) -> list[str]:
    """The genes among others of the same kind, so that the matrix is large enough to be one."""
    return [*genes, *(f"OTHER{number}" for number in range(20))]


def meaning(warehouse: Warehouse) -> dict[tuple[str, str], tuple[str, str | None]]:
    """The Ensembl gene and the symbol under which each other gene id is pooled, by organism and id."""
    rows = warehouse.sql(
        "SELECT g.organism, g.gene_id, a.gene_id AS pooled, g.gene_symbol FROM dim.dim_gene g "
        "JOIN dim.dim_gene a ON a.gene_key = g.analysis_gene_key "
        "WHERE g.gene_id_type <> 'ENSEMBL' AND g.gene_id NOT LIKE 'OTHER%'"
    ).rows()
    return {(organism, gene): (pooled, symbol) for organism, gene, pooled, symbol in rows}


def described(warehouse: Warehouse) -> dict[str, dict[str, object]]:
    """What is known of each Ensembl gene."""
    frame = warehouse.sql(
        "SELECT gene_id, gene_symbol, gene_name, gene_type, chromosome, start_position, entrez_id, annotation_source "
        "FROM dim.dim_gene WHERE gene_id_type = 'ENSEMBL' ORDER BY gene_id"
    )
    return {str(row.pop("gene_id")): row for row in frame.to_dicts()}


def aliases(warehouse: Warehouse) -> set[tuple[str, str]]:
    return set(warehouse.sql("SELECT alias, approved_symbol FROM dim.gene_alias").rows())


# Symbols, aliases, Entrez ids


def test_symbols_and_aliases_mean_their_ensembl_gene(warehouse_url: str, tmp_path: Path, load_genes) -> None:
    matrix = write_study(tmp_path / "s", "SYMBOLS", padded("TP53", "IL8", "ELA2", "p53", "NAP-1", "Tp53", "UNHEARD"))
    with open_warehouse(warehouse_url) as warehouse:
        assert warehouse.load(matrix).ok
        load_genes(warehouse, "ensembl.tsv", "hgnc.tsv")
        found = {gene: value for (_, gene), value in meaning(warehouse).items()}
        long = warehouse.expression("SYMBOLS")
        assert list(warehouse.check()) == []
    assert found == {
        "TP53": (TP53, "TP53"),
        "p53": (TP53, "TP53"),
        "IL8": (CXCL8, "CXCL8"),
        "NAP-1": (CXCL8, "CXCL8"),
        "ELA2": (ELANE, "ELANE"),
        "Tp53": ("Tp53", "Tp53"),
        "UNHEARD": ("UNHEARD", "UNHEARD"),
    }
    assert set(long.filter(gene_id="IL8")["gene_symbol"]) == {"CXCL8"}


def test_a_symbol_among_ensembl_ids_means_its_gene_too(warehouse_url: str, tmp_path: Path, load_genes) -> None:
    plain = [f"ENSG{80_000_000_000 + number}" for number in range(20)]
    with open_warehouse(warehouse_url) as warehouse:
        assert warehouse.load(write_study(tmp_path / "a", "PLAIN", ["IL8", *plain])).ok
        assert warehouse.load(write_study(tmp_path / "b", "SYMBOLS", padded("IL8", TP53), first=50)).ok
        types = dict(warehouse.sql("SELECT gene_id, gene_id_type FROM dim.dim_gene").rows())
        assert (types["IL8"], types[TP53], types["OTHER1"]) == ("SYMBOL", "ENSEMBL", "SYMBOL")
        load_genes(warehouse, "ensembl.tsv", "hgnc.tsv")
        assert meaning(warehouse) == {("HOMO_SAPIENS", "IL8"): (CXCL8, "CXCL8")}
        assert list(warehouse.check()) == []


def test_an_id_that_no_annotation_has_leads_no_symbol_astray(warehouse_url: str, tmp_path: Path, load_genes) -> None:
    """Earlier versions took every id of a study with mostly Ensembl ids for one."""
    with open_warehouse(warehouse_url) as warehouse:
        assert warehouse.load(write_study(tmp_path / "a", "SYMBOLS", padded("IL8"))).ok
        with closing(warehouse.engine.connect()) as connection:
            insert(connection, "dim.dim_gene", gene_id="IL8", gene_id_type="ENSEMBL", organism="HOMO_SAPIENS")
        load_genes(warehouse, "ensembl.tsv", "hgnc.tsv")
        assert meaning(warehouse) == {("HOMO_SAPIENS", "IL8"): (CXCL8, "CXCL8")}


@pytest.mark.parametrize("engine", ["duckdb"])
def test_entrez_ids_mean_their_ensembl_gene(warehouse_url: str, tmp_path: Path, load_genes) -> None:
    ids = ["7157", "3576", "1991", *(str(900_000_000 + number) for number in range(20))]
    with open_warehouse(warehouse_url) as warehouse:
        load_genes(warehouse, "ensembl.tsv", "hgnc.tsv")
        assert warehouse.load(write_study(tmp_path / "s", "ENTREZ", ids)).ok
        found = {gene: pooled for (_, gene), (pooled, _) in meaning(warehouse).items()}
    assert [found[gene] for gene in ids[:3]] == [TP53, CXCL8, ELANE], "1991 stands in the HGNC table only"
    assert all(found[gene] == gene for gene in ids[3:])


def test_mouse_and_human_stay_apart(warehouse_url: str, tmp_path: Path, load_genes) -> None:
    human = write_study(tmp_path / "a", "HUMAN", padded("TP53", "CXCL1", "IL8"))
    mouse = write_study(tmp_path / "b", "MOUSE", padded("Trp53", "Cxcl1", "TP53", "IL8"), "Mus musculus", first=50)
    with open_warehouse(warehouse_url) as warehouse:
        load_genes(warehouse, "ensembl.tsv", ("mouse.tsv", MOUSE))
        assert warehouse.load(human, mouse).ok
        load_genes(warehouse, "hgnc.tsv")
        found = {gene: pooled for gene, (pooled, _) in meaning(warehouse).items()}
        assert list(warehouse.check()) == []
    assert found == {
        ("HOMO_SAPIENS", "TP53"): TP53,
        ("HOMO_SAPIENS", "CXCL1"): "CXCL1",
        ("HOMO_SAPIENS", "IL8"): CXCL8,
        ("MUS_MUSCULUS", "Trp53"): MOUSE_TRP53,
        ("MUS_MUSCULUS", "Cxcl1"): MOUSE_CXCL1,
        ("MUS_MUSCULUS", "TP53"): "TP53",
        ("MUS_MUSCULUS", "IL8"): "IL8",
    }


@pytest.mark.parametrize("engine", ["duckdb"])
def test_an_alias_of_two_genes_is_left_alone(warehouse_url: str, tmp_path: Path, load_genes) -> None:
    matrix = write_study(tmp_path / "s", "SYMBOLS", padded("p53"))
    twice = HGNC.replace("HNE", "HNE|p53")
    with open_warehouse(warehouse_url) as warehouse:
        warehouse.load(matrix)
        load_genes(warehouse, "ensembl.tsv", ("hgnc.tsv", twice))
        assert meaning(warehouse)["HOMO_SAPIENS", "p53"] == ("p53", "p53")
        load_genes(warehouse, "hgnc.tsv")
        assert meaning(warehouse)["HOMO_SAPIENS", "p53"] == (TP53, "TP53"), "the mended table replaces what it said"
        assert ("p53", "ELANE") not in aliases(warehouse)


# The order of loading


@pytest.mark.parametrize("engine", ["duckdb"])
@pytest.mark.parametrize("order", list(permutations(TABLES)), ids="-".join)
def test_ensembl_stands_above_hgnc_in_any_order(
    order: tuple[str, ...], warehouse_url: str, tmp_path: Path, load_genes
) -> None:
    with open_warehouse(warehouse_url) as warehouse:
        load_genes(warehouse, *order, order[-1])
        found = described(warehouse)
        former_names = aliases(warehouse)
    assert {gene: row["gene_type"] for gene, row in found.items()} == {
        TP53: "protein_coding", BRCA1: "protein_coding", CXCL8: "protein_coding", ELANE: "protein_coding",
        NOVEL: "lncRNA",
    }  # fmt: skip
    assert {gene: row["gene_name"] for gene, row in found.items()} == {
        TP53: "tumor protein p53",
        BRCA1: "BRCA1 DNA repair associated",
        CXCL8: "C-X-C motif chemokine ligand 8",
        ELANE: "elastase, neutrophil expressed",
        NOVEL: "novel transcript",
    }
    assert {gene: row["gene_symbol"] for gene, row in found.items()} == {
        TP53: "TP53", BRCA1: "BRCA1", CXCL8: "CXCL8", ELANE: "ELANE", NOVEL: "NOVEL1",
    }  # fmt: skip
    assert found[ELANE]["entrez_id"] == "1991"
    assert found[CXCL8]["chromosome"] == "4"
    assert all("HGNC" not in str(row["annotation_source"]) for row in found.values())
    assert former_names == {
        ("p53", "TP53"), ("LFS1", "TP53"), ("NAP-1", "CXCL8"), ("IL8", "CXCL8"), ("HNE", "ELANE"), ("ELA2", "ELANE"),
    }  # fmt: skip


@pytest.mark.parametrize("engine", ["duckdb"])
@pytest.mark.parametrize("ensembl_first", [True, False])
def test_names_of_hgnc_give_way_also_without_an_alias(ensembl_first: bool, warehouse_url: str, load_genes) -> None:
    names = ("names.tsv", f"hgnc_id\tsymbol\tname\tensembl_gene_id\nHGNC:11998\tTP53\tof HGNC\t{TP53}\n")
    with open_warehouse(warehouse_url) as warehouse:
        load_genes(warehouse, *(["ensembl.tsv", names] if ensembl_first else [names, "ensembl.tsv"]))
        assert described(warehouse)[TP53]["gene_name"] == "tumor protein p53"


@pytest.mark.parametrize("engine", ["duckdb"])
@pytest.mark.parametrize("ensembl_first", [True, False])
def test_an_approved_symbol_that_gives_way_still_means_its_gene(
    ensembl_first: bool, warehouse_url: str, tmp_path: Path, load_genes
) -> None:
    """HGNC has renamed a gene; the Ensembl release knows the symbol it had before."""
    renamed = HGNC.replace("\tCXCL8\t", "\tCXCL88\t").replace("\tIL8\t", "\tIL8|CXCL8\t")
    tables = ["ensembl.tsv", ("hgnc.tsv", renamed)]
    matrix = write_study(tmp_path / "s", "SYMBOLS", padded("CXCL88", "CXCL8", "TP53"))
    with open_warehouse(warehouse_url) as warehouse:
        warehouse.load(matrix)
        load_genes(warehouse, *(tables if ensembl_first else tables[::-1]))
        assert described(warehouse)[CXCL8]["gene_symbol"] == "CXCL8"
        found = {gene: value for (_, gene), value in meaning(warehouse).items()}
    assert found["CXCL88"] == (CXCL8, "CXCL8")
    assert found["CXCL8"] == (CXCL8, "CXCL8")


@pytest.mark.parametrize("engine", ["duckdb"])
def test_hgnc_alone_describes_and_a_newer_one_replaces_it(warehouse_url: str, load_genes) -> None:
    with open_warehouse(warehouse_url) as warehouse:
        load_genes(warehouse, "hgnc.tsv")
        assert described(warehouse)[TP53]["gene_type"] == "gene with protein product"
        assert str(described(warehouse)[TP53]["annotation_source"]).startswith("HGNC: hgnc.tsv sha256:")
        load_genes(warehouse, ("newer.tsv", HGNC.replace("tumor protein p53 (HGNC)", "cellular tumor antigen")))
        assert described(warehouse)[TP53]["gene_name"] == "cellular tumor antigen"


@pytest.mark.parametrize("engine", ["duckdb"])
def test_genes_first_or_study_first_is_the_same(warehouse_url: str, tmp_path: Path, load_genes) -> None:
    matrix = write_study(tmp_path / "s", "SYMBOLS", padded("TP53", "IL8", "UNHEARD"))
    with open_warehouse(warehouse_url) as warehouse:
        warehouse.load(matrix)
        load_genes(warehouse, "ensembl.tsv", "hgnc.tsv")
        first = natural_state(warehouse)
    with open_warehouse(f"duckdb:///{tmp_path}/other.duckdb") as warehouse:
        load_genes(warehouse, "ensembl.tsv", "hgnc.tsv")
        warehouse.load(matrix)
        assert natural_state(warehouse) == first


# Corrections


def test_a_corrected_dictionary_leaves_the_facts(warehouse_url: str, tmp_path: Path, load_genes) -> None:
    download = write_download(tmp_path / "d", "GSE900001", genes=[TP53, CXCL8, *(f"ENSG{n:011}" for n in range(58))])
    symbols = write_study(tmp_path / "s", "SYMBOLS", padded("TP53", "IL8"), first=50)
    with open_warehouse(warehouse_url) as warehouse:
        assert warehouse.load(download.parent.parent, symbols).ok
        load_genes(warehouse, "ensembl.tsv", "hgnc.tsv")
        before = warehouse.sql("SELECT * FROM fact.fact_gene_expression ORDER BY study_key, gene_key, sample_key")
        raw = warehouse.expression("GSE900001").drop("gene_symbol")
        wrong = ENSEMBL.replace("\tTP53\t", "\tP53GENE\t").replace("7661779", "7661000")
        load_genes(warehouse, ("ensembl.tsv", wrong))
        assert described(warehouse)[TP53]["gene_symbol"] == "P53GENE"
        assert described(warehouse)[TP53]["start_position"] == 7661000
        assert meaning(warehouse)["HOMO_SAPIENS", "TP53"] == ("TP53", "TP53")

        load_genes(warehouse, "ensembl.tsv")

        assert described(warehouse)[TP53]["gene_symbol"] == "TP53"
        assert meaning(warehouse)["HOMO_SAPIENS", "TP53"] == (TP53, "TP53")
        after = warehouse.sql("SELECT * FROM fact.fact_gene_expression ORDER BY study_key, gene_key, sample_key")
        assert after.equals(before)
        assert warehouse.expression("GSE900001").drop("gene_symbol").equals(raw)
        assert set(warehouse.expression("GSE900001").filter(gene_id=CXCL8)["gene_symbol"]) == {"CXCL8"}
        assert warehouse.load(download.parent.parent).studies[0].action == "NOOP"
        assert list(warehouse.check()) == []


def test_the_same_table_again_changes_nothing(warehouse_url: str, load_genes) -> None:
    with open_warehouse(warehouse_url) as warehouse:
        load_genes(warehouse, "ensembl.tsv", "hgnc.tsv")
        before = natural_state(warehouse), described(warehouse), aliases(warehouse)
        load_genes(warehouse, "hgnc.tsv", "ensembl.tsv")
        assert (natural_state(warehouse), described(warehouse), aliases(warehouse)) == before


@pytest.mark.parametrize("engine", ["duckdb"])
def test_a_broken_table_changes_nothing(warehouse_url: str, tmp_path: Path, load_genes) -> None:
    with open_warehouse(warehouse_url) as warehouse:
        load_genes(warehouse, "ensembl.tsv")
        before = described(warehouse)
        with pytest.raises(InvalidAnnotation):
            load_genes(warehouse, ("broken.tsv", "one\ttwo\n1\t2\n"))
        with pytest.raises(InvalidAnnotation, match=r"HOMO_SAPIENS and MUS_MUSCULUS"):
            load_genes(warehouse, ("both.tsv", ENSEMBL + MOUSE.split("\n", 1)[1]))
        assert described(warehouse) == before


@pytest.mark.parametrize("engine", ["duckdb"])
def test_what_is_told_of_a_load(warehouse_url: str, tmp_path: Path) -> None:
    matrix = write_study(tmp_path / "s", "SYMBOLS", padded("TP53", "IL8"))
    for name, text in TABLES.items():
        (tmp_path / name).write_text(text)
    with open_warehouse(warehouse_url) as warehouse:
        warehouse.load(matrix)
        told = [warehouse.load_genes(read_annotation(tmp_path / name)) for name in ("ensembl.tsv", "hgnc.tsv")]
        pooled = warehouse.sql("SELECT count(*) AS n FROM dim.dim_gene WHERE analysis_gene_key <> gene_key")
    assert [(one.organism, one.genes, one.aliases, one.resolved) for one in told] == [
        ("HOMO_SAPIENS", 5, 0, 1),
        ("HOMO_SAPIENS", 4, 6, 2),
    ]
    assert pooled.rows() == [(2,)]
    assert pooled.schema == {"n": pl.Int64}
