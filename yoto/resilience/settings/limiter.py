"""Configuration of a rate limiter and of its dimensions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

from yoto.errors import ValidationFailed
from yoto.rules import Named, OneOf, Rule, Settings, Whole, ruled

from ..algorithms import DEFAULT_ALGORITHM, Leases, algorithm_names, find_algorithm
from .mode import DEFAULT_MODE, DEFAULT_ON_STORE_ERROR, GuardMode, OnStoreError
from .windows import LARGEST_LIMIT, LIMIT, MOST_WINDOWS, WINDOW, Windows, windows_of

# Units in a window. A person does not do more than one thing a second for a minute.
DEFAULT_LIMIT = 60
# Seconds.
DEFAULT_WINDOW = 60.0
# Units at once of the two buckets; 0 means as many as the limit.
DEFAULT_BURST = 0
PARTS = ("user", "server", "ip", "site", "global")
SEPARATOR = "+"

_PART_TYPES = frozenset({int, str, type(None)})
_BURST = Whole(0, LARGEST_LIMIT, "units")
# The settings that a dimension may have for itself.
_OWN: dict[str, Rule] = {"limit": LIMIT, "window": WINDOW, "burst": _BURST, "also": Windows()}
_FIELDS = ", ".join(_OWN)


@dataclass(frozen=True)
class Dimension:
    """One thing that is counted by itself: ``user``, ``ip``, ``user+server``, ``global``...

    ``site`` is the /48 of an IPv6 address; IPv4 has none, and is not counted.

    Attributes:
        name: parts joined by ``+``, in the order of ``PARTS``.
        limit, window, burst, also: override the limiter's own; ``None`` takes the limiter's.
    """

    name: str
    limit: int | None = None
    window: float | None = None
    burst: int | None = None
    also: str | None = None

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(self.name.split(SEPARATOR))

    def to_mapping(self) -> dict[str, Any]:
        """The values that differ from the limiter's own."""
        own = {name: getattr(self, name) for name in _OWN}
        return {name: value for name, value in own.items() if value is not None}


def first_and_others(limits: str) -> dict[str, Any]:
    """The fields that a text of all windows of a limit expands to.

    Raises:
        ValueError: it names no window, or is no such text.
    """
    first, *_ = windows_of(limits) or (None,)
    if first is None:
        raise ValueError("must name a window, such as '10/second'")
    _, _, others = Windows(MOST_WINDOWS + 1)(limits).partition("; ")
    return {"limit": first.limit, "window": first.seconds, "also": others}


def _dimension(name: Any, own: Any) -> Dimension:
    parts = name.split(SEPARATOR) if isinstance(name, str) else [""]
    if any(part not in PARTS for part in parts) or len(set(parts)) != len(parts):
        raise ValueError(f"must be named by {', '.join(PARTS)} joined by '{SEPARATOR}'")
    if "global" in parts and len(parts) > 1:
        raise ValueError("global stands alone")
    if isinstance(own, str):
        try:
            own = first_and_others(own)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
    if not isinstance(own, Mapping):
        raise ValueError(f"{name}: must be an object with {_FIELDS}")
    checked: dict[str, Any] = {}
    for field, value in own.items():
        if field not in _OWN:
            raise ValueError(f"{name}.{field}: unknown field; known are {_FIELDS}")
        try:
            checked[field] = _OWN[field](value)
        except ValueError as error:
            raise ValueError(f"{name}.{field}: {error}") from None
    return Dimension(SEPARATOR.join(part for part in PARTS if part in parts), **checked)


def _dimensions(value: Any) -> tuple[Dimension, ...]:
    """Takes ``{"user": {"limit": 5}, "ip": "10/second; 1000/hour", "global": {}}``, names, or
    ``Dimension`` objects."""
    if isinstance(value, Mapping):
        made = [_dimension(name, own) for name, own in value.items()]
    elif isinstance(value, Iterable) and not isinstance(value, str):
        made = [
            (
                _dimension(item.name, item.to_mapping())
                if isinstance(item, Dimension)
                else _dimension(item, {})
            )
            for item in value
        ]
    else:
        raise ValueError(f"must be names or an object of name to {_FIELDS}")
    if len({dimension.name for dimension in made}) != len(made):
        raise ValueError("names a dimension twice")
    return tuple(made)


