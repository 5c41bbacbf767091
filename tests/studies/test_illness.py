from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expressway.errors import InvalidSampleSheet, InvalidSetting, UnknownSetting
from expressway.studies.illness import (
    coverage,
    label_samples,
    load_overrides,
    normalise_title,
    overrides_of,
    unknown_overrides,
)
from expressway.studies.ruleset import built_in_rulesets, load_ruleset
from expressway.studies.study import Label, Sample

SEPSIS_V1 = load_ruleset("sepsis_v1")
SEED_V1 = load_ruleset("seed_v1")

with (Path(__file__).parent / "titles.tsv").open(encoding="utf-8", newline="") as lines:
    TITLES = [tuple(row.values()) for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)]


def label(title: str | None = None, overrides: dict[str, str] | None = None, **fields: object) -> Label:
    """The label of one sample, GSM1, whose source has these fields."""
    return label_samples([Sample("GSM1", title, source=fields)], SEPSIS_V1, overrides or {})[0]


@pytest.mark.parametrize(("title", "expected", "seed", "excluded"), TITLES, ids=[row[0] for row in TITLES])
def test_titles(title: str, expected: str, seed: str, excluded: str) -> None:
    found = label(title)
    assert (found.illness, "yes" if found.exclude else "no") == (expected, excluded)
    assert label_samples([Sample("GSM1", title)], SEED_V1, {})[0].illness == seed


def test_the_titles_are_distinct_and_reach_every_rule() -> None:
    assert len({row[0] for row in TITLES}) == len(TITLES) >= 120
    matched = [SEPSIS_V1.first_match(normalise_title(row[0])) for row in TITLES]
    assert {rule.id for rule in SEPSIS_V1.rules} == {rule.id for rule in matched if rule}


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("SepticShock_12", "septic shock 12"),
        ("NoSepsis_04", "no sepsis 04"),
        ("GSE28750 POST_SURGICAL 4", "gse 28750 post surgical 4"),
        ("nonseptic 7", "nonseptic 7"),
        ("HC12/day-1 (rep.2) [a|b]+c:d;e,f", "hc 12 day 1 rep 2 a b c d e f"),
        ("SIRSPatient3", "sirs patient 3"),
        ("sepsis?", "sepsis ?"),
        ("  ", ""),
    ],
)
def test_normalise_title(title: str, expected: str) -> None:
    assert normalise_title(title) == expected


@given(st.text(max_size=700))
def test_any_title_is_normalised_and_labelled(title: str) -> None:
    text = normalise_title(title)
    assert len(text) <= 500
    assert text == " ".join(text.split())
    assert all(letter.isalnum() or letter in " ?" for letter in text)
    found = label(title, refinebio_disease=title)
    assert found.illness in SEPSIS_V1.labels
    assert len(found.evidence or "") <= 200


@given(st.text(alphabet="abcdefghijklmnop ,-_", max_size=60))
def test_words_around_it_do_not_hide_septic_shock_or_a_control(noise: str) -> None:
    title = f"Septic shock patient 4 [{noise}]"
    if not SEPSIS_V1.first_match(normalise_title(noise)) and " no" not in f" {noise}":
        assert label(title).illness == "SEPTIC_SHOCK"


# --- precedence -------------------------------------------------------------------------------------------------


def test_title_stores_method_rule_evidence_and_ruleset() -> None:
    found = label("Sepsis_12", refinebio_title="Sepsis_12")
    assert found == Label("SEPSIS", "TITLE", "sepsis_v1:10", 'refinebio_title="Sepsis_12"', "sepsis_v1@1")


def test_nothing_said_is_unknown_by_default() -> None:
    assert label("P_014") == Label("UNKNOWN", "DEFAULT", ruleset="sepsis_v1@1")
    assert label(None) == Label("UNKNOWN", "DEFAULT", ruleset="sepsis_v1@1")


