"""Steps that tests of the control plane's pages share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from playwright.sync_api import Page, expect

from tests.support.process import RunningYoto
from tests.support.require import missing

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
GRAVE = ("moderate", "serious", "critical")
SESSION_COOKIE, SIGN_IN_MS, HEARD_MS = "yoto_session", 20_000, 30_000
# The cookies of those who signed in to a started application.
_sessions: WeakKeyDictionary[RunningYoto, dict[str, list[Any]]] = WeakKeyDictionary()
WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 390, "height": 844}


def sign_in(page: Page, yoto: RunningYoto, username: str = "admin", path: str = "/") -> None:
    """To a page of the control plane as somebody who may see it.

    Tries to sign in are limited, so a session that an earlier test began is gone on with.
    """
    page.context.add_cookies(_sessions.setdefault(yoto, {}).get(username, []))
    page.goto(f"{yoto.url}/control{path}")
    if page.locator("#username").count():
        fill_in(page, yoto, username)
        expect(page.locator("#username")).to_have_count(0, timeout=SIGN_IN_MS)
        if path != "/":
            page.goto(f"{yoto.url}/control{path}")
    cookies = page.context.cookies(f"{yoto.url}/control/")
    _sessions[yoto][username] = [one for one in cookies if one["name"] == SESSION_COOKIE]


def fill_in(page: Page, yoto: RunningYoto, username: str) -> None:
    """The form of the sign-in page, which is open."""
    page.fill("#username", username)
    page.fill("#password", yoto.accounts[username])
    page.click("button.primary")


def hear(page: Page) -> None:
    """Wait until the page is told what happens: what comes before that it may never hear of."""
    expect(page.locator("#connection [data-mode=live]")).to_have_count(1, timeout=HEARD_MS)


def fits(page: Page) -> bool:
    """Whether nothing of the page sticks out sideways."""
    width = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    return bool(page.evaluate(width))


def assert_accessible(page: Page) -> None:
    """axe finds nothing that matters on the page as it is now."""
    if not AXE.is_file():
        missing("axe-core is not installed (make test installs it)")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = page.evaluate(
        "async () => (await axe.run(document, {resultTypes: ['violations']})).violations"
    )
    grave = [
        {"rule": one["id"], "help": one["help"], "at": [node["target"] for node in one["nodes"]]}
        for one in found
        if one["impact"] in GRAVE
    ]
    assert not grave, json.dumps(grave, indent=1)
