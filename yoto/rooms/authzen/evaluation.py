"""Access Evaluation and Access Evaluations (AuthZEN 1.0, sections 6 and 7)."""

from __future__ import annotations

from typing import Any

from werkzeug.exceptions import BadRequest

from yoto.api.visibility import sees
from yoto.errors import PermissionDenied, UnknownResource
from yoto.extensions import permissions
from yoto.http.problems import where_to_ask
from yoto.permission import CONTEXT_DEPTH, Place, RequestContext, taking_turns
from yoto.request.context import public_url
from yoto.rooms.authzen.vocabulary import Vocabulary
from yoto.rooms.authzen.wire import (
    Evaluation,
    Object,
    bounded,
    bounded_defaults,
    evaluation_of,
    malformed,
)

AUDIT = "admin.audit"
NOT_YOURS = "about_somebody_else"
UNKNOWN_SUBJECT, UNKNOWN_ACTION, UNKNOWN_RESOURCE = (
    "unknown_user",
    "unknown_action",
    "unknown_resource",
)
EVALUATIONS_MAX = 1_000
# Bytes over all evaluations of a request, since policies parse the context anew for each: 1,000
# bytes for each of 1,000 evaluations, or the longest context for 125.
CONTEXTS_BYTES = 1_000_000
# Levels by which properties of the three entities lie deeper within a context.
PROPERTIES_DEPTH = 2

EXECUTE_ALL = "execute_all"
# The decision after which no more is evaluated, by semantic.
STOPS_AT = {EXECUTE_ALL: None, "deny_on_first_deny": False, "permit_on_first_permit": True}

Answer = dict[str, Any]


class Evaluator:
    """Decides for one caller, within one request."""

    def __init__(self, caller_id: int) -> None:
        self._caller_id = caller_id
        self._words = Vocabulary()
        self._contexts = Contexts()
        self._seen: dict[Place, bool] = {}
        self._is_auditor: bool | None = None

    def evaluate(self, asked: Evaluation) -> Answer:
        """The decision.

        It counts as a use of the permission, since the caller is about to let the subject act.
        Anything unknown is denied, with a reason.

        Raises:
            PermissionDenied: it is about somebody else, and the caller is no auditor.
        """
        return self._decide(asked, self._contexts.of(asked))

    def _decide(self, asked: Evaluation, context: RequestContext | None) -> Answer:
        user_id = self._words.user_id(asked.subject)
        self.demand_insight(user_id)
        place = self._words.place(asked.resource)
        name = self._words.permission(asked.action, asked.resource.type)
        for found, reason in (
            (user_id, UNKNOWN_SUBJECT),
            (name, UNKNOWN_ACTION),
            (place, UNKNOWN_RESOURCE),
        ):
            if found is None:
                return denied(reason)
        assert user_id is not None and name is not None and place is not None
        try:
            decision = permissions.decide(user_id, name, *place, context=context)
        except UnknownResource:
            return denied(UNKNOWN_RESOURCE)
        if decision.allowed:
            return {"decision": True}
        # A place that the caller may not see does not exist for them.
        if not self.sees(place):
            return denied(UNKNOWN_RESOURCE)
        answer = denied(decision.reason)
        if user_id == self._caller_id:
            answer["context"] |= self._request_for(user_id, name, place, decision.reason)
        return answer

    @staticmethod
    def _request_for(user_id: int, name: str, place: Place, reason: str) -> Answer:
        """The access request for the missing permission, if the subject may make one."""
        path = where_to_ask()
        if path is None or not permissions.is_requestable(user_id, name, *place, reason):
            return {}
        about = {"permission": name, "scope": place.kind, "scope_id": place.id}
        return {"access_request": {"endpoint": public_url() + path, **about}}

    def sees(self, place: Place) -> bool:
        """Whether the caller can see a place."""
        if place not in self._seen:
            try:
                self._seen[place] = sees(self._caller_id, *place)
            except UnknownResource:
                self._seen[place] = False
        return self._seen[place]

    def evaluate_all(self, document: Object) -> Answer:
        """All evaluations of a document, or the document itself if it has none.

        Raises:
            BadRequest: the document as a whole is malformed.
            PermissionDenied: as ``evaluate``, for any of them.
        """
        given = document.get("evaluations")
        if given is None or given == []:
            return self.evaluate(evaluation_of(document))
        if not isinstance(given, list):
            raise malformed("evaluations", "must be an array")
        if len(given) > EVALUATIONS_MAX:
            raise malformed("evaluations", f"must be at most {EVALUATIONS_MAX}")
        stops_at = STOPS_AT[_semantic(document)]
        defaults = bounded_defaults(document)
        # All evaluations are read before anything is decided.
        read = [self._read(item, defaults) for item in taking_turns(given)]
        contexts = [one[1] for one in read if isinstance(one, tuple)]
        if sum(context.size for context in contexts if context is not None) > CONTEXTS_BYTES:
            most = f"{CONTEXTS_BYTES:,} bytes of context over all of them"
            raise malformed("evaluations", f"must have at most {most}")
        answers: list[Answer] = []
        for one in taking_turns(read):
            answers.append(self._decide(*one) if isinstance(one, tuple) else one)
            if answers[-1]["decision"] is stops_at:
                break
        return {"evaluations": answers}

    def _read(
        self, item: Any, defaults: Object
    ) -> tuple[Evaluation, RequestContext | None] | Answer:
        """An item with its context, or the response with its error.

        Other items are not affected.
        """
        try:
            if not isinstance(item, dict):
                raise malformed("evaluation", "must be an object")
            asked = evaluation_of(item, defaults)
            return asked, self._contexts.of(asked)
        except BadRequest as error:
            return {
                "decision": False,
                "context": {"error": {"status": 400, "message": error.description}},
            }

    def demand_insight(self, user_id: int | None) -> None:
        """Demand that the question is about the caller, or that the caller may know about others.

        Raises:
            PermissionDenied: neither.
        """
        if user_id == self._caller_id:
            return
        if self._is_auditor is None:
            self._is_auditor = permissions.check_permission(self._caller_id, AUDIT)
        if not self._is_auditor:
            raise PermissionDenied(NOT_YOURS, AUDIT)


