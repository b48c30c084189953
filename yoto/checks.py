"""Rules for monitoring's input: names, labels, and the author and reason of an act."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from yoto.rules import Checked, Errors, Matching, Text, check, is_text, refuse

NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_.:-]{0,63}", re.ASCII)
NAME_SAYS = "1 to 64 letters, digits, '_', '.', ':' or '-', a letter or '_' first"
LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]{0,31}", re.ASCII)
MOST_LABELS = 8
# Characters.
LONGEST_LABEL = 128
LONGEST_AUTHOR = 128
LONGEST_REASON = 500


def line(longest: int, shortest: int = 0) -> Text:
    """Text of one line."""
    says = f"text of {shortest} to {longest} characters without controls"
    return Text(longest, shortest, says, controls=False)


def _labels(value: Any) -> Mapping[str, str]:
    if (
        not isinstance(value, Mapping)
        or len(value) > MOST_LABELS
        or not all(isinstance(name, str) and LABEL_NAME.fullmatch(name) for name in value)
        or not all(is_text(text) and len(text) <= LONGEST_LABEL for text in value.values())
    ):
        raise ValueError(
            f"must be at most {MOST_LABELS} labels: names of letters, digits and '_' to text of "
            f"at most {LONGEST_LABEL} characters"
        )
    return value


# A name of a rule, metric or webhook.
NAMED = Matching(NAME_SAYS, NAME)
# Names to text, not too many.
LABELS = Checked(_labels, "labels")


def check_author(author: Any, reason: Any, reason_field: str = "reason") -> None:
    """Check the author and the reason.

    Raises:
        ValidationFailed: no author, or a text that is too long.
    """
    errors: Errors = {}
    check(errors, "by", author, line(LONGEST_AUTHOR, 1), shown=False)
    check(errors, reason_field, reason, line(LONGEST_REASON), shown=False)
    refuse(errors)
