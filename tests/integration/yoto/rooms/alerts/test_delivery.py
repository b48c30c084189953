"""Webhooks on a real HTTP server: signed, in order, again after failures, and nowhere inside."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import trustme

from tests.integration.yoto.rooms.alerts.conftest import INTERVAL, Platform
from tests.support.together import together
from tests.support.waiting import wait_until
from tests.support.webhook_receiver import Received, Receiver, receiving
from tests.unit.yoto.rooms.alerts.making import rule
from yoto.errors import UnknownResource, ValidationFailed
from yoto.rooms.alerts.extension import DELIVERY_INTERVAL, AlertState
from yoto.rooms.alerts.records import NEVER_TRIED
from yoto.rooms.alerts.settings import AlertSettings, SendSettings
from yoto.rooms.alerts.webhooks import addresses
from yoto.rooms.alerts.webhooks.delivery import CLAIM

Make = Callable[..., Platform]
QUICK = 0.3  # s; an answer that does not come is waited for so long


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


def settings(**sending: Any) -> AlertSettings:
    return AlertSettings(
        interval=INTERVAL, sending=SendSettings(**{"allow_internal": True, **sending})
    )


def deliver(platform: Platform) -> int:
    return platform.state.deliverer.turn()


def types(receiver: Receiver) -> list[str]:
    return [json.loads(one.body)["type"] for one in receiver.received]


def signed_with(secret: str, request: Received) -> bool:
    """As a receiver checks it, from the words of the guide alone."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    about = f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}."
    digest = hmac.new(key, about.encode() + request.body, hashlib.sha256).digest()
    return request.headers["webhook-signature"] == "v1," + base64.b64encode(digest).decode()


def test_of_two_who_replace_a_secret_at_once_neither_is_given_one_that_signs_nothing(
    platform: Platform, receiver: Receiver
) -> None:
    webhooks = platform.state.webhooks
    added = webhooks.add("pager", receiver.url, by="ada").webhook
    given = together([lambda: webhooks.rotate(added.id, by="ada").secret for _ in range(2)])
    with platform.store.reading() as rows:
        webhook = rows.webhook(added.id)
    assert webhook is not None and set(webhook.secret.split()) == set(given)


def test_each_step_of_an_alert_arrives_signed_and_in_order(
    platform: Platform, receiver: Receiver
) -> None:
    added = platform.state.webhooks.add("pager", receiver.url, by="ada")
    for load in (15, 25, 5, 5):
        platform.see(load)
    assert deliver(platform) == 3
    assert types(receiver) == ["alert.raised", "alert.changed", "alert.resolved"]
    assert all(signed_with(added.secret, one) for one in receiver.received)
    assert not signed_with("whsec_" + base64.b64encode(b"x" * 32).decode(), receiver.received[0])
    assert len({one.headers["webhook-id"] for one in receiver.received}) == 3
    first = receiver.received[0]
    assert abs(int(first.headers["webhook-timestamp"]) - time.time()) < 60
    assert first.path == "/hook" and first.headers["content-type"] == "application/json"
    assert first.headers["host"] == f"127.0.0.1:{receiver.port}"
    data = json.loads(first.body)["data"]
    assert (data["rule"], data["level"], data["value"]) == ("load", "warning", 15.0)
    assert (data["peak_level"], data["peak_value"]) == ("warning", 15.0)
    # A reader goes on from there; for rules of one's own the platform has no runbook.
    assert data["link"] == f"/control/alerts?alert={data['alert_id']}"
    assert data["runbook"] is None
    assert deliver(platform) == 0
    assert [one.delivered for one in platform.state.webhooks.deliveries(added.webhook.id)] == [
        True
    ] * 3


def test_what_fails_is_tried_again_later_with_the_same_number(
    platform: Platform, receiver: Receiver
) -> None:
    added = platform.state.webhooks.add("pager", receiver.url, by="ada")
    receiver.answer = lambda request: 503
    platform.see(15)
    platform.see(25)
    assert deliver(platform) == 0
    # Not at once: neither this message nor the next one.
    assert deliver(platform) == 0 and len(receiver.received) == 1
    (shown,) = platform.state.webhooks.list()
    assert (shown.failures, shown.waiting) == (1, 2)
    platform.clock.now += 5
    assert deliver(platform) == 0 and len(receiver.received) == 2
    receiver.answer = lambda request: 200
    platform.clock.now += 10
    assert deliver(platform) == 2
    numbers = [one.headers["webhook-id"] for one in receiver.received]
    assert numbers[0] == numbers[1] == numbers[2] != numbers[3]
    assert types(receiver)[2:] == ["alert.raised", "alert.changed"]
    (shown,) = platform.state.webhooks.list()
    assert (shown.failures, shown.waiting) == (0, 0)
    latest, first = platform.state.webhooks.deliveries(added.webhook.id)
    assert (first.attempts, first.status, first.error) == (3, 200, None)


