"""Sealed values: opened with their key, for their purpose, and as they were."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from yoto.sealing import INFO, Sealer, Unreadable

TEXT, PURPOSE = "whsec_c2VjcmV0", "alert_webhooks.secret"


@pytest.fixture(scope="module")
def sealer() -> Sealer:
    return Sealer("the key of this test")


def test_what_was_sealed_is_opened_and_reads_like_nothing(sealer: Sealer) -> None:
    one, other = sealer.seal(TEXT, PURPOSE), sealer.seal(TEXT, PURPOSE)
    assert one != other and TEXT not in one and one.split(":")[1] == sealer.key_id
    assert sealer.open(one, PURPOSE) == sealer.open(other, PURPOSE) == TEXT
    assert sealer.open(sealer.seal("Schlüssel 钥匙", PURPOSE), PURPOSE) == "Schlüssel 钥匙"


def test_another_key_purpose_or_text_opens_nothing(sealer: Sealer) -> None:
    sealed = sealer.seal(TEXT, PURPOSE)
    changed = sealed[:-6] + ("AAAAAA" if sealed[-6:] != "AAAAAA" else "BBBBBB")
    for stored, purpose in ((sealed, "alert_webhooks.url"), (changed, PURPOSE), (TEXT, PURPOSE)):
        with pytest.raises(Unreadable):
            sealer.open(stored, purpose)
    with pytest.raises(Unreadable, match=sealer.key_id):
        Sealer("another key").open(sealed, PURPOSE)
    forged = f"sealed1:{sealer.key_id}:{'A' * 8}"
    with pytest.raises(Unreadable):
        sealer.open(forged, PURPOSE)


def test_a_key_that_is_being_replaced_opens_and_seals_nothing(sealer: Sealer) -> None:
    both = Sealer("another key", "the key of this test")
    assert both.open(sealer.seal(TEXT, PURPOSE), PURPOSE) == TEXT
    assert both.key_id == Sealer("another key").key_id != sealer.key_id
    with pytest.raises(Unreadable):
        sealer.open(both.seal(TEXT, PURPOSE), PURPOSE)


def test_the_key_is_made_by_rfc_5869(sealer: Sealer) -> None:
    """By hand: extract, and two steps of expand."""
    import base64
    import hmac

    extracted = hmac.digest(bytes(32), b"the key of this test", "sha256")
    first = hmac.digest(extracted, INFO + b"\x01", "sha256")
    second = hmac.digest(extracted, first + INFO + b"\x02", "sha256")
    assert sealer.key_id == second[:4].hex()
    sealed = base64.urlsafe_b64decode(sealer.seal(TEXT, PURPOSE).split(":")[2])
    assert AESGCM(first).decrypt(sealed[:12], sealed[12:], PURPOSE.encode()) == TEXT.encode()
