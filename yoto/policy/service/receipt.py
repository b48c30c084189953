"""The receipt of a change, for operators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from yoto.policy.service.naming import PolicyWarning


@dataclass(frozen=True, slots=True)
class Comparison:
    """A set of policies against the one in service, on inputs of recent decisions.

    Attributes:
        inputs: how many were tried; 0 when none are recorded.
        allow_to_deny, deny_to_allow: how many would flip.
        subjects, places, codes: for whom, where and by which codes, with counts.
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
        comparison: what differs from the set before; None when nothing was tried.
        warnings: what of it has no effect; of several that were put together, the last also has
            what the whole set leaves out.
    """

    kind: str
    name: str
    version: int
    revision: int
    bundle: str
    tests_passed: int
    comparison: Comparison | None
    warnings: tuple[PolicyWarning, ...] = ()
