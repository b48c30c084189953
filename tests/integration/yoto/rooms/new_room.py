"""Uses the room of the guide in a process of its own, and prints what is there of it.

``ROOMS`` has its name, as the one line that a new room takes; settings say whether it is on.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yoto.rooms
from yoto.parts import rooms as platform

NAME, SERIES = "notices", "yoto_notices_posted_total"
WHY = "the guide says so"


def observed(config: dict[str, Any], instance: Path) -> dict[str, Any]:
    """The parts of the room in an application with this configuration."""
    from sqlalchemy import inspect, select

    from app.auth.break_glass import new_token
    from app.cli.startup import set_up
    from tests.support.applications import another_app
    from yoto.auth.operators import RIGHTS
    from yoto.control_plane.language import catalogue
    from yoto.control_plane.shell import reachable
    from yoto.events import type_of
    from yoto.extensions import events
    from yoto.monitor import Monitor
    from yoto.monitor.metric_names import help_of
    from yoto.store.db import db
    from yoto.store.models import AuditRecord

    token, digest = new_token()
    with another_app({**config, "BREAK_GLASS_HASH": digest}, instance) as app:
        # Set-up asks rooms that are off for their tables, too.
        loaded = [one for one in sys.modules if one.startswith(f"yoto.rooms.{NAME}.acts")]
        with app.app_context():
            set_up(app)
            tables = inspect(db.engine).get_table_names()
            db.session.remove()
        client, bearer = app.test_client(), {"Authorization": f"Bearer {token}"}
        address = f"/control/api/{NAME}"
        body = {"text": "The canteen is closed.", "reason": WHY}
        posted = client.post(address, json=body, headers=bearer)
        words = [NAME, "post", "Back at noon.", "--reason", WHY]
        command = app.test_cli_runner().invoke(args=words)
        listed = client.get(address, headers=bearer).get_json()

        form = client.get("/control/sign-in").text
        csrf = re.findall(r'name="csrf_token" value="([^"]+)"', form)[0]
        client.post("/control/sign-in", data={"csrf_token": csrf, "glass": token})
        pages, text = {}, ""
        titles, did = {}, {}
        for language in ("en", "zh"):
            page = client.get(f"/control/{NAME}?lang={language}")
            with app.app_context():
                texts = catalogue(language)
            titles[language] = texts.get(f"{NAME}.title")
            did[language] = texts.get("did.notice.post")
            pages[language] = [page.status_code, f"<h1>{titles[language]}</h1>" in page.text]
            text = client.get("/control/").text
        version = re.findall(r"/static/([0-9a-f]+)/control/", text)[0]
        files = {
            one: client.get(f"/static/{version}/{NAME}/{one}").status_code
            for one in (f"{NAME}.html", f"{NAME}.js", "icon.svg")
        }
        with app.app_context():
            recorded = db.session.scalars(
                select(AuditRecord.action).where(AuditRecord.action == "notice.post")
            ).all()
            stored = events.of(app).stream.read()
            shown = [one.event.text for one in stored if type_of(one) == "notice.posted"]
            counted = Monitor.of(app).recorder.counter(SERIES).drain()
            db.session.remove()
            navigation = [one.key for one in reachable(RIGHTS)]
        return {
            "posted": [posted.status_code, (posted.get_json() or {}).get("text")],
            "command": [command.exit_code, command.output],
            "listed": [one["text"] for one in listed.get("items", ())],
            "recorded": list(recorded),
            "events": shown,
            "counted": counted,
            "described": help_of(SERIES),
            "keep_days": app.config.get("NOTICE_KEEP_DAYS"),
            "tables": tables,
            "pages": pages,
            "titles": titles,
            "did": did,
            "files": files,
            "navigation": navigation,
            "loaded": loaded,
        }


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    yoto.rooms.__path__.append(given["folder"])
    platform.ROOMS += (NAME,)  # type: ignore[assignment]
    with TemporaryDirectory() as instance:
        print(json.dumps(observed(given["config"], Path(instance)), ensure_ascii=False))
