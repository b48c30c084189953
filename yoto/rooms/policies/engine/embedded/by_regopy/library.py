"""Calls regopy, and puts its messages into our words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from typing import Any, TypeVar

import regopy
from regopy import rego_shared

from yoto.errors import PolicyError
from yoto.rooms.policies.bundle import Bundle
from yoto.rooms.policies.engine.embedded.by_regopy.subset import (
    PACKAGE,
    SOURCE,
    TABLES,
    check_subset,
)
from yoto.rooms.policies.engine.embedded.by_regopy.writing import from_json, read, to_json, written
from yoto.rooms.policies.engine.embedded.library import UNDEFINED_TEXT, TextOf
from yoto.rooms.policies.engine.protocol import LibraryName
from yoto.rooms.policies.rego.parser import syntax_of

R = TypeVar("R")

_MESSAGE = re.compile(r"\(errormsg \d+:(?P<message>.+?)\)\n")
_PLACE = re.compile(r"\(error \d+:(?P<policy>.+?)\|(?P<offset>\d+)\|\d+\n")
_BEFORE, _BEHIND = '{"expressions":[', "]}"


class _Program:
    """Modules and documents, compiled for the rules that are asked for."""

    def __init__(self, data_json: str, modules: Mapping[str, str], rules: Sequence[str]) -> None:
        """Raises:
        PolicyError: a module is refused.
        """
        self._regopy = regopy.Interpreter()
        # Otherwise errors inside builtins would be undefined, and messages go to standard output.
        self._regopy.strict_built_in_errors = True
        self._regopy.log_level = regopy.LogLevel.NONE
        sources = written(modules)
        for name, source in {**sources, PACKAGE: SOURCE}.items():
            _translated(sources, name, lambda: self._regopy.add_module(name, source))
        _translated(sources, "data", lambda: self._regopy.add_data_json(data_json))
        entries = [_entry(rule) for rule in rules]
        self._compiled = _translated(
            sources, "bundle", lambda: self._regopy.build(None, entries) if entries else None
        )

    def __call__(self, input_json: str | None) -> TextOf:
        """See ``library.Program``."""
        if input_json is not None:
            try:
                text = to_json(read(input_json))
                self._regopy.set_input_term(text)
            except (ValueError, RecursionError, regopy.RegoError) as error:
                raise PolicyError("input", f"is no JSON text: {error}") from None
        return self._text_of

    def _text_of(self, rule: str) -> str:
        assert self._compiled is not None
        ours, compiled = self._regopy._impl, self._compiled._impl
        # Regopy's own class would parse the text, which takes longer than most evaluations.
        output = rego_shared.rego_bundle_query_entrypoint(ours, compiled, _entry(rule))
        try:
            if not rego_shared.rego_output_ok(output):
                raise PolicyError("decision", _reason(rego_shared.rego_output_node(output)))
            text: str = rego_shared.rego_output_string(output)
        finally:
            rego_shared.rego_free_output(output)
        if text == "undefined":
            return UNDEFINED_TEXT
        if not text.startswith(_BEFORE) or not text.endswith(_BEHIND):
            raise PolicyError("decision", f"regopy gave {text[:100]}")
        return from_json(text[len(_BEFORE) : -len(_BEHIND)])


class Regopy:
    """Rego-cpp, by the package ``regopy``. See ``Library``."""

    name: LibraryName = "regopy"
    # A program takes 9 MB.
    most_kept = 8
    exact = frozenset[str]()
    # It ends the process where a rule that uses another is evaluated with replacements.
    replaces = False

    @property
    def version(self) -> str:
        """See ``Library``."""
        return version("regopy")

    def admit(self, bundle: Bundle) -> None:
        """See ``Library``."""
        check_subset(syntax_of(bundle.modules))

    def documents(self, data_json: str) -> str:
        """See ``Library``."""
        return to_json({**read(data_json), f"{PACKAGE}_tables": TABLES})

    def program(
        self, documents: str, modules: Mapping[str, str], rules: Sequence[str], tests: bool = False
    ) -> _Program:
        """See ``Library``."""
        return _Program(documents, modules, rules)


LIBRARY = Regopy()


def _entry(rule: str) -> str:
    return rule.removeprefix("data.").replace(".", "/")


def _translated(sources: Mapping[str, str], policy: str, call: Callable[[], R]) -> R:
    """``call()``, with errors of regopy raised as ``PolicyError``."""
    try:
        return call()
    except regopy.RegoError as error:
        text = str(error)
        message, place = _MESSAGE.search(text), _PLACE.search(text)
        reason = message["message"] if message else text.strip()
        if place is None or place["policy"] not in sources:
            raise PolicyError(policy, reason) from None
        # Rewritten sources for regopy keep lines, and no columns.
        source = sources[place["policy"]].encode()
        line = source.count(b"\n", 0, int(place["offset"])) + 1
        raise PolicyError(place["policy"], f"line {line}: {reason}") from None


def _reason(node: Any) -> str:
    """Why an evaluation failed; regopy does not say where."""
    error = rego_shared.rego_node_get(node, 0)
    message: str = rego_shared.rego_node_value(rego_shared.rego_node_get(error, 0))
    about = rego_shared.rego_node_get(error, 1)
    if rego_shared.rego_node_size(about):
        value: str = rego_shared.rego_node_value(rego_shared.rego_node_get(about, 0)).strip('"')
        # An error of our own functions shows as a text where a number belongs.
        if value.startswith("yoto: "):
            return value.removeprefix("yoto: ")
    return message
