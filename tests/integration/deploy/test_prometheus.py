"""Prometheus itself reads what the application shows, the rules, and the dashboard's queries."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
from flask import Flask
from werkzeug.serving import make_server

from app.extensions import monitor, resilience
from tests.support.front import Prometheus
from tests.support.prometheus_files import RULES, SCRAPES, dashboard_queries, rules
from tests.support.require import missing
from tests.support.waiting import HOST, wait_until


def tool(name: str) -> str:
    found = shutil.which(name)
    return found if found is not None else missing(f"there is no {name}")


@pytest.fixture
def shown(app: Flask) -> Iterator[Flask]:
    """The application, with something to show, and its monitor running."""
    client = app.test_client()
    client.get("/livez")
    with resilience.of(app).bulkhead("shown").acquire():
        for slow in monitor.of(app)._collectors._jobs:
            slow.task()
        monitor.of(app).flush()
        monitor.of(app).start()
        yield app


@pytest.fixture
def prometheus(shown: Flask, tmp_path: Path) -> Iterator[str]:
    """The address of a Prometheus that scrapes the application."""
    server = make_server(HOST, 0, shown, threaded=True)
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    try:
        target = f"{HOST}:{server.server_port}"
        with Prometheus(tmp_path / "prometheus", [target], "nobody asks for it").start() as running:
            yield running.url
    finally:
        server.shutdown()
        server.server_close()
        serving.join(5)


def ask(address: str, query: str) -> list[Any]:
    """The answer to a query; raises what the server says is wrong with it."""
    with urlopen(f"{address}/api/v1/query?{urlencode({'query': query})}", timeout=5) as answer:
        found: list[Any] = json.load(answer)["data"]["result"]
    return found


def test_promtool_accepts_the_files_and_what_is_shown(shown: Flask) -> None:
    promtool = tool("promtool")
    for kind, path in (("config", SCRAPES), ("rules", RULES)):
        subprocess.run([promtool, "check", kind, path], check=True, capture_output=True)
    text = shown.test_client().get("/metrics").get_data()
    checked = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True)
    assert (checked.returncode, checked.stderr.decode()) == (0, "")


def test_prometheus_scrapes_evaluates_and_answers_the_dashboard(prometheus: str) -> None:
    def scraped() -> bool:
        try:
            # A rate takes two scrapes.
            return ask(prometheus, "rate(yoto_http_requests_total[1m])") != []
        except (URLError, ConnectionError):
            return False

    wait_until(scraped, 20)
    answers = {query: ask(prometheus, query) for query in dashboard_queries()}
    assert any("yoto_bulkhead_in_flight" in query for query, found in answers.items() if found)
    assert sum(map(bool, answers.values())) >= 10
    with urlopen(f"{prometheus}/api/v1/rules", timeout=5) as answer:
        groups = json.load(answer)["data"]["groups"]
    loaded = {rule["name"] for group in groups for rule in group["rules"]}
    assert loaded == {rule["alert"] for rule in rules()}
