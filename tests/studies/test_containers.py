"""Containers: what is found in them, how they unpack, and which of them are refused."""

from __future__ import annotations

import gzip
import hashlib
import io
import lzma
import os
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from expressway.errors import BrokenContainer, SourceError, SourceNotFound, UnsafeArchive
from expressway.studies import archives, streams
from expressway.studies.containers import Member, open_container

CONTENT = b"Gene\tS1\tS2\n" + b"".join(b"G%d\t%d\t%d\n" % (i, i * i % 977, i % 13) for i in range(20_000))


def zip_of(path: Path, files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def zstd_of(content: bytes) -> bytes:
    # The length is not declared, as when a stream is compressed.
    packer = zstandard.ZstdCompressor(write_checksum=True).compressobj()
    return packer.compress(content) + packer.flush()


def member_of(path: Path, content: bytes) -> Member:
    path.write_bytes(content)
    return open_container(path).members[0]


def read_all(member: Member) -> bytes:
    with member.open() as stream:
        return stream.read()


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "m.tsv": bytes,
    "m.tsv.gz": lambda raw: gzip.compress(raw[:50]) + gzip.compress(raw[50:]),
    "m.tsv.zst": lambda raw: zstd_of(raw[:50]) + zstd_of(raw[50:]),
}


@pytest.mark.parametrize("name", PACKERS)
def test_single_file_unpacks(tmp_path: Path, name: str):
    stored = PACKERS[name](CONTENT)
    member = member_of(tmp_path / name, stored)
    assert read_all(member) == CONTENT
    assert (member.name, member.suffix, member.size) == (name, ".tsv", len(stored))
    assert open_container(tmp_path / name).sha256() == hashlib.sha256(stored).hexdigest()


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_zip_members_unpack(tmp_path: Path, method: int):
    files = {name: pack(CONTENT) for name, pack in PACKERS.items()}
    path = zip_of(tmp_path / "SRP1.zip", {f"SRP1/{name}": packed for name, packed in files.items()}, method)
    container = open_container(path)
    assert container.kind == "ZIP"
    assert [member.name for member in container.members] == [f"SRP1/{name}" for name in sorted(files)]
    assert container.members[0].display == f"{path}!SRP1/m.tsv"
    assert all(read_all(member) == CONTENT for member in container.members)
    assert container.sha256() == hashlib.sha256(path.read_bytes()).hexdigest()


