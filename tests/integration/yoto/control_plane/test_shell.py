"""The data that a page brings along is the API's answer to the person who opens it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.integration.yoto.control_plane.conftest import OVERVIEW, Browser
from tests.support.world import Person, World
from yoto.control_plane import shell
from yoto.errors import StoreUnavailable
from yoto.operate.overrides import Overrides
from yoto.rooms.access_requests.room import ROOM

DATA = re.compile(r'id="page-data">(.*?)</script>', re.DOTALL)


def brought_to(browser: Browser) -> dict[str, Any]:
    page = browser.get(OVERVIEW)
    assert page.status_code == 200
    [data] = DATA.findall(page.text)
    found: dict[str, Any] = json.loads(data)["brought"]
    return found


@pytest.mark.parametrize("operates", [False, True])
def test_the_overview_brings_what_the_api_answers_to_the_same_person(
    browser: Browser, operator: Person, world: World, operates: bool
) -> None:
    if operates:
        world.assign(operator, world.role(None, "platform.operate", name="on duty"))
    browser.sign_in("olga")
    found = brought_to(browser)
    expected = {"/overrides", "/alerts/rules"} | (set(ROOM.brings()) if operates else set())
    assert set(found) == expected
    for address, answer in found.items():
        asked = browser.get(f"/control/api{address}").get_json()
        for one in (asked, answer):
            one.pop("at", None)
        assert answer == asked, address


def test_a_page_opens_without_what_cannot_be_had(
    browser: Browser, operator: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> Overrides:
        raise StoreUnavailable("redis")

    browser.sign_in("olga")
    monkeypatch.setattr(shell, "READERS", {**shell.READERS, "/overrides": away})
    assert set(brought_to(browser)) == {"/alerts/rules"}
