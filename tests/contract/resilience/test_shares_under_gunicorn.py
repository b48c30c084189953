"""Workers of gunicorn that begin while Redis is away have their parts of a limit."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from tests.support.installed import ROOT, Served
from tests.support.waiting import free_port, wait_until

HOOK = str(ROOT / "deploy" / "gunicorn" / "gunicorn.conf.py")


@pytest.mark.parametrize(
    ("options", "environment"),
    [
        (["--workers", "3"], {}),
        (["-w3", "--preload"], {"WEB_CONCURRENCY": "1"}),
        ([], {"GUNICORN_CMD_ARGS": "--workers=3"}),
        # Its worker is for our application.
        (
            ["--config", HOOK, "--worker-class", "gthread", "--preload"],
            {"GUNICORN_CMD_ARGS": ""},
        ),
    ],
    ids=["command line", "over WEB_CONCURRENCY", "GUNICORN_CMD_ARGS", "hook of the configuration"],
)
def test_a_worker_has_a_part_by_the_number_that_gunicorn_was_given(
    options: list[str], environment: dict[str, str], tmp_path: Path
) -> None:
    part = 12 // (2 if "--config" in options else 3)
    shop = "tests.contract.resilience.shared_shop:app"
    command = [sys.executable, "-m", "gunicorn", "--bind", "127.0.0.1:0", *options, shop]
    named = {
        "SHOP_FOLDER": str(tmp_path),
        "YOTO_REDIS_URL": f"redis://127.0.0.1:{free_port()}/0",
        **environment,
    }
    server = Served(command, ROOT, **named)
    try:
        # The unit of its first window is less, the whole limit more.
        wait_until(
            lambda: server.get("/admitted").json()["admitted"] == part, what="a worker's part"
        )
    finally:
        server.stop(signal.SIGTERM)
