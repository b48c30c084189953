"""The pages of the control plane, in the order of the navigation.

A page has its template ``control/<key>.html``, its module ``static/<key>.js`` (with parts
of it in the folder ``<key>`` beside it), an icon of its key in ``static/icons.svg``, and
texts in the areas it names; its own area is ``<key>`` and holds ``<key>.title``. An entry here is
enough to serve and link a page. ``DETAILS`` are pages of one thing each: links lead to them, not
the navigation, and their paths name the thing.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app

from yoto.auth.operators import VIEW
from yoto.room import has_room


@dataclass(frozen=True, slots=True)
class Page:
    """One page.

    Attributes:
        key: its name in addresses of the code: ``url_for("control.<key>")``.
        path: below ``/control``.
        right: needed to open it.
        texts: further areas of texts that its module uses.
        live: whether the page follows changes of the platform; else it shows its last read.
        part_of: for a page of one thing, the page whose entry in the navigation is marked.
        brings: responses of the API that come with it alone, see ``yoto.control_plane.brought``.
        rooms: rooms one of which must be on, else there is no such page; none: always there.
    """

    key: str
    path: str
    right: str = VIEW
    texts: tuple[str, ...] = ()
    live: bool = True
    part_of: str | None = None
    brings: tuple[str, ...] = ()
    rooms: tuple[str, ...] = ()

    @property
    def areas(self) -> tuple[str, ...]:
        """The areas of texts that the browser gets."""
        return (*SHARED_TEXTS, self.key, *self.texts)

    @property
    def is_there(self) -> bool:
        """Whether the current application has it."""
        return not self.rooms or any(has_room(current_app, name) for name in self.rooms)


# Texts of the shared modules.
SHARED_TEXTS = ("shared", "palette", "states", "units", "headline", "rules")

PAGES = (
    Page("overview", "/", texts=("status", "help", "reasons"), brings=("/alerts/rules",)),
    Page("alerts", "/alerts", rooms=("alerts",)),
    Page("guards", "/guards", texts=("help",)),
    Page("permissions", "/permissions", texts=("acts", "reasons"), live=False),
    Page("access_requests", "/access-requests", rooms=("access_requests",)),
    Page("policies", "/policies", live=False, rooms=("policies",)),
    Page("cache", "/cache", texts=("guards", "help")),
    Page("queues", "/queues", texts=("help",)),
    Page("events", "/events", texts=("acts", "forecasts")),
    Page("audit", "/audit", texts=("acts",)),
    Page("instances", "/instances", texts=("help",)),
    Page("suggestions", "/suggestions", texts=("forecasts",), rooms=("tuner", "forecast")),
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