def test_a_field_beats_the_title_and_the_conflict_is_kept() -> None:
    found = label("Control 3", refinebio_disease="sepsis")
    assert (found.illness, found.method, found.rule) == ("SEPSIS", "FIELD", "sepsis_v1:10")
    assert found.evidence == 'refinebio_disease="sepsis"'
    assert found.conflict == 'title="Control 3" says CONTROL (sepsis_v1:11)'


def test_a_more_specific_title_does_not_beat_a_field_but_is_a_conflict() -> None:
    found = label("Septic shock 3", refinebio_disease="sepsis")
    assert found.illness == "SEPSIS"
    assert found.conflict == 'title="Septic shock 3" says SEPTIC_SHOCK (sepsis_v1:7)'


def test_a_broader_title_is_no_conflict() -> None:
    assert label("Sepsis 3", refinebio_disease="septic shock").conflict is None


def test_a_field_that_says_nothing_leaves_it_to_the_title() -> None:
    found = label("HC_3", refinebio_disease="pneumonia", refinebio_disease_stage="")
    assert (found.illness, found.method, found.conflict) == ("CONTROL", "TITLE", None)


@pytest.mark.parametrize(
    "fields",
    [
        {"refinebio_disease": "sepsis", "refinebio_disease_stage": "septic shock"},
        {"refinebio_disease": "septic shock", "refinebio_disease_stage": "sepsis"},
        {"refinebio_disease": "whole blood", "refinebio_disease_stage": "septic shock"},
        {"refinebio_disease": "sepsis;septic shock"},
        {"refinebio_disease": ["sepsis", "septic shock"]},
        {"Disease State": "septic shock"},
    ],
)
def test_disease_and_stage_are_read_together_and_may_be_swapped(fields: dict[str, object]) -> None:
    found = label("patient 3", **fields)
    assert (found.illness, found.method, found.conflict) == ("SEPTIC_SHOCK", "FIELD", None)


def test_fields_that_disagree_take_the_earlier_and_log_the_other() -> None:
    found = label(None, refinebio_disease="healthy", refinebio_disease_stage="sepsis")
    assert found.illness == "CONTROL"
    assert found.conflict == 'refinebio_disease_stage="sepsis" says SEPSIS (sepsis_v1:10)'


def test_joined_values_do_not_run_into_one_another() -> None:
    assert label(None, refinebio_disease="no;sepsis").illness == "SEPSIS"
    assert label(None, refinebio_disease="no sepsis").illness == "NO_SEPSIS"


def test_an_ambiguous_text_is_unknown_and_logged() -> None:
    found = label("Sepsis control")
    assert (found.illness, found.method) == ("UNKNOWN", "TITLE")
    assert found.conflict == 'title="Sepsis control" is ambiguous (sepsis_v1:9)'
    assert label("Sepsis control", refinebio_disease="sepsis").conflict is None


def test_field_map_goes_before_the_rules() -> None:
    samples = [
        Sample("GSM1", "Sepsis 1", source={"refinebio_disease": " Septic "}),
        Sample("GSM2", "Sepsis 2", source={"refinebio_disease": "septic;pneumonia"}),
        Sample("GSM3", "Sepsis 3", source={"refinebio_disease": "septicaemia"}),
        Sample("GSM4", "Control", source={"group": "3", "refinebio_disease": "septic"}),
        Sample("GSM5", "Healthy", source={"group": "4"}),
    ]
    field_map = {"group": {"3": "NO_SEPSIS", "4": "UNKNOWN"}, "refinebio_disease": {"SEPTIC": "septic shock"}}
    found = label_samples(samples, SEPSIS_V1, {}, field_map)
    assert [item.illness for item in found] == ["SEPTIC_SHOCK", "SEPTIC_SHOCK", "SEPSIS", "NO_SEPSIS", "UNKNOWN"]
    assert found[0].rule == "field_map:refinebio_disease"
    assert found[3].conflict == (
        'refinebio_disease="septic" says SEPTIC_SHOCK (field_map:refinebio_disease); '
        'refinebio_disease="septic" says SEPSIS (sepsis_v1:10); title="Control" says CONTROL (sepsis_v1:11)'
    )


