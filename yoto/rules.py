"""Rules of values: the allowed values of a setting, a field of a configuration or an input.

A rule returns the value that is kept, or raises ``ValueError`` with what is allowed. ``Settings``
are objects with one rule a field, checked once when they are made.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, ClassVar, Protocol, Self

from yoto.errors import ValidationFailed

# Messages by field.
Errors = dict[str, str]
# The smallest number of all: a lowest bound that leaves out 0.
ABOVE_0 = math.ulp(0.0)


class Rule(Protocol):
    """Turns a raw value into the stored one, or raises ``ValueError`` with what is allowed."""

    def __call__(self, value: Any) -> Any: ...

    def describe(self) -> dict[str, Any]:
        """Type and bounds as data, such as for a form."""
        ...


@dataclass(frozen=True)
class Whole:
    """An int (never a bool) from ``low`` to ``high``, in ``unit``; ``says`` rephrases this."""

    low: int
    high: int
    unit: str = ""
    says: str = ""

    def __call__(self, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError(f"must be {self.says or f'a whole number, {self.allowed}'}")
        if not self.low <= value <= self.high:
            raise ValueError(f"must be {self.allowed}")
        return value

    @property
    def allowed(self) -> str:
        return self.says or f"from {self.low} to {self.high} {self.unit}".rstrip()

    def describe(self) -> dict[str, Any]:
        return {"type": "whole", "minimum": self.low, "maximum": self.high, "unit": self.unit}


@dataclass(frozen=True)
class Number:
    """A finite int or float (never a bool) from ``low`` to ``high``, in ``unit``, as ``Whole``."""

    low: float
    high: float
    unit: str = ""
    says: str = ""

    def __call__(self, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"must be {self.says or f'a number, {self.allowed}'}")
        if not is_number(value) or not self.low <= value <= self.high:
            raise ValueError(f"must be {self.allowed}")
        return float(value)

    @property
    def allowed(self) -> str:
        return self.says or f"from {self.low:.12g} to {self.high:.12g} {self.unit}".rstrip()

    def describe(self) -> dict[str, Any]:
        return {"type": "number", "minimum": self.low, "maximum": self.high, "unit": self.unit}


@dataclass(frozen=True)
class OneOf:
    """A member of an enum, or its value as text."""

    members: type[StrEnum]

    def __call__(self, value: Any) -> StrEnum:
        try:
            return self.members(value)
        except ValueError:
            names = ", ".join(member.value for member in self.members)
            raise ValueError(f"must be one of {names}") from None

    def describe(self) -> dict[str, Any]:
        return {"type": "choice", "choices": [member.value for member in self.members]}


@dataclass(frozen=True)
class Named:
    """One of the names that ``known`` gives now."""

    known: Callable[[], Sequence[str]]

    def __call__(self, value: Any) -> str:
        names = self.known()
        if not isinstance(value, str) or value not in names:
            raise ValueError(f"must be one of {', '.join(names)}")
        return value

    def describe(self) -> dict[str, Any]:
        return {"type": "choice", "choices": list(self.known())}


@dataclass(frozen=True)
class Text:
    """Text of ``shortest`` to ``longest`` characters that UTF-8 can hold; ``says`` as ``Whole``.

    Without ``controls`` it is one line, as logs have it.
    """

    longest: int
    shortest: int = 0
    says: str = ""
    controls: bool = True

    def __call__(self, value: Any) -> str:
        fits = is_text(value) and self.shortest <= len(value) <= self.longest
        if not fits or not (self.controls or all(ord(one) >= 32 for one in value)):
            size = f"{self.shortest} to" if self.shortest else "at most"
            raise ValueError(f"must be {self.says or f'text of {size} {self.longest} characters'}")
        return str(value)

    def describe(self) -> dict[str, Any]:
        return {"type": "text", "longest": self.longest}


@dataclass(frozen=True)
class Matching:
    """Text that fits ``pattern``, where there is one; ``says`` describes it."""

    says: str
    pattern: re.Pattern[str] | None = None

    def __call__(self, value: Any) -> str:
        fits = isinstance(value, str) and (self.pattern is None or self.pattern.fullmatch(value))
        if not fits:
            raise ValueError(f"must be {self.says}")
        return str(value)

    def describe(self) -> dict[str, Any]:
        return {"type": "text", "says": self.says}


@dataclass(frozen=True)
class Flag:
    """True or false."""

    def __call__(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise ValueError("must be true or false")
        return value

    def describe(self) -> dict[str, Any]:
        return {"type": "flag"}


@dataclass(frozen=True)
class Checked:
    """A rule by a function; ``type`` names it for readers of a description."""

    check: Callable[[Any], Any]
    type: str

    def __call__(self, value: Any) -> Any:
        return self.check(value)

    def describe(self) -> dict[str, Any]:
        return {"type": self.type}


RULE = "rule"


def ruled(default: Any, rule: Rule) -> Any:
    """A dataclass field with its default and its rule."""
    return field(default=default, metadata={RULE: rule})


@dataclass(frozen=True)
class Settings:
    """Base of the frozen configuration objects.

    Raises:
        ValidationFailed: on construction, naming every bad field with its value and the allowed
            range.

    Attributes:
        tuners_own: fields that only the tuner's layer may set.
        retired: fields of earlier versions, which may still be stored; they mean nothing.
        absent: fields of rooms that are off; they may still be stored, and stay so.
    """

    tuners_own: ClassVar[tuple[str, ...]] = ()
    retired: ClassVar[frozenset[str]] = frozenset()
    absent: ClassVar[frozenset[str]] = frozenset()

    def __post_init__(self) -> None:
        errors: Errors = {}
        for item in fields(self):
            kept = check(errors, item.name, getattr(self, item.name), item.metadata[RULE])
            if item.name not in errors:
                object.__setattr__(self, item.name, kept)
        refuse(errors or self._conflicts())

    def _conflicts(self) -> Errors:
        """Errors between fields, each of which is fine by itself."""
        return {}

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Self:
        """Builds the object from plain data, such as JSON; fields left out take their default.

        Those that are ``retired`` or ``absent`` are left out.

        Raises:
            ValidationFailed: an unknown field or a bad value; nothing is built.
        """
        known = [item.name for item in fields(cls)]
        unread = cls.retired | cls.absent
        values = {name: value for name, value in values.items() if name not in unread}
        unknown = [name for name in values if name not in known]
        if unknown:
            hint = f"unknown field; known are {', '.join(known)}"
            raise ValidationFailed({str(name): hint for name in unknown})
        return cls(**values)

    @classmethod
    def describe(cls) -> list[dict[str, Any]]:
        """Each field as data: its name, type, bounds, and whether the tuner alone sets it."""
        return [
            {
                "name": item.name,
                "tuners_own": item.name in cls.tuners_own,
                **item.metadata[RULE].describe(),
            }
            for item in fields(cls)
        ]

    @classmethod
    def of_entry(cls, name: str) -> Settings:
        """The settings of a name that the code does not declare.

        Raises:
            ValidationFailed: no entry may have this name.
        """
        return cls()

    def with_values(self, values: Mapping[str, Any]) -> Settings:
        """Itself with some fields replaced.

        Raises:
            ValidationFailed: an unknown field, a bad value, or fields that do not fit together.
        """
        return self.from_mapping({**self.to_mapping(), **values}) if values else self

    def to_mapping(self) -> dict[str, Any]:
        """Plain data that ``from_mapping`` takes back and JSON can hold."""
        return {item.name: _plain(getattr(self, item.name)) for item in fields(self)}


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, StrEnum) else value


def is_number(value: Any) -> bool:
    """Whether ``value`` is a finite float, or an int that a float can hold, and no bool."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    # ``math.isfinite`` raises for an int that is larger than any float.
    return number and abs(value) <= sys.float_info.max


