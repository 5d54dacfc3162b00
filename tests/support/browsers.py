"""The browser for tests of pages."""

from __future__ import annotations

import os
import shutil

import pytest

CHROMIUM = shutil.which("chromium")
IS_REQUIRED = bool(os.environ.get("REQUIRE_BROWSER"))

needs_browser = pytest.mark.skipif(
    not CHROMIUM and not IS_REQUIRED,
    reason="tests of the pages are left out: there is no Chromium (apt-get install chromium)",
)
