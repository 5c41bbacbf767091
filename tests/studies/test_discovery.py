"""Which studies are found in what a user gives: downloads of every shape, and matrices with sample sheets."""

from __future__ import annotations

import gzip
import json
import shutil
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from expressway.errors import (
    DuplicateSample,
    InvalidMetadata,
    InvalidSampleSheet,
    InvalidSetting,
    NotAMatrix,
    QuantSfOnly,
    SourceNotFound,
)
from expressway.studies.discovery import BrokenStudy, Found, SourceOptions, StudySource, discover

HUMAN, MOUSE = "HOMO_SAPIENS", "MUS_MUSCULUS"


def metadata(studies: dict[str, dict[str, str]], aggregate_by: str | None = "EXPERIMENT", **flags: object) -> dict:
    """An aggregated_metadata.json; a study is its samples with their organisms, "" for one that is not described."""
    codes = {accession: list(samples) for accession, samples in studies.items()}
    described = {code: organism for samples in studies.values() for code, organism in samples.items() if organism}
    return {
        "aggregate_by": aggregate_by,
        "created_at": "2024-01-02T03:04:05",
        "scale_by": "NONE",
        "quantile_normalized": True,
        "quant_sf_only": False,
        "experiments": {
            accession: {
                "accession_code": accession,
                "title": f"study {accession}",
                "organisms": [HUMAN],
                "technology": "RNA-SEQ",
                "sample_accession_codes": samples,
            }
            for accession, samples in codes.items()
        },
        "samples": {
            code: {"refinebio_accession_code": code, "refinebio_organism": organism, "refinebio_title": code}
            for code, organism in described.items()
        },
        **flags,
    }


def matrix(samples: Iterable[str]) -> str:
    names = list(samples)
    return "\t".join(["Gene", *names]) + "\n" + "\t".join(["ENSG00000141510", *("1.5" for _ in names)]) + "\n"


def table(samples: Iterable[str]) -> str:
    lines = ("\t".join([code, "GSE1", code]) for code in samples)
    return "\r\n".join(["refinebio_accession_code\texperiment_accession\trefinebio_title", *lines]) + "\r\n"


def download(folder: Path, described: dict, files: dict[str, str | bytes]) -> Path:
    """A download in a folder; files that end with .gz are compressed."""
    for name, content in {"aggregated_metadata.json": json.dumps(described), "README.md": "x", **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        raw = content.encode() if isinstance(content, str) else content
        path.write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
    return folder


def zipped(folder: Path, target: Path) -> Path:
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder))
    return target


def found(path: Path, **options: object) -> list[Found]:
    return discover(path, lambda accession: SourceOptions(**options))


def sources(path: Path, **options: object) -> list[StudySource]:
    results = found(path, **options)
    assert all(isinstance(result, StudySource) for result in results), results
    return results


def names(result: Found) -> str:
    return result.info.accession if isinstance(result, StudySource) else f"!{result.accession}"


def codes(source: StudySource) -> list[tuple[str, str]]:
    return [(message.code, message.severity) for message in source.messages]


TWO = {"GSE1": {"GSM1": HUMAN, "GSM2": HUMAN, "GSM3": ""}, "SRP2": {"SRR1": HUMAN}}
TWO_FILES = {
    "GSE1/GSE1.tsv.gz": matrix(["GSM1", "GSM2"]),
    "GSE1/metadata_GSE1.tsv": table(["GSM1", "GSM2"]),
    "SRP2/SRP2.tsv": matrix(["SRR1"]),
}


# by experiment


