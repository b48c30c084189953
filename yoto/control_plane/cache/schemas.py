"""What ``/control/api/cache`` takes and answers."""

from __future__ import annotations

import marshmallow as ma
from marshmallow.validate import OneOf

from yoto.http.control_api import ActSchema
from yoto.http.fields import Flag, Instant, NodeId


class TierSchema(ma.Schema):
    """What one tier answered in the window, over all workers."""

    tier = ma.fields.String(required=True, validate=OneOf(["l1", "l2", "db"]))
    hits = ma.fields.Integer(required=True)
    misses = ma.fields.Integer(required=True)
    bypassed = ma.fields.Integer(
        required=True, metadata={"description": "Not asked, because Redis was silent too long"}
    )
    errors = ma.fields.Integer(required=True)
    hit_rate = ma.fields.Float(
        required=True,
        allow_none=True,
        metadata={"description": "Hits among look-ups, 0 to 1; null: nobody asked"},
    )


class WindowSchema(ma.Schema):
    """Which stretch of time the counts of tiers and events are of."""

    seconds = ma.fields.Integer(required=True)
    complete = Flag(
        required=True, metadata={"description": "Of all workers; else of the one that answers"}
    )


class StoreSchema(ma.Schema):
    """One kind of what the worker that answers remembers."""

    kind = ma.fields.String(required=True)
    keys = ma.fields.Integer(required=True)
    capacity = ma.fields.Integer(required=True)
    evictions = ma.fields.Integer(required=True)


class LogSchema(ma.Schema):
    """The invalidation log."""

    position = ma.fields.String(
        required=True, metadata={"description": "Applied by the worker that answers"}
    )
    newest_number = ma.fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "Of the last entry; null: unknown, or there is none"},
    )
    max_staleness_s = ma.fields.Float(required=True)


class WorkerSchema(ma.Schema):
    """How far a worker follows the log, as of ``age_s`` ago."""

    id = ma.fields.String(required=True)
    host = ma.fields.String(required=True)
    pid = ma.fields.Integer(required=True)
    state = ma.fields.String(required=True, validate=OneOf(["following", "cut_off", "unknown"]))
    age_s = ma.fields.Float(required=True, metadata={"description": "Since the worker said so"})
    silence_s = ma.fields.Float(
        required=True,
        allow_none=True,
        metadata={"description": "Then, since it had last read the log to its end"},
    )
    applied_number = ma.fields.Integer(required=True, allow_none=True)
    behind = ma.fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "Entries of the log by now that it had not applied then"},
    )
    keys = ma.fields.Integer(
        required=True, allow_none=True, metadata={"description": "Users in its memory"}
    )
    capacity = ma.fields.Integer(required=True, allow_none=True)


class CacheSchema(ma.Schema):
    """How the cache is."""

    instance = ma.fields.String(required=True, metadata={"description": "The worker that answers"})
    at = Instant(required=True)
    window = ma.fields.Nested(WindowSchema, required=True)
    tiers = ma.fields.List(ma.fields.Nested(TierSchema), required=True)
    events = ma.fields.Dict(
        keys=ma.fields.String(),
        values=ma.fields.Integer(),
        required=True,
        metadata={"description": "What else was counted, such as `stampedes_avoided`"},
    )
    stores = ma.fields.List(ma.fields.Nested(StoreSchema), required=True)
    log = ma.fields.Nested(LogSchema, required=True)
    workers = ma.fields.List(ma.fields.Nested(WorkerSchema), required=True)


class TargetSchema(ma.Schema):
    """What is not to be believed any more."""

    kind = ma.fields.String(
        required=True,
        metadata={
            "description": "`user`, `role`, `team`, `application`, a type of resources, or `all`"
        },
    )
    id = NodeId(
        load_default=None,
        allow_none=True,
        metadata={
            "description": "As its type has it; of a user the number, or the application's own; "
            "not with `all`"
        },
    )


class InvalidateSchema(TargetSchema, ActSchema):
    """An invalidation."""

    memory = Flag(
        load_default=False,
        metadata={"description": "Only what processes remember; what Redis has stays believed"},
    )


class InvalidatedSchema(ma.Schema):
    """An invalidation that every worker hears of."""

    subject = ma.fields.String(required=True)
    position = ma.fields.String(
        required=True,
        metadata={"description": "Of its entry; a check with it is answered by nothing older"},
    )


class ForgetHotSchema(ActSchema):
    """Whose requests are to be forgotten."""

    user_id = NodeId(
        required=True, metadata={"description": "The number, or the application's own id"}
    )


class ForgottenHotSchema(ma.Schema):
    """Somebody of whom Redis has no counts any more."""

    user_id = ma.fields.Integer(required=True)
    places = ma.fields.Integer(
        required=True, metadata={"description": "Where they had asked, as Redis knew"}
    )


class MemoryCountSchema(ma.Schema):
    """Exact, of the worker that answers alone."""

    instance = ma.fields.String(required=True)
    users = ma.fields.Integer(required=True)
    entries = ma.fields.Integer(required=True)


class PeopleCountSchema(ma.Schema):
    """Accounts whose verdicts are made from it; not all of them are cached."""

    count = ma.fields.Integer(required=True)
    exact = Flag(
        required=True,
        metadata={"description": "False: an estimate; others may have looked there as well"},
    )


class PreviewSchema(ma.Schema):
    """What an invalidation would hit. Null: unknown."""

    subject = ma.fields.String(required=True)
    name = ma.fields.String(
        required=True, allow_none=True, metadata={"description": "Null: none of that id is there"}
    )
    memory = ma.fields.Nested(MemoryCountSchema, required=True, allow_none=True)
    redis_entries = ma.fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "Exact for an account; null for anything else: nobody counts"},
    )
    people = ma.fields.Nested(PeopleCountSchema, required=True, allow_none=True)


class StartedSchema(ma.Schema):
    """Work that goes on in the background; `GET /tasks/<id>` and events tell of it."""

    task_id = ma.fields.String(required=True)
    instance = ma.fields.String(
        required=True, metadata={"description": "The worker whose memory is filled, and Redis"}
    )


class RefreshedSchema(StartedSchema):
    """Everything was forgotten everywhere, and what is hot is brought back."""

    position = ma.fields.String(required=True)
