"""Keys are replaced in steps, each a restart of one worker after the other, and nobody notices."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.auth.passwords import passwords
from app.extensions import prefetch
from tests.support.applications import another_app
from tests.support.world import Person, World
from yoto.errors import ConfigurationError, ValidationFailed
from yoto.rooms.alerts.extension import alerts

OLD, NEW = "the old key of these tests", "the new key of these tests"
BEFORE, PREPARED = {"SECRET_KEY": OLD}, {"SECRET_KEY": OLD, "SECRET_KEY_FALLBACK": NEW}
CHANGED, AFTER = {"SECRET_KEY": NEW, "SECRET_KEY_FALLBACK": OLD}, {"SECRET_KEY": NEW}
STEPS = [BEFORE, PREPARED, CHANGED, AFTER]
PASSWORD = "correct horse battery"
SIGN_IN, ME, REFRESH = "/session/sign-in", "/api/v1/auth/me", "/api/v1/auth/refresh"
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')

Worker = Callable[[dict[str, str]], Flask]


@pytest.fixture
def ada(app: Flask, world: World) -> Person:
    with app.app_context():
        stored = passwords().hash(PASSWORD)
    return world.user("ada", password_hash=stored)


@pytest.fixture
def worker(app_config: dict[str, Any], tmp_path: Path) -> Iterator[Worker]:
    """Workers of one installation, each with keys of its own."""
    with ExitStack() as stack:
        made: list[Flask] = []

        def start(keys: dict[str, str]) -> Flask:
            folder = tmp_path / f"worker{len(made)}"
            made.append(stack.enter_context(another_app(app_config | keys, folder)))
            return made[-1]

        yield start


@dataclass
class Made:
    """The credentials that somebody has from one worker."""

    access: str
    refresh: str
    browser: FlaskClient
    snapshot: str

    def good_at(self, worker: Flask) -> dict[str, bool]:
        """Whether another worker takes each of them."""
        headers = {"Authorization": f"Bearer {self.access}"}
        other = worker.test_client()
        cookie = self.browser.get_cookie("yoto_session", path="/session")
        assert cookie is not None
        other.set_cookie("yoto_session", cookie.value, path="/session")
        again = other.post(REFRESH, headers={"Authorization": f"Bearer {self.refresh}"})
        if again.status_code == 200:
            self.refresh = again.get_json()["refresh_token"]
        return {
            "access token": other.get(ME, headers=headers).status_code == 200,
            "refresh token": again.status_code == 200,
            "session": other.get("/session").get_json()["user"] is not None,
            "snapshot": reads(worker, self.snapshot),
        }


def reads(worker: Flask, snapshot: str) -> bool:
    with worker.app_context():
        try:
            prefetch.of(worker).client.read(snapshot)
        except ValidationFailed:
            return False
    return True


def made_by(worker: Flask, ada: Person) -> Made:
    browser = worker.test_client()
    found = TOKEN.search(browser.get(SIGN_IN).text)
    assert found is not None
    form = {"csrf_token": found[1], "username": "ada", "password": PASSWORD}
    assert browser.post(SIGN_IN, data=form).status_code == 303
    credentials = {"username": "ada", "password": PASSWORD}
    pair = worker.test_client().post("/api/v1/auth/login", json=credentials).get_json()
    with worker.app_context():
        snapshot = prefetch.of(worker).client.snapshot(ada.id, [])
    return Made(pair["access_token"], pair["refresh_token"], browser, snapshot.token)


@pytest.mark.parametrize("step", [0, 1, 2], ids=["prepare", "change", "end"])
def test_what_workers_of_neighbouring_steps_make_is_good_at_both(
    step: int, worker: Worker, ada: Person
) -> None:
    one, other = worker(STEPS[step]), worker(STEPS[step + 1])
    # At the end, what was made before the change has run out.
    pairs = [(one, other), (other, one)] if step < 2 else [(other, one)]
    for maker, taker in pairs:
        good = made_by(maker, ada).good_at(taker)
        assert good == dict.fromkeys(good, True)


@pytest.mark.parametrize(("maker", "taker"), [(CHANGED, BEFORE), (PREPARED, AFTER)])
def test_a_step_that_is_left_out_signs_people_out(
    maker: dict[str, str], taker: dict[str, str], worker: Worker, ada: Person
) -> None:
    good = made_by(worker(maker), ada).good_at(worker(taker))
    assert good == dict.fromkeys(good, False)


def test_new_tokens_are_made_under_the_new_key_alone(worker: Worker, ada: Person) -> None:
    token = made_by(worker(CHANGED), ada).access
    new, old = worker(AFTER).config["JWT_SECRET_KEY"], worker(BEFORE).config["JWT_SECRET_KEY"]
    assert jwt.decode(token, new, ["HS256"])["sub"] == str(ada.id)
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(token, old, ["HS256"])


def test_a_key_that_a_token_names_does_not_make_it_good(worker: Worker, ada: Person) -> None:
    one = worker(CHANGED)
    token = made_by(one, ada).access
    claims, kid = jwt.decode(token, options={"verify_signature": False}), {"kid": ""}
    kid |= {"kid": jwt.get_unverified_header(token)["kid"]}
    for header in ({}, kid, {"kid": "00000000"}):
        forged = jwt.encode(claims, "a key of somebody else's, of thirty-two", "HS256", header)
        answer = one.test_client().get(ME, headers={"Authorization": f"Bearer {forged}"})
        assert answer.status_code == 401
    # Builds before 1.0.0 named no key.
    plain = jwt.encode(claims, one.config["JWT_SECRET_KEY"], "HS256")
    answer = one.test_client().get(ME, headers={"Authorization": f"Bearer {plain}"})
    assert answer.status_code == 200


def test_sealed_secrets_are_read_under_both_keys_until_they_are_sealed_anew(
    worker: Worker, ada: Person
) -> None:
    old, prepared, changed, after = map(worker, STEPS)
    with prepared.app_context():
        alerts.webhooks.add("pager", "https://hooks.example.com/services/secret", by="ada")

    def urls(one: Flask) -> list[str]:
        with one.app_context():
            return [hook.url for hook in alerts.webhooks.list()]

    readable, unreadable = "https://hooks.example.com/...", "unreadable://"
    assert [urls(one)[0].startswith(readable) for one in (old, changed)] == [True, True]
    assert urls(after)[0].startswith(unreadable)
    # The key of before is the fallback: nobody has to type it.
    done = changed.test_cli_runner().invoke(args=["secrets", "reseal", "--reason", "rotation"])
    assert "2 values are sealed" in done.output
    assert [urls(one)[0].startswith(readable) for one in (prepared, changed, after)] == [True] * 3
    assert urls(old)[0].startswith(unreadable)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"SECRET_KEY": NEW, "SECRET_KEY_FALLBACK": NEW}, "is the SECRET_KEY itself"),
        ({"SECRET_KEY": NEW, "SECRET_KEY_FALLBACK": "short"}, "the value given is not right"),
        ({"SECRET_KEY": NEW, "SECRET_KEY_FALLBACKS": [OLD]}, "set SECRET_KEY_FALLBACK"),
    ],
)
def test_a_fallback_that_would_be_none_stops_the_start(
    keys: dict[str, Any], said: str, worker: Worker
) -> None:
    with pytest.raises(ConfigurationError, match=said):
        worker(keys)
