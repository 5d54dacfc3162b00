"""Credentials of registries, from the configuration that Docker and its kin write."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from model.errors import StoreError

CONFIG_NAME = "config.json"
# Docker files Docker Hub's credentials under the address of its first index.
_DOCKER_HUB = ("https://index.docker.io/v1/", "index.docker.io", "registry-1.docker.io")


def basic_credentials(registry: str, environ: Mapping[str, str] = os.environ) -> str:
    """Return ``user:password`` of a registry; "" if the configuration names none.

    The configuration is ``config.json`` in the folder DOCKER_CONFIG, by default ~/.docker.

    Raises:
        StoreError: the configuration can't be read, or keeps the password in a helper program.
    """
    # A user of a container that has no home has no configuration there either.
    folder = Path(environ.get("DOCKER_CONFIG") or os.path.expanduser("~/.docker"))  # noqa: PTH111
    path = folder / CONFIG_NAME
    try:
        config = json.loads(path.read_bytes())
        is_docker_hub = registry == "docker.io"
        for name in (registry, f"https://{registry}", *(_DOCKER_HUB if is_docker_hub else ())):
            if name in config.get("credHelpers", {}):
                raise _needs_helper(path)
            if name in (entries := config.get("auths", {})):
                return _credentials(entries[name], path, has_store="credsStore" in config)
    except FileNotFoundError:
        return ""
    except (OSError, AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise StoreError(path, "is no readable Docker configuration") from error
    return ""


def _credentials(entry: Mapping[str, Any], path: Path, *, has_store: bool) -> str:
    if auth := entry.get("auth"):
        return base64.b64decode(auth, validate=True).decode()
    if "username" in entry:
        return f"{entry['username']}:{entry['password']}"
    if has_store:
        raise _needs_helper(path)
    return ""


def _needs_helper(path: Path) -> StoreError:
    remedy = "Log in with 'auths' in a file of its own, and name its folder by DOCKER_CONFIG"
    return StoreError(path, "keeps this registry's password in a helper program", remedy)
