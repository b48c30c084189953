"""Names of series and of values to watch: a name and labels, written as Prometheus writes them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from yoto.checks import LABELS, NAME
from yoto.errors import ValidationFailed

Labels: TypeAlias = tuple[tuple[str, str], ...]

# https://prometheus.io/docs/concepts/data_model/, without colons, which are reserved for rules.
_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"(?:,|$)', re.ASCII | re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"\\": r"\\", '"': r"\"", "\n": r"\n"}
_TRANSLATED = str.maketrans(_ESCAPES)
_PLAIN = {escaped: plain for plain, escaped in _ESCAPES.items()}
# Characters of a label's value: a longer one is free text, not a label.
LONGEST_VALUE = 120


class Series(NamedTuple):
    """One line of numbers: ``name`` and ``labels`` in the order of their names."""

    name: str
    labels: Labels = ()

    def __str__(self) -> str:
        return _text_of(self)


@lru_cache(maxsize=16_384)
def _text_of(one: Series) -> str:
    if not one.labels:
        return one.name
    inner = ",".join(f'{label}="{_escape(value)}"' for label, value in one.labels)
    return f"{one.name}{{{inner}}}"


def series(name: str, labels: dict[str, str] | None = None) -> Series:
    """The series of that name with those labels; longer values are cut.

    Raises:
        ValidationFailed: the name, or a label's, is not of letters, digits and underscores.
    """
    given = labels or {}
    for text in (name, *given):
        if not _NAME.fullmatch(text):
            raise ValidationFailed(
                {"name": f"{text!r} must be letters, digits and underscores, no digit first"}
            )
    pairs = ((label, str(value)[:LONGEST_VALUE]) for label, value in given.items())
    return Series(name, tuple(sorted(pairs)))


@lru_cache(maxsize=16_384)
def parse_series(text: str, names: re.Pattern[str] = _NAME) -> Series:
    """The inverse of ``str(series)``, with a name that matches ``names``.

    Raises:
        ValueError: the text is no series.
    """
    name, brace, rest = text.partition("{")
    if not names.fullmatch(name):
        raise ValueError(f"{text!r} is no series")
    if not brace:
        return Series(name)
    if not rest.endswith("}"):
        raise ValueError(f"{text!r} is no series")
    inner, labels, at = rest[:-1], [], 0
    while at < len(inner):
        match = _LABEL.match(inner, at)
        if match is None:
            raise ValueError(f"{text!r} is no series")
        labels.append((match[1], _unescape(match[2])))
        at = match.end()
    return Series(name, tuple(labels))


def with_labels(name: str, labels: Mapping[str, str]) -> str:
    """The text of a name and labels, the same for any order; ``name_and_labels`` reads it back."""
    return str(Series(name, tuple(sorted(labels.items()))))


@lru_cache(maxsize=4_096)
def name_and_labels(text: str) -> tuple[str, Mapping[str, str]]:
    """The name, which may have dots, and the labels of a text; cached, since each evaluation of
    alerts reads the same ones.

    Raises:
        ValueError: the text is malformed, or has too many or too long labels.
    """
    name, pairs = parse_series(text, NAME)
    labels = dict(pairs)
    if len(labels) < len(pairs):
        raise ValueError(f"{text!r} has a label twice")
    return name, LABELS(labels)


def _escape(value: str) -> str:
    return value.translate(_TRANSLATED)


def _unescape(value: str) -> str:
    return _ESCAPED.sub(lambda match: _PLAIN.get(match[0], match[1]), value)
