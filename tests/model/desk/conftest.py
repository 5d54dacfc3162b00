"""Fixtures of the tests of the desk: a small folder of data, and a session on it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from model.desk import training
from model.desk.app import create_app
from model.desk.session import Session

ACCESS = "secret"
TRAIN = """\
id,text,intent
1,hello,greeting
2,"hi, you",greeting
3,where is my order,order_tracking
4,lost my parcel,order_tracking
5,hello there,order_tracking
"""
DESCRIPTIONS = """\
intent,description,example
greeting,Says hello,hi
greeting,,hey
order_tracking,Asks for an order,
"""
# Stands in for the training, which takes seconds: prints a line, and writes results.
SCRIPT = """
import json, pathlib, sys
print("Fitting", flush=True)
result = {"findings": [], "neighbours": {"greeting": ["order_tracking"]}, "test_texts": []}
if "--before" in sys.argv:
    result["comparison"] = {"changed": 0}
pathlib.Path(sys.argv[2], "examination.json").write_text(json.dumps(result))
for name in ("intent_model.pkl", "model_card.json"):
    pathlib.Path(sys.argv[2], name).write_text(name)
"""
QUICK = (sys.executable, "-c", SCRIPT)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with training, test and contrast data."""
    data = tmp_path / "data"
    (data / "contrast_test").mkdir(parents=True)
    (data / "train.csv").write_text(TRAIN)
    (data / "test.csv").write_text("text,intent\nhey,greeting\nmy order,order_tracking\n")
    (data / "contrast_test" / "negation.csv").write_text("text,intent\nno hello,greeting\n")
    (data / "intent_descriptions.csv").write_text(DESCRIPTIONS)
    return data


@pytest.fixture
def session(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """A session on the folder, whose trainings end at once."""
    monkeypatch.setattr(training, "COMMAND", QUICK)
    session = Session(folder, tmp_path / "output")
    yield session
    session.training.close()


@pytest.fixture
def client(session: Session) -> FlaskClient:
    """A client of the app, from its own page and with the token."""
    client = create_app(session, ACCESS).test_client()
    client.environ_base |= {"HTTP_HOST": "127.0.0.1:8600", "HTTP_AUTHORIZATION": f"Bearer {ACCESS}"}
    return client
