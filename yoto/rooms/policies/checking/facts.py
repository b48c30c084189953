"""Current facts for policies: read from their source, or remembered."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from cachebox import LRUCache
from flask import Flask
from sqlalchemy import select
from sqlalchemy.engine import Connection

from yoto.cache import NodeId, TieredCache
from yoto.errors import UnknownResource
from yoto.permission.directory import ProvidedAttributes
from yoto.permission.judged import PlaceAttributes, connection_of, may_remember
from yoto.permission.outbox.watching import in_change
from yoto.permission.people.subjects import name_of_no_person
from yoto.permission.registry.scopes import Place
from yoto.permission.system import PermissionSystem
from yoto.permission.verdict.abac import PolicyBatch
from yoto.permission.ways import Way
from yoto.request.context import CurrentRequest
from yoto.rooms.policies.attributes import (
    Person,
    RememberedPeople,
    attributes_of,
    load_person,
    rows_of,
)
from yoto.rooms.policies.emergencies import Emergencies, RememberedEmergencies, load_emergencies
from yoto.store.asked import Asked as AskedFunction
from yoto.store.declarations import Declaration, declarations_of
from yoto.store.people import USERS
from yoto.store.resources import types_of

T = TypeVar("T")

PEOPLE = "the people"  # no type of resources is called so
# People whose own ids are remembered.
MOST_IDS = 10_000


@dataclass(frozen=True, slots=True)
class PolicyEnvironment:
    """Facts that only upper layers know.

    Attributes:
        current_request: the request at hand; None outside one.
        error_rate: share of failed responses of this process, 0 to 1; None: they are not counted.
        unusual: by user, permission and scope, how unusual it is that they do this now, 0 to 1;
            None: it cannot be determined.
        clock: epoch seconds.
    """

    current_request: Callable[[], CurrentRequest | None]
    error_rate: Callable[[], float | None]
    unusual: Callable[[int, str, str], float | None]
    clock: Callable[[], float] = time.time


class PolicyFacts:
    """The facts of one application. Safe for threads.

    Each call raises ``StoreUnavailable`` if the database had to be asked and did not answer.

    Attributes:
        environment: the facts of upper layers.
        place: by scope and id, the attributes of a server or channel; None: it is neither, or does
            not exist.
    """

    def __init__(
        self,
        app: Flask,
        cache: TieredCache,
        place: Callable[[str, NodeId | None], PlaceAttributes | None],
        environment: PolicyEnvironment,
    ) -> None:
        """Nothing is read yet; remembered facts follow the log of ``cache``.

        Args:
            place: see the attribute.
        """
        self.app = app
        self.environment = environment
        self._cache = cache
        self._functions: dict[str, ProvidedAttributes] = {}
        # By number. The box is typed as if nothing were ever missing from it.
        self._ids: Any = LRUCache(MOST_IDS)
        self.place = place
        self._people = RememberedPeople(self._load_person)
        self._emergencies = RememberedEmergencies(self._load_emergencies)
        for memory in (self._people, self._emergencies):
            cache.tailer.subscribe(memory.heard)

    def read(self, load: Callable[[Connection], T]) -> T:
        """The result of ``load``, which sees the caller's own changes so far."""
        with connection_of(self.app) as connection:
            return load(connection)

    def person(self, user_id: int) -> Person | None:
        """The account; None: there is none, or no longer."""
        return self._people.get(user_id, may_remember(self._cache))

    def attributes(
        self, scope: str, scope_id: NodeId | None, batch: PolicyBatch
    ) -> dict[str, Any] | None:
        """A node's attributes for policies, by its type or as registered; None: it has none.

        Args:
            batch: the batch of questions whose nodes are read together.

        Raises:
            UnknownResource: it no longer exists.
        """

        def beside() -> Iterable[NodeId]:
            return [at.id for _, at in batch.asked if at.kind == scope and at.id is not None]

        declared = types_of(self.app).find(scope)
        if scope_id is None or declared is None:
            return None
        if declared.attributes_by is not None:
            provided = self._provided(scope, declared.attributes_by, declared.id_type)
            return provided.of(scope_id, beside)
        if not declared.attributes and not declared.registered:
            return None
        return self._together(
            scope, scope_id, beside, batch, lambda seen, ids: attributes_of(seen, declared, ids)
        )

    def own_id(self, user_id: int, batch: PolicyBatch) -> Any:
        """The id of a person as the application has it; for a program, or the public, its number.

        Args: as in ``attributes``.

        Raises:
            UnknownResource: the person no longer exists.
        """
        declared = declarations_of(self.app).tables.get(USERS)
        if declared is None or declared.numbers is None or name_of_no_person(user_id) is not None:
            return user_id
        people = [one for one, _ in batch.asked if name_of_no_person(one) is None]
        found = self._own_ids_of(declared, [user_id, *people]).get(user_id)
        if found is None:
            raise UnknownResource(PEOPLE, user_id)
        return found

    def person_attributes(self, user_id: int, batch: PolicyBatch) -> dict[str, Any] | None:
        """A person's attributes for policies, as declared; None for programs and the public.

        Args: as in ``attributes``.

        Raises:
            UnknownResource: they no longer exist.
        """

        def beside() -> Iterable[int]:
            # Programs and the public have none.
            return [one for one, _ in batch.asked if name_of_no_person(one) is None]

        declared = declarations_of(self.app).tables.get(USERS)
        if declared is None or name_of_no_person(user_id) is not None:
            return None
        if declared.attributes_by is not None:
            ids = int if declared.ids is None else declared.ids.type.python_type
            provided = self._provided(PEOPLE, declared.attributes_by, ids)
            own = self._own_ids(declared, [user_id])
            if not own:
                raise UnknownResource(PEOPLE, user_id)
            return provided.of(own[0], lambda: self._own_ids(declared, beside()))
        if not declared.attributes:
            return None
        columns, id_ = declared.attributes, declared.columns["id"]
        source = declared.table if declared.source is None else declared.source
        return self._together(
            PEOPLE,
            user_id,
            beside,
            batch,
            lambda seen, ids: rows_of(seen, columns, source, id_, ids),
        )

    def _together(
        self,
        kind: str,
        id_: Any,
        beside: Callable[[], Iterable[Any]],
        batch: PolicyBatch,
        load: Callable[[Connection, list[Any]], Mapping[Any, dict[str, Any]]],
    ) -> dict[str, Any]:
        """The result of ``load`` for one, in one statement with the others of the batch."""
        if (kind, id_) not in batch.known:
            ids = list({id_: None, **dict.fromkeys(beside())})
            rows = self.read(lambda connection: load(connection, ids))
            batch.known.update({(kind, one): rows.get(one) for one in ids})
        found: dict[str, Any] | None = batch.known[kind, id_]
        if found is None:
            raise UnknownResource(kind, id_)
        return found

    def _own_ids(self, declared: Declaration, user_ids: Iterable[int]) -> list[Any]:
        """The application's ids of people; people without one are left out."""
        if declared.numbers is None:
            return list(dict.fromkeys(user_ids))
        return list(self._own_ids_of(declared, user_ids).values())

    def _own_ids_of(self, declared: Declaration, user_ids: Iterable[int]) -> dict[int, Any]:
        """The application's ids by people's numbers, where these are other ids."""
        wanted, keys = list(dict.fromkeys(user_ids)), declared.numbers
        assert keys is not None
        new = [one for one in wanted if one not in self._ids]
        found: dict[int, Any] = {}
        if new:
            statement = select(keys.c.id, keys.c.key).where(keys.c.id.in_(new))
            rows = self.read(lambda connection: connection.execute(statement).all())
            found = {number: key for number, key in rows}
            # A number that is not committed may be given to another person.
            if not in_change():
                self._ids.update(found)
        known = ((one, self._ids.get(one, found.get(one))) for one in wanted)
        return {number: key for number, key in known if key is not None}

    def _provided(self, name: str, asked: AskedFunction, ids: type[Any]) -> ProvidedAttributes:
        found = self._functions.get(name)
        if found is None:
            made = ProvidedAttributes(self.app, asked, f"attributes of {name}", ids)
            # If two threads come first, one makes the object that both use.
            found = self._functions.setdefault(name, made)
        return found

    def ways(self, user_id: int, scope: str, scope_id: NodeId | None, permission: str) -> list[Way]:
        """The grants by which a user has a permission at a node, the widest first."""
        return PermissionSystem.ways_of(self.app, user_id, Place(scope, scope_id), permission)

    def emergencies(self) -> Emergencies:
        """The emergencies in force now."""
        return self._emergencies.get(may_remember(self._cache))

    def _load_person(self, user_id: int) -> Person | None:
        return self.read(lambda connection: load_person(connection, user_id))

    def _load_emergencies(self) -> Emergencies:
        now = self.environment.clock()
        return self.read(lambda connection: load_emergencies(connection, now))
