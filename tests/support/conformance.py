"""OPA's own conformance cases of Rego, which are read from its Go module and never kept here.

``python -m tests.support.conformance regorus`` shows the results of one way to read policies, by
reason; ``--cases REASON`` lists the cases of a reason. Packages keep their names, and a case counts
as refused where the engine's checks of a policy refuse it.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from unittest.mock import patch

import yaml

from tests.support.opa import PACKAGE, OpaServer, opa_binary
from tests.support.require import missing
from yoto.errors import PolicyError
from yoto.rooms.policies import Bundle, OpaEngine, OpaSettings, sources
from yoto.rooms.policies.engine.admission import check_forms
from yoto.rooms.policies.engine.embedded.library import UNDEFINED_TEXT, TextOf, library
from yoto.rooms.policies.engine.opa.engine import EXACT
from yoto.rooms.policies.engine.opa.layout import Layout, layout_of
from yoto.rooms.policies.engine.opa.wire import Deadline
from yoto.rooms.policies.engine.protocol import LibraryName
from yoto.rooms.policies.rego.parser import syntax_of

SECONDS = 600.0
# A whole reference, which gives the one value of a query.
_REFERENCE = re.compile(r'(data(?:\.\w+|\["[^"]*"\])*)\s*(?:=|:=)\s*([A-Za-z_]\w*)')
_ASKED = "conformance"
# The place in a message, left out of a reason.
_PLACE = re.compile(r"^line \d+(?:, column \d+)?: ")

Kind = Literal["works", "refused", "error", "wrong", "open"]


@dataclass(frozen=True, slots=True)
class Case:
    """One case; ``wanted`` is what OPA makes of the query: its bindings, or None for an error."""

    note: str
    query: str
    modules: tuple[str, ...]
    data: Mapping[str, Any]
    input: str | None
    wanted: list[dict[str, Any]] | bool | None
    sorted: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a case on an engine.

    Attributes:
        kind: ``open``: a value where OPA has none, or none where it has one, without an error.
        reason: that of a refusal or an error; the values that differ.
    """

    kind: Kind
    reason: str = ""


