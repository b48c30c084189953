"""Field types of the REST API: what text, numbers and times from outside must look like."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from typing import Any

import marshmallow as ma
from marshmallow.validate import Length, Range

from yoto.errors import ValidationFailed
from yoto.permission import CONTEXT_BYTES, CONTEXT_DEPTH, checked_context

MAX_ID = 2**63 - 1  # the largest value of a BIGINT column
# Control characters, and lone surrogates, which no database encodes.
REFUSED_CATEGORIES = frozenset({"Cc", "Cs"})
LINE_CHARACTERS = frozenset("\n\t")
# Every database at hand stores these years, and none of them overflows in any time zone.
FIRST_YEAR, LAST_YEAR = 1970, 9998


def row_id(text: str) -> int | None:
    """The id that a text spells in ASCII digits; None: none that a row could have."""
    # ``isdecimal`` alone takes digits of all scripts, and any number of them.
    if not text.isascii() or not text.isdecimal() or len(text) > len(str(MAX_ID)):
        return None
    number = int(text)
    return number if 1 <= number <= MAX_ID else None


class Text(ma.fields.String):
    """Trimmed text of a bounded length, of one line or of several.

    Args:
        max_length: characters after trimming.
        min_length: characters after trimming.
        lines: whether line breaks and tabs are allowed.
    """

    default_error_messages = {
        "characters": "Control characters are not allowed.",
    }

    def __init__(
        self, max_length: int, *, min_length: int = 0, lines: bool = False, **options: Any
    ) -> None:
        super().__init__(validate=Length(min=min_length, max=max_length), **options)
        self.lines = lines

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        text = super()._deserialize(value, attr, data, **options).strip().replace("\r\n", "\n")
        if not text.isprintable() and any(self._refuses(character) for character in text):
            raise self.make_error("characters")
        return text

    def _refuses(self, character: str) -> bool:
        if self.lines and character in LINE_CHARACTERS:
            return False
        return unicodedata.category(character) in REFUSED_CATEGORIES


class Name(Text):
    """A name people read: one line, never empty."""

    def __init__(self, max_length: int, **options: Any) -> None:
        super().__init__(max_length, min_length=1, **options)


class Whole(ma.fields.Integer):
    """A JSON integer within bounds; text and fractions are refused."""

    def __init__(self, minimum: int, maximum: int, **options: Any) -> None:
        super().__init__(strict=True, validate=Range(min=minimum, max=maximum), **options)


class RowId(Whole):
    """The id of a row in a JSON body."""

    def __init__(self, **options: Any) -> None:
        super().__init__(1, MAX_ID, **options)


class Flag(ma.fields.Boolean):
    """A JSON boolean and nothing that merely looks like one."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class Facts(ma.fields.Dict):
    """A JSON object that policies read; see ``checked_context`` for its bounds."""

    def __init__(
        self, *, most: int = CONTEXT_BYTES, depth: int = CONTEXT_DEPTH, **options: Any
    ) -> None:
        super().__init__(keys=ma.fields.String(), load_default=None, allow_none=True, **options)
        self._most = most
        self._depth = depth

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        if isinstance(value, dict):
            try:
                return checked_context(value, "facts", self._most, self._depth)
            except ValidationFailed as error:
                raise ma.ValidationError(error.errors["facts"]) from None
        return super()._deserialize(value, attr, data, **options)  # type: ignore[no-untyped-call]


class Instant(ma.fields.AwareDateTime):
    """A moment in ISO 8601 with its zone; it leaves in UTC."""

    default_error_messages = {
        "years": f"Years from {FIRST_YEAR} to {LAST_YEAR} are allowed.",
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(format="iso", **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> datetime:
        moment = super()._deserialize(value, attr, data, **options)
        if not FIRST_YEAR <= moment.year <= LAST_YEAR:
            raise self.make_error("years")
        return moment.astimezone(UTC)
