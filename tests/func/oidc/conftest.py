"""Fixtures: an issuer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.oidc.issuer import Issuer, issuer_server


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    """An issuer that answers."""
    with issuer_server() as issuer:
        yield issuer
