"""Is one number never two genes at once?"""

from __future__ import annotations

from pathlib import Path

from expressway import Warehouse
from expressway.studies.annotation import read_annotation
from tests.warehouse.pairs.simulated import load_all, open_with, write_matrix
from tests.warehouse.pairs.test_stale import NAMED, PLAIN

NUMBERS = ["7157", *(str(900_000_000 + number) for number in range(25))]
BOTH = PLAIN[:3]
TP53 = "ENSG00000141510"


def test_an_entrez_id_is_not_pooled_with_a_number_of_another_kind(warehouse_url: str, tmp_path: Path) -> None:
    """Dates that a spreadsheet made of symbols are numbers too: 44256 was MARCH1."""
    named = ["7157", *NAMED[1:], *BOTH]
    first = write_matrix(tmp_path / "a", "NAMES", named, 1)
    second = write_matrix(tmp_path / "b", "NUMBERS", NUMBERS + BOTH, 50, seed=8)
    with open_with(warehouse_url) as warehouse:
        load_all(warehouse, first, second)
        types = warehouse.sql("SELECT gene_id_type FROM dim.dim_gene WHERE gene_id = '7157' ORDER BY 1")
        assert types["gene_id_type"].to_list() == ["ENTREZ", "SYMBOL"]
        (planned,) = warehouse.aggregate("SEPSIS", dry_run=True).slices
        (one,) = warehouse.aggregate("SEPSIS").slices
        assert analysed(warehouse) == {*NAMED[1:], *NUMBERS[1:], *BOTH}, "Ensembl ids are what they are anywhere"
        assert "UNCLEAR_GENE_ID" in {message.code for message in planned.messages}
        (told,) = [message.details for message in one.messages if message.code == "UNCLEAR_GENE_ID"]
        assert "1 number is an Entrez id in one study and something else in another: 7157" in told
        assert list(warehouse.check()) == []

        table = tmp_path / "genes.tsv"
        table.write_text(f"ensgene\tentrez\tsymbol\n{TP53}\t7157\tTP53\n")
        warehouse.load_genes(read_annotation(table))
        (one,) = warehouse.aggregate("SEPSIS").slices
        assert "UNCLEAR_GENE_ID" not in {message.code for message in one.messages}
        assert analysed(warehouse) == {TP53, *named, *NUMBERS[1:]}, "now it is known which gene the Entrez id means"


def analysed(warehouse: Warehouse) -> set[str]:
    """The genes of the stored pairs."""
    query = "SELECT pair_uid FROM fact.fact_gene_pair_metrics f JOIN dim.dim_gene_pair p ON p.pair_key = f.pair_key"
    return set(warehouse.sql(query)["pair_uid"].str.split("|").explode())
