"""The examples of the guide to the guards run as they are written."""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
from enum import Enum
from typing import Any

import pytest
from flask import Flask

import yoto
from tests.unit.docs.test_guides import DOCS, application, run
from yoto import BulkheadConfig, CircuitBreakerConfig, RateLimitConfig
from yoto.resilience import Resilience
from yoto.resilience.decorators.degrade import NOTHING
from yoto.resilience.guards import ALL_PARTS

__all__ = ["application"]

GUIDE = (DOCS / "resilience.md").read_text(encoding="utf-8")
DECORATORS = (
    *("rate_limit", "circuit_breaker", "bulkhead", "guarded", "degradable", "limit_views"),
    "exempt",
)
NUMBERS = {
    "rate_limit": RateLimitConfig,
    "limit_views": RateLimitConfig,
    "circuit_breaker": CircuitBreakerConfig,
    "bulkhead": BulkheadConfig,
}


def options() -> dict[tuple[str, str], tuple[str, str]]:
    """The rows of the table: decorator and option to what holds when left out, and the meaning."""
    part = GUIDE[GUIDE.index("## Options of the decorators") : GUIDE.index("## Circuit breaker")]
    rows = re.findall(r"^\| `([\w*]+)` \| (.+?) \| (.+?) \| (.+) \|$", part, re.MULTILINE)
    return {
        (decorator, option): (default, meaning)
        for option, of, default, meaning in rows
        for decorator in re.findall(r"`(\w+)`", of)
    }


def as_written(default: Any) -> str:
    """A default as the table writes it in code."""
    if isinstance(default, Enum):
        default = default.value
    if isinstance(default, float):
        return f"{default:g}"
    if isinstance(default, type):
        return default.__name__
    return json.dumps(default) if isinstance(default, str) else repr(default)


def when_left_out(parameter: inspect.Parameter) -> str:
    if parameter.kind is parameter.VAR_KEYWORD:
        return "these"
    if parameter.default is parameter.empty:
        return "required"
    in_words = {id(NOTHING): "nothing", id(ALL_PARTS): "all three"}
    return in_words.get(id(parameter.default), f"`{as_written(parameter.default)}`")


@pytest.mark.parametrize("decorator", DECORATORS)
def test_the_table_has_each_option_of_a_decorator(decorator: str) -> None:
    signature = inspect.signature(getattr(yoto, decorator))
    expected = {
        ("**numbers" if one.kind is one.VAR_KEYWORD else one.name): when_left_out(one)
        for one in signature.parameters.values()
    }
    written = {
        option: default for (of, option), (default, _) in options().items() if of == decorator
    }
    assert written == expected


@pytest.mark.parametrize("decorator", NUMBERS)
def test_the_table_has_each_number_of_a_decorator(decorator: str) -> None:
    config = NUMBERS[decorator]
    expected = [f"{one.name}={as_written(one.default)}" for one in dataclasses.fields(config)]
    _, meaning = options()[decorator, "**numbers"]
    written = re.findall(r"`(\w+=[^`]*)`", meaning)
    assert [one for one in written if not one.startswith("limits=")] == expected


def test_the_examples(application: Flask) -> None:  # noqa: F811
    with application.app_context():
        names = run("resilience.md", resilience=Resilience())
        result, permit = names["result"], names["permit"]
        assert (result.allowed, result.remaining, result.retry_after) == (True, 0, 0.0)
        assert permit.limits.remaining == 0
        assert names["slot"].released and not names["slot"].lost
        assert names["balance"]("anna") == 7
        assert names["report"](4) == "report of 4"
        assert names["quote"]("ab") == "2 words"
        upload = names["resilience"].rate_limiter("upload").plan.quotas
        assert [name for name, _ in upload] == ["user", "user/30days", "ip", "ip/day"]
        assert names["search"]("a b") == ["a", "b"]
        assert names["send"]("hello") == "hello"
        assert names["resilience"].get_circuit_breaker_state("billing-db").calls == 4
