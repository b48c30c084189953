"""What ``/control/api/config`` takes and answers."""

from __future__ import annotations

import marshmallow as ma
from marshmallow.validate import Range

from yoto.http.control_api import ActSchema
from yoto.http.fields import Whole
from yoto.http.paging import page_of
from yoto.resilience import KEPT_FOR, Caveat

LONGEST_EXPIRY = 365 * 24 * 3600  # s
LARGEST_VERSION = 2**31 - 1


class LayerSchema(ma.Schema):
    """One change of an entry: what a layer holds from then on."""

    version = ma.fields.Integer(required=True)
    origin = ma.fields.String(required=True, metadata={"description": "operator or tuner"})
    action = ma.fields.String(required=True)
    values = ma.fields.Dict(
        required=True, allow_none=True, metadata={"description": "null: the layer was taken away"}
    )
    author = ma.fields.String(required=True)
    reason = ma.fields.String(required=True)
    at = ma.fields.DateTime(required=True)
    expires_at = ma.fields.DateTime(required=True, allow_none=True)


class EntrySchema(ma.Schema):
    """An entry as it is in force."""

    kind = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    version = ma.fields.Integer(required=True)
    values = ma.fields.Dict(required=True, metadata={"description": "In force"})
    defaults = ma.fields.Dict(required=True, metadata={"description": "Of the code"})
    origins = ma.fields.Dict(
        required=True, metadata={"description": "Of each field: code, tuner or operator"}
    )
    override = ma.fields.Nested(
        LayerSchema,
        required=True,
        allow_none=True,
        metadata={"description": "What operators set; null: nothing"},
    )
    tuned = ma.fields.Nested(LayerSchema, required=True, allow_none=True)


class LiveEntrySchema(EntrySchema):
    """An entry after a change."""

    live = ma.fields.Boolean(
        required=True,
        metadata={"description": "False: recorded; workers follow when Redis is back"},
    )


class EntriesSchema(ma.Schema):
    """A slice of the entries of a kind, and what their fields may hold."""

    items = ma.fields.List(ma.fields.Nested(EntrySchema), required=True)
    next = ma.fields.Integer(required=True, allow_none=True)
    fields = ma.fields.List(  # type: ignore[assignment]
        ma.fields.Dict(),
        required=True,
        metadata={"description": "Name, type, bounds and unit of each field"},
    )


class ValuesSchema(ma.Schema):
    """What operators might set: all of their layer."""

    values = ma.fields.Dict(keys=ma.fields.String(), required=True)


class NewValuesSchema(ActSchema, ValuesSchema):
    """What operators set: all of their layer."""

    expires_in = ma.fields.Float(
        load_default=None,
        allow_none=True,
        validate=Range(0, LONGEST_EXPIRY, min_inclusive=False),
        metadata={"description": "Seconds; null: for good"},
    )


class ConfigRollbackSchema(ActSchema):
    """Back to what operators had set at a version; 0: nothing."""

    to_version = Whole(0, LARGEST_VERSION, required=True)


class ChangedFieldSchema(ma.Schema):
    """A field that would be another."""

    field = ma.fields.String(required=True)
    before = ma.fields.Raw(required=True, allow_none=True)
    after = ma.fields.Raw(required=True, allow_none=True)


class VerdictSchema(ma.Schema):
    """Whether values would be taken."""

    valid = ma.fields.Boolean(required=True)
    errors = ma.fields.Dict(
        keys=ma.fields.String(), values=ma.fields.List(ma.fields.String()), required=True
    )
    difference = ma.fields.List(
        ma.fields.Nested(ChangedFieldSchema),
        required=True,
        metadata={"description": "What would be in force instead of what is"},
    )


class TrySchema(ValuesSchema):
    """Values to try on the traffic of the last minutes."""

    seconds = ma.fields.Float(
        load_default=KEPT_FOR,
        validate=Range(1, KEPT_FOR),
        metadata={"description": "How far back"},
    )


class ReplaySchema(ma.Schema):
    """What a configuration does with the calls."""

    rejected = ma.fields.Integer(required=True)
    unknown = ma.fields.Integer(  # type: ignore[assignment]
        required=True,
        metadata={"description": "Let in although they were refused: nobody knows how they end"},
    )
    by = ma.fields.Dict(required=True, metadata={"description": "Refusals of a limit by dimension"})
    opened = ma.fields.Integer(required=True, metadata={"description": "Times a breaker opens"})
    peak = ma.fields.Integer(required=True, metadata={"description": "Most inside a bulkhead"})


class DryRunSchema(ma.Schema):
    """`candidate.rejected` of `calls` would have been refused. A replay of a sample."""

    kind = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    calls = ma.fields.Integer(required=True, metadata={"description": "That this rests on"})
    seconds = ma.fields.Float(required=True, metadata={"description": "How far back they reach"})
    workers = ma.fields.Integer(required=True)
    really_rejected = ma.fields.Integer(required=True)
    candidate = ma.fields.Nested(ReplaySchema, required=True)
    in_force = ma.fields.Nested(ReplaySchema, required=True)
    caveats = ma.fields.List(
        ma.fields.String(metadata={"enum": [one.value for one in Caveat]}),
        required=True,
        metadata={"description": "What makes it less than sure"},
    )


HISTORY_PAGE = page_of(LayerSchema)
