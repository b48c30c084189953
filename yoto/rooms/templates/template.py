"""A template: permissions in levels, each of which has all that the levels below it have."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from yoto.errors import ValidationFailed
from yoto.nodes import GLOBAL_KIND
from yoto.permission.registry.catalogue import CATALOGUE
from yoto.permission.registry.specs import PermissionSpec, Scoped, checked_spec
from yoto.rooms.templates.parameters import (
    VALUE_MAX_LENGTH,
    TemplateParameter,
    checked_values,
    fill,
    placeholders,
)
from yoto.store.models import ScopeType
from yoto.store.resources import known_types

LABEL_PATTERN = re.compile(r"[a-z][a-z0-9_]{0,63}")
BUILT_IN = {spec.name: spec for spec in CATALOGUE}


@dataclass(frozen=True, slots=True)
class TemplateLevel:
    """One level.

    Attributes:
        permissions: the permissions beyond the level below; texts may have ``{parameter}`` in them.
    """

    name: str
    permissions: tuple[PermissionSpec, ...]
    description: str = ""

    @classmethod
    def of(
        cls, name: str, *permissions: str | PermissionSpec, description: str = ""
    ) -> TemplateLevel:
        """A level; a bare name is a built-in permission, or one of scope channel."""
        specs = tuple(
            entry if isinstance(entry, PermissionSpec) else _spec_called(entry)
            for entry in permissions
        )
        return cls(name, specs, description)


@dataclass(frozen=True, slots=True)
class RenderedLevel:
    """A level with values in place of parameters.

    Attributes:
        permissions: all its permissions, including lower levels, lowest first.
        beyond: the permissions that only higher levels have.
    """

    permissions: tuple[PermissionSpec, ...]
    beyond: tuple[PermissionSpec, ...]


@dataclass(frozen=True, slots=True)
class PermissionTemplate:
    """A named set of permissions in levels, from the lowest to the highest.

    Whatever values its parameters can have, the permissions are well-formed: a template that
    could render a bad one cannot be made.

    Raises:
        ValidationFailed: naming the field: ``name``, ``levels`` or ``parameters``.
    """

    name: str
    levels: tuple[TemplateLevel, ...]
    description: str = ""
    parameters: tuple[TemplateParameter, ...] = ()

    def __post_init__(self) -> None:
        if not LABEL_PATTERN.fullmatch(self.name):
            raise ValidationFailed({"name": f"{self.name!r} is no template name: like 'message'"})
        _check_levels(self.levels)
        _check_parameters(self)
        # A template may be made before there is an application with types.
        self.check(declared=False)

    def check(self, *, declared: bool = True) -> None:
        """Go on only if the permissions are well-formed, whatever values the parameters have.

        Args:
            declared: their scopes have to be types of the current application, too.

        Raises:
            ValidationFailed: they are not (field ``levels``).
        """
        for values in _samples(self.parameters):
            for spec in self._all():
                _check_rendered(fill(spec, values), declared)

    def level_names(self) -> list[str]:
        """The names of the levels, from the lowest to the highest."""
        return [level.name for level in self.levels]

    def at(self, level: str, parameters: Mapping[str, Any] | None = None) -> RenderedLevel:
        """The level with values in place.

        Raises:
            ValidationFailed: an unknown level (field ``level``), or parameters that are missing,
                unknown or wrong (a field of the parameter's name each).
        """
        names = self.level_names()
        if level not in names:
            raise ValidationFailed(
                {"level": f"'{self.name}' has no level {level!r}: use one of {', '.join(names)}"}
            )
        values = checked_values(self.parameters, {} if parameters is None else parameters)
        height = names.index(level) + 1
        # By name: two parameters of the same value can make one permission out of two.
        below = _by_name(self.levels[:height], values)
        above = _by_name(self.levels[height:], values)
        beyond = tuple(spec for name, spec in above.items() if name not in below)
        return RenderedLevel(tuple(below.values()), beyond)

    def highest(self, parameters: Mapping[str, Any] | None = None) -> RenderedLevel:
        """The highest level: all permissions. Raises as ``at``."""
        return self.at(self.levels[-1].name, parameters)

    def _all(self) -> Iterator[PermissionSpec]:
        for level in self.levels:
            yield from level.permissions


def _spec_called(name: str) -> PermissionSpec:
    return BUILT_IN.get(name) or PermissionSpec(name, ScopeType.CHANNEL.value)


def _by_name(
    levels: Sequence[TemplateLevel], values: Mapping[str, str]
) -> dict[str, PermissionSpec]:
    found: dict[str, PermissionSpec] = {}
    for level in levels:
        for spec in level.permissions:
            filled = fill(spec, values)
            found.setdefault(filled.name, filled)
    return found


def _check_levels(levels: Sequence[TemplateLevel]) -> None:
    if not levels:
        raise ValidationFailed({"levels": "give at least one"})
    labels: set[str] = set()
    names: set[str] = set()
    for level in levels:
        if not LABEL_PATTERN.fullmatch(level.name):
            raise ValidationFailed({"levels": f"{level.name!r} is no level name: like 'reader'"})
        if level.name in labels:
            raise ValidationFailed({"levels": f"there are two levels '{level.name}'"})
        labels.add(level.name)
        if not level.permissions:
            raise ValidationFailed({"levels": f"'{level.name}' adds no permission"})
        for spec in level.permissions:
            if spec.name in names:
                raise ValidationFailed({"levels": f"'{spec.name}' is named twice"})
            names.add(spec.name)


def _check_parameters(template: PermissionTemplate) -> None:
    declared = [parameter.name for parameter in template.parameters]
    used = {name for spec in template._all() for name in placeholders(spec)}
    for name in declared:
        if not LABEL_PATTERN.fullmatch(name):
            raise ValidationFailed({"parameters": f"{name!r} is no parameter name"})
        if declared.count(name) > 1:
            raise ValidationFailed({"parameters": f"there are two parameters '{name}'"})
    for name in sorted(used.symmetric_difference(declared)):
        what = "is not declared" if name in used else "stands nowhere in a permission"
        raise ValidationFailed({"parameters": f"'{name}' {what}"})
    for parameter in template.parameters:
        if parameter.default is not None:
            parameter.checked(parameter.default)


def _samples(parameters: Sequence[TemplateParameter]) -> Iterator[dict[str, str]]:
    """Values that are well-formed only if all are: the longest, or each of the choices."""
    longest = ("x" * VALUE_MAX_LENGTH,)
    for values in product(*(parameter.choices or longest for parameter in parameters)):
        yield dict(zip([parameter.name for parameter in parameters], values, strict=True))


def _check_rendered(spec: PermissionSpec, declared: bool) -> None:
    try:
        checked_spec(spec, declared=declared)
    except ValidationFailed as error:
        raise ValidationFailed({"levels": f"'{spec.name}': {error}"}) from error


def meaningless(permissions: Iterable[Scoped], kind: str) -> list[str]:
    """The names of permissions that are never checked at a single node of a type, or below one.

    A node that lends others its overwrites counts as above them. The result is unknown for a
    type that is not declared.
    """
    types = known_types()
    taking = [one.name for one in types if one.sync is not None and one.sync.type == kind]
    asked = {kind, *taking}
    asked |= {one.name for above in (kind, *taking) for one in types.below(above)}
    return [
        permission.name
        for permission in permissions
        if permission.scope not in asked
        and (permission.scope == GLOBAL_KIND or types.find(permission.scope) is not None)
    ]