def is_text(value: Any) -> bool:
    """Whether a value is text that UTF-8 can hold; JSON can smuggle in half a surrogate pair."""
    return isinstance(value, str) and not any(0xD800 <= ord(one) < 0xE000 for one in value)


def check(errors: Errors, name: str, value: Any, rule: Rule, shown: bool = True) -> Any:
    """The value that ``rule`` keeps of a field; one that it does not allow is noted in ``errors``.

    Args:
        shown: whether the error shows the value that was given.
    """
    try:
        return rule(value)
    except ValueError as error:
        errors[name] = f"{error}, not {value!r}" if shown else str(error)


def refuse(errors: Errors) -> None:
    """Raise ``ValidationFailed`` if there are errors."""
    if errors:
        raise ValidationFailed(errors)


def checked(name: str, value: Any, rule: Rule, shown: bool = True) -> Any:
    """As ``check``, for one field.

    Raises:
        ValidationFailed: the rule does not allow it.
    """
    errors: Errors = {}
    kept = check(errors, name, value, rule, shown)
    refuse(errors)
    return kept


def require_reason(reason: Any) -> None:
    """Raise ``ValidationFailed`` where an operator gives no reason."""
    if not isinstance(reason, str) or not reason.strip():
        raise ValidationFailed({"reason": "must say why"})
