from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest

from expressway.warehouse import rendering
from expressway.warehouse.engines import ENGINES
from expressway.warehouse.schema import VIEWS
from tests.warehouse.conftest import PlainConnection
from tests.warehouse.small_warehouse import add_facts, add_genes, add_small_study, add_study, insert

OF_EXPRESSION = ("vw_expression_long", "vw_expression_by_cohort", "vw_spearman_export")


def rows(connection: PlainConnection, view: str, where: str = "true") -> list[dict[str, Any]]:
    columns = VIEWS[view]
    order = ", ".join(name for name in ("study_key", "illness_label", "gene_key", "sample_key") if name in columns)
    found = connection.fetchall(f"SELECT {', '.join(columns)} FROM analytics.{view} WHERE {where} ORDER BY {order}")
    return [dict(zip(columns, row, strict=True)) for row in found]


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("name", ENGINES)
def test_every_engine_has_every_view_with_the_same_columns(name: str, view: str) -> None:
    sql = rendering.view_sql(name, view)
    select = sql[sql.rindex("SELECT\n") :].split("\nFROM ")[0]
    names = [
        re.split(r"\s|\.", line.strip().rstrip(","))[-1] for line in select.splitlines() if re.match(r" {4}\S", line)
    ]
    assert tuple(name for name in names if name not in {"CASE"}) == VIEWS[view]


def test_long_view_joins_every_dimension(warehouse: PlainConnection) -> None:
    add_small_study(warehouse)
    found = rows(warehouse, "vw_expression_long")
    assert len(found) == 4
    assert found[0] == {
        "sample_key": 101,
        "sample_accession_code": "GSM101",
        "sample_title": "title of 101",
        "illness_label": "CONTROL",
        "study_key": 1,
        "study_accession_code": "GSE1",
        "study_title": "Study 1",
        "study_technology": "RNA-SEQ",
        "platform_name": "Platform",
        "gene_key": 1,
        "gene_id": "ENSG00000000001",
        "gene_symbol": "SYM1",
        "expression_value_raw": 101.0,
        "expression_value": 1.0,
        "expression_log2_value": 1.0,
        "is_detected": True,
        "batch_id": f"{1:064d}",
    }
    missing = found[1]
    assert (missing["gene_key"], missing["sample_key"]) == (2, 101)
    assert {missing[name] for name in missing if name.startswith("expression")} == {None}


@pytest.mark.parametrize(
    ("scale", "expected"),
    [
        ("LOG2", [-1.0, 0.0, 3.0]),
        ("LINEAR", [None, None, 2.0]),
        ("QN", [None] * 3),
        ("SCALED", [None] * 3),
        ("UNKNOWN", [None] * 3),
    ],
)
def test_log2_values_are_never_logged_twice(
    warehouse: PlainConnection, scale: str, expected: list[float | None]
) -> None:
    add_genes(warehouse, 1)
    add_study(warehouse, 1, ["CONTROL"] * 3, scale=scale)
    add_facts(warehouse, 1, [(101, 1, -1.0, None), (102, 1, 0.0, None), (103, 1, 3.0, None)])
    assert [row["expression_log2_value"] for row in rows(warehouse, "vw_expression_long")] == expected


def test_linear_values_become_log2_of_value_plus_one(warehouse: PlainConnection) -> None:
    values = [0.25, 1.0, 6.5, 12345.678]
    add_genes(warehouse, 1)
    add_study(warehouse, 1, ["CONTROL"] * 4, scale="LINEAR")
    add_facts(warehouse, 1, [(101 + i, 1, value, None) for i, value in enumerate(values)])
    found = [row["expression_log2_value"] for row in rows(warehouse, "vw_expression_long")]
    # ln(x)/ln(2) and log2 may differ in the last bit
    assert found == pytest.approx([math.log2(value + 1) for value in values], rel=1e-15)