@pytest.mark.parametrize("shape", ["folder", "zip", "nested zip", "json"])
def test_several_experiments(tmp_path: Path, shape: str):
    folder = download(tmp_path / "outer" / "d", metadata(TWO), TWO_FILES)
    path = {
        "folder": lambda: folder,
        "zip": lambda: zipped(folder, tmp_path / "d.zip"),
        "nested zip": lambda: zipped(folder.parent, tmp_path / "n.zip"),
        "json": lambda: folder / "aggregated_metadata.json",
    }[shape]()
    first, second = sources(path)
    assert (first.info.accession, second.info.accession) == ("GSE1", "SRP2")
    assert (first.info.title, first.info.organism, first.info.source_kind) == ("study GSE1", HUMAN, "REFINEBIO")
    assert first.member.name.endswith("GSE1/GSE1.tsv.gz")
    assert first.member.open().read().decode() == matrix(["GSM1", "GSM2"])
    assert (first.keep, first.layout.samples_as_rows, first.surplus_codes) == (None, False, 1)
    assert first.flags.created_at == "2024-01-02T03:04:05"
    assert codes(first) == [("METADATA_SURPLUS_CODES", "INFO")]
    assert "1 of 3 sample codes" in first.messages[0].details
    assert (second.surplus_codes, second.messages) == (0, ())


def test_one_broken_study_leaves_the_others(tmp_path: Path):
    described = metadata({**TWO, "GSE3": {"GSM7": HUMAN}, "GSE4": {"GSM8": HUMAN}})
    del described["experiments"]["GSE3"]["sample_accession_codes"]
    results = found(download(tmp_path, described, TWO_FILES))
    assert [names(result) for result in results] == ["GSE1", "!GSE3", "!GSE4", "SRP2"]
    broken, missing = results[1:3]
    assert isinstance(broken, BrokenStudy)
    assert isinstance(broken.error, InvalidMetadata)
    assert 'study GSE3: the key "sample_accession_codes" is missing' in broken.error.message
    assert isinstance(missing, BrokenStudy)
    assert isinstance(missing.error, SourceNotFound)
    assert "GSE4/GSE4.tsv (or .tsv.gz) is not there" in missing.error.message


def test_flattened_folders_and_old_metadata_without_options(tmp_path: Path):
    described = metadata(TWO, aggregate_by=None)
    for key in ("scale_by", "quantile_normalized", "quant_sf_only"):
        del described[key]
    folder = download(tmp_path, described, {"GSE1.tsv": matrix(["GSM1"]), "x/SRP2.tsv.gz": matrix(["SRR1"])})
    first, second = sources(folder)
    assert (first.member.name, second.member.name) == ("GSE1.tsv", "x/SRP2.tsv.gz")
    assert (first.flags.aggregate_by, first.flags.quantile_normalized) == (None, None)


def test_the_plain_file_is_preferred_to_its_packed_copy(tmp_path: Path):
    files = {"GSE1/GSE1.tsv.gz": "x", "GSE1/GSE1.tsv": matrix(["GSM1"])}
    (source,) = sources(download(tmp_path, metadata({"GSE1": {"GSM1": HUMAN}}), files))
    assert source.member.name == "GSE1/GSE1.tsv"


def test_table_and_json_that_differ(tmp_path: Path):
    files = {
        "GSE1/GSE1.tsv": matrix(["GSM1"]),
        "GSE1/metadata_GSE1.tsv": table(["GSM1", "GSM9"]).replace("GSM1\r", "x\r"),
    }
    (source,) = sources(download(tmp_path, metadata({"GSE1": {"GSM1": HUMAN}}), files))
    assert codes(source) == [("METADATA_TSV_DIFFERS", "WARNING")] * 2
    assert source.samples[0].title == "GSM1"


def test_a_broken_table_is_a_warning(tmp_path: Path):
    files = {"GSE1/GSE1.tsv": matrix(["GSM1"]), "GSE1/metadata_GSE1.tsv": b"\xff\xff"}
    (source,) = sources(download(tmp_path, metadata({"GSE1": {"GSM1": HUMAN}}), files))
    assert codes(source) == [("METADATA_TSV_DIFFERS", "WARNING")]


