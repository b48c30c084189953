"""The package and the application ask for the same versions of what both need."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path

from packaging.requirements import Requirement

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
    assert everything == set(EXTRA_REQUIREMENTS) - {"all"}
