"""Overwrites that nobody would read are refused."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.extensions import permissions
from tests.support.world import World
from yoto.errors import ValidationFailed
from yoto.store.db import db
from yoto.store.models import ChannelOverwrite


def test_a_channel_in_sync_takes_overwrites_only_through_its_category(
    app: Flask, world: World
) -> None:
    person = world.user()
    server = world.server()
    category = world.category(server)
    channel = world.channel(server, category_id=category, synced=True)
    with app.app_context():
        with pytest.raises(ValidationFailed) as caught:
            permissions.set_overwrite(channel, user_id=person.id, deny=["message.send"])
        assert "channel_id" in caught.value.errors
        assert db.session.scalar(select(func.count()).select_from(ChannelOverwrite)) == 0
        receipt = permissions.set_overwrite(
            at=("category", category), user_id=person.id, deny=["message.send"]
        )
        assert len(receipt.ids) == 1
