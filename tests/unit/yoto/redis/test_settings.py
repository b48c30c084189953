from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from yoto.errors import ConfigurationError
from yoto.redis import RedisSettings
from yoto.redis.endpoint import node_endpoint, url_endpoint
from yoto.redis.settings import parse_nodes

A, B = ("a.example", 7000), ("b.example", 6379)


@pytest.mark.parametrize(
    "value",
    [
        "a.example:7000,b.example",
        " a.example:7000 , b.example:6379 ,",
        '["a.example:7000", "b.example"]',
        '[{"host": "a.example", "port": 7000}, {"host": "b.example"}]',
        ["a.example:7000", "b.example"],
        ("a.example:7000", "b.example:6379"),
        [{"host": "a.example", "port": "7000"}, {"host": "b.example"}],
        [["a.example", 7000], ("b.example", "6379")],
        ["a.example:7000", "b.example", "a.example:7000"],
    ],
)
def test_nodes_are_read_however_they_are_written(value: Any) -> None:
    assert parse_nodes(value) == (A, B)


@pytest.mark.parametrize("value", ["a.example:7000", {"host": "a.example", "port": 7000}])
def test_one_node_alone_is_a_list_of_one(value: Any) -> None:
    assert parse_nodes(value) == (A,)


@pytest.mark.parametrize("value", [None, "", " ", [], "[]"])
def test_no_nodes_is_no_cluster(value: Any) -> None:
    assert parse_nodes(value) == ()


@pytest.mark.parametrize("value", ["[::1]:7000", "[::1]:7000,[::1]:7001"])
def test_addresses_of_ip_version_six_are_no_json(value: str) -> None:
    assert parse_nodes(value)[0] == ("::1", 7000)


@pytest.mark.parametrize(
    "value",
    [
        "a.example:port",
        "a.example:0",
        "a.example:70000",
        ":7000",
        "redis://a.example:7000",
        "user@a.example:7000",
        '["a.example:7000"',
        '{"port": 7000}',
        [{"port": 7000}],
        [7000],
        [["a.example", 7000, 1]],
        [["a.example", None]],
        7000,
    ],
)
def test_what_is_no_node_is_refused_by_key(value: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_nodes(value)
    assert caught.value.key == "REDIS_CLUSTER_NODES"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("REDIS_URL", "http://a.example"),
        ("REDIS_URL", "a.example:6379"),
        ("REDIS_URL", 6379),
        ("REDIS_URL", "redis://a.example:port"),
        ("REDIS_URL", "redis://a.example?socket_timeout=soon"),
        ("REDIS_USERNAME", 7),
        ("REDIS_PASSWORD", 7),
        ("REDIS_TLS", "maybe"),
        ("REDIS_DB", "first"),
        ("REDIS_DB", -1),
        ("REDIS_DB", 1.5),
        ("REDIS_SOCKET_TIMEOUT", 0),
        ("REDIS_SOCKET_TIMEOUT", "soon"),
        ("REDIS_CONNECT_TIMEOUT", -1),
        ("REDIS_CONNECT_TIMEOUT", 61),
        ("REDIS_RETRY_TIME", "nan"),
        ("REDIS_MAX_CONNECTIONS", 0),
        ("REDIS_KEY_PREFIX", ""),
        ("REDIS_KEY_PREFIX", "a{b}"),
        ("REDIS_KEY_PREFIX", 3),
    ],
)
def test_a_bad_value_names_its_key(key: str, value: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        RedisSettings.from_config({key: value})
    assert caught.value.key == key


def test_text_from_the_environment_becomes_numbers() -> None:
    settings = RedisSettings.from_config(
        {"REDIS_DB": "3", "REDIS_SOCKET_TIMEOUT": "0.5", "REDIS_TLS": "yes", "REDIS_URL": ""}
    )
    assert (settings.db, settings.socket_timeout, settings.tls) == (3, 0.5, True)
    assert settings.url is None


def test_nothing_configured_means_the_embedded_server_of_the_instance_folder() -> None:
    settings = RedisSettings.from_config({}, "/srv/yoto/instance")
    assert settings.embedded_dir == Path("/srv/yoto/instance/redis")
    assert settings.socket_timeout == settings.connect_timeout == 0.25


def test_a_password_shows_in_no_error_and_no_repr() -> None:
    for url in ("http://:hunter2@a.example", "redis://:hunter2/x@a.example"):
        with pytest.raises(ConfigurationError) as caught:
            RedisSettings.from_config({"REDIS_URL": url})
        assert "hunter2" not in str(caught.value)
    assert "hunter2" not in repr(RedisSettings(url="redis://:hunter2@a.example"))
    assert "hunter2" not in repr(RedisSettings(password="hunter2"))


def test_a_url_wins_over_the_other_settings_and_they_fill_its_gaps() -> None:
    settings = RedisSettings(
        url="redis://ann:secret@a.example:7000/2?socket_timeout=1.5", password="other", db=1
    )
    options = url_endpoint(settings).options
    assert (options["username"], options["password"], options["db"]) == ("ann", "secret", 2)
    assert options["socket_timeout"] == 1.5
    options = url_endpoint(RedisSettings(url="redis://a.example", password="other", db=1)).options
    assert (options["password"], options["db"], options["port"]) == ("other", 1, 6379)


@pytest.mark.parametrize(
    ("settings", "kind", "name"),
    [
        (RedisSettings(url="redis://a.example"), "PatientTCP", "a.example:6379"),
        (RedisSettings(url="valkey://a.example"), "PatientTCP", "a.example:6379"),
        (RedisSettings(url="rediss://a.example:7"), "PatientTLS", "a.example:7"),
        (RedisSettings(url="redis://a.example", tls=True), "PatientTLS", "a.example:6379"),
        (RedisSettings(url="unix:///run/r.sock?db=1"), "PatientSocket", "/run/r.sock"),
    ],
)
def test_the_kind_of_connection_follows_the_url(
    settings: RedisSettings, kind: str, name: str
) -> None:
    checked = RedisSettings.from_config({"REDIS_URL": settings.url, "REDIS_TLS": settings.tls})
    endpoint = url_endpoint(checked)
    assert type(endpoint.connection()).__name__ == kind
    assert endpoint.name == name


def test_nodes_of_a_cluster_with_tls_trust_the_given_certificates() -> None:
    settings = RedisSettings(nodes=(A,), tls=True, tls_ca_certs="/etc/ca.pem")
    endpoint = node_endpoint(settings, *A)
    assert type(endpoint.connection()).__name__ == "PatientTLS"
    assert endpoint.options["ssl_ca_certs"] == "/etc/ca.pem"