@dataclass(frozen=True)
class Dimensions:
    """Dimensions by name, each with its own limit, windows and burst or the limiter's."""

    def __call__(self, value: Any) -> tuple[Dimension, ...]:
        return _dimensions(value)

    def describe(self) -> dict[str, Any]:
        return {
            "type": "dimensions",
            "parts": list(PARTS),
            "fields": [{"name": name, **rule.describe()} for name, rule in _OWN.items()],
        }


@dataclass(frozen=True)
class RateLimitConfig(Settings):
    """Limits of units that a key may use in a window.

    Attributes:
        algorithm: the name of a registered one; ``docs/resilience.md`` compares the built-in ones.
        limit: units in a window; 0 refuses all.
        window: seconds.
        burst: units at once, for algorithms with bursts; 0 takes ``limit``.
        also: further windows that must have room too, such as ``1000/hour; 20000/30days``.
        dimensions: the counted dimensions; empty counts each part of the caller's key by itself.
        mode: see ``GuardMode``.
        on_store_error: see ``OnStoreError``.
    """

    algorithm: str = ruled(DEFAULT_ALGORITHM.name, Named(algorithm_names))
    limit: int = ruled(DEFAULT_LIMIT, LIMIT)
    window: float = ruled(DEFAULT_WINDOW, WINDOW)
    burst: int = ruled(DEFAULT_BURST, _BURST)
    also: str = ruled("", Windows())
    dimensions: tuple[Dimension, ...] = ruled((), Dimensions())
    mode: GuardMode = ruled(DEFAULT_MODE, OneOf(GuardMode))
    on_store_error: OnStoreError = ruled(DEFAULT_ON_STORE_ERROR, OneOf(OnStoreError))

    @classmethod
    def of(cls, limits: str, **fields: Any) -> RateLimitConfig:
        """A limit whose windows are given in one text, such as ``10/second; 1000/hour``.

        Raises:
            ValidationFailed: it names no window, or is no such text; a field is bad or unknown.
        """
        try:
            return cls(**first_and_others(limits), **fields)
        except (AttributeError, TypeError, ValueError) as error:
            raise ValidationFailed({"limits": f"{error}, not {limits!r}"}) from None

    def _conflicts(self) -> dict[str, str]:
        leases = find_algorithm(self.algorithm).leases
        if self.mode is GuardMode.LEASED and leases is Leases.NONE:
            return {"mode": f"must be strict: the algorithm {self.algorithm} knows no leases"}
        return {}

    def to_mapping(self) -> dict[str, Any]:
        plain = super().to_mapping()
        plain["dimensions"] = {item.name: item.to_mapping() for item in self.dimensions}
        return plain


class _CallerParts(NamedTuple):
    user_id: int | str | None
    server_id: int | str | None
    ip_address: str | None


class MultiDimensionalKey(_CallerParts):
    """The caller of a call; a part that is ``None`` is not known and not counted.

    Raises:
        ValidationFailed: a part is neither text, int nor ``None``.
    """

    # A tuple, since each call looks its lease up by it.
    __slots__ = ()

    def __new__(
        cls,
        user_id: int | str | None = None,
        server_id: int | str | None = None,
        ip_address: str | None = None,
    ) -> Self:
        made = super().__new__(cls, user_id, server_id, ip_address)
        if not (
            type(user_id) in _PART_TYPES
            and type(server_id) in _PART_TYPES
            and type(ip_address) in _PART_TYPES
        ):
            for field, value in made._asdict().items():
                if isinstance(value, bool) or not isinstance(value, int | str | None):
                    raise ValidationFailed(
                        {field: f"must be text or a whole number, not {value!r}"}
                    )
        return made
