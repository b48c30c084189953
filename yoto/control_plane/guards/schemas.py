"""What the routes of guards take and answer."""

from __future__ import annotations

import marshmallow as ma
from marshmallow.validate import Length, OneOf, Range

from yoto.http.control_api import ActSchema
from yoto.http.fields import Text, Whole
from yoto.http.paging import PageQuery, page_of
from yoto.resilience import DegradationLevel, Kind

KINDS = (Kind.CIRCUIT_BREAKER.value, Kind.RATE_LIMIT.value, Kind.BULKHEAD.value)
LONGEST_NAME = 128
LONGEST_PART = 200
# s. An operator who forces a state and goes home does not leave it so for ever.
FORCED_FOR = 3_600
LONGEST_EXPIRY = 365 * 24 * 3600
STATES = (
    *("closed", "open", "half_open", "isolated", "disabled", "metrics_only"),
    *("passing", "limiting", "idle", "free", "waiting", "full", "unknown"),
)


class GuardQuery(PageQuery):
    """Which guards."""

    kind = ma.fields.String(load_default=None, validate=OneOf(KINDS))
    state = ma.fields.String(load_default=None, validate=OneOf(STATES))
    name = ma.fields.String(
        load_default=None,
        validate=Length(1, LONGEST_NAME),
        metadata={"description": "Text that is in the name"},
    )


class RatesSchema(ma.Schema):
    """Calls a second over all workers, in the last minute; null: not known."""

    passes = ma.fields.Float(required=True, allow_none=True)
    rejections = ma.fields.Float(required=True, allow_none=True)


class SparkSchema(ma.Schema):
    """The last ten minutes in steps; null: nobody recorded then."""

    since = ma.fields.DateTime(required=True)
    step = ma.fields.Integer(required=True, metadata={"description": "Seconds"})
    complete = ma.fields.Boolean(
        required=True, metadata={"description": "False: of the worker that answers alone"}
    )
    passes = ma.fields.List(ma.fields.Float(allow_none=True), required=True)
    rejections = ma.fields.List(ma.fields.Float(allow_none=True), required=True)
    in_flight = ma.fields.List(
        ma.fields.Float(allow_none=True),
        required=True,
        metadata={"description": "Of a bulkhead, on average; empty for others"},
    )


class ForcedSchema(ma.Schema):
    """Who forced the state of a breaker."""

    state = ma.fields.String(required=True)
    author = ma.fields.String(required=True)
    reason = ma.fields.String(required=True)
    since = ma.fields.DateTime(required=True)
    until = ma.fields.DateTime(required=True, allow_none=True)


class BreakerSchema(ma.Schema):
    """A circuit breaker."""

    reason = ma.fields.String(required=True, metadata={"description": "Why it is in its state"})
    ends_in = ma.fields.Float(
        required=True,
        allow_none=True,
        metadata={"description": "Seconds until the state ends by itself"},
    )
    next_probe_in = ma.fields.Float(
        required=True,
        allow_none=True,
        metadata={"description": "Seconds until an open breaker lets a probe through"},
    )
    calls = ma.fields.Integer(required=True, metadata={"description": "In the window"})
    failures = ma.fields.Integer(required=True)
    slow_calls = ma.fields.Integer(required=True)
    failure_rate = ma.fields.Float(
        required=True, allow_none=True, metadata={"description": "%; null below the minimum"}
    )
    slow_call_rate = ma.fields.Float(required=True, allow_none=True)
    consecutive_failures = ma.fields.Integer(required=True)
    opens = ma.fields.Integer(required=True)
    probes = ma.fields.Integer(required=True)
    probes_succeeded = ma.fields.Integer(
        required=True, metadata={"description": "Good probes while it is half open"}
    )
    success_threshold = ma.fields.Integer(
        required=True, metadata={"description": "Good probes that close it"}
    )
    opened_alone = ma.fields.Boolean(required=True)
    operable = ma.fields.Boolean(
        required=True, metadata={"description": "False: it opens and closes by itself alone"}
    )
    forced = ma.fields.Nested(ForcedSchema, required=True, allow_none=True)


class QuotaSchema(ma.Schema):
    """One thing that a limit counts."""

    name = ma.fields.String(required=True)
    limit = ma.fields.Integer(required=True)
    window = ma.fields.Float(required=True, metadata={"description": "Seconds"})
    burst = ma.fields.Integer(required=True)


class KeyUseSchema(ma.Schema):
    """What one caller did."""

    user = ma.fields.String(required=True, allow_none=True)
    server = ma.fields.String(required=True, allow_none=True)
    address = ma.fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Its network; `***` without `admin.audit`"},
    )
    text = ma.fields.String(required=True, allow_none=True)
    passed = ma.fields.Integer(required=True)
    rejected = ma.fields.Integer(required=True)


class TopKeysSchema(ma.Schema):
    """The callers who were refused most, then those who called most."""

    calls = ma.fields.Integer(required=True, metadata={"description": "That this rests on"})
    seconds = ma.fields.Float(required=True, metadata={"description": "How far back they reach"})
    complete = ma.fields.Boolean(required=True)
    keys = ma.fields.List(ma.fields.Nested(KeyUseSchema), required=True)


class LeasesSchema(ma.Schema):
    """What became of the units that the worker that answers paid for before they were used."""

    leased = ma.fields.Integer(required=True)
    returned = ma.fields.Integer(required=True, metadata={"description": "Given back unused"})
    wasted = ma.fields.Integer(required=True, metadata={"description": "That ran out unused"})


