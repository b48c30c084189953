"""What tests of the control plane's pages do over and over."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.support.process import RunningYoto
from tests.support.require import missing

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
GRAVE = ("serious", "critical")
WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 390, "height": 844}


# Sessions that are open, by address and account: who signs in often is kept from it for a while.
_sessions: dict[tuple[str, str], Any] = {}


def sign_in(page: Page, yoto: RunningYoto, username: str = "admin", path: str = "/") -> None:
    """From the bare address of the control plane to a page of it, as a person does it.

    Whoever wants another page than the first one may have a session of a test before.
    """
    known = _sessions.get((yoto.url, username))
    if path != "/" and known is not None:
        page.context.add_cookies([known])
        page.goto(f"{yoto.url}/control{path}")
        if "/sign-in" not in page.url:
            return
    page.goto(f"{yoto.url}/control/")
    page.fill("#username", username)
    page.fill("#password", yoto.accounts[username])
    page.click("button.primary")
    if path != "/":
        expect(page.locator("#username")).to_have_count(0)
        cookies = page.context.cookies(f"{yoto.url}/control/")
        _sessions[yoto.url, username] = next(c for c in cookies if c["name"] == "yoto_session")
        page.goto(f"{yoto.url}/control{path}")


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