def test_an_override_beats_everything_and_the_conflict_is_kept() -> None:
    found = label("Control 3", {"GSM1": "septic-shock"}, refinebio_disease="sepsis")
    assert (found.illness, found.method, found.rule) == ("SEPTIC_SHOCK", "OVERRIDE", "override:sample")
    assert found.evidence == "GSM1: SEPTIC_SHOCK"
    assert found.conflict == 'title="Control 3" says CONTROL (sepsis_v1:11)'


def test_the_sample_sheet_is_an_override_below_the_override_file() -> None:
    sample = Sample("S1", "Control 1", declared_illness="sepsis")
    assert label_samples([sample], SEPSIS_V1, {})[0].rule == "override:samplesheet"
    assert label_samples([sample], SEPSIS_V1, {})[0].illness == "SEPSIS"
    assert label_samples([sample], SEPSIS_V1, {"S1": "NO_SEPSIS", "*": "CONTROL"})[0].illness == "NO_SEPSIS"
    assert label_samples([sample], SEPSIS_V1, {"*": "SEPTIC_SHOCK"})[0].illness == "SEPSIS"


@pytest.mark.parametrize("arguments", [({"*": "SEPTIC_SHOCK"}, None), ({}, "SEPTIC_SHOCK")])
def test_a_study_wide_override_labels_the_patients_and_leaves_the_controls(
    arguments: tuple[dict[str, str], str | None],
) -> None:
    titles = ["Patient 12 D1", "SIRS 4", "Control 3", "Patient 12 follow-up"]
    samples = [Sample(f"GSM{number}", title) for number, title in enumerate(titles)]
    overrides, study_override = arguments
    found = label_samples(samples, SEPSIS_V1, overrides, study_override=study_override)
    assert [item.illness for item in found] == ["SEPTIC_SHOCK", "SEPTIC_SHOCK", "CONTROL", "SEPTIC_SHOCK"]
    assert [item.exclude for item in found] == [False, False, False, True]
    assert found[1].conflict == 'title="SIRS 4" says NO_SEPSIS (sepsis_v1:6)'


# --- exclusion --------------------------------------------------------------------------------------------------


def test_exclusion_by_any_evidence_with_its_reason() -> None:
    found = label("Shock_FU_11", refinebio_disease="septic shock")
    assert (found.illness, found.method, found.exclude) == ("SEPTIC_SHOCK", "FIELD", True)
    assert found.exclude_reason == 'follow-up or convalescent sample: title="Shock_FU_11"'
    assert label("Sepsis 3", refinebio_disease_stage="convalescent").exclude


def test_only_an_own_override_to_a_definite_label_lifts_exclusion() -> None:
    lifted = label("Shock_FU_11", {"GSM1": "SEPTIC_SHOCK"})
    assert (lifted.exclude, lifted.exclude_reason) == (False, None)
    assert label("Shock_FU_11", {"GSM1": "UNKNOWN"}).exclude


def test_a_sample_excluded_by_its_sheet_stays_excluded() -> None:
    sample = Sample("S1", "Sepsis 1", exclude=True, exclude_reason="RNA degraded")
    found = label_samples([sample], SEPSIS_V1, {"S1": "SEPSIS"})[0]
    assert (found.exclude, found.exclude_reason) == (True, "RNA degraded")


# --- evidence ---------------------------------------------------------------------------------------------------


def test_evidence_is_one_line_of_200_characters() -> None:
    found = label("Sepsis\t1\n\x00" + "x" * 400)
    assert found.evidence is not None
    assert found.evidence.startswith('title="Sepsis 1 xxx')
    assert found.evidence.endswith('x…"')
    assert len(found.evidence) == 200


