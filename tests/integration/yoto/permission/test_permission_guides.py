"""The examples of the guides to verdicts and what follows from them run as they are written."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import select

from app.extensions import permissions
from app.models import Channel
from tests.support.markdown import ROOT, blocks
from tests.support.world import World
from yoto.permission import require_permission
from yoto.permission.explain.changes import KINDS
from yoto.rooms.what_if.acts import ACTS
from yoto.store.db import db

DOCS = Path(__file__).parents[4] / "docs"
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)


def run(name: str, **names: Any) -> dict[str, Any]:
    """Execute the Python of a guide from top to bottom; the names that it ends with."""
    for body in BLOCK.findall((DOCS / name).read_text(encoding="utf-8")):
        exec(compile(body, name, "exec"), names)
    return names


def test_the_example_of_explanations(app: Flask, world: World, capsys: Any) -> None:
    harbour = world.server()
    person = world.member(harbour, timeout_until=world.soon())
    with app.app_context():
        names = run(
            "explain.md",
            permissions=permissions,
            user_id=person.id,
            channel_id=harbour.channel_id,
        )
        db.session.remove()
    assert names["found"].change.kind == "end_timeout"
    printed = capsys.readouterr().out
    for line in ("standing: member", "it would be allowed, smallest change first:"):
        assert line in printed.splitlines()
        assert line in (DOCS / "explain.md").read_text(encoding="utf-8").splitlines()


def test_the_examples_of_the_readme(app: Flask, world: World) -> None:
    """Those that say "run by" this file."""
    harbour = world.server()
    person = world.member(harbour, None)
    world.overwrite(channel=harbour.channel_id, user=person, deny=["message.send"])
    defined, asked = [one.text for one in blocks(ROOT / "README.md") if one.language == "python"]
    shop = Flask("shop")
    exec(compile(defined, "README.md", "exec"), {"app": shop})
    assert "send" in shop.view_functions
    names = {"user_id": person.id, "user_ids": [person.id], "channel_id": harbour.channel_id}
    imported, calls = asked.replace("7)", f"{harbour.id})").strip().split("\n\n")
    exec(imported, names)
    with app.app_context():
        answers = [eval(line, names) for line in calls.splitlines()]
        db.session.remove()
    assert answers == [False, "overwrite_denied", [False, False], {person.id: True}]


def test_the_example_of_searches(app: Flask, world: World) -> None:
    harbour = world.server()
    with app.app_context():
        names = run(
            "search.md",
            permissions=permissions,
            db=db,
            select=select,
            Channel=Channel,
            user_id=harbour.owner.id,
            server_id=harbour.id,
            channel_id=harbour.channel_id,
        )
        assert names["page"].ids == (harbour.owner.id,)
        assert names["silent"].ids == names["readers"].ids == ()
        db.session.remove()


def test_the_example_of_access_reviews(app: Flask, world: World, capsys: Any) -> None:
    harbour = world.server(world.user("mara"))
    with app.app_context():
        names = run("access-review.md", permissions=permissions, channel_id=harbour.channel_id)
        db.session.remove()
    assert capsys.readouterr().out == "mara owner None ['owner']\n"
    assert names["found"].permission == "message.pin"


def test_the_example_of_access_requests(app: Flask, world: World, capsys: Any) -> None:
    harbour = world.server()
    person = world.member(harbour, None)
    with app.app_context():
        run(
            "access-requests.md",
            permissions=permissions,
            user_id=person.id,
            owner_id=harbour.owner.id,
            channel_id=harbour.channel_id,
        )
        db.session.remove()
    assert capsys.readouterr().out == "granted True\nFalse\n"


def test_the_example_of_acts_that_nobody_has_done(app: Flask, world: World, capsys: Any) -> None:
    harbour = world.server()
    crew = world.role(harbour, "message.manage", name="crew")
    anna = world.member(harbour, world.user("anna"), crew)
    ben = world.member(harbour)
    with app.app_context():
        names = run(
            "what-if.md",
            permissions=permissions,
            role_id=crew,
            server_id=harbour.id,
            channel_id=harbour.channel_id,
            anna=anna.id,
            ben=ben.id,
        )
        db.session.remove()
    place = f"('channel:{harbour.channel_id}',)"
    assert capsys.readouterr().out == f"anna message.pin {place} not_granted -> granted\n"
    assert [one.permission for one in names["found"].only_user] == ["message.manage"]
    fields = dict(
        re.findall(r"^\| `([\w.]+)`(?:, `[\w.]+`)? \| (.*) \|$", guide("what-if.md"), re.M)
    )
    for name in ("role.grant", "role.assign", "overwrite.set", "group.add", "role.update"):
        declared = set(ACTS[name].fields)
        assert declared == set(re.findall(r"`(\w+)`", fields[name])) & declared, name


def guide(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def test_the_example_of_templates(app: Flask, world: World) -> None:
    harbour = world.server()
    role = world.role(harbour)
    holder = world.member(harbour, None, role)
    guests = world.role(harbour)
    guest = world.member(harbour, None, guests)
    with app.app_context():
        names = run(
            "templates.md",
            permissions=permissions,
            require_permission=require_permission,
            role_id=role,
            guests=guests,
            server_id=harbour.id,
            channel_id=harbour.channel_id,
        )
        for name in ("wiki.page.update", "news.reply"):
            assert permissions.check_permission(holder.id, name, "server", harbour.id)
        for name in names["names"]["deny"]:
            assert not permissions.check_permission(guest.id, name, "channel", harbour.channel_id)
        db.session.remove()


def test_every_template_is_described_as_it_is(app: Flask) -> None:
    text = (DOCS / "templates.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", text, re.MULTILINE))
    with app.app_context():
        for template in permissions.templates.all():
            described = []
            for level in rows.pop(template.name).split(" · "):
                name, *adds = re.findall(r"`([^`]+)`", level)
                described.append((name, adds))
            assert described == [
                (level.name, [spec.name for spec in level.permissions]) for level in template.levels
            ]
    assert rows == {}


def test_every_kind_of_change_is_explained() -> None:
    text = (DOCS / "explain.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    assert sorted(re.findall(r"`(\w+)`", "".join(rows))) == sorted(KINDS)