@pytest.mark.parametrize(
    "place", ["filtered_samples_metadata.json", "filtered_samples_metadata/filtered_samples_metadata.json"]
)
def test_filtered_samples_are_counted(tmp_path: Path, place: str):
    filtered = {
        "GSM7": {"experiment_accession_code": "GSE1", "reason": "x"},
        "GSM8": {"experiment_accession_code": "SRP2", "reason": "x"},
        "GSM9": {"experiment_accession_code": "GSE1", "reason": "x"},
    }
    files = {**TWO_FILES, place: json.dumps(filtered), place.replace(".json", ".tsv"): table(["GSM7"])}
    first, second = sources(download(tmp_path, metadata(TWO), files))
    assert first.messages[1].details == "GSE1: refine.bio left out 2 samples: GSM7, GSM9"
    assert (first.messages[1].code, first.messages[1].severity) == ("FILTERED_SAMPLES", "INFO")
    assert [message.details for message in second.messages] == ["SRP2: refine.bio left out 1 samples: GSM8"]


def test_broken_list_of_filtered_samples_and_orphans_are_warnings(tmp_path: Path):
    described = metadata({"SRP2": {"SRR1": HUMAN}})
    described["samples"]["SRR2"] = {}
    files = {"SRP2/SRP2.tsv": matrix(["SRR1"]), "filtered_samples_metadata.json": "{"}
    (source,) = sources(download(tmp_path, described, files))
    assert codes(source) == [("FILTERED_SAMPLES", "WARNING"), ("METADATA_ORPHAN_SAMPLES", "WARNING")]


# aggregates


def test_all(tmp_path: Path):
    studies = {"GSE1": {"GSM1": HUMAN, "GSM2": HUMAN}, "GSE2": {"GSM2": HUMAN, "GSM3": MOUSE}}
    everything = ["GSM1", "GSM2", "GSM3"]
    files = {"ALL/ALL.tsv": matrix(everything), "ALL/metadata_ALL.tsv": table(everything)}
    first, second = sources(download(tmp_path, metadata(studies, "ALL"), files))
    assert (first.keep, second.keep) == (frozenset({"GSM1", "GSM2"}), frozenset({"GSM2", "GSM3"}))
    assert first.member == second.member
    assert first.messages == ()
    assert codes(second) == [("SEVERAL_ORGANISMS", "WARNING")]
    assert HUMAN in second.messages[0].details


def test_species(tmp_path: Path):
    studies = {"GSE1": {"GSM1": HUMAN, "GSM2": HUMAN}, "GSE2": {"GSM3": HUMAN, "GSM4": MOUSE}, "GSE3": {"GSM5": MOUSE}}
    files = {
        f"{HUMAN}/{HUMAN}.tsv": matrix(["GSM1", "GSM2", "GSM3"]),
        f"{HUMAN}/metadata_{HUMAN}.tsv": table(["GSM1", "GSM2", "GSM3"]),
        f"{HUMAN}/metadata_{HUMAN}.json": "{}",
        f"{MOUSE}/{MOUSE}.tsv.gz": matrix(["GSM4", "GSM5"]),
    }
    results = sources(zipped(download(tmp_path / "d", metadata(studies, "SPECIES"), files), tmp_path / "d.zip"))
    assert [(r.info.accession, r.info.organism, sorted(r.keep)) for r in results] == [
        ("GSE1", HUMAN, ["GSM1", "GSM2"]),
        ("GSE2.HOMO_SAPIENS", HUMAN, ["GSM3"]),
        ("GSE2.MUS_MUSCULUS", MOUSE, ["GSM4"]),
        ("GSE3", MOUSE, ["GSM5"]),
    ]
    assert [r.member.name for r in results] == [f"{o}/{o}.tsv{e}" for o, e in
                                                [(HUMAN, ""), (HUMAN, ""), (MOUSE, ".gz"), (MOUSE, ".gz")]]  # fmt: skip
    assert all(r.messages == () and {s.accession for s in r.samples} == r.keep for r in results)


