"""The receipt of a change, for operators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

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
