"""The parts of the input of policies, each made from the facts."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Mapping
from functools import cached_property
from math import ceil
from typing import Any

from yoto.errors import StoreUnavailable
from yoto.permission.guards.freshness import authenticated_at
from yoto.permission.judged import CHANNEL, PlaceAttributes
from yoto.permission.system import PermissionSystem
from yoto.permission.verdict.abac import PolicyBatch
from yoto.permission.ways import Way
from yoto.request.context import CurrentRequest
from yoto.resilience import Kind, MultiDimensionalKey, Resilience, network_of
from yoto.rooms.policies import BehaviourWatch
from yoto.rooms.policies.attributes import Person, counts_in_server, has_device, load_roles
from yoto.rooms.policies.behaviour.risk import risk_of
from yoto.rooms.policies.checking.facts import PolicyFacts
from yoto.rooms.policies.input import ABSENT, InputPart, PartUnknown, Question

log = logging.getLogger(__name__)

MOST_COUNTED = 2**63 - 1  # the largest limit that a database takes
MOST_WAYS = 20  # the most ways that policies read; their number stands beside them
MINUTE = 60  # s; windows of time begin and end with a minute


class Asked:
    """A question with the sources of several parts of its input, read once.

    Attributes:
        documents: the data documents of the policies that will judge, by name.
    """

    def __init__(
        self,
        question: Question,
        facts: PolicyFacts,
        documents: Mapping[str, Any],
        batch: PolicyBatch | None = None,
    ) -> None:
        """Nothing is read yet.

        Args:
            batch: the questions around it, for facts that are read together.
        """
        self.question = question
        self.facts = facts
        self.documents = documents
        self.batch = PolicyBatch() if batch is None else batch

    def once(self, path: str, read: Callable[[], dict[str, Any] | None]) -> Any:
        """A part that the application defines: JSON data, or ``ABSENT``.

        Raises:
            PartUnknown: it could not be read for another question of the batch.
            StoreUnavailable, UnknownResource: it cannot be read.
            TypeError, ValueError: it is no JSON data.
        """
        if path in self.batch.unread:
            raise PartUnknown(path)
        try:
            found = read()
        except StoreUnavailable:
            self.batch.unread.add(path)
            raise
        json.dumps(found, allow_nan=False)
        return ABSENT if found is None else found

    @property
    def user_id(self) -> int:
        return self.question.user_id

    @property
    def now(self) -> float:
        """Epoch seconds."""
        return self.facts.environment.clock()

    @cached_property
    def person(self) -> Person | None:
        """The user; None: there is none, or no longer."""
        return self.facts.person(self.user_id)

    @cached_property
    def place(self) -> PlaceAttributes | None:
        """Server or channel; None for the platform, and for a place that does not exist."""
        return self.facts.place(self.question.scope, self.question.scope_id)

    @cached_property
    def ways(self) -> list[Way]:
        """The grants by which the permission came, the widest first.

        Raises:
            PartUnknown: there is no way: it was revoked a moment ago, or no one has it and an
                explanation asks for the policies' decision.
        """
        asked = self.question
        found = self.facts.ways(asked.user_id, asked.scope, asked.scope_id, asked.permission)
        if not found:
            raise PartUnknown("via")
        return found

    @cached_property
    def current_request(self) -> CurrentRequest | None:
        """The request at hand."""
        return self.facts.environment.current_request()


def _of(found: Any, name: str) -> Any:
    """An attribute of something that may be missing, or may not know it."""
    value = getattr(found, name, None)
    return ABSENT if value is None else value


def _attributes(asked: Asked) -> Any:
    at = asked.question
    return asked.once(
        "resource.attributes", lambda: asked.facts.attributes(at.scope, at.scope_id, asked.batch)
    )


def _own_attributes(asked: Asked) -> Any:
    return asked.once(
        "subject.attributes", lambda: asked.facts.person_attributes(asked.user_id, asked.batch)
    )


def _clearance(asked: Asked) -> Any:
    """Only channels have a sensitivity."""
    return _of(asked.person, "clearance") if asked.question.scope == CHANNEL else ABSENT


def _account_age(asked: Asked) -> Any:
    person = asked.person
    return ABSENT if person is None else person.age_days(asked.now)


def _roles(asked: Asked) -> Any:
    server_id = None if asked.place is None else asked.place.server_id
    now = asked.now
    return asked.facts.read(
        lambda connection: load_roles(connection, asked.user_id, server_id, now)
    )


def _emergency(asked: Asked) -> Any:
    held = asked.facts.emergencies().access_of(asked.user_id, asked.now)
    if held is None:
        return ABSENT
    return {"id": held.id, "reason": held.reason, "until": held.until}


def _time_holds(asked: Asked) -> float:
    """Windows begin and end with a minute, emergency access at any moment."""
    now = asked.now
    held = asked.facts.emergencies().access_of(asked.user_id, now)
    end_of_minute = MINUTE - now % MINUTE
    return end_of_minute if held is None else min(end_of_minute, held.until - now)


def _authenticated_at(asked: Asked) -> Any:
    """When the caller signed in, if the check is about the caller."""
    at = authenticated_at(asked.user_id)
    return ABSENT if at is None else int(at)


def _device(asked: Asked) -> Any:
    """Without a request the device is unknown; a request without a secret is from none."""
    here = asked.current_request
    if here is None:
        return ABSENT
    secret = here.device
    return {
        "registered": secret is not None
        and asked.facts.read(lambda connection: has_device(connection, asked.user_id, secret))
    }


def _risk(asked: Asked) -> Any:
    """Without Redis the risk is absent: owners, whom the rules admit, are not kept out."""
    person = asked.person
    if person is None or not BehaviourWatch.is_in(asked.facts.app):
        return ABSENT
    here = asked.current_request
    network = None if here is None else network_of(here.ip)
    try:
        behaviour = BehaviourWatch.of(asked.facts.app).counters.look(asked.user_id, network)
    except StoreUnavailable as error:
        log.warning("policies do not get context.risk: %s", error)
        return ABSENT
    question = asked.question
    unusual = asked.facts.environment.unusual(asked.user_id, question.permission, question.scope)
    risk = risk_of(behaviour, person.age_days(asked.now), unusual)
    return {"score": risk.score, "parts": dict(risk.parts)}


def _quota(asked: Asked) -> Any:
    """The remaining quota of each rate limit that the document asks about.

    A document may hold anything: the rule must reject an entry that is no reserve.
    """
    here = asked.current_request
    key = MultiDimensionalKey(
        user_id=str(asked.user_id),
        server_id=None if asked.place is None else str(asked.place.server_id),
        ip_address=network_of(here.ip) if here is not None else None,
    )
    resilience = Resilience.of(asked.facts.app)
    defined = resilience.config.is_defined
    found: dict[str, Any] = {}
    reserves = asked.documents["quota"]["reserves"]
    if not isinstance(reserves, Mapping):
        return found
    for name in asked.question.names:
        reserve = reserves.get(name)
        limiter = reserve.get("limiter") if isinstance(reserve, Mapping) else None
        # An undefined limiter would be made here, with nothing used of it.
        if not isinstance(limiter, str) or not defined(Kind.RATE_LIMIT, limiter):
            continue
        status = resilience.rate_limiter(limiter).peek(key)
        # The count of one process while Redis was unavailable is not the whole usage.
        if not status.degraded:
            found[limiter] = {"limit": status.limit, "remaining": status.remaining}
    return found


def _usage(asked: Asked) -> Any:
    """The count of each thing that the document limits, in the server of the place."""
    resources = asked.documents["quota"]["resources"]
    if asked.place is None or not isinstance(resources, Mapping):
        return ABSENT
    server_id = asked.place.server_id
    limits: dict[str, int] = {}
    for name in asked.question.names:
        limit = resources.get(name)
        if not isinstance(limit, Mapping):
            continue
        counted, below = limit.get("counted"), limit.get("below")
        # The rule must refuse a limit that is no number; nothing is below a negative one.
        if isinstance(counted, str) and isinstance(below, (int, float)):
            limits[counted] = max(limits.get(counted, 0), min(ceil(below), MOST_COUNTED))
    return asked.facts.read(lambda connection: counts_in_server(connection, server_id, limits))


def _load_per_core(asked: Asked) -> float:
    """The mean number of processes that want to run, for each core, over a minute."""
    return os.getloadavg()[0] / (os.cpu_count() or 1)


def _error_rate(asked: Asked) -> Any:
    found = asked.facts.environment.error_rate()
    return ABSENT if found is None else found


def _in_maintenance(asked: Asked) -> Any:
    caching = PermissionSystem.caching_of(asked.facts.app)
    if caching is None:
        return ABSENT
    return caching.maintenance.holds_now()


PARTS: tuple[InputPart[Asked], ...] = (
    InputPart("via", lambda asked: [way.document() for way in asked.ways[:MOST_WAYS]]),
    InputPart("via_count", lambda asked: len(asked.ways)),
    InputPart("subject.clearance", _clearance),
    InputPart("subject.super_admin", lambda asked: _of(asked.person, "super_admin")),
    InputPart("subject.account_age_days", _account_age),
    InputPart("subject.roles", _roles),
    InputPart("subject.attributes", _own_attributes),
    InputPart("subject.emergency", _emergency, documents=("emergency.lifts",)),
    InputPart("resource.attributes", _attributes),
    InputPart("resource.server", lambda asked: _of(asked.place, "server")),
    InputPart("resource.usage", _usage, documents=("quota.resources",)),
    InputPart("resource.channel", lambda asked: _of(asked.place, "channel")),
    InputPart("context.time", lambda asked: int(asked.now), _time_holds),
    InputPart("context.ip", lambda asked: _of(asked.current_request, "ip")),
    InputPart("context.user_agent", lambda asked: _of(asked.current_request, "user_agent")),
    InputPart("context.method", lambda asked: _of(asked.current_request, "method")),
    InputPart("context.authenticated_at", _authenticated_at),
    InputPart("context.device", _device, documents=("device.required", "device.servers")),
    InputPart("context.risk", _risk, documents=("risk.limits",)),
    InputPart("context.quota", _quota, documents=("quota.reserves",)),
    InputPart("context.environment.load", _load_per_core, documents=("environment.load",)),
    InputPart(
        "context.environment.error_rate",
        _error_rate,
        documents=("environment.error_rate",),
    ),
    InputPart(
        "context.environment.maintenance",
        _in_maintenance,
        documents=("environment.maintenance",),
    ),
    InputPart(
        "context.environment.emergency",
        lambda asked: asked.facts.emergencies().declared,
        documents=("environment.emergency",),
    ),
)
