"""Random templates, and values for their parameters."""

from __future__ import annotations

from hypothesis import strategies as st

from yoto.permission.registry.specs import PermissionSpec
from yoto.rooms.templates.parameters import TemplateParameter
from yoto.rooms.templates.template import PermissionTemplate, TemplateLevel

SCOPES = ("global", "server", "channel")
labels = st.from_regex(r"[a-z][a-z0-9_]{0,9}", fullmatch=True)
values = st.from_regex(r"[a-z][a-z0-9_]{0,9}(\.[a-z][a-z0-9_]{0,9}){0,3}", fullmatch=True)

RESOURCE = TemplateParameter("resource", "What it is about")
WHERE = TemplateParameter("where", "The scope", "server", SCOPES)


@st.composite
def templates(draw: st.DrawFn) -> PermissionTemplate:
    """A template with one to four levels, about a resource in a scope."""
    actions = draw(st.lists(labels, min_size=1, max_size=8, unique=True))
    names = draw(st.lists(labels, min_size=1, max_size=min(4, len(actions)), unique=True))
    cuts = sorted(draw(st.permutations(range(1, len(actions))))[: len(names) - 1])
    bounds = [0, *cuts, len(actions)]
    specs = [
        PermissionSpec(f"{{resource}}.{action}", "{where}", "{resource}", f"{action} {{resource}}")
        for action in actions
    ]
    levels = tuple(
        TemplateLevel(name, tuple(specs[start:end]))
        for name, start, end in zip(names, bounds, bounds[1:], strict=False)
    )
    return PermissionTemplate(draw(labels), levels, parameters=(RESOURCE, WHERE))
