"""Is the gene that a person names the gene that is meant?"""

from __future__ import annotations

import pytest

from expressway.errors import InvalidSetting
from expressway.warehouse.engines.base import Connection
from expressway.warehouse.pairs.gene_names import find_gene
from tests.warehouse.pairs.rows import change, mapped_study
from tests.warehouse.small_warehouse import add_facts, add_genes, insert


@pytest.fixture
def genes(connection: Connection) -> Connection:
    """IL8 of a study is pooled under the Ensembl gene CXCL8; TNF is two genes, of which one is measured."""
    add_genes(connection, 6)
    for key, symbol in ((1, "CXCL8"), (2, "TNF"), (3, "TNF"), (4, "HLA-A"), (5, "HLA-A")):
        change(connection, "dim.dim_gene", f"gene_key = {key}", gene_symbol=symbol)
    change(connection, "dim.dim_gene", "gene_key = 6", gene_id="IL8", gene_symbol="CXCL8", analysis_gene_key=1)
    for alias, symbol in (("NAP-1", "CXCL8"), ("HLAA", "HLA-A"), ("TNF", "HLA-A")):
        insert(connection, "dim.gene_alias", organism="HOMO_SAPIENS", alias=alias, approved_symbol=symbol)
    mapped_study(connection, 1, ["SEPSIS"])
    add_facts(connection, 1, [(101, gene, 1.0, None) for gene in (3, 4, 5, 6)])
    return connection


@pytest.mark.parametrize(
    ("name", "gene"),
    [
        ("ENSG00000000001", 1),
        ("ENSG00000000001.14", 1),
        ("ensg00000000001", 1),
        ("CXCL8", 1),
        (" cxcl8 ", 1),
        ("IL8", 1),
        ("NAP-1", 1),
        ("nap-1", 1),
        ("TNF", 3),
        ("ENSG00000000002", 2),
        ("ENSG00000000005", 5),
    ],
)
def test_a_gene_is_found_by_every_name_it_has(genes: Connection, name: str, gene: int) -> None:
    found = find_gene(genes, name, "HOMO_SAPIENS", [1])
    assert (found.key, found.gene_id) == (gene, f"ENSG{gene:011d}")


@pytest.mark.parametrize("name", ["HLA-A", "hla-a", "HLAA"])
def test_a_name_of_several_measured_genes_lists_their_ids(genes: Connection, name: str) -> None:
    with pytest.raises(InvalidSetting, match=f"2 genes are called {name}") as raised:
        find_gene(genes, name, "HOMO_SAPIENS", [1])
    assert raised.value.hint == "Name one by its id: ENSG00000000004, ENSG00000000005."


def test_a_name_of_several_genes_that_nobody_measured_lists_them_too(genes: Connection) -> None:
    with pytest.raises(InvalidSetting, match="2 genes are called TNF"):
        find_gene(genes, "TNF", "HOMO_SAPIENS", [99])


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("CXCL9", "Did you mean CXCL8?"),
        ("nap1", "Did you mean NAP-1?"),
        ("ENSG00000000007", "Did you mean ENSG00000000005 or ENSG00000000004 or ENSG00000000003?"),
        ("quite another", "Give a symbol or an id of a gene of the studies."),
    ],
)
def test_an_unknown_name_is_answered_with_near_ones(genes: Connection, name: str, hint: str) -> None:
    with pytest.raises(InvalidSetting, match=f"no gene {name} of HOMO_SAPIENS") as raised:
        find_gene(genes, name, "HOMO_SAPIENS", [1])
    if name.startswith("ENSG"):
        assert raised.value.hint.startswith("Did you mean ENSG0000000000")
    else:
        assert raised.value.hint == hint


def test_genes_of_another_organism_are_other_genes(genes: Connection) -> None:
    with pytest.raises(InvalidSetting, match="no gene CXCL8 of MUS_MUSCULUS"):
        find_gene(genes, "CXCL8", "MUS_MUSCULUS", [1])
