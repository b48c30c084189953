"""The lock files are those of ``requirements*.txt``: the same names, at allowed versions."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements", "requirements-regorus", "requirements-frontend", "requirements-dev")
# pip is that of the virtual environment.
NOT_LOCKED = {"pip"}
# One environment of each kind that the README names, on the oldest and the newest Python.
SYSTEMS = [
    {"sys_platform": system, "platform_machine": machine, "python_full_version": f"{python}.9"}
    | {"python_version": python, "implementation_name": "cpython", "extra": ""}
    | {"platform_python_implementation": "CPython"}
    for system, machine in (("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64"))
    for python in ("3.11", "3.14")
]


@dataclass(frozen=True)
class Pin:
    """One version of a package, where its marker holds."""

    name: str
    version: str
    marker: Marker | None
    hashes: int
    asked_by: frozenset[str]

    def holds(self, system: dict[str, str]) -> bool:
        return self.marker is None or self.marker.evaluate(system)


def pins(lock: str) -> list[Pin]:
    """The pins of a lock file, with the files and packages that ask for them."""
    blocks = re.split(r"\n(?=\S+==)", (ROOT / f"{lock}.lock").read_text())[1:]
    return [pin(block) for block in blocks]


def pin(block: str) -> Pin:
    head, *rest = block.splitlines()
    one = Requirement(head.removesuffix("\\"))
    (specifier,) = one.specifier
    assert specifier.operator == "=="
    hashes = [line for line in rest if re.match(r"    --hash=sha256:[0-9a-f]{64}( \\)?$", line)]
    asked = " ".join(line.strip(" #") for line in rest if line.startswith("    #"))
    by = frozenset(asked.removeprefix("via ").replace("-r ", "").split())
    return Pin(canonicalize_name(one.name), specifier.version, one.marker, len(hashes), by)


def asked(file: str) -> dict[str, list[Requirement]]:
    """The packages that a file of requirements asks for, with the files that it includes."""
    found: dict[str, list[Requirement]] = {}
    for line in (ROOT / file).read_text().splitlines():
        if line.startswith("-r "):
            for name, several in asked(line[3:]).items():
                found.setdefault(name, []).extend(several)
        elif line and not line.startswith("#"):
            one = Requirement(line)
            found.setdefault(canonicalize_name(one.name), []).append(one)
    return found


@pytest.mark.parametrize("lock", LOCKS)
def test_it_names_what_is_asked_for_and_no_more(lock: str) -> None:
    direct = {pin.name for pin in pins(lock) if any(by.endswith(".txt") for by in pin.asked_by)}
    assert direct == asked(f"{lock}.txt").keys(), "run 'make lock'"


@pytest.mark.parametrize("lock", LOCKS)
def test_each_version_is_one_that_is_allowed_on_every_system(lock: str) -> None:
    locked = pins(lock)
    for name, requirements in asked(f"{lock}.txt").items():
        for system in SYSTEMS:
            allowed = [one for one in requirements if not one.marker or one.marker.evaluate(system)]
            versions = [pin.version for pin in locked if pin.name == name and pin.holds(system)]
            assert len(versions) == bool(allowed), (name, system)
            assert all(one.specifier.contains(versions[0]) for one in allowed), "run 'make lock'"


@pytest.mark.parametrize("lock", LOCKS)
def test_each_version_has_the_hashes_of_its_files_and_no_index(lock: str) -> None:
    assert all(pin.hashes for pin in pins(lock))
    assert "://" not in (ROOT / f"{lock}.lock").read_text()


def test_the_locks_agree_with_each_other() -> None:
    chosen = {(pin.name, pin.version) for pin in pins("requirements-dev")}
    for lock in ("requirements", "requirements-regorus"):
        assert {(pin.name, pin.version) for pin in pins(lock)} <= chosen


@pytest.mark.parametrize("lock", ["requirements", "requirements-dev"])
def test_what_the_locked_packages_ask_for_is_locked_too(lock: str) -> None:
    """``pip install --require-hashes`` refuses a package that the file lacks."""
    locked = {pin.name: pin.version for pin in pins(lock)} | dict.fromkeys(NOT_LOCKED, "")
    for name in list(locked):
        if name in NOT_LOCKED or not installed(name):
            continue
        for needed in map(Requirement, metadata.requires(name) or ()):
            if needed.marker is None or needed.marker.evaluate({"extra": ""}):
                assert canonicalize_name(needed.name) in locked, (name, needed.name)


def installed(name: str) -> bool:
    try:
        return bool(metadata.version(name))
    except metadata.PackageNotFoundError:
        return False


def test_every_extra_of_the_package_can_have_the_locked_versions() -> None:
    locked = pins("requirements-dev")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"].values()
    for line in [*project["dependencies"], *(line for extra in extras for line in extra)]:
        one = Requirement(line)
        versions = [pin.version for pin in locked if pin.name == canonicalize_name(one.name)]
        assert one.name == "yoto" or SpecifierSet(str(one.specifier)).contains(versions[0]), line


def test_make_installs_from_the_locks_and_refuses_other_files() -> None:
    makefile = (ROOT / "Makefile").read_text()
    assert re.search(r"^LOCKS := (.+)$", makefile, re.M)[1].split() == list(LOCKS)
    assert re.search(r"^LOCKED := .*--require-hashes$", makefile, re.M)
    for lock in ("requirements", "requirements-regorus", "requirements-dev"):
        assert re.search(rf"^\t@?\$\(LOCKED\) .*-r {lock}\.lock", makefile, re.M)
