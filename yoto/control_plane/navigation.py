"""The pages of the control plane, in the order of the navigation.

A page has its template ``control/<key>.html``, its module ``static/<key>.js`` (with parts
of it in the folder ``<key>`` beside it), an icon of its key in ``static/icons.svg``, and
texts in the areas it names; its own area is ``<key>`` and holds ``<key>.title``. An entry here is
enough to serve and link a page. ``DETAILS`` are pages of one thing each: links lead to them, not
the navigation, and their paths name the thing.

A room declares its pages in ``Room.pages``. Its folder ``page`` has ``<key>.html``, ``<key>.js``
and ``icon.svg``; ``locale``, beside it, has the texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from yoto.auth.operators import VIEW
from yoto.room import Room

CONTROL = "control"  # the folder of the pages of the core, in addresses of files


@dataclass(frozen=True, slots=True)
class Page:
    """One page.

    Attributes:
        key: its name in addresses of the code: ``url_for("control.<key>")``.
        path: below ``/control``; a section has none.
        right: needed to open it.
        texts: further areas of texts that its module uses.
        live: whether the page follows changes of the platform; else it shows its last read.
        part_of: for a page of one thing, the page whose entry in the navigation is marked.
        brings: responses of the API that come with it alone, see ``yoto.control_plane.shell``.
        after: for a page of a room, the page of the core that it follows in the navigation; for a
            section with a template, the card that it follows, "headline" for the top of the page.
        on: for a section of a room on a page of the core, the key of that page.
        links: addresses below ``/control/`` by what scripts link to, whose id or query is added.
        counted: whether its entry in the navigation has a count, which ``count.js`` beside its
            module keeps on every page.
        of_sections: whether it consists of sections, and is only there where there are some.
        room: the room that it is from, "": the core; ``pages_of`` sets it, and ``sections``.
    """

    key: str
    path: str = ""
    right: str = VIEW
    texts: tuple[str, ...] = ()
    live: bool = True
    part_of: str | None = None
    brings: tuple[str, ...] = ()
    after: str = ""
    on: str = ""
    links: tuple[tuple[str, str], ...] = ()
    counted: bool = False
    of_sections: bool = False
    room: str = ""
    sections: tuple[Page, ...] = ()

    @property
    def areas(self) -> tuple[str, ...]:
        """The areas of texts that the browser gets."""
        more = (name for one in self.sections for name in (one.key, *one.texts))
        return (*SHARED_TEXTS, self.key, *self.texts, *more)

    @property
    def modules(self) -> list[tuple[str, str]]:
        """The folders and paths of its modules, in the order in which they run, without what they
        import. Sections are first: what they offer to its module is there when it runs.
        """
        with_one = self.sections if self.of_sections else (*self.sections, self)
        return [(one.room or CONTROL, f"{one.key}.js") for one in with_one]

    @property
    def counter(self) -> tuple[str, str]:
        """The folder and path of the module of its count."""
        return self.room, "count.js"

    @property
    def template(self) -> str:
        """The name of its template."""
        return f"rooms/{self.room}/{self.key}.html" if self.room else f"control/{self.key}.html"

    @property
    def icon(self) -> str:
        """The name of the template of its icon, for a page of a room."""
        return f"rooms/{self.room}/icon.svg"


# Texts of the shared modules.
SHARED_TEXTS = ("shared", "palette", "states", "units", "headline")

PAGES = (
    Page("overview", "/", texts=("status", "help", "reasons")),
    Page("guards", "/guards", texts=("help",)),
    Page("permissions", "/permissions", texts=("acts", "reasons"), live=False),
    Page("cache", "/cache", texts=("guards", "help")),
    Page("queues", "/queues"),
    Page("events", "/events", texts=("acts",)),
    Page("audit", "/audit", texts=("acts",)),
    Page("instances", "/instances", texts=("help",)),
    Page("suggestions", "/suggestions", of_sections=True),
    Page("settings", "/settings"),
)

DETAILS = (
    Page(
        "person",
        "/people/<who>",
        texts=("permissions", "acts", "audit", "reasons"),
        part_of="permissions",
    ),
    Page("guard", "/guards/<name>", texts=("guards", "help"), part_of="guards"),
    Page(
        "resource",
        "/resources/<kind>/<node:node>",
        texts=("permissions", "acts", "audit", "person", "reasons"),
        part_of="permissions",
    ),
    Page(
        "role",
        "/roles/<role_id>",
        texts=("permissions", "acts", "audit", "person", "resource", "reasons"),
        part_of="permissions",
    ),
)


def pages_of(rooms: Sequence[Room]) -> list[Page]:
    """The pages of an application with ``rooms``, in the order of the navigation.

    Raises:
        ValueError: a room's page follows, or a section stands on, a page that the core lacks.
    """
    more = _of(tuple(rooms))
    found = []
    for core in PAGES:
        page = _with_sections(core, more)
        found += [page] if page.sections or not core.of_sections else []
        found += [one for one in more if not one.on and one.after == core.key]
    return found


def details_of(rooms: Sequence[Room]) -> list[Page]:
    """The pages of one thing each, of an application with ``rooms``."""
    more = _of(tuple(rooms))
    return [_with_sections(page, more) for page in DETAILS]


def links_of(rooms: Sequence[Room]) -> dict[str, str]:
    """Addresses of what rooms show, by kind, as in ``Page.links``."""
    return {kind: address for one in _of(tuple(rooms)) for kind, address in one.links}


@lru_cache(maxsize=32)
def _of(rooms: tuple[Room, ...]) -> list[Page]:
    """The pages that rooms declare, which are the same for every request of an application."""
    more = [replace(page, room=room.name) for room in rooms for page in room.pages()]
    listed = {one.key for one in PAGES}
    for page in more:
        places = listed | {one.key for one in DETAILS} if page.on else listed
        if (page.on or page.after) not in places:
            where = page.on or page.after
            raise ValueError(f"room {page.room!r}: the core has no page {where!r} for {page.key!r}")
    return more


def _with_sections(page: Page, more: Sequence[Page]) -> Page:
    """Those of a page: first one with its key, then in the order of the rooms."""
    sections = [one for one in more if one.on == page.key]
    brings = (address for one in sections for address in one.brings)
    return replace(
        page,
        brings=(*page.brings, *brings),
        sections=tuple(sorted(sections, key=lambda one: one.key != page.key)),
    )
