"""What trying a change, without making it, has shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """What a set of policies says of one input.

    Attributes:
        error: why there is no verdict, which denies; None: there is one.
    """

    allow: bool
    deny: tuple[str, ...] = ()
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Differing:
    """A recorded input that the changed set answers differently.

    Attributes:
        number: which of the recorded inputs it is, the newest being 1.
        input: as it was recorded, masked.
        before, after: of the set in service, and of the changed one.
    """

    number: int
    input: Mapping[str, Any]
    before: Answer
    after: Answer


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A change that was tried on what is in service; nothing was stored.

    Attributes:
        tests_passed: names of the Rego tests of the whole set.
        inputs: recorded inputs that it was tried on; 0 when none are recorded.
        allow_to_deny, deny_to_allow: how many verdicts would flip.
        other_codes: how many denials would stay and give other codes.
        differing: all of these, newest first.
        given: the answers before and after to the input that was given; None: none was.
    """

    tests_passed: tuple[str, ...]
    inputs: int
    allow_to_deny: int
    deny_to_allow: int
    other_codes: int
    differing: tuple[Differing, ...]
    given: tuple[Answer, Answer] | None = None