def number_of_questions(document: Object) -> int:
    """Number of evaluations in a document, up to the limit."""
    given = document.get("evaluations")
    return min(max(len(given), 1), EVALUATIONS_MAX) if isinstance(given, list) else 1


def denied(reason: str) -> Answer:
    """A denial with its code."""
    return {"decision": False, "context": {"reason": reason}}


class Contexts:
    """Contexts for policies, made once from the same parts, for all evaluations of a request."""

    def __init__(self) -> None:
        # By the ids of parts; the parts are kept, since ids of freed objects are used again.
        self._made: dict[tuple[int, ...], tuple[Evaluation, RequestContext | None]] = {}

    def of(self, asked: Evaluation) -> RequestContext | None:
        """The context, and the properties of the three entities; None without any of them.

        Raises:
            BadRequest: together they are too long.
        """
        entities = (asked.subject, asked.action, asked.resource)
        key = (id(asked.context), *(id(entity.properties) for entity in entities))
        if key not in self._made:
            self._made[key] = asked, context_for_policies(asked)
        return self._made[key][1]


def context_for_policies(asked: Evaluation) -> RequestContext | None:
    """See ``Contexts.of``."""
    entities = {
        "subject": asked.subject.properties,
        "action": asked.action.properties,
        "resource": asked.resource.properties,
    }
    properties = {name: values for name, values in entities.items() if values}
    if not properties:
        return asked.context
    whole = {"properties": properties, **(asked.context or {})}
    return bounded(whole, "context", CONTEXT_DEPTH + PROPERTIES_DEPTH)


def _semantic(document: Object) -> str:
    options = document.get("options")
    if options is None:
        return EXECUTE_ALL
    if not isinstance(options, dict):
        raise malformed("options", "must be an object")
    semantic = options.get("evaluations_semantic", EXECUTE_ALL)
    if not isinstance(semantic, str) or semantic not in STOPS_AT:
        allowed = ", ".join(STOPS_AT)
        raise malformed("options.evaluations_semantic", f"must be one of {allowed}")
    return semantic
