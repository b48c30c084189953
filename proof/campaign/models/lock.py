"""The fenced lock: exclusive at the resource (docs/lock.md).

Under the lock a row is read, and written with the lock's token; the row refuses a token smaller
than it has seen. Each holder writes one more than it read. So, whatever was lost or stood still:

- the values written count up without a step missing or twice (linearizable);
- the tokens of the accepted writes never shrink;
- a holder that asked for it after another had given it back has the larger token, and no two have
  one, but where the clock of Redis was set back and Redis lost data then;
- holders who knew by their clocks that they held it never overlap, but after Redis lost data.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from proof.campaign.faults.clocks import JUMP, ClockBack, ClockForward
from proof.campaign.history import Fault, Operation
from proof.campaign.linearizable import Call, check
from proof.campaign.models.finding import Finding, by_key, shown, with_effect
from proof.campaign.specifications import Counter

NAME = "lock"
SECONDS = 30.0  # for a key
# Each sets it back, at its beginning or its end.
CLOCKS = (ClockBack.name, ClockForward.name)
EXCUSE = "tokens that are no larger, after Redis lost data with its clock set back, as documented"
# s until a replica serves, after its primary was lost.
FAILOVER = 10.0


def judge(operations: Sequence[Operation], faults: Sequence[Fault]) -> Finding:
    """``add`` with value ``{"token", "count", "entered", "held_until", "lease"}``, also of a write
    that was refused (failed); ``log``, at the end, with the tokens of the accepted writes in order.
    """
    finding = Finding.of(NAME, operations)
    for key, some in by_key(operations).items():
        adds = [one for one in some if one.call == "add"]
        _judge_counts(finding, key, adds)
        _judge_tokens(finding, key, adds, faults)
        _judge_overlaps(finding, key, adds, faults)
        for log in some:
            if log.call == "log" and log.outcome == "ok":
                _judge_log(finding, key, log.value, adds)
    return finding


def _judge_counts(finding: Finding, key: str, adds: list[Operation]) -> None:
    calls = [
        Call(
            "add",
            1,
            one.value["count"] if one.outcome == "ok" else None,
            one.invoked,
            one.returned if one.outcome == "ok" and one.returned is not None else math.inf,
            shown=shown(one),
        )
        for one in adds
        if one.outcome != "failed"
    ]
    # Each says a number, of which one alone is right.
    finding.falsifiable += sum(one.known for one in calls)
    verdict = check(Counter(), calls, SECONDS)
    finding.saw("seconds to judge a key", verdict.seconds)
    if verdict.holds is None:
        finding.undecided.append(f"{key}: {verdict.explain()}")
    elif not verdict.holds:
        finding.violations.append(f"{key}: {verdict.explain()}")


def _judge_tokens(
    finding: Finding, key: str, adds: list[Operation], faults: Sequence[Fault]
) -> None:
    took = sorted((one for one in adds if one.value), key=lambda one: one.value["token"])
    for one, other in pairwise(took):
        if one.value["token"] != other.value["token"]:
            continue
        if _nothing_to_know_by(one, other, faults):
            finding.excuse(EXCUSE)
        else:
            twice = [f"{key}: a token that two have", shown(one), shown(other)]
            finding.violations.append("\n  ".join(twice))
            return
    last: Operation | None = None  # the one with a smaller token that asked last
    for one in took:
        if last is not None and one.returned is not None and one.returned < last.invoked:
            if _nothing_to_know_by(one, last, faults):
                finding.excuse(EXCUSE)
                continue
            finding.violations.append(
                f"{key}: a token that is smaller than that of an earlier holder\n"
                f"  {shown(one)}\n  {shown(last)}"
            )
            return
        if last is None or one.invoked > last.invoked:
            last = one


def _nothing_to_know_by(one: Operation, other: Operation, faults: Sequence[Fault]) -> bool:
    """Whether, between the two, a Redis whose clock had been set back lost data."""
    begun = min(one.invoked, other.invoked)
    ended = max(math.inf if who.returned is None else who.returned for who in (one, other))
    losses = [
        fault
        for fault in with_effect(faults, "lost-data")
        if fault.kind not in CLOCKS and fault.began <= ended and begun <= fault.healed + FAILOVER
    ]
    return any(
        clock.began <= loss.healed + FAILOVER and loss.began <= clock.mended + JUMP
        for clock in faults
        if clock.kind in CLOCKS
        for loss in losses
    )


def _judge_overlaps(
    finding: Finding, key: str, adds: list[Operation], faults: Sequence[Fault]
) -> None:
    # A holder that stood still when it entered may never have seen that it held the lock.
    seen = (one for one in adds if one.value and one.value["entered"] < one.value["held_until"])
    stays = sorted(seen, key=lambda one: one.value["entered"])
    longest: Operation | None = None
    for one in stays:
        entered, until = one.value["entered"], one.value["held_until"]
        if longest is not None and entered < longest.value["held_until"]:
            if any(
                fault.began <= entered <= fault.healed + FAILOVER + longest.value["lease"]
                for fault in with_effect(faults, "lost-data")
            ):
                finding.excuse("two holders after Redis lost data, as documented")
            else:
                finding.violations.append(
                    f"{key}: two held it at {entered:.3f}\n  {shown(longest)}\n  {shown(one)}"
                )
                return
        if longest is None or until > longest.value["held_until"]:
            longest = one


def _judge_log(finding: Finding, key: str, tokens: list[int], adds: list[Operation]) -> None:
    """The accepted writes, in the order in which the row took them."""
    for before, after in pairwise(tokens):
        if after < before:
            finding.violations.append(f"{key}: a write by token {after} after one by {before}")
            return
    # Refused ones are known not to have been written.
    written = set(tokens)
    for one in adds:
        if one.value and (one.value["token"] in written) != (one.outcome == "ok"):
            finding.violations.append(
                f"{key}: what was answered is not what the row has: {shown(one)}"
            )
            return
