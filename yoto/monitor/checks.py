"""Checks of input: each adds the field and the allowed values to ``errors``."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from yoto.errors import ValidationFailed
from yoto.rules import Rule

Errors = dict[str, str]

NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_.:-]{0,63}", re.ASCII)
NAME_SAYS = "1 to 64 letters, digits, '_', '.', ':' or '-', a letter or '_' first"
LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]{0,31}", re.ASCII)
MOST_LABELS = 8
# Characters.
LONGEST_LABEL = 128
LONGEST_AUTHOR = 128
LONGEST_REASON = 500


def refuse(errors: Errors) -> None:
    """Raise ``ValidationFailed`` if there are errors."""
    if errors:
        raise ValidationFailed(errors)


def is_number(value: Any) -> bool:
    """Whether ``value`` is a finite int or float, and no bool."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(value)


def check(errors: Errors, field: str, value: Any, rule: Rule) -> None:
    """The values that ``rule`` allows."""
    try:
        rule(value)
    except ValueError as error:
        errors[field] = f"{error}, not {value!r}"


def check_name(errors: Errors, field: str, value: Any) -> None:
    """A name of a rule, metric or webhook."""
    if not isinstance(value, str) or not NAME.fullmatch(value):
        errors[field] = f"must be {NAME_SAYS}, not {value!r}"


def check_text(errors: Errors, field: str, value: Any, longest: int, shortest: int = 0) -> None:
    """Text that UTF-8 and a line of a log can hold."""
    fits = isinstance(value, str) and shortest <= len(value) <= longest
    if not fits or any(ord(one) < 32 or 0xD800 <= ord(one) < 0xE000 for one in value):
        errors[field] = f"must be text of {shortest} to {longest} characters without controls"


def check_labels(errors: Errors, field: str, value: Any) -> None:
    """Names to text, not too many."""
    if (
        not isinstance(value, Mapping)
        or len(value) > MOST_LABELS
        or not all(isinstance(name, str) and LABEL_NAME.fullmatch(name) for name in value)
        or not all(map(_is_label, value.values()))
    ):
        errors[field] = (
            f"must be at most {MOST_LABELS} labels: names of letters, digits and '_' to text of "
            f"at most {LONGEST_LABEL} characters"
        )


def _is_label(text: Any) -> bool:
    fits = isinstance(text, str) and len(text) <= LONGEST_LABEL
    return fits and not any(0xD800 <= ord(one) < 0xE000 for one in text)


def check_author(author: Any, reason: Any, reason_field: str = "reason") -> None:
    """Check the author and the reason.

    Raises:
        ValidationFailed: no author, or a text that is too long.
    """
    errors: Errors = {}
    check_text(errors, "by", author, LONGEST_AUTHOR, 1)
    check_text(errors, reason_field, reason, LONGEST_REASON)
    refuse(errors)
