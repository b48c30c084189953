"""A candidate beside the live policies: the verdicts that its promotion would change."""

from __future__ import annotations

import json
import logging
import random
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Annotated, Any, NamedTuple

from yoto.errors import PlatformError
from yoto.rooms.policies.engine.protocol import CompiledPolicies
from yoto.rooms.policies.result import Verdict
from yoto.rooms.policies.store.entry import StoredVersion
from yoto.rooms.policies.store.shadow_counts import ShadowCountStore, StoredCounts

log = logging.getLogger(__name__)

# The most subjects, places and codes counted separately; the rest is counted as one.
MAX_NAMES = 200
OTHERS = "(others)"
UNKNOWN = "(unknown)"

ALLOW_TO_DENY, DENY_TO_ALLOW = "allow_to_deny", "deny_to_allow"
TABLES = ("directions", "subjects", "denied", "places", "codes")


class FlipCounts:
    """Counts of evaluations on which a candidate and the live set differ; not thread-safe.

    Attributes:
        directions: ``"allow_to_deny"`` and ``"deny_to_allow"``.
        subjects: the affected users, by id; ``denied``: those who would be denied.
        places: the affected places, as ``"<action> <scope>:<id>"``.
        codes: codes of the denial on one side that the other does not give.
    """

    def __init__(self) -> None:
        self.directions: Counter[str] = Counter()
        self.subjects: Counter[str] = Counter()
        self.denied: Counter[str] = Counter()
        self.places: Counter[str] = Counter()
        self.codes: Counter[str] = Counter()

    def add(self, document: Mapping[str, Any], live: Verdict, candidate: Verdict) -> None:
        """Compare two verdicts on one input."""
        if live.allow == candidate.allow:
            return
        self.directions[ALLOW_TO_DENY if live.allow else DENY_TO_ALLOW] += 1
        subject = _text(document, "subject", "id")
        _count(self.subjects, subject)
        if live.allow:
            _count(self.denied, subject)
        action = _text(document, "action", "name")
        scope, id_ = _text(document, "resource", "scope"), _text(document, "resource", "id")
        _count(self.places, f"{action} {scope}:{id_}")
        for code in set(live.deny) ^ set(candidate.deny):
            _count(self.codes, code)

    def merge(self, plain: Mapping[str, Any]) -> None:
        """Add the result of ``to_plain`` in another process."""
        for table in TABLES:
            for name, count in plain.get(table, {}).items():
                _count(getattr(self, table), name, count)

    def to_plain(self) -> dict[str, dict[str, int]]:
        """JSON data."""
        return {table: dict(getattr(self, table)) for table in TABLES}


def _count(counter: Counter[str], name: str, count: int = 1) -> None:
    counter[name if name in counter or len(counter) < MAX_NAMES else OTHERS] += count


def _text(document: Mapping[str, Any], *path: str) -> str:
    value: Any = document
    for part in path:
        if not isinstance(value, Mapping) or part not in value:
            return UNKNOWN
        value = value[part]
    return str(value)


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


# s between two writes of a candidate's counts.
COUNT_SECONDS = 1.0
# Evaluations that wait to be compared; a candidate that is too slow for more misses some.
WAITING = 1_000

_DENIED = Verdict(allow=False, deny=())


class _Seen(NamedTuple):
    text: str
    verdict: Verdict


class Shadow:
    """One candidate in one process. Safe for threads.

    A decision never waits for it: inputs are queued, and ``work`` compares.

    Attributes:
        version_id: id of the candidate's row.
        missed: evaluations that came when too many waited.
    """

    def __init__(
        self,
        version_id: int,
        compiled: CompiledPolicies,
        sample: float,
        wake: Callable[[], None],
    ) -> None:
        """``wake`` has ``work`` called soon; ``sample`` is a share, 0 to 1."""
        self.version_id = version_id
        self.compiled = compiled
        self.missed = 0
        self._sample = sample
        self._wake = wake
        self._waiting: deque[_Seen] = deque()
        self._working = threading.Lock()
        self._flips = FlipCounts()
        self._evaluated = self._errors = 0

    def see(self, text: str, verdict: Verdict) -> None:
        """Note a live evaluation of the input ``text``, which is JSON, if it is in the sample."""
        if random.random() >= self._sample:
            return
        if len(self._waiting) >= WAITING:
            self.missed += 1
            return
        self._waiting.append(_Seen(text, verdict))
        self._wake()

    def work(self) -> None:
        """Compare the waiting inputs."""
        while self._waiting:
            # Release it between two: a reader of the counts must not wait for all of them.
            with self._working:
                if self._waiting:
                    self._compare(self._waiting.popleft())

    def counts(self) -> StoredCounts:
        """The counts so far in this process."""
        with self._working:
            return StoredCounts(self._evaluated, self._errors, self._flips.to_plain())

    def _compare(self, seen: _Seen) -> None:
        self._evaluated += 1
        try:
            verdict = self.compiled.evaluate(seen.text)
        except Exception as error:
            if not self._errors:
                log.warning("a candidate policy could not decide: %s", error)
            self._errors += 1
            verdict = _DENIED
        if verdict.allow != seen.verdict.allow:
            self._flips.add(json.loads(seen.text), seen.verdict, verdict)


class ShadowTask:
    """Evaluates the candidate on inputs seen, and writes its counts."""

    def __init__(self, shadow: Callable[[], Shadow | None], counts: ShadowCountStore) -> None:
        """``shadow`` gives the candidate; None: there is none."""
        self._shadow = shadow
        self._counts = counts
        self._written: tuple[int, StoredCounts] | None = None
        self._written_at = float("-inf")
        self._writing = threading.Lock()

    def work(self) -> float:
        """Compare the waiting inputs; seconds until the next time."""
        shadow = self._shadow()
        if shadow is None:
            return COUNT_SECONDS
        shadow.work()
        if monotonic() - self._written_at >= COUNT_SECONDS:
            self._written_at = monotonic()
            self.flush()
        return COUNT_SECONDS

    def flush(self) -> None:
        """Write the counts, unless they are written."""
        with self._writing:
            shadow = self._shadow()
            if shadow is None:
                return
            now = (shadow.version_id, shadow.counts())
            if now == self._written or not now[1].evaluated:
                return
            try:
                self._counts.write(*now)
                self._written = now
            except PlatformError as error:
                log.warning("what a candidate did is not written yet: %s", error)

    def read(self, version_id: int) -> Sequence[StoredCounts]:
        """Each process's counts for a candidate, this one's up to now; nothing is written.

        Raises:
            StoreUnavailable: the database did not answer.
        """
        shadow = self._shadow()
        if shadow is None or shadow.version_id != version_id:
            return self._counts.read(version_id)
        return self._counts.read(version_id, shadow.counts())
