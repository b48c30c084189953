"""Configuration: where values come from, and what stops the start."""

from __future__ import annotations

import secrets
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from app import settings
from app.db import init_db
from yoto.errors import ConfigurationError
from yoto.store.db import close_db, db, side_engine, writing

KEY = secrets.token_urlsafe(48)
PRODUCTION = {
    "ENVIRONMENT": "production",
    "SECRET_KEY": KEY,
    "DATABASE_URL": "mysql+pymysql://user:secret@db/yoto",
    "REDIS_URL": "redis://redis:6379/0",
}


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in list(os.environ):
        if name.startswith("YOTO_"):
            monkeypatch.delenv(name)


def load(tmp_path: Path, config: Any = None) -> Flask:
    app = Flask("app", instance_path=str(tmp_path / "instance"))
    settings.load(app, config)
    return app


def refused(tmp_path: Path, config: Any = None) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, config)
    return caught.value


def test_without_configuration_everything_lives_in_the_instance_folder(tmp_path: Path) -> None:
    config = load(tmp_path).config
    assert config["ENVIRONMENT"] == "development"
    assert config["SQLALCHEMY_DATABASE_URI"] == f"sqlite:///{tmp_path}/instance/yoto.db"
    assert config["REDIS_URL"] is None


def test_the_environment_lies_over_the_class_and_the_mapping_over_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YOTO_PORT", "8123")
    monkeypatch.setenv("YOTO_DRAIN_SECONDS", "2.5")
    monkeypatch.setenv("YOTO_SEED_DEMO", "false")
    config = load(tmp_path, {"DRAIN_SECONDS": 7.0}).config
    assert (config["PORT"], config["DRAIN_SECONDS"], config["SEED_DEMO"]) == (8123, 7.0, False)