def test_folder_leaves_out_what_is_hidden(tmp_path: Path):
    for name in ("b/m.TSV", "a.json", ".DS_Store", ".git/config", "__MACOSX/a.json", "b/.hidden"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(name.encode())
    container = open_container(tmp_path)
    assert [(member.name, member.suffix) for member in container.members] == [("a.json", ".json"), ("b/m.TSV", ".tsv")]
    lines = "".join(f"{n}\0{hashlib.sha256(n.encode()).hexdigest()}\n" for n in ("a.json", "b/m.TSV"))
    assert container.sha256() == hashlib.sha256(lines.encode()).hexdigest()


def test_read_has_a_limit(tmp_path: Path):
    member = member_of(tmp_path / "a.json", b"12345")
    assert member.read(5) == b"12345"
    with pytest.raises(UnsafeArchive, match=r"a\.json is larger than 4 bytes"):
        member.read(4)


def test_link_out_of_the_folder_is_refused(tmp_path: Path):
    (tmp_path / "secret").write_text("x")
    folder = tmp_path / "study"
    folder.mkdir()
    (folder / "m.tsv").write_text("x")
    (folder / "inside.tsv").symlink_to(folder / "m.tsv")
    assert [member.name for member in open_container(folder).members] == ["inside.tsv", "m.tsv"]
    (folder / "z.tsv").symlink_to(tmp_path / "secret")
    with pytest.raises(UnsafeArchive, match="leads out of the folder"):
        open_container(folder)


@pytest.mark.parametrize("what", ["absent", "empty folder", "pipe", "NUL in the path"])
def test_nothing_to_read(tmp_path: Path, what: str):
    path = tmp_path / ("m\0.tsv" if what.startswith("NUL") else "m.tsv")
    if what == "empty folder":
        path.mkdir()
    elif what == "pipe":
        os.mkfifo(path)
    with pytest.raises(SourceNotFound) as caught:
        open_container(path)
    assert caught.value.value == str(path)


@pytest.mark.parametrize(
    "name",
    ["../m.tsv", "a/../../m.tsv", "/etc/m.tsv", "C:/m.tsv", "c:m.tsv", "..\\m.tsv", "\\m.tsv", "a\\..\\..\\m.tsv"],
)
def test_zip_names_that_lead_outside(tmp_path: Path, name: str):
    path = zip_of(tmp_path / "x.zip", {"m.tsv": CONTENT, name: b"x"})
    with pytest.raises(UnsafeArchive, match="leads out of its folder"):
        open_container(path)


def test_zip_name_with_a_nul(tmp_path: Path):
    path = zip_of(tmp_path / "x.zip", {"m.tsv~/x": CONTENT})
    path.write_bytes(path.read_bytes().replace(b"m.tsv~/x", b"m.tsv\0/x"))
    with pytest.raises(UnsafeArchive):
        open_container(path)


def test_zip_with_a_link(tmp_path: Path):
    entry = zipfile.ZipInfo("m.tsv")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr(entry, "/etc/passwd")
    with pytest.raises(UnsafeArchive, match="is a link"):
        open_container(tmp_path / "x.zip")


def test_zip_names_of_windows_are_read(tmp_path: Path):
    path = zip_of(tmp_path / "x.zip", {"SRP1~m.tsv": CONTENT})
    path.write_bytes(path.read_bytes().replace(b"SRP1~m.tsv", b"SRP1\\m.tsv"))
    (member,) = open_container(path).members
    assert member.name == "SRP1/m.tsv"
    assert read_all(member) == CONTENT


def directory_of(raw: bytes) -> int:
    return struct.unpack("<I", raw[-6:-2])[0]


def change_entry(path: Path, offset: int, layout: str, *values: int) -> None:
    """Overwrites a field of the first entry of a zip's directory."""
    raw = bytearray(path.read_bytes())
    struct.pack_into(layout, raw, directory_of(bytes(raw)) + offset, *values)
    path.write_bytes(raw)


def test_encrypted_zip(tmp_path: Path):
    path = zip_of(tmp_path / "x.zip", {"m.tsv": CONTENT})
    change_entry(path, 8, "<H", 1)
    with pytest.raises(UnsafeArchive, match="is encrypted"):
        open_container(path)


def test_bomb_is_refused_by_what_it_claims(tmp_path: Path):
    path = zip_of(tmp_path / "x.zip", {"m.tsv": b"0\t" * 10_000})
    change_entry(path, 24, "<I", 2**31)
    with pytest.raises(UnsafeArchive, match="claims 2,147,483,648"):
        open_container(path)


@pytest.mark.parametrize("name", ["m.tsv.gz", "m.tsv.zst"])
def test_bomb_is_refused_while_it_unpacks(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(streams, "UNPACKED_ALLOWANCE", 2**20)
    pack = gzip.compress if name.endswith("gz") else zstd_of
    member = member_of(tmp_path / name, pack(bytes(2**24)))
    with pytest.raises(UnsafeArchive, match="and unpacks to more than"):
        read_all(member)


def test_overlapping_members(tmp_path: Path):
    path = zip_of(tmp_path / "x.zip", {"a.tsv": CONTENT, "b.tsv": CONTENT})
    raw = path.read_bytes()
    second = raw.index(b"PK\x01\x02", directory_of(raw) + 4)
    path.write_bytes(raw[: second + 42] + struct.pack("<I", 0) + raw[second + 46 :])
    with pytest.raises(UnsafeArchive, match="share the same bytes"):
        open_container(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_doubled_names(tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("m.tsv", b"a")
        archive.writestr("m.tsv", b"b")
    with pytest.raises(UnsafeArchive, match=r"two members named m\.tsv"):
        open_container(tmp_path / "x.zip")


def test_too_many_members(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(archives, "MOST_MEMBERS", 3)
    with pytest.raises(UnsafeArchive, match="4 members"):
        open_container(zip_of(tmp_path / "x.zip", {f"{i}.tsv": b"x" for i in range(4)}))


def test_zip_member_with_wrong_checksum_or_length(tmp_path: Path):
    path = zip_of(tmp_path / "x.zip", {"m.tsv": CONTENT}, zipfile.ZIP_STORED)
    raw = path.read_bytes()
    path.write_bytes(raw.replace(b"G77\t", b"G78\t"))
    with pytest.raises(BrokenContainer, match=r"x\.zip!m\.tsv is damaged"):
        read_all(open_container(path).members[0])
    path = zip_of(tmp_path / "y.zip", {"m.tsv": CONTENT})
    change_entry(path, 24, "<I", len(CONTENT) + 1)
    with pytest.raises(BrokenContainer, match=r"y\.zip!m\.tsv is damaged"):
        read_all(open_container(path).members[0])
    change_entry(path, 24, "<I", len(CONTENT) - 1)
    with pytest.raises(BrokenContainer, match=r"y\.zip!m\.tsv is damaged"):
        read_all(open_container(path).members[0])


@pytest.mark.parametrize("name", ["m.tsv.gz", "m.tsv.zst"])
@pytest.mark.parametrize("kept", [1, 10, 3_000, -9, -4, -1])
def test_compressed_file_cut_short(tmp_path: Path, name: str, kept: int):
    pack = gzip.compress if name.endswith("gz") else zstd_of
    member = member_of(tmp_path / name, pack(CONTENT)[:kept])
    with pytest.raises(BrokenContainer, match=name):
        read_all(member)


@pytest.mark.parametrize("name", ["m.tsv.gz", "m.tsv.zst"])
def test_compressed_file_with_a_changed_checksum(tmp_path: Path, name: str):
    packed = bytearray(gzip.compress(CONTENT) if name.endswith("gz") else zstd_of(CONTENT))
    packed[-5 if name.endswith("gz") else -1] ^= 0xFF
    member = member_of(tmp_path / name, bytes(packed))
    with pytest.raises(BrokenContainer, match="damaged"):
        read_all(member)


@pytest.mark.parametrize("name", ["x.zip", "m.tsv.gz", "m.tsv.zst"])
def test_web_page_in_place_of_a_download(tmp_path: Path, name: str):
    path = tmp_path / name
    path.write_bytes(b"\n<!DOCTYPE html><html>Please log in</html>")
    with pytest.raises(BrokenContainer) as caught:
        read_all(open_container(path).members[0])
    assert "web page" in caught.value.hint


@pytest.mark.parametrize("name", ["x.zip", "m.tsv.gz"])
def test_empty_or_plain_file_with_a_packed_name(tmp_path: Path, name: str):
    for content in (b"", CONTENT):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(BrokenContainer):
            read_all(open_container(path).members[0])


@given(at=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7), cut=st.booleans(), kind=st.integers(0, 4))
def test_damage_never_shows_a_bare_error(tmp_path_factory: pytest.TempPathFactory, at, bit, cut, kind):
    content = CONTENT[:5_000]
    buffer = io.BytesIO()
    method = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA][kind % 3]
    with zipfile.ZipFile(buffer, "w", method) as archive:
        archive.writestr("m.tsv", content)
    raw = bytearray([buffer.getvalue, lambda: gzip.compress(content), lambda: zstd_of(content)][max(0, kind - 2)]())
    place = int(at * len(raw))
    if cut:
        del raw[place:]
    else:
        raw[place] ^= 1 << bit
    path = tmp_path_factory.mktemp("damage") / ["x.zip", "m.tsv.gz", "m.tsv.zst"][max(0, kind - 2)]
    path.write_bytes(raw)
    try:
        for member in open_container(path).members:
            read_all(member)
    except SourceError as error:
        assert str(path) in error.message


def test_real_zip_and_gzip_hold_the_same_matrix(data_dir: Path):
    zipped = open_container(data_dir / "SRP164913" / "SRP164913.zip")
    folder = open_container(data_dir / "SRP164913" / "SRP164913")
    (matrix,) = [member for member in zipped.members if member.name == "SRP164913/SRP164913.tsv"]
    (packed,) = [member for member in folder.members if member.name == "SRP164913.tsv.gz"]
    with matrix.open() as a, packed.open() as b:
        assert hashlib.file_digest(a, "sha256").digest() == hashlib.file_digest(b, "sha256").digest()
    assert [m.name for m in zipped.members if m.suffix == ".json"] == ["aggregated_metadata.json"]


def test_unknown_compression_of_a_member(tmp_path: Path):
    path = zip_of(tmp_path / "x.zip", {"m.tsv": CONTENT})
    change_entry(path, 10, "<H", 9)
    with pytest.raises(BrokenContainer):
        read_all(open_container(path).members[0])


def test_lzma_bytes_are_no_gzip(tmp_path: Path):
    member = member_of(tmp_path / "m.tsv.gz", lzma.compress(CONTENT))
    with pytest.raises(BrokenContainer, match="not a gzip file"):
        read_all(member)
