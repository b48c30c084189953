"""The parameters of a template: ``{resource}`` in a name stands for the parameter's value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any

from yoto.errors import ValidationFailed
from yoto.permission.registry.registry import checked_name
from yoto.permission.registry.specs import PermissionSpec

VALUE_MAX_LENGTH = 64  # as long as a permission's group, which a value often is
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class TemplateParameter:
    """A parameter of a template.

    Attributes:
        description: its meaning.
        default: its value where none is given; None: one must be given.
        choices: the only values it can have; empty: any part of a permission name.
    """

    name: str
    description: str = ""
    default: str | None = None
    choices: Annotated[
        tuple[str, ...], "Its only values; empty: any part of a permission name"
    ] = ()

    def checked(self, value: Any) -> str:
        """``value`` if the parameter can have it.

        Raises:
            ValidationFailed: naming the parameter.
        """
        if not isinstance(value, str):
            raise ValidationFailed({self.name: f"must be a string, not {type(value).__name__}"})
        if self.choices:
            if value not in self.choices:
                allowed = ", ".join(self.choices)
                raise ValidationFailed({self.name: f"{value!r} is none of {allowed}"})
        elif len(value) > VALUE_MAX_LENGTH:
            raise ValidationFailed({self.name: f"is longer than {VALUE_MAX_LENGTH} characters"})
        else:
            # A value that stands alone is a name, too.
            checked_name(value, self.name)
        return value


def checked_values(parameters: Iterable[TemplateParameter], given: Any) -> dict[str, str]:
    """A value for each of ``parameters``.

    Raises:
        ValidationFailed: naming each one that is missing, unknown, or has a wrong value.
    """
    if not isinstance(given, Mapping):
        raise ValidationFailed({"parameters": "must be a mapping of names to values"})
    known = {parameter.name: parameter for parameter in parameters}
    values: dict[str, str] = {}
    errors: dict[str, list[str]] = {
        name: ["no such parameter"] for name in given if name not in known
    }
    for name, parameter in known.items():
        value = given.get(name, parameter.default)
        if value is None:
            errors[name] = ["must be given"]
            continue
        try:
            values[name] = parameter.checked(value)
        except ValidationFailed as error:
            errors |= error.errors
    if errors:
        raise ValidationFailed(errors)
    return values


def fill(spec: PermissionSpec, values: Mapping[str, str]) -> PermissionSpec:
    """``spec`` with ``values`` for all placeholders in its texts."""

    def filled(text: str) -> str:
        return PLACEHOLDER.sub(lambda found: values[found[1]], text)

    return replace(
        spec,
        name=filled(spec.name),
        scope=filled(spec.scope),
        group=None if spec.group is None else filled(spec.group),
        description=filled(spec.description),
    )


def placeholders(spec: PermissionSpec) -> set[str]:
    """The names of the parameters that ``spec`` needs."""
    texts = (spec.name, spec.scope, spec.group or "", spec.description)
    return {name for text in texts for name in PLACEHOLDER.findall(text)}