def test_coverage_is_the_share_with_a_label() -> None:
    samples = [Sample("a", "Sepsis 1"), Sample("b", "P_2"), Sample("c", "Healthy"), Sample("d", "Sepsis control")]
    assert coverage(label_samples(samples, SEPSIS_V1, {})) == 0.5
    assert coverage([]) == 1.0


# --- overrides --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["GSM1", "*"])
def test_an_override_to_a_label_that_does_not_exist(key: str) -> None:
    with pytest.raises(InvalidSetting) as caught:
        label("x", {key: "SEPTIC_SHOK"})
    assert "SEPTIC_SHOK" in str(caught.value)
    assert caught.value.hint.startswith("Did you mean SEPTIC_SHOCK? Labels of sepsis_v1@1: CONTROL, NO_SEPSIS")


def test_labels_that_do_not_exist_in_map_sheet_or_study_override() -> None:
    with pytest.raises(InvalidSetting, match="field map, disease: x"):
        label_samples([], SEPSIS_V1, {}, {"disease": {"x": "ILL"}})
    with pytest.raises(InvalidSetting, match="ILL"):
        label_samples([], SEPSIS_V1, {}, study_override="ILL")
    with pytest.raises(InvalidSampleSheet, match="sample sheet, S1"):
        label_samples([Sample("S1", declared_illness="ill")], SEPSIS_V1, {})


def test_unknown_overrides_are_those_that_are_no_sample() -> None:
    assert unknown_overrides([Sample("A"), Sample("B")], {"A": "X", "*": "X", "Z": "X", "C": "X"}) == ["C", "Z"]


