"""Do the views of pairs filter by every rule, the same on each engine?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl
import pytest

from expressway.errors import ExpresswayError, InvalidSetting, UnknownStudyOrDisease
from expressway.warehouse.engines.base import Connection, Engine
from expressway.warehouse.pairs.ranked import Filters, options, top_pairs, why_empty, wider
from expressway.warehouse.schema import VIEWS
from tests.warehouse.pair_frames import HUMAN, RNA, SEPSIS, open_pairs, pair_frame, publish_pairs, published

CANDIDATES = "SELECT * FROM analytics.vw_gene_pairs_candidate ORDER BY pair_uid"
ASKED = {"disease": "SEPSIS", "technology": RNA}

# q_ss, q_soth, q_combined, I2 of ss, I2 of soth, studies: included, ss, soth
ROWS: list[tuple[float | None, float | None, float | None, float | None, float | None, int, int, int]] = [
    (0.01, 0.2, 0.03, 80, 20, 5, 4, 5),  # 0: q from ss, which is heterogeneous
    (0.2, 0.01, 0.03, 80, 20, 5, 4, 5),  # 1: q from soth, which is not
    (0.2, 0.3, 0.01, 10, 90, 5, 4, 5),  # 2: q from the combined effect
    (0.01, 0.01, 0.03, 10, 90, 5, 2, 5),  # 3: both contrasts attain it
    (0.01, None, 0.02, None, None, 1, 1, 0),  # 4: one study, nothing known of heterogeneity
    (None, None, None, 10, 10, 5, 4, 5),  # 5: no q below the tail
    (0.06, 0.07, 0.08, 10, 10, 5, 4, 5),  # 6: q above 0.05
    (None, 0.02, 0.01, None, 30, 4, 0, 4),  # 7: the combined effect is that of soth alone
    (0.05, 0.9, 0.9, 75, 90, 3, 3, 3),  # 8: at every limit
]


def least(*values: float | None) -> float:
    return min(1.0 if value is None else value for value in values)


def rows() -> pl.DataFrame:
    q_ss, q_soth, q_combined, i2_ss, i2_soth, included, k_ss, k_soth = zip(*ROWS, strict=True)
    i2 = [min(100.0 if a is None else a, 100.0 if b is None else b) for a, b in zip(i2_ss, i2_soth, strict=True)]
    return pair_frame(
        len(ROWS),
        q_ss=q_ss,
        q_soth=q_soth,
        q_combined=q_combined,
        dz_ss_I2=i2_ss,
        dz_soth_I2=i2_soth,
        included_study_count=included,
        n_studies_ss=k_ss,
        n_studies_soth=k_soth,
        q_star=[least(*row[:3]) for row in ROWS],
        i2_star=i2,
    )


@pytest.fixture
def pairs(warehouse_url: str) -> Iterator[tuple[Engine, Connection]]:
    with open_pairs(warehouse_url) as (engine, connection):
        publish_pairs(engine, connection, published(rows()))
        yield engine, connection


def asked(connection: Connection, given: Mapping[str, str], query: str = CANDIDATES) -> pl.DataFrame:
    with connection.session_values(given):
        return connection.frame(query)


def test_the_reasons_under_the_default_filters(pairs: tuple[Engine, Connection]) -> None:
    found = asked(pairs[1], ASKED)
    assert found["left_out_because"].to_list() == [
        None,
        None,
        None,
        None,
        "FEW_STUDIES",
        "Q_ABOVE_LIMIT",
        "Q_ABOVE_LIMIT",
        None,
        None,
    ]
    assert tuple(found.columns) == VIEWS["vw_gene_pairs_candidate"]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("LEAST", [20, 20, 10, 10, 100, 10, 10, 30, 75]),
        ("GREATEST", [80, 80, 90, 90, 100, 10, 10, 100, 90]),
        ("MATCHED", [80, 20, 90, 90, 100, 10, 10, 30, 75]),
        ("matched", [80, 20, 90, 90, 100, 10, 10, 30, 75]),
        ("MOST", [None] * 9),
    ],
)
def test_each_rule_has_its_heterogeneity(
    pairs: tuple[Engine, Connection], rule: str, expected: list[float | None]
) -> None:
    found = asked(pairs[1], {**ASKED, "i2_rule": rule, "k_min": "1", "q": "1"})
    assert found["i2_rule_value"].to_list() == expected
    passes = [value is not None and value <= 75 for value in expected]
    assert found["left_out_because"].to_list() == [None if ok else "HETEROGENEITY" for ok in passes]
    assert found["i2_star"].to_list() == [20, 20, 10, 10, 100, 10, 10, 30, 75]


@pytest.mark.parametrize(
    ("rule", "expected"), [("INCLUDED", [5, 5, 5, 5, 1, 5, 5, 4, 3]), ("MATCHED", [4, 5, 4, 2, 1, 4, 4, 4, 3])]
)
def test_each_rule_counts_its_studies(pairs: tuple[Engine, Connection], rule: str, expected: list[int]) -> None:
    found = asked(pairs[1], {**ASKED, "k_rule": rule, "i2_max": "100", "q": "1"})
    assert found["k_rule_value"].to_list() == expected
    assert found["left_out_because"].to_list() == [None if k >= 3 else "FEW_STUDIES" for k in expected]


@pytest.mark.parametrize(
    ("given", "count"),
    [({"k_min": "1", "i2_max": "100"}, 7), ({"q": "0.06"}, 7), ({"q": "0.0499"}, 5), ({"i2_max": "19"}, 2)],
)
def test_ranked_and_significant_hold_what_passes(
    pairs: tuple[Engine, Connection], given: Mapping[str, str], count: int
) -> None:
    for view in ("vw_pair_metrics_ranked", "vw_pair_metrics_significant"):
        found = asked(pairs[1], {**ASKED, **given}, f"SELECT * FROM analytics.{view}")
        assert tuple(found.columns) == VIEWS[view]
        assert found.height == count
    assert asked(pairs[1], {**ASKED, **given})["left_out_because"].null_count() == count


@pytest.mark.parametrize(
    "given", [{}, {"disease": "SEPSIS"}, {"technology": RNA}, {**ASKED, "technology": "MICROARRAY"}, {"disease": "x"}]
)
def test_without_disease_and_technology_there_are_no_rows(
    pairs: tuple[Engine, Connection], given: Mapping[str, str]
) -> None:
    for view in ("vw_gene_pairs_candidate", "vw_pair_metrics_ranked", "vw_pair_metrics_significant"):
        assert asked(pairs[1], given, f"SELECT * FROM analytics.{view}").is_empty()


def test_what_a_session_was_told_is_forgotten(pairs: tuple[Engine, Connection]) -> None:
    assert asked(pairs[1], ASKED).height == len(ROWS)
    assert pairs[1].frame(CANDIDATES).is_empty()
    with pytest.raises(ExpresswayError):
        asked(pairs[1], {**ASKED, "q": "much"})
    assert pairs[1].frame(CANDIDATES).is_empty()


def test_organism_is_a_filter_that_may_be_left_out(pairs: tuple[Engine, Connection]) -> None:
    assert asked(pairs[1], {**ASKED, "organism": HUMAN}).height == len(ROWS)
    assert asked(pairs[1], {**ASKED, "organism": "MUS_MUSCULUS"}).is_empty()


def test_genes_stand_in_the_order_of_the_pair_uid(warehouse_url: str) -> None:
    with open_pairs(warehouse_url) as (engine, connection):
        connection.execute("UPDATE dim.dim_gene SET gene_id = 'A', gene_symbol = 'SA' WHERE gene_key = 2")
        connection.execute("UPDATE dim.dim_gene SET gene_id = 'a', gene_symbol = 'Sa' WHERE gene_key = 1")
        publish_pairs(engine, connection, published(pair_frame(1, pair_uid=["A|a"])))
        found = asked(connection, ASKED).row(0, named=True)
        names = ("pair_uid", "genea_id", "genea_symbol", "geneb_id", "geneb_symbol")
        assert [found[name] for name in names] == ["A|a", "A", "SA", "a", "Sa"]


def test_pairs_come_in_the_order_of_the_sources_with_missing_values_last(warehouse_url: str) -> None:
    same = [0.01] * 8
    keys: dict[str, list[float | None]] = {
        "q_star": [0.02, *same[1:]],
        "new_rank_score": [0.9, None, 0.8, 0.9, 0.9, 0.9, 0.9, 0.9],
        "power_score": [0.9, 0.9, 0.9, None, 0.9, 0.9, 0.9, 0.9],
        "i2_star": [5.0, 5.0, 5.0, 5.0, 6.0, 5.0, 5.0, 5.0],
        "kappa_ss": [1.0, 1.0, 1.0, 1.0, 1.0, None, 1.0, 1.0],
        "abs_combined_effect_size": [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, None, None],
    }
    many = {"included_study_count": [5] * 8, "dz_ss_I2": same, "dz_soth_I2": same}
    with open_pairs(warehouse_url) as (engine, connection):
        frame = pair_frame(8, **keys, **many)
        publish_pairs(engine, connection, published(frame))
        found = top_pairs(connection, SEPSIS, RNA, HUMAN, Filters())
        expected = [frame["pair_uid"][row] for row in (6, 7, 5, 4, 3, 2, 1, 0)]
        assert found["pair_uid"].to_list() == expected
        assert top_pairs(connection, SEPSIS, RNA, HUMAN, Filters(limit=3))["pair_uid"].to_list() == expected[:3]
        assert top_pairs(connection, SEPSIS, "MICROARRAY", HUMAN, Filters()).is_empty()
        with pytest.raises(UnknownStudyOrDisease):
            top_pairs(connection, 99, RNA, HUMAN, Filters())


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"q": -0.1}, "--q 0 to 1"),
        ({"q": 1.1}, "--q 0 to 1"),
        ({"q": float("nan")}, "--q 0 to 1"),
        ({"k_min": 0}, "--k-min 1"),
        ({"i2_max": 101}, "--i2-max 0 to 100"),
        ({"limit": 0}, "--limit 1 to 1000"),
        ({"limit": 1001}, "--limit 1 to 1000"),
        ({"i2_rule": "MOST"}, "LEAST, GREATEST, MATCHED"),
        ({"k_rule": "LEAST"}, "INCLUDED, MATCHED"),
    ],
)
def test_filters_out_of_range_are_refused(values: dict[str, Any], word: str) -> None:
    with pytest.raises(InvalidSetting) as caught:
        Filters(**values)
    assert word in caught.value.hint
    assert caught.value.value == str(next(iter(values.values())))


def test_an_empty_answer_says_which_filter_emptied_it(pairs: tuple[Engine, Connection]) -> None:
    connection = pairs[1]
    assert why_empty(connection, SEPSIS, RNA, HUMAN, Filters(k_min=6)) == (
        "of 9 stored pairs of SEPSIS, RNA-SEQ, HOMO_SAPIENS, 9 come from fewer than 6 studies; "
        "to see the best of them: `--k-min 5`"
    )
    assert why_empty(connection, SEPSIS, RNA, HUMAN, Filters(q=0.001, i2_max=5)) == (
        "of 9 stored pairs of SEPSIS, RNA-SEQ, HOMO_SAPIENS, 1 come from fewer than 3 studies, then 8 have a q above "
        "0.001; to see the best of them: `--q 0.01 --i2-max 10`"
    )
    assert "7 pairs" not in why_empty(connection, SEPSIS, RNA, HUMAN, Filters())
    assert "`expressway aggregate --disease SEPSIS --technology OTHER`" in why_empty(
        connection, SEPSIS, "OTHER", HUMAN, Filters()
    )


def test_one_study_is_shown_with_the_options_that_are_offered(warehouse_url: str) -> None:
    one = {
        "q_star": [0.0612, 0.2],
        "included_study_count": [1, 1],
        "n_studies_ss": [1, 1],
        "dz_ss_I2": [None, None],
        "dz_soth_I2": [None, None],
    }
    with open_pairs(warehouse_url) as (engine, connection):
        publish_pairs(engine, connection, published(pair_frame(2, **one)))
        said = why_empty(connection, SEPSIS, RNA, HUMAN, Filters())
        assert "2 come from fewer than 3 studies" in said
        assert said.endswith("`--k-min 1 --q 0.062 --i2-max 100`")
        assert top_pairs(connection, SEPSIS, RNA, HUMAN, Filters(k_min=1, q=0.062, i2_max=100)).height == 1


def test_pairs_that_no_study_could_test_are_no_matter_of_filters(warehouse_url: str) -> None:
    none = {"q_star": [1.0, 1.0], "included_study_count": [0, 0], "n_studies_ss": [0, 0], "n_studies_soth": [0, 0]}
    with open_pairs(warehouse_url) as (engine, connection):
        publish_pairs(engine, connection, published(pair_frame(2, **none)))
        for filters in (Filters(), Filters(q=1, k_min=1, i2_max=100), Filters(k_rule="MATCHED")):
            said = why_empty(connection, SEPSIS, RNA, HUMAN, filters)
            assert "no study has a cohort that is large enough" in said
            assert "--k-min" not in said


@pytest.mark.parametrize("q", [0.0, 1e-12, 0.05, 0.0501, 0.99999, 1.0])
@pytest.mark.parametrize("k", [0, 1, 3])
@pytest.mark.parametrize("i2", [0.0, 33.3, 100.0])
def test_the_options_that_are_offered_let_a_pair_through(q: float, k: int, i2: float) -> None:
    filters = Filters(q=0.0, k_min=4, i2_max=0, k_rule="MATCHED")
    wanted = wider(pl.DataFrame({"k": [k], "q": [q], "i2": [i2]}), filters)
    assert q <= wanted.q <= max(q * 1.1, 1e-11)
    assert wanted.i2_max >= i2
    assert (wanted.k_min <= k and wanted.k_rule == "MATCHED") or (k == 0 and wanted.k_rule == "INCLUDED")
    assert "--k-min" in options(filters, wanted)
