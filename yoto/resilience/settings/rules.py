"""Configuration objects: one rule a field, checked once when the object is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, ClassVar, Self

from yoto.errors import ValidationFailed
from yoto.rules import Rule

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
    """

    tuners_own: ClassVar[tuple[str, ...]] = ()
    retired: ClassVar[frozenset[str]] = frozenset()

    def __post_init__(self) -> None:
        errors: dict[str, str] = {}
        for item in fields(self):
            value = getattr(self, item.name)
            try:
                checked = item.metadata[RULE](value)
            except ValueError as error:
                errors[item.name] = f"{error}, not {value!r}"
            else:
                object.__setattr__(self, item.name, checked)
        if not errors:
            errors = self._conflicts()
        if errors:
            raise ValidationFailed(errors)

    def _conflicts(self) -> dict[str, str]:
        """Errors between fields, each of which is fine by itself."""
        return {}

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Self:
        """Builds the object from plain data, such as JSON; fields left out take their default.

        Those that are ``retired`` are left out.

        Raises:
            ValidationFailed: an unknown field or a bad value; nothing is built.
        """
        known = [item.name for item in fields(cls)]
        values = {name: value for name, value in values.items() if name not in cls.retired}
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

    def to_mapping(self) -> dict[str, Any]:
        """Plain data that ``from_mapping`` takes back and JSON can hold."""
        return {item.name: _plain(getattr(self, item.name)) for item in fields(self)}


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, StrEnum) else value
