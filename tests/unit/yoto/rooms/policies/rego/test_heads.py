from __future__ import annotations

import pytest

from yoto.rooms.policies.rego.heads import EVERYTHING, reads_of
from yoto.rooms.policies.rego.tokens import tokenize


def reads(body: str) -> frozenset[str]:
    return reads_of([tokenize(f"package yoto.authz\n\n{body}\n")])


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ("a if input.subject.id == 1", {"subject.id"}),
        ("a if input.subject.roles[_] == 1", {"subject.roles"}),
        ("a if input.subject.roles[0] == 1", {"subject.roles"}),
        ('a if input["subject"].id', {"subject.id"}),
        ("a if input[`subject`].id", {"subject.id"}),
        ('a if input.quota["message.send"].remaining', {"quota"}),
        ("a if { s := input.subject; s.id }", {"subject"}),
        ("import input.subject as who\na if who.id", {"subject"}),
        ("a if not f(input.x, input.y.z)", {"x", "y.z"}),
        ("a if data.input.x", set()),
        ('a if "input.x" == `input.y` # input.z', set()),
        ("a if lib.input == 1", set()),
        ("a if count(input.x) > 0 with input.y as 1", {"x", "y"}),
    ],
)
def test_paths_that_a_module_reads(body: str, paths: set[str]) -> None:
    assert reads(body) == paths


@pytest.mark.parametrize(
    "body",
    [
        "a if f(input)",
        "a := input",
        "a if input[key]",
        "a if input[input.key]",
        "a if { some key, value in input }",
        'a if input["a.b"]',
        "a if walk(input, [path, value])",
        "import input\na if input.x",
        "a if count(b) > 0 with input as {}",
    ],
)
def test_a_module_that_takes_the_input_as_a_whole_may_read_everything(body: str) -> None:
    assert reads(body) == {EVERYTHING}