def test_the_environment_may_name_the_class(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YOTO_ENVIRONMENT", "testing")
    assert load(tmp_path).config["ENVIRONMENT"] == "testing"


def test_a_secret_of_digits_stays_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YOTO_SECRET_KEY", "12345678901234567890")
    assert load(tmp_path).config["SECRET_KEY"] == "12345678901234567890"


def test_the_development_secret_is_made_once_and_kept_private(tmp_path: Path) -> None:
    first, second = load(tmp_path), load(tmp_path)
    assert first.config["SECRET_KEY"] == second.config["SECRET_KEY"]
    assert len(first.config["SECRET_KEY"]) >= 32
    assert (tmp_path / "instance" / "secret_key").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("variable", "text", "key"),
    [
        ("YOTO_PORT", "80000", "PORT"),
        ("YOTO_PORT", "http", "PORT"),
        ("YOTO_PORT", "", "PORT"),
        ("YOTO_ASYNC_MODE", "asyncio", "ASYNC_MODE"),
        ("YOTO_SEED_DEMO", "maybe", "SEED_DEMO"),
        ("YOTO_SECRET_KEY", "short", "SECRET_KEY"),
        ("YOTO_DATABASE_URL", "not an address", "DATABASE_URL"),
        ("YOTO_DATABASE_URL", "postgresql+asyncpg://host/db", "DATABASE_URL"),
        ("YOTO_DATABASE_URL", "postgresql+psycopg2://host/db", "DATABASE_URL"),
        ("YOTO_DATABASE_URL", "postgresql://host/db?sslmode=require", "DATABASE_URL"),
        ("YOTO_DATABASE_URL", "mysql+nosuchdriver://host/db", "DATABASE_URL"),
        ("YOTO_DATABASE_URL", "mysql+pyodbc://host/db", "DATABASE_URL"),
        ("YOTO_ENVIRONMENT", "staging", "ENVIRONMENT"),
        ("YOTO_ACCESS_TOKEN_SECONDS", "0", "ACCESS_TOKEN_SECONDS"),
        ("YOTO_LOG_LEVEL", "info", "LOG_LEVEL"),
        ("YOTO_LOG_FORMAT", "xml", "LOG_FORMAT"),
        ("YOTO_LOG_REQUEST_SAMPLE", "1.5", "LOG_REQUEST_SAMPLE"),
        ("YOTO_TRACER_PROVIDER", "our_tracing.provider", "TRACER_PROVIDER"),
        ("YOTO_EXTENSIONS", "gallery:register,", "EXTENSIONS"),
    ],
)
def test_a_wrong_variable_stops_the_start_and_names_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, text: str, key: str
) -> None:
    monkeypatch.setenv(variable, text)
    assert refused(tmp_path).key == key


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_an_address_of_postgresql_gets_our_driver(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    monkeypatch.setenv("YOTO_DATABASE_URL", f"{scheme}://user@host/db")
    app = load(tmp_path)
    assert app.config["SQLALCHEMY_DATABASE_URI"] == "postgresql+psycopg://user@host/db"


def test_a_misspelt_variable_is_refused_with_its_neighbour(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YOTO_DATABSE_URL", "sqlite://")
    error = refused(tmp_path)
    assert error.key == "YOTO_DATABSE_URL"
    assert "YOTO_DATABASE_URL" in error.reason


def test_a_wrong_type_in_the_mapping_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path, {"PORT": True}).key == "PORT"
    assert refused(tmp_path, {"PORT": "80"}).key == "PORT"


def test_a_refused_secret_is_not_shown(tmp_path: Path) -> None:
    assert "hunter2" not in str(refused(tmp_path, {"SECRET_KEY": "hunter2"}))
    assert "4711" not in str(refused(tmp_path, {"REDIS_PASSWORD": 4711}))


def test_a_full_production_configuration_starts(tmp_path: Path) -> None:
    config = load(tmp_path, PRODUCTION).config
    assert config["SESSION_COOKIE_SECURE"] is True and config["LOG_FORMAT"] == "json"


@pytest.mark.parametrize("key", ["SECRET_KEY", "DATABASE_URL", "REDIS_URL"])
def test_production_refuses_to_start_without(tmp_path: Path, key: str) -> None:
    assert refused(tmp_path, {**PRODUCTION, key: None}).key == key


@pytest.mark.parametrize("key", ["SECRET_KEY", "SECRET_KEY_FALLBACK"])
def test_production_takes_no_placeholder_for_a_key(tmp_path: Path, key: str) -> None:
    placeholder = "changeme" * 4
    error = refused(tmp_path, {**PRODUCTION, key: placeholder})
    assert error.key == key and "token_urlsafe" in error.reason
    assert placeholder not in error.reason
    assert load(tmp_path, {key: placeholder}).config[key] == placeholder


def test_production_has_its_guards_on(tmp_path: Path) -> None:
    off = {"RESILIENCE_ENABLED": False}
    assert refused(tmp_path, {**PRODUCTION, **off}).key == "RESILIENCE_ENABLED"
    assert load(tmp_path, off).config["RESILIENCE_ENABLED"] is False


def test_production_refuses_sqlite(tmp_path: Path) -> None:
    assert refused(tmp_path, {**PRODUCTION, "DATABASE_URL": "sqlite:///x.db"}).key == "DATABASE_URL"


def test_production_takes_a_cluster_in_place_of_one_redis(tmp_path: Path) -> None:
    config = {**PRODUCTION, "REDIS_URL": None, "REDIS_CLUSTER_NODES": "a:6379,b:6379"}
    assert load(tmp_path, config).config["REDIS_CLUSTER_NODES"] == "a:6379,b:6379"


def test_production_runs_embedded_when_told_to(tmp_path: Path) -> None:
    config = {"ENVIRONMENT": "production", "SECRET_KEY": KEY, "ALLOW_EMBEDDED": True}
    assert load(tmp_path, config).config["DATABASE_URL"].startswith("sqlite")


def test_production_needs_its_own_secret_even_when_embedded(tmp_path: Path) -> None:
    assert refused(tmp_path, {"ENVIRONMENT": "production", "ALLOW_EMBEDDED": True}).key == (
        "SECRET_KEY"
    )


def test_a_second_token_of_metrics_alone_would_close_nothing(tmp_path: Path) -> None:
    assert refused(tmp_path, {"METRICS_TOKEN_FALLBACK": "x" * 32}).key == "METRICS_TOKEN_FALLBACK"


def test_the_opa_engine_needs_an_address(tmp_path: Path) -> None:
    assert refused(tmp_path, {"POLICY_ENGINE": "opa"}).key == "OPA_URL"
    assert refused(tmp_path, {"OPA_URL": "opa:8181"}).key == "OPA_URL"
    chosen = {"POLICY_ENGINE": "opa", "OPA_URL": "http://opa:8181"}
    assert load(tmp_path, chosen).config["OPA_TIMEOUT"] == 1.0


def test_an_instance_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "instance").write_text("a file where the folder should be")
    assert refused(tmp_path).key == "INSTANCE_PATH"


def test_the_instance_folder_and_its_database_are_for_their_owner_alone(tmp_path: Path) -> None:
    instance = tmp_path / "instance"
    app = load(tmp_path)
    init_db(app)
    with app.app_context():
        db.session.execute(text("SELECT 1"))
        db.session.remove()
        db.engine.dispose()
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in instance.glob("*")}
    assert stat.S_IMODE(instance.stat().st_mode) == 0o700
    assert (modes["yoto.db"], modes["secret_key"]) == (0o600, 0o600)


def test_another_connection_leaves_the_locks_of_the_first_in_place(tmp_path: Path) -> None:
    """A connection that opens and closes the file itself gives them up for the whole process:
    another process that leaves then takes itself for the last one, and removes the log in use."""
    app = load(tmp_path)
    init_db(app)
    path = tmp_path / "instance" / "yoto.db"
    with app.app_context(), db.engine.connect() as first:
        with writing(), db.engine.begin() as writer:
            writer.exec_driver_sql("CREATE TABLE held (id INTEGER)")
        side_engine(app, 1, 1.0).connect().close()
        look = (
            "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT * FROM held')"
        )
        subprocess.run([sys.executable, "-c", f"{look}; c.close()", str(path)], check=True)
        assert Path(f"{path}-wal").exists()
        assert first.exec_driver_sql("SELECT count(*) FROM held").scalar_one() == 0
    close_db(app)