def test_each_worker_looks_again_when_what_failed_is_due(another: Make, receiver: Receiver) -> None:
    platform, other = another(), another()
    platform.state.webhooks.add("pager", receiver.url, by="ada")
    receiver.answer = lambda request: 503
    platform.see(15)
    for worker in (platform, other):
        # The first pause is of 4 to 5 s.
        assert 4.0 < worker.state.deliver() < 5.2
    receiver.answer = lambda request: 200
    platform.clock.now += 5
    for worker in (other, platform):
        assert worker.state.deliver() == DELIVERY_INTERVAL
    assert len(receiver.received) == 2


def test_a_restart_loses_no_message(another: Make, receiver: Receiver) -> None:
    before = another()
    before.state.webhooks.add("pager", receiver.url, by="ada")
    before.see(15)
    # Nothing of the first process is used any more.
    assert deliver(another()) == 1
    assert types(receiver) == ["alert.raised"]


def test_a_worker_that_died_while_it_delivered_holds_a_webhook_up_for_a_while(
    platform: Platform, receiver: Receiver
) -> None:
    added = platform.state.webhooks.add("pager", receiver.url, by="ada")
    platform.see(15)
    with platform.store.writing() as rows:
        assert rows.claim_webhook(added.webhook.id, CLAIM)
    assert deliver(platform) == 0
    platform.clock.now += CLAIM
    assert deliver(platform) == 1


def test_of_many_workers_one_delivers_each_message(another: Make, receiver: Receiver) -> None:
    workers = [another() for _ in range(4)]
    workers[0].state.webhooks.add("pager", receiver.url, by="ada")
    for load in (15, 25, 35):
        workers[0].see(load)
    assert sum(together([worker.state.deliverer.turn for worker in workers])) == 3
    assert types(receiver) == ["alert.raised", "alert.changed", "alert.changed"]


