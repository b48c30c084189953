"""Reasons of acts of people, in the actor's own words, for the audit log."""

from __future__ import annotations

import marshmallow as ma

from yoto.http.fields import Text

REASON_LENGTH = 500


class ReasonSchema(ma.Schema):
    """The reason, for the audit log."""

    reason = Text(REASON_LENGTH, load_default=None)
