"""One-time passwords: as the RFCs have them, near now and nowhere else."""

from __future__ import annotations

import pytest

from app.auth import totp

RFC_SECRET = b"12345678901234567890"


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "94287082"),
        (1_111_111_109, "07081804"),
        (1_111_111_111, "14050471"),
        (1_234_567_890, "89005924"),
        (2_000_000_000, "69279037"),
        (20_000_000_000, "65353130"),
    ],
)
def test_codes_are_those_of_rfc_6238(seconds: int, code: str) -> None:
    assert totp.code_of(RFC_SECRET, seconds // totp.STEP_SECONDS, digits=8) == code


def test_codes_by_number_are_those_of_rfc_4226() -> None:
    assert [totp.code_of(RFC_SECRET, number) for number in range(4)] == [
        "755224",
        "287082",
        "359152",
        "969429",
    ]


def test_a_code_of_the_step_before_and_after_is_taken_and_no_other() -> None:
    now, step = 3_000.0, 100
    found = {
        other: totp.matching_step(RFC_SECRET, totp.code_of(RFC_SECRET, other), now)
        for other in range(step - 3, step + 4)
    }
    assert found == {97: None, 98: None, 99: 99, 100: 100, 101: 101, 102: None, 103: None}
    for odd in ("", "75522", "٧٥٥٢٢٤", "\ud800"):
        assert totp.matching_step(RFC_SECRET, odd, now) is None


def test_an_app_reads_the_secret_and_whose_it_is() -> None:
    assert totp.uri_of(RFC_SECRET, "ada.lovelace") == (
        "otpauth://totp/Yoto:ada.lovelace?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Yoto"
    )
    assert len(totp.new_secret()) == 20 and totp.new_secret() != totp.new_secret()
