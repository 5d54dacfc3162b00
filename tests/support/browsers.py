"""The browser for tests of pages."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page

# The shell draws no window around a page, which costs Chromium two thirds of the time to open one.
CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium")
IS_REQUIRED = bool(os.environ.get("REQUIRE_BROWSER"))

needs_browser = pytest.mark.skipif(
    not CHROMIUM and not IS_REQUIRED,
    reason="tests of the pages are left out: there is no Chromium "
    "(apt-get install chromium-headless-shell)",
)
REFUSED = "Failed to load resource"  # Chromium's message for a response with an error status


@contextmanager
def watched(page: Page, ours: tuple[str, ...]) -> Iterator[None]:
    """Assert at the end that all requests went to ``ours``, and that no script has complained."""
    messages: list[str] = []
    urls: list[str] = []
    page.on("console", lambda message: messages.append(message.text))
    page.on("pageerror", lambda error: messages.append(str(error)))
    page.on("request", lambda request: urls.append(request.url))
    yield
    assert [url for url in urls if not url.startswith(ours)] == []
    assert [message for message in messages if not message.startswith(REFUSED)] == []
