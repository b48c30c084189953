"""``run.py`` as far as it serves nothing."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import config
import run
from app import close_app
from tests.support.log_lines import logging_restored


@pytest.fixture
def restored() -> Iterator[None]:
    """Sets all logging back."""
    with logging_restored():
        yield


@pytest.mark.usefixtures("restored")
@pytest.mark.parametrize(("variable", "level"), [(None, "ERROR"), ("DEBUG", "DEBUG")])
def test_the_level_of_the_configuration_holds_unless_the_environment_says_another(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str | None, level: str
) -> None:
    monkeypatch.setenv("YOTO_ENVIRONMENT", "testing")
    monkeypatch.setenv("YOTO_INSTANCE_PATH", str(tmp_path))
    monkeypatch.delenv("YOTO_LOG_LEVEL", raising=False)
    if variable is not None:
        monkeypatch.setenv("YOTO_LOG_LEVEL", variable)
    monkeypatch.setattr(config.Testing, "LOG_LEVEL", "ERROR")
    close_app(run.application())
    assert logging.getLevelName(logging.getLogger().level) == level


@pytest.mark.usefixtures("restored")
def test_several_workers_are_not_measured_by_the_memory_of_each(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("YOTO_ENVIRONMENT", "testing")
    monkeypatch.setenv("YOTO_INSTANCE_PATH", str(tmp_path))
    monkeypatch.setenv("YOTO_MONITOR_BACKEND", "memory")
    assert run.main(["--workers", "2", "--port", "0"]) == os.EX_CONFIG
    assert "MONITOR_BACKEND: must be 'redis' with several workers" in capsys.readouterr().err


@pytest.mark.parametrize("mode", ["eventlet", "gevent"])
def test_a_mode_whose_package_is_not_installed_is_one_line_that_names_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], mode: str
) -> None:
    monkeypatch.setenv("YOTO_ASYNC_MODE", mode)
    monkeypatch.setitem(sys.modules, mode, None)  # as an import sees it that finds nothing
    assert run.main([]) == os.EX_CONFIG
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert said.startswith("configuration: ASYNC_MODE:") and f"pip install {mode}" in said


def test_an_older_python_is_one_line_that_says_which_is_needed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 13, "final", 0))
    assert run.main([]) == os.EX_CONFIG
    said = capsys.readouterr().err
    assert said.startswith("Yoto needs Python 3.11 or later; this is 3.10.13")
