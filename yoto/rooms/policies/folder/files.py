"""The layout of a policy folder: ``name.rego``, ``name_test.rego``, and ``data/name.json``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources.abc import Traversable
from pathlib import Path

from yoto.errors import PolicyError, ValidationFailed
from yoto.rooms.policies.store import Entry, checked_name, document_text
from yoto.rooms.policies.tables import PolicyKind

REGO, TESTS, DATA = ".rego", "_test.rego", ".json"
DATA_FOLDER = "data"


def read_folder(folder: Traversable | Path) -> list[Entry]:
    """The policies and documents of a folder, by kind and name; other files are left alone.

    Raises:
        PolicyError: there is no such folder, or a file cannot be read, is no UTF-8, or has a name
            that no policy can have.
    """
    if not folder.is_dir():
        raise PolicyError(folder.name, f"{folder} is no folder")
    sources: dict[str, str] = {}
    tests: dict[str, str] = {}
    for name, file in _files(folder, REGO):
        if name.endswith("_test"):
            tests[name.removesuffix("_test")] = _text(file)
        else:
            sources[name] = _text(file)
    alone = sorted(tests.keys() - sources.keys())
    if alone:
        raise PolicyError(alone[0], f"there is {alone[0]}{TESTS}, but no {alone[0]}{REGO}")
    entries = [
        Entry(PolicyKind.REGO, _checked(name), source, tests.get(name, ""))
        for name, source in sources.items()
    ]
    documents = folder.joinpath(DATA_FOLDER)
    if documents.is_dir():
        entries += [
            Entry(PolicyKind.DATA, _checked(name), _document(name, file))
            for name, file in _files(documents, DATA)
        ]
    return sorted(entries)


def _files(folder: Traversable, suffix: str) -> Iterator[tuple[str, Traversable]]:
    for file in folder.iterdir():
        # Editors leave hidden files beside the edited one.
        if file.name.endswith(suffix) and not file.name.startswith(".") and file.is_file():
            yield file.name.removesuffix(suffix), file


def _checked(name: str) -> str:
    try:
        return checked_name(name)
    except ValidationFailed as error:
        raise PolicyError(name, str(error)) from None


def _document(name: str, file: Traversable) -> str:
    try:
        return document_text(json.loads(_text(file)))
    except (ValueError, ValidationFailed) as error:
        raise PolicyError(name, f"{file.name} is no JSON: {error}") from None


def _text(file: Traversable) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(file.name, f"cannot be read: {error}") from error
