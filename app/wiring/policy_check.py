"""Asks the policies for the permission system, with an input made from what is really there."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from flask import Flask
from sqlalchemy.engine import Connection

from app.core.cache import TieredCache
from app.core.permission import (
    JUDGED_WHERE_SET,
    JudgedPlaces,
    PermissionSystem,
    Place,
    PolicyAnswer,
    PolicyQuestion,
    in_change,
    required_position,
)
from app.core.policy import (
    ABSENT,
    BehaviourWatch,
    Emergencies,
    InputBuilder,
    Part,
    Person,
    PlaceAttributes,
    PolicyManager,
    Question,
    RememberedEmergencies,
    RememberedPlaces,
    has_device,
    judged_channels,
    load_emergencies,
    load_person,
    load_place,
    load_roles,
    risk_of,
)
from app.core.resilience import MultiDimensionalKey, Resilience
from app.db import db

ALLOWED = "policies_allow"
NO_CODE = "policy_denied"
CHANNEL = "channel"
MINUTE = 60  # s; windows of time begin and end with a minute


class Circumstances(Protocol):
    """The request at hand; None: not known."""

    @property
    def ip(self) -> str | None: ...

    @property
    def user_agent(self) -> str | None: ...

    @property
    def method(self) -> str | None: ...

    @property
    def device(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What only upper layers know.

    Attributes:
        circumstances: the request at hand; None outside one.
        error_rate: failed answers of this process, 0 to 1.
        clock: epoch seconds.
    """

    circumstances: Callable[[], Circumstances | None]
    error_rate: Callable[[], float]
    clock: Callable[[], float] = time.time


class Asked(Question):
    """A question with what several parts of its input are made from, read once."""

    def __init__(self, judge: PolicyJudge, asked: PolicyQuestion) -> None:
        super().__init__(
            asked.user_id, asked.permission, asked.place.kind, asked.place.id, asked.context
        )
        self.__dict__["judge"] = judge

    @cached_property
    def person(self) -> Person | None:
        """The user; None: there is none, or not any more."""
        return self.judge.read(lambda connection: load_person(connection, self.user_id))

    @cached_property
    def place(self) -> PlaceAttributes | None:
        """Server or channel; None for the platform, and for what does not exist."""
        return self.judge.place(self.scope, self.scope_id)

    @cached_property
    def circumstances(self) -> Circumstances | None:
        """The request at hand."""
        return self.judge.surroundings.circumstances()

    judge: PolicyJudge


