from __future__ import annotations

import base64
import json

import pytest

from model.errors import StoreError
from model.store.docker_config import basic_credentials

AUTH = base64.b64encode(b"robot:secret").decode()


def credentials(folder, registry: str, config: object) -> str:
    (folder / "config.json").write_text(json.dumps(config))
    return basic_credentials(registry, {"DOCKER_CONFIG": str(folder)})


@pytest.mark.parametrize(
    ("registry", "auths", "expected"),
    [
        pytest.param("r.example", {"r.example": {"auth": AUTH}}, "robot:secret", id="auth"),
        pytest.param("r.example", {"https://r.example": {"auth": AUTH}}, "robot:secret", id="url"),
        pytest.param(
            "r.example", {"r.example": {"username": "u", "password": "p"}}, "u:p", id="plain"
        ),
        pytest.param(
            "docker.io", {"https://index.docker.io/v1/": {"auth": AUTH}}, "robot:secret", id="hub"
        ),
        pytest.param("r.example", {"other.example": {"auth": AUTH}}, "", id="other"),
        pytest.param("r.example", {"r.example": {}}, "", id="empty"),
    ],
)
def test_credentials_of_the_registry_are_found(tmp_path, registry, auths, expected):
    """Credentials are those of the registry itself."""
    assert credentials(tmp_path, registry, {"auths": auths}) == expected


def test_without_a_configuration_there_are_no_credentials(tmp_path, monkeypatch):
    """A registry without credentials is asked anonymously."""
    monkeypatch.setenv("HOME", str(tmp_path))
    assert basic_credentials("r.example", {}) == ""


def test_a_user_without_a_home_has_no_credentials(monkeypatch):
    """Containers may run as a user whom the system does not know."""

    def fail(_: int) -> None:
        raise KeyError

    monkeypatch.delenv("HOME")
    monkeypatch.setattr("pwd.getpwuid", fail)
    assert basic_credentials("r.example", {}) == ""


@pytest.mark.parametrize(
    "config",
    [
        {"credHelpers": {"r.example": "ecr-login"}},
        {"auths": {"r.example": {}}, "credsStore": "desktop"},
    ],
)
def test_a_helper_program_is_not_run(tmp_path, config):
    """A password in a helper program is an error that says what to do."""
    with pytest.raises(StoreError, match="keeps this registry's password in a helper program"):
        credentials(tmp_path, "r.example", config)


@pytest.mark.parametrize(
    "config",
    [
        [],
        {"auths": 1},
        {"auths": {"r.example": {"auth": "?"}}},
        {"auths": {"r.example": {"username": "robot"}}},
        {"auths": None},
    ],
)
def test_a_malformed_configuration_is_refused(tmp_path, config):
    """A configuration that can't be read is named, not quoted."""
    with pytest.raises(StoreError, match=r"config\.json is no readable Docker configuration"):
        credentials(tmp_path, "r.example", config)


def test_a_configuration_that_is_nested_too_deeply_is_refused(tmp_path):
    """It ends the command as any other malformed one does."""
    (tmp_path / "config.json").write_text("[" * 100_000)
    with pytest.raises(StoreError, match=r"config\.json is no readable Docker configuration"):
        basic_credentials("r.example", {"DOCKER_CONFIG": str(tmp_path)})
