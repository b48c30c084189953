"""Planted bugs: small changes of our code, each of which breaks a promise that it makes.

The search that finds nothing in the code as it is must find each of these, and those of
``proof.planted`` that break a promise of a protocol.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from proof.planted.bugs import PLANTED
from proof.planted.change import TextChange, Where, made
from yoto.cache.coherence import Coherence
from yoto.cache.loading import Loading
from yoto.cache.tailer import Tailer
from yoto.optimization.lock import scripts as lock_scripts
from yoto.optimization.lock.attempt import Attempt
from yoto.permission.outbox.publisher import Outbox
from yoto.redis import ScriptRegistry
from yoto.resilience import scripts as guard_scripts
from yoto.rooms.queues.batch import scripts as queue_scripts

# Worker-hours within which each is found.
BUG_HOURS = 8.0


@dataclass(frozen=True)
class Bug:
    """One change of one text.

    Attributes:
        protocol: which promise it breaks.
        about: what is wrong then.
        where, before, after: see ``TextChange``.
    """

    protocol: str
    about: str
    where: Where
    before: str
    after: str


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
    """The bug, one of these or of ``proof.planted``, is in the code meanwhile; no name: none is."""
    if name in BUGS:
        bug = BUGS[name]
        changes: tuple[TextChange, ...] = (TextChange(bug.where, bug.before, bug.after),)
    else:
        changes = PLANTED[name].changes if name else ()
    with made(changes):
        yield
