"""What ``/control/api/queues`` takes and answers."""

from __future__ import annotations

import marshmallow as ma
from marshmallow.validate import OneOf, Range

from yoto.http.control_api import ActSchema
from yoto.http.fields import Flag, Instant
from yoto.http.paging import page_of
from yoto.optimization import Strategy

NORMAL = "normal"
DAY = 86_400.0  # s, the longest that a strategy can be forced


class AmountsSchema(ma.Schema):
    """How much there is."""

    length = ma.fields.Integer(required=True, metadata={"description": "Not done"})
    waiting = ma.fields.Integer(required=True)
    in_flight = ma.fields.Integer(required=True)
    delayed = ma.fields.Integer(required=True, metadata={"description": "For another try"})
    dead = ma.fields.Integer(required=True, metadata={"description": "Dead letters kept"})
    oldest_age = ma.fields.Float(required=True, allow_none=True, metadata={"description": "s"})
    inflow = ma.fields.Float(required=True, metadata={"description": "Items a second"})
    processing = ma.fields.Float(required=True, metadata={"description": "Items a second"})


class KindSchema(AmountsSchema):
    """One kind of items."""

    kind = ma.fields.String(required=True)
    served = Flag(required=True, metadata={"description": "Some living worker handles it"})
    counts = ma.fields.Dict(
        keys=ma.fields.String(),
        values=ma.fields.Integer(),
        required=True,
        metadata={"description": "Since the queue was made; docs/queue.md names them"},
    )


class ConsumerSchema(ma.Schema):
    """A worker that handles items."""

    name = ma.fields.String(required=True)
    silent_for = ma.fields.Float(required=True, metadata={"description": "s since it said so"})
    workers = ma.fields.Integer(required=True, metadata={"description": "Threads"})
    busy = ma.fields.Integer(required=True)
    abandoned = ma.fields.Integer(
        required=True, metadata={"description": "Threads whose handler is beyond its limit"}
    )
    in_flight = ma.fields.Integer(required=True)
    kinds = ma.fields.List(ma.fields.String(), required=True)


class BatchSchema(AmountsSchema):
    """The batch queue, all kinds together and each."""

    kinds = ma.fields.List(ma.fields.Nested(KindSchema), required=True)
    consumers = ma.fields.List(ma.fields.Nested(ConsumerSchema), required=True)


class ForcedInvalidationSchema(ma.Schema):
    """A strategy that an operator chose."""

    strategy = ma.fields.String(required=True, validate=OneOf(list(Strategy)))
    left_s = ma.fields.Float(required=True)
    reason = ma.fields.String(required=True)


class RecommendationSchema(ma.Schema):
    """What to do about the queue: a code, and the figures behind it."""

    code = ma.fields.String(required=True)
    figures = ma.fields.Dict(required=True)


class StrategySchema(ma.Schema):
    """How queued invalidations become entries of the log, and why."""

    in_force = ma.fields.String(required=True, validate=OneOf(list(Strategy)))
    why = ma.fields.String(
        required=True,
        validate=OneOf(["forced", "configured", "analysis"]),
        metadata={"description": "An operator, the configuration, or the figures chose it"},
    )
    by_analysis = ma.fields.String(
        required=True,
        validate=OneOf(list(Strategy)),
        metadata={"description": "What the figures call for, whatever is in force"},
    )
    forced = ma.fields.Nested(ForcedInvalidationSchema, required=True, allow_none=True)


class InvalidationSchema(ma.Schema):
    """The queue of invalidations."""

    length = ma.fields.Integer(required=True)
    waiting = ma.fields.Integer(required=True)
    claimed = ma.fields.Integer(required=True, metadata={"description": "Being published"})
    later = ma.fields.Integer(required=True, metadata={"description": "Not due yet"})
    oldest_age = ma.fields.Float(required=True, metadata={"description": "s"})
    inflow = ma.fields.Float(required=True, metadata={"description": "Items a second"})
    outflow = ma.fields.Float(required=True, metadata={"description": "Items a second"})
    position = ma.fields.String(
        required=True, allow_none=True, metadata={"description": "Of the last publication"}
    )
    totals = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Integer(), required=True)
    health = ma.fields.String(required=True)
    seconds_to_empty = ma.fields.Float(
        required=True, allow_none=True, metadata={"description": "Null: it does not get shorter"}
    )
    recommendations = ma.fields.List(ma.fields.Nested(RecommendationSchema), required=True)
    strategy = ma.fields.Nested(StrategySchema, required=True)


class QueuesSchema(ma.Schema):
    """All queues, as of one moment each."""

    at = Instant(required=True)
    batch = ma.fields.Nested(BatchSchema, required=True)
    invalidation = ma.fields.Nested(InvalidationSchema, required=True)


class LetterSchema(ma.Schema):
    """A dead letter."""

    id = ma.fields.String(required=True)
    kind = ma.fields.String(required=True)
    excerpt = ma.fields.String(required=True, metadata={"description": "How its content begins"})
    tries = ma.fields.Integer(required=True)
    reason = ma.fields.String(required=True, metadata={"description": "What went wrong last"})
    enqueued_at = Instant(required=True)
    died_at = Instant(required=True)


class WholeLetterSchema(LetterSchema):
    """A dead letter with its content."""

    payload = ma.fields.String(required=True, metadata={"description": "JSON, as it was put in"})


class RedrivenSchema(ma.Schema):
    """Dead letters that are items again."""

    redriven = ma.fields.Integer(required=True)


class DiscardedSchema(ma.Schema):
    """A dead letter that is gone."""

    discarded = ma.fields.Integer(required=True)


class ChooseStrategySchema(ActSchema):
    """A strategy for a while."""

    strategy = ma.fields.String(
        required=True,
        validate=OneOf([*Strategy, NORMAL]),
        metadata={"description": "`normal` ends what an operator chose"},
    )
    seconds = ma.fields.Float(
        load_default=600.0,
        validate=Range(min=0, min_inclusive=False, max=DAY),
        metadata={"description": "For so long"},
    )


LETTER_PAGE = page_of(LetterSchema)
