"""The page on all measurements."""

from __future__ import annotations

import pkgutil

import benchmarks
from benchmarks.all import MEASUREMENTS, Ran, about, page


def test_every_measurement_is_on_the_page() -> None:
    there = {module.name for module in pkgutil.iter_modules(benchmarks.__path__)}
    assert MEASUREMENTS.keys() == there - {"all", "__main__"}


def test_the_page_shows_what_was_printed_and_how_to_repeat_it() -> None:
    shown = page(
        {"Date": "2026-11-27"}, [Ran("guard", "python -m benchmarks guard", "1 us", 0, 9.6)]
    )
    assert "| Date | 2026-11-27 |" in shown
    assert "`python -m benchmarks guard`, 10 s:\n\n```text\n1 us\n```" in shown


def test_a_promise_that_was_not_kept_is_shown() -> None:
    shown = page({}, [Ran("staleness", "python -m benchmarks staleness", "", 1, 1)])
    assert "it ended with 1: a promise was not kept" in shown


def test_machine_and_versions_are_shown() -> None:
    found = about()
    assert "Python 3." in found["System"] and "Flask 3." in found["Packages"]
    assert all(found.values())