def test_labels_titles_and_exclusion_come_from_the_sample_in_the_study(warehouse: PlainConnection) -> None:
    add_small_study(warehouse)
    add_study(warehouse, 2, [])
    insert(warehouse, "dim.study_sample", study_key=2, sample_key=101, illness_key=4, illness_method="TITLE", title="T")
    add_facts(warehouse, 2, [(101, 1, 7.0, None)])
    found = rows(warehouse, "vw_expression_long", "sample_key = 101")
    labels = {(row["study_key"], row["sample_title"], row["illness_label"]) for row in found}
    assert labels == {(1, "title of 101", "CONTROL"), (2, "T", "SEPTIC_SHOCK")}

    warehouse.execute(
        "UPDATE dim.study_sample SET exclude_from_analysis = true WHERE study_key = 1 AND sample_key = 101"
    )
    for view in ("vw_expression_long", "vw_spearman_export"):
        assert {(row["study_key"], row["sample_key"]) for row in rows(warehouse, view)} == {(1, 102), (2, 101)}
    assert {row["illness_label"] for row in rows(warehouse, "vw_expression_by_cohort", "study_key = 1")} == {"SEPSIS"}


def test_facts_of_a_batch_that_is_not_current_are_not_shown(warehouse: PlainConnection) -> None:
    add_small_study(warehouse)
    warehouse.execute("UPDATE meta.batch SET is_current = false, status = 'REPLACED'")
    assert [rows(warehouse, view) for view in OF_EXPRESSION] == [[], [], []]


def test_a_study_on_hold_is_shown_but_not_exported(warehouse: PlainConnection) -> None:
    add_genes(warehouse, 1)
    add_study(warehouse, 1, ["CONTROL"], scale="UNKNOWN", status="HELD")
    add_facts(warehouse, 1, [(101, 1, 5.0, None)])
    assert [row["expression_value"] for row in rows(warehouse, "vw_expression_long")] == [5.0]
    assert [row["mean"] for row in rows(warehouse, "vw_expression_by_cohort")] == [5.0]
    assert rows(warehouse, "vw_spearman_export") == []
    warehouse.execute("UPDATE dim.dim_study SET study_status = 'ACTIVE'")
    assert len(rows(warehouse, "vw_spearman_export")) == 1


def test_export_contract_keeps_missing_values(warehouse: PlainConnection) -> None:
    add_small_study(warehouse)
    assert [tuple(row.values()) for row in rows(warehouse, "vw_spearman_export")] == [
        (101, 1, 1.0, "CONTROL", 1),
        (101, 2, None, "CONTROL", 1),
        (102, 1, 2.0, "SEPSIS", 1),
        (102, 2, 0.5, "SEPSIS", 1),
    ]


def test_small_cohorts(warehouse: PlainConnection) -> None:
    add_small_study(warehouse)
    numbers = ("sample_count", "detected_count", "mean", "std", "min", "max", "median")
    found = {
        (row["illness_label"], row["gene_key"]): tuple(row[name] for name in numbers)
        for row in rows(warehouse, "vw_expression_by_cohort")
    }
    assert found == {
        ("CONTROL", 1): (1, 1, 1.0, None, 1.0, 1.0, 1.0),
        ("CONTROL", 2): (0, None, None, None, None, None, None),
        ("SEPSIS", 1): (1, 1, 2.0, None, 2.0, 2.0, 2.0),
        ("SEPSIS", 2): (1, 0, 0.5, None, 0.5, 0.5, 0.5),
    }


def test_cohort_statistics_agree_with_numpy(warehouse: PlainConnection) -> None:
    random = np.random.default_rng(11)
    labels = ["CONTROL"] * 5 + ["SEPSIS"] * 8 + ["SEPTIC_SHOCK"] * 2
    values = random.normal(8, 3, (6, len(labels)))
    values[random.random(values.shape) < 0.2] = np.nan
    add_genes(warehouse, 6)
    add_study(warehouse, 1, labels)
    facts = [
        (101 + sample, 1 + gene, *((None, None) if np.isnan(value) else (float(value), bool(value > 8))))
        for (gene, sample), value in np.ndenumerate(values)
    ]
    add_facts(warehouse, 1, facts)
    found = rows(warehouse, "vw_expression_by_cohort")
    assert len(found) == 18
    for row in found:
        cohort = values[row["gene_key"] - 1, np.array(labels) == row["illness_label"]]
        cohort = cohort[~np.isnan(cohort)]
        assert row["sample_count"] == len(cohort)
        if len(cohort) > 1:
            expected = [cohort.mean(), cohort.std(ddof=1), cohort.min(), cohort.max(), np.median(cohort)]
            # sums are taken in another order
            assert [row[name] for name in ("mean", "std", "min", "max", "median")] == pytest.approx(expected, rel=1e-12)
            assert row["detected_count"] == (cohort > 8).sum()
