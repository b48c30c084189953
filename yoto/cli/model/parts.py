"""A YAML or JSON file as values that know their positions, so that a flaw names its place."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

import click

MOST_DEPTH = 20  # an alias inside its own anchor nests without end
FLAW_EXIT = 2


class Flaw(click.ClickException):
    """The file breaks the format of models."""

    exit_code = FLAW_EXIT


@dataclass(frozen=True)
class FilePart:
    """A value of the file.

    Attributes:
        value: a mapping from texts to parts, a list of parts, or a JSON scalar.
        line: from 1; None: unknown, as in JSON.
        path: the names that lead to it.
    """

    value: Any
    file: str
    line: int | None
    path: str

    @property
    def place(self) -> str:
        """The place as text, such as ``model.yaml:12: tests[0].check``."""
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{where}: {self.path}" if self.path else where

    def fail(self, message: str) -> NoReturn:
        """Raises ``Flaw`` with the place."""
        raise Flaw(f"{self.place}: {message}")

    def mapping(self, known: frozenset[str] | None = None) -> Mapping[str, FilePart]:
        """The value as a mapping of ``known`` keys only; an empty value is an empty mapping."""
        if self.value is None:
            return {}
        if not isinstance(self.value, dict):
            self.fail("must be a mapping from names to values")
        for key, part in self.value.items():
            if known is not None and key not in known:
                part.fail(f"'{key}' is none of {', '.join(sorted(known))}")
        return self.value

    def items(self) -> Iterator[FilePart]:
        """The value as a list of parts; an empty value is an empty list."""
        if self.value is not None and not isinstance(self.value, list):
            self.fail("must be a list")
        yield from self.value or ()

    def text(self) -> str:
        """The value as a text."""
        if not isinstance(self.value, str) or not self.value:
            self.fail(f"must be a text, not {self.value!r}: put it in quotes")
        return self.value

    def texts(self) -> tuple[str, ...]:
        """The value as a list of texts; a single text will do."""
        if isinstance(self.value, str):
            return (self.text(),)
        return tuple(one.text() for one in self.items())

    def flag(self) -> bool:
        """The value as true or false."""
        if not isinstance(self.value, bool):
            self.fail(f"must be true or false, not {self.value!r}")
        return self.value

    def part(self, key: str) -> FilePart:
        """The part under ``key`` of a mapping, or an empty one."""
        return self.mapping().get(key) or FilePart(
            None, self.file, self.line, _below(self.path, key)
        )

    def needed(self, key: str) -> FilePart:
        """The part under ``key`` of a mapping, which must be there."""
        if key not in self.mapping():
            self.fail(f"'{key}' is missing")
        return self.part(key)


def read(path: Path) -> FilePart:
    """The contents of a file: JSON if its name ends in ``.json``, else YAML.

    Raises:
        Flaw: the file cannot be read, with the line, or PyYAML is missing.
    """
    name = path.name
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Flaw(f"{name}: {error}") from None
    if path.suffix == ".json":
        try:
            return _of_json(json.loads(text, object_pairs_hook=_once), name, "")
        except ValueError as error:
            raise Flaw(f"{name}: {error}") from None
    if find_spec("yaml") is None:
        raise Flaw(f"{name}: PyYAML is not installed: pip install pyyaml, or write JSON (.json)")
    return _read_yaml(text, name)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError(f"a name stands twice in {{{', '.join(key for key, _ in pairs)}}}")
    return found


def _of_json(value: Any, name: str, path: str) -> FilePart:
    if isinstance(value, dict):
        value = {key: _of_json(one, name, _below(path, key)) for key, one in value.items()}
    elif isinstance(value, list):
        value = [_of_json(one, name, f"{path}[{index}]") for index, one in enumerate(value)]
    return FilePart(value, name, None, path)


def _read_yaml(text: str, name: str) -> FilePart:
    import yaml  # imported only here, since it is needed only for models

    loader: Any = yaml.SafeLoader(text)

    def part_of(node: Any, path: str, depth: int = 0, line: int | None = None) -> FilePart:
        here = FilePart(None, name, line or node.start_mark.line + 1, path)
        if depth > MOST_DEPTH:
            here.fail("is too deep")
        value: Any
        if isinstance(node, yaml.SequenceNode):
            value = [
                part_of(one, f"{path}[{index}]", depth + 1) for index, one in enumerate(node.value)
            ]
        elif isinstance(node, yaml.MappingNode):
            value = {}
            for key_node, one in node.value:
                key = loader.construct_object(key_node)
                named = FilePart(key, name, key_node.start_mark.line + 1, path)
                if named.text() in value:
                    named.fail(f"'{key}' stands here twice")
                value[key] = part_of(one, _below(path, key), depth + 1, named.line)
        else:
            value = loader.construct_object(node)
        return FilePart(value, name, here.line, path)

    try:
        root = loader.get_single_node()
        return FilePart(None, name, None, "") if root is None else part_of(root, "")
    except (yaml.YAMLError, ValueError) as error:
        raise Flaw(f"{name}: {error}") from None
    finally:
        loader.dispose()


def _below(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
