"""Reasons of acts, in the actor's own words, for the audit log."""

from __future__ import annotations

import marshmallow as ma

from yoto.http.fields import Text

REASON_LENGTH = 500


class ReasonQuery(ma.Schema):
    """The reason, for the audit log."""

    reason = Text(REASON_LENGTH, load_default=None)


class ReasonSchema(ma.Schema):
    """The reason, for the audit log."""

    reason = Text(REASON_LENGTH, load_default=None, allow_none=True)
