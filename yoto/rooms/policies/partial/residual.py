"""The rest of a set of policies for one topic: the rules that can hold, and the input they read.

It is partial evaluation (Jones, Gomard, Sestoft, "Partial Evaluation and Automatic Program
Generation", 1993), as far as it is exact. A clause is left out if statements of it that depend on
the topic and the documents alone cannot all hold; a statement is left out if it holds, and the rest
shares no variable with it. The engine itself finds both, so its semantics hold. An error that the
whole set would raise for an input is raised by the rest, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from yoto.rooms.policies.partial.clauses import Clause, Module, NotDivisible, Statement, modules_of
from yoto.rooms.policies.partial.guards import Group, Guard, Guarded, guarded
from yoto.rooms.policies.partial.references import Path, Uses
from yoto.rooms.policies.rego.heads import reads_of
from yoto.rooms.policies.rego.parser import Syntax
from yoto.rooms.policies.rego.tokens import tokenize

# Characters of all sources; a larger set is evaluated as it is.
LARGEST = 300_000
_ENTRY: Path = ("yoto", "authz", "decision")

# Whether the rule of a guard holds for a topic; None: it raised an error.
Ask = Callable[[str], bool | None]


@dataclass(frozen=True, slots=True)
class Residual:
    """The rest of a set.

    Attributes:
        modules: the sources; each line is where it was.
        reads: the input paths at or below which they read, as ``CompiledPolicies.reads``.
    """

    modules: Mapping[str, str]
    reads: frozenset[str]


class Divided:
    """A set of policies, ready to be reduced. Immutable."""

    def __init__(self, sources: Mapping[str, str], syntax: Mapping[str, Syntax]) -> None:
        """Read it.

        Raises:
            NotDivisible: it must be evaluated as a whole.
        """
        if sum(map(len, sources.values())) > LARGEST:
            raise NotDivisible("it is too large")
        self._modules = modules_of(sources, syntax)
        _refuse_recursion(self._modules)
        self._guarded = guarded(self._modules)

    @property
    def guards(self) -> Mapping[str, str]:
        """Modules beside those of the set, with the rules that ``Ask`` evaluates."""
        return self._guarded.modules

    @property
    def guard_rules(self) -> list[str]:
        """The paths from ``data`` of those rules."""
        groups = (group for several in self._guarded.groups.values() for group in several)
        return [guard.rule for group in groups for guard in group.guards]

    def reduce(self, ask: Ask) -> Residual:
        """The rest for a topic."""
        return _Reduction(self._modules, self._guarded, ask).residual()


def _refuse_recursion(modules: list[Module]) -> None:
    """Rules that come back to themselves are an error where they are reached, and there alone."""
    uses: dict[Path, set[Path]] = {}
    for module in modules:
        for clause in module.clauses:
            used = uses.setdefault(clause.rule, set())
            used.update(*(part.rules for part in (clause.head, *(s.uses for s in clause.body))))
    try:
        TopologicalSorter(uses).prepare()
    except CycleError:
        raise NotDivisible("a rule comes back to itself") from None


class _Reduction:
    """The work for one topic."""

    def __init__(self, modules: list[Module], guards: Guarded, ask: Ask) -> None:
        self._modules = modules
        self._groups = guards.groups
        self._ask = ask
        self._known: dict[str, bool | None] = {}
        self._rules: dict[Path, list[Clause]] = {}
        for module in modules:
            for clause in module.clauses:
                self._rules.setdefault(clause.rule, []).append(clause)
        self._dead: set[Clause] = set()
        self._true: set[Statement] = set()
        self._raising = self._closure(self._raises)

    def residual(self) -> Residual:
        """Reduce until nothing more follows."""
        before = -1
        while before != len(self._dead):
            before = len(self._dead)
            moving = self._closure(self._moves)
            for clause in self._groups:
                if clause not in self._dead and clause.divisible:
                    self._look_at(clause, moving)
        reached = self._reached()
        modules = {one.name: self._left(one, reached) for one in self._modules}
        return Residual(modules, reads_of(tokenize(source) for source in modules.values()))

    def _look_at(self, clause: Clause, moving: frozenset[Path]) -> None:
        constant: set[Statement] = set()
        failing: Guard | None = None
        for group in self._groups[clause]:
            guard = _longest(group, moving)
            if guard is None:
                continue
            if guard.rule not in self._known:
                self._known[guard.rule] = self._ask(guard.rule)
            holds = self._known[guard.rule]
            if holds is None:
                return
            constant.update(guard.statements)
            if not holds:
                failing = failing or guard
            elif guard.statements == group.statements and not group.in_head:
                self._true.update(group.statements)
        if failing is not None and self._is_silent(clause, constant, failing):
            self._dead.add(clause)

    def _is_silent(self, clause: Clause, constant: set[Statement], failing: Guard) -> bool:
        """Whether no other statement can raise an error before those of the guard fail."""
        last = clause.body.index(failing.statements[-1])
        for index, statement in enumerate(clause.body):
            if statement in constant or not self._may_raise(statement.uses):
                continue
            if index < last:
                return False
            # The engine may move a declaration before a statement that waits for another variable.
            if statement.binds and len(failing.statements) > 1:
                return False
        return True

    def _may_raise(self, uses: Uses) -> bool:
        return uses.raises or not uses.rules.isdisjoint(self._raising)

    def _raises(self, rule: Path) -> bool:
        clauses = self._rules[rule]
        if len(clauses) > 1 and any(clause.valued for clause in clauses):
            return True
        return any(part.raises for part in self._parts_of(rule))

    def _moves(self, rule: Path) -> bool:
        return any(part.moving for part in self._parts_of(rule))

    def _parts_of(self, rule: Path) -> Iterator[Uses]:
        """The parts of a rule that can matter."""
        for clause in self._rules.get(rule, ()):
            if clause not in self._dead:
                yield clause.head
                yield from (one.uses for one in clause.body if one not in self._true)

    def _closure(self, begins: Callable[[Path], bool]) -> frozenset[Path]:
        """The rules for which ``begins`` holds, and all that use them."""
        used_by: dict[Path, set[Path]] = {}
        for rule in self._rules:
            for part in self._parts_of(rule):
                for used in part.rules:
                    used_by.setdefault(used, set()).add(rule)
        found = set(filter(begins, self._rules))
        waiting = list(found)
        while waiting:
            new = used_by.get(waiting.pop(), set()) - found
            found |= new
            waiting += new
        return frozenset(found)

    def _reached(self) -> set[Path]:
        """The rules that the decision depends on."""
        found, waiting = {_ENTRY}, [_ENTRY]
        while waiting:
            for part in self._parts_of(waiting.pop()):
                new = part.rules - found
                found |= new
                waiting += new
        return found

    def _left(self, module: Module, reached: set[Path]) -> str:
        edits: list[tuple[int, int, str]] = []
        for clause in module.clauses:
            if clause.rule not in reached:
                edits.append((*clause.span, ""))
            elif clause in self._dead:
                edits.append((*clause.span, self._instead(clause)))
            else:
                edits += ((*one.span, "true") for one in clause.body if one in self._true)
        parts: list[str] = []
        done = 0
        for start, end, text in sorted(edits):
            lines = "\n" * module.source.count("\n", start, end)
            parts += (module.source[done:start], text, lines)
            done = end
        return "".join((*parts, module.source[done:]))

    def _instead(self, clause: Clause) -> str:
        """A rule that never holds, where a name has no rule left; others refer to it."""
        clauses = self._rules[clause.rule]
        if clause is not clauses[0] or not all(one in self._dead for one in clauses):
            return ""
        return f"{clause.rule[-1]} := set()" if clause.is_set else f"{clause.rule[-1]} if false"


def _longest(group: Group, moving: frozenset[Path]) -> Guard | None:
    """The guard of the most statements that are constant."""
    found: Guard | None = None
    for guard in group.guards:
        if not guard.statements[-1].uses.rules.isdisjoint(moving):
            break
        found = guard
    return found
