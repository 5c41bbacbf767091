"""Do the pictures say what the numbers say, also where numbers are missing, and can everybody read them?"""

from __future__ import annotations

import errno
import itertools
import os
import re
import struct
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import altair as alt
import polars as pl
import pytest

from expressway.errors import InvalidSetting, NoSpaceLeft
from expressway.reports import charts
from expressway.reports.evidence import Cohorts
from expressway.reports.palette import CASE, CONTROL, FAINT, INK, REFERENCE, cohort_colours
from expressway.reports.truth import recovery
from tests.reports.simulated import STUDIES, SYMBOLS, distributions, evidence, ranked

PAIR = evidence(1)


def texts(chart: alt.TopLevelMixin) -> list[str]:
    return [node.text or "" for node in ElementTree.fromstring(charts.svg(chart)).iter() if node.tag.endswith("text")]


def drawn_rows(chart: alt.TopLevelMixin) -> list[dict[str, Any]]:
    return [row for rows in chart.to_dict()["datasets"].values() for row in rows]


def all_charts() -> dict[str, alt.TopLevelMixin]:
    shown = distributions()
    pairs = ranked([evidence(seed) for seed in (1, 2, 3)])
    return {
        "forest": charts.forest(PAIR),
        "scatter": charts.scatter(PAIR),
        "p_histogram": charts.p_histogram(shown["p_values"]),
        "qq": charts.qq(shown["quantiles"]),
        "heterogeneity": charts.heterogeneity(pairs),
        "recovery": charts.recovery(recovery(["a", "b"], ["a"])),
    }


@pytest.mark.parametrize("name", list(all_charts()))
def test_a_chart_is_valid_described_and_the_same_each_time(name: str) -> None:
    chart, again = all_charts()[name], all_charts()[name]
    chart.to_dict(validate=True)
    drawn = charts.svg(chart, "one")
    root = ElementTree.fromstring(drawn)
    labelled = root.attrib["aria-labelledby"].split()

    assert drawn == charts.svg(again, "one")
    assert root.attrib["role"] == "img"
    assert all(root.find(f".//*[@id='{identifier}']").text for identifier in labelled)
    assert all(identifier.startswith("one-") for identifier in re.findall(r'id="([^"]+)"', drawn))
    assert "http" not in drawn.replace("http://www.w3.org/2000/svg", "")


def test_a_forest_shows_each_study_the_pooled_difference_and_why_a_study_cannot_tell() -> None:
    said = texts(charts.forest(PAIR, "ss"))
    mean = PAIR.statistics["dz_ss_mean"]

    assert set(STUDIES) < set(said)
    assert "no SEPSIS sample" in said
    assert any(text.startswith(f"+{mean:.2f}  (") for text in said)
    assert any("k = 4" in text and "I²" in text for text in said)
    weights = [int(text[:-1]) for text in said if re.fullmatch(r"\d+%", text)]
    assert len(weights) == 4
    assert sum(weights) == pytest.approx(100, abs=2)


def test_a_diamond_spans_the_pooled_interval() -> None:
    corners = [row for row in drawn_rows(charts.forest(PAIR, "ss")) if "order" in row]

    assert min(corner["x"] for corner in corners) == PAIR.statistics["dz_ss_ci_low"]
    assert max(corner["x"] for corner in corners) == PAIR.statistics["dz_ss_ci_high"]


def test_one_study_has_no_prediction_interval_and_a_contrast_without_study_says_so() -> None:
    said = texts(charts.forest(evidence(2, studies=STUDIES[3:4])))

    assert "no study can tell" in said
    assert "needs three studies" in said
    assert not any("I²" in text for text in said)


def test_heterogeneity_of_technologies_is_not_called_that_of_studies() -> None:
    pair = evidence(2)
    kinds = pl.Series(["MICROARRAY"] + ["RNA-SEQ"] * (pair.studies.height - 1))
    both = replace(pair, studies=pair.studies.with_columns(technology=kinds))
    both.statistics["dz_ss_pi_low"] = None
    said = " ".join(texts(charts.forest(both, "ss")))

    assert "between technologies" in said
    assert "τ²" not in said
    assert "needs three technologies" in said


