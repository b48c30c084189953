"""Connections to MariaDB share the machine's certificates, and nothing that an address asks for."""

from __future__ import annotations

import ssl

from sqlalchemy import create_engine

from yoto.store.time_limits import open_quickly


def test_certificates_are_read_once_and_what_an_address_asks_for_is_its_own() -> None:
    engine = create_engine("mysql+pymysql://nobody@127.0.0.1:1/none")
    open_quickly(engine)

    plain, other = (engine.dialect.connect(defer_connect=True) for _ in range(2))
    checked = engine.dialect.connect(defer_connect=True, ssl={"verify_mode": "required"})

    assert plain.ctx is other.ctx
    assert plain.ctx.verify_mode is ssl.CERT_NONE
    assert checked.ctx is not plain.ctx
    assert checked.ctx.verify_mode is ssl.CERT_REQUIRED
