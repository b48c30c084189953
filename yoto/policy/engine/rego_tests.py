"""Runs the tests of a bundle: each rule ``test_...`` must be true. All engines run them so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from yoto.errors import PolicyError
from yoto.policy.bundle import Bundle
from yoto.policy.engine.protocol import TestFailure, TestReport
from yoto.policy.rego import package_of, test_rules, tokenize
from yoto.policy.result import UNDEFINED


def run_rego_tests(bundle: Bundle, value_of: Callable[[str], Any]) -> TestReport:
    """Evaluate the tests.

    Args:
        value_of: the value of a rule by its path, such as ``data.yoto.authz_test.test_night``.

    Raises:
        PolicyUnavailable: as ``value_of`` does.
    """
    passed: list[str] = []
    failed: list[TestFailure] = []
    for policy, source in sorted(bundle.tests.items()):
        tokens = tokenize(source)
        package = ".".join(package_of(tokens) or ())
        for rule in test_rules(tokens):
            name = f"{policy}: {package}.{rule}"
            reason = _failure(value_of, f"data.{package}.{rule}")
            if reason is None:
                passed.append(name)
            else:
                failed.append(TestFailure(name, reason))
    return TestReport(tuple(passed), tuple(failed))


def _failure(value_of: Callable[[str], Any], rule: str) -> str | None:
    try:
        value = value_of(rule)
    except PolicyError as error:
        return f"{error.policy}: {error.reason}"
    if value is True:
        return None
    return "is undefined" if value is UNDEFINED else f"is {value!r}, not true"
