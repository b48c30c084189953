"""The examples of the guide to the guards run as they are written."""

from __future__ import annotations

from flask import Flask

from tests.unit.docs.test_guides import application, run
from yoto.resilience import Resilience

__all__ = ["application"]


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
