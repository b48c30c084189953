"""Attributes from a function of the application, of nodes of a type or of people, for policies.

No statement joins them, so each process keeps them in memory for as long as they count.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from time import monotonic
from typing import Any, NamedTuple

from cachebox import LRUCache
from flask import Flask

from yoto.errors import UnknownResource, ValidationFailed
from yoto.permission.directory.asking import Asking
from yoto.permission.verdict.context import checked_json
from yoto.store.asked import Asked
from yoto.store.declarations import declarations_of

# Entries of one function, for nodes or people.
CAPACITY = 10_000

log = logging.getLogger(__name__)


class _Kept(NamedTuple):
    """The attributes of an id, None: unknown to the function; and their end (monotonic clock)."""

    attributes: dict[str, Any] | None
    until: float


class ProvidedAttributes:
    """The attributes that one function of one application gave. Safe for threads.

    Args:
        app: the application.
        asked: the function.
        name: its name in errors.
        ids: the type of the ids.
    """

    def __init__(self, app: Flask, asked: Asked, name: str, ids: type[Any]) -> None:
        # The function is the application's that declared it, also where its control plane asks.
        asks_as = declarations_of(app).app or app
        self._name = name
        self._max_age = asked.max_age
        self._asking = Asking[dict[str, Any]](asks_as, asked, name, ids, self._checked)
        # The box is typed as if nothing were ever missing from it.
        self._kept: Any = LRUCache(CAPACITY)

    def of(self, id_: Any, beside: Callable[[], Iterable[Any]]) -> dict[str, Any]:
        """The attributes of one id.

        Args:
            beside: gives the ids that will be needed next, to ask for all in one call.

        Raises:
            StoreUnavailable: the function did not answer, or not in time.
            UnknownResource: the function does not know this id.
        """
        kept = self._remembered(id_)
        if kept is None:
            wanted = {id_: None} | {one: None for one in beside() if self._remembered(one) is None}
            began = monotonic()
            found = self._asking.ask(list(wanted))
            for one in wanted:
                self._kept[one] = _Kept(found.get(one), began + self._max_age)
            kept = _Kept(found.get(id_), began)
        if kept.attributes is None:
            raise UnknownResource(self._name, id_)
        return kept.attributes

    def _remembered(self, id_: Any) -> _Kept | None:
        kept: _Kept | None = self._kept.get(id_)
        return kept if kept is not None and monotonic() < kept.until else None

    def _checked(self, ids: Sequence[Any], answer: Mapping[Any, Any]) -> dict[Any, dict[str, Any]]:
        """The attributes in a response; an id with invalid attributes counts as unknown."""
        found: dict[Any, dict[str, Any]] = {}
        for id_ in ids:
            try:
                attributes = checked_json(answer.get(id_), "attributes")
            except ValidationFailed as error:
                log.warning("%s of %r: %s", self._name, id_, error)
                continue
            if attributes is not None:
                found[id_] = attributes
        return found
