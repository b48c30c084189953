"""Import contracts that import-linter has no type for."""

from __future__ import annotations

import grimp
from importlinter import Contract, ContractCheck, fields, output

Import = tuple[str, str]


class RoomsContract(Contract):
    """No module outside a room imports the room: neither the core nor another room.

    An optional feature can be left out only if nothing needs it. Imports for types count, too.

    Configuration:
        package: the package whose children are the rooms.
    """

    type_name = "rooms"

    package = fields.StringField()

    def check(self, graph: grimp.ImportGraph, verbose: bool) -> ContractCheck:
        """Look at all imports, those for types too, which the given graph leaves out."""
        whole = grimp.build_graph(
            *self.session_options["root_packages"], exclude_type_checking_imports=False
        )
        found = sorted(imports_of_rooms(whole, self.package))  # type: ignore[arg-type]
        return ContractCheck(kept=not found, metadata={"found": found})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Name each import of a room."""
        for importer, imported in check.metadata["found"]:
            output.print_error(f"{importer} must not import {imported}, which is a room's")


def imports_of_rooms(graph: grimp.ImportGraph, package: str) -> set[Import]:
    """Each direct import of a room's module by a module that is not the room's.

    Raises:
        ValueError: the package has no rooms.
    """
    rooms = graph.find_children(package)
    if not rooms:
        raise ValueError(f"there are no rooms in {package}")
    found: set[Import] = set()
    for room in rooms:
        own = {room, *graph.find_descendants(room)}
        for imported in own:
            importers = graph.find_modules_that_directly_import(imported) - own
            found |= {(importer, imported) for importer in importers}
    return found
