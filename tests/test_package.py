"""Is what people install complete, and is it pinned to what we tested?"""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conftest import ROOT
from tools.check_python import complaint
from tools.refresh_pins import foreign_lines

SOURCE = ROOT / "src/expressway"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PIN_FILES = sorted((ROOT / "requirements").glob("*.txt"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The names of the files in the wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as archive:
        return archive.namelist()


def test_the_wheel_holds_every_file_of_the_package(wheel: list[str]) -> None:
    ours = {
        path.relative_to(ROOT / "src").as_posix()
        for path in SOURCE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    assert {Path(name).suffix for name in ours} >= {".py", ".typed", ".yaml", ".sql", ".json"}
    assert {name for name in wheel if ".dist-info/" not in name} == ours


def test_the_wheel_carries_its_licence(wheel: list[str]) -> None:
    assert any(name.endswith("licenses/LICENSE") for name in wheel)


def pins(name: str) -> dict[str, set[str]]:
    """The versions that a requirements file allows for each package (more than one where Pythons differ)."""
    versions: dict[str, set[str]] = {}
    for line in (ROOT / "requirements" / name).read_text(encoding="utf-8").splitlines():
        if line[:1].isalnum():
            requirement = Requirement(line.rstrip("\\ "))
            versions.setdefault(canonicalize_name(requirement.name), set()).add(str(requirement.specifier))
    return versions


@pytest.mark.parametrize("path", PIN_FILES, ids=lambda path: path.name)
def test_pins_are_exact_hashed_and_say_nothing_of_the_machine_they_were_made_on(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    requirements = [line for line in text.splitlines() if line[:1].isalnum()]

    assert requirements
    assert all("==" in line and line.endswith("\\") for line in requirements)
    assert foreign_lines(text) == []


def test_an_index_or_a_path_in_a_pin_file_would_be_noticed() -> None:
    bad = [
        "--index-url https://pypi.example/simple",
        "-e .",
        "# from https://x.example",
        "pkg @ file:///home/me/pkg",
        "/opt/x",
    ]

    assert foreign_lines("\n".join(bad)) == bad


def test_the_smaller_sets_are_parts_of_the_larger() -> None:
    base, everything, development = pins("base.txt"), pins("all.txt"), pins("dev.txt")

    assert base.items() <= everything.items() <= development.items()
    assert pins("build.txt").items() >= {"hatchling": {"==1.33.0"}}.items()


def test_the_pins_meet_what_pyproject_asks_for() -> None:
    asked = {
        "base.txt": PROJECT["project"]["dependencies"],
        "all.txt": [
            one for extra in ("postgresql", "h5ad") for one in PROJECT["project"]["optional-dependencies"][extra]
        ],
        "dev.txt": PROJECT["dependency-groups"]["dev"],
        "build.txt": PROJECT["build-system"]["requires"],
    }
    for name, lines in asked.items():
        pinned = pins(name)
        for requirement in map(Requirement, lines):
            versions = pinned[canonicalize_name(requirement.name)]
            assert all(version.removeprefix("==") in requirement.specifier for version in versions), (name, requirement)


def test_the_package_imports_what_it_declares_and_nothing_else() -> None:
    extras = PROJECT["project"]["optional-dependencies"]
    lines = [
        line for group in (PROJECT["project"]["dependencies"], extras["postgresql"], extras["h5ad"]) for line in group
    ]
    declared = {canonicalize_name(Requirement(line).name) for line in lines}
    owners = packages_distributions()

    imported = {
        canonicalize_name(owner)
        for path in SOURCE.rglob("*.py")
        for module in imported_modules(path)
        for owner in owners.get(module, [module])
    }

    assert imported == declared


def imported_modules(path: Path) -> set[str]:
    """The top-level modules of others that a file imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found - set(sys.stdlib_module_names) - {"expressway"}


def test_an_unfit_python_is_told_what_to_do() -> None:
    assert complaint((3, 11), []) is None
    assert "3.10" in str(complaint((3, 10), []))
    assert "hint: make setup PYTHON=" in str(complaint((3, 10), []))
    assert "python3-venv" in str(complaint((3, 12), ["ensurepip"]))
