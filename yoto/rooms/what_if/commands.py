"""``flask permission what-if``, ``compare``: dry runs of acts; two people side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from json import dumps
from typing import Annotated, Any

from flask.cli import AppGroup

from yoto.cli.operations import command
from yoto.cli.options import Scope, ScopeId, resource_of
from yoto.cli.permission import user_id_of
from yoto.nodes import GLOBAL_KIND
from yoto.rooms.what_if.report import ChangedVerdict, Differing, PersonChange, Side, WhatIf
from yoto.rooms.what_if.trying import TRYING

PAGE = 500  # people shown at a time
LISTS = ("permissions", "allow", "deny")

questions = AppGroup("permission")


@command(questions, "what-if <act> <fields>")
def what_if(
    act: str,
    fields: Mapping[str, Any] = {},
    json: Annotated[bool, "As JSON."] = False,
) -> Iterator[str]:
    """Show who would gain and lose which permissions by ACT (such as role.grant); change nothing.

    Its fields are those of its route: role_id=5 permissions=message.send,message.pin scope=server
    scope_id=7. A value is JSON, or else text.
    """
    given = {name: _value(name, value) for name, value in fields.items()} | {"act": act}
    pages = list(_pages(given))
    people = [one for page in pages for one in page.items]
    if json:
        found = pages[0].to_dict() | {
            "items": [item for page in pages for item in page.to_dict()["items"]],
            "judged": sum(page.judged for page in pages),
            "next_after": None,
            "complete": True,
        }
        yield dumps(found, indent=2)
        return
    for cell in pages[0].matrix:
        said = f"{cell.before or 'not set'} -> {cell.after or 'not set'}"
        yield f"role {cell.role} ({cell.role_id}): {cell.permission} in {cell.place}: {said}"
    for person in people:
        yield from _lines(person)
    gain, lose = (
        len({one.user_id for one in people if getattr(one, which)}) for which in ("gained", "lost")
    )
    yield f"{gain} would gain, {lose} would lose something."


@command(questions, "compare <user> <other>")
def compare(
    user: str,
    other: str,
    scope: Scope = GLOBAL_KIND,
    scope_id: ScopeId = None,
    json: Annotated[bool, "As JSON."] = False,
) -> Iterator[str]:
    """Show the permissions in a place that only one of USER and OTHER (usernames or ids) has."""
    found = TRYING.compare(user_id_of(user), user_id_of(other), *resource_of(scope, scope_id))
    if json:
        yield dumps(found.to_dict(), indent=2)
        return
    yield from _side(found.user, found.only_user, lambda one: (one.user_reason, one.other_reason))
    yield from _side(found.other, found.only_other, lambda one: (one.other_reason, one.user_reason))
    yield f"Both may: {', '.join(found.both) or 'nothing'}"


def _pages(act: Mapping[str, Any]) -> Iterator[WhatIf]:
    after: str | None = None
    while True:
        page = TRYING.try_act(act, after=after, limit=PAGE)
        yield page
        after = page.next_after
        if after is None:
            return


def _value(name: str, value: Any) -> Any:
    """Names may be written with commas between them."""
    return value.split(",") if name in LISTS and isinstance(value, str) else value


def _lines(person: PersonChange) -> Iterator[str]:
    for sign, verdicts in (("+", person.gained), ("-", person.lost)):
        for one in verdicts:
            yield f"{sign} {person.username or person.user_id}: {one.permission} in {_where(one)}"


def _where(one: ChangedVerdict) -> str:
    rest = one.count - len(one.places)
    more = f" and {rest} more" if rest else ""
    return f"{', '.join(one.places)}{more} ({one.before} -> {one.after})"


def _side(side: Side, only: tuple[Differing, ...], reasons: Any) -> Iterator[str]:
    roles = f" (roles: {', '.join(side.only_roles)})" if side.only_roles else ""
    yield f"Only {side.username or side.user_id}, {side.standing}{roles}:"
    for one in only:
        has, lacks = reasons(one)
        yield f"  {one.permission} ({has}; the other: {lacks})"