def test_a_species_without_its_matrix(tmp_path: Path):
    files = {f"{HUMAN}/{HUMAN}.tsv": matrix(["GSM3"])}
    described = metadata({"GSE2": {"GSM3": HUMAN, "GSM4": MOUSE}}, "SPECIES")
    results = found(download(tmp_path, described, files))
    assert [names(result) for result in results] == ["GSE2.HOMO_SAPIENS", "!GSE2.MUS_MUSCULUS"]


# downloads without matrices


@pytest.mark.parametrize("flags", [{"quant_sf_only": True}, {"quant_sf_only": True, "aggregate_by": None}])
def test_quant_sf_only(tmp_path: Path, flags: dict):
    with pytest.raises(QuantSfOnly):
        found(download(tmp_path, metadata(TWO, **flags), TWO_FILES))


def test_quant_sf_files_instead_of_a_matrix(tmp_path: Path):
    (result,) = found(download(tmp_path / "d", metadata({"SRP2": {"SRR1": HUMAN}}), {"SRP2/SRR1_quant.sf": "Name"}))
    assert isinstance(result, BrokenStudy)
    assert isinstance(result.error, QuantSfOnly)
    (tmp_path / "d" / "aggregated_metadata.json").unlink()
    with pytest.raises(QuantSfOnly):
        found(tmp_path / "d")


def test_metadata_table_without_json(tmp_path: Path):
    folder = download(tmp_path, metadata(TWO), TWO_FILES)
    (folder / "aggregated_metadata.json").unlink()
    with pytest.raises(InvalidMetadata, match=r"no aggregated_metadata\.json"):
        found(folder)


def test_json_that_is_none(tmp_path: Path):
    folder = download(tmp_path, metadata(TWO), TWO_FILES)
    (folder / "aggregated_metadata.json").write_text('{"experiments": {},\n}')
    with pytest.raises(InvalidMetadata, match="line 2, column 1"):
        found(folder)


# several downloads


def several(folder: Path) -> Path:
    download(folder / "a", metadata({"GSE1": {"GSM1": HUMAN}}), {"GSE1/GSE1.tsv": matrix(["GSM1"])})
    download(folder / "b" / "c", metadata({"SRP2": {"SRR1": HUMAN}}), {"SRP2/SRP2.tsv": matrix(["SRR1"])})
    return folder


@pytest.mark.parametrize("packed", [False, True])
def test_a_folder_or_zip_of_downloads(tmp_path: Path, packed: bool):
    folder = several(tmp_path / "f")
    results = sources(zipped(folder, tmp_path / "f.zip") if packed else folder)
    assert [names(result) for result in results] == ["GSE1", "SRP2"]
    assert results[0].container.path == (tmp_path / "f.zip" if packed else folder / "a")


def test_a_broken_download_leaves_the_others(tmp_path: Path):
    folder = several(tmp_path)
    (folder / "a" / "aggregated_metadata.json").write_text("no")
    results = found(folder)
    assert [names(result) for result in results] == ["!a", "SRP2"]


def test_a_download_inside_the_folder_of_another(tmp_path: Path):
    folder = several(tmp_path)
    download(folder, metadata({"GSE7": {"GSM7": HUMAN}}), {"GSE7/GSE7.tsv": matrix(["GSM7"])})
    assert sorted(names(result) for result in sources(folder)) == ["GSE1", "GSE7", "SRP2"]


def test_a_folder_of_zips(tmp_path: Path):
    folder = several(tmp_path / "f")
    (tmp_path / "zips").mkdir()
    zipped(folder / "a", tmp_path / "zips" / "a.zip")
    zipped(folder / "b", tmp_path / "zips" / "b.zip")
    (tmp_path / "zips" / "c.zip").write_bytes(b"<html>")
    assert [names(result) for result in found(tmp_path / "zips")] == ["GSE1", "SRP2", "!c.zip"]
    (tmp_path / "zips" / "c.zip").unlink()
    shutil.copytree(folder / "a", tmp_path / "zips" / "a")
    results = sources(tmp_path / "zips")
    assert sorted(names(result) for result in results) == ["GSE1", "SRP2"]
    assert {result.container.kind for result in results} == {"FOLDER", "ZIP"}


