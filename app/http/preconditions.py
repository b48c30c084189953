"""Editing what somebody else may have edited meanwhile: entity tags and ``If-Match`` (RFC 9110).

The tag of an entry is its version, ``"0"`` that of one that does not exist yet. A change names the
version that it was made from: without one it is refused with 428 (RFC 6585), with another than the
present one with 412, which has what is there by now. ``*`` would overwrite unseen, and is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from flask import request
from flask_smorest import Blueprint
from werkzeug.exceptions import PreconditionFailed, PreconditionRequired

from app.core.errors import ValidationFailed, VersionConflict
from app.http.problems import problem

View = TypeVar("View", bound=Callable[..., Any])

HEADER = "If-Match"
# As OpenAPI describes the header.
PARAMETER = {
    "in": "header",
    "name": HEADER,
    "description": "The `ETag` that was read; without it the answer is 428",
    "schema": {"type": "string"},
}
OPTIONAL = PARAMETER | {
    "description": "The `ETag` that was read: the answer is 412 if it changed; left out: overwrite"
}
_TAG = re.compile(r'(?:W/)?"(\d{1,18})"')


def etag(version: int) -> dict[str, str]:
    """The header that names a version."""
    return {"ETag": f'"{version}"'}


def edits(blueprint: Blueprint) -> Callable[[View], View]:
    """Document the header, and what a change that takes it may answer."""

    def document(view: View) -> View:
        view = blueprint.alt_response(412, "PRECONDITION_FAILED")(view)
        view = blueprint.alt_response(428, "PRECONDITION_REQUIRED")(view)
        return blueprint.doc(parameters=[PARAMETER])(view)  # type: ignore[no-any-return]

    return document


def may_compare(blueprint: Blueprint) -> Callable[[View], View]:
    """The same where a change may also be made unseen, such as one for an emergency."""

    def document(view: View) -> View:
        view = blueprint.alt_response(412, "PRECONDITION_FAILED")(view)
        return blueprint.doc(parameters=[OPTIONAL])(view)  # type: ignore[no-any-return]

    return document


def seen_version() -> int:
    """The version that the caller made the change from.

    Raises:
        PreconditionRequired: the request does not say (428).
        ValidationFailed: it says what is no version (422).
    """
    given = request.headers.get(HEADER, "").strip()
    if given in ("", "*"):
        raise PreconditionRequired(f"Say in {HEADER} which version you have seen.")
    match = _TAG.fullmatch(given)
    if match is None:
        raise ValidationFailed({HEADER: "must be an ETag that was given here"})
    return int(match[1])


@contextmanager
def if_match() -> Iterator[int]:
    """The version that the caller has seen; inside, a conflict of versions is told.

    Raises:
        PreconditionRequired, ValidationFailed: as ``seen_version``.
        PreconditionFailed: the entry has another version by now, which the answer holds (412).
    """
    with conflicts_told():
        yield seen_version()


@contextmanager
def if_match_given() -> Iterator[int | None]:
    """The same where the caller need not say: None then."""
    with conflicts_told():
        yield seen_version() if HEADER in request.headers else None


@contextmanager
def conflicts_told() -> Iterator[None]:
    """Answer a conflict of versions with what is there by now (412)."""
    try:
        yield
    except VersionConflict as error:
        answer = problem(
            412,
            "version-conflict",
            str(error),
            headers=etag(error.current_version),
            errors=error.errors,
            current_version=error.current_version,
            current=error.current,
        )
        raise PreconditionFailed(response=answer) from error
