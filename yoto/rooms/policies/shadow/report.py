"""The report about a candidate, from all processes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated

from yoto.rooms.policies.shadow.flips import ALLOW_TO_DENY, DENY_TO_ALLOW, FlipCounts
from yoto.rooms.policies.store import StoredCounts, StoredVersion

SHOWN = 20


@dataclass(frozen=True, slots=True)
class ShadowReport:
    """A candidate, and the verdicts that would change with it.

    Attributes:
        name, version, author: the candidate.
        sample: the share of live evaluations it is evaluated beside, 0 to 1.
        evaluated: evaluations compared so far, without decisions from the cache; ``errors`` are
            those that it could not decide, which would be denials.
        allow_to_deny, deny_to_allow: the numbers of verdicts that would flip.
        subjects, places, codes: the affected users, places and codes, most frequent first;
            ``denied`` are the users who would be denied.
    """

    name: str
    version: int
    author: str
    sample: float
    evaluated: int
    errors: int
    allow_to_deny: int
    deny_to_allow: int
    subjects: Annotated[Mapping[str, int], "By the id of the user"]
    denied: Annotated[Mapping[str, int], "Who would be denied, by the id of the user"]
    places: Mapping[str, int]
    codes: Mapping[str, int]


def report_of(candidate: StoredVersion, counts: Iterable[StoredCounts]) -> ShadowReport:
    """Add up the counts of all processes."""
    flips = FlipCounts()
    evaluated = errors = 0
    for one in counts:
        evaluated += one.evaluated
        errors += one.errors
        flips.merge(one.flips)
    return ShadowReport(
        name=candidate.name,
        version=candidate.version,
        author=candidate.author,
        sample=candidate.sample if candidate.sample is not None else 1.0,
        evaluated=evaluated,
        errors=errors,
        allow_to_deny=flips.directions[ALLOW_TO_DENY],
        deny_to_allow=flips.directions[DENY_TO_ALLOW],
        subjects=_most(flips.subjects),
        denied=_most(flips.denied),
        places=_most(flips.places),
        codes=_most(flips.codes),
    )


def _most(counter: Counter[str]) -> dict[str, int]:
    return dict(counter.most_common(SHOWN))
