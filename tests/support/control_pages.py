"""What tests of the control plane's pages do over and over."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from playwright.sync_api import Page, expect

from tests.support.process import RunningYoto
from tests.support.require import missing

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
GRAVE = ("serious", "critical")
# By application and username.
_sessions: WeakKeyDictionary[RunningYoto, dict[str, Any]] = WeakKeyDictionary()
WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 390, "height": 844}


def sign_in(page: Page, yoto: RunningYoto, username: str = "admin", path: str = "/") -> None:
    """From the bare address of the control plane to a page of it, as a person does it.

    Only the first time: an account that signs in for each test is soon held to be a guesser. Where
    the session has been ended since, another one begins.
    """
    sessions = _sessions.setdefault(yoto, {})
    if username in sessions:
        page.context.add_cookies([sessions[username]])
    page.goto(f"{yoto.url}/control/")
    if page.locator("#username").count():
        page.fill("#username", username)
        page.fill("#password", yoto.accounts[username])
        with page.expect_navigation():
            page.click("button.primary")
        if not page.locator("#username").count():
            sessions[username] = _session_of(page)
    if path != "/":
        expect(page.locator("#username")).to_have_count(0)
        page.goto(f"{yoto.url}/control{path}")


def _session_of(page: Page) -> Any:
    """The cookie of whoever is signed in; the page has put its CSRF token into it."""
    found = next(one for one in page.context.cookies() if one["name"] == "yoto_session")
    return {
        "name": found["name"],
        "value": found["value"],
        "domain": found["domain"],
        "path": found["path"],
        "httpOnly": True,
        "sameSite": found["sameSite"],
    }


def fits(page: Page) -> bool:
    """Whether nothing of the page sticks out sideways."""
    width = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    return bool(page.evaluate(width))


def assert_accessible(page: Page) -> None:
    """axe finds nothing serious on the page as it is now."""
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
