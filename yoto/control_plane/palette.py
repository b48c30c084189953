"""One search over everything: named things, pages, and acts, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, TypedDict

from flask import current_app
from marshmallow.validate import Length

from yoto.auth.operators import ADMIN, OPERATE, VIEW, may
from yoto.control_plane.language import catalogue, current_language, translate
from yoto.control_plane.navigation import pages_of
from yoto.http.operation import Subject
from yoto.http.shapes import Between
from yoto.operate.application import of_application
from yoto.operate.finding import fits, hits, people, roles
from yoto.operate.overrides import page_at
from yoto.operate.permissions.shapes import SEARCH_LENGTH
from yoto.persistence import DATABASE
from yoto.resilience import REDIS_BREAKER, Kind, get_resilience_controller
from yoto.room import rooms_of

OF_A_KIND, MOST_OF_A_KIND = 4, 20
TABS = ("explain", "search", "matrix")
PARTS = ("maintenance", "log_level")  # of the settings page, beside the sections of rooms

palette = Subject("palette", "/search", "Everything by its name, and acts", "result")


class Result(TypedDict):
    """A link to a page."""

    kind: Annotated[str, "`person`, `role`, `guard`, `page`, `act`, ..., or a type of resources"]
    of: Annotated[str, "As in `/names`; empty where it has no such text"]
    title: Annotated[str, "In the language of who asks, where it is a text of ours"]
    hint: str | None
    where: Annotated[str, "Page below `/control/`, with what it shows"]


class Results(TypedDict):
    """The results, the most likely first."""

    items: list[Result]


@palette.operation("GET", "", VIEW)
def find_anything(
    text: Annotated[str, Length(1, SEARCH_LENGTH)],
    limit: Annotated[int, Between(1, MOST_OF_A_KIND), "Of each kind"] = OF_A_KIND,
) -> Results:
    """People, resources, roles, guards, policies, alerts, pages and acts by name

    Names are those of `/names`. Acts are those that the caller may do, and lead to the dialog that
    asks for a reason. The id of a request finds its records, which takes `admin.audit`.
    """
    wanted = text.strip()
    if not wanted:
        return {"items": []}
    found = [*_things(wanted, limit), *_pages(wanted, limit), *_acts(wanted, limit)]
    return {"items": list({(one["kind"], one["where"]): one for one in found}.values())}


def _things(text: str, limit: int) -> Iterator[Result]:
    for hit in hits(text, limit, _called):
        hint = translate(f"kind.{hit.hint}") if hit.kind == "guard" else hit.hint
        yield _result(hit.kind, hit.name, hit.where, hit.of, hint)


def _result(kind: str, title: str, where: str, of: str = "", hint: str | None = None) -> Result:
    return {"kind": kind, "of": of, "title": title, "hint": hint, "where": where}


def _called(kind: str, name: str) -> str:
    return catalogue(current_language()).get(f"{kind}.{name}", name)


def _pages(text: str, limit: int) -> Iterator[Result]:
    """Pages of the navigation, and places on them, that the caller may open."""
    found: list[Result] = []
    parts = [*PARTS]
    for page in pages_of(rooms_of(current_app)):
        parts += (one.key for one in page.sections if page.key == "settings")
        title = translate(f"{page.key}.title")
        if may(page.right) and fits(f"{page.key} {title}", text):
            found.append(_result("page", title, page.path.removeprefix("/")))
    own = (one.name.removesuffix("_control") for one in of_application().routes)
    parts += (one for one in own if one != "operators" or may(ADMIN))
    for page_key, parameter, names in (
        ("permissions", "tab", TABS),
        ("settings", "part", parts),
    ):
        for name in names:
            called = catalogue(current_language()).get(f"{page_key}.{name}")
            of_page = translate(f"{page_key}.title")
            if called is not None and fits(f"{called} {of_page}", text):
                where = page_at(page_key, **{parameter: name})
                found.append(_result("place", called, where, hint=of_page))
    yield from found[: 2 * limit]


def _acts(text: str, limit: int) -> Iterator[Result]:
    """Acts on the named thing, and acts that need no name."""
    if may(OPERATE):
        title = translate("palette.act.maintenance")
        if fits(title, text):
            yield _act(title, page_at("settings", part="maintenance", act="begin"))
        yield from _acts_on_guards(text, limit)
        yield from _acts_on_roles(text, limit)
    # The name is the whole text, or its last word: "invalidate mara".
    found = list(people(text, limit)) or list(people(text.split()[-1], limit))
    for hit in found:
        title = translate("palette.act.why", name=hit.name)
        if fits(title, text):
            yield _act(title, page_at("permissions", tab="explain", username=hit.name))
        title = translate("palette.act.invalidate", name=hit.name)
        if may(OPERATE) and fits(title, text):
            yield _act(title, page_at("cache", act="invalidate", target=hit.of))


# Acts on a guard of each kind, by the names of the dialogs on its card.
_ACTS_ON = {
    Kind.CIRCUIT_BREAKER: ("isolate", "close", "reset", "edit"),
    Kind.RATE_LIMIT: ("edit", "reset_key"),
    Kind.BULKHEAD: ("edit", "release"),
}


def _acts_on_guards(text: str, limit: int) -> Iterator[Result]:
    for kind, acts in _ACTS_ON.items():
        names = sorted(get_resilience_controller().known_names(kind))
        if kind is Kind.CIRCUIT_BREAKER:
            names = [one for one in names if one != REDIS_BREAKER]
            names = [one for one in names if one != DATABASE or may(ADMIN)]
        called = translate(f"kind.{kind.value}")
        for act in acts:
            titles = [
                (one, translate(f"palette.act.{act}", name=one, kind=called)) for one in names
            ]
            for name, title in [one for one in titles if fits(one[1], text)][:limit]:
                yield _act(title, page_at("guards", guard=f"{kind.value}:{name}", act=act))


def _acts_on_roles(text: str, limit: int) -> Iterator[Result]:
    """Acts on roles whose name is the whole text, or its last word: "assign steward"."""
    texts = catalogue(current_language())
    # A change is tried where a room has words for that.
    acts = ("try", *(("give",) if may(ADMIN) else ()))
    titles = [(act, texts[key]) for act in acts if (key := f"palette.act.{act}") in texts]
    for hit in list(roles(text, limit)) or list(roles(text.split()[-1], limit)):
        for act, title in [(act, form.format(name=hit.name)) for act, form in titles]:
            if fits(title, text):
                yield _act(title, f"{hit.where}?act={act}")


def _act(title: str, where: str) -> Result:
    return _result("act", title, where)
