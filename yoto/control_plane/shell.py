"""The frame of every page of the control plane, and the data for its scripts.

A page brings along the responses of the API that its scripts would request at once. They come from
memory or a few statements in the database. A response that fails now is left out: the script
requests it again, and shows the error.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import current_app, request, url_for
from flask_smorest.utils import resolve_schema_instance
from sqlalchemy.exc import SQLAlchemyError

from yoto.auth.csrf import CSRF_FIELD, csrf_token
from yoto.auth.operators import ADMIN, may
from yoto.control_plane import language
from yoto.control_plane.choice import THEMES, Choice, current_theme
from yoto.control_plane.navigation import (
    DETAILS,
    SHARED_TEXTS,
    Page,
    details_of,
    links_of,
    pages_of,
)
from yoto.control_plane.static_files import modules_of
from yoto.errors import PlatformError
from yoto.events import Events
from yoto.http.shapes import parts_of, schema_of
from yoto.operate.application import of_application
from yoto.operate.first_steps import FirstStep, read_first_steps
from yoto.operate.overrides import read_overrides
from yoto.operate.permissions.resources import types
from yoto.room import named_of_rooms, rooms_of
from yoto.store.columns import utcnow

log = logging.getLogger(__name__)

# Responses that come with every page, by the address that its scripts would request otherwise.
READERS: Mapping[str, Callable[[], Any]] = {"/overrides": read_overrides}


def brought(more: Iterable[str], rights: Sequence[str]) -> dict[str, Any]:
    """The responses by their addresses.

    Args:
        more: addresses of the page's own; those that other pages name are left out.
        rights: of the page's viewer; responses of rooms that take another one are left out.
    """
    rooms = rooms_of(current_app)
    pages = (*pages_of(rooms), *details_of(rooms))
    elsewhere = {address for page in pages for address in page.brings}.difference(more)
    readers = dict(READERS)
    for address, (right, reader) in named_of_rooms(current_app, lambda one: one.brings).items():
        if right in rights and address not in elsewhere:
            readers[address] = reader
    found = {}
    for address, reader in readers.items():
        try:
            found[address] = _answer(reader)
        except (PlatformError, SQLAlchemyError) as error:
            log.info("a page goes without %s: %s", address, error)
    return found


def _answer(reader: Callable[[], Any]) -> Any:
    """The response that the operation's route would give."""
    function = reader.func if isinstance(reader, partial) else reader
    return resolve_schema_instance(schema_of(parts_of(function)[-1].kind)).dump(reader())


FOLDER = Path(__file__).parent / "static" / "vendor"
SOCKET = "socket"
# Whether the list of first steps is shown on the overview.
FIRST_STEPS = Choice("first_steps", "yoto_first_steps", ("shown", "hidden"))
FILES = {"charts": "uplot.js", SOCKET: "socket.io.js"}


def vendor() -> dict[str, str | None]:
    """The address of each library; None for one that is missing or not needed."""
    return {
        key: (
            url_for("control_static.static", filename=f"vendor/{name}")
            if (FOLDER / name).is_file() and (key != SOCKET or "socketio" in current_app.extensions)
            else None
        )
        for key, name in FILES.items()
    }


def helpers() -> dict[str, Any]:
    """The names that all templates of the pages may use."""
    return {
        "t": language.translate,
        "language": language.current_language(),
        "languages": language.LANGUAGES,
        "language_tags": language.LANGUAGE_TAGS,
        "theme": current_theme(),
        "themes": THEMES,
        "csrf_field": CSRF_FIELD,
        "csrf_token": csrf_token,
        "age": language.age,
        "duration": language.duration,
        "vendor": vendor,
        "modules_of": modules_of,
        "here": here,
        "page_data": page_data,
        "page_texts": page_texts,
        "shared_texts": SHARED_TEXTS,
        "first_steps": first_steps,
        "sign_out": _address(of_application().sign_out),
        "api_docs": _address(of_application().api_docs),
        "own_parts": [one.name.removesuffix("_control") for one in of_application().routes],
    }


def first_steps() -> list[FirstStep]:
    """All first steps for administrators; empty: all are done, the list is hidden, or the database
    is unavailable, which the page shows at its head."""
    if FIRST_STEPS.chosen() == "hidden" or not may(ADMIN):
        return []
    try:
        found = read_first_steps()["items"]
    except (PlatformError, SQLAlchemyError) as error:
        log.warning("the first steps are unknown: %s", error)
        return []
    return [] if all(step["done"] for step in found) else found


def reachable(rights: Sequence[str]) -> list[Page]:
    """The entries of the navigation for an operator with ``rights``."""
    return [page for page in pages_of(rooms_of(current_app)) if page.right in rights]


def here(**changed: str) -> str:
    """The address of this page with changed parameters; after a form that of the overview."""
    if request.method == "GET" or request.path == _address(of_application().sign_in):
        address = url_for(request.endpoint or "control.overview", **(request.view_args or {}))
    else:
        address = url_for("control.overview")
    return f"{address}?{urlencode({**request.args.to_dict(), **changed})}"


def page_data(
    rights: Sequence[str], vendored: Mapping[str, str | None], page: Page | None = None
) -> dict[str, Any]:
    """The data of a page for its scripts; ``vendored``: see ``vendor``."""
    chosen = language.current_language()
    heard_until = Events.of(current_app).tailer.position
    return {
        "language": language.LANGUAGE_TAGS[chosen],
        "rights": list(rights),
        "csrf": csrf_token(),
        "api": url_for("control.overview") + "api",
        "sign_in": _address(of_application().sign_in),
        "socket_path": f"{request.script_root}/socket.io",
        "vendor": vendored,
        "resources": types(),
        "opens": [one.key for one in DETAILS],
        "links": links_of(rooms_of(current_app)),
        "shown": request.view_args or {},
        "brought": brought(page.brings if page else (), rights),
        # Before anything is read for the page: it is told of events from here on.
        "last_event_id": heard_until,
        "now": utcnow().isoformat(),
    }


def _address(endpoint: str | None) -> str | None:
    return None if endpoint is None else url_for(endpoint)


def page_texts(names: Sequence[str]) -> dict[str, str]:
    """The texts for scripts, in the language of this page."""
    return language.texts_of(language.current_language(), names)
