"""The templates of one app, by name."""

from __future__ import annotations

from typing import Any

import pytest

from yoto.errors import UnknownResource, ValidationFailed
from yoto.permission.registry.catalogue import CATALOGUE, EVERYONE_GRANTS
from yoto.permission.registry.specs import PermissionSpec
from yoto.rooms.templates.library import CRUD, TemplateLibrary
from yoto.rooms.templates.template import PermissionTemplate, TemplateLevel, meaningless
from yoto.store.models import ScopeType

TEMPLATES = {template.name: template for template in TemplateLibrary().all()}
OF_CATALOGUE = [template for template in TEMPLATES.values() if not template.parameters]


def names(template: str, level: str) -> set[str]:
    return {spec.name for spec in TEMPLATES[template].at(level).permissions}


def test_there_is_one_for_each_kind_of_thing() -> None:
    assert list(TEMPLATES) == ["channel", "crud", "message", "role", "server"]


@pytest.mark.parametrize("template", OF_CATALOGUE, ids=lambda template: template.name)
def test_those_without_a_parameter_are_made_of_built_in_permissions(
    template: PermissionTemplate,
) -> None:
    assert set(template.highest().permissions) <= set(CATALOGUE)
    assert template.description


def test_crud_makes_four_permissions_in_three_levels() -> None:
    for level, actions in (
        ("reader", ["read"]),
        ("writer", ["read", "create", "update"]),
        ("manager", ["read", "create", "update", "delete"]),
    ):
        found = CRUD.at(level, {"resource": "wiki.page", "scope": "server"}).permissions
        assert [spec.name for spec in found] == [f"wiki.page.{action}" for action in actions]
        assert {(spec.scope, spec.group) for spec in found} == {("server", "wiki.page")}


def test_a_new_servers_default_role_is_a_writer() -> None:
    assert names("server", "writer") == set(EVERYONE_GRANTS)


def test_the_highest_level_of_a_server_has_all_that_counts_in_one() -> None:
    local = {spec.name for spec in CATALOGUE if spec.scope != ScopeType.GLOBAL}
    assert names("server", "administrator") == local


def test_below_the_administrator_nothing_makes_the_rest_meaningless() -> None:
    for template in OF_CATALOGUE:
        for level in template.level_names():
            if level != "administrator":
                assert "server.administrator" not in names(template.name, level)


@pytest.mark.parametrize("template", ["message", "channel"])
def test_messages_and_channels_mean_something_in_one_channel(template: str) -> None:
    assert meaningless(TEMPLATES[template].highest().permissions, ScopeType.CHANNEL) == []


def test_nobody_writes_or_manages_without_reading() -> None:
    for template in ("message", "channel", "server"):
        for level in TEMPLATES[template].level_names():
            assert "channel.read" in names(template, level)


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
