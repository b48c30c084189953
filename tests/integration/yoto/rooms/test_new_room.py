"""A new room is one folder and one name: the room of the guide, made from the blocks of the guide.

It is used in processes of its own, since its table and its event would be known to all tests.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.markdown import ROOT, blocks

MARK = "run by tests/integration/yoto/rooms/test_new_room.py as "
NAME, TABLE, SERIES = "notices", "yoto_notices", "yoto_notices_posted_total"
FILES = ("notices.html", "notices.js", "icon.svg")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of rooms that has this one."""
    found = tmp_path_factory.mktemp("rooms")
    for block in blocks(ROOT / "docs" / "rooms.md"):
        if block.comment.startswith(MARK):
            file = found / NAME / block.comment.removeprefix(MARK)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text, encoding="utf-8")
    return found


@pytest.fixture(scope="module")
def seen(
    folder: Path, valkey_server: Any, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, Any]]:
    """The observations with the room switched on, and off."""
    found = {}
    for state, rooms in (("on", NAME), ("off", "none")):
        config = {
            "ENVIRONMENT": "testing",
            "DATABASE_URL": f"sqlite:///{tmp_path_factory.mktemp(state)}/rooms.db",
            "REDIS_URL": valkey_server.url,
            "REDIS_KEY_PREFIX": f"new-room-{state}-{os.getpid()}:",
            "ROOMS": rooms,
        }
        given = json.dumps({"folder": str(folder), "config": config})
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "tests.integration.yoto.rooms.new_room", given],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        found[state] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.fixture(scope="module")
def on(seen: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return seen["on"]


@pytest.fixture(scope="module")
def off(seen: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return seen["off"]


def test_its_act_is_done_over_rest_and_by_the_terminal(on: dict[str, Any]) -> None:
    assert on["posted"] == [200, "The canteen is closed."]
    assert on["command"] == [0, "Posted: Back at noon.\n"]
    assert on["listed"] == ["Back at noon.", "The canteen is closed."]


def test_an_act_is_recorded_published_and_counted(on: dict[str, Any]) -> None:
    assert on["recorded"] == ["notice.post"] * 2
    assert on["events"] == ["The canteen is closed.", "Back at noon."]
    assert on["counted"] == 2
    assert on["described"] == "notices that operators posted"


def test_its_setting_and_its_table_are_there(on: dict[str, Any]) -> None:
    assert on["keep_days"] == 30.0
    assert TABLE in on["tables"]


def test_its_page_is_served_in_both_languages_with_its_files(on: dict[str, Any]) -> None:
    assert on["pages"] == {"en": [200, True], "zh": [200, True]}
    assert [on["files"][one] for one in FILES] == [404, 200, 200]
    assert on["titles"] == {"en": "Notices", "zh": "公告"}
    assert on["did"] == {"en": "Posted a notice", "zh": "发布了公告"}
    # After the page that it names.
    assert on["navigation"][on["navigation"].index("events") + 1] == NAME


def test_nothing_of_it_is_there_where_it_is_off(off: dict[str, Any]) -> None:
    assert off["loaded"] == []
    assert off["posted"][0] == off["pages"]["en"][0] == off["pages"]["zh"][0] == 404
    assert off["command"][0] == 2
    assert off["keep_days"] is None and TABLE not in off["tables"]
    assert off["described"] == ""
    assert off["titles"] == off["did"] == {"en": None, "zh": None}
    assert set(off["files"].values()) == {404}
    assert NAME not in off["navigation"]