def test_a_study_at_two_places_is_ambiguous(tmp_path: Path):
    folder = several(tmp_path)
    shutil.copytree(folder / "a", folder / "again")
    results = found(folder)
    assert [names(result) for result in results] == ["SRP2", "!GSE1"]
    assert isinstance(results[1], BrokenStudy)
    assert isinstance(results[1].error, InvalidSetting)
    assert "there 2 times" in results[1].error.message


# what the user says of a refine.bio study


def test_options_of_a_download(tmp_path: Path):
    folder = download(tmp_path, metadata({"SRP2": {"SRR1": ""} | {"SRR2": HUMAN}}), {"SRP2/SRP2.tsv": matrix(["SRR2"])})
    said = {"organism": "mouse", "technology": "microarray", "platform": "GPL570", "title": "mine", "units": "TPM"}
    (source,) = sources(folder, **said)
    info = source.info
    assert (info.organism, info.technology, info.title) == (MOUSE, "MICROARRAY", "mine")
    assert (info.platform_summary, source.samples[0].platform, source.samples[0].organism) == (
        "GPL570",
        "GPL570",
        HUMAN,
    )
    assert source.flags.declared_units == "TPM"


@pytest.mark.parametrize("option", [{"accession": "GSE9"}, {"samplesheet": Path("s.csv")}])
def test_a_download_describes_itself(tmp_path: Path, option: dict):
    folder = download(tmp_path, metadata({"SRP2": {"SRR1": HUMAN}}), {"SRP2/SRP2.tsv": matrix(["SRR1"])})
    (result,) = found(folder, **option)
    assert isinstance(result, BrokenStudy)
    assert isinstance(result.error, InvalidSetting)


# matrices with sample sheets

SHEET = "sample,title,illness,units,technology,organism\nP1,a,sepsis,LOG2,MICROARRAY,human\nP2,b,control,,,human\n"
ROWS = "Sample,IL6,TNF,Label\nP1,1,2,Sepsis\nP2,3,4,Healthy\n"
COLUMNS_ = "gene,P1,P2\nIL6,1,3\nTNF,2,4\n"


@pytest.mark.parametrize("name", ["m.samplesheet.csv", "m.samplesheet.tsv", "samplesheet.csv", "samplesheet.tsv"])
@pytest.mark.parametrize("packed", [False, True])
def test_a_sheet_beside_the_matrix(tmp_path: Path, name: str, packed: bool):
    file = tmp_path / ("m.csv.gz" if packed else "m.csv")
    file.write_bytes(gzip.compress(ROWS.encode()) if packed else ROWS.encode())
    (tmp_path / name).write_text(SHEET)
    for path in (file, tmp_path):
        (source,) = sources(path)
        assert (source.info.accession, source.info.source_kind, source.info.technology) == ("m", "MATRIX", "MICROARRAY")
        assert (source.info.organism, source.flags.declared_units, source.flags.created_at) == (HUMAN, "LOG2", "")
        assert [sample.declared_illness for sample in source.samples] == ["SEPSIS", "CONTROL"]
        assert (source.layout.samples_as_rows, source.layout.label_columns) == (True, ("Label",))
        assert (source.keep, source.surplus_codes, source.messages) == (None, 0, ())


def test_the_sheet_of_the_matrix_wins_over_that_of_the_folder(tmp_path: Path):
    (tmp_path / "m.csv").write_text(COLUMNS_)
    (tmp_path / "samplesheet.csv").write_text("sample\nX\n")
    (tmp_path / "m.samplesheet.csv").write_text(SHEET)
    (source,) = sources(tmp_path / "m.csv")
    assert len(source.samples) == 2
    assert not source.layout.samples_as_rows


