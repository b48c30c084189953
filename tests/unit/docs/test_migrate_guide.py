"""The guide for those who come from other libraries: theirs and ours run, and do the same."""

from __future__ import annotations

import importlib.util
import re
from typing import Any

import pytest
from flask import Flask

from tests.support.require import missing
from tests.unit.docs.test_guides import DOCS, EXTENSIONS, application
from yoto.errors import CircuitOpen
from yoto.resilience import Resilience

__all__ = ["application"]

BLOCK = re.compile(r"```python\n# (theirs|ours)\n(.*?)```", re.DOTALL)


def chapter(title: str, library: str) -> tuple[str, str]:
    """The code of theirs and of ours."""
    if importlib.util.find_spec(library) is None:
        missing(f"{library} is not installed")
    text = (DOCS / "migrate.md").read_text(encoding="utf-8")
    found = dict(BLOCK.findall(text.split(f"\n## {title}\n")[1].split("\n## ")[0]))
    return found["theirs"], found["ours"]


def executed(code: str, **given: Any) -> dict[str, Any]:
    names: dict[str, Any] = given
    exec(compile(EXTENSIONS.sub("", code), "migrate.md", "exec"), names)
    return names


def test_a_breaker_does_what_pybreaker_did(application: Flask) -> None:  # noqa: F811
    theirs, ours = chapter("pybreaker", "pybreaker")
    before = executed(theirs)
    with application.app_context():
        after = executed(ours, resilience=Resilience())
        assert before["answer"] == after["answer"] == 7
        for _ in range(6):
            # A name that nobody has is the caller's fault.
            for names in (before, after):
                with pytest.raises(KeyError):
                    names["balance"]("bob")
        for _ in range(5):
            with pytest.raises((TypeError, before["pybreaker"].CircuitBreakerError)):
                before["balance"]([])
            with pytest.raises(TypeError):
                after["balance"]([])
        assert before["counted"].failures == after["counted"].failures == 5
        with pytest.raises(before["pybreaker"].CircuitBreakerError):
            before["balance"]("anna")
        with pytest.raises(CircuitOpen) as caught:
            after["balance"]("anna")
        assert 50 < caught.value.retry_after <= 60
