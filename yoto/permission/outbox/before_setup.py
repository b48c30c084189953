"""Writes of a session before the platform's tables exist."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import inspect
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from yoto.store.columns import Model
from yoto.store.failures import lacks_tables

log = logging.getLogger(__name__)


@contextmanager
def unless_not_set_up(connection: Connection) -> Iterator[None]:
    """A block that has nothing to do where none of the platform's tables exists.

    Before ``setup`` there is no right that a change could end, no verdict to forget, and nothing
    to publish; an application that embeds the platform writes its rows meanwhile. Where a single
    table is missing, or none can be asked for, the error stays.
    """
    try:
        yield
    except DBAPIError as error:
        if not lacks_tables(error) or _some_are_there(connection):
            raise
        log.debug("there are no tables yet, and so nothing to publish: 'setup' makes them")


def _some_are_there(connection: Connection) -> bool:
    return not Model.metadata.tables.keys().isdisjoint(inspect(connection).get_table_names())
