"""How many workers there are, by what is beside Redis."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from yoto.resilience.instances import workers_here, workers_of

APP = "shop:app"


@pytest.mark.parametrize(
    ("words", "workers"),
    [
        (["-w", "4", APP], 4),
        (["-w4", APP], 4),
        (["-w=4", APP], 4),
        (["--workers", "4", APP], 4),
        ([APP, "--workers=4"], 4),
        (["-w", "2", APP, "--workers=4"], 4),
        (["--worker-class", "gthread", "--worker-connections=4", APP], 0),
        (["-w", "many", APP], 0),
        ([APP, "-w"], 0),
        ([APP], 0),
    ],
)
def test_the_command_line_of_gunicorn_says_it(words: list[str], workers: int) -> None:
    assert workers_of({}, 0, ["gunicorn", *words]) == workers


@pytest.mark.parametrize(
    ("environ", "configured", "words", "workers"),
    [
        ({}, 0, None, 0),
        ({"WEB_CONCURRENCY": "4"}, 0, None, 4),
        ({"WEB_CONCURRENCY": "x"}, 0, None, 0),
        ({"WEB_CONCURRENCY": "4"}, 6, ["-w", "8"], 6),
        ({"WEB_CONCURRENCY": "4"}, 0, ["-w", "8"], 8),
        ({"WEB_CONCURRENCY": "4"}, 0, [], 4),
        ({"GUNICORN_CMD_ARGS": "--bind=:80 -w 3", "WEB_CONCURRENCY": "4"}, 0, [], 3),
        ({"GUNICORN_CMD_ARGS": "-w 3"}, 0, ["-w", "8"], 8),
        ({"GUNICORN_CMD_ARGS": "-w 3"}, 0, None, 0),
    ],
)
def test_the_setting_goes_before_the_server_and_that_before_the_environment(
    environ: dict[str, str], configured: int, words: list[str] | None, workers: int
) -> None:
    gunicorn = None if words is None else ["gunicorn", *words]
    assert workers_of(environ, configured, gunicorn) == workers


def test_options_of_another_program_are_not_gunicorns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["job.py", "-w", "4"])
    monkeypatch.delenv("WEB_CONCURRENCY", raising=False)
    monkeypatch.delitem(sys.modules, "gunicorn.arbiter", raising=False)
    assert workers_here(0) == 0
    monkeypatch.setitem(sys.modules, "gunicorn.arbiter", SimpleNamespace())
    assert workers_here(0) == 4


def test_uwsgi_says_it_in_its_module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uwsgi", SimpleNamespace(numproc=3))
    assert workers_here(0) == 3
    assert workers_here(6) == 6
