"""Edits that may meet concurrent ones: entity tags and ``If-Match`` (RFC 9110).

The tag of an entry is its version, ``"0"`` for one that does not exist yet. A change names the
version that it was made from: without one it is refused with 428 (RFC 6585), with an outdated one
with 412, whose body has the present entry. ``*`` would overwrite unseen, and is refused. A list
matches if it contains the present version; a weak tag never does (section 13.1.1).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar

from flask import Response, g, request
from flask_smorest import Blueprint
from werkzeug.exceptions import PreconditionFailed, PreconditionRequired

from yoto.errors import ValidationFailed, VersionConflict
from yoto.http.problems import problem

View = TypeVar("View", bound=Callable[..., Any])

HEADER = "If-Match"
# The header as OpenAPI describes it.
PARAMETER = {
    "in": "header",
    "name": HEADER,
    "description": "The `ETag` that was read; without it the answer is 428",
    "schema": {"type": "string"},
}
OPTIONAL = PARAMETER | {
    "description": "The `ETag` that was read: the answer is 412 if it changed; left out: overwrite"
}
_VERSION = re.compile(r"[0-9]{1,18}")


def etag(version: int) -> dict[str, str]:
    """The header that names a version."""
    return {"ETag": f'"{version}"'}


def edits(blueprint: Blueprint, required: bool = True) -> Callable[[View], View]:
    """Document the header, and the responses of a change that takes it.

    Args:
        required: False where the change may also be made unseen, such as one for an emergency.
    """

    def document(view: View) -> View:
        view = blueprint.alt_response(412, "PRECONDITION_FAILED")(view)
        if required:
            view = blueprint.alt_response(428, "PRECONDITION_REQUIRED")(view)
        parameters = [PARAMETER if required else OPTIONAL]
        described: View = blueprint.doc(parameters=parameters)(_one_of_a_list(view))
        return described

    return document


def unchanged(response: Response) -> Response:
    """Respond with 304 to a client that has this very version already (``If-None-Match``)."""
    if (
        request.method in ("GET", "HEAD")
        and response.status_code == 200
        and "ETag" in response.headers
    ):
        response.make_conditional(request)
    return response


def _one_of_a_list(view: View) -> View:
    """A change that was refused for its version is tried as made from the present one, if the
    caller's list has that too."""

    @wraps(view)
    def once_more(*args: Any, **kwargs: Any) -> Any:
        g.pop("present_version", None)
        try:
            answer = view(*args, **kwargs)
        except PreconditionFailed as error:
            if not _is_listed(error.response):
                raise
        else:
            if not _is_listed(answer):
                return answer
        return view(*args, **kwargs)

    return once_more  # type: ignore[return-value]


def _is_listed(answer: object) -> bool:
    """Whether an answer refuses a change for a version beside which the caller's list has the
    present one; that is remembered then."""
    if not isinstance(answer, Response) or answer.status_code != 412:
        return False
    present, weak = answer.get_etag()
    if present is None or weak or present not in request.if_match.as_set():
        return False
    g.present_version = int(present)
    return True


def seen_version() -> int:
    """The version that the caller made the change from.

    Raises:
        PreconditionRequired: the request does not say (428).
        PreconditionFailed: it has weak tags alone, which never match (412).
        ValidationFailed: its value is no version (422).
    """
    if "present_version" in g:
        return int(g.present_version)
    given = request.if_match
    if given.star_tag or not request.headers.get(HEADER, "").strip():
        raise PreconditionRequired(f"Say in {HEADER} which version you have seen.")
    versions = sorted(int(tag) for tag in given.as_set() if tag and _VERSION.fullmatch(tag))
    if versions:
        return versions[-1]
    if given.as_set(include_weak=True) - given.as_set():
        raise PreconditionFailed(f"A weak tag never matches in {HEADER}.")
    raise ValidationFailed({HEADER: "must be an ETag that was given here"})


@contextmanager
def if_match(required: bool) -> Iterator[int | None]:
    """The version that the caller has seen; None: the caller need not say, and does not.

    Raises:
        PreconditionRequired, ValidationFailed: as ``seen_version``.
        PreconditionFailed: as there; or what is done inside met another version by now, which the
            answer holds (412).
    """
    try:
        yield seen_version() if required or HEADER in request.headers else None
    except VersionConflict as error:
        answer = problem(
            412,
            "version-conflict",
            str(error),
            headers=etag(error.current_version),
            errors=error.errors,
            current_version=error.current_version,
            current=error.current,
            **error.details,
        )
        raise PreconditionFailed(response=answer) from error