def test_load_overrides_nested_flat_and_text_only(tmp_path: Path) -> None:
    path = tmp_path / "illness_overrides.yaml"
    path.write_text(
        "GSE1:\n  GSM1: SEPSIS\n  '*': SEPTIC_SHOCK\nGSM9: CONTROL\n12: NO_SEPSIS\nGSE2: {1e5: CONTROL, NO: SEPSIS}\n",
        encoding="utf-8",
    )
    loaded = load_overrides(path)
    assert loaded == {
        "GSE1": {"GSM1": "SEPSIS", "*": "SEPTIC_SHOCK"},
        "*": {"GSM9": "CONTROL", "12": "NO_SEPSIS"},
        "GSE2": {"1e5": "CONTROL", "NO": "SEPSIS"},
    }
    assert overrides_of("GSE2", loaded) == {"GSM9": "CONTROL", "12": "NO_SEPSIS", "1e5": "CONTROL", "NO": "SEPSIS"}
    path.write_text("GSM1: SEPSIS\n'*': {GSM2: CONTROL}\n", encoding="utf-8")
    assert load_overrides(path) == {"*": {"GSM1": "SEPSIS", "GSM2": "CONTROL"}}
    path.write_text("# nothing yet\n", encoding="utf-8")
    assert load_overrides(path) == {}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("GSE1: {GSM1: SEPSIS, GSM1: CONTROL}", "line 1"),
        ("GSM1: SEPSIS\nGSM2: SEPSIS\nGSM1: CONTROL", "line 3"),
        ("GSM1: SEPSIS\nGSE1: {GSM1: CONTROL}", "GSM1 is given twice"),
        ("GSM1: SEPSIS\n'*': {GSM1: CONTROL}", "GSM1 is given twice"),
        ("GSM1:", "GSM1"),
        ("GSM1: [SEPSIS, CONTROL]", "list"),
        ("GSE1: {GSM1: {a: b}}", "mapping"),
        ("- GSM1", "list"),
        ("SEPSIS", "single value"),
        ("GSM1: 'SEPSIS", "line 1"),
        ("GSM1: \tSEPSIS: x", "line 1"),
        ("{a: b}: c", "a key"),
        ("[" * 5000, "nested"),
        ("a: &x [*x]", ""),
        ("GSM1: S\x07", "special characters"),
    ],
)
def test_load_overrides_refuses_in_words(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "illness_overrides.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidSetting) as caught:
        load_overrides(path)
    assert str(path) in str(caught.value)
    assert says in str(caught.value)


def test_load_overrides_missing_or_not_text(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="cannot be read"):
        load_overrides(tmp_path / "absent.yaml")
    with pytest.raises(InvalidSetting, match="cannot be read"):
        load_overrides(tmp_path)
    path = tmp_path / "latin.yaml"
    path.write_bytes("ø: SEPSIS".encode("latin-1"))
    with pytest.raises(InvalidSetting, match="UTF-8"):
        load_overrides(path)


# --- rulesets ---------------------------------------------------------------------------------------------------

OWN = """
id: lupus
version: "2"
disease: LUPUS
labels: {CONTROL: Healthy., FLARE: Active lupus., LUPUS: Lupus., UNKNOWN: Not told.}
refines: {FLARE: LUPUS}
fields: [refinebio_disease, activity]
terms: {sle: "lupus|sle", word: '\\b{sle}\\b'}
rules:
  - {id: flare, pattern: '{word}.*flare', label: FLARE}
  - {id: quiet, pattern: 'remission', unless: 'flare', label: UNKNOWN, exclude: in remission}
  - {id: sle, pattern: '{word}', label: LUPUS}
  - {id: hc, pattern: '\\bhc\\b', label: CONTROL}
"""


def test_another_disease_brings_its_own_rules_and_labels(tmp_path: Path) -> None:
    path = tmp_path / "lupus.yaml"
    path.write_text(OWN, encoding="utf-8")
    ruleset = load_ruleset(path)
    titles = ["SLE_flare_3", "SLE 4", "SLE remission 5", "HC9", "x"]
    found = label_samples([Sample(title, title) for title in titles], ruleset, {"x": "flare"})
    assert [item.illness for item in found] == ["FLARE", "LUPUS", "UNKNOWN", "CONTROL", "FLARE"]
    assert [item.exclude_reason for item in found][2] == 'in remission: title="SLE remission 5"'
    assert found[0].ruleset == "lupus@2"
    assert label_samples([Sample("a", source={"activity": "lupus flare", "refinebio_disease": "sle"})], ruleset, {})[
        0
    ] == Label("FLARE", "FIELD", "lupus:flare", 'activity="lupus flare"', "lupus@2")


def test_built_in_rulesets() -> None:
    assert built_in_rulesets() == ["seed_v1", "sepsis_v1"]
    for name in built_in_rulesets():
        ruleset = load_ruleset(name)
        assert ruleset.id == name
        assert set(ruleset.labels) == {"CONTROL", "NO_SEPSIS", "SEPSIS", "SEPTIC_SHOCK", "UNKNOWN"}
    with pytest.raises(UnknownSetting, match="sepsis_v9") as caught:
        load_ruleset("sepsis_v9")
    assert caught.value.hint.startswith("Built-in rulesets: seed_v1, sepsis_v1.")


@pytest.mark.parametrize(
    ("old", "new", "error", "says"),
    [
        ("version:", "versoin:", UnknownSetting, "versoin"),
        ("label: LUPUS}", "label: LUPUS, paint: red}", UnknownSetting, "rule sle"),
        ("label: LUPUS}", "label: LUPPUS}", InvalidSetting, "rule sle: label"),
        ("'{word}', label", "'({word}', label", InvalidSetting, "rule sle"),
        ("'{word}', label", "'{wrod}', label", InvalidSetting, "rule sle: term"),
        ("'{word}', label", "'(a+)+$', label", InvalidSetting, "repeat inside a repeat"),
        ("'{word}', label", r"'(\s*x)*$', label", InvalidSetting, "repeat inside a repeat"),
        ("id: sle,", "id: flare,", InvalidSetting, "two rules"),
        ("id: sle,", "", InvalidSetting, "lacks 'id'"),
        ("id: sle,", "id: 'a:b',", InvalidSetting, "not a name"),
        ("exclude: in remission", "exclude: true", InvalidSetting, "reason in words"),
        ("label: LUPUS}", "label: LUPUS, warning: loud}", InvalidSetting, "warning"),
        (", UNKNOWN: Not told.", "", InvalidSetting, "lack UNKNOWN"),
        ("LUPUS: Lupus.", "lupus: Lupus.", InvalidSetting, "cannot be a label"),
        ("{FLARE: LUPUS}", "{FLARE: LUPUS, LUPUS: FLARE}", InvalidSetting, "circle"),
        ("{FLARE: LUPUS}", "{FLARE: ILL}", InvalidSetting, "refines"),
        ('sle: "lupus|sle"', 'sle: "{word}"', InvalidSetting, "circle"),
        ("fields: [refinebio_disease, activity]", "fields: activity", InvalidSetting, "fields"),
        ("disease: LUPUS", "disease:", InvalidSetting, "needs 'disease'"),
        ("fields:", "normalisation: some\nfields:", InvalidSetting, "normalisation"),
        ("fields:", "terms: {a: b}\nfields:", InvalidSetting, "the key 'terms'"),
        ("  - {id: flare", "  {id: flare", InvalidSetting, "line"),
    ],
)
def test_a_broken_ruleset_is_refused_with_file_and_rule(
    tmp_path: Path, old: str, new: str, error: type[InvalidSetting | UnknownSetting], says: str
) -> None:
    path = tmp_path / "lupus.yaml"
    assert old in OWN
    path.write_text(OWN.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(error) as caught:
        load_ruleset(path)
    assert str(path) in str(caught.value)
    assert says in str(caught.value)
    assert caught.value.hint


# --- real studies -----------------------------------------------------------------------------------------------


def real_labels(metadata: Path) -> list[Label]:
    samples = [
        Sample(accession, source.get("refinebio_title"), source=source)
        for accession, source in json.loads(metadata.read_text(encoding="utf-8"))["samples"].items()
    ]
    return label_samples(samples, SEPSIS_V1, {})


def test_real_study_of_another_disease(data_dir: Path) -> None:
    labels = real_labels(data_dir / "SRP164913" / "aggregated_metadata.json")
    assert Counter((item.illness, item.method, item.rule) for item in labels) == {
        ("CONTROL", "FIELD", "sepsis_v1:11"): 28,
        ("UNKNOWN", "DEFAULT", None): 60,
    }
    assert coverage(labels) == pytest.approx(28 / 88)
    assert not any(item.conflict or item.exclude for item in labels)


@pytest.mark.parametrize(
    ("study", "controls"),
    [("SRP158491", 62), ("SRP125001", 20), ("SRP075806", 0), ("SRP018853", 0), ("SRP201011", 0), ("ERP105501", 0)],
)
def test_real_metadata_gives_no_sepsis_label_where_there_is_no_sepsis(
    data_dir: Path, study: str, controls: int
) -> None:
    labels = real_labels(data_dir / "metadata_only" / study / "aggregated_metadata.json")
    assert {item.illness for item in labels} <= {"CONTROL", "UNKNOWN"}
    assert sum(item.illness == "CONTROL" for item in labels) == controls


@pytest.mark.parametrize("study", ["GSE28750", "GSE40012", "GSE66099"])
def test_real_sepsis_titles_are_never_labelled_wrongly(data_dir: Path, study: str) -> None:
    truth = {"Healthy": "CONTROL", "Sepsis": "SEPSIS", "Septic_Shock": "SEPTIC_SHOCK"}
    sheet = data_dir / "geo" / "COCONUT" / "converted" / f"{study}_pheno.tsv"
    with sheet.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    labels = label_samples([Sample(row["Sample"], row["Title"]) for row in rows], SEPSIS_V1, {})
    for row, found in zip(rows, labels, strict=True):
        assert found.illness in {truth[row["DiagnosisPrimary"]], "UNKNOWN"}
    assert coverage(labels) == {"GSE28750": 1.0, "GSE40012": 0.5, "GSE66099": 0.0}[study]
