"""The examples of the guide to own code are those of ``examples/extend``, which tests run."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from tests.support.gallery import EXAMPLE
from yoto.resilience.algorithms.algorithm import METHODS

GUIDE = (Path(__file__).parents[3] / "docs" / "extend.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"```(python|lua|rego)\n(.*?)```", re.DOTALL)
SUFFIX = {"python": ".py", "lua": ".lua", "rego": ".rego"}
# Code that an adopter writes in tests; ``tests/integration/test_own_code.py`` runs it.
IN_TESTS = "def test_"


def sources(language: str) -> list[str]:
    return [file.read_text(encoding="utf-8") for file in EXAMPLE.rglob(f"*{SUFFIX[language]}")]


@pytest.mark.parametrize(
    ("language", "block"), [one for one in BLOCK.findall(GUIDE) if IN_TESTS not in one[1]]
)
def test_each_example_stands_in_the_package(language: str, block: str) -> None:
    assert [one for one in sources(language) if f"\n{block}" in f"\n{one}"], textwrap.dedent(block)


def test_every_part_of_the_package_is_told_of() -> None:
    told = {
        language: "".join(body for found, body in BLOCK.findall(GUIDE) if found == language)
        for language in SUFFIX
    }
    for name in (
        "permissions.declare",
        "policy.add_bundle",
        "resilience.define",
        "monitor.counter",
        "register_rest",
        "register_blueprint",
        *(f"def {name}(" for name in METHODS),
    ):
        assert name in told["python"], name
    assert "measure = function" in told["lua"] and "deny contains" in told["rego"]
