"""The trace of a whole request."""

from __future__ import annotations

from flask.testing import FlaskClient

from tests.support.spans import Spans
from tests.support.world import World

VIEW = "GET /api/v1/channels/<int:channel_id>"


def test_the_first_check_shows_its_way_to_the_database_and_the_next_one_costs_nothing(
    client: FlaskClient, world: World, spans: Spans
) -> None:
    place = world.server()
    address = f"/api/v1/channels/{place.channel_id}"
    assert client.get(address, headers=place.owner.headers).status_code == 200
    assert spans.parents("permission.load")[:3] == ["cache.load", "permission.decide", VIEW]
    decided = spans.attributes("permission.decide")
    assert decided == {
        "yoto.permission": "channel.read",
        "yoto.place": f"channel:{place.channel_id}",
        "yoto.allowed": True,
        "yoto.reason": "owner",
        "yoto.tier": "db",
    }
    assert spans.attributes(VIEW)["yoto.user_id"] == place.owner.id

    spans.clear()
    assert client.get(address, headers=place.owner.headers).status_code == 200
    assert not {"permission.decide", "cache.load", "permission.load"} & set(spans.names())
    assert VIEW in spans.names()
