from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from model.bulk.progress import progress


@pytest.mark.parametrize(
    ("size", "line"),
    [
        pytest.param(1000, "600 rows, 50 a second, 50%, 0:00:12 left\n", id="file"),
        pytest.param(None, "600 rows, 50 a second\n", id="stream"),
    ],
)
def test_log_gets_a_line_now_and_then(size, line):
    """Every ten seconds a line states rows, their rate in this run, share and time left."""
    output = StringIO()
    times = iter([0.0, 5.0, 10.0, 10.0, 10.0, 10.0, 15.0])
    with progress(
        Console(file=output), size, offset=100, rows=100, clock=lambda: next(times)
    ) as report:
        report(200, 200)
        report(500, 600)

    assert output.getvalue() == line


@pytest.mark.parametrize("size", [pytest.param(1000, id="file"), pytest.param(None, id="stream")])
def test_terminal_gets_a_bar(size):
    """On a terminal a bar shows rows and rate."""
    output = StringIO()
    console = Console(file=output, force_terminal=True, width=100)
    with progress(console, size, offset=0, rows=0) as report:
        report(500, 1234)

    assert "1,234 rows, " in output.getvalue()
    assert ("50 %" in output.getvalue()) is (size is not None)
