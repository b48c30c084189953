"""Import contracts that import-linter has no type for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import grimp
from importlinter import Contract, ContractCheck, fields, output

Import = tuple[str, str]


class RoomsContract(Contract):
    """No module outside a room imports the room: neither the core nor another room.

    An optional feature can be left out only if nothing needs it. Imports for types count, too.

    Configuration:
        rooms: one text for each room: its name, a colon, and its modules and packages.
        exceptions: ``importer -> imported``, imports still to be cut; one that is cut already
            breaks the contract, too, so that the list only becomes shorter.
    """

    type_name = "rooms"

    rooms = fields.ListField(subfield=fields.StringField())
    exceptions = fields.ListField(subfield=fields.StringField(), required=False, default=[])

    def check(self, graph: grimp.ImportGraph, verbose: bool) -> ContractCheck:
        """Compare the imports with the exceptions."""
        # The given graph leaves out imports for types where the session says so.
        whole = grimp.build_graph(
            *self.session_options["root_packages"], exclude_type_checking_imports=False
        )
        found = imports_of_rooms(whole, rooms_of(self.rooms))  # type: ignore[arg-type]
        excepted = {_import(one) for one in self.exceptions}  # type: ignore[attr-defined]
        new, cut = sorted(found - excepted), sorted(excepted - found)
        return ContractCheck(kept=not new and not cut, metadata={"new": new, "cut": cut})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Name each import that is new, and each exception that is not needed any more."""
        for importer, imported in check.metadata["new"]:
            output.print_error(f"{importer} must not import {imported}, which is a room's")
        for importer, imported in check.metadata["cut"]:
            output.print_error(f"'{importer} -> {imported}' is cut: take it from the exceptions")


def rooms_of(texts: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The modules of each room by its name, from texts such as ``tuner: yoto.tuning yoto.hints``.

    Raises:
        ValueError: a line has no colon.
    """
    split = (text.split(":") for text in texts)
    return {name: tuple(modules.split()) for name, modules in split}


def imports_of_rooms(graph: grimp.ImportGraph, rooms: Mapping[str, Iterable[str]]) -> set[Import]:
    """Each direct import of a room's module by a module that is not the room's.

    Raises:
        ValueError: a module of a room does not exist.
    """
    found: set[Import] = set()
    for modules in rooms.values():
        own: set[str] = set()
        for module in modules:
            if module not in graph.modules:
                raise ValueError(f"there is no module {module}")
            own |= {module, *graph.find_descendants(module)}
        for imported in own:
            importers = graph.find_modules_that_directly_import(imported) - own
            found |= {(importer, imported) for importer in importers}
    return found


def _import(text: str) -> Import:
    importer, _, imported = text.partition(" -> ")
    return importer, imported
