"""Results of changes and of dry runs, for operators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from yoto.rooms.policies.service.naming import PolicyWarning


@dataclass(frozen=True, slots=True)
class Comparison:
    """A set of policies against the one in service, on inputs of recent decisions.

    Attributes:
        inputs: the number tried; 0 when none are recorded.
        allow_to_deny, deny_to_allow: the numbers of verdicts that would flip.
        subjects, places, codes: the users, places and codes of these, with counts.
    """

    inputs: int = 0
    allow_to_deny: int = 0
    deny_to_allow: int = 0
    subjects: Mapping[str, int] = field(default_factory=dict)
    places: Mapping[str, int] = field(default_factory=dict)
    codes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PolicyReceipt:
    """A change that was made.

    Attributes:
        kind: ``"rego"`` or ``"data"``.
        version: the version that it is about.
        revision, bundle: number and version of the whole set now.
        tests_passed: how many Rego tests of the set passed.
        comparison: the differences from the set before; None when nothing was tried.
        warnings: its parts without effect; of several that were put together, the last also has
            the permissions that the whole set leaves out.
    """

    kind: str
    name: str
    version: int
    revision: int
    bundle: str
    tests_passed: int
    comparison: Comparison | None
    warnings: tuple[PolicyWarning, ...] = ()


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
