"""Whether the operations of a key can be put into one order that explains all their answers.

Each operation takes effect at one moment between its invocation and its return (Herlihy and Wing,
"Linearizability", TOPLAS 1990); one whose outcome is unknown at any moment after its invocation, or
never. The search goes through the returns in the order of time and keeps every configuration that
is possible there (Wing and Gong, "Testing and Verifying Concurrent Objects", JPDC 1993): operations
are put in order no sooner than a return demands it, and what was seen before is not looked at again
(Lowe, "Testing for Linearizability", CCPE 2017). Three things keep the set of configurations small:

- what only reads is put in order as soon as its answer fits, which loses no order;
- unknown operations with one call and argument are interchangeable, so they are counted;
- a configuration that has used fewer unknown operations and answered more reads, with all else
  equal, can do whatever the other can, which is dropped.

Even so each unknown write of a value of its own multiplies the work, and none ever ends. Callers
bound that by short rounds: a key gets some hundreds of operations, then the next key has its turn
(250, with every second write unknown, take a second). A history that takes longer than its budget
is undecided, which is no success.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

Class = tuple[str, str]  # what makes unknown operations interchangeable: call, argument


@dataclass(frozen=True, slots=True)
class Call:
    """An operation as the search knows it.

    Attributes:
        invoked, returned: s; ``math.inf`` where it may still take effect.
        after: indices of operations that must have taken effect before this one.
    """

    call: str
    argument: Any
    value: Any
    invoked: float
    returned: float
    after: tuple[int, ...] = ()
    shown: str = ""

    @property
    def known(self) -> bool:
        return self.returned != math.inf

    def __str__(self) -> str:
        if self.shown:
            return self.shown
        end = f"{self.returned:.3f}" if self.known else "?"
        answer = f" -> {self.value!r}" if self.known else " -> unknown"
        return f"[{self.invoked:.3f}, {end}] {self.call}({self.argument!r}){answer}"


class Specification(Protocol):
    """The object as it would be if one operation came after the other."""

    @property
    def initial(self) -> Hashable:
        """Its state before all operations."""

    def next(self, state: Any, call: Call) -> Sequence[Hashable]:
        """The states that may follow; none if it cannot have answered that in this state. Any
        answer fits where the outcome is unknown.
        """

    def only_reads(self, call: Call) -> bool:
        """Whether it never changes the state."""


@dataclass(frozen=True)
class Verdict:
    """The result of a search; ``holds`` is None where the time was over.

    Attributes:
        states: those that the object may have had before the window, where it does not hold.
        window: the calls that cannot be put in order from any of these states.
        stuck: the one at whose return no order was left.
    """

    holds: bool | None
    seconds: float
    states: tuple[Hashable, ...] = ()
    window: tuple[Call, ...] = ()
    stuck: Call | None = None

    def explain(self) -> str:
        if self.holds:
            return "can be put in order"
        if self.holds is None:
            return f"undecided after {self.seconds:.1f} s"
        before = ", ".join(sorted(map(str, self.states)))
        lines = [f"no order explains {self.stuck}", f"  possible before: {before}"]
        return "\n".join([*lines, *(f"  {call}" for call in self.window)])


@dataclass(frozen=True, slots=True)
class Configuration:
    """One way in which things may stand between two moments."""

    state: Hashable
    written: frozenset[int] = frozenset()  # took effect, and have not returned
    read: frozenset[int] = frozenset()  # the same of those that only read
    used: frozenset[tuple[Class, int]] = frozenset()  # unknown ones that took effect

    def dominates(self, other: Configuration) -> bool:
        """Whether it can do whatever the other can, of the same state and writes."""
        if not self.read >= other.read:
            return False
        if self.used <= other.used:
            return True
        theirs = dict(other.used)
        return all(count <= theirs.get(kind, 0) for kind, count in self.used)


class Front:
    """Configurations, without those that another one dominates."""

    def __init__(self) -> None:
        self._groups: dict[tuple[Hashable, frozenset[int]], list[Configuration]] = {}

    def add(self, new: Configuration) -> bool:
        """Whether it is news."""
        group = self._groups.setdefault((new.state, new.written), [])
        if any(old.dominates(new) for old in group):
            return False
        group[:] = [old for old in group if not new.dominates(old)]
        group.append(new)
        return True

    def __contains__(self, one: Configuration) -> bool:
        return one in self._groups.get((one.state, one.written), ())

    def all(self) -> list[Configuration]:
        return [one for group in self._groups.values() for one in group]


class OutOfTime(Exception):
    """The budget is used up."""


@dataclass
class Search:
    specification: Specification
    calls: Sequence[Call]
    deadline: float
    reads: set[int] = field(default_factory=set)  # that go on, and are known
    writes: set[int] = field(default_factory=set)  # the same
    gone: set[int] = field(default_factory=set)  # returned, so they took effect
    unknown: dict[Class, list[int]] = field(default_factory=dict)
    steps: int = 0

    def invoke(self, front: Iterable[Configuration], index: int) -> list[Configuration]:
        """The configurations after somebody asked."""
        call = self.calls[index]
        if not call.known:
            if not self.specification.only_reads(call):
                kind = (call.call, json.dumps(call.argument, sort_keys=True, default=str))
                self.unknown.setdefault(kind, []).append(index)
            return list(front)
        if not self.specification.only_reads(call):
            self.writes.add(index)
            return list(front)
        self.reads.add(index)
        return self.thin(self._answered(one, [index]) for one in front)

    def complete(self, front: Iterable[Configuration], index: int) -> list[Configuration]:
        """Those after its return: the ones in which it took effect, by whatever came before it."""
        seen, ended = Front(), Front()
        to_do = [one for one in front if seen.add(one)]
        while to_do:
            one = to_do.pop()
            self._watch_the_time()
            if index in one.written or index in one.read:
                ended.add(one)
            elif one in seen:
                to_do += [other for other in self._steps(one) if seen.add(other)]
        self.reads.discard(index)
        self.writes.discard(index)
        self.gone.add(index)
        return self.thin(
            Configuration(one.state, one.written - {index}, one.read - {index}, one.used)
            for one in ended.all()
        )

    def thin(self, configurations: Iterable[Configuration]) -> list[Configuration]:
        front = Front()
        for one in configurations:
            front.add(one)
        return front.all()

    def _steps(self, one: Configuration) -> Iterable[Configuration]:
        specification = self.specification
        for index in self.writes - one.written:
            call = self.calls[index]
            if not self._free(one, call):
                continue
            for state in specification.next(one.state, call):
                written = one.written | {index}
                yield self._answered(
                    Configuration(state, written, one.read, one.used), self.reads - one.read
                )
        counts = dict(one.used)
        for kind, indices in self.unknown.items():
            taken = counts.get(kind, 0)
            if taken == len(indices):
                continue
            used = frozenset({**counts, kind: taken + 1}.items())
            for state in specification.next(one.state, self.calls[indices[0]]):
                # One without a change would use it up for nothing.
                if state != one.state:
                    yield self._answered(
                        Configuration(state, one.written, one.read, used), self.reads - one.read
                    )

    def _answered(self, one: Configuration, indices: Iterable[int]) -> Configuration:
        """It, with the reads among ``indices`` that its state answers."""
        fitting = [
            index
            for index in indices
            if self._free(one, self.calls[index])
            and self.specification.next(one.state, self.calls[index])
        ]
        if not fitting:
            return one
        return Configuration(one.state, one.written, one.read | set(fitting), one.used)

    def _free(self, one: Configuration, call: Call) -> bool:
        if not call.after:
            return True
        return all(index in self.gone or index in one.written for index in call.after)

    def _watch_the_time(self) -> None:
        self.steps += 1
        if self.steps % 64 == 0 and time.monotonic() > self.deadline:
            raise OutOfTime


Event = tuple[float, int, int]  # s, whether it is a return, index of the call


def events_of(calls: Sequence[Call], end: float = math.inf) -> list[Event]:
    """All events until ``end``. Calls come before returns of one moment: they may overlap."""
    return sorted(
        [(call.invoked, 0, index) for index, call in enumerate(calls) if call.invoked <= end]
        + [
            (call.returned, 1, index)
            for index, call in enumerate(calls)
            if call.known and call.returned <= end
        ]
    )


def check(specification: Specification, calls: Sequence[Call], seconds: float = 30.0) -> Verdict:
    """Whether ``calls`` of one key are linearizable, in at most so many seconds.

    Calls that are known not to have happened are to be left out; ``after`` of a call names known
    calls by their index in ``calls``.
    """
    began = time.monotonic()
    search = Search(specification, calls, began + seconds)
    front = [Configuration(specification.initial)]
    writing: set[int] = set()
    calm: list[Moment] = [(-math.inf, (specification.initial,))]
    try:
        for at, returns, index in events_of(calls):
            front = search.complete(front, index) if returns else search.invoke(front, index)
            if not front:
                states, window = smallest(specification, calls, calm, index)
                return Verdict(False, time.monotonic() - began, states, window, calls[index])
            if calls[index].known and not specification.only_reads(calls[index]):
                (writing.discard if returns else writing.add)(index)
                if not writing:
                    calm.append((at, tuple({one.state for one in front})))
    except OutOfTime:
        return Verdict(None, time.monotonic() - began)
    return Verdict(True, time.monotonic() - began)


# A moment at which nothing known was being written, and what the object may have been then.
Moment = tuple[float, tuple[Hashable, ...]]
# s for making the window small; after them it is shown as it is.
SHRINKING = 5.0


def smallest(
    specification: Specification, calls: Sequence[Call], calm: Sequence[Moment], stuck: int
) -> tuple[tuple[Hashable, ...], tuple[Call, ...]]:
    """The states and calls of a small window in which no order is left.

    It begins at a moment at which nothing was being written, as late as possible. To leave out a
    read or an unknown operation never turns a good history into a bad one, so those that are not
    needed to see that no order is left are left out, in halves, quarters and so on.
    """
    until = time.monotonic() + SHRINKING
    end = calls[stuck].returned
    back = 1
    while True:
        at, states = calm[max(0, len(calm) - back)]
        kept = [
            index
            for index, call in enumerate(calls)
            if call.invoked <= end and (call.invoked > at or not call.known)
        ]
        if back >= len(calm) or (
            stuck in kept and impossible(specification, calls, states, kept, end, until)
        ):
            break
        back *= 2

    def is_optional(index: int) -> bool:
        call = calls[index]
        return index != stuck and (specification.only_reads(call) or not call.known)

    size = max(1, len(kept) // 2)
    while True:
        for start in range(0, len(kept), size):
            dropped = {index for index in kept[start : start + size] if is_optional(index)}
            rest = [index for index in kept if index not in dropped]
            if dropped and impossible(specification, calls, states, rest, end, until):
                kept = rest
        if size == 1 or time.monotonic() > until:
            break
        size //= 2
    return states, tuple(sorted((calls[index] for index in kept), key=lambda call: call.invoked))


def impossible(
    specification: Specification,
    calls: Sequence[Call],
    states: Sequence[Hashable],
    kept: Sequence[int],
    end: float,
    until: float,
) -> bool:
    """Whether no order of the ``kept`` ones is possible from any of ``states``; False, too, where
    that is not known by ``until``.
    """
    places = {index: place for place, index in enumerate(kept)}
    # All others came before and took effect.
    some = [
        replace(
            calls[index],
            after=tuple(places[one] for one in calls[index].after if one in places),
        )
        for index in kept
    ]
    search = Search(specification, some, until)
    front = search.thin(Configuration(state) for state in states)
    try:
        for _, returns, place in events_of(some, end):
            front = search.complete(front, place) if returns else search.invoke(front, place)
    except OutOfTime:
        return False
    return not front