class LimiterSchema(ma.Schema):
    """A rate limit."""

    algorithm = ma.fields.String(required=True)
    dimensions = ma.fields.List(ma.fields.Nested(QuotaSchema), required=True)
    mode = ma.fields.String(required=True)
    leases = ma.fields.Nested(
        LeasesSchema,
        required=True,
        allow_none=True,
        metadata={"description": "null: nothing was leased yet"},
    )
    top = ma.fields.Nested(
        TopKeysSchema,
        required=True,
        allow_none=True,
        metadata={"description": "null: unknown, Redis is away"},
    )


class BulkheadSchema(ma.Schema):
    """A bulkhead."""

    strategy = ma.fields.String(required=True)
    limit = ma.fields.Integer(required=True, metadata={"description": "Of each partition"})
    held = ma.fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "In flight over all workers; null: each partition has its own"},
    )
    waiting = ma.fields.Integer(required=True, allow_none=True)
    held_here = ma.fields.Integer(
        required=True, metadata={"description": "In the worker that answers"}
    )
    spare_here = ma.fields.Integer(
        required=True,
        metadata={"description": "Held for the next callers of the worker that answers"},
    )
    mode = ma.fields.String(required=True)
    leases = ma.fields.Nested(
        LeasesSchema,
        required=True,
        allow_none=True,
        metadata={"description": "How often slots were kept; null: none was kept yet"},
    )
    lost = ma.fields.Integer(required=True)
    lease = ma.fields.Float(required=True, metadata={"description": "Seconds"})
    wait = ma.fields.Float(required=True, metadata={"description": "Seconds"})


class GuardSchema(ma.Schema):
    """One guard; what is of other kinds is null."""

    kind = ma.fields.String(required=True, validate=OneOf(KINDS))
    name = ma.fields.String(required=True)
    state = ma.fields.String(required=True, validate=OneOf(STATES))
    scope = ma.fields.String(
        required=True,
        validate=OneOf(["fleet", "worker"]),
        metadata={"description": "worker: Redis is away, and only the worker that answers is told"},
    )
    version = ma.fields.Integer(required=True, metadata={"description": "Of its configuration"})
    defined = ma.fields.Boolean(
        required=True,
        metadata={"description": "False: nobody gave the name numbers; a misspelt one, perhaps"},
    )
    overridden = ma.fields.List(
        ma.fields.String(), required=True, metadata={"description": "Fields that operators set"}
    )
    store_errors = ma.fields.Integer(required=True)
    answered_locally = ma.fields.Integer(required=True)
    rates = ma.fields.Nested(RatesSchema, required=True)
    spark = ma.fields.Nested(SparkSchema, required=True)
    breaker = ma.fields.Nested(BreakerSchema, required=True, allow_none=True)
    limiter = ma.fields.Nested(LimiterSchema, required=True, allow_none=True)
    bulkhead = ma.fields.Nested(BulkheadSchema, required=True, allow_none=True)


GUARD_PAGE = page_of(GuardSchema)


class ForceSchema(ActSchema):
    """Forcing the state of a breaker."""

    expires_in = ma.fields.Float(
        load_default=FORCED_FOR,
        allow_none=True,
        validate=Range(0, LONGEST_EXPIRY, min_inclusive=False),
        metadata={"description": f"Seconds; {FORCED_FOR} when left out, null: until it is reset"},
    )


class ResetKeySchema(ActSchema):
    """Whose use of a limit is forgotten: a caller's by parts, of a key of text, what all share, or
    that of all callers."""

    user = Text(LONGEST_PART, min_length=1, load_default=None, allow_none=True)
    server = Text(LONGEST_PART, min_length=1, load_default=None, allow_none=True)
    address = Text(LONGEST_PART, min_length=1, load_default=None, allow_none=True)
    text = Text(LONGEST_PART, min_length=1, load_default=None, allow_none=True)
    everyone = ma.fields.Boolean(
        load_default=False, metadata={"description": "What the dimension `global` counted"}
    )
    all = ma.fields.Boolean(load_default=False, metadata={"description": "Of every caller"})

    @ma.validates_schema
    def _one_way(self, data: dict[str, object], **_: object) -> None:
        parts = any(data.get(name) for name in ("user", "server", "address"))
        others = [bool(data.get(name)) for name in ("text", "everyone", "all")]
        if [parts, *others].count(True) != 1:
            raise ma.ValidationError("give parts of a caller, or text, everyone or all", "user")


class ResetDoneSchema(ma.Schema):
    """What was reset."""

    dimensions = ma.fields.List(ma.fields.String(), required=True)
    complete = ma.fields.Boolean(
        metadata={"description": "Of every caller; false: some are left, and another call goes on"}
    )


class ReleaseSchema(ActSchema):
    """Giving back the slots of workers that are gone."""

    partition = Text(LONGEST_PART, load_default="")


class ReleasedSchema(ma.Schema):
    """What came back."""

    released = ma.fields.Integer(required=True)


class LevelSchema(ActSchema):
    """Setting the degradation of a feature."""

    level = ma.fields.String(
        required=True,
        allow_none=True,
        validate=OneOf([level.value for level in DegradationLevel]),
        metadata={"description": "null takes an operator's level back"},
    )
    expires_in = ma.fields.Float(
        load_default=None, allow_none=True, validate=Range(0, LONGEST_EXPIRY, min_inclusive=False)
    )


class FeatureSchema(ma.Schema):
    """How far a feature is degraded, and who asks for it."""

    name = ma.fields.String(required=True)
    level = ma.fields.String(required=True)
    sources = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.String(), required=True)
    version = Whole(0, 2**31, required=True)


class LiveFeatureSchema(FeatureSchema):
    """The same after a change."""

    live = ma.fields.Boolean(
        required=True,
        metadata={"description": "False: recorded; workers follow when Redis is back"},
    )


FEATURE_PAGE = page_of(FeatureSchema)