def test_an_interval_that_leaves_the_axis_ends_in_an_arrow() -> None:
    wide = evidence(1)
    wide.statistics["dz_ss_pi_low"], wide.statistics["dz_ss_pi_high"] = -40.0, 40.0
    arrows = [row for row in drawn_rows(charts.forest(wide, "ss")) if "shape" in row]

    assert {arrow["shape"] for arrow in arrows} == {"triangle-left", "triangle-right"}
    assert "\N{MINUS SIGN}40.00 to 40.00" in texts(charts.forest(wide, "ss"))


def test_an_unknown_contrast_is_refused() -> None:
    with pytest.raises(InvalidSetting, match="no contrast other"):
        charts.forest(PAIR, "other")  # type: ignore[arg-type]


def test_a_scatter_shows_every_sample_once_and_r_and_n_of_each_cohort() -> None:
    drawn = charts.svg(charts.scatter(PAIR))
    said = texts(charts.scatter(PAIR))
    first = PAIR.studies.row(0, named=True)

    assert drawn.count("<circle") == PAIR.samples.height
    assert f"r = +{first['r_septic_shock']:.2f}, n = 30" in said
    assert "no samples" in said
    assert "not measured" not in said
    assert set(PAIR.symbols) < set(said)


def test_a_study_without_the_genes_is_no_study_without_samples() -> None:
    first = STUDIES[0]
    missing = pl.when(pl.col("study") == first).then(None).otherwise(pl.col("value_a")).alias("value_a")
    said = texts(charts.scatter(replace(PAIR, samples=PAIR.samples.with_columns(missing))))

    assert said.count("not measured") == 3


def test_samples_without_both_values_are_left_out() -> None:
    holes = PAIR.samples.with_columns(value_a=pl.when(pl.int_range(pl.len()) < 3).then(None).otherwise("value_a"))
    part = type(PAIR)(PAIR.gene_a, PAIR.gene_b, PAIR.symbols, PAIR.statistics, PAIR.studies, holes)

    assert charts.svg(charts.scatter(part)).count("<circle") == PAIR.samples.height - 3


def test_another_disease_has_its_own_labels() -> None:
    cohorts = Cohorts.of({"contrasts": {"control": "HEALTHY", "reference": "MILD", "case": "SEVERE"}})
    samples = PAIR.samples.with_columns(
        pl.col("cohort").replace({"CONTROL": "HEALTHY", "SEPSIS": "MILD", "SEPTIC_SHOCK": "SEVERE"})
    )
    part = type(PAIR)(PAIR.gene_a, PAIR.gene_b, PAIR.symbols, PAIR.statistics, PAIR.studies, samples)
    said = texts(charts.scatter(part, cohorts=cohorts)) + texts(charts.forest(part, cohorts=cohorts))

    assert "severe" in said
    assert "Severe \N{MINUS SIGN} mild" in said
    assert not any("sepsis" in text for text in said)


def test_markup_in_a_name_is_text() -> None:
    bad = evidence(1)
    part = type(bad)(
        bad.gene_a, bad.gene_b, ("<script>alert(1)</script>", "B&C"), bad.statistics, bad.studies, bad.samples
    )

    for chart in (charts.forest(part), charts.scatter(part)):
        assert "<script" not in charts.svg(chart)
        assert any("<script>alert(1)</script>" in text for text in texts(chart))


def test_empty_frames_draw_empty_pictures() -> None:
    shown = distributions()

    for chart in (
        charts.p_histogram(shown["p_values"].clear()),
        charts.qq(shown["quantiles"].clear()),
        charts.heterogeneity(ranked([PAIR]).clear()),
    ):
        assert "no pair to show" in texts(chart)


def test_quantiles_that_are_not_finite_are_left_out_and_many_are_thinned() -> None:
    rows = pl.DataFrame({"family": "ss", "expected": [float(n) / 5000 for n in range(5000)], "observed": 1.0})
    odd = pl.DataFrame({"family": ["ss"], "expected": [float("inf")], "observed": [2.0]})

    assert 200 <= charts.svg(charts.qq(pl.concat([rows, odd]))).count("<circle") <= 260


