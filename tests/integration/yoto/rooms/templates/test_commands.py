"""``flask permission templates`` and ``apply-template``."""

from __future__ import annotations

import pytest
from flask import Flask

from app.extensions import permissions
from tests.support.world import World


def test_templates_are_shown_with_parameters_and_levels(app: Flask) -> None:
    ran = app.test_cli_runner().invoke(args=["permission", "templates"])
    assert ran.exit_code == 0, ran.output
    lines = ran.output.splitlines()
    assert "message: What somebody may do with messages" in lines
    assert "  moderator      message.pin, message.manage" in lines
    assert "  {scope}  The narrowest scope in which they mean something (default channel)" in lines


def test_apply_template_grants_replaces_and_registers(app: Flask, world: World) -> None:
    def run(*arguments: str) -> str:
        command = ["permission", "apply-template", str(role), *arguments]
        ran = app.test_cli_runner().invoke(args=command)
        assert ran.exit_code == 0, ran.output
        return ran.output

    def may(name: str) -> bool:
        with app.app_context():
            return permissions.check_permission(holder.id, name, "channel", harbour.channel_id)

    harbour = world.server()
    role = world.role(harbour)
    holder = world.member(harbour, None, role)
    in_server = ("--scope", "server", "--scope-id", str(harbour.id))
    assert "allows the 5 permissions of 'message: moderator'" in run(
        "message", "moderator", *in_server, "--reason", "a new crew"
    )
    assert may("message.pin")
    assert [act.reason for act in world.audit(harbour)] == ["a new crew"]
    run("message", "writer", *in_server, "--replace")
    assert not may("message.pin")
    run("crud", "writer", "--set", "resource=wiki.page", "--set", "scope=channel", "--register")
    assert may("wiki.page.update")


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("forum", "reader"), 1, "no template 'forum'"),
        (("message", "boss"), 1, "use one of reader, writer, moderator"),
        (("crud", "reader"), 1, "resource: must be given"),
        (("crud", "reader", "--set", "resource=wiki"), 1, "unknown permission 'wiki.read'"),
        (("crud", "reader", "--set", "wiki"), 2, "write it like resource=wiki.page"),
        (("message", "reader", "--scope", "server"), 1, "needs an id"),
    ],
)
def test_apply_template_names_what_is_wrong_and_stores_nothing(
    app: Flask, world: World, arguments: tuple[str, ...], status: int, said: str
) -> None:
    role = world.role(world.server())
    before = world.snapshot()
    command = ["permission", "apply-template", str(role), *arguments]
    ran = app.test_cli_runner().invoke(args=command)
    assert ran.exit_code == status and said in ran.output
    assert world.snapshot() == before
