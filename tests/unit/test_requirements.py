"""The package asks for the application's versions, and for all that its modules import."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from yoto.extras import EXTRAS

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
APPLICATION = ("requirements.txt", "requirements-dev.txt")


def parsed(lines: Iterable[str]) -> dict[str, Requirement]:
    found = [Requirement(line) for line in lines if line[:1] not in ("", "#", "-")]
    return {one.name: one for one in found if one.name != "yoto"}


EXTRA_REQUIREMENTS = {
    extra: parsed(lines) for extra, lines in PROJECT["optional-dependencies"].items()
}


def test_both_ask_for_the_same_versions() -> None:
    lines = [line for name in APPLICATION for line in (ROOT / name).read_text().splitlines()]
    application = parsed(lines)
    package = parsed(PROJECT["dependencies"])
    for extra in EXTRA_REQUIREMENTS.values():
        package |= extra
    assert {name: str(one.specifier) for name, one in package.items()} == {
        name: str(application[name].specifier) for name in package
    }


def test_every_extra_is_named_where_it_is_missing() -> None:
    assert set(EXTRAS.values()) <= set(EXTRA_REQUIREMENTS)
    everything = Requirement(PROJECT["optional-dependencies"]["all"][0]).extras
    # SciPy, which forecasts need, takes 216 MB.
    assert everything == set(EXTRA_REQUIREMENTS) - {"all", "forecast"}


def brought_by(lines: Iterable[str]) -> set[str]:
    """The top-level modules of these requirements, and of all that they require in turn."""
    wanted, seen = [Requirement(line) for line in lines], set()
    while wanted:
        one = wanted.pop()
        seen.add(canonicalize_name(one.name))
        for line in metadata.requires(one.name) or () if one.name != "yoto" else ():
            found = Requirement(line)
            extras = one.extras or {""}
            if found.marker and not any(found.marker.evaluate({"extra": each}) for each in extras):
                continue
            if canonicalize_name(found.name) not in seen:
                wanted.append(found)
    return {
        module
        for module, homes in metadata.packages_distributions().items()
        if {canonicalize_name(home) for home in homes} & seen
    }


def test_the_extras_bring_all_that_the_platform_imports() -> None:
    extras = PROJECT["optional-dependencies"]
    named = ("permissions", "control-plane", "rego")
    lines = [*PROJECT["dependencies"], *(line for name in named for line in extras[name])]
    child = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, *brought_by(lines)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert child.returncode == 0, child.stderr


IMPORT_ALL = """
import sys
from importlib.metadata import packages_distributions
brought = {*sys.argv[1:], "yoto"}
absent = set(packages_distributions()) - brought - set(sys.stdlib_module_names)
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in absent | {"app", "config", "run", "tests"}:
            raise ModuleNotFoundError(name=name)
sys.meta_path.insert(0, Absent())
import pkgutil, yoto
for module in pkgutil.walk_packages(yoto.__path__, "yoto."):
    # Who uses these has pytest, or the client.
    if not module.name.startswith(("yoto.testing.fixtures", "yoto.rooms.calls.adapters.")):
        __import__(module.name)
"""
