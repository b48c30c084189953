"""The modelling guide, whose models grow from step to step."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.support.openfga.store import PUBLIC_NAME, Asked, Store

HOUR = timedelta(hours=1)


def guide(step: int) -> Store:
    """Documents in folders, of the modelling guide from its fifth step on: a viewer waits until a
    document is published, and an editor does not.

    Args:
        step: 5 publishes; 6 adds a super-admin; 7 ends what they have after an hour; 8 adds roles
            of the organization's own; 9 a program that is its administrator; 10 one that may do
            some of it.
    """
    viewing = "document.view AND document.published OR document.edit"
    while_sam, program = [("", timedelta())], ""
    held: list[Any] = [
        ("anne", "editor", "folder:root"),
        ("bob", "editor", "document:welcome"),
        ("peter", "admin", "organization:acme"),
        ("team:everyone", "editor", "folder:root"),
        ("vera", "viewer", "folder:root"),
        (PUBLIC_NAME, "viewer", "document:roadmap"),
        (PUBLIC_NAME, "viewer", "document:draft"),
        (PUBLIC_NAME, "published", "document:roadmap"),
        (PUBLIC_NAME, "published", "document:news"),
    ]
    if step >= 6:
        ends = (HOUR,) if step >= 7 else ()
        held.append(("sam", "admin", "system:root", *ends))
        while_sam = [("sam", timedelta(seconds=9)), *(("", 24 * one) for one in ends)]
    managing: dict[str, str] = {}
    if step >= 8:
        held += [
            ("team:managers", "adds_admins", "organization:acme"),
            ("team:writers", "creates", "organization:acme"),
        ]
        managing = {"add_admin": "omar", "create": "edith"}
    if step == 9:
        held.append(("app_1", "admin", "organization:acme"))
        program = "app_1"
        managing = {name: f"{who} app_1" for name, who in managing.items()}
    if step == 10:
        held += [
            ("app_1", "creates", "organization:acme"),
            ("app_1", "edits", "organization:acme"),
        ]
        program = "app_1"
        managing["create"] += " app_1"
    people = "anne bob peter martin vera john sam omar edith"
    programs = "app_1 app_2" if step >= 9 else ""
    asked = [
        Asked("organization", f"organization.{name}", {"organization:acme": f"peter sam {who}"})
        for name, who in managing.items()
    ]
    for sam, after in while_sam:
        editing = f"anne peter martin {sam} {program}"
        viewed = {
            "document:welcome": f"{editing} bob",
            "document:draft": editing,
            "document:news": f"{editing} vera",
            "document:roadmap": f"{people} {programs}",
        }
        asked.append(Asked("document", viewing, viewed, after=after))
    return Store(
        types={
            "system": (),
            "organization": ("system",),
            "folder": ("organization", "folder"),
            "document": ("folder",),
        },
        roles={
            "admin": "document.edit organization.add_admin organization.create",
            "edits": "document.edit",
            "adds_admins": "organization.add_admin",
            "creates": "organization.create",
            "editor": "document.edit",
            "viewer": "document.view",
            "published": "document.published",
        },
        people=people,
        programs=programs,
        teams={
            "engineering": "martin",
            "everyone": "team:engineering",
            "managers": "omar",
            "writers": "edith",
        },
        nodes={
            "system:root": None,
            "organization:acme": "system:root",
            "folder:root": "organization:acme",
            "document:welcome": "folder:root",
            "document:draft": "folder:root",
            "document:news": "folder:root",
            "document:roadmap": None,
        },
        held=tuple(held),
        asked=tuple(asked),
    )
