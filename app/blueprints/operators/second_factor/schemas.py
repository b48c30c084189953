"""Bodies and answers of ``/control/api/second-factor``."""

from __future__ import annotations

import marshmallow as ma
from marshmallow.validate import Length

from yoto.http.control_api import ActSchema
from yoto.http.fields import Flag, Instant

CODE_LENGTH = 40


class SecondFactorSchema(ma.Schema):
    """Whether a code is asked for when you sign in."""

    enabled = Flag(required=True)
    since = Instant(required=True, allow_none=True)
    recovery_codes = ma.fields.Integer(
        required=True, metadata={"description": "How many were not used yet"}
    )


class EnrolmentSchema(ma.Schema):
    """The secret for an authenticator app, shown this once."""

    secret = ma.fields.String(required=True)
    uri = ma.fields.String(required=True)
    qr = ma.fields.List(
        ma.fields.String(),
        required=True,
        metadata={"description": "`uri` as a QR code: rows of 1 for dark and 0 for light"},
    )


class CodeSchema(ActSchema):
    """A code of the app, or to remove it a recovery code."""

    code = ma.fields.String(required=True, validate=Length(min=1, max=CODE_LENGTH))


class RecoveryCodesSchema(ma.Schema):
    """Each opens once what a code opens; shown this once."""

    recovery_codes = ma.fields.List(ma.fields.String(), required=True)
