"""The result of a dry run of a change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any


@dataclass(frozen=True, slots=True)
class Answer:
    """A set's verdict on one input."""

    allow: bool
    deny: tuple[str, ...] = ()
    error: Annotated[str | None, "Why there is no verdict, which denies; null: there is one"] = None


@dataclass(frozen=True, slots=True)
class BeforeAndAfter:
    """The verdicts on one input: of the set in service, and of the changed one."""

    before: Answer
    after: Answer


@dataclass(frozen=True, slots=True)
class Differing(BeforeAndAfter):
    """A recorded input on which the changed set has another verdict."""

    number: Annotated[int, "Which of the recorded inputs; the newest is 1"]
    input: Annotated[Mapping[str, Any], "As it was recorded, masked"]


@dataclass(frozen=True, slots=True)
class PolicyDryRun:
    """The dry run of a change on the set in service; nothing was stored.

    Attributes:
        tests_passed: names of the Rego tests of the whole set.
        changed: the number of inputs with another verdict.
        allow_to_deny, deny_to_allow: the numbers of verdicts that would flip.
        other_codes: the number of denials that would stay, with other codes.
        differing: all of these, newest first.
        given: the verdicts on the given input; None: none was given.
    """

    tests_passed: tuple[str, ...]
    inputs: Annotated[int, "Recorded ones that it was tried on; 0 when none are recorded"]
    changed: int
    allow_to_deny: int
    deny_to_allow: int
    other_codes: int
    differing: tuple[Differing, ...]
    given: BeforeAndAfter | None = None
