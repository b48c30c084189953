"""Planted bugs: small changes of our code, each of which breaks a promise that it makes.

The search that finds nothing in the code as it is must find each of these.
"""

from __future__ import annotations
import __future__

import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from yoto.cache.coherence import Coherence
from yoto.cache.loading import Loading
from yoto.cache.tailer import Tailer
from yoto.optimization.lock import scripts as lock_scripts
from yoto.optimization.lock.attempt import Attempt
from yoto.optimization.queue import scripts as queue_scripts
from yoto.permission.outbox.publisher import Outbox
from yoto.redis import Script, ScriptRegistry
from yoto.resilience import scripts as guard_scripts

# Worker-hours within which each is found.
BUG_HOURS = 8.0


@dataclass(frozen=True)
class Bug:
    """One change of one text.

    Attributes:
        protocol: which promise it breaks.
        about: what is wrong then.
        where: a script, or the class and the name of a method.
        before, after: the text that is there, once, and the text in its place.
    """

    protocol: str
    about: str
    where: Script | tuple[type, str]
    before: str
    after: str

    def changed(self, text: str) -> str:
        """``text`` with the bug; it must be about it, or the bug is not planted."""
        if text.count(self.before) != 1:
            raise ValueError(f"{self.before!r} is {text.count(self.before)} times in what it was")
        return text.replace(self.before, self.after)


BUGS = {
    "position read after the load": Bug(
        "floors",
        "what is stored claims to include changes that came while it was read",
        (Loading, "load"),
        "Entry.of(user_id, place, position,",
        "Entry.of(user_id, place, self._tailer.applied,",
    ),
    "entries stored below the floor": Bug(
        "floors",
        "a slow reader puts back what a change has made invalid",
        (Coherence, "remember"),
        "if not self._floors.admits(entry):",
        "if False:",
    ),
    "log read without looking for gaps": Bug(
        "floors",
        "who reads on after the log was lost keeps what it remembered",
        (Tailer, "begin"),
        "if gap is None:",
        "if True:",
    ),
    "lock released without comparing its value": Bug(
        "lock",
        "who has lost a lock gives back the next holder's",
        lock_scripts.RELEASE,
        "if held == ARGV[1] then",
        "if held then",
    ),
    "tokens counted by the store alone": Bug(
        "lock",
        "a store that lost its data gives small tokens again",
        lock_scripts.ACQUIRE,
        "math.max(tonumber(redis.call('GET', fence) or '0') + 1, us)",
        "tonumber(redis.call('GET', fence) or '0') + 1",
    ),
    "lease counted from the reply": Bug(
        "lock",
        "a holder that stood still before the reply believes in a lease that has ended",
        (Attempt, "_until"),
        "return token, sent\n    self.contended",
        "return token, monotonic()\n    self.contended",
    ),
    "renewal that does not compare the token": Bug(
        "lock",
        "a holder whose lock was lost goes on with the next holder's",
        lock_scripts.EXTEND,
        "if redis.call('GET', KEYS[1]) ~= ARGV[1] then",
        "if redis.call('EXISTS', KEYS[1]) == 0 then",
    ),
    "WAIT's answer ignored": Bug(
        "lock",
        "who waited for a replica in vain takes the lock, and a failover gives it to another",
        (Attempt, "_run"),
        "if reply[0] and confirmed < terms.replicas:",
        "if False:",
    ),
    "slot given back by whoever gives one back": Bug(
        "leases",
        "who has lost a slot frees the slot of another",
        guard_scripts.BULKHEAD_LEAVE,
        "return redis.call('ZREM', KEYS[1], ARGV[1])",
        "return #redis.call('ZPOPMIN', KEYS[1]) / 2",
    ),
    "change marked before it is published": Bug(
        "outbox",
        "a writer that dies in between leaves nothing for the relay",
        (Outbox, "publish"),
        "    try:\n        position = self._cache",
        "    self._mark(events, '0-1')\n    try:\n        position = self._cache",
    ),
    "change marked that the log did not take": Bug(
        "outbox",
        "what a writer could not publish is taken for published",
        (Outbox, "publish"),
        "self.counts.held_back += len(events)",
        "self._mark(events, '0-1')",
    ),
    "items acknowledged before they are done": Bug(
        "queue",
        "an item leaves the queue when it is taken, and is lost with its worker",
        queue_scripts.TAKE,
        "lease_to(kind, unpack(leases))",
        "remove(kind, {entries[1][1]})",
    ),
    "call repeated that must not be": Bug(
        "queue",
        "a script that is not repeatable is sent again after its reply was lost",
        (ScriptRegistry, "_react"),
        "if script.repeatable or isinstance(problem, Unreachable):",
        "if True:",
    ),
}


@contextmanager
def planted(name: str) -> Iterator[None]:
    """The bug is in the code meanwhile; no name: none is."""
    if not name:
        yield
        return
    bug = BUGS[name]
    with _in_script(bug, bug.where) if isinstance(bug.where, Script) else _in_method(bug):
        yield


@contextmanager
def _in_script(bug: Bug, script: Script) -> Iterator[None]:
    changed = replace(script, source=bug.changed(script.source))
    named = [
        (module, name)
        for module in list(sys.modules.values())
        for name, value in list(getattr(module, "__dict__", {}).items())
        if value is script and module.__name__.startswith("yoto.")
    ]
    for module, name in named:
        setattr(module, name, changed)
    try:
        yield
    finally:
        for module, name in named:
            setattr(module, name, script)


@contextmanager
def _in_method(bug: Bug) -> Iterator[None]:
    owner, name = bug.where  # type: ignore[misc]
    real = vars(owner)[name]
    source = bug.changed(textwrap.dedent(inspect.getsource(real)))
    made: dict[str, Callable[..., Any]] = {}
    flags = __future__.annotations.compiler_flag
    exec(compile(source, real.__code__.co_filename, "exec", flags), real.__globals__, made)
    setattr(owner, name, made[name])
    try:
        yield
    finally:
        setattr(owner, name, real)
