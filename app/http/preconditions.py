"""Changes that are made from a version: ``If-Match`` says which, and nobody overwrites unseen.

The version number of an entry is its entity tag: ``"3"``; ``"0"`` stands for an entry that does not
exist yet. Without the header a change is refused with 428, with another version's with 412, which
has what is there by now (RFC 9110, section 13; RFC 6585).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import request
from werkzeug.exceptions import PreconditionFailed, PreconditionRequired

from app.core.errors import ValidationFailed, VersionConflict
from app.http.problems import problem

IF_MATCH = "If-Match"
DIGITS_MAX = 18  # of a version


def etag_header(version: int) -> dict[str, str]:
    """The header that tells the version of an answer."""
    return {"ETag": f'"{version}"'}


def matched_version() -> int:
    """The version that the caller made the change from.

    Raises:
        PreconditionRequired: the request does not say.
        ValidationFailed: it says what is no version.
    """
    if not request.headers.get(IF_MATCH):
        raise PreconditionRequired("Say in If-Match from which version the change was made.")
    tags = list(request.if_match)
    if len(tags) != 1 or not (tags[0].isascii() and tags[0].isdigit()) or len(tags[0]) > DIGITS_MAX:
        raise ValidationFailed({IF_MATCH: 'must be one version, such as "3"'})
    return int(tags[0])


@contextmanager
def stale_is_412() -> Iterator[None]:
    """Tell a writer who came second what is there by now.

    Raises:
        PreconditionFailed: in place of ``VersionConflict``, with the same fields.
    """
    try:
        yield
    except VersionConflict as error:
        answer = problem(
            412,
            "precondition-failed",
            str(error),
            errors=error.errors,
            current_version=error.current_version,
            current=error.current,
        )
        raise PreconditionFailed(response=answer) from error
