"""Operators edit live configuration: tried first, changed by version, taken back."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from app.extensions import cache
from app.guards import GUARDS
from tests.support.operators import RIGHTS, WHY, ControlClient, control_client
from tests.support.world import World

PATH = "/config/rate_limit/invite.use"
SENDING = "/config/rate_limit/message.send"
FIVE = {"dimensions": {"user": {"limit": 5}}}
NINE = {"dimensions": {"user": {"limit": 9}}, "algorithm": "sliding_log"}


@pytest.fixture
def operator(app: Flask, world: World) -> ControlClient:
    return control_client(app, world, *RIGHTS)


def test_an_entry_is_changed_by_its_version_and_taken_back(
    operator: ControlClient, world: World
) -> None:
    first = operator.get(PATH)
    assert (first.headers["ETag"], first.json["override"]) == ('"0"', None)
    put = operator.put(PATH, first.headers["ETag"], values=FIVE, expires_in=600)
    assert put.status_code == 200 and put.headers["ETag"] == '"1"' and put.json["live"]
    override = put.json["override"]
    assert (override["reason"], override["values"]) == (WHY, FIVE) and override["expires_at"]
    assert put.json["origins"]["dimensions"] == "operator"
    assert put.json["defaults"]["dimensions"] == {"user": {"limit": 20, "window": 600.0}}
    # The values that are put are all that operators set.
    again = operator.put(PATH, '"1"', values={"algorithm": "sliding_log"})
    assert again.json["override"]["values"] == {"algorithm": "sliding_log"}
    gone = operator.send("DELETE", PATH, {"reason": WHY}, If_Match='"2"')
    assert gone.status_code == 200 and gone.json["override"] is None
    assert gone.json["values"] == gone.json["defaults"]
    assert len(world.acts("resilience.config.set")) == 2
    assert len(world.acts("resilience.config.delete")) == 1


def test_history_is_read_in_slices_and_any_version_can_be_had_again(
    operator: ControlClient,
) -> None:
    for version in range(3):
        values = {"dimensions": {"user": {"limit": 10 + version}}}
        assert operator.put(PATH, f'"{version}"', values=values).status_code == 200
    page = operator.get(f"{PATH}/history", limit=2).json
    assert [one["version"] for one in page["items"]] == [3, 2] and page["next"] == 2
    rest = operator.get(f"{PATH}/history", after=2).json
    assert [one["version"] for one in rest["items"]] == [1] and rest["next"] is None
    back = operator.send(
        "POST", f"{PATH}/rollback", {"reason": WHY, "to_version": 1}, If_Match='"3"'
    )
    assert back.json["override"]["values"] == {"dimensions": {"user": {"limit": 10}}}
    assert back.json["override"]["action"] == "rollback" and back.headers["ETag"] == '"4"'


def test_the_second_of_two_operators_is_told_and_sees_the_difference(
    operator: ControlClient, world: World
) -> None:
    operator.put(PATH, '"0"', values=FIVE)
    theirs = {"dimensions": {"user": {"limit": 7}}}
    assert operator.put(PATH, '"1"', values=theirs).status_code == 200
    late = operator.put(PATH, '"1"', values=NINE)
    assert (late.status_code, late.headers["ETag"]) == (412, '"2"')
    assert late.json["current_version"] == 2
    assert late.json["current"]["override"]["values"] == theirs
    assert late.json["difference"] == [
        {"field": "algorithm", "base": None, "theirs": None, "yours": "sliding_log"},
        {
            "field": "dimensions",
            "base": FIVE["dimensions"],
            "theirs": theirs["dimensions"],
            "yours": NINE["dimensions"],
        },
    ]
    assert len(world.acts("resilience.config.set")) == 2
    assert operator.put(PATH, late.headers["ETag"], values=NINE).status_code == 200


@pytest.mark.parametrize("tags", ['"7", "1"', '"0","1"', 'W/"1", "1"'])
def test_one_of_a_list_of_tags_must_be_the_present_one(operator: ControlClient, tags: str) -> None:
    operator.put(PATH, '"0"', values=FIVE)
    assert operator.put(PATH, '"5", "9"', values=NINE).status_code == 412
    changed = operator.put(PATH, tags, values=NINE)
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')


def test_a_weak_tag_matches_nothing(operator: ControlClient) -> None:
    assert operator.put(PATH, 'W/"0"', values=FIVE).status_code == 412
    assert operator.get(PATH).json["version"] == 0


def test_who_has_the_version_already_is_told_so_without_a_body(operator: ControlClient) -> None:
    tag = operator.get(PATH).headers["ETag"]
    seen = operator.send("GET", PATH, If_None_Match=tag)
    assert (seen.status_code, seen.data, seen.headers["ETag"]) == (304, b"", tag)
    assert operator.send("GET", PATH, If_None_Match='"17"').status_code == 200


@pytest.mark.parametrize(
    ("if_match", "status"), [(None, 428), ("*", 428), ('"x"', 422), ('""', 422)]
)
def test_who_does_not_say_what_they_saw_changes_nothing(
    operator: ControlClient, world: World, if_match: str | None, status: int
) -> None:
    headers = {} if if_match is None else {"If_Match": if_match}
    for method, path, body in (
        ("PUT", PATH, {"values": FIVE}),
        ("DELETE", PATH, {}),
        ("POST", f"{PATH}/rollback", {"to_version": 0}),
    ):
        refused = operator.send(method, path, {"reason": WHY, **body}, **headers)
        assert refused.status_code == status, (method, refused.text)
    assert operator.get(PATH).json["version"] == 0


@pytest.mark.parametrize(
    ("path", "values", "status", "field"),
    [
        (PATH, {"limit": -1}, 422, "limit"),
        (PATH, {"colour": "red"}, 422, "colour"),
        (PATH, {}, 422, "values"),
        (PATH, {"dimensions": {"planet": {}}}, 422, "dimensions"),
        ("/config/hologram/x", FIVE, 404, "kind"),
        ("/config/rate_limit/misspelt", FIVE, 404, "name"),
        ("/config/circuit_breaker/redis", {"window_size": 5}, 422, "name"),
        ("/config/forced_breaker/database", {"state": "isolated"}, 422, "kind"),
        ("/config/log/fleet", {"level": "DEBUG"}, 422, "kind"),
        ("/config/tuning/fleet", {"dismissed": ["x"]}, 422, "dismissed"),
        ("/config/tuning/fleet", {"trial": None}, 422, "trial"),
        ("/config/tuning/fleet", {"cache_users_size": 0}, 422, "cache_users_size"),
        ("/config/tuning/fleet", {"invalidation_strategy": "x"}, 422, "invalidation_strategy"),
        ("/config/tuning/other", {"cache_users_size": 9}, 422, "name"),
    ],
)
def test_what_is_refused_names_its_field(
    operator: ControlClient, path: str, values: dict[str, Any], status: int, field: str
) -> None:
    refused = operator.put(path, '"0"', values=values)
    assert (refused.status_code, list(refused.json["errors"])) == (status, [field]), refused.text


def test_values_can_be_looked_at_before_they_are_set(operator: ControlClient) -> None:
    good = operator.send("POST", f"{PATH}/validate", {"values": FIVE}).json
    assert good == {
        "valid": True,
        "errors": {},
        "difference": [
            {
                "field": "dimensions",
                "before": {"user": {"limit": 20, "window": 600.0}},
                "after": FIVE["dimensions"],
            }
        ],
    }
    bad = operator.send("POST", f"{PATH}/validate", {"values": {"window": 0}}).json
    assert bad["valid"] is False and list(bad["errors"]) == ["window"]
    assert operator.get(PATH).json["version"] == 0


def test_the_fields_of_a_kind_are_described(operator: ControlClient) -> None:
    shown = operator.get("/config/bulkhead").json
    fields = {one["name"]: one for one in shown["fields"]}
    assert fields["max_concurrent"]["type"] == "whole" and fields["lease"]["unit"] == "s"
    assert fields["strategy"]["choices"] == ["name", "user", "server", "request_type"]
    assert {one["name"] for one in shown["items"]} == {
        name for name, parts in GUARDS.items() if "bulkhead" in parts
    }
    for kind in ("circuit_breaker", "rate_limit", "degradation", "switch", "tuning", "log"):
        described = operator.get(f"/config/{kind}").json["fields"]
        assert described and all(one["type"] for one in described)


@pytest.mark.parametrize("kind", ["switch", "degradation"])
def test_what_nothing_in_the_code_is_called_is_not_stored(
    operator: ControlClient, world: World, kind: str
) -> None:
    values = {"enabled": True} if kind == "switch" else {"level": "light"}
    refused = operator.put(f"/config/{kind}/misspelt", '"0"', values=values)
    assert (refused.status_code, list(refused.json["errors"])) == (404, ["name"])
    assert world.acts("resilience.config.set") == []


def test_what_processes_remember_is_changed_as_a_limit_is(
    app: Flask, operator: ControlClient, world: World
) -> None:
    path, size = "/config/tuning/fleet", cache.of(app).settings.users.size
    first = operator.get(path)
    assert first.json["values"]["cache_users_size"] == size
    # By what it is about, too.
    assert operator.get("/config/cache/fleet").json == first.json
    put = operator.put(path, '"0"', values={"cache_users_size": 9000}, expires_in=600)
    assert (put.status_code, put.headers["ETag"], put.json["live"]) == (200, '"1"', True)
    assert put.json["origins"]["cache_users_size"] == "operator"
    assert put.json["defaults"]["cache_users_size"] == size
    assert cache.of(app).stats().capacities["users"] == 9000
    assert operator.put(path, '"0"', values={"cache_users_size": 8}).status_code == 412
    gone = operator.send("DELETE", path, {"reason": WHY}, If_Match='"1"')
    assert gone.status_code == 200 and cache.of(app).stats().capacities["users"] == size
    back = operator.send(
        "POST", f"{path}/rollback", {"reason": WHY, "to_version": 1}, If_Match='"2"'
    )
    assert back.status_code == 200 and cache.of(app).stats().capacities["users"] == 9000
    newest = operator.get(f"{path}/history", limit=3).json["items"]
    assert [one["action"] for one in newest] == ["rollback", "delete", "set"]
    assert len(world.acts("resilience.config.set")) == 1


def test_a_switch_of_the_code_shows_what_holds_and_is_turned(operator: ControlClient) -> None:
    path = "/config/switch/prefetch.recording"
    assert operator.get(path).json["values"] == {"enabled": True}
    turned = operator.put(path, '"0"', values={"enabled": False})
    assert turned.status_code == 200 and turned.json["values"] == {"enabled": False}
