"""A room that is off is missing with all that it adds, and nothing else is."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from flask import Flask

from app import settings
from tests.support.applications import another_app
from tests.support.commands_page import commands
from yoto import warm_up
from yoto.auth.operators import RIGHTS
from yoto.control_plane.language import LANGUAGES, catalogue
from yoto.control_plane.navigation import pages_of
from yoto.control_plane.pages import control
from yoto.control_plane.shell import reachable
from yoto.control_plane.socket.snapshots import event_topics
from yoto.control_plane.static_files import EXTENSION_KEY as ASSETS
from yoto.errors import ConfigurationError
from yoto.monitor import Monitor
from yoto.optimization import AdvancedOptimization
from yoto.parts.rooms import ALL, NONE, ROOMS, chosen
from yoto.permission import PermissionSystem
from yoto.resilience import FLEET, Kind, Resilience
from yoto.room import Room, of_rooms, rooms_of

Names = dict[str, str]  # the parts that are there, to their modules
# Modules that the application of this repository has beside a room, and only with it.
BESIDE = {
    "policies": ("app.blueprints.emergency", "app.cli.emergency"),
    "templates": ("app.blueprints.templates",),
}


def routes(app: Flask) -> Names:
    pages = {f"{control.name}.{page.key}": page for page in pages_of(rooms_of(app))}
    homes = {name: f"yoto.rooms.{page.room}.page" for name, page in pages.items() if page.room}
    # A page of sections is there as long as one of several rooms is: see ``pages``.
    shared = {name for name, page in pages.items() if page.of_sections}
    return {
        f"{sorted(rule.methods or ())} {rule}": homes.get(
            rule.endpoint, app.view_functions[rule.endpoint].__module__
        )
        for rule in app.url_map.iter_rules()
        if rule.endpoint not in shared
    }


def leaves(app: Flask) -> Names:
    return {name: getattr(one.callback, "__module__", "") for name, one in commands(app.cli)}


def pages(app: Flask) -> set[str]:
    with app.app_context():
        return {one.key for one in reachable(RIGHTS)}


def files(app: Flask) -> Names:
    """Style and scripts of pages."""
    return {
        "/".join(name): f"yoto.rooms.{name[0]}." if name[0] in ROOMS else ""
        for name in app.extensions[ASSETS].snapshot().files
    }


def texts(app: Flask) -> set[str]:
    with app.app_context():
        found = [set(catalogue(language)) for language in LANGUAGES]
    assert all(one == found[0] for one in found)
    return found[0]


def sources(app: Flask) -> Names:
    found = Monitor.of(app)._sources._sources
    called = {name: getattr(one, "_source", one) for name, one in found.items()}
    return {name: getattr(one, "__module__", "") for name, one in called.items()}


def live(app: Flask) -> set[str]:
    fields = Resilience.of(app)._config.default(Kind.TUNING, FLEET).describe()
    return {one["name"] for one in fields}


def topics(app: Flask) -> set[str]:
    with app.app_context():
        return set(event_topics())


def parts(app: Flask) -> set[str]:
    """Lines of the status that are none of the core."""
    with app.app_context():
        return {one.name for one in of_rooms(app, lambda room: room.parts)}


def locale(rooms: Iterable[Room]) -> list[Path]:
    return [file for one in rooms for file in (one.folder / "locale" / "en").glob("*.json")]


def keys(app: Flask) -> set[str]:
    return {key for room in rooms_of(app) for key in room.keys}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Flask]:
    """Applications by the rooms that they have."""
    apps: dict[str, Flask] = {}

    def one(rooms: str) -> Flask:
        if rooms not in apps:
            folder = tmp_path_factory.mktemp("rooms")
            with another_app({"ENVIRONMENT": "testing", "ROOMS": rooms}, folder) as app:
                apps[rooms] = app
        return apps[rooms]

    return one


@pytest.mark.parametrize("off", [*ROOMS, ALL])
def test_what_a_room_adds_is_missing_without_it_and_nothing_else_is(
    made: Callable[[str], Flask], off: str
) -> None:
    left = [name for name in ROOMS if name != off] if off != ALL else []
    whole, without = made(ALL), made(",".join(left) or NONE)
    gone_rooms = [name for name in ROOMS if name not in left]
    homes = tuple(f"yoto.rooms.{name}." for name in gone_rooms)
    homes += tuple(home for name in gone_rooms for home in BESIDE.get(name, ()))
    for listed in (routes, leaves, sources, files):
        before, after = listed(whole), listed(without)
        assert after.items() <= before.items()
        gone = {name: before[name] for name in before.keys() - after.keys()}
        assert all(home.startswith(homes) for home in gone.values()), gone
        assert not any(home.startswith(homes) for home in after.values())
    assert keys(without) == {key for room in chosen(left) for key in room.keys}
    of_gone = {one.key for one in pages_of(chosen(gone_rooms))} - {
        one.key for one in pages_of(chosen(left))
    }
    assert pages(without) == pages(whole) - of_gone
    gone_texts = [json.loads(one.read_text()) for one in locale(chosen(gone_rooms))]
    assert texts(without) == texts(whole).difference(*gone_texts)
    assert topics(without) == topics(whole) - {
        key for one in chosen(gone_rooms) for key in one.topics()
    }
    off_live = {key.lower() for room in chosen(gone_rooms) for key in room.live}
    assert live(without) == live(whole) - off_live
    assert parts(without) == parts(whole) - set(gone_rooms)


def test_each_room_is_in_a_folder_of_its_name() -> None:
    assert tuple(one.name for one in chosen(ALL)) == ROOMS


def test_a_name_that_is_no_room_stops_the_start() -> None:
    with pytest.raises(ConfigurationError, match="ROOMS: 'nonesuch' is no room"):
        settings.load(Flask("nobody"), {"ENVIRONMENT": "testing", "ROOMS": "nonesuch"})


@pytest.mark.parametrize("room", [one for one in chosen(ALL) if one.keys], ids=lambda one: one.name)
def test_a_setting_of_a_room_that_is_off_stops_the_start(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    [key, *_] = room.keys
    monkeypatch.setenv(f"YOTO_{key}", "1")
    with pytest.raises(ConfigurationError, match=f"without the room '{room.name}'"):
        settings.load(Flask("nobody"), {"ENVIRONMENT": "testing", "ROOMS": NONE})


def test_nothing_but_declarations_of_rooms_that_are_off_is_loaded(tmp_path: Path) -> None:
    code = (
        "import sys; from app import create_app;"
        "bare = {'ENVIRONMENT': 'testing', 'ROOMS': 'none'};"
        f"create_app(bare, instance_path={str(tmp_path)!r});"
        "print(*sorted(one for one in sys.modules if one.startswith('yoto.rooms.')))"
    )
    found = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True
    )
    assert found.returncode == 0, found.stderr
    loaded = {one.split(".", 3)[3] for one in found.stdout.split() if one.count(".") > 2}
    assert loaded and loaded <= {"room", "settings"}


def test_what_a_room_offers_is_an_attribute_only_where_the_room_is(
    made: Callable[[str], Flask],
) -> None:
    permissions = PermissionSystem()
    for rooms, there in ((ALL, True), (NONE, False)):
        with made(rooms).app_context():
            assert hasattr(permissions, "what_if") is there
    # Outside a context, too, anybody may ask whether an object has an attribute.
    assert not hasattr(permissions, "what_if") and not hasattr(permissions, "__deepcopy__")


def test_without_the_room_of_queues_nothing_can_be_queued(made: Callable[[str], Flask]) -> None:
    app = made(NONE)
    with app.app_context(), pytest.raises(RuntimeError, match="the room 'queues' is off"):
        AdvancedOptimization().enqueue("set_permissions", {})
    queued = ["cache", "invalidate", "user", "1", "--queued", "--reason", "import"]
    refused = app.test_cli_runner().invoke(args=queued)
    assert refused.exit_code == 2 and "needs the room 'queues'" in refused.output


def test_without_the_room_of_the_warm_up_nothing_is_counted_and_its_name_says_why(
    made: Callable[[str], Flask],
) -> None:
    for rooms, there in ((ALL, True), (NONE, False)):
        with made(rooms).app_context():
            assert ({"preload", "warm_up"} <= PermissionSystem().get_system_stats().keys()) is there
    app = made(NONE)
    with app.app_context():
        with pytest.raises(AttributeError, match="'warm_up'; if it is a room, it is off"):
            warm_up()
        with pytest.raises(RuntimeError, match="the room 'warm_up' is off"):
            AdvancedOptimization().hot.forget(1)
