"""Calls of builtins: those in which the engines differ, and arguments that they read alike."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from yoto.rooms.policies.portable.patterns import as_regex, glob_fault, regex_fault
from yoto.rooms.policies.portable.syntax import NotPortable, name_of, nodes, text_of
from yoto.rooms.policies.rego.parser import Syntax

# How far apart the ends of a range may be: it is made whole, in memory.
LONGEST_RANGE = 10_000

# Index of the argument that has to be a whole number. Where it is none, regorus gives nothing or an
# empty text, and OPA an error.
_WHOLE: Mapping[str, tuple[int, ...]] = {
    "substring": (1, 2),
    "array.slice": (1, 2),
    "regex.find_n": (2,),
    "regex.find_all_string_submatch_n": (2,),
}
_REGEX: Mapping[str, int] = {
    "regex.match": 0,
    "regex.find_n": 0,
    "regex.find_all_string_submatch_n": 0,
    "regex.replace": 1,
    "regex.split": 0,
}
# By how many bits a number may be moved to the left where any number is exact.
LARGEST_SHIFT = 10_000
_FORMAT = re.compile(r"(?:[^%]|%[vds%])*")
GLOB = "glob.match"
_COUNTED = frozenset({"count", "indexof"})
_RANGES = frozenset({"numbers.range", "numbers.range_step"})


def check_calls(module: Syntax, exact: Collection[str]) -> Iterator[NotPortable]:
    """The faults in arguments of builtins."""
    for call in nodes(module["rules"], "Call"):
        name, arguments = name_of(call["Call"]["fcn"]), call["Call"]["params"]
        for index in _WHOLE.get(name, ()):
            if index < len(arguments) and not _is_whole(arguments[index]):
                yield NotPortable(
                    arguments[index],
                    f"{name} wants a whole number: one that is written out, counted by count or "
                    "indexof, or a variable",
                )
        if name in _REGEX and _REGEX[name] < len(arguments):
            yield from _literal(arguments[_REGEX[name]], regex_fault, "the pattern")
            if name == "regex.split":
                yield from _literal(arguments[0], _empty_fault, "the pattern")
        elif name == GLOB and len(arguments) > 1:
            if GLOB in exact:
                yield from _literal(arguments[0], _any_glob_fault, "the pattern")
            else:
                yield from _literal(arguments[0], glob_fault, "the pattern")
            if not _are_delimiters(arguments[1]):
                yield NotPortable(arguments[1], 'write the delimiters out, such as ["."] or []')
        elif name == "sprintf" and arguments:
            yield from _literal(arguments[0], _format_fault, "the format")
        elif name in ("indexof", "indexof_n") and len(arguments) > 1:
            yield from _literal(arguments[1], _needle_fault, "what is looked for")
        elif name in _RANGES and name not in exact:
            yield from _range(call, arguments)


def costly(module: Syntax) -> Iterator[NotPortable]:
    """The calls whose value may fill any memory."""
    for call in nodes(module["rules"], "Call"):
        name, arguments = name_of(call["Call"]["fcn"]), call["Call"]["params"]
        if name in _RANGES:
            yield from _range(call, arguments)
        elif name == "bits.lsh" and len(arguments) > 1:
            by = _number(arguments[1])
            if not isinstance(by, int) or by > LARGEST_SHIFT:
                yield NotPortable(
                    arguments[1],
                    f"the number of bits has to be written out, at most {LARGEST_SHIFT:,}",
                )
    for several in nodes(module["rules"], "with_mods"):
        for one in several["with_mods"]:
            if name_of(one["as"]) in _RANGES | {"bits.lsh"}:
                yield NotPortable(one["as"], "it takes no other function's place: call it")


def _literal(node: Any, fault: Callable[[str], str | None], what: str) -> Iterator[NotPortable]:
    text = text_of(node)
    reason = f"{what} has to be written out in the call" if text is None else fault(text)
    if reason is not None:
        yield NotPortable(node, reason)


def _range(call: Syntax, arguments: list[Any]) -> Iterator[NotPortable]:
    ends = [_number(one) for one in arguments]
    # The number of arguments is checked when the set is compiled, which is later.
    written_out = len(ends) > 1 and all(isinstance(end, int) for end in ends)
    if not written_out or abs(ends[1] - ends[0]) > LONGEST_RANGE:
        yield NotPortable(
            call,
            f"the ends of a range have to be whole numbers that are written out, at most "
            f"{LONGEST_RANGE:,} apart: each number of it is made",
        )


def _number(node: Any) -> Any:
    return node["Number"]["value"] if "Number" in node else None


def _is_whole(node: Any) -> bool:
    if "Var" in node or isinstance(_number(node), int):
        return True
    if "ArithExpr" in node:
        parts = node["ArithExpr"]
        sides = _is_whole(parts["lhs"]) and _is_whole(parts["rhs"])
        return parts["op"] in ("Add", "Sub", "Mul") and sides
    return "Call" in node and name_of(node["Call"]["fcn"]) in _COUNTED


def _are_delimiters(node: Any) -> bool:
    if "Null" in node:
        return True
    texts = [text_of(one) for one in node["Array"]["items"]] if "Array" in node else [None]
    return all(text is not None and len(text) == 1 and text.isascii() for text in texts)


def _format_fault(text: str) -> str | None:
    return None if _FORMAT.fullmatch(text) else "a format may have %v, %s, %d and %% alone"


def _empty_fault(text: str) -> str | None:
    try:
        if re.fullmatch(text, "") is None:
            return None
    except re.error:
        pass
    return "at a pattern that matches an empty text, the engines split differently: write another"


def _any_glob_fault(text: str) -> str | None:
    if as_regex(text, []) is not None:
        return None
    return (
        "no engine is sure of this pattern: classes may have letters and digits, braces no others "
        "inside and nothing empty; write several patterns, or regex.match"
    )


def _needle_fault(text: str) -> str | None:
    return None if text else "what is looked for is empty"
