from __future__ import annotations

import pytest

from yoto.rooms.policies.rego.moving import move
from yoto.rooms.policies.rego.tokens import tokenize

SOURCE = """# METADATA of data.x
package yoto.authz

import data.yoto.authz.lib
import rego.v1

a if not lib.f(input.x, data.z) # not data.q
b if { not x in {"data.a", "b"}; data["z"].w == 1 }
c if {
    not input.a.b
    not g(
        input.q,
    )
    not d.e == input.k with input as {} with data.q as 1
    not z
        in y
    x := [k | some k in v; not h(k)]
}
d := 1 if not data.q else := 2
e := {"not": 1, "x.not": input.not.y, "data": input.data}
"""

BODY = """a if [1 | lib.f(input.x, data.P.z)] == [] # not data.q
b if { [1 | x in {"data.a", "b"}] == []; data.P["z"].w == 1 }
c if {
    [1 | input.a.b] == []
    [1 | g(
        input.q,
    )] == []
    [1 | d.e == input.k with input as {} with data.P.q as 1] == []
    [1 | z
        in y] == []
    x := [k | some k in v; [1 | h(k)] == []]
}
d := 1 if [1 | data.P.q] == [] else := 2
e := {"not": 1, "x.not": input.not.y, "data": input.data}
"""


def test_package_imports_and_data_go_below_the_prefix() -> None:
    moved = move(SOURCE, "P")

    assert moved.package == "P.yoto.authz"
    assert moved.imports == ("import data.P.yoto.authz.lib", "import rego.v1")
    assert moved.body.split("\n", 6)[6] == BODY


def test_every_line_stays_where_it_was() -> None:
    assert move(SOURCE, "P").body.count("\n") == SOURCE.count("\n")


def test_places_are_found_again() -> None:
    moved = move(SOURCE, "prefix")
    seen = 0
    for token in tokenize(moved.body):
        if token.value in ("lib", "x", "z", "k", "q", "h", "w", "g"):
            places = {
                one.column
                for one in tokenize(SOURCE)
                if (one.line, one.value) == (token.line, token.value)
            }
            assert moved.column(token.line, token.column) in places, token
            seen += 1
    assert seen > 15


@pytest.mark.parametrize(
    "source", ["", "nonsense", "package", '"', "`", "not", "data", "a[[[", "}"]
)
def test_what_is_no_rego_is_moved_without_an_error(source: str) -> None:
    assert isinstance(move(source, "P").body, str)


@pytest.mark.parametrize("word", ["in", "with", "as", "if", "else", "not"])
def test_a_field_that_is_called_like_a_word_ends_a_negation(word: str) -> None:
    source = f"package yoto.authz\n\nx if {{\n\tnot input.{word}\n\ty\n}}\n"

    assert f"\t[1 | input.{word}] == []\n\ty\n" in move(source, "P").body


def test_the_import_of_all_keywords_is_left_out_since_a_later_opa_has_more_of_them() -> None:
    source = "package yoto.authz\nimport future.keywords\nimport future.keywords.in\n"

    assert move(source, "P").imports == ("import future.keywords.in",)
