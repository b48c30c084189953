"""Lines that a started server writes to standard error, and where its spans go."""

from __future__ import annotations

import json
import re
import urllib.request
from pathlib import Path

from tests.support.process import ROOT, RunningYoto

PROVIDER = "tests.support.span_file:provider"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def ask(url: str, **headers: str) -> None:
    request = urllib.request.Request(
        url, headers={n.replace("_", "-"): v for n, v in headers.items()}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 200


def test_a_worker_writes_json_and_sends_its_spans(tmp_path: Path) -> None:
    spans = tmp_path / "spans"
    app = RunningYoto(
        tmp_path / "instance",
        YOTO_LOG_FORMAT="json",
        YOTO_SEED_DEMO="false",
        YOTO_TRACER_PROVIDER=PROVIDER,
        PYTHONPATH=str(ROOT),
        SPAN_FILE=str(spans),
    )
    parent = f"00-{TRACE}-00f067aa0ba902b7-01"
    ask(f"{app.url}/api/openapi.json", X_Request_ID="seen-from-outside", traceparent=parent)
    app.wait_for(lambda: "request ended" in app.output)
    (worker,) = re.findall(r"worker (\d+) started", app.output)
    assert app.stop() == 0
    lines = [
        json.loads(line)
        for line in app.output.splitlines()
        if not line.startswith("Yoto listens on")
    ]
    (ended,) = [line for line in lines if line["event"] == "request ended"]
    assert (ended["request_id"], ended["status"]) == ("seen-from-outside", 200)
    assert ended["trace_id"] == TRACE
    assert f"-{worker}-" in ended["instance"]
    assert f"{TRACE} GET /api/openapi.json" in spans.read_text()
