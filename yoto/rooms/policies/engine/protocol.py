"""The interface of policy engines, and the record of the one that a fleet has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from yoto.rooms.policies.bundle import Bundle
from yoto.rooms.policies.partial import Topic
from yoto.rooms.policies.result import Verdict

EngineName = Literal["embedded", "opa"]
# The Rego interpreters that run in our processes.
LibraryName = Literal["regorus", "regopy"]


@dataclass(frozen=True, slots=True)
class TestFailure:
    """One Rego test that does not hold.

    Attributes:
        name: ``<policy>: <package>.<rule>``.
        reason: its value instead of true, or the engine's message.
    """

    __test__ = False

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class TestReport:
    """The results of the Rego tests of a set, in the order of their names.

    Attributes:
        skipped: tests that the engine cannot run.
    """

    __test__ = False

    passed: tuple[str, ...] = ()
    failed: tuple[TestFailure, ...] = ()
    skipped: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether none failed; a set without tests passes."""
        return not self.failed


@dataclass(frozen=True, slots=True)
class EngineHealth:
    """The health of an engine.

    Attributes:
        state: ``unknown`` before the first request.
        detail: one sentence for an operator.
        latency_ms: time of the health request; None without one.
    """

    state: Literal["ok", "unavailable", "unknown"]
    detail: str
    latency_ms: float | None = None


class Decider(Protocol):
    """Policies, ready to decide. Safe for threads and greenlets."""

    @property
    def reads(self) -> frozenset[str]:
        """Dotted input paths below which the policies read, such as ``resource.channel_id``.

        ``"*"`` when they are unknown.
        """
        ...

    def evaluate(self, input_json: str) -> Verdict:
        """The verdict on one input, which is a JSON text.

        Raises:
            PolicyError: there is no verdict: an error inside a policy, undefined, another shape.
            PolicyUnavailable: the engine did not answer.
        """
        ...


class CompiledPolicies(Decider, Protocol):
    """One set of policies. It never changes."""

    @property
    def version(self) -> str:
        """The bundle's version."""
        ...

    def about(self, topic: Topic | None) -> Decider:
        """Policies with the same verdicts for inputs of that topic, which read less of the input.

        Args:
            topic: None: any.
        """
        ...

    def run_tests(self) -> TestReport:
        """Run the bundle's Rego tests.

        Raises:
            PolicyError: they do not compile.
            PolicyUnavailable: the engine did not answer.
        """
        ...

    def close(self) -> None:
        """Release the engine's resources for this set; an evaluation afterwards may fail."""
        ...


class PolicyEngine(Protocol):
    """Compiles sets of policies. Safe for threads and greenlets."""

    @property
    def name(self) -> EngineName:
        """The name of the engine."""
        ...

    @property
    def runs_on(self) -> str:
        """The evaluator, for an operator: a library with its version, or a server's address."""
        ...

    @property
    def record(self) -> str | None:
        """The engine's name and level in the record of the policies; None: it names no engine."""
        ...

    @property
    def tried_by(self) -> LibraryName | None:
        """The library by which a child process tries a set before this engine gets it.

        None: there is none, and this engine tries the set itself.
        """
        ...

    def compile(self, bundle: Bundle) -> CompiledPolicies:
        """Check and compile a bundle.

        Raises:
            PolicyError: it is refused; ``policy`` names the module or document, ``reason`` has line
                and column and the engine's own message.
            PolicyUnavailable: the engine did not answer.
        """
        ...

    def health(self) -> EngineHealth:
        """The engine's present health; asks it, and never raises."""
        ...

    def sweep(self) -> None:
        """Remove data of sets that were closed a while ago; called from time to time."""
        ...

    def close(self) -> None:
        """End threads and connections; a later use opens them again."""
        ...


# A fleet has one policy engine: a policy is admitted by the forms that the engine evaluates as OPA
# does, so a worker with another engine could read it in another way. The record of the policies
# names the engine and its level; where workers of several engines are meant, all of them admit the
# common part alone (``POLICY_PORTABLE``), and the record names none.
#
# The level of each engine: raised by one with each release that admits more on it.
LEVELS: dict[EngineName | LibraryName, int] = {"regorus": 1, "regopy": 1, "opa": 1}


def record_of(evaluator: EngineName | LibraryName, portable: bool) -> str | None:
    """The record's name for an engine, such as ``regorus 1``; None where policies are portable."""
    return None if portable else f"{evaluator} {LEVELS[evaluator]}"


def fault_of(recorded: str | None, own: str | None) -> str:
    """Why a worker does not join the fleet, and the way round; empty: it joins.

    Args:
        recorded: the engine in the record; None: no engine.
        own: ``record_of`` the worker's engine.
    """
    if recorded is None or own is None:
        return ""
    name, _, level = recorded.partition(" ")
    own_name, _, own_level = own.partition(" ")
    if own_name == name and int(own_level) >= int(level):
        return ""
    remedy = (
        f"run {name} here, too"
        if own_name != name
        else "run the release of the other workers here, too"
    )
    return (
        f"the policies of this fleet are admitted by {name} (level {level}), and this worker runs "
        f"{own_name} (level {own_level}): {remedy}, or set YOTO_POLICY_PORTABLE=1 on all workers"
        " and run setup"
    )