def test_a_message_that_nobody_takes_is_given_up(
    another: Make, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    platform = another()
    added = platform.state.webhooks.add("pager", receiver.url, by="ada")
    receiver.answer = lambda request: 500
    platform.see(15)
    deliver(platform)
    # Those behind it were never tried, and are as old.
    for load in (25, 35):
        platform.see(load)
    platform.clock.now += 25 * 3600
    receiver.answer = lambda request: 200
    platform.see(35)
    platform.see(5)
    assert platform.see(5) == ["resolved"]
    assert deliver(platform) == 1
    assert types(receiver) == ["alert.raised", "alert.resolved"]
    _, *given_up = platform.state.webhooks.deliveries(added.webhook.id)
    assert [one.settled_at is not None and one.delivered for one in given_up] == [False] * 3
    assert [(one.attempts, one.error) for one in given_up] == [
        (0, NEVER_TRIED),
        (0, NEVER_TRIED),
        (1, "HTTP status 500"),
    ]
    assert platform.state.deliverer.counts.given_up == 3
    assert "3 messages to the webhook 'pager' are given up" in caplog.text


def test_giving_up_is_no_success(platform: Platform, receiver: Receiver) -> None:
    platform.state.webhooks.add("pager", receiver.url, by="ada")
    receiver.answer = lambda request: 500
    platform.see(15)
    deliver(platform)
    platform.clock.now += 25 * 3600
    assert deliver(platform) == 0 and len(receiver.received) == 1
    (shown,) = platform.state.webhooks.list()
    assert (shown.failures, shown.waiting) == (1, 0)


def test_a_clock_that_is_set_back_holds_no_message_up(
    platform: Platform, receiver: Receiver
) -> None:
    platform.state.webhooks.add("pager", receiver.url, by="ada")
    receiver.answer = lambda request: 500
    platform.see(15)
    deliver(platform)
    receiver.answer = lambda request: 200
    platform.clock.now -= 24 * 3600
    assert deliver(platform) == 1


def test_what_is_silenced_notifies_nobody_until_the_silence_ends(
    platform: Platform, receiver: Receiver
) -> None:
    platform.state.webhooks.add("pager", receiver.url, by="ada")
    platform.state.service.silence("load", seconds=60, by="ada")
    assert platform.see(15) == ["raised warning"]
    platform.see(25)
    assert deliver(platform) == 0
    assert platform.published() == ["alert.silenced", "alert.raised", "alert.changed"]
    platform.see(25, after=60)
    assert deliver(platform) == 1
    assert types(receiver) == ["alert.raised"]
    assert json.loads(receiver.received[0].body)["data"]["level"] == "error"


def test_an_alert_that_came_and_went_in_silence_is_never_sent(
    platform: Platform, receiver: Receiver
) -> None:
    platform.state.webhooks.add("pager", receiver.url, by="ada")
    platform.state.service.silence("*", seconds=3600, by="ada")
    for load in (15, 5, 5):
        platform.see(load)
    platform.see(5, after=3600)
    assert deliver(platform) == 0 and receiver.received == []


def test_who_was_told_hears_of_the_end_also_in_silence(
    platform: Platform, receiver: Receiver
) -> None:
    platform.state.webhooks.add("pager", receiver.url, by="ada")
    platform.see(15)
    platform.state.service.silence("*", seconds=3600, by="ada")
    platform.see(25)
    for load in (5, 5):
        platform.see(load)
    deliver(platform)
    assert types(receiver) == ["alert.raised", "alert.resolved"]


def test_a_webhook_for_what_is_bad_hears_of_nothing_less(
    platform: Platform, receiver: Receiver
) -> None:
    platform.state.webhooks.add("pager", receiver.url, by="ada", min_level="error")
    for load in (15, 25, 5, 5, 15):
        platform.see(load)
    deliver(platform)
    assert types(receiver) == ["alert.changed", "alert.resolved"]


def test_redirects_are_not_followed(platform: Platform, receiver: Receiver) -> None:
    with receiving() as elsewhere:
        receiver.answer = lambda request: 307
        receiver.headers = {"Location": elsewhere.url}
        added = platform.state.webhooks.add("pager", receiver.url, by="ada")
        outcome = platform.state.webhooks.test(added.webhook.id, by="ada")
    assert (outcome.status, outcome.delivered) == (307, False)
    assert outcome.error == "HTTP status 307; redirects are not followed"
    assert elsewhere.received == []


def test_a_receiver_that_answers_byte_by_byte_is_left_in_time(
    another: Make, receiver: Receiver
) -> None:
    platform = another(settings=settings(timeout=QUICK))
    receiver.dripping.set()
    added = platform.state.webhooks.add("pager", receiver.url, by="ada")
    began = time.monotonic()
    outcome = platform.state.webhooks.test(added.webhook.id, by="ada")
    assert outcome.error == f"no answer within {QUICK:g} s"
    assert time.monotonic() - began < 10


def test_nobody_there_is_a_failure(platform: Platform) -> None:
    with receiving() as gone:
        pass
    added = platform.state.webhooks.add("pager", gone.url, by="ada")
    outcome = platform.state.webhooks.test(added.webhook.id, by="ada")
    assert outcome.status is None and (outcome.error or "").startswith("no answer: ")


def test_internal_addresses_are_refused_unless_allowed(another: Make, receiver: Receiver) -> None:
    lenient = another()
    strict = another(settings=settings(allow_internal=False))
    with pytest.raises(ValidationFailed, match="https://"):
        strict.state.webhooks.add("pager", receiver.url, by="ada")
    with pytest.raises(ValidationFailed, match="internal"):
        strict.state.webhooks.add("pager", receiver.url.replace("http:", "https:"), by="ada")
    # A name is looked up at once; one that leads nowhere yet is found out with the first message.
    with pytest.raises(ValidationFailed, match="internal"):
        strict.state.webhooks.add("pager", "https://localhost/hook", by="ada")
    nowhere = strict.state.webhooks.add("elsewhere", "https://nobody.invalid/hook", by="ada")
    strict.state.webhooks.remove(nowhere.webhook.id, by="ada")
    assert strict.state.webhooks.list() == []
    # Added while it was allowed, and not sent to when it is not any more.
    lenient.state.webhooks.add("pager", receiver.url, by="ada")
    lenient.see(15)
    assert deliver(strict) == 0 and receiver.received == []
    lenient.clock.now += 3600
    assert deliver(lenient) == 1


def test_a_name_is_resolved_once_and_its_address_connected_to(
    another: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    """A name that leads elsewhere a moment later (DNS rebinding) changes nothing."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("hooks.example.org").configure_cert(context)
    asked: list[str] = []
    real = socket.getaddrinfo

    def getaddrinfo(host: Any, port: Any, *args: Any, **options: Any) -> Any:
        if host not in ("hooks.example.org", "other.example.org"):
            return real(host, port, *args, **options)
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    platform = another(settings=settings(ca_file=str(tmp_path / "ca.pem")))
    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    with receiving(context) as receiver:
        webhooks = platform.state.webhooks
        for host, delivered in (("hooks.example.org", True), ("other.example.org", False)):
            url = f"https://{host}:{receiver.port}/hook"
            added = webhooks.add(host, url, by="ada")
            outcome = webhooks.test(added.webhook.id, by="ada")
            # The certificate must be the name's, although the address is the same.
            assert outcome.delivered is delivered, outcome
    assert asked == ["hooks.example.org", "other.example.org"]
    assert len(receiver.received) == 1
    assert receiver.received[0].headers["host"] == f"hooks.example.org:{receiver.port}"


def test_secrets_are_shown_once_and_logged_never(
    platform: Platform, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    url = receiver.url.replace("/hook", "/T0/token-of-a-service")
    added = platform.state.webhooks.add("pager", url, by="ada")
    receiver.answer = lambda request: 500
    platform.see(15)
    deliver(platform)
    platform.state.webhooks.test(added.webhook.id, by="ada")
    with platform.store.reading() as rows:
        kept = rows.webhooks()[0]
    shown = [
        repr(added),
        repr(kept),
        repr(platform.state.webhooks.list()),
        repr(platform.state.webhooks.deliveries(added.webhook.id)),
        repr([one.event for one in platform.stream.read()]),
        "".join(one.getMessage() for one in caplog.records if one.name.startswith("yoto.")),
    ]
    assert all(shown)
    assert kept.secret == added.secret
    for text in shown:
        assert added.secret not in text and "token-of-a-service" not in text
    platform.state.webhooks.remove(added.webhook.id, by="ada")


def test_a_webhook_that_is_removed_while_it_fails_has_nothing_waiting(
    platform: Platform, receiver: Receiver
) -> None:
    added = platform.state.webhooks.add("pager", receiver.url, by="ada")
    platform.see(15)

    def remove(request: Received) -> int:
        platform.state.webhooks.remove(added.webhook.id, by="ada")
        return 500

    receiver.answer = remove
    deliver(platform)
    with platform.store.reading() as rows:
        assert list(rows.waiting(added.webhook.id, 9)) == []


def test_the_second_address_of_a_name_is_tried(
    another: Make, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.getaddrinfo

    def getaddrinfo(host: Any, port: Any, *args: Any, **options: Any) -> Any:
        found = real(host, port, *args, **options)
        if host != "127.0.0.1":
            return found
        # Nobody listens at the first one.
        return [(*found[0][:4], ("127.0.0.99", port)), found[0]]

    platform = another(settings=settings())
    added = platform.state.webhooks.add("pager", receiver.url, by="ada")
    with monkeypatch.context() as patched:
        patched.setattr(addresses.socket, "getaddrinfo", getaddrinfo)
        assert platform.state.webhooks.test(added.webhook.id, by="ada").delivered
    assert len(receiver.received) == 1


def test_a_webhook_that_is_removed_is_sent_nothing_more(
    platform: Platform, receiver: Receiver
) -> None:
    added = platform.state.webhooks.add("pager", receiver.url, by="ada")
    platform.see(15)
    platform.state.webhooks.remove(added.webhook.id, by="ada")
    assert deliver(platform) == 0 and receiver.received == []
    assert platform.state.webhooks.list() == []
    for act in (platform.state.webhooks.remove, platform.state.webhooks.test):
        with pytest.raises(UnknownResource):
            act(added.webhook.id, by="ada")
    with pytest.raises(UnknownResource):
        platform.state.webhooks.deliveries(added.webhook.id)
    # Its name is free again.
    platform.state.webhooks.add("pager", receiver.url, by="ada")


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"name": "no name"}, "name"),
        ({"name": "taken"}, "name"),
        ({"url": "nowhere"}, "url"),
        ({"min_level": "bad"}, "min_level"),
        ({"by": ""}, "by"),
    ],
)
def test_a_bad_webhook_is_refused(
    platform: Platform, receiver: Receiver, fields: dict[str, Any], named: str
) -> None:
    platform.state.webhooks.add("taken", receiver.url, by="ada")
    given = {"name": "pager", "url": receiver.url, "by": "ada", **fields}
    with pytest.raises(ValidationFailed) as refused:
        platform.state.webhooks.add(**given)
    assert set(refused.value.errors) == {named}
    assert len(platform.state.webhooks.list()) == 1


def test_a_receiver_that_hangs_delays_no_evaluation(another: Make, receiver: Receiver) -> None:
    platform = another(
        rule(recover=0.0), settings=AlertSettings(interval=0.01, sending=settings().sending)
    )
    state: AlertState = platform.state
    state.webhooks.add("pager", receiver.url, by="ada")

    def hang(request: Received) -> int:
        receiver.closed.wait(30)
        return 204

    receiver.answer = hang
    platform.values["load"] = 15
    platform.clock.now += 1
    state.start()
    try:
        wait_until(lambda: len(receiver.received) == 1, 30)
        # While the message hangs, the alert ends and another begins.
        for load, kind in ((5, "alert.resolved"), (15, "alert.raised")):
            before = platform.published().count(kind)
            platform.values["load"] = load
            platform.clock.now += 1
            wait_until(lambda b=before, k=kind: platform.published().count(k) == b + 1, 30)
        assert len(receiver.received) == 1
    finally:
        receiver.closed.set()
        state.close()
