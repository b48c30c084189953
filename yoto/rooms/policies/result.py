"""The verdict of an engine, and the platform's decision from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from yoto.errors import PolicyError

ENTRY_POINT = "data.yoto.authz.decision"

# Reasons of a denial without a verdict, beside the core's.
POLICY_UNAVAILABLE = "policy_unavailable"
POLICY_TOO_SLOW = "policy_too_slow"


class Undefined:
    """The type of ``UNDEFINED``."""

    def __repr__(self) -> str:
        return "UNDEFINED"

    def __bool__(self) -> bool:
        return False


# The value of Rego where no rule holds: neither null nor false.
UNDEFINED: Final = Undefined()


@dataclass(frozen=True, slots=True)
class Verdict:
    """The policies' verdict on one input.

    Attributes:
        allow: whether all of them let it pass.
        deny: the codes of those that deny it, sorted.
    """

    allow: bool
    deny: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PolicyDecision:
    """The decision on a question, also without a verdict.

    Attributes:
        allow: False also when there is no verdict.
        reasons: codes of the denial.
        version: the set of policies that decided; None when there was none.
        engine: ``embedded`` or ``opa``.
        duration_us: how long it took, in us.
        failed: there is no verdict, which denies; no code of a policy sets it.
    """

    allow: bool
    reasons: tuple[str, ...]
    version: str | None
    engine: str
    duration_us: float
    failed: bool = False


def read_verdict(value: Any) -> Verdict:
    """Reads the value of the entry point.

    Raises:
        PolicyError: it is not exactly ``{"allow": bool, "deny": [str, ...]}``, or is undefined.
    """
    if value is UNDEFINED:
        raise PolicyError("decision", f"{ENTRY_POINT} is undefined for this input")
    if type(value) is not dict or value.keys() != {"allow", "deny"}:
        raise PolicyError("decision", f"{ENTRY_POINT} must have allow and deny, and nothing else")
    allow, deny = value["allow"], value["deny"]
    if type(allow) is not bool:
        raise PolicyError("decision", f"allow must be true or false, not {allow!r}")
    if type(deny) is not list or not all(type(code) is str for code in deny):
        raise PolicyError("decision", f"deny must be a list of codes, not {deny!r}")
    return Verdict(allow and not deny, tuple(sorted(deny)))
