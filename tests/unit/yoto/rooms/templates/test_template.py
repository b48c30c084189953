"""Templates as values: levels that rise, names that are always well-formed, clear refusals."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.yoto.rooms.templates.making import SCOPES, templates, values
from yoto.errors import ValidationFailed
from yoto.permission import NAME_PATTERN
from yoto.permission.registry.specs import PermissionSpec, checked_spec
from yoto.rooms.templates.parameters import TemplateParameter
from yoto.rooms.templates.template import PermissionTemplate, TemplateLevel

READER = TemplateLevel.of("reader", "wiki.read")
WRITER = TemplateLevel.of("writer", "wiki.write")
OF_BOARD = TemplateLevel.of("reader", "{board}.read")
BOARD = TemplateParameter("board")


@given(template=templates(), resource=values, where=st.sampled_from(SCOPES))
def test_each_level_has_all_of_the_levels_below_and_nothing_of_those_above(
    template: PermissionTemplate, resource: str, where: str
) -> None:
    parameters = {"resource": resource, "where": where}
    everything = template.highest(parameters)
    assert everything.beyond == ()
    below: set[PermissionSpec] = set()
    for name in template.level_names():
        level = template.at(name, parameters)
        assert below < set(level.permissions)
        assert level.permissions + level.beyond == everything.permissions
        below = set(level.permissions)


@given(template=templates(), resource=values, where=st.sampled_from(SCOPES))
def test_whatever_is_filled_in_the_permissions_can_be_registered(
    template: PermissionTemplate, resource: str, where: str
) -> None:
    for spec in template.highest({"resource": resource, "where": where}).permissions:
        assert checked_spec(spec) == spec
        assert spec.name.startswith(f"{resource}.") and spec.group == resource
        assert spec.scope == where and resource in spec.description


@given(template=templates(), resource=values)
def test_what_is_not_given_has_its_default(template: PermissionTemplate, resource: str) -> None:
    given_none = template.highest({"resource": resource})
    assert given_none == template.highest({"resource": resource, "where": "server"})


@given(
    template=templates(),
    value=st.one_of(
        st.text().filter(lambda text: not NAME_PATTERN.fullmatch(text)),
        st.sampled_from(["wiki page", "..", "OR", "{resource}", "x" * 65, "wiki\n"]),
        st.sampled_from([1, None, True, b"wiki", ["wiki"]]),
    ),
)
def test_a_value_that_can_be_part_of_no_name_is_refused_by_its_parameters_name(
    template: PermissionTemplate, value: Any
) -> None:
    with pytest.raises(ValidationFailed) as refused:
        template.highest({"resource": value})
    assert list(refused.value.errors) == ["resource"]


@pytest.mark.parametrize(
    ("parameters", "fields"),
    [
        ({}, ["board"]),
        ({"board": "wiki", "bord": "wiki"}, ["bord"]),
        ({"bord": "wiki"}, ["board", "bord"]),
        (["board"], ["parameters"]),
        ("board", ["parameters"]),
    ],
)
def test_parameters_that_are_missing_or_unknown_are_named(
    parameters: Any, fields: list[str]
) -> None:
    template = PermissionTemplate("board", (OF_BOARD,), parameters=(BOARD,))
    with pytest.raises(ValidationFailed) as refused:
        template.at("reader", parameters)
    assert sorted(refused.value.errors) == fields


def test_a_value_beside_the_choices_is_refused_naming_them() -> None:
    level = TemplateLevel("reader", (PermissionSpec("wiki.read", "{where}"),))
    where = TemplateParameter("where", choices=("server", "channel"))
    template = PermissionTemplate("wiki", (level,), parameters=(where,))
    with pytest.raises(ValidationFailed, match="where: 'galaxy' is none of server, channel"):
        template.at("reader", {"where": "galaxy"})


@pytest.mark.parametrize("level", ["boss", "", None, 1, ["reader"]])
def test_an_unknown_level_is_refused_naming_those_there_are(level: Any) -> None:
    template = PermissionTemplate("wiki", (READER, WRITER))
    with pytest.raises(ValidationFailed, match="use one of reader, writer") as refused:
        template.at(level)
    assert list(refused.value.errors) == ["level"]


def test_two_parameters_of_one_value_make_one_permission() -> None:
    template = PermissionTemplate(
        "pair",
        (TemplateLevel.of("low", "{a}.read"), TemplateLevel.of("high", "{b}.read", "{b}.send")),
        parameters=(TemplateParameter("a"), TemplateParameter("b")),
    )
    level = template.at("low", {"a": "wiki", "b": "wiki"})
    assert [spec.name for spec in level.permissions] == ["wiki.read"]
    assert [spec.name for spec in level.beyond] == ["wiki.send"]


def test_a_bare_name_is_the_built_in_permission_or_one_of_a_channel() -> None:
    kick, own = TemplateLevel.of("both", "member.kick", "wiki.read").permissions
    assert (kick.scope, kick.group) == ("server", "member")
    assert own == PermissionSpec("wiki.read", "channel")


@pytest.mark.parametrize(
    ("name", "levels", "parameters", "field"),
    [
        ("Wiki", (READER,), (), "name"),
        ("", (READER,), (), "name"),
        ("w" * 65, (READER,), (), "name"),
        ("wiki", (), (), "levels"),
        ("wiki", (TemplateLevel("reader", ()),), (), "levels"),
        ("wiki", (TemplateLevel.of("Reader", "wiki.read"),), (), "levels"),
        ("wiki", (READER, READER), (), "levels"),
        ("wiki", (READER, TemplateLevel.of("writer", "wiki.read")), (), "levels"),
        ("wiki", (TemplateLevel.of("reader", "wiki/read"),), (), "levels"),
        ("wiki", (TemplateLevel.of("reader", "AND"),), (), "levels"),
        ("wiki", (TemplateLevel("r", (PermissionSpec("a.b", "Galaxy"),)),), (), "levels"),
        ("wiki", (TemplateLevel("r", (PermissionSpec("a.b", "server", "g" * 65),)),), (), "levels"),
        ("wiki", (OF_BOARD,), (), "parameters"),
        ("wiki", (READER,), (BOARD,), "parameters"),
        ("wiki", (OF_BOARD,), (BOARD, BOARD), "parameters"),
        ("wiki", (TemplateLevel.of("reader", "{}.read"),), (), "parameters"),
        ("wiki", (OF_BOARD,), (TemplateParameter("board", default="N o"),), "board"),
        # Well-formed for short values only
        ("wiki", (TemplateLevel.of("r", "{board}." + "x" * 64),), (BOARD,), "levels"),
    ],
)
def test_a_template_that_could_render_nonsense_cannot_be_made(
    name: str, levels: Any, parameters: Any, field: str
) -> None:
    with pytest.raises(ValidationFailed) as refused:
        PermissionTemplate(name, levels, parameters=parameters)
    assert list(refused.value.errors) == [field]
