"""Responses of the API that a page brings along, since its scripts would request them at once.

They come from memory or a few statements in the database. A response that fails now is left out:
the script requests it again, and shows the error.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from flask import current_app
from flask_smorest.utils import resolve_schema_instance
from sqlalchemy.exc import SQLAlchemyError

from yoto.control_plane.navigation import pages_of
from yoto.errors import PlatformError
from yoto.http.shapes import parts_of, schema_of
from yoto.operate.overrides import read_overrides
from yoto.room import named_of_rooms, rooms_of

log = logging.getLogger(__name__)

# Responses that come with every page, by the address that its scripts would request otherwise.
READERS: Mapping[str, Callable[[], Any]] = {"/overrides": read_overrides}


def brought(more: Iterable[str], rights: Sequence[str]) -> dict[str, Any]:
    """The responses by their addresses.

    Args:
        more: addresses of the page's own; those that other pages name are left out.
        rights: of the page's viewer; responses of rooms that take another one are left out.
    """
    pages = pages_of(rooms_of(current_app))
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
