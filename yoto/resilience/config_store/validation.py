"""Checks of a whole change before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from yoto.errors import ValidationFailed
from yoto.rules import ABOVE_0, Number, Text, checked

from ..settings import Settings
from .document import PRECEDENCE, Document, Origin

# s. A year; leave the expiry out for ever.
LONGEST_EXPIRY = 365 * 24 * 3600.0
# Characters; the columns of the record are as wide.
LONGEST_AUTHOR = 128
LONGEST_REASON = 500


def normalised(
    base: Settings, kept: Mapping[str, Any], values: Mapping[str, Any]
) -> dict[str, Any]:
    """``values`` over ``kept`` as plain data, in the form of the configuration class, and as it
    comes back from JSON: copies are compared with the record, where a tuple is a list.

    Raises:
        ValidationFailed: there are none, one is unknown, or a value is refused.
    """
    if not isinstance(values, Mapping) or not values:
        raise ValidationFailed({"values": "must name at least one field"})
    gone = [name for name in values if name in base.retired]
    if gone:
        raise ValidationFailed({name: "was removed: nothing reads it any more" for name in gone})
    without = {name: "is of a room that is off" for name in values if name in base.absent}
    if without:
        raise ValidationFailed(without)
    plain = base.with_values({**kept, **values}).to_mapping()
    plain |= {name: value for name, value in kept.items() if name in base.absent}
    merged = {field: plain[field] for field in (*kept, *values) if field in plain}
    try:
        stored: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(merged))
    except UnicodeEncodeError as error:
        raise ValidationFailed({"values": f"must be text that UTF-8 can hold: {error}"}) from None
    return stored


def check_layers(
    base: Settings, document: Document, origin: Origin, values: Mapping[str, Any]
) -> None:
    """Refuse a layer that would not fit with the others, or alone once they have expired.

    Raises:
        ValidationFailed: fields of one combination do not fit together, or are not this layer's.
    """
    if origin is not Origin.TUNER:
        foreign = [field for field in base.tuners_own if field in values]
        if foreign:
            raise ValidationFailed({field: "only the tuner may set it" for field in foreign})
    base.with_values(values)
    merged: dict[str, Any] = {}
    for layer in PRECEDENCE:
        change = document.layer(layer)
        merged.update(values if layer is origin else (change and change.values) or {})
    base.with_values(merged)


def check_expiry(seconds: float | None) -> float | None:
    """A lifetime that a layer may have.

    Raises:
        ValidationFailed: not a number of seconds above 0 and up to a year.
    """
    if seconds is None:
        return None
    says = f"seconds above 0 and at most {LONGEST_EXPIRY:.0f}"
    return float(checked("expires_in", seconds, Number(ABOVE_0, LONGEST_EXPIRY, says=says)))


def check_text(author: str, reason: str) -> None:
    """The author and the reason must fit into the record.

    Raises:
        ValidationFailed: no author, or a text that is too long.
    """
    checked("author", author, Text(LONGEST_AUTHOR, shortest=1), shown=False)
    checked("reason", reason, Text(LONGEST_REASON), shown=False)
