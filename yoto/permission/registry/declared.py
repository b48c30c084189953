"""The permissions that come with the code of one app: those built in, and those it declares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from yoto.errors import ValidationFailed
from yoto.permission.registry.catalogue import CATALOGUE
from yoto.permission.registry.specs import PermissionSpec, checked_spec


class Catalogue:
    """To be filled while the app starts, by one thread."""

    def __init__(self) -> None:
        self._specs = {spec.name: spec for spec in CATALOGUE}

    def add(self, entries: Iterable[str | Mapping[str, Any] | PermissionSpec]) -> None:
        """Add permissions; one that is there already, as it is, changes nothing.

        Raises:
            ValidationFailed: a malformed entry, or another one has its name; then none was added.
        """
        specs = [checked_spec(entry) for entry in entries]
        for spec in specs:
            if self._specs.get(spec.name, spec) != spec:
                raise ValidationFailed({"name": f"another permission is called '{spec.name}'"})
        self._specs.update((spec.name, spec) for spec in specs)

    def all(self) -> list[PermissionSpec]:
        """All of them, those built in first."""
        return list(self._specs.values())
