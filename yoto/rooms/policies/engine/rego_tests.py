"""Runs the tests of a bundle: each rule ``test_...`` must be true. All engines run them so."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from yoto.errors import PolicyError
from yoto.rooms.policies.engine.protocol import TestFailure, TestReport
from yoto.rooms.policies.rego import package_of, test_rules, tokenize
from yoto.rooms.policies.result import UNDEFINED


def run_rego_tests(tests: Iterable[tuple[str, str]], value_of: Callable[[str], Any]) -> TestReport:
    """Evaluate tests.

    Args:
        tests: as ``rego_tests`` gives them.
        value_of: the value of a rule by its path, such as ``data.yoto.authz_test.test_night``.

    Raises:
        PolicyUnavailable: as ``value_of`` does.
    """
    passed: list[str] = []
    failed: list[TestFailure] = []
    for name, rule in tests:
        reason = _failure(value_of, rule)
        if reason is None:
            passed.append(name)
        else:
            failed.append(TestFailure(name, reason))
    return TestReport(tuple(passed), tuple(failed))


def rego_tests(tests: Mapping[str, str]) -> list[tuple[str, str]]:
    """The tests of modules: the name of each, and the path from ``data`` of its rule."""
    found: list[tuple[str, str]] = []
    for policy, source in sorted(tests.items()):
        tokens = tokenize(source)
        package = ".".join(package_of(tokens) or ())
        for rule in test_rules(tokens):
            found.append((f"{policy}: {package}.{rule}", f"data.{package}.{rule}"))
    return found


def _failure(value_of: Callable[[str], Any], rule: str) -> str | None:
    try:
        value = value_of(rule)
    except PolicyError as error:
        return f"{error.policy}: {error.reason}"
    if value is True:
        return None
    return "is undefined" if value is UNDEFINED else f"is {value!r}, not true"
