"""What trying a change, without making it, has shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any


@dataclass(frozen=True, slots=True)
class Answer:
    """What a set of policies says of one input."""

    allow: bool
    deny: tuple[str, ...] = ()
    error: Annotated[str | None, "Why there is no verdict, which denies; null: there is one"] = None


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers to one input: of the set in service, and of the changed one."""

    before: Answer
    after: Answer


@dataclass(frozen=True, slots=True)
class Differing(Answers):
    """A recorded input that the changed set answers differently."""

    number: Annotated[int, "Which of the recorded inputs; the newest is 1"]
    input: Annotated[Mapping[str, Any], "As it was recorded, masked"]


@dataclass(frozen=True, slots=True)
class PolicyDryRun:
    """A change that was tried on what is in service; nothing was stored.

    Attributes:
        tests_passed: names of the Rego tests of the whole set.
        changed: how many of them it answers otherwise.
        allow_to_deny, deny_to_allow: how many verdicts would flip.
        other_codes: how many denials would stay and give other codes.
        differing: all of these, newest first.
        given: the answers to the input that was given; None: none was.
    """

    tests_passed: tuple[str, ...]
    inputs: Annotated[int, "Recorded ones that it was tried on; 0 when none are recorded"]
    changed: int
    allow_to_deny: int
    deny_to_allow: int
    other_codes: int
    differing: tuple[Differing, ...]
    given: Answers | None = None