def test_several_matrices_in_a_folder(tmp_path: Path):
    for name in ("m1.csv", "m2.csv", "m3.csv"):
        (tmp_path / name).write_text(COLUMNS_)
    (tmp_path / "m1.samplesheet.csv").write_text(SHEET)
    (tmp_path / "m2.samplesheet.csv").write_text("sample\n")
    (tmp_path / "samplesheet.csv").write_text(SHEET)
    results = found(tmp_path)
    assert [names(result) for result in results] == ["m1", "!m2.csv"]
    assert [names(result) for result in sources(tmp_path / "m3.csv")] == ["m3"]


def test_matrix_and_sheet_in_a_zip(tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.writestr("data/m.tsv", COLUMNS_.replace(",", "\t"))
        archive.writestr("data/samplesheet.csv", SHEET)
    (source,) = sources(tmp_path / "z.zip")
    assert (source.info.accession, source.member.name, len(source.samples)) == ("m", "data/m.tsv", 2)


def test_downloads_and_matrices_side_by_side(tmp_path: Path):
    folder = several(tmp_path)
    (folder / "m.csv").write_text(COLUMNS_)
    (folder / "m.samplesheet.csv").write_text(SHEET)
    assert [names(result) for result in sources(folder)] == ["GSE1", "SRP2", "m"]


def test_a_sheet_that_is_named(tmp_path: Path):
    (tmp_path / "m.csv").write_text(ROWS)
    (tmp_path / "people.csv").write_text(SHEET)
    for path in (tmp_path / "m.csv", tmp_path):
        (source,) = sources(path, samplesheet=tmp_path / "people.csv")
        assert source.info.accession == "m"
    (tmp_path / "m2.csv").write_text(ROWS)
    with pytest.raises(InvalidSetting, match="named for 2 matrices"):
        found(tmp_path, samplesheet=tmp_path / "people.csv")
    with pytest.raises(SourceNotFound, match=r"nobody\.csv"):
        found(tmp_path / "m.csv", samplesheet=tmp_path / "nobody.csv")


def test_the_accession_of_a_matrix(tmp_path: Path):
    (tmp_path / "m.csv").write_text(COLUMNS_)
    (tmp_path / "m.samplesheet.csv").write_text("sample,study\nP1,GSE9\nP2,GSE9\n")
    asked: list[str] = []

    def options_for(accession: str) -> SourceOptions:
        asked.append(accession)
        return SourceOptions(title="by accession", units="TPM") if accession == "GSE9" else SourceOptions(units="CPM")

    (source,) = discover(tmp_path / "m.csv", options_for)
    assert isinstance(source, StudySource)
    assert (source.info.accession, source.info.title, source.flags.declared_units) == ("GSE9", "by accession", "CPM")
    assert asked[-1] == "GSE9"
    (named,) = sources(tmp_path / "m.csv", accession="mine")
    assert named.info.accession == "mine"


@pytest.mark.parametrize(("file", "option"), [("my data (1).csv", None), ("m.csv", "a/b"), ("m.csv", "x" * 51)])
def test_a_name_that_cannot_be_an_accession(tmp_path: Path, file: str, option: str | None):
    (tmp_path / file).write_text(COLUMNS_)
    (tmp_path / "samplesheet.csv").write_text(SHEET)
    with pytest.raises(InvalidSetting, match="cannot be the accession"):
        found(tmp_path / file, accession=option)


def test_orientation_follows_the_names_of_the_sheet(tmp_path: Path):
    (tmp_path / "m.csv").write_text("gene,P1,P2,site\nA,1,3,1\nB,2,4,2\n")
    (tmp_path / "m.samplesheet.csv").write_text("sample\nA\nB\n")
    (source,) = sources(tmp_path / "m.csv")
    assert (source.layout.samples_as_rows, source.layout.label_columns) == (True, ())
    (told,) = sources(tmp_path / "m.csv", samples_as_rows=False)
    assert not told.layout.samples_as_rows
    (labelled,) = sources(tmp_path / "m.csv", label_column="site")
    assert labelled.layout.label_columns == ("site",)
    with pytest.raises(InvalidSetting, match="nowhere"):
        found(tmp_path / "m.csv", label_column="nowhere")


def test_a_sheet_of_several_organisms(tmp_path: Path):
    (tmp_path / "m.csv").write_text(COLUMNS_)
    (tmp_path / "m.samplesheet.csv").write_text("sample,organism,platform\nP1,human,\nP2,mouse,GPL1\n")
    (source,) = sources(tmp_path / "m.csv", platform="GPL570")
    assert source.info.organism is None
    assert source.info.platform_summary == "GPL1; GPL570"
    assert codes(source) == [("SEVERAL_ORGANISMS", "WARNING")]


@pytest.mark.parametrize(
    ("sheet", "error"),
    [("sample,illness\nP1,ill\n", InvalidSampleSheet), ("sample\nP1\nP1\n", DuplicateSample)],
)
def test_a_wrong_sheet(tmp_path: Path, sheet: str, error: type[Exception]):
    (tmp_path / "m.csv").write_text(COLUMNS_)
    (tmp_path / "m.samplesheet.csv").write_text(sheet)
    with pytest.raises(error, match=r"lines? 2"):
        found(tmp_path / "m.csv")


def test_a_web_page_with_a_sheet(tmp_path: Path):
    (tmp_path / "m.csv").write_text("<html><body>log in</body></html>")
    (tmp_path / "m.samplesheet.csv").write_text(SHEET)
    with pytest.raises(NotAMatrix):
        found(tmp_path / "m.csv")


# nothing there


def test_a_matrix_without_a_sheet(tmp_path: Path):
    (tmp_path / "m.v1.csv").write_text(ROWS)
    with pytest.raises(InvalidSampleSheet, match=r"m\.v1\.samplesheet\.csv or samplesheet\.csv"):
        found(tmp_path / "m.v1.csv")
    with pytest.raises(SourceNotFound, match=r"aggregated_metadata\.json"):
        found(tmp_path)


@pytest.mark.parametrize("name", ["notes.docx", "aggregated_metadata.json.bak"])
def test_a_file_that_is_no_study(tmp_path: Path, name: str):
    (tmp_path / name).write_text("x")
    with pytest.raises(SourceNotFound, match="holds no study"):
        found(tmp_path / name)


def test_no_such_path(tmp_path: Path):
    with pytest.raises(SourceNotFound):
        found(tmp_path / "absent")
    with pytest.raises(SourceNotFound):
        found(tmp_path / "absent" / "aggregated_metadata.json")


# real data


@pytest.mark.parametrize(
    ("path", "member", "surplus"),
    [
        ("SRP164913", "SRP164913/SRP164913.tsv.gz", 18),
        ("SRP164913/SRP164913.zip", "SRP164913/SRP164913.tsv", 18),
        ("SRP070849", "SRP070849/SRP070849.tsv.gz", 0),
    ],
)
def test_real_downloads(data_dir: Path, path: str, member: str, surplus: int):
    (source,) = sources(data_dir / path)
    assert (source.member.name, source.surplus_codes, source.keep) == (member, surplus, None)
    with source.member.open() as stream:
        columns = stream.readline().decode().rstrip("\n").split("\t")[1:]
    assert set(columns) == {sample.accession for sample in source.samples}


def test_real_folder_and_zip_give_the_same_study(data_dir: Path):
    (folder,), (packed,) = sources(data_dir / "SRP164913"), sources(data_dir / "SRP164913" / "SRP164913.zip")
    assert (folder.info, folder.flags, folder.samples) == (packed.info, packed.flags, packed.samples)


def test_real_metadata_without_matrices(data_dir: Path):
    results = found(data_dir / "metadata_only")
    assert [names(r) for r in results] == [f"!{a}" for a in
        ("ERP105501", "SRP018853", "SRP075806", "SRP125001", "SRP158491", "SRP201011")]  # fmt: skip
    assert all(isinstance(r, BrokenStudy) and isinstance(r.error, SourceNotFound) for r in results)
    with pytest.raises(InvalidMetadata):
        found(data_dir / "metadata_only" / "GSE44971")
