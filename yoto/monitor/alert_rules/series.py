"""Names with labels, as Prometheus writes them: ``memory_share{instance="a"}``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from yoto.checks import LABELS, NAMED
from yoto.rules import Errors, check

_SERIES = re.compile(r"([^{}\s]+)(?:\{(.*)\})?", re.DOTALL)
_LABEL = re.compile(r'([^=",{}\s]+)="((?:[^"\\]|\\.)*)"(?:,|$)', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


class Series(NamedTuple):
    """A name and its labels."""

    name: str
    labels: Mapping[str, str]


def format_series(name: str, labels: Mapping[str, str]) -> str:
    """The text of a name and labels, the same for any order; ``parse_series`` reads it back."""
    if not labels:
        return name
    inner = ",".join(f'{label}="{_escape(labels[label])}"' for label in sorted(labels))
    return f"{name}{{{inner}}}"


@lru_cache(maxsize=4_096)
def parse_series(text: str) -> Series:
    """The name and labels of a text; cached, since each evaluation parses the same ones.

    Raises:
        ValueError: the text is malformed, or has too many or too long labels.
    """
    match = _SERIES.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no name of a series")
    labels: dict[str, str] = {}
    inner, at = match[2] or "", 0
    while at < len(inner):
        label = _LABEL.match(inner, at)
        if label is None or label[1] in labels:
            raise ValueError(f"{text!r} has labels that cannot be read")
        labels[label[1]] = _ESCAPED.sub(_unescape, label[2])
        at = label.end()
    errors: Errors = {}
    check(errors, "name", match[1], NAMED)
    check(errors, "labels", labels, LABELS, shown=False)
    if errors:
        raise ValueError("; ".join(errors.values()))
    return Series(match[1], labels)


def _escape(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _unescape(match: re.Match[str]) -> str:
    return "\n" if match[1] == "n" else match[1]