class _Loader(yaml.SafeLoader):
    """Reads ``on`` as a text, as Go's does."""

    yaml_implicit_resolvers = {
        letter: [
            (tag, re.compile(r"true|false") if tag == "tag:yaml.org,2002:bool" else pattern)
            for tag, pattern in resolvers
            if not (tag == "tag:yaml.org,2002:bool" and letter not in "tf")
        ]
        for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def suite() -> Path:
    """The folder of the cases; where it cannot be had, the test is skipped or fails."""
    if shutil.which("go") is None:
        missing("go, which downloads OPA's conformance cases, is not installed")
    try:
        done = subprocess.run(
            ["go", "mod", "download", "-json", PACKAGE],
            check=True,
            capture_output=True,
            timeout=SECONDS,
            env={**os.environ, "GOFLAGS": "-mod=mod"},
        )
    except (subprocess.SubprocessError, OSError) as error:
        missing(f"go could not download {PACKAGE}: {error}")
    return Path(json.loads(done.stdout)["Dir"], "v1", "test", "cases", "testdata", "v1")


def cases(folder: Path) -> Iterator[Case]:
    """The cases, by the names of their files."""
    for path in sorted(folder.rglob("*.yaml")):
        for found in yaml.load(path.read_text("utf-8"), _Loader)["cases"]:
            yield _case(found)


def _case(found: Mapping[str, Any]) -> Case:
    wanted = found.get("want_result", found.get("want_defined"))
    # An error that OPA has in its strict mode alone is one here, too.
    if "want_error" in found or "want_error_code" in found:
        wanted = None
    # A term that is no JSON is no input of ours, and refused like any other.
    term = found.get("input_term") or (json.dumps(found["input"]) if "input" in found else None)
    return Case(
        note=found["note"],
        query=found["query"],
        modules=tuple(found.get("modules") or ()),
        data=found.get("data") or {},
        input=term,
        wanted=wanted,
        sorted=bool(found.get("sort_bindings")),
    )


class OnServer:
    """A server as ``Library`` is used here; it gets policies as the engine of an application."""

    def __init__(self, url: str) -> None:
        settings = OpaSettings(url, timeout=SECONDS, push_timeout=SECONDS)
        self._engine = OpaEngine(settings)
        self._layout: Layout | None = None

    def admit(self, bundle: Bundle) -> None:
        """The server says itself what it does not take."""

    def documents(self, data_json: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(data_json)
        return found

    def program(
        self, documents: dict[str, Any], modules: Mapping[str, str], rules: list[str], tests: bool
    ) -> OnServer:
        if self._layout is not None:
            self._engine.remove(self._layout)
        self._layout = layout_of(Bundle(modules, {}, documents), "conformance")
        self._engine.push(self._layout)
        return self

    def __call__(self, text: str | None) -> TextOf:
        layout = self._layout
        assert layout is not None

        def text_of(rule: str) -> str:
            path = f"{layout.rule_path(rule)}?strict-builtin-errors=true"
            body = "{}" if text is None else f'{{"input":{text}}}'
            answer = self._engine.wire.ask("POST", path, body, Deadline(SECONDS))
            if answer.status != 200:
                raise PolicyError("case", str(answer.body))
            found = answer.body
            return json.dumps(found["result"]) if "result" in found else UNDEFINED_TEXT

        return text_of


def outcome(case: Case, reader: LibraryName | OnServer, exact: frozenset[str] | None) -> Outcome:
    """Evaluate a case.

    Args:
        reader: the library or the server that evaluates.
        exact: the builtins and forms that are admitted beside those of every engine; None: nothing
            is checked, and regorus gets the modules as they are.
    """
    path = _REFERENCE.fullmatch(case.query.strip())
    if path is not None:
        answer = f"answer := {path[1]}"
    else:
        names = _names(case.wanted)
        shown = ", ".join(f'"{name}": {name}' for name in names)
        answer = f"answer contains {{{shown}}} if {{\n{case.query}\n}}"
    modules = {f"m{number}": text for number, text in enumerate(case.modules)}
    modules[_ASKED] = f"package {_ASKED}\n\n{answer}\n"
    engine = reader if isinstance(reader, OnServer) else library(reader)
    rule = f"data.{_ASKED}.answer"
    try:
        if exact is not None:
            read = {name: sources._read(name, text, exact) for name, text in modules.items()}
            sources._check_modules(read, exact)
            check_forms(syntax_of(modules), exact)
            engine.admit(Bundle(modules))
        documents = engine.documents(json.dumps(case.data))
        with _unchanged() if exact is None else nullcontext():
            program = engine.program(documents, modules, [rule], tests=True)
    except PolicyError as error:
        return _failed(case, "refused", error)
    try:
        text = program(case.input)(rule)
    except PolicyError as error:
        return _failed(case, "error", error)
    value = None if text == UNDEFINED_TEXT else [json.loads(text)]
    if path is None:
        value = (value or [[]])[0]
    elif value is not None:
        value = [{path[2]: value[0]}]
    return _compared(case, value or [])


@contextmanager
def _unchanged() -> Iterator[None]:
    """Regorus gets modules as they are."""
    with patch("yoto.rooms.policies.engine.embedded.by_regorus.library.written", dict):
        yield


def _failed(case: Case, kind: Kind, error: PolicyError) -> Outcome:
    return Outcome("works" if case.wanted is None else kind, _PLACE.sub("", error.reason))


def _compared(case: Case, found: list[Any]) -> Outcome:
    if case.wanted is None:
        return Outcome("open", f"{found} instead of an error")
    if isinstance(case.wanted, bool):
        return Outcome("works") if bool(found) is case.wanted else Outcome("open", f"{found}")
    if bool(found) is not bool(case.wanted):
        return Outcome("open", f"{found} instead of {case.wanted}")
    if plain(found, case.sorted) == plain(case.wanted, case.sorted):
        return Outcome("works")
    return Outcome("wrong", f"{found} instead of {case.wanted}")


def plain(value: Any, as_sets: bool) -> str:
    """A value as text: numbers as doubles; arrays in any order where they may be sets."""
    return json.dumps(_plain(value, as_sets), sort_keys=True)


def _plain(value: Any, as_sets: bool) -> Any:
    if isinstance(value, list):
        found = [_plain(one, as_sets) for one in value]
        return sorted(found, key=json.dumps) if as_sets else found
    if isinstance(value, dict):
        return {str(key): _plain(one, as_sets) for key, one in value.items()}
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _names(wanted: Any) -> list[str]:
    return sorted(wanted[0]) if isinstance(wanted, list) and wanted else []


def main(arguments: list[str]) -> int:
    """Show the counts, and by reason what does not work."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("reader", choices=("regorus", "regopy", "opa"))
    parser.add_argument("--bare", action="store_true", help="check and change nothing")
    parser.add_argument("--portable", action="store_true", help="admit the common part alone")
    parser.add_argument("--cases", metavar="TEXT", help="list the cases whose reason has this")
    given = parser.parse_args(arguments)
    if given.reader != "opa":
        return _shown(given.reader, library(given.reader).exact, given)
    with OpaServer(opa_binary()).start() as server:
        return _shown(OnServer(server.url), EXACT, given)


def _shown(reader: LibraryName | OnServer, most: frozenset[str], given: argparse.Namespace) -> int:
    exact = None if given.bare else frozenset[str]() if given.portable else most
    kinds, reasons = Counter[str](), Counter[str]()
    for case in cases(suite()):
        found = outcome(case, reader, exact)
        kinds[found.kind] += 1
        if found.kind == "works":
            continue
        said = found.reason if found.kind in ("refused", "error") else case.note
        reasons[f"{found.kind}: {said}"] += 1
        if given.cases is not None and given.cases in said:
            print(f"{case.note}: {found.reason}")
    print(f"{kinds['works']} of {kinds.total()} work: {dict(kinds)}")
    if given.cases is None:
        for reason, count in reasons.most_common():
            print(f"{count:5} {reason}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
