"""Versions of what can be edited: told as ``ETag``, asked for as ``If-Match`` (RFC 9110)."""

from __future__ import annotations

import re

import marshmallow as ma
from werkzeug.exceptions import PreconditionFailed, PreconditionRequired

HEADER = "If-Match"
_ETAG = re.compile(r'"v(\d{1,10})"')


class IfMatchSchema(ma.Schema):
    """The version that a change was made from."""

    if_match = ma.fields.String(
        data_key=HEADER,
        load_default=None,
        metadata={"description": "The `ETag` that was read; without it the answer is 428"},
    )


def etag_of(version: int) -> str:
    """The tag of a version."""
    return f'"v{version}"'


def version_of(if_match: str | None) -> int:
    """The version that a caller has seen.

    Raises:
        PreconditionRequired: it was not said, or as ``*``, which would overwrite anything.
        PreconditionFailed: it is no tag of ours, so it is no present version.
    """
    if if_match is None or if_match.strip() == "*":
        raise PreconditionRequired(f"Say by {HEADER} which version you have read.")
    found = _ETAG.fullmatch(if_match.strip())
    if found is None:
        raise PreconditionFailed(f"{HEADER} is no ETag of this.")
    return int(found[1])
