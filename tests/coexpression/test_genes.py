"""Which genes enter an analysis, why others do not, and is their expression summed up rightly?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from expressway.coexpression import CohortStudy
from expressway.coexpression.contrasts import load_contrasts
from expressway.coexpression.genes import duplicates, expression_summary, select_genes
from expressway.errors import InvalidSetting
from tests.coexpression import examples

SEPSIS = load_contrasts("sepsis")
SIZES = {"SEPTIC_SHOCK": 9, "SEPSIS": 8}


def graded(name: str = "S", genes: int = 8) -> CohortStudy:
    """Gene number g varies g times as much as gene 1."""
    made = examples.study(name, SIZES, genes, 1)
    values = (made.values[:1] - made.values[:1].mean()) * np.arange(genes)[:, None] + 5
    return CohortStudy(name, made.genes, values, made.cohorts)


def test_all_genes_of_any_study() -> None:
    made = [examples.study("A", SIZES, ["C", "A"], 1), examples.study("B", SIZES, ["B", "A"], 2)]
    chosen = select_genes(made, "all")
    assert chosen.kept == ["A", "B", "C"]
    assert chosen.dropped == {}


@pytest.mark.parametrize("rule", ["mad", "variance", "iqr"])
def test_the_genes_that_vary_most(rule: str) -> None:
    chosen = select_genes([graded("A"), graded("B")], f"{rule}:3")
    assert chosen.kept == ["G0005", "G0006", "G0007"]
    assert chosen.dropped["G0001"] == f"not among the 3 genes of largest {rule}"
    assert len(select_genes([graded()], f"{rule}:99").kept) == 8


def test_scales_of_studies_do_not_matter_for_what_varies_most() -> None:
    loud = graded("B")
    loud = CohortStudy("B", loud.genes[::-1], loud.values * 1000, loud.cohorts)  # there G0000 varies most
    assert select_genes([graded("A"), graded("C"), loud], "mad:2").kept == ["G0006", "G0007"]


def test_a_gene_without_values_varies_least_and_warns_of_nothing() -> None:
    made = graded()
    made.values[7] = np.nan
    made.values[6, 1:] = np.nan
    for rule in ("mad", "variance", "iqr"):
        assert select_genes([made], f"{rule}:2").kept == ["G0004", "G0005"]


def test_genes_that_are_detected_often_enough() -> None:
    detected = np.zeros((4, 17), bool)
    detected[1, :8] = detected[2, :9] = detected[3] = True
    base = examples.study("A", SIZES, 4, 1)
    made = CohortStudy("A", base.genes, base.values, base.cohorts, "RNA-SEQ", detected)
    array = examples.study("B", SIZES, ["G0000", "G0009"], 2)  # says nothing of detection
    assert select_genes([made, array], "detection:0.5").kept == ["G0002", "G0003", "G0009"]
    with pytest.raises(InvalidSetting, match="no study says which values were detected"):
        select_genes([array], "detection:0.5")


def test_genes_by_id_or_from_a_file(tmp_path: Path) -> None:
    made = [examples.study("A", SIZES, 5, 1)]
    file = tmp_path / "genes.txt"
    file.write_text("\ufeffG0003\r\n\r\n  G0001 \nG9999\n", encoding="utf-8")
    for rule in (["G0001", "G0003", "G9999"], f"file:{file}"):
        chosen = select_genes(made, rule)
        assert chosen.kept == ["G0001", "G0003"]
        assert set(chosen.dropped) == {"G0000", "G0002", "G0004"}
    with pytest.raises(InvalidSetting, match="1 of 2 ids are in a study") as refused:
        select_genes(made, ["G0001", "TP53"])
    assert "G0000, G0001, G0002" in refused.value.hint
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidSetting, match="cannot read"):
        select_genes(made, f"file:{file}")
    with pytest.raises(InvalidSetting, match="cannot read"):
        select_genes(made, f"file:{tmp_path / 'absent'}")


@pytest.mark.parametrize(
    "rule",
    [
        *("", "every", "mad", "mad:", "mad:0", "mad:1", "mad:-5", "mad:2.5", "mad:²", "iqr:" + "9" * 5000),
        *("detection:2", "detection:x", "file:"),
    ],
)
def test_a_rule_that_is_none_is_refused(rule: str) -> None:
    with pytest.raises(InvalidSetting, match="is no rule for choosing genes") as refused:
        select_genes([examples.study("A", SIZES, 5, 1)], rule)
    assert "mad:N" in refused.value.hint


def test_duplicates_are_the_same_in_every_study() -> None:
    one, other = examples.study("A", SIZES, 5, 1), examples.study("B", SIZES, 4, 2)
    for made in (one, other):
        made.values[1, 3] = np.nan
        made.values[2] = made.values[1]
        made.values[3] = made.values[1]
    one.values[4] = one.values[1]  # but B lacks it
    assert duplicates([one, other], one.genes) == {
        "G0002": "the same values as G0001 in every study",
        "G0003": "the same values as G0001 in every study",
    }
    other.values[3, 0] += 1e-9
    assert list(duplicates([one, other], one.genes)) == ["G0002"]


def test_a_zero_with_a_sign_is_a_zero() -> None:
    made = examples.study("A", SIZES, 2, 1, digits=0)
    made.values[0, 0] = 0.0
    made.values[1] = made.values[0]
    made.values[1, 0] = -0.0
    assert list(duplicates([made], made.genes)) == ["G0001"]


def test_expression_of_one_gene_by_hand() -> None:
    values = np.array([[1.0, 2, 3, 4, 10, 3, 4, 5, 6, np.nan]])
    made = CohortStudy("A", ["X"], values, ["SEPTIC_SHOCK"] * 5 + ["SEPSIS"] * 5)
    found = expression_summary([made], ["X"], SEPSIS)
    assert found["expr_mean"][0] == pytest.approx(38 / 9)
    assert found["expr_mad"][0] == pytest.approx(1.4826 * 1)  # about 4: 3 2 1 0 6 1 0 1 2, in order 0 0 1 1 1 2 2 3 6
    assert np.isnan(found["expr_detect"][0])
    spread = np.sqrt((50 + 5) / 7)  # squares about 4 of five, about 4.5 of four
    assert found["expr_abs_g"][0] == pytest.approx((1 - 3 / 27) * 0.5 / spread)


def test_a_scale_that_tells_nothing_gives_nothing() -> None:
    made = [examples.study(s, SIZES, 3, n, value_scale=s) for n, s in enumerate(("QN", "SCALED"))]
    found = expression_summary(made, made[0].genes, SEPSIS)
    assert np.isnan(found["expr_mean"]).all()
    assert np.isnan(found["expr_mad"]).all()
    alone = expression_summary(made[:1], made[0].genes, SEPSIS)
    assert np.array_equal(found["expr_abs_g"], alone["expr_abs_g"])
    assert np.isnan(expression_summary(made[1:], made[0].genes, SEPSIS)["expr_abs_g"]).all()


def test_a_gene_that_is_constant_in_both_cohorts_has_no_g() -> None:
    """Ten times 0.1 has a mean that is off by a last bit, and so would seem to vary."""
    made = examples.study("A", {"SEPTIC_SHOCK": 10, "SEPSIS": 7, "CONTROL": 8}, 3, 1)
    made.values[0, :10], made.values[0, 10:17] = 0.1, 0.3
    found = expression_summary([made], made.genes, SEPSIS)
    assert np.isnan(found["expr_abs_g"][0])
    assert np.isfinite(found["expr_abs_g"][1:]).all()


def test_values_whose_squares_no_number_holds_have_no_g() -> None:
    """A spread that is infinite would make it 0."""
    made = examples.study("A", SIZES, 3, 1)
    made.values[0] *= 1e200
    found = expression_summary([made], made.genes, SEPSIS)
    assert np.isnan(found["expr_abs_g"][0])
    assert np.isfinite(found["expr_mean"]).all()
    assert np.isfinite(found["expr_abs_g"][1:]).all()
