"""The cases of a test follow each other on one application, with its rows, until one changes them.

Most tests with many cases are tables of requests that are refused or that only read. Making an
application, its people and places anew for each takes more than the request. What a test was given
is kept for the next case where the case before it passed and left nothing behind:

- no row: SQLite says whether anybody has written to the file since the test was set up;
- no cookie in a client;
- nothing in memory: the test did not ask for the application itself, nor for what patches, records
  or makes more, and no fixture was made for the case.

Limits of the application count on, so that some cases later the next begins anew, as do any other
case and every other test. Where a case takes much of a limit, ``own_application`` marks its test.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from types import FunctionType
from typing import Any

import pytest
from flask.testing import FlaskClient

# Cases on one application. The strictest limits take some 20 calls.
MOST = 8
# What a fixture or a test may change or record besides rows.
OWN = {"caplog", "capfd", "capsys", "monkeypatch", "recwarn", "spans"}
# Function-scoped fixtures of pytest that ask which test it is, and are as good for the next case.
ANY = {"tmp_path", "subtests"}

_written = pytest.StashKey[object]()
_passed = pytest.StashKey[bool]()
_held: list[Callable[[], object]] = []
_cases = [0]  # that the present application has seen


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    try:
        yield
    finally:
        if _held:
            # Between what ends the test itself, which comes last, and what this case made.
            item.session._setupstate.stack[item][0][1:1] = _held
            _held.clear()
    if _may_go_on(item):
        item.stash[_written] = _rows(item)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if call.when == "call":
        item.stash[_passed] = report.passed
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    _cases[0] += 1
    if _same_test(item, nextitem) and _left_nothing(item) and _cases[0] < MOST:
        ends = item.session._setupstate.stack[item][0]
        _held[:] = ends[1:]
        del ends[1:]
    else:
        _cases[0] = 0
    yield


def _same_test(item: Any, other: Any) -> bool:
    return (
        other is not None
        and item.parent is other.parent
        and getattr(item, "originalname", item.name) == getattr(other, "originalname", None)
    )


def _left_nothing(item: Any) -> bool:
    written = item.stash.get(_written, None)
    return (
        written is not None
        and item.stash.get(_passed, False)
        and not any(
            _may_hold_something(given)
            for name, given in item.funcargs.items()
            if name not in item.callspec.params
        )
        and written == _rows(item)
    )


def _may_hold_something(given: object) -> bool:
    """Whether a fixture has cookies, or is a list to add to, or a function whose work may last."""
    client = getattr(given, "client", given)
    if isinstance(client, FlaskClient):
        return bool(client._cookies)
    return isinstance(given, (list, set, FunctionType))


def _may_go_on(item: Any) -> bool:
    """Whether another case of the test has the same fixtures, and changes rows alone."""
    names = item.fixturenames
    if not hasattr(item, "callspec") or not OWN.isdisjoint(names):
        return False
    if item.get_closest_marker("own_application"):
        return False
    if not {"app", "database"}.issubset(names):
        return False
    information = item._fixtureinfo
    if "app" in information.argnames:
        return False
    own = {*item.callspec.params, "request"}
    return not any(
        # Another class than this is a value of the case.
        type(one) is pytest.FixtureDef
        and one.scope == "function"
        and one.argname not in ANY
        and not own.isdisjoint({one.argname, *one.argnames})
        for found in information.name2fixturedefs.values()
        for one in found
    )


def _rows(item: Any) -> object:
    """Another value after each write to the database of ``app``."""
    return item.funcargs["database"].written()
