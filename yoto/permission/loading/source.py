"""The source of resolutions: the interface between a verdict and its store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple, Protocol

from sqlalchemy.engine import Connection

from yoto import tracing
from yoto.permission.directory import renew_people
from yoto.permission.loading import implying, load, load_one
from yoto.permission.registry.registry import PermissionRegistry, RegisteredPermission
from yoto.permission.registry.scopes import Place
from yoto.permission.verdict.resolver import Resolution, flatten, resolve
from yoto.store.db import db
from yoto.store.translation import translated


class Answer(NamedTuple):
    """The response of a source; ``Decision`` takes the last three in this order.

    Attributes:
        tier: ``l1``, ``l2`` or ``db``.
        position: up to here every change is included; None: read in the caller's transaction.
        age_ms: milliseconds since it was read from the database.
    """

    resolution: Resolution
    tier: str = "db"
    position: str | None = None
    age_ms: float = 0.0


# The span of a read of people's and places' facts in traces.
DATABASE_SPAN = "permission.load"


def many(user_ids: Sequence[int]) -> tracing.Attributes:
    """The trace attributes of a load for many users."""
    return {"yoto.users": len(user_ids)}


class ResolutionSource(Protocol):
    """Loads users' permissions in a place. A failed read raises; it is never an empty result."""

    def load(self, user_id: int, place: Place) -> Resolution:
        """The full resolution of one user.

        Raises:
            UnknownResource: the place does not exist.
            StoreUnavailable: the database did not answer.
        """

    def load_many(
        self, user_ids: Sequence[int], place: Place, permission: RegisteredPermission
    ) -> dict[int, Resolution]:
        """Resolutions that are right about ``permission`` alone, for the users that exist.

        Raises: as ``load``.
        """


@contextmanager
def reading() -> Iterator[Connection]:
    """The connection of the caller's session, so that a check sees the caller's own writes.

    Raises:
        StoreUnavailable: the database did not answer.
    """
    with translated():
        db.session.flush()
        yield db.session.connection()


class DatabaseSource:
    """Resolves from the database, every time.

    Args:
        clock: the present time in epoch seconds.
    """

    def __init__(self, registry: PermissionRegistry, clock: Callable[[], float]) -> None:
        self._registry = registry
        self._clock = clock

    def load(self, user_id: int, place: Place) -> Resolution:
        renew_people([user_id])
        with tracing.span(DATABASE_SPAN), reading() as connection:
            facts, [user] = load_one(connection, user_id, place).facts(self._registry)
        bits = self._registry.snapshot.bits
        return resolve(flatten(facts, bits), user, self._clock(), bits)

    def load_many(
        self, user_ids: Sequence[int], place: Place, permission: RegisteredPermission
    ) -> dict[int, Resolution]:
        renew_people(user_ids)
        registry = self._registry
        wanted = [permission.id, *implying(place, registry.snapshot)]
        with tracing.span(DATABASE_SPAN, many(user_ids)), reading() as connection:
            place_facts, people = load(connection, user_ids, place, wanted).facts(registry)
        bits, now = registry.snapshot.bits, self._clock()
        flat = flatten(place_facts, bits)
        return {user.user_id: resolve(flat, user, now, bits) for user in people}
