"""Asks the policies for the permission system, with an input made from actual facts."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from flask import Flask

from yoto.cache import NodeId, TieredCache
from yoto.errors import PlatformError
from yoto.permission.judged import PlaceAttributes
from yoto.permission.system import PermissionSystem
from yoto.permission.verdict.abac import (
    MISSING,
    PolicyAnswer,
    PolicyBatch,
    PolicyQuestion,
)
from yoto.rooms.policies import PolicyManager, Validity
from yoto.rooms.policies.checking.facts import PolicyEnvironment, PolicyFacts
from yoto.rooms.policies.checking.kinds import kinds_of
from yoto.rooms.policies.checking.parts import PARTS, Asked
from yoto.rooms.policies.input import InputBuilder, PartUnknown, Question
from yoto.rooms.policies.service.naming import KnownPermissions

log = logging.getLogger(__name__)

ALLOWED = "policies_allow"
NO_CODE = "policy_denied"


class PolicyChecker:
    """A ``PolicyCheck`` for one application."""

    def __init__(
        self,
        app: Flask,
        cache: TieredCache,
        place: Callable[[str, NodeId | None], PlaceAttributes | None],
        environment: PolicyEnvironment,
    ) -> None:
        """Nothing is asked or opened yet; for ``place`` see ``PolicyFacts``."""
        self._app = app
        self._facts = PolicyFacts(app, cache, place, environment)
        self._builder = InputBuilder(PARTS)
        policies = PolicyManager.of(app)
        policies.permissions, policies.kinds = self._known, lambda: kinds_of(app)

    def __call__(self, asked: PolicyQuestion) -> PolicyAnswer:
        service = PolicyManager.of(self._app)
        # Read once: the set that an input is made for is the one that judges it.
        serving = service.ready()
        try:
            own_id = self._facts.own_id(asked.user_id, asked.batch or PolicyBatch())
        except PlatformError as error:
            log.warning("policies do not get subject.id: %s", error)
            return _unread("subject.id")
        question = Question(
            asked.user_id, asked.permission, asked.place.kind, asked.place.id, asked.context, own_id
        )
        about = Asked(question, self._facts, serving.documents, asked.batch)

        def built(reads: frozenset[str]) -> tuple[dict[str, Any], Validity]:
            return self._builder.build(question, about, reads, serving.documents)

        reads = serving.reads_about(question.topic)
        try:
            document, valid_for = built(reads)
        except PartUnknown as unknown:
            return _unread(unknown.path)

        def whole() -> dict[str, Any]:
            if reads == serving.reads:
                return document
            try:
                return built(serving.reads)[0]
            except PartUnknown:
                return document

        decision = service.evaluator.evaluate(document, valid_for, serving, whole)
        if decision.allow:
            emergency = "emergency" in document["subject"]
            return PolicyAnswer(True, ALLOWED, decision.version, emergency=emergency)
        reasons = decision.reasons or (NO_CODE,)
        loaded = serving.answering
        read = frozenset() if loaded is None else loaded.given_read(asked.permission)
        missing = tuple(_not_given(asked.context, read))
        return PolicyAnswer(
            False,
            reasons[0],
            decision.version,
            reasons,
            failed=decision.failed,
            missing=missing,
        )

    def _known(self) -> KnownPermissions:
        """The existing and the checked permissions, for the editor of a policy."""
        found = PermissionSystem.registered_in(self._app)
        return KnownPermissions(
            frozenset(one.name for one in found),
            frozenset(one.name for one in found if one.judged),
            frozenset(one.name for one in found if one.abac),
        )


def _unread(path: str) -> PolicyAnswer:
    """The answer where a part of the input could not be read."""
    code = f"missing:{path}"
    return PolicyAnswer(False, code, reasons=(code,), failed=True, unread=True)


def _not_given(given: Mapping[str, Any] | None, read: Iterable[str]) -> Iterator[str]:
    """The codes of facts that policies read and a caller's context lacks."""
    for path in sorted(read):
        found: Any = given
        for name in path.split(".") if path else ():
            found = found.get(name) if isinstance(found, Mapping) else None
        if found is None:
            yield f"{MISSING}context.given{'.' * bool(path)}{path}"
