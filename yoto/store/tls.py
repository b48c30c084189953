"""Parameters about TLS in the address of a database server."""

from __future__ import annotations

from sqlalchemy import URL

from yoto.errors import ConfigurationError
from yoto.settings import certificates_fault, is_pair
from yoto.store.servers import POSTGRESQL

# Parameters of an address of MariaDB or MySQL about TLS, and those that only its driver would read.
TLS = ("ssl_ca", "ssl_capath", "ssl_cert", "ssl_key", "ssl_cipher", "ssl_check_hostname")
TLS_OF_DRIVER = ("ssl_verify_cert", "ssl_verify_identity", "ssl_key_password", "ssl_mode")


def refuse_half_tls(url: URL) -> None:
    """Refuse TLS to the database that would check nobody, and certificates that cannot be used.

    Raises:
        ConfigurationError: says what is wrong with the parameters of the address.
    """
    wrong = _postgresql(url) if url.get_backend_name() == POSTGRESQL else _pymysql(url)
    if wrong:
        raise ConfigurationError("DATABASE_URL", wrong)


def _pymysql(url: URL) -> str:
    given = {key: str(value) for key, value in url.query.items() if key in (*TLS, *TLS_OF_DRIVER)}
    if not given or url.get_driver_name() != "pymysql":
        return ""
    if "ssl_disabled" in url.query:
        return "leave out ssl_disabled: the driver takes any text of it, 'false' too, for yes"
    if unknown := given.keys() & TLS_OF_DRIVER:
        # Beside ssl_ca these make the driver forget it, and the name of the host.
        return f"leave out {min(unknown)}: with ssl_ca, certificate and host are always checked"
    if not given.keys() & {"ssl_ca", "ssl_capath"}:
        return "names no ssl_ca, so no certificate of the server would be checked"
    if "ssl_ca" in given and (why := certificates_fault(given["ssl_ca"])):
        return f"ssl_ca is no file of certificates: {why}"
    if "ssl_key" in given and "ssl_cert" not in given:
        return "ssl_key wants its ssl_cert"
    if "ssl_cert" in given and not is_pair(given["ssl_cert"], given.get("ssl_key")):
        return "ssl_cert and ssl_key are no certificate and its key without a pass phrase"
    return ""


def _postgresql(url: URL) -> str:
    mode, root, own, key = (
        str(url.query.get(name, "")) for name in ("sslmode", "sslrootcert", "sslcert", "sslkey")
    )
    if mode in ("allow", "prefer") or (mode == "require" and not root):
        return f"sslmode={mode} checks no certificate: sslmode=verify-full&sslrootcert=FILE does"
    if (root or own or key) and mode not in ("require", "verify-ca", "verify-full"):
        return "certificates want sslmode=verify-full, or they are used where the server likes"
    if root and root != "system" and (why := certificates_fault(root)):
        return f"sslrootcert is no file of certificates: {why}"
    if key and not own:
        return "sslkey wants its sslcert"
    if own and not is_pair(own, key or None):
        return "sslcert and sslkey are no certificate and its key without a pass phrase"
    return ""