def test_save_writes_svg_and_png(tmp_path: Path) -> None:
    chart = charts.forest(PAIR)
    charts.save(chart, tmp_path / "pair.svg")
    charts.save(chart, tmp_path / "pair.PNG")
    width, height = struct.unpack(">II", (tmp_path / "pair.PNG").read_bytes()[16:24])

    assert ElementTree.parse(tmp_path / "pair.svg").getroot().tag.endswith("svg")
    assert (tmp_path / "pair.PNG").read_bytes().startswith(b"\x89PNG")
    assert 1000 < width < 1600
    assert height > 500


@pytest.mark.parametrize("name", ["pair.pdf", "pair"])
def test_another_suffix_is_refused_with_a_hint(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidSetting, match="cannot draw to") as error:
        charts.save(charts.forest(PAIR), tmp_path / name)

    assert error.value.hint == "Use FILE.svg or FILE.png."
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_an_error_of_ours(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="cannot write"):
        charts.save(charts.forest(PAIR), tmp_path / "missing" / "pair.svg")


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from expressway.errors import NoSpaceLeft
from expressway.reports import charts
import altair, polars
chart = altair.Chart(polars.DataFrame({"x": list(range(50))})).mark_point().encode(x="x")
charts.svg(chart)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    charts.save(chart, Path(sys.argv[1]))
except NoSpaceLeft as error:
    print(error.name)
"""


def test_a_full_disk_leaves_what_was_there(tmp_path: Path) -> None:
    """A limit on the size of files stands in for the disk: the write fails with EFBIG in the same place."""
    target = tmp_path / "pair.svg"
    target.write_text("before")
    said = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(target)], capture_output=True, text=True, check=True, cwd=Path.cwd()
    )

    assert said.stdout.strip() == NoSpaceLeft.name, said.stderr
    assert target.read_text() == "before"
    assert os.strerror(errno.EFBIG)
    assert [path.name for path in tmp_path.iterdir()] == ["pair.svg"]


def luminance(colour: str) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def rgb(colour: str) -> list[float]:
    return [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]


@pytest.mark.parametrize(("colour", "least"), [(INK, 7), (FAINT, 4.5), (CONTROL, 3), (REFERENCE, 3), (CASE, 3)])
def test_colours_stand_out_from_white(colour: str, least: float) -> None:
    """WCAG 2.2: 4.5 for text, 3 for the parts of a picture."""
    assert 1.05 / (luminance(colour) + 0.05) >= least


# Machado, Oliveira, Fernandes (2009), severity 1: what people without one kind of cone see.
BLIND = {
    "protan": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deutan": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritan": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}


@pytest.mark.parametrize("kind", BLIND)
def test_cohorts_are_told_apart_by_colour_blind_people(kind: str) -> None:
    seen = {
        colour: [sum(m * c for m, c in zip(row, rgb(colour), strict=True)) for row in BLIND[kind]]
        for colour in (CONTROL, REFERENCE, CASE)
    }

    for one, other in itertools.combinations(seen.values(), 2):
        assert sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) ** 0.5 > 0.25


def test_a_cohort_has_one_colour_whatever_else_is_shown() -> None:
    few = cohort_colours(["CONTROL", "SEPSIS", "SEPTIC_SHOCK"], Cohorts())
    more = cohort_colours(["CONTROL", "SEPSIS", "SEPTIC_SHOCK", "NO_SEPSIS"], Cohorts())

    assert few.items() < more.items()
    assert len(set(more.values())) == 4
    assert len(SYMBOLS) == len(set(SYMBOLS))


def test_recovery_counts_along_the_list() -> None:
    found = recovery(["a", "x", "b"], ["a", "b", "c", "d"])

    assert found["found"].to_list() == [1, 1, 2]
    assert found["recall"].to_list() == [0.25, 0.25, 0.5]
    assert found["false_discovery_proportion"].to_list() == pytest.approx([0, 0.5, 1 / 3])
