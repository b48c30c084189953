"""The templates of one app, by name."""

from __future__ import annotations

from typing import Any

import pytest

from yoto.errors import UnknownResource, ValidationFailed
from yoto.permission.registry.specs import PermissionSpec
from yoto.rooms.templates.library import TemplateLibrary
from yoto.rooms.templates.template import PermissionTemplate, TemplateLevel

WIKI = PermissionTemplate("wiki", (TemplateLevel.of("reader", "wiki.read"),))


def test_a_template_is_found_and_listed_once_it_is_added() -> None:
    library = TemplateLibrary()
    library.add(WIKI)
    assert library.get("wiki") is WIKI
    names = [template.name for template in library.all()]
    assert "wiki" in names and names == sorted(names)


def test_the_same_one_again_changes_nothing_and_another_of_its_name_is_refused() -> None:
    library = TemplateLibrary([WIKI])
    library.add(PermissionTemplate("wiki", WIKI.levels))
    with pytest.raises(ValidationFailed, match="name: another template is called 'wiki'"):
        library.add(PermissionTemplate("wiki", WIKI.levels, "another"))
    assert library.all() == [WIKI]


def test_one_with_a_scope_that_the_application_lacks_is_refused() -> None:
    level = TemplateLevel("reader", (PermissionSpec("star.see", "galaxy"),))
    with pytest.raises(ValidationFailed, match="levels: 'star.see': .*'galaxy'"):
        TemplateLibrary().add(PermissionTemplate("stars", (level,)))


def test_one_apps_templates_are_not_anothers() -> None:
    TemplateLibrary().add(WIKI)
    with pytest.raises(UnknownResource):
        TemplateLibrary().get("wiki")


@pytest.mark.parametrize("name", ["forum", "", None, 7, ["wiki"]])
def test_an_unknown_name_is_refused(name: Any) -> None:
    with pytest.raises(UnknownResource) as refused:
        TemplateLibrary([WIKI]).get(name)
    assert list(refused.value.errors) == ["template"]
