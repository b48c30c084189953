"""Metrics of each policy: its size, and the denials by its codes."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from yoto.errors import PolicyError
from yoto.rooms.policies.metrics.counts import LatencyHistogram
from yoto.rooms.policies.rego.parser import parse
from yoto.rooms.policies.rego.tokens import Kind, Token, tokenize

# Placeholders of a format.
_VERB = re.compile(r"%[vsd%]")
_NONE = r"(?!)"  # a pattern that nothing matches


@dataclass(frozen=True, slots=True)
class Complexity:
    """Size of one policy.

    Attributes:
        rules, expressions: in its syntax tree; None for a policy that has none.
        source_bytes: size of the source as UTF-8.
    """

    rules: int | None
    expressions: int | None
    source_bytes: int


def complexity_of(name: str, source: str) -> Complexity:
    """The size of one module of Rego v1, whichever engine runs it."""
    size = len(source.encode())
    try:
        module = parse(name, source)
    except PolicyError:
        return Complexity(None, None, size)
    return Complexity(len(module["rules"]), module["num_expressions"], size)


@dataclass(frozen=True, slots=True)
class PolicyMetrics:
    """One policy as part of the set.

    Attributes:
        version: its number.
        denies: denials since this process loaded it, by the codes that its own rules give.
        complexity: its size.
        latency: the time that it adds to an evaluation of the set, as
            ``LatencyHistogram.to_plain``; None until it is measured.
    """

    name: str
    version: int
    denies: Mapping[str, int]
    complexity: Complexity
    latency: Mapping[str, Any] | None


def adds_codes(source: str) -> bool:
    """Whether a source has rules that can deny."""
    return codes_of(source).pattern != _NONE


def codes_of(source: str) -> re.Pattern[str]:
    """A pattern that matches, as a whole, the codes that the rules of a source add to ``deny``.

    A rule may write its code, or a format for it; where it computes it, any text or format of the
    source counts.
    """
    tokens = tokenize(source)
    texts = [token for token in tokens if token.kind is Kind.TEXT]
    codes: list[Token] = []
    for index, token in enumerate(tokens[:-2]):
        if not token.first or token.value != "deny" or tokens[index + 1].value != "contains":
            continue
        given = tokens[index + 2 : index + 5]
        if given[0].kind is Kind.TEXT:
            codes.append(given[0])
        elif given[0].value == "sprintf" and len(given) == 3 and given[2].kind is Kind.TEXT:
            codes.append(given[2])
        else:
            codes += texts
    return re.compile("|".join(map(_pattern, codes)) or _NONE)


def policies_of_code(code: str, codes: Mapping[str, re.Pattern[str]]) -> list[str]:
    """The policies that can give ``code``. Rego does not say which rule of a set gave a value."""
    return [name for name, given in codes.items() if given.fullmatch(code)]


def _pattern(text: Token) -> str:
    return ".*".join(map(re.escape, _VERB.split(text.value[1:-1])))


@dataclass
class _Line:
    version: int
    codes: re.Pattern[str]
    denies: Counter[str] = field(default_factory=Counter)


class PolicyLedger:
    """Counts of the policies in service. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines: dict[str, _Line] = {}

    def loaded(self, versions: Mapping[str, int], sources: Mapping[str, str]) -> None:
        """Take note of a set that was loaded.

        A policy of the same version goes on counting; anything else begins anew.
        """
        lines = {name: _Line(versions[name], codes_of(source)) for name, source in sources.items()}
        with self._lock:
            for name, line in self._lines.items():
                if name in lines and lines[name].version == line.version:
                    lines[name] = line
            self._lines = lines

    def denied(self, codes: Sequence[str]) -> None:
        """Count a denial."""
        with self._lock:
            given = {name: line.codes for name, line in self._lines.items()}
            for code in codes:
                for name in policies_of_code(code, given):
                    self._lines[name].denies[code] += 1

    def read(
        self,
        complexity: Mapping[str, Complexity],
        latency: Mapping[str, LatencyHistogram],
    ) -> dict[str, PolicyMetrics]:
        """The metrics of each policy.

        Args:
            latency: the time that each adds to an evaluation, where it was measured.
        """
        with self._lock:
            return {
                name: PolicyMetrics(
                    name=name,
                    version=line.version,
                    denies=dict(line.denies),
                    complexity=complexity.get(name, Complexity(None, None, 0)),
                    latency=latency[name].to_plain() if name in latency else None,
                )
                for name, line in self._lines.items()
            }