class PolicyJudge:
    """A ``PolicyCheck`` for one application.

    Attributes:
        surroundings: what upper layers know.
    """

    def __init__(
        self, app: Flask, cache: TieredCache, policy: PolicyManager, surroundings: Surroundings
    ) -> None:
        """Nothing is asked or opened yet."""
        self.surroundings = surroundings
        self._app = app
        self._cache = cache
        self._policy = policy
        self._places = RememberedPlaces(self._load_place)
        self._emergencies = RememberedEmergencies(self._load_emergencies)
        cache.tailer.subscribe(self._places.heard)
        cache.tailer.subscribe(self._emergencies.heard)
        self._builder = InputBuilder(self._parts())

    @property
    def judged(self) -> JudgedPlaces:
        """What is judged only where something is set to judge by."""
        return JudgedPlaces(JUDGED_WHERE_SET, self._is_judged, self._judged_among)

    def __call__(self, asked: PolicyQuestion) -> PolicyAnswer:
        document, valid_for = self._builder.build(
            Asked(self, asked), self._policy.reads(), self._documents()
        )
        decision = self._policy.evaluate(document, valid_for)
        if decision.allow:
            emergency = "emergency" in document["subject"]
            return PolicyAnswer(True, ALLOWED, decision.version, emergency=emergency)
        reasons = decision.reasons or (NO_CODE,)
        return PolicyAnswer(False, reasons[0], decision.version, reasons, failed=decision.failed)

    def read(self, load: Callable[[Connection], Any]) -> Any:
        """What ``load`` reads, seeing what the caller itself has changed so far.

        Raises:
            StoreUnavailable: the database did not answer.
        """
        with self._connection() as connection:
            return load(connection)

    def place(self, scope: str, scope_id: int | None) -> PlaceAttributes | None:
        """The attributes of a server or channel; None: it is neither, or does not exist.

        Raises:
            StoreUnavailable: the database did not answer.
        """
        if scope_id is None:
            return None
        return self._places.get(scope, scope_id, self._may_remember())

    def _may_remember(self) -> bool:
        """Whether memory includes everything that the caller may rely on."""
        tailer, required = self._cache.tailer, required_position()
        return (
            time.monotonic() < tailer.fresh_until
            and (required is None or tailer.applied >= required)
            and not in_change()
        )

    def _is_judged(self, place: Place) -> bool:
        found = self.place(place.kind, place.id)
        return found is not None and found.judged

    def _judged_among(self, places: Sequence[Place]) -> frozenset[Place]:
        ids = [place.id for place in places if place.kind == CHANNEL and place.id is not None]
        if not ids:
            return frozenset()
        found = self.read(lambda connection: judged_channels(connection, ids))
        return frozenset(Place(CHANNEL, channel_id) for channel_id in found)

    def _load_place(self, scope: str, scope_id: int) -> PlaceAttributes | None:
        return self.read(lambda connection: load_place(connection, scope, scope_id))

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        caching = PermissionSystem.caching_of(self._app)
        if caching is None or in_change():
            db.session.flush()
            yield db.session.connection()
        else:
            with caching.pool.read() as connection:
                yield connection

    def _documents(self) -> Mapping[str, Any]:
        newest = self._policy.of(self._app).loader.ready().newest
        return newest.bundle.data if newest is not None else {}

    def _load_emergencies(self) -> Emergencies:
        now = self.surroundings.clock()
        return self.read(lambda connection: load_emergencies(connection, now))

    def _emergencies_now(self) -> Emergencies:
        return self._emergencies.get(self._may_remember())

    def _time_holds(self, asked: Asked) -> float:
        """Windows begin and end with a minute, emergency access at any moment."""
        now = self.surroundings.clock()
        held = self._emergencies_now().access_of(asked.user_id, now)
        end_of_minute = MINUTE - now % MINUTE
        return end_of_minute if held is None else min(end_of_minute, held.until - now)

    # The parts of the input

    def _parts(self) -> list[Part]:
        clock = self.surroundings.clock
        return [
            Part("subject.clearance", self._clearance),
            Part("subject.super_admin", lambda asked: _of(asked.person, "super_admin")),
            Part("subject.account_age_days", self._account_age),
            Part("subject.roles", self._roles),
            Part("subject.emergency", self._emergency, documents=("emergency.lifts",)),
            Part("resource.server", lambda asked: _of(asked.place, "server")),
            Part("resource.channel", lambda asked: _of(asked.place, "channel")),
            Part("context.time", lambda _: int(clock()), self._time_holds),
            Part("context.ip", lambda asked: _of(asked.circumstances, "ip")),
            Part("context.user_agent", lambda asked: _of(asked.circumstances, "user_agent")),
            Part("context.method", lambda asked: _of(asked.circumstances, "method")),
            Part("context.device", self._device),
            Part("context.risk", self._risk, documents=("risk.limits",)),
            Part("context.quota", self._quota, documents=("quota.reserves",)),
            Part("context.environment.load", _load_per_core, documents=("environment.load",)),
            Part(
                "context.environment.error_rate",
                lambda _: self.surroundings.error_rate(),
                documents=("environment.error_rate",),
            ),
            Part(
                "context.environment.maintenance",
                self._in_maintenance,
                documents=("environment.maintenance",),
            ),
            Part(
                "context.environment.emergency",
                lambda _: self._emergencies_now().declared,
                documents=("environment.emergency",),
            ),
        ]

    def _clearance(self, asked: Asked) -> Any:
        """Only channels have a sensitivity, and only they cost a look at the account."""
        return _of(asked.person, "clearance") if asked.scope == CHANNEL else ABSENT

    def _account_age(self, asked: Asked) -> Any:
        person = asked.person
        return ABSENT if person is None else person.age_days(self.surroundings.clock())

    def _roles(self, asked: Asked) -> Any:
        server_id = None if asked.place is None else asked.place.server_id
        now = self.surroundings.clock()
        return self.read(lambda connection: load_roles(connection, asked.user_id, server_id, now))

    def _emergency(self, asked: Asked) -> Any:
        held = self._emergencies_now().access_of(asked.user_id, self.surroundings.clock())
        if held is None:
            return ABSENT
        return {"id": held.id, "reason": held.reason, "until": held.until}

    def _device(self, asked: Asked) -> Any:
        """Without a request nobody knows the device; a request without a secret is from none."""
        here = asked.circumstances
        if here is None:
            return ABSENT
        secret = here.device
        return {
            "registered": secret is not None
            and self.read(lambda connection: has_device(connection, asked.user_id, secret))
        }

    def _risk(self, asked: Asked) -> Any:
        person = asked.person
        if person is None:
            return ABSENT
        behaviour = BehaviourWatch.of(self._app).counters.look(asked.user_id)
        risk = risk_of(behaviour, person.age_days(self.surroundings.clock()))
        return {"score": risk.score, "parts": dict(risk.parts)}

    def _quota(self, asked: Asked) -> Any:
        """What is left of each rate limit that the document asks about.

        A document may hold anything: what is no reserve is for the rule to refuse.
        """
        here = asked.circumstances
        key = MultiDimensionalKey(
            user_id=str(asked.user_id),
            server_id=None if asked.place is None else str(asked.place.server_id),
            ip_address=here.ip if here is not None else None,
        )
        resilience = Resilience.of(self._app)
        found: dict[str, Any] = {}
        reserves = self._documents()["quota"]["reserves"]
        if not isinstance(reserves, Mapping):
            return found
        for name in asked.names:
            reserve = reserves.get(name)
            limiter = reserve.get("limiter") if isinstance(reserve, Mapping) else None
            if not isinstance(limiter, str):
                continue
            status = resilience.rate_limiter(limiter).peek(key)
            # What one process counted while Redis was away is not what was used.
            if not status.degraded:
                found[limiter] = {"limit": status.limit, "remaining": status.remaining}
        return found

    def _in_maintenance(self, asked: Asked) -> Any:
        caching = PermissionSystem.caching_of(self._app)
        if caching is None:
            return ABSENT
        maintenance = caching.maintenance
        return maintenance.enabled if maintenance.known else maintenance.refresh().enabled


def _of(found: Any, name: str) -> Any:
    """An attribute of something that may not be there, or may not know it."""
    value = getattr(found, name, None)
    return ABSENT if value is None else value


def _load_per_core(asked: Asked) -> float:
    """How many processes want to run, for each core, on average of a minute."""
    return os.getloadavg()[0] / (os.cpu_count() or 1)
