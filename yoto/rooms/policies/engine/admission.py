"""A bundle's way into each engine: what is refused, and its tests, which all engines run alike."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from yoto.errors import PolicyError
from yoto.rooms.policies.bundle import Bundle
from yoto.rooms.policies.engine.protocol import TestFailure, TestReport
from yoto.rooms.policies.portable.bodies import check_bodies
from yoto.rooms.policies.portable.calls import check_calls, costly
from yoto.rooms.policies.portable.heads import check_heads
from yoto.rooms.policies.portable.syntax import NotPortable, path_of, rules_of
from yoto.rooms.policies.rego.heads import package_of, test_rules
from yoto.rooms.policies.rego.parser import Syntax, syntax_of
from yoto.rooms.policies.rego.tokens import tokenize
from yoto.rooms.policies.result import UNDEFINED
from yoto.rooms.policies.sources import EVERY_FORM, check_bundle


def check_portable(modules: Mapping[str, Syntax], exact: Collection[str] = ()) -> None:
    """Refuse forms that engines evaluate differently.

    Args:
        modules: the syntax tree of each module, by its name.
        exact: builtins and forms that the engine which is going to run them reads as OPA does.

    Raises:
        PolicyError: the first such form; the reason has the form that works.
    """
    for name, found in _faults(modules, exact):
        raise PolicyError(name, f"{found.place}: {found.reason}")


def check_costs(modules: Mapping[str, Syntax]) -> None:
    """Refuse calls whose value may fill any memory, on an engine that reads every form.

    Raises:
        PolicyError: the first such call; the reason has the form that works.
    """
    for name, module in modules.items():
        for found in costly(module):
            raise PolicyError(name, f"{found.place}: {found.reason}")


def _faults(
    modules: Mapping[str, Syntax], exact: Collection[str]
) -> Iterator[tuple[str, NotPortable]]:
    yield from check_heads(modules, exact)
    own: dict[str, set[int]] = {}
    for module in modules.values():
        for _, kind, head, reference in rules_of(module):
            if kind == "Func":
                name = str(path_of(reference)[-1])
                own.setdefault(name, set()).add(len(head["args"]))
    for name, module in modules.items():
        yield from ((name, found) for found in check_bodies(module, exact, own))
        yield from ((name, found) for found in check_calls(module, exact))


# Bundles that were admitted last: the same one is put, tried and promoted over and over, and
# checking it takes four fifths of compiling it.
MOST_ADMITTED = 4

Sources = tuple[tuple[str, str], ...]


def admit(bundle: Bundle, exact: frozenset[str] = frozenset()) -> None:
    """Refuse features that an engine lacks, or evaluates differently from another.

    Args:
        exact: see ``check_bundle``; none: the bundle is for every engine.

    Tests may use features that engines read differently: they decide nothing, and must hold where
    they run.

    Raises:
        PolicyError: the first fault, with line and column.
    """
    modules, tests = tuple(bundle.modules.items()), tuple(bundle.tests.items())
    _admit(modules, tests, bundle.data_json, exact)


@lru_cache(maxsize=MOST_ADMITTED)
def _admit(modules: Sources, tests: Sources, data_json: str, exact: frozenset[str]) -> None:
    """Takes the whole contents as its key: the bundle's version is too short to be trusted."""
    bundle = Bundle(dict(modules), dict(tests), json.loads(data_json))
    check_bundle(bundle, exact)
    check_forms(syntax_of(bundle.modules), exact)


def check_forms(trees: Mapping[str, Syntax], exact: frozenset[str]) -> None:
    """Refuse forms that the engine at hand may read differently, or at any cost.

    Raises:
        PolicyError: the first such form, with line and column.
    """
    if EVERY_FORM in exact:
        check_costs(trees)
    else:
        check_portable(trees, exact)


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
