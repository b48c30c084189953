"""What policies look like to operators."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow.validate import Length, OneOf, Range

from yoto.http.control_api import ActSchema
from yoto.http.fields import Facts, Instant, Whole
from yoto.store.models import PolicyState

STATES = [state.value for state in PolicyState]
SOURCE_LENGTH = 200_000  # characters
VERSION_MAX = 2**31 - 1
# A whole input: the context that a caller gives, and what the platform says beside it.
INPUT_BYTES, INPUT_DEPTH = 32_000, 12


class Source(ma.fields.String):
    """A text that is kept as it is, unless no database could keep it."""

    default_error_messages = {"characters": "NUL and lone surrogates are not allowed."}

    def __init__(self, min_length: int = 0, **options: Any) -> None:
        super().__init__(validate=Length(min_length, SOURCE_LENGTH), **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        text = super()._deserialize(value, attr, data, **options)
        if "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
            raise self.make_error("characters")
        return text.replace("\r\n", "\n")


class VersionSchema(ma.Schema):
    """One version of a policy or document."""

    kind = ma.fields.String(required=True, metadata={"description": "rego or data"})
    name = ma.fields.String(required=True)
    version = ma.fields.Integer(required=True)
    state = ma.fields.String(required=True, validate=OneOf(STATES))
    author = ma.fields.String(required=True)
    comment = ma.fields.String(required=True, metadata={"description": "Why, in their words"})
    at = Instant(required=True)
    source_hash = ma.fields.String(required=True, metadata={"description": "SHA-256"})
    sample = ma.fields.Float(
        required=True,
        allow_none=True,
        metadata={"description": "Of a candidate: the share of evaluations it runs beside"},
    )


class PolicyVersionSchema(VersionSchema):
    """One version with its texts."""

    source = ma.fields.String(required=True)
    tests = ma.fields.String(required=True)


class DocumentVersionSchema(VersionSchema):
    """One version of a document."""

    document = ma.fields.Raw(required=True, metadata={"description": "The JSON value"})


class UseSchema(ma.Schema):
    """What a policy did in the worker that answers, since it loaded this version."""

    denies = ma.fields.Dict(
        keys=ma.fields.String(),
        values=ma.fields.Integer(),
        required=True,
        metadata={"description": "Denials by the codes that this policy gives"},
    )
    latency = ma.fields.Dict(
        required=True, allow_none=True, metadata={"description": "Null: not measured yet"}
    )
    rules = ma.fields.Integer(required=True, allow_none=True)
    source_bytes = ma.fields.Integer(required=True)


class ListedPolicySchema(VersionSchema):
    """A policy in force."""

    candidate_version = ma.fields.Integer(required=True, allow_none=True)
    use = ma.fields.Nested(
        UseSchema, required=True, allow_none=True, metadata={"description": "Null: unknown"}
    )


class EngineSchema(ma.Schema):
    """What decides in the worker that answers."""

    instance = ma.fields.String(required=True)
    engine = ma.fields.String(required=True)
    runs_on = ma.fields.String(
        required=True,
        metadata={"description": "The library with its version, or the server's address"},
    )
    state = ma.fields.String(required=True, metadata={"description": "ok, unavailable, unknown"})
    detail = ma.fields.String(required=True)
    latency_ms = ma.fields.Float(required=True, allow_none=True)
    bundle = ma.fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The set that decides; null: every decision is a denial"},
    )
    taken_out = ma.fields.String(required=True, allow_none=True)
    revision = ma.fields.Integer(required=True, allow_none=True)
    wanted = ma.fields.Integer(required=True, allow_none=True)
    error = ma.fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Why what is wanted is not loaded; null: it is"},
    )
    evaluations = ma.fields.Integer(required=True)
    errors = ma.fields.Integer(required=True)
    denies = ma.fields.Integer(required=True)


class PoliciesSchema(ma.Schema):
    """The policies in force."""

    engine = ma.fields.Nested(EngineSchema, required=True)
    items = ma.fields.List(ma.fields.Nested(ListedPolicySchema), required=True)


class DocumentsSchema(ma.Schema):
    """The data documents in force."""

    items = ma.fields.List(ma.fields.Nested(VersionSchema), required=True)


class PutPolicySchema(ActSchema):
    """What a policy is to be."""

    source = Source(1, required=True, metadata={"description": "Rego"})
    tests = Source(load_default="", metadata={"description": "Its own Rego tests"})


class PutDocumentSchema(ActSchema):
    """What a document is to be."""

    document = ma.fields.Raw(
        required=True, allow_none=True, metadata={"description": "Any JSON value"}
    )


class PolicyRollbackSchema(ActSchema):
    """To which version."""

    version = Whole(1, VERSION_MAX, required=True)


class TryPolicySchema(ma.Schema):
    """What to try. Without source it is what is in force; with one it takes `platform.admin`."""

    source = Source(1, load_default=None, allow_none=True)
    tests = Source(load_default=None, allow_none=True)
    input = Facts(most=INPUT_BYTES, depth=INPUT_DEPTH)


class TryDocumentSchema(ma.Schema):
    """What to try; without a document it is what is in force."""

    document = ma.fields.Raw(metadata={"description": "Any JSON value; takes `platform.admin`"})
    input = Facts(most=INPUT_BYTES, depth=INPUT_DEPTH)


class AnswerSchema(ma.Schema):
    """What a set says of one input."""

    allow = ma.fields.Boolean(required=True)
    deny = ma.fields.List(ma.fields.String(), required=True)
    error = ma.fields.String(
        required=True, allow_none=True, metadata={"description": "Why there is no verdict"}
    )


class DifferingSchema(ma.Schema):
    """A recorded input that is answered differently."""

    number = ma.fields.Integer(required=True, metadata={"description": "The newest is 1"})
    input = ma.fields.Dict(required=True, metadata={"description": "Masked"})
    before = ma.fields.Nested(AnswerSchema, required=True)
    after = ma.fields.Nested(AnswerSchema, required=True)


class GivenSchema(ma.Schema):
    """The answers to the given input."""

    before = ma.fields.Nested(AnswerSchema, required=True)
    after = ma.fields.Nested(AnswerSchema, required=True)


class RehearsalSchema(ma.Schema):
    """What would change; nothing was stored."""

    tests_passed = ma.fields.List(ma.fields.String(), required=True)
    inputs = ma.fields.Integer(required=True, metadata={"description": "Recorded ones"})
    changed = ma.fields.Integer(required=True)
    allow_to_deny = ma.fields.Integer(required=True)
    deny_to_allow = ma.fields.Integer(required=True)
    other_codes = ma.fields.Integer(required=True)
    differing = ma.fields.List(ma.fields.Nested(DifferingSchema), required=True)
    given = ma.fields.Nested(GivenSchema, required=True, allow_none=True)


class ComparisonSchema(ma.Schema):
    """What a change did to the verdicts on recent inputs."""

    inputs = ma.fields.Integer(required=True)
    allow_to_deny = ma.fields.Integer(required=True)
    deny_to_allow = ma.fields.Integer(required=True)


class WarningSchema(ma.Schema):
    """Permissions that a change names in vain, or leaves out."""

    code = ma.fields.String(
        required=True, validate=OneOf(["never_asked", "not_registered", "no_rule"])
    )
    permissions = ma.fields.List(ma.fields.String(), required=True)


class ReceiptSchema(ma.Schema):
    """A change that was made."""

    kind = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    version = ma.fields.Integer(required=True)
    revision = ma.fields.Integer(required=True)
    bundle = ma.fields.String(required=True)
    tests_passed = ma.fields.Integer(required=True)
    comparison = ma.fields.Nested(ComparisonSchema, required=True, allow_none=True)
    warnings = ma.fields.List(ma.fields.Nested(WarningSchema), required=True)


class DiffLineSchema(ma.Schema):
    """One line of a difference."""

    mark = ma.fields.String(required=True, validate=OneOf(["same", "added", "removed", "left_out"]))
    old = ma.fields.Integer(required=True, allow_none=True)
    new = ma.fields.Integer(required=True, allow_none=True)
    text = ma.fields.String(required=True)


class DiffSchema(ma.Schema):
    """Where two versions differ; empty lists: nowhere."""

    name = ma.fields.String(required=True)
    old = ma.fields.Integer(required=True)
    new = ma.fields.Integer(required=True)
    source = ma.fields.List(ma.fields.Nested(DiffLineSchema), required=True)
    tests = ma.fields.List(ma.fields.Nested(DiffLineSchema), required=True)


class ShadowReportSchema(ma.Schema):
    """What would change with the candidate, from all workers."""

    name = ma.fields.String(required=True)
    version = ma.fields.Integer(required=True)
    author = ma.fields.String(required=True)
    sample = ma.fields.Float(required=True)
    evaluated = ma.fields.Integer(required=True)
    errors = ma.fields.Integer(required=True)
    allow_to_deny = ma.fields.Integer(required=True)
    deny_to_allow = ma.fields.Integer(required=True)
    subjects = ma.fields.Dict(required=True, metadata={"description": "By the id of the user"})
    places = ma.fields.Dict(required=True)
    codes = ma.fields.Dict(required=True)


class ShadowSchema(ma.Schema):
    """The candidate, if there is one."""

    candidate = ma.fields.Nested(ShadowReportSchema, required=True, allow_none=True)


class StartShadowSchema(ActSchema):
    """A candidate."""

    name = ma.fields.String(required=True, validate=Length(1, 64))
    source = Source(1, required=True)
    tests = Source(load_default="")
    sample = ma.fields.Float(
        load_default=1.0,
        validate=Range(0, 1, min_inclusive=False),
        metadata={"description": "The share of evaluations it is to run beside"},
    )


class EndShadowSchema(ActSchema):
    """What becomes of the candidate."""

    version = Whole(
        1, VERSION_MAX, required=True, metadata={"description": "The candidate that you saw"}
    )
