from __future__ import annotations

from typing import Any

import pytest

from tests.support.bundles import MAIN
from yoto.errors import PolicyError
from yoto.rooms.policies import Bundle
from yoto.rooms.policies.sources import (
    DEEPEST,
    FORBIDDEN,
    LARGEST_DATA,
    LARGEST_SOURCE,
    check_bundle,
)


def check(source: str = "package yoto.authz", test: str = "", **data: Any) -> None:
    tests = {"policy": test} if test else {}
    check_bundle(Bundle({"main": MAIN, "policy": source}, tests, data))


def refusal(*arguments: str, **data: Any) -> PolicyError:
    with pytest.raises(PolicyError) as raised:
        check(*arguments, **data)
    return raised.value


def test_five_megabytes_of_source_are_refused_with_the_figure() -> None:
    source = "package yoto.authz\n" + "# a comment\n" * (5_000_000 // 12)

    error = refusal(source)

    assert error.policy == "policy"
    assert f"at most {LARGEST_SOURCE:,}" in error.reason


def test_a_lone_surrogate_is_refused_with_its_line() -> None:
    assert "line 2" in refusal("package yoto.authz\n# \udcff").reason


@pytest.mark.parametrize(
    "source", ["package other", "package yoto", "package yoto.authz_test", "package yoto.authzx.a"]
)
def test_another_package_is_refused(source: str) -> None:
    assert "line 1, column 9: package must be yoto.authz" in refusal(source).reason


@pytest.mark.parametrize("source", ["", "# nothing", "x := 1", "package"])
def test_a_source_without_a_package_is_refused(source: str) -> None:
    assert "must begin with 'package yoto.authz'" in refusal(source).reason


@pytest.mark.parametrize("package", ["yoto.authz", "yoto.authz.lib", 'yoto["authz"].lib'])
def test_the_package_and_those_inside_it_are_taken(package: str) -> None:
    check(f"# first a comment\n\npackage {package}")


def test_tests_may_have_a_package_of_their_own() -> None:
    check(test="package yoto.authz_test")


def test_a_bundle_without_the_entry_point_is_refused() -> None:
    with pytest.raises(PolicyError, match="'decision'"):
        check_bundle(Bundle({"main": "package yoto.authz\n\nx := 1"}))
    with pytest.raises(PolicyError, match="'decision'"):
        check_bundle(Bundle({"main": "package yoto.authz.inner\n\ndecision := 1"}))


@pytest.mark.parametrize(
    "name", ["yoto", "system", "yoto_complete", "a b", "1a", "", "a.b", "ä", "A", "a" * 49]
)
def test_a_document_whose_name_conflicts_is_refused(name: str) -> None:
    assert refusal(**{name: {}}).policy == name


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), {1, 2}, b"bytes"])
def test_a_document_that_is_no_json_is_refused(value: Any) -> None:
    error = refusal(network=value)

    assert error.policy == "network"
    assert "JSON" in error.reason


def test_documents_that_are_too_large_are_refused_with_the_figure() -> None:
    assert f"at most {LARGEST_DATA:,}" in refusal(network="a" * LARGEST_DATA).reason


def test_deep_brackets_are_refused_with_their_place() -> None:
    deep = "[" * (DEEPEST + 1) + "]" * (DEEPEST + 1)

    assert "line 2, column" in refusal(f"package yoto.authz\nx := {deep}").reason


@pytest.mark.parametrize("word", ["future.keywords.not", "future.keywords.or", "rego.v2"])
def test_an_import_that_changes_the_language_is_refused(word: str) -> None:
    assert "line 2" in refusal(f"package yoto.authz\nimport {word}").reason


@pytest.mark.parametrize("word", ["rego.v1", "future.keywords", "future.keywords.in"])
def test_imports_that_say_what_rego_says_anyway_are_taken(word: str) -> None:
    check(f"package yoto.authz\nimport {word}\n")


def test_interpolated_strings_are_refused() -> None:
    assert "sprintf" in refusal('package yoto.authz\nx := $"a {input.b}"').reason


@pytest.mark.parametrize("name", sorted(FORBIDDEN))
def test_what_reaches_outside_or_differs_is_refused(name: str) -> None:
    error = refusal(f"package yoto.authz\n\nx := {name}(input.a)")

    assert error.reason.startswith(f"line 3, column 6: {name} is not allowed")


@pytest.mark.parametrize(
    "call", ["nothing(1)", "json.patch(1, 2)", "data.yoto.authz.f(1)", "not lowest(input.x)"]
)
def test_a_function_that_is_nowhere_is_refused(call: str) -> None:
    assert "could not find function" in refusal(f"package yoto.authz\n\nx if {call}").reason


@pytest.mark.parametrize(
    "body",
    [
        "f(x) if x\ny if f(1)",
        "default f(_) := 1\nf(x) := 2 if x\ny := f(1)",
        "y if data.yoto.authz.f(1)\nf(x) if x",
        "import data.yoto.authz\ny if authz.f(1)\nf(x) if x",
        'y contains ("a")',
        "y if count(input.x) in [1, (2)]",
        'y := "nothing(1)" # nothing(1)',
        "y := set()",
        "y if contains(input.a, input.b)",
    ],
)
def test_functions_that_are_there_are_found(body: str) -> None:
    check(f"package yoto.authz\n\n{body}")


def test_a_function_under_another_name_is_refused_since_not_every_engine_finds_it() -> None:
    source = "package yoto.authz\nimport data.yoto.authz as other\nf(x) if x\ny if other.f(1)"

    assert "without giving it another name" in refusal(source).reason


@pytest.mark.parametrize(
    "body",
    [
        'x := 1 +\nrand.intn("a", 5)',
        'x :=\nhttp.send({"url": input.u})',
        'x if\nhttp.send({"url": input.u})',
        'x if not\nhttp.send({"url": input.u})',
        'x contains\nhttp.send({"url": input.u})',
        'x if input.a with input.b as\nhttp.send({"url": input.u})',
    ],
)
def test_what_reaches_outside_is_found_at_the_beginning_of_a_line(body: str) -> None:
    assert "is not allowed" in refusal(f"package yoto.authz\n\n{body}").reason


@pytest.mark.parametrize(
    "given",
    ["http.send", 'http["send"]', "((http.send))", "opa.runtime", "rand.intn", "print", "trace"],
)
def test_no_forbidden_function_takes_the_place_of_another(given: str) -> None:
    source = f"package yoto.authz\n\nf(x) := x\ny if f(input.a) with f as {given}"

    assert "is not allowed" in refusal(source).reason
    with pytest.raises(PolicyError, match="is not allowed"):
        check("package yoto.authz\n\nx := 1", source.replace("y if", "test_y if"))


@pytest.mark.parametrize("given", ["input.a", "data.b", "user.name", "g", "lower", "1", '"a"'])
def test_other_values_of_with_are_taken(given: str) -> None:
    check(f"package yoto.authz\n\nf(x) := x\ng(x) := x\ny(user) if f(user) with f as {given}")


def test_a_package_inside_another_takes_no_builtin_out_of_what_is_refused() -> None:
    inner = "package yoto.authz.http\n\nsend(x) := x"
    asking = "package yoto.authz\n\nx := http.send(input.a)"

    with pytest.raises(PolicyError, match="http.send is not allowed"):
        check_bundle(Bundle({"main": MAIN, "inner": inner, "asking": asking}))
    imported = asking.replace("\n\n", "\n\nimport data.yoto.authz.http\n\n")
    check_bundle(Bundle({"main": MAIN, "inner": inner, "asking": imported}))
