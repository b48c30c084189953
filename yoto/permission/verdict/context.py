"""The request context that callers may give: bounded before anything reads it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from yoto.errors import ValidationFailed

# Bytes of JSON without spaces. Policies parse a context anew for each question about it.
CONTEXT_BYTES = 8_000
# Objects and arrays in one another; the context itself is the first.
CONTEXT_DEPTH = 8


# The most names in the attributes of an assignment or a resource.
MOST_NAMES = 32


class RequestContext(dict[str, Any]):
    """A context within its bounds; however many questions share it, it is masked once.

    Attributes:
        size: bytes of JSON without spaces.
    """

    def __init__(self, context: Mapping[str, Any], size: int) -> None:
        super().__init__(context)
        self.size = size
        self._masked: Any = None

    def masked_by(self, mask: Callable[[Mapping[str, Any]], Any]) -> Any:
        """The context masked by ``mask``, made once."""
        if self._masked is None:
            self._masked = mask(self)
        return self._masked


def checked_context(
    context: Mapping[str, Any] | None,
    field: str = "context",
    most: int = CONTEXT_BYTES,
    depth: int = CONTEXT_DEPTH,
) -> RequestContext | None:
    """The context, within its bounds; one that was checked before is returned as it is.

    Args:
        field: its name in errors.
        most: bytes of JSON without spaces.
        depth: objects and arrays in one another.

    Raises:
        ValidationFailed: it is no mapping, too long, or nested too deeply.
    """
    if context is None or isinstance(context, RequestContext):
        return context
    if not isinstance(context, Mapping):
        raise ValidationFailed({field: "must be an object"})
    too_long = ValidationFailed({field: f"must be at most {most:,} bytes of JSON"})
    # The context has at least so many bytes; one of megabytes is not encoded to learn that.
    counted, level = 0, [context]
    for _ in range(depth):
        inner: list[Any] = []
        for one in level:
            counted += 2 * len(one)
            if counted > most:
                raise too_long
            for value in (*one, *one.values()) if isinstance(one, Mapping) else one:
                if isinstance(value, (Mapping, list, tuple)):
                    inner.append(value)
                elif isinstance(value, str):
                    counted += len(value)
        if counted > most:
            raise too_long
        if not inner:
            break
        level = inner
    else:
        raise ValidationFailed({field: f"must be nested at most {depth} deep"})
    # Data that is no JSON has a size too; policies will report that they cannot read it.
    encoded = json.dumps(
        context, skipkeys=True, default=str, separators=(",", ":"), ensure_ascii=False
    )
    size = len(encoded.encode(errors="surrogatepass"))
    if size > most:
        raise too_long
    return RequestContext(context, size)


def checked_json(value: Any, field: str) -> dict[str, Any] | None:
    """An object to keep as JSON for policies, in its form when read again; None: none is kept.

    Raises:
        ValidationFailed: names ``field``: no object of at most ``MOST_NAMES`` names, a value that
            JSON lacks (a set, a time, NaN, a name or a text that cannot be one), or beyond the
            bounds of a context.
    """
    if value is None:
        return None
    if not isinstance(value, Mapping) or len(value) > MOST_NAMES:
        raise ValidationFailed({field: f"must be an object of at most {MOST_NAMES} names"})
    try:
        checked_context(dict(value), field)
        _check_names(value, field)
        encoded = json.dumps(dict(value), allow_nan=False, ensure_ascii=False)
        # Half a character cannot be stored.
        found: dict[str, Any] = json.loads(encoded.encode())
    except (TypeError, ValueError) as error:
        raise ValidationFailed({field: f"is no JSON: {error}"}) from None
    return found


def _check_names(value: Any, field: str) -> None:
    """Names that are no texts would become texts, two of which may be equal."""
    if isinstance(value, (list, tuple)):
        inner: Any = value
    else:
        inner = value.values() if isinstance(value, Mapping) else ()
        if inner and not all(isinstance(name, str) for name in value):
            raise ValidationFailed({field: "names must be texts"})
    for one in inner:
        _check_names(one, field)
