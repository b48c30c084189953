"""Forms that a policy may hold mean the same on regorus, on OPA, and on regopy if let in there.

One case a line in ``language_expressions.txt``, one a block in ``language_forms.txt``: the usual
and the odd arguments of each form of the language
(https://www.openpolicyagent.org/docs/policy-language) and of each function that is let in. Forms
that the engines read differently are refused: see ``tests/unit/yoto/rooms/policies/portable``.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.support.bundles import MAIN
from tests.support.opa import opa_eval
from tests.support.require import LONG
from yoto.errors import PolicyError
from yoto.rooms.policies import Bundle
from yoto.rooms.policies.engine.admission import admit
from yoto.rooms.policies.engine.embedded.library import UNDEFINED_TEXT, TextOf, library
from yoto.rooms.policies.rego.moving import move
from yoto.rooms.policies.result import UNDEFINED

# The value of a case that regorus answers with an error.
FAILED = object()
FOLDER = Path(__file__).parent
INPUT = {
    "s": "abc",
    "n": 3,
    "z": 0,
    "f": False,
    "t": True,
    "nul": None,
    "a": [1, 2, 3],
    "e": [],
    "o": {"x": 1, "y": {"z": 2}},
    "d": [{"k": "a", "v": 1}, {"k": "b", "v": 2}],
    "fl": 0.1,
    "big": 2**53 + 1,
    "k": "x",
}


def sources() -> dict[str, str]:
    """A module for each case, in a package of its own; the rule that counts is ``x``."""
    expressions = (FOLDER / "language_expressions.txt").read_text("utf-8").splitlines()
    forms = (FOLDER / "language_forms.txt").read_text("utf-8").rstrip("\n").split("\n---\n")
    bodies = [*(f"x := {one}" for one in expressions), *forms]
    placed = {f"c{number:03}": body for number, body in enumerate(bodies)}
    return {
        name: f"package yoto.authz.{name}\n\n"
        + body.replace("yoto.authz.", f"yoto.authz.{name}.")
        + "\n"
        for name, body in placed.items()
    }


def plain(value: Any) -> Any:
    """Numbers as doubles: 1.0 and 1 are one number, which engines write differently."""
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


@pytest.fixture(scope="module")
def embedded() -> dict[str, Any]:
    """The answer of regorus to each case that has a value; an error denies, and has none."""
    modules, regorus = sources(), library("regorus")
    admit(Bundle({"main": MAIN, **modules}))
    program = regorus.program(regorus.documents("{}"), modules, [], tests=True)
    text_of = program(json.dumps(INPUT))
    values: dict[str, Any] = {}
    for name in modules:
        try:
            values[name] = value_of(text_of, name)
        except PolicyError:
            values[name] = FAILED
    return {name: value for name, value in values.items() if value is not UNDEFINED}


def value_of(text_of: TextOf, name: str) -> Any:
    text = text_of(rule_of(name))
    return UNDEFINED if text == UNDEFINED_TEXT else plain(json.loads(text))


def rule_of(name: str) -> str:
    return f"data.yoto.authz.{name}.x"


@LONG
def test_regopy_reads_every_case_like_regorus_or_refuses_it(embedded: dict[str, Any]) -> None:
    """In the long form alone, since regopy takes long to compile a case."""
    regopy, text = library("regopy"), json.dumps(INPUT)
    documents, refused, failed = regopy.documents("{}"), Counter[str](), []
    different: dict[str, Any] = {}
    cases = sources().items()
    for name, source in cases:
        try:
            regopy.admit(Bundle({name: source}))
            program = regopy.program(documents, {name: source}, [rule_of(name)])
        except PolicyError as error:
            refused[error.reason.partition(": ")[2]] += 1
            continue
        try:
            value = value_of(program(text), name)
        except PolicyError:
            failed.append(source)
        else:
            if embedded.get(name, UNDEFINED) not in (value, FAILED):
                different[source] = value, embedded.get(name, UNDEFINED)
    assert not different
    # An error denies, and says why.
    assert len(failed) < 40, failed
    assert len(cases) - refused.total() > 0.55 * len(cases), refused


def test_opa_reads_every_case_like_regorus(embedded: dict[str, Any], tmp_path: Path) -> None:
    for name, source in sources().items():
        moved = move(source, "p1")
        imports = "\n".join(moved.imports)
        (tmp_path / f"{name}.rego").write_text(
            f"package {moved.package}\n{imports}\n{moved.body}", encoding="utf-8"
        )
    cases = opa_eval(tmp_path, "data.p1.yoto.authz", json.dumps(INPUT))
    opa = {name: plain(case["x"]) for name, case in cases.items() if "x" in case}

    different = {
        source: (opa.get(name, UNDEFINED), embedded.get(name, UNDEFINED))
        for name, source in sources().items()
        if embedded.get(name, UNDEFINED) not in (opa.get(name, UNDEFINED), FAILED)
    }
    assert not different
    assert sum(value is FAILED for value in embedded.values()) < 60
    assert len(opa) > 700
