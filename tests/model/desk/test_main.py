from __future__ import annotations

import re
import runpy
import signal
import sys
import webbrowser
from typing import NoReturn

import pytest
from werkzeug.serving import BaseWSGIServer

from model.desk import training
from model.desk.__main__ import main
from model.errors import InterruptionError
from tests.model.desk.conftest import QUICK


@pytest.fixture
def opened(monkeypatch):
    """The URLs that were opened; the server stops at once."""
    monkeypatch.setattr(training, "COMMAND", QUICK)
    urls: list[str] = []

    def stop(_: BaseWSGIServer) -> NoReturn:
        raise InterruptionError(signal.SIGINT)

    monkeypatch.setattr(BaseWSGIServer, "serve_forever", stop)
    monkeypatch.setattr(webbrowser, "open", urls.append)
    return urls


def test_the_command_prints_the_url_with_the_token(folder, opened, capsys):
    """Ctrl-C ends it without an error."""
    assert main(["--data", str(folder), "--port", "0"]) == 0
    output = capsys.readouterr().out
    assert re.search(r"http://127\.0\.0\.1:\d+/#[\w-]{40}", output)
    assert opened == []


def test_the_page_is_opened_on_request(folder, opened, capsys):
    """The browser gets the URL that is printed."""
    assert main(["--data", str(folder), "--port", "0", "--open"]) == 0
    [url] = opened
    assert url in capsys.readouterr().out


@pytest.mark.parametrize("port", ["65536", "-1", "x"])
def test_ports_that_do_not_exist_are_wrong_usage(port):
    """The command ends with 2."""
    with pytest.raises(SystemExit, match="2"):
        main([f"--port={port}"])


@pytest.mark.parametrize("module", ["model.desk", "model.desk.examination"])
def test_the_modules_are_commands(module, monkeypatch, capsys):
    """``python -m`` runs them."""
    monkeypatch.setattr("sys.argv", ["command", "--help"])
    for name in ("model.desk.__main__", "model.desk.examination"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    with pytest.raises(SystemExit, match="0"):
        runpy.run_module(module, run_name="__main__")
    assert module in capsys.readouterr().out


@pytest.mark.usefixtures("opened")
def test_data_that_cannot_be_edited_is_reported(tmp_path, capsys):
    """The command ends with 1 and a line."""
    assert main(["--data", str(tmp_path), "--port", "0"]) == 1
    assert "holds no file train" in capsys.readouterr().err
