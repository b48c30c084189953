"""``flask yoto permission test``: a model as a file, with facts and assertions about them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import click
from flask.cli import AppGroup

from .parts import FilePart, Flaw, read
from .world import World, blaming, node_of, world_of

MODEL = frozenset({"types", "permissions", "roles", "facts", "tests"})
TEST = frozenset({"name", "check", "list_resources", "list_users"})
CHECK = frozenset({"user", "at", "assertions"})
RESOURCES = frozenset({"user", "type", "assertions"})
USERS = frozenset({"at", "assertions"})
FAILED_EXIT = 1

models = AppGroup("permission", help="Test a model of permissions.")


class Found(NamedTuple):
    """The result of an assertion.

    Attributes:
        part: its place in the file.
        question: the question that was asked.
        wanted, found: the answer in the file, and the platform's.
        why: the platform's explanation, if the question is about one verdict.
    """

    part: FilePart
    question: str
    wanted: Any
    found: Any
    why: str = ""


@models.command("test", with_appcontext=False)
@click.argument("file", type=click.Path(path_type=Path))
def test(file: Path) -> None:
    """Test the model of permissions in FILE, YAML or JSON: its types, roles, facts and assertions.
    Exit status 1 when an assertion fails, 2 when the file has a flaw. The application's own data is
    not touched.
    """
    model = read(file)
    model.mapping(MODEL)
    tests = list(model.part("tests").items())
    if not tests:
        raise Flaw(f"{file.name}: 'tests' has none")
    count, failed = 0, []
    with world_of(model) as world:
        for one in tests:
            name = one.needed("name").text()
            for found in _found(world, one):
                count += 1
                if found.found != found.wanted:
                    failed.append((name, found))
    if not failed:
        click.echo(f"{len(tests)} tests, {count} assertions: all hold")
        return
    name, first = failed[0]
    click.echo(f"{first.part.place}")
    click.echo(f"{name}: {first.question}: {_text(first.found)}, not {_text(first.wanted)}")
    if first.why:
        click.echo(first.why)
    click.echo(f"{len(failed)} of {count} assertions fail")
    sys.exit(FAILED_EXIT)


def _found(world: World, test: FilePart) -> Iterator[Found]:
    test.mapping(TEST)
    for one in test.part("check").items():
        yield from _checks(world, one)
    for one in test.part("list_resources").items():
        yield from _resources(world, one)
    for one in test.part("list_users").items():
        yield from _users(world, one)


def _checks(world: World, one: FilePart) -> Iterator[Found]:
    said = one.mapping(CHECK)
    user = one.needed("user")
    who = world.subject(user)
    place = node_of(said["at"]) if "at" in said else ()
    where = f" at {said['at'].value}" if place else ""
    for name, part in _assertions(one):
        with blaming(part):
            found = world.permissions.check_permission(who, name, *place)
            wanted, why = part.flag(), ""
            if found != wanted:
                why = world.permissions.explain(who, name, *place).text
        yield Found(part, f"{user.value} {name}{where}", wanted, found, why)


def _resources(world: World, one: FilePart) -> Iterator[Found]:
    one.mapping(RESOURCES)
    user, type_ = one.needed("user"), one.needed("type").text()
    who = world.subject(user)
    for name, part in _assertions(one):
        with blaming(part):
            found = _all(world.permissions.list_resources, who, name, type_)
        question = f"{type_}s that {user.value} may {name}"
        yield Found(part, question, sorted(part.texts()), sorted(found))


def _users(world: World, one: FilePart) -> Iterator[Found]:
    one.mapping(USERS)
    at = one.needed("at")
    for name, part in _assertions(one):
        wanted = world.names(world.person(each) for each in part.items())
        with blaming(part):
            found = _all(world.permissions.list_users, name, *node_of(at))
        yield Found(part, f"people who may {name} at {at.value}", wanted, world.names(found))


def _assertions(one: FilePart) -> Iterator[tuple[str, FilePart]]:
    found = one.needed("assertions").mapping()
    if not found:
        one.fail("'assertions' has none")
    yield from found.items()


def _all(ask: Any, *question: Any) -> list[Any]:
    """The ids of all pages."""
    found: list[Any] = []
    after = None
    while True:
        page = ask(*question, after=after, limit=1000)
        found += page.ids
        after = page.next_after
        if after is None:
            return found


def _text(answer: Any) -> str:
    if isinstance(answer, bool):
        return "allowed" if answer else "denied"
    return ", ".join(answer) or "none"
