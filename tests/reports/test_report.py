"""Does the page stand alone, say what the data say, and stay harmless whatever is in them?"""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest

from expressway.coexpression.citations import PAPERS, references
from expressway.errors import InvalidSetting
from expressway.reports.findings import checks, headline
from expressway.reports.methods import methods
from expressway.reports.report import render, write_report
from expressway.reports.sections import section_tables
from expressway.reports.words import chance, count, interval, number, signed
from tests.reports.simulated import SETTINGS, STUDIES, evidence, planted, report_data

DATA = report_data()
PAGE = render(DATA)
VOID = {"meta", "link", "input", "br"}


class Outline(HTMLParser):
    """Tags, attributes and text of a page; complains about tags that do not match."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in {"style", "script"}:
            self.text += data


OUTLINE = Outline(PAGE)


def test_the_page_needs_nothing_else() -> None:
    outside = [
        value
        for tag, attributes in OUTLINE.tags
        for name, value in attributes.items()
        if name in {"src", "href", "xlink:href", "data", "action", "poster"}
        and not (value or "").startswith(("#", "data:"))
    ]

    assert outside == []
    assert "@import" not in PAGE
    assert not re.search(r"url\((?!#)", PAGE)


def test_only_its_own_script_may_run() -> None:
    scripts = re.findall(r"<script>(.*?)</script>", PAGE, re.S)
    policy = next(attributes["content"] for tag, attributes in OUTLINE.tags if "http-equiv" in attributes)
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()

    assert len(scripts) == 1
    assert f"script-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")
    assert not [name for _, attributes in OUTLINE.tags for name in attributes if name.startswith("on")]


def test_the_same_data_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.html", "two.html"):
        write_report(report_data(), tmp_path / name)

    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()
    assert (tmp_path / "one.html").read_text(encoding="utf-8") == PAGE


def test_the_first_screen_says_what_was_found() -> None:
    top = OUTLINE.text[: OUTLINE.text.index("Heterogeneity")]
    best = DATA.evidence[0]

    assert "4,498,500 gene pairs tested in 5 studies of sepsis; 30 pairs pass" in top
    assert f"{best.symbols[0]} \N{EN DASH} {best.symbols[1]}" in top
    assert "take it as an order" in top


def test_every_pair_and_every_study_is_there() -> None:
    body = PAGE[PAGE.index('id="ranked"') : PAGE.index('id="evidence"')]

    assert body.count("<tr data-search=") == DATA.pairs.height == 30
    assert all(study in OUTLINE.text for study in STUDIES)
    assert all(value in OUTLINE.text for value in DATA.files["file_hash"])
    assert len([tag for tag, _ in OUTLINE.tags if tag == "svg"]) == 2 * len(DATA.evidence) + 3


def test_cells_sort_by_value_and_not_by_text() -> None:
    row = PAGE[PAGE.index("<tr data-search=") :].split("</tr>")[0]
    q = DATA.pairs["q_ss"][0]

    assert f'data-sort="{q!r}"' in row
    assert chance(q) in row


def test_a_q_above_the_tail_is_shown_as_a_bound() -> None:
    unknown = DATA.pairs.with_columns(q_ss=pl.lit(None, pl.Float64), q_ss_bound=pl.lit(True))

    assert "&gt; 0.05" in render(report_data(pairs=unknown))


def test_markup_in_the_data_stays_text() -> None:
    attack = "<script>alert('x')</script>"
    studies = DATA.studies.with_columns(title=pl.lit(attack))
    messages = pl.DataFrame({"severity": ["INFO"], "code": ["X"], "details": ['"><img src=x onerror=alert(1)>']})
    pairs = DATA.pairs.with_columns(genea_symbol=pl.lit('"onmouseover="alert(1)'))
    page = render(report_data(studies=studies, messages=messages, pairs=pairs, disease=attack))
    outline = Outline(page)

    assert attack in outline.text
    assert len([tag for tag, _ in outline.tags if tag == "script"]) == 1
    assert not [tag for tag, _ in outline.tags if tag == "img"]
    assert not [name for _, attributes in outline.tags for name in attributes if name.startswith("on")]


def test_the_page_can_be_used_without_a_mouse_and_without_eyes() -> None:
    scrolled = [attributes for _, attributes in OUTLINE.tags if (attributes.get("class") or "").startswith("scroll")]
    identifiers = [attributes["id"] for _, attributes in OUTLINE.tags if "id" in attributes]
    targets = [attributes["href"] for tag, attributes in OUTLINE.tags if tag == "a"]
    headings = [int(tag[1]) for tag, _ in OUTLINE.tags if re.fullmatch(r"h[1-6]", tag)]

    assert scrolled
    assert all(box["tabindex"] == "0" and box["role"] == "region" and box["aria-label"] for box in scrolled)
    assert len(identifiers) == len(set(identifiers))
    assert {target[1:] for target in targets} <= set(identifiers)
    assert all(after - before <= 1 for before, after in itertools.pairwise(headings))
    assert [tag for tag, _ in OUTLINE.tags].count("caption") == [tag for tag, _ in OUTLINE.tags].count("table")


def test_an_empty_list_says_why() -> None:
    why = "SS has one study: try `--k-min 1 --i2-max 100`."
    page = render(report_data(pairs=DATA.pairs.clear(), evidence=[], counts={"pairs_tested": 9}, why_empty=why))

    assert why in Outline(page).text
    assert "none passes the filters" in page
    assert 'id="ranked"' not in page


def test_bare_data_make_a_page_too() -> None:
    nothing = pl.DataFrame()
    empty = {"units", "labels", "quality", "overlaps", "messages", "genes", "files"}
    page = render(
        report_data(
            pairs=DATA.pairs.select("pair_uid"), evidence=[], distributions={}, counts={}, settings={}, filters={},
            versions={}, **dict.fromkeys(empty, nothing),
        )
    )  # fmt: skip

    assert "ENSG00000000" in Outline(page).text
    assert "No sample stands in two studies." in page


def test_a_pair_of_one_study_and_a_pair_without_pooled_estimate() -> None:
    one = evidence(2, studies=STUDIES[3:4])
    none = type(one)(
        one.gene_a + "0", one.gene_b, one.symbols, {}, one.studies, one.samples, False, ["Gene X dropped."]
    )
    text = Outline(render(report_data(evidence=[one, none]))).text

    assert "Few studies: k = 1" in text
    assert "No study has both cohorts of a contrast." in text
    assert "Gene X dropped." in text
    assert "not among those that the run kept" in text


def test_the_planted_truth_is_shown_where_it_is_known() -> None:
    page = Outline(render(report_data(truth=planted(DATA)))).text

    assert "36 pairs that differ were planted. The list of 30 holds 26 of them" in page
    assert "recall 72%, false-discovery proportion 13%" in page
    assert "Planted" not in OUTLINE.text


def test_decoys_do_not_count_as_planted_differences() -> None:
    decoys = planted(DATA).with_columns(kind=pl.lit("decoy"))

    assert "0 pairs that differ were planted" in render(report_data(truth=decoys))


def test_a_report_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="cannot write"):
        write_report(DATA, tmp_path / "missing" / "report.html")


def told(**changes: object) -> str:
    return " ".join(methods(SETTINGS | changes, DATA.filters, DATA.counts))


def test_the_methods_name_what_was_used_and_nothing_else() -> None:
    text = told()

    for used in (
        "DerSimonian-Laird",
        "1/√(n\N{MINUS SIGN}3)",
        "Benjamini-Hochberg",
        "4,498,500",
        "not nominal",
        "a difference of 0.30",
    ):
        assert used in text
    for unused in ("Paule", "Bonett", "Yekutieli", "Stouffer", "pooled into one cohort"):
        assert unused not in text


@pytest.mark.parametrize(
    ("setting", "value", "said", "paper"),
    [
        ("tau2_method", "PM", "Paule-Mandel", "PM"),
        ("tau2_method", "REML", "restricted maximum likelihood", "REML"),
        ("tau2_method", "HE", "Hedges estimator", "HE"),
        ("tau2_method", "SJ", "Sidik-Jonkman", "SJ"),
        ("tau2_method", "EE", "equal effects", "Q"),
        ("ci_method", "HK", "Hartung and Knapp", "HK"),
        ("ci_method", "HK_floor", "never smaller", "HK"),
        ("se_method", "fieller", "1.06", "fieller"),
        ("se_method", "bonett_wright", "r²/2", "bonett_wright"),
        ("combine", "stouffer", "Stouffer", "stouffer"),
        ("combine", "none", "as if they were independent", "Q"),
        ("others", "pooled", "pooled into one cohort", "Q"),
        ("others", "pooled", "the combined p-value, is approximate", "Q"),
        ("fdr", "BY", "Yekutieli", "BY"),
        ("by_technology", True, "Each technology was pooled", "Q"),
        ("by_technology", True, "Q and I² are between technologies", "Q"),
        ("genes", "mad:5000", "by the rule mad:5000", "Q"),
    ],
)
def test_each_setting_changes_the_methods_and_what_is_cited(setting: str, value: object, said: str, paper: str) -> None:
    assert said in told(**{setting: value})
    assert said not in told()
    assert PAPERS[paper] in references(SETTINGS | {setting: value})


def test_only_nominal_settings_are_not_warned_of() -> None:
    assert "not nominal" not in told(tau2_method="PM", ci_method="HK")
    assert "not nominal" in told(tau2_method="EE")


def test_doubts_are_told() -> None:
    doubtful = evidence(3)
    key = {"dz_soth_pi_low": -0.5, "dz_soth_I2": 80.0, "dz_soth_loo_max_p": 0.2, "p_soth_hk": 0.3, "n_studies_soth": 3}
    found = {check.text: check.verdict for check in checks(doubtful.statistics | key | {"q_ss": 1.0}, doubtful.studies)}

    for words in ("Few studies: k = 3", "Studies differ", "nothing or the opposite", "rests on one study", "Hartung"):
        assert [verdict for text, verdict in found.items() if words in text] == ["careful"]


def test_where_technologies_are_pooled_it_is_they_that_agree() -> None:
    pair = evidence(3)
    several = pair.studies.with_columns(technology=pl.Series(["MICROARRAY"] + ["RNA-SEQ"] * (pair.studies.height - 1)))
    key = {"dz_ss_pi_low": None, "dz_soth_pi_low": None, "dz_soth_I2": 80.0, "dz_ss_I2": 80.0}
    text = " ".join(check.text for check in checks(pair.statistics | key, several))
    assert "Technologies differ: I² = 80%" in text
    assert "needs three technologies" in text
    assert "one study" not in text
    assert "does not rest on one technology" in text
    assert "allows for few technologies" in text


def test_a_headline_without_filters_and_with_one_pair() -> None:
    assert headline("SEPSIS", 1, 1, 1, {}) == "1 gene pair tested in 1 study of sepsis; 1 pair passes the filters."


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (chance(0.0312), "0.031"),
        (chance(4.2e-6), "4.2e\N{MINUS SIGN}6"),
        (chance(0.5), "0.50"),
        (chance(0.0), "< 1e\N{MINUS SIGN}300"),
        (chance(None), "\N{EN DASH}"),
        (number(-0.001), "0.00"),
        (number(-1234.5, 1), "\N{MINUS SIGN}1,234.5"),
        (signed(0.5), "+0.50"),
        (signed(0.001), "0.00"),
        (interval(-1, 2), "\N{MINUS SIGN}1.00 to 2.00"),
        (interval(None, 2), "\N{EN DASH}"),
        (count(1, "study", "studies"), "1 study"),
    ],
)
def test_numbers_are_written_as_people_read_them(said: str, expected: str) -> None:
    assert said == expected


def test_dropped_genes_are_told_by_reason() -> None:
    counted = pl.DataFrame({"reason": ["flat"], "genes": [712], "example": ["a"]})

    assert cells(counted) == [["flat", "712", "a"]]


def cells(genes: pl.DataFrame) -> list[list[str]]:
    table = section_tables(report_data(genes=genes), ("genes",))[0]["table"]
    return [[cell.text for cell in row] for row in table.rows]
