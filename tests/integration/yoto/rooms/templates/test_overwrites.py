"""Templates as overwrites of a channel."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from app.extensions import permissions
from tests.integration.yoto.permission.town import Town
from yoto.errors import UnknownPermission, UnknownResource, ValidationFailed


def may(user_id: int, name: str, channel: int) -> bool:
    return permissions.check_permission(user_id, name, "channel", channel)


def test_a_level_can_be_all_that_a_role_may_do_in_a_channel(app: Flask, town: Town) -> None:
    with app.app_context():
        permissions.templates.apply(town.community.everyone_id, "message", "moderator")
        assert may(town.junior.id, "message.manage", town.channel)
        names = permissions.templates.overwrite("message", "reader", deny_beyond=True)
        permissions.set_overwrite(town.channel, role_id=town.community.everyone_id, **names)
        assert may(town.junior.id, "message.read_history", town.channel)
        for name in ("message.send", "message.pin", "message.manage"):
            assert not may(town.junior.id, name, town.channel)


def test_beyond_the_level_it_leaves_all_to_the_rest_unless_told_to_deny(app: Flask) -> None:
    with app.app_context():
        assert permissions.templates.overwrite("channel", "reader") == {
            "allow": ["channel.read", "message.read_history"],
            "deny": [],
        }


def test_it_denies_only_what_means_something_in_a_channel(app: Flask) -> None:
    with app.app_context():
        names = permissions.templates.overwrite("server", "reader", deny_beyond=True)
    assert names["deny"] == [
        "message.send",
        "message.pin",
        "message.manage",
        "channel.manage",
        "channel.overwrite",
    ]


@pytest.mark.parametrize(
    ("arguments", "error", "field"),
    [
        (("server", "moderator"), ValidationFailed, "level"),
        (("message", "boss"), ValidationFailed, "level"),
        (("forum", "reader"), UnknownResource, "template"),
        (("crud", "reader"), ValidationFailed, "resource"),
        (("crud", "reader", {"resource": "wiki"}), UnknownPermission, "template"),
    ],
)
def test_bad_input_is_refused_naming_the_field(
    app: Flask, arguments: tuple[Any, ...], error: type[ValidationFailed], field: str
) -> None:
    with app.app_context(), pytest.raises(error) as refused:
        permissions.templates.overwrite(*arguments)
    assert list(refused.value.errors) == [field]
