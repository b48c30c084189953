"""Signatures and pauses."""

from __future__ import annotations

import base64

from hypothesis import given
from hypothesis import strategies as st

from yoto.rooms.alerts.webhooks.delivery import FIRST_PAUSE, LONGEST_PAUSE, pause_after
from yoto.rooms.alerts.webhooks.signing import headers, new_secret, sign


def test_the_example_of_the_specification() -> None:
    """The test vector of the Standard Webhooks libraries."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = b'{"test": 2432232314}'
    assert (
        sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
        == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


def test_each_secret_is_new_and_long_enough() -> None:
    secrets = {new_secret() for _ in range(20)}
    assert len(secrets) == 20
    assert all(len(base64.b64decode(one.removeprefix("whsec_"))) == 32 for one in secrets)


def test_what_is_signed_is_the_number_the_time_and_the_body() -> None:
    secret = new_secret()
    made = {
        headers(secret, *about)["webhook-signature"]
        for about in (("a", 1, b"x"), ("b", 1, b"x"), ("a", 2, b"x"), ("a", 1, b"y"))
    }
    assert len(made) == 4


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_pauses_grow_and_end(failures: int, chance: float) -> None:
    pause = pause_after(failures, chance)
    assert FIRST_PAUSE * 0.8 <= pause <= LONGEST_PAUSE
    assert pause_after(failures + 1, chance) >= pause
