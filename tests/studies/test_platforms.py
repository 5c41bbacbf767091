from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expressway.errors import InvalidSetting, UnknownSetting
from expressway.studies.platforms import TECHNOLOGIES, load_platform_lookup, normalise_platform
from expressway.studies.study import Platform

LOOKUP = load_platform_lookup()


@pytest.mark.parametrize(
    ("text", "technology", "expected"),
    [
        (
            "Illumina HiSeq 2500 (IlluminaHiSeq2500)",
            "RNA-SEQ",
            Platform("IlluminaHiSeq2500", "Illumina HiSeq 2500", "Illumina", "RNA-SEQ"),
        ),
        (
            "Ion Torrent Proton (IonTorrentProton)",
            "RNA-SEQ",
            Platform("IonTorrentProton", "Ion Torrent Proton", "Thermo Fisher", "RNA-SEQ"),
        ),
        (
            "Affymetrix Human Genome U133 Plus 2.0 Array (hgu133plus2)",
            "MICROARRAY",
            Platform("hgu133plus2", "Affymetrix Human Genome U133 Plus 2.0 Array", "Affymetrix", "MICROARRAY"),
        ),
        (
            "Agilent-014850 Whole Human Genome Microarray 4x44K G4112F (Probe Name version) (GPL6480)",
            "MICROARRAY",
            Platform(
                "GPL6480",
                "Agilent-014850 Whole Human Genome Microarray 4x44K G4112F (Probe Name version)",
                "Agilent",
                "MICROARRAY",
            ),
        ),
        (
            "Illumina HiSeq 2000 (Homo sapiens)",
            "RNA-SEQ",
            Platform("Illumina HiSeq 2000 (Homo sapiens)", "Illumina HiSeq 2000 (Homo sapiens)", "Illumina", "RNA-SEQ"),
        ),
        ("homemade", "", Platform("homemade", "homemade", None, "OTHER")),
        ("Home  made (v2)  ", "OTHER", Platform("v2", "Home made", None, "OTHER")),
        ("(v2)", "OTHER", Platform("(v2)", "(v2)", None, "OTHER")),
        ("GPL570", "", Platform("GPL570", "Affymetrix Human Genome U133 Plus 2.0 Array", "Affymetrix", "MICROARRAY")),
    ],
)
def test_name_and_accession(text: str, technology: str, expected: Platform) -> None:
    assert normalise_platform(text, technology, LOOKUP) == expected


def test_technology_of_the_study_then_of_the_lookup_then_other() -> None:
    text = "A microarray, by its name (hugene10st)"
    assert normalise_platform(text, "rna-seq", LOOKUP).technology == "RNA-SEQ"
    assert normalise_platform(text, "OTHER", LOOKUP).technology == "MICROARRAY"
    assert normalise_platform(text, "", {}).technology == "OTHER"


@pytest.mark.parametrize(
    ("name", "manufacturer"),
    [
        ("Illumina HiSeq 9000", "Illumina"),
        ("NextSeq 900 (NextSeq900)", "Illumina"),
        ("[HG-U133X] custom", "Affymetrix"),
        ("AFFYMETRIX something", "Affymetrix"),
        ("Agilent custom 8x60K", "Agilent"),
        ("Ion Torrent Genexus", "Thermo Fisher"),
        ("AB SOLiD 4 System", "Thermo Fisher"),
        ("454 GS FLX Titanium", "Roche"),
        ("NimbleGen Homo sapiens HG18", "Roche NimbleGen"),
        ("DNBSEQ-T7", "MGI"),
        ("BGISEQ-500", "MGI"),
        ("PacBio Sequel II", "PacBio"),
        ("Oxford Nanopore PromethION", "Oxford Nanopore"),
        ("nCounter PanCancer panel", "NanoString"),
        ("spotted cDNA, 14540 clones", None),
    ],
)
def test_manufacturer_from_the_words_of_the_name(name: str, manufacturer: str | None) -> None:
    assert normalise_platform(name, "OTHER", LOOKUP).manufacturer == manufacturer


def test_accessions_are_found_without_case_and_blanks() -> None:
    assert normalise_platform("Illumina HiSeq 2500", "", LOOKUP).technology == "RNA-SEQ"
    assert normalise_platform("x (HGU133PLUS2)", "", LOOKUP).manufacturer == "Affymetrix"


