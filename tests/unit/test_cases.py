"""Cases of a test share an application until one leaves something behind, and no longer."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = """
import pytest
from flask import Flask

EVENTS = open("events", "w", buffering=1)
note = lambda event: print(event, file=EVENTS)
cases = pytest.mark.parametrize("case", range(3))

class Database:
    rows = 0
    def written(self):
        return self.rows

@pytest.fixture(scope="session")
def database():
    return Database()

@pytest.fixture
def app(database):
    database.rows += 1
    note("begins")
    yield Flask("one")
    note("ends")

@pytest.fixture
def client(app):
    return app.test_client()

@pytest.fixture
def rows(app, database):
    database.rows += 1

@pytest.fixture
def heard():
    return []

@pytest.fixture
def connect():
    return lambda: None

@pytest.fixture
def own(rows, case):
    return case

@pytest.fixture
def asking(rows, request):
    return request.node.name

@pytest.fixture
def number(request, rows):
    return request.param

@cases
def test_reads(rows, client, case):
    note(f"reads {case}")

@cases
def test_writes_once(rows, database, case):
    note(f"writes {case}")
    database.rows += case == 1

@cases
def test_fails_once(rows, case):
    note(f"fails {case}")
    assert case != 1

@cases
def test_keeps_a_cookie(client, case):
    note(f"cookie {case}")
    if case == 1:
        client.set_cookie("name", "value")

@cases
def test_asks_for_the_application(app, case):
    note(f"asks {case}")

@cases
def test_has_a_list_to_add_to(rows, heard, case):
    note(f"list {case}")

@cases
def test_has_a_function_that_makes_more(rows, connect, case):
    note(f"function {case}")

@pytest.mark.own_application
@cases
def test_is_marked(rows, case):
    note(f"marked {case}")

@cases
def test_patches(rows, monkeypatch, case):
    note(f"patches {case}")

@cases
def test_has_rows_for_the_case(own, case):
    note(f"own {case}")

@cases
def test_has_a_fixture_that_asks_which_case_it_is(asking, case):
    note(f"asking {case}")

@pytest.mark.parametrize("number", range(3), indirect=True)
def test_is_given_another_fixture(number):
    note(f"number {number}")

def test_has_no_cases(rows):
    note("single")

@pytest.mark.parametrize("case", range(10))
def test_has_many(client, case):
    note(f"many {case}")

@pytest.mark.parametrize("case", range(2))
def test_is_last(rows, case):
    note(f"last {case}")
"""


@pytest.fixture(scope="module")
def lives(tmp_path_factory: pytest.TempPathFactory) -> list[list[str]]:
    """The tests that each application saw, in the order of the applications."""
    folder = tmp_path_factory.mktemp("cases")
    (folder / "test_these.py").write_text(TESTS)
    (folder / "pytest.ini").write_text("[pytest]")
    options = ["-p", "tests.support.cases", "-p", "no:cacheprovider", "-p", "no:schemathesis"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *options],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        capture_output=True,
        text=True,
    )
    assert "1 failed, 48 passed" in done.stdout, done.stdout + done.stderr
    found: list[list[str]] = []
    alive = False
    for event in (folder / "events").read_text().splitlines():
        if event in ("begins", "ends"):
            assert alive == (event == "ends"), "one ends before the next begins"
            alive = not alive
            found += [[]] if alive else []
        else:
            assert alive
            found[-1].append(event)
    assert not alive
    return found


def seen(lives: list[list[str]], test: str) -> list[list[str]]:
    return [one for one in lives if one[0].startswith(test)]


def test_cases_that_leave_nothing_share_an_application(lives: list[list[str]]) -> None:
    assert seen(lives, "reads") == [["reads 0", "reads 1", "reads 2"]]


@pytest.mark.parametrize("what", ["writes", "fails", "cookie"])
def test_the_case_after_one_that_left_something_begins_anew(
    lives: list[list[str]], what: str
) -> None:
    assert seen(lives, what) == [[f"{what} 0", f"{what} 1"], [f"{what} 2"]]


def test_limits_do_not_count_on_for_ever(lives: list[list[str]]) -> None:
    assert [len(one) for one in seen(lives, "many")] == [8, 2]


@pytest.mark.parametrize(
    "what", ["asks", "list", "function", "marked", "patches", "own", "asking", "number"]
)
def test_a_case_that_may_leave_more_than_rows_is_alone(lives: list[list[str]], what: str) -> None:
    assert seen(lives, what) == [[f"{what} 0"], [f"{what} 1"], [f"{what} 2"]]


def test_another_test_begins_anew_and_the_last_ends(lives: list[list[str]]) -> None:
    assert seen(lives, "single") == [["single"]]
    assert lives[-1] == ["last 0", "last 1"]
