"""The guide to logs is right."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from flask import Flask, g
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SpanExporter

from app.settings import SETTINGS
from tests.support.log_lines import logging_restored, written
from tests.support.spans import Spans
from yoto.errors import PermissionDenied
from yoto.http.application import Application
from yoto.http.database_problems import init_problems
from yoto.http.pipeline import surround
from yoto.http.request_log import RequestLog
from yoto.request.records import RequestRecords, records_of

GUIDE = (Path(__file__).parents[3] / "docs" / "logs.md").read_text(encoding="utf-8")
EXPORTER = "opentelemetry.exporter.otlp.proto.http.trace_exporter"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)


@pytest.fixture
def denying() -> Iterator[Flask]:
    app = Application("small")
    app.config["TRUSTED_PROXIES"] = 0
    surround(app, RequestRecords((RequestLog(app).write,)))
    init_problems(app)

    def send() -> str:
        g.identity = SimpleNamespace(user_id=42)
        raise PermissionDenied(SimpleNamespace(reason="timed_out"), "message.send")

    app.add_url_rule("/send", "send", send, methods=["POST"])
    yield app
    records_of(app).close()


def test_the_line_of_the_example_is_one(denying: Flask, spans: Spans) -> None:
    (example,) = blocks("json")
    with written("INFO") as lines:
        lines.app = denying
        denying.test_client().post("/send")
    shown, real = json.loads(example), lines.parsed("request ended")[0]
    assert set(shown) == set(real)
    same = ("event", "status", "problem", "reason", "permission", "level", "logger", "method")
    assert [shown[name] for name in same] == [real[name] for name in same]


def test_every_field_of_the_example_is_told_of() -> None:
    (example,) = blocks("json")
    table = GUIDE[GUIDE.index("## Fields") : GUIDE.index("## Settings")]
    assert [name for name in json.loads(example) if f"`{name}`" not in table] == []


def test_the_settings_are_there() -> None:
    named = set(re.findall(r"`YOTO_(\w+)`", GUIDE))
    assert named == {"LOG_LEVEL", "LOG_FORMAT", "LOG_REQUEST_SAMPLE", "TRACER_PROVIDER"}
    assert named <= set(SETTINGS)


@pytest.fixture
def level_of_the_cache() -> Iterator[None]:
    yield
    logging.getLogger("yoto.cache").setLevel(logging.NOTSET)


@pytest.mark.usefixtures("level_of_the_cache")
def test_the_level_is_set_as_it_says() -> None:
    with logging_restored():
        exec(compile(blocks("python")[0], "logs.md", "exec"), {})


def test_the_provider_is_made_as_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """With an exporter that sends nothing, since the tests need none that does."""

    class Silent(SpanExporter):
        def export(self, spans: object) -> None:  # type: ignore[override]
            """Nobody is told."""

    module = ModuleType(EXPORTER)
    module.OTLPSpanExporter = Silent  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, EXPORTER, module)
    names: dict[str, object] = {}
    exec(compile(blocks("python")[2], "logs.md", "exec"), names)
    provider = names["provider"]
    assert callable(provider)
    made = provider()
    assert isinstance(made, TracerProvider)
    made.shutdown()