def test_geo_ids_say_the_same_as_the_code_they_belong_to() -> None:
    for code, gpl in [("hgu133plus2", "GPL570"), ("Illumina_HumanHT-12_V4.0", "GPL10558"), ("hugene10st", "GPL6244")]:
        assert LOOKUP[gpl.lower()] == LOOKUP[code.lower()]


def test_the_built_in_table_is_complete() -> None:
    for known in LOOKUP.values():
        assert known.name
        assert known.manufacturer in {"Affymetrix", "Agilent", "Illumina", "Thermo Fisher"}
        assert known.technology in {"RNA-SEQ", "MICROARRAY"}


def test_no_geo_id_belongs_to_two_platforms() -> None:
    text = (Path(__file__).parents[2] / "src/expressway/studies/platform_lookup.yaml").read_text(encoding="utf-8")
    ids = [word.strip("[]{},:") for word in text.split() if word.startswith(("GPL", "[GPL"))]
    assert len(ids) == len(set(ids)) > 100


def test_your_own_lookup_goes_over_the_built_in_one(tmp_path: Path) -> None:
    path = tmp_path / "platform_lookup.yaml"
    path.write_text(
        "hgu133plus2: {manufacturer: Thermo Fisher}\n"
        "lab_v3: {name: Our array, manufacturer: Our lab, technology: microarray, gpl: [GPL999999, GPL96]}\n",
        encoding="utf-8",
    )
    lookup = load_platform_lookup(path)
    plus2 = normalise_platform("Array (hgu133plus2)", "", lookup)
    assert (plus2.manufacturer, plus2.technology) == ("Thermo Fisher", "MICROARRAY")
    for text in ("lab_v3", "GPL999999", "GPL96"):
        assert normalise_platform(text, "", lookup) == Platform(text, "Our array", "Our lab", "MICROARRAY")
    assert normalise_platform("Printed by us (lab_v3)", "", lookup).name == "Printed by us"
    assert load_platform_lookup() == LOOKUP


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ("GPL1: Illumina", InvalidSetting, "GPL1: an entry needs keys"),
        ("GPL1: {maker: Illumina}", UnknownSetting, "'maker'"),
        ("GPL1: {technology: proteomics}", InvalidSetting, "'PROTEOMICS' is no technology"),
        ("GPL1: {name: [a, b]}", InvalidSetting, "only gpl may be a list"),
        ("GPL1: {technology: [a, b]}", InvalidSetting, "only gpl may be a list"),
        ("GPL1: {gpl: {a: b}}", InvalidSetting, "only gpl may be a list"),
        ("GPL1: {gpl: [[a]]}", InvalidSetting, "only gpl may be a list"),
        ("GPL1: {name: a}\nGPL1: {name: b}", InvalidSetting, "line 2"),
        ("[GPL1]", InvalidSetting, "list"),
    ],
)
def test_a_broken_lookup_is_refused(
    tmp_path: Path, text: str, error: type[InvalidSetting | UnknownSetting], says: str
) -> None:
    path = tmp_path / "platform_lookup.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(error) as caught:
        load_platform_lookup(path)
    assert str(path) in str(caught.value)
    assert says in str(caught.value)


@given(st.text(min_size=1).filter(str.strip), st.text())
def test_any_text_is_a_platform(text: str, technology: str) -> None:
    platform = normalise_platform(text, technology, LOOKUP)
    assert platform.accession.strip()
    assert platform.name.strip()
    assert platform.technology in TECHNOLOGIES


def test_real_platforms_are_all_known(data_dir: Path) -> None:
    found = set()
    for metadata in data_dir.glob("**/aggregated_metadata.json"):
        content = json.loads(metadata.read_text(encoding="utf-8"))
        for sample in content["samples"].values():
            found.add(normalise_platform(sample["refinebio_platform"], "", LOOKUP))
    assert {(item.accession, item.manufacturer, item.technology) for item in found} == {
        ("IlluminaHiSeq2000", "Illumina", "RNA-SEQ"),
        ("IlluminaHiSeq2500", "Illumina", "RNA-SEQ"),
        ("IlluminaGenomeAnalyzerIIx", "Illumina", "RNA-SEQ"),
        ("IonTorrentProton", "Thermo Fisher", "RNA-SEQ"),
    }
