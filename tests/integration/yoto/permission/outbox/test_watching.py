"""Which subjects a committed change writes to the outbox, whoever makes it and by whatever way."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, func, insert, literal, select, text, update

from app.extensions import permissions
from app.models import Category, Channel, Member, Message, Server, User
from tests.integration.yoto.permission.outbox.conftest import Scene
from yoto.permission.outbox.dirty_tags import MAX_USERS
from yoto.store.columns import utcnow
from yoto.store.db import db
from yoto.store.models import (
    ROTATED,
    ChannelOverwrite,
    Effect,
    Permission,
    PermissionGroup,
    PermissionGroupMember,
    RevokedToken,
    Role,
    RoleAssignment,
    RoleGrant,
    RoleGroupGrant,
)


def test_disabling_somebody_touches_them(scene: Scene) -> None:
    with scene.touching(f"user:{scene.member.id}"):
        scene.get(User, scene.member.id).disabled = True


def test_a_sign_in_that_ends_touches_its_user_and_a_spent_refresh_token_nobody(
    scene: Scene,
) -> None:
    def denial(reason: str) -> RevokedToken:
        return RevokedToken(
            token_key=reason, user_id=scene.member.id, reason=reason, expires_at=utcnow()
        )

    for reason in ("logout", "reused"):
        with scene.touching(f"user:{scene.member.id}"):
            db.session.add(denial(reason))
    with scene.touching():
        db.session.add(denial(ROTATED))
    spent = update(RevokedToken).where(RevokedToken.reason == ROTATED)
    with scene.touching(f"user:{scene.member.id}"):
        db.session.execute(spent.values(reason="reused"))
    with scene.touching():
        db.session.execute(delete(RevokedToken))
    with scene.touching(f"user:{scene.member.id}"):
        db.session.execute(
            update(User).where(User.id == scene.member.id).values(token_epoch=User.token_epoch + 1)
        )


def test_what_verdicts_do_not_read_touches_nothing(scene: Scene) -> None:
    with scene.touching():
        scene.get(User, scene.member.id).display_name = "Somebody Else"
        scene.get(Channel, scene.channel).name = "renamed"
        scene.get(Role, scene.role).position = 5
        db.session.add(Message(channel_id=scene.channel, author_id=scene.member.id, content="Ahoy"))


def test_a_value_set_to_what_it_was_touches_nothing(scene: Scene) -> None:
    with scene.touching():
        user = scene.get(User, scene.member.id)
        user.disabled = True
        user.disabled = False


def test_a_time_out_a_ban_and_leaving_touch_the_member(scene: Scene) -> None:
    member = select(Member).where(Member.user_id == scene.member.id)
    with scene.touching(f"user:{scene.member.id}"):
        db.session.scalars(member).one().timeout_until = utcnow()
    with scene.touching(f"user:{scene.member.id}"):
        db.session.scalars(member).one().banned = True
    with scene.touching(f"user:{scene.member.id}"):
        db.session.delete(db.session.scalars(member).one())


def test_an_assignment_touches_its_user_alone(scene: Scene) -> None:
    person = scene.world.member(scene.community)
    with scene.touching(f"user:{person.id}"):
        permissions.assign_roles_to_user(person.id, [scene.role])
    with scene.touching(f"user:{person.id}"):
        permissions.revoke_roles_from_user(person.id, [scene.role])


def test_a_new_role_touches_nobody_until_it_is_changed(scene: Scene) -> None:
    with scene.touching():
        permissions.register_role("helpers", scene.community.id)
    with scene.touching(f"role:{scene.role}"):
        scene.get(Role, scene.role).active = False


def test_the_default_role_touches_its_server(scene: Scene) -> None:
    everyone = scene.community.everyone_id
    with scene.touching(f"role:{everyone}", f"server:{scene.community.id}"):
        scene.get(Role, everyone).active = False


def test_deleting_a_role_touches_it_and_what_the_database_takes_along_needs_no_more(
    scene: Scene,
) -> None:
    with scene.touching(f"role:{scene.role}"):
        permissions.delete_role(scene.role)


def test_a_grant_touches_its_role_and_one_that_moves_both_roles(scene: Scene) -> None:
    with scene.touching(f"role:{scene.role}"):
        permissions.assign_permissions_to_role(scene.role, ["message.manage"])
    other = scene.world.role(scene.community)
    with scene.touching(f"role:{scene.role}", f"role:{other}"):
        grant = db.session.scalars(
            select(RoleGrant).where(RoleGrant.role_id == scene.role).limit(1)
        ).one()
        grant.role_id = other


def test_a_group_touches_the_roles_that_it_is_granted_to(scene: Scene) -> None:
    with scene.touching():
        group = permissions.register_group("moderation", ["message.pin"]).ids[0]
    with scene.touching(f"role:{scene.role}"):
        permissions.assign_group_to_role(group, scene.role)
    with scene.touching(f"role:{scene.role}"):
        permissions.assign_permission_to_group(group, "message.manage")
    with scene.touching("global"):
        permissions.delete_group(group)


def test_overwrites_touch_the_node_that_has_them(scene: Scene) -> None:
    channel = scene.community.channel_id
    with scene.touching(f"channel:{channel}"):
        permissions.set_overwrite(channel, role_id=scene.role, deny=["message.send"])
    with scene.touching(f"channel:{channel}"):
        permissions.set_overwrite(channel, user_id=scene.member.id, deny=["message.send"])
    with scene.touching(f"category:{scene.category}"):
        permissions.set_overwrite(
            at=("category", scene.category), role_id=scene.role, deny=["message.send"]
        )


def test_channels_and_categories_touch_when_they_are_moved_or_deleted(scene: Scene) -> None:
    with scene.touching():
        db.session.add(Channel(server_id=scene.community.id, name="new"))
        db.session.add(Category(server_id=scene.community.id, name="new"))
    with scene.touching(f"channel:{scene.channel}"):
        scene.get(Channel, scene.channel).synced = False
    with scene.touching(f"category:{scene.category}"):
        db.session.delete(scene.get(Category, scene.category))
    with scene.touching(f"channel:{scene.channel}"):
        db.session.delete(scene.get(Channel, scene.channel))


def test_a_new_owner_touches_the_server(scene: Scene) -> None:
    with scene.touching(f"server:{scene.community.id}"):
        scene.get(Server, scene.community.id).owner_id = scene.member.id


def test_a_permission_touches_everything(scene: Scene) -> None:
    with scene.touching("global"):
        permissions.register_permission("vault.open")


def test_a_bulk_insert_tells_its_rows(scene: Scene) -> None:
    person = scene.world.member(scene.community)
    with scene.touching(f"user:{person.id}", f"user:{scene.member.id}"):
        db.session.execute(
            insert(RoleAssignment),
            [
                {"user_id": person.id, "role_id": scene.role},
                {"user_id": scene.member.id, "role_id": scene.global_role},
            ],
        )
    with scene.touching(f"channel:{scene.channel}"):
        db.session.execute(
            insert(ChannelOverwrite).values(
                place=f"channel:{scene.channel}",
                user_id=person.id,
                role_id=None,
                permission_id=scene.world.permission_id("message.send"),
                effect=Effect.DENY,
            )
        )


def test_a_bulk_update_touches_the_rows_that_it_meets(scene: Scene) -> None:
    with scene.touching(f"user:{scene.member.id}"):
        db.session.execute(update(User).where(User.id == scene.member.id).values(disabled=True))
    with scene.touching():
        db.session.execute(
            update(User).where(User.id == scene.member.id).values(display_name="Other")
        )
    with scene.touching():
        db.session.execute(update(User).where(User.id == 10**6).values(disabled=True))


def test_a_bulk_delete_touches_the_rows_that_it_meets(scene: Scene) -> None:
    with scene.touching(f"role:{scene.role}"):
        db.session.execute(delete(RoleGrant).where(RoleGrant.role_id == scene.role))
    with scene.touching(f"channel:{scene.channel}"):
        db.session.execute(delete(Channel).where(Channel.id == scene.channel))
    with scene.touching(f"category:{scene.category}"):
        db.session.execute(delete(Category).where(Category.id == scene.category))


def test_a_bulk_update_that_moves_rows_touches_where_they_were_and_where_they_are(
    scene: Scene,
) -> None:
    other = scene.world.role(scene.community)
    with scene.touching(f"role:{scene.role}", f"role:{other}"):
        db.session.execute(
            update(RoleGrant).where(RoleGrant.role_id == scene.role).values(role_id=other)
        )


@pytest.mark.parametrize(
    "statement",
    [
        text("UPDATE users SET disabled = TRUE"),
        text("  delete from yoto_role_grants"),
        insert(RoleAssignment).from_select(
            ["user_id", "role_id", "created_at", "subject", "node"],
            select(User.id, User.id, func.now(), User.username, literal("")).where(User.id == 0),
            include_defaults=False,
        ),
        update(Permission).where(Permission.name == "message.send").values(abac=True),
    ],
)
def test_what_cannot_be_told_touches_everything(scene: Scene, statement: object) -> None:
    with scene.touching("global"):
        db.session.execute(statement)  # type: ignore[call-overload]


def test_a_caller_may_say_what_a_statement_touches(scene: Scene) -> None:
    with scene.touching(f"server:{scene.community.id}"):
        db.session.execute(
            delete(RoleAssignment).where(RoleAssignment.role_id == scene.role),
            execution_options={"yoto_subjects": [f"server:{scene.community.id}"]},
        )


def test_ten_thousand_assignments_are_one_event_of_their_server(scene: Scene) -> None:
    crowd = scene.world.members(scene.community, 10_000)
    with scene.touching(f"server:{scene.community.id}"):
        db.session.execute(
            insert(RoleAssignment), [{"user_id": id_, "role_id": scene.role} for id_ in crowd]
        )
    with scene.touching(f"server:{scene.community.id}"):
        db.session.execute(delete(RoleAssignment).where(RoleAssignment.role_id == scene.role))


def test_many_holders_of_a_global_role_touch_everything(scene: Scene) -> None:
    crowd = scene.world.members(scene.community, MAX_USERS + 1)
    with scene.touching("global"):
        db.session.execute(
            insert(RoleAssignment),
            [{"user_id": id_, "role_id": scene.global_role} for id_ in crowd],
        )


def test_what_is_rolled_back_touches_nothing(scene: Scene) -> None:
    with scene.touching():
        scene.get(User, scene.member.id).disabled = True
        db.session.flush()
        db.session.rollback()


def test_one_transaction_writes_each_subject_once(scene: Scene) -> None:
    with scene.touching(f"user:{scene.member.id}"):
        user = scene.get(User, scene.member.id)
        user.disabled = True
        db.session.flush()
        user.disabled = False
        db.session.flush()
        db.session.add(RoleAssignment(user_id=user.id, role_id=scene.global_role))


def test_a_group_grant_and_a_member_of_a_group_by_bulk_touch_the_role(scene: Scene) -> None:
    with scene.touching(f"role:{scene.role}"):
        db.session.add(PermissionGroup(id=77, name="bulk"))
        db.session.flush()
        db.session.execute(
            insert(RoleGroupGrant), [{"role_id": scene.role, "group_id": 77, "effect": "allow"}]
        )
    with scene.touching(f"role:{scene.role}"):
        db.session.execute(
            insert(PermissionGroupMember),
            [{"group_id": 77, "permission_id": scene.world.permission_id("message.send")}],
        )
