"""Editing what somebody else may have edited meanwhile: entity tags and ``If-Match`` (RFC 9110).

The tag of an entry is its version. A change must name the version that it was made from, or ``*``
to change whatever is there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from flask import request
from werkzeug.exceptions import PreconditionFailed, PreconditionRequired

from app.core.errors import ValidationFailed, VersionConflict
from app.http.problems import problem

HEADER = "If-Match"
_TAG = re.compile(r'(?:W/)?"(\d{1,18})"')


def etag(version: int) -> dict[str, str]:
    """The header that names a version."""
    return {"ETag": f'"{version}"'}


@contextmanager
def if_match() -> Iterator[int | None]:
    """The version that the caller has seen; None: any. Inside, a conflict of versions is told.

    Raises:
        PreconditionRequired: the request names none (428).
        ValidationFailed: it names what is no version (422).
        PreconditionFailed: the entry has another version by now, which the answer holds (412).
    """
    given = request.headers.get(HEADER)
    if given is None:
        raise PreconditionRequired(f"Say in {HEADER} which version you have seen.")
    match = _TAG.fullmatch(given.strip())
    if match is None and given.strip() != "*":
        raise ValidationFailed({HEADER: "must be an entity tag that was given here, or *"})
    try:
        yield None if match is None else int(match[1])
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
