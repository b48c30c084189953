"""Errors as ``application/problem+json`` (RFC 9457).

Usable alone: an application that has nothing of Yoto but guards answers their rejections by
``init_refusals``. Database errors are handled in ``yoto.http.database_problems``.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from flask import Flask, Response, current_app, json, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES

from yoto import errors
from yoto.housekeeping import FoldedLine
from yoto.http.wsgi import MEDIA_TYPE, TYPE_PREFIX, title_of
from yoto.request.context import note_outcome, request_id
from yoto.resilience import noted_limits, rate_limit_headers
from yoto.room import rooms_of

CHALLENGE = 'Bearer realm="yoto"'  # RFC 6750, section 3
# Characters that may stand in a URI's path as they are (RFC 3986, section 3.3).
PATH_CHARACTERS = "/:@!$&'()*+,;=~"

IDEMPOTENCY_HEADER = "Idempotency-Key"

# The route by which people ask for a right.
ASK = "access-requests.ask_for_access"

log = logging.getLogger(__name__)
# A trace for each would keep all threads waiting for the log.
BUSY = FoldedLine(
    log, logging.ERROR, "store busy: %d calls waited in vain for a connection or their turn"
)


def init_refusals(app: Flask) -> None:
    """Answer what the platform raises in views of ``app``, such as the refusals of guards, by
    problems with ``Retry-After``; and say in each answer, by the ``RateLimit`` headers, what the
    limits that were asked leave. All other errors stay the application's.
    """
    app.register_error_handler(errors.PlatformError, problem_of)
    init_limit_headers(app)


def init_limit_headers(app: Flask) -> None:
    """The headers alone, for an application that handles rejections itself."""
    app.after_request(_say_limits)


def problem_of(error: Exception) -> Response:
    """The response to an error; an unexpected one is logged, and answered without details."""
    match error:
        case errors.PlatformError():
            return _platform_error(error)
        case HTTPException():
            return _http_error(error)
        case _:
            return _unexpected(error)


def problem(
    status: int,
    slug: str,
    detail: str | None = None,
    headers: Mapping[str, str] | None = None,
    **fields: Any,
) -> Response:
    """One problem as a response.

    Args:
        status: the HTTP status.
        slug: the last part of ``type``; one slug means one way to react.
        detail: a sentence about this very case.
        headers: further response headers.
        fields: extension members of the problem.
    """
    note_outcome(problem=slug)
    body = {
        "type": f"{TYPE_PREFIX}{slug}",
        "title": title_of(slug),
        "status": status,
        "detail": detail or HTTP_STATUS_CODES.get(status, "Error"),
        "instance": quote(request.path, safe=PATH_CHARACTERS),
        "request_id": request_id(),
        **fields,
    }
    response = Response(json.dumps(body), status=status, mimetype=MEDIA_TYPE)
    response.headers.update(headers or {})
    if status == 401:
        response.headers.setdefault("WWW-Authenticate", CHALLENGE)
    return response


def _say_limits(response: Response) -> Response:
    try:
        if noted := noted_limits():
            response.headers.update(rate_limit_headers(noted))
    except Exception:
        # The view has done its work; a header must not turn its answer into a 500.
        log.exception("an answer goes without its RateLimit headers")
    return response


def _retry(seconds: float) -> dict[str, str]:
    """Whole seconds, rounded up: a client that waits so long must not come too early."""
    return {"Retry-After": str(max(1, math.ceil(seconds)))}


def _platform_error(error: errors.PlatformError) -> Response:
    match error:
        case errors.UnknownResource():
            return problem(404, "not-found", str(error), errors=error.errors)
        case errors.VersionConflict():
            return problem(
                409,
                "version-conflict",
                str(error),
                errors=error.errors,
                current_version=error.current_version,
                current=error.current,
                **error.details,
            )
        case errors.ValidationFailed():
            return problem(422, "validation-failed", str(error), errors=error.errors)
        case errors.LastAdministrator():
            return problem(
                409, "conflict", str(error), errors=error.errors, reason="last_administrator"
            )
        case errors.AlreadyRunning():
            return problem(409, "already-running", str(error), task_id=error.task_id)
        case errors.LockChanged():
            return problem(409, "lock-changed", str(error), current=error.current)
        case errors.WriteConflict():
            detail = "The change collides with another one; nothing was changed."
            return problem(409, "conflict", detail)
        case errors.SignInAgain():
            reason = str(error.decision.reason)
            note_outcome(reason=reason, permission=error.permission)
            return problem(
                403,
                "sign-in-again",
                f"You may do this within {error.within:g} s of signing in: sign in again.",
                permission=error.permission,
                reason=reason,
                max_age=error.within,
            )
        case errors.PermissionDenied():
            reason = str(getattr(error.decision, "reason", error.decision))
            note_outcome(reason=reason, permission=error.permission)
            return problem(
                403,
                "permission-denied",
                "You may not do this.",
                permission=error.permission,
                reason=reason,
                **_codes(error.decision),
                **_roles(error.decision),
                **_request_for(error),
            )
        case errors.MaintenanceMode():
            return problem(
                503,
                "maintenance",
                str(error),
                headers=_retry(error.retry_after),
                reason=error.reason,
            )
        case errors.OutcomeUnknown():
            return _outcome_unknown(error)
        case errors.StoreUnavailable():
            detail = f"{error.store} is unavailable; try again later."
            if isinstance(error, errors.NotSetUp):
                detail = str(error)
                log.error("%s", error)
            elif isinstance(error, errors.StoreBusy):
                BUSY.note()
            else:
                # A breaker's refusal has a known cause: the trace would cost more than the rest.
                known = isinstance(error.cause, errors.CircuitOpen)
                trace = None if known else error
                log.error("store unavailable", exc_info=trace, extra={"store": error.store})
            return problem(
                503,
                "store-unavailable",
                detail,
                headers=_retry(error.retry_after),
                store=error.store,
            )
        case errors.DeadlineExceeded():
            note_outcome(
                **{f"spent_{name}": f"{seconds:.3f}" for name, seconds in error.spent.items()}
            )
            detail = f"The {error.deadline:g} s for this request are over."
            return problem(504, "deadline-exceeded", detail, deadline=error.deadline)
        case errors.Rejected():
            return _rejected(error)
        case _:
            return _of_a_room(error)


def _of_a_room(error: errors.PlatformError) -> Response:
    for room in rooms_of(current_app):
        for kind, answer in room.problems().items():
            if isinstance(error, kind):
                answered: Response = answer(error)
                return answered
    return _unexpected(error)


def _outcome_unknown(error: errors.OutcomeUnknown) -> Response:
    """The act may stand; a key of the caller settles it, since an act with one is done once."""
    key = request.headers.get(IDEMPOTENCY_HEADER)
    log.error("outcome unknown: %s was lost inside a commit", error.store, exc_info=error)
    repeat = "Read what there is before you repeat it."
    if key is not None:
        repeat = f"Send it again with the same {IDEMPOTENCY_HEADER}: it is done once at most."
    return problem(
        503,
        "outcome-unknown",
        f"{error.store} was lost while it committed: this may have been done. {repeat}",
        headers=_retry(error.retry_after),
        store=error.store,
        outcome="unknown",
        **({} if key is None else {"idempotency_key": key}),
    )


def _codes(decision: Any) -> dict[str, Any]:
    """All codes of policies that denied; most denials have one reason, and need no list."""
    codes = getattr(decision, "codes", ())
    return {"codes": list(codes)} if codes else {}


def _roles(decision: Any) -> dict[str, Any]:
    """The role that is too high, and the highest one that the caller has."""
    roles = getattr(decision, "roles", ())
    return {"roles": list(roles)} if roles else {}


def _request_for(error: errors.PermissionDenied) -> dict[str, Any]:
    """Where the caller can ask for what they lack."""
    href = where_to_ask() if error.requestable else None
    if href is None:
        return {}
    about = {"permission": error.permission, "scope": error.scope, "scope_id": error.scope_id}
    return {"access_request": {"href": href, **about}}


def where_to_ask() -> str | None:
    """The path at which people ask for a right; None: the application has no such route."""
    return url_for(ASK) if ASK in current_app.view_functions else None


def _rejected(error: errors.Rejected) -> Response:
    headers = _retry(error.retry_after)
    fields: dict[str, Any] = {"retry_after": round(error.retry_after, 3)}
    match error:
        case errors.RateLimited():
            return problem(
                429,
                "rate-limited",
                str(error),
                headers=headers,
                limit=error.limit,
                remaining=error.remaining,
                reset=round(error.reset, 3),
                dimension=error.dimension,
                **fields,
            )
        case errors.CircuitIsolated():
            slug = "circuit-isolated"
        case errors.CircuitOpen():
            slug = "circuit-open"
        case errors.BulkheadFull():
            slug = "bulkhead-full"
            fields["limit"] = error.limit
        case errors.QueueFull():
            slug = "queue-full"
            fields["limit"] = error.limit
        case errors.Degraded():
            slug = "degraded"
            fields["level"] = error.level
        case _:
            slug = "rejected"
    return problem(
        503, slug, str(error), headers=headers, name=getattr(error, "name", None), **fields
    )


def _http_error(error: HTTPException) -> Response:
    if isinstance(error.response, Response):
        return error.response
    status = error.code or 500
    data: dict[str, Any] = getattr(error, "data", None) or {}
    headers = {
        name: value
        for name, value in error.get_headers()
        if name.lower() not in ("content-type", "content-length")
    }
    headers.update(data.get("headers") or {})
    messages = data.get("errors") or data.get("messages")
    if messages and status == 422:
        flat = {field: texts for field, texts in _flatten(messages)}
        detail = "; ".join(f"{field}: {', '.join(texts)}" for field, texts in flat.items())
        return problem(422, "validation-failed", detail, headers=headers, errors=flat)
    slug = error.name.lower().replace(" ", "-")
    fields = {"errors": dict(_flatten(messages))} if messages else {}
    return problem(
        status, slug, data.get("message") or error.description, headers=headers, **fields
    )


# The parts of a request that webargs puts above the field names; a caller knows them anyway.
LOCATIONS = frozenset({"json", "query", "form", "headers", "view_args", "files", "json_or_form"})


def _flatten(messages: Any, path: str = "") -> Iterator[tuple[str, list[str]]]:
    """Nested marshmallow messages as ``field.path`` to texts."""
    if isinstance(messages, Mapping):
        for key, value in messages.items():
            outermost = not path and key in LOCATIONS
            inner = "" if outermost or key == "_schema" else str(key)
            yield from _flatten(value, ".".join(part for part in (path, inner) if part))
    else:
        texts = [messages] if isinstance(messages, str) else [str(text) for text in messages]
        yield path or "body", texts


def _unexpected(error: Exception) -> Response:
    log.error("unexpected error in %s %s", request.method, request.path, exc_info=error)
    return problem(500, "internal-error", "Something went wrong on our side.")
