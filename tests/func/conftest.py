"""Fixtures: the app with the small model, and real servers."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from werkzeug.test import Client

from func.app import App
from func.handler import IntentFunction
from func.server.server import Server
from func.settings import Settings
from model.inference.intent_model import IntentModel
from model.inference.model_card import ModelCard
from model.inference.sklearn_scorer import PipelineScorer
from model.training.fitted_model import MODEL_NAME
from tests.support.servers import RunningServer, build_server
from tests.support.timeouts import TIMEOUT_S
from tests.support.tiny_embedding import TINY_SENTENCES


@pytest.fixture(scope="session")
def settings(small_folder: Path) -> Settings:
    """Settings whose model is the small model."""
    return Settings(model_path=small_folder / MODEL_NAME, max_text_length=200, max_batch_size=4)


@pytest.fixture(scope="session")
def unexplained_model() -> IntentModel:
    """A model that can't explain its predictions."""
    pipeline = make_pipeline(CountVectorizer(), KNeighborsClassifier(1))
    scorer = PipelineScorer(pipeline.fit(["hello", "bye"], ["greeting", "goodbye"]))
    return IntentModel(scorer, ModelCard(scorer.labels, ""))


@pytest.fixture
def client(small_model: IntentModel, settings: Settings) -> Client:
    """A client of the app with the small model."""
    return Client(App(IntentFunction(small_model, settings)))


@pytest.fixture
def acting_client(small_model: IntentModel, settings: Settings) -> Client:
    """A client of the app with a model whose known intents are all to be acted on."""
    card = replace(small_model.card, act_above=0.0)
    return Client(App(IntentFunction(IntentModel(small_model._scorer, card), settings)))


@pytest.fixture
def encoding_client(small_model: IntentModel, settings: Settings) -> Client:
    """A client of the app with a model that has a sentence encoder."""
    scorer: Any = copy.copy(small_model._scorer)
    scorer.encoder = TINY_SENTENCES
    return Client(App(IntentFunction(IntentModel(scorer, small_model.card), settings)))


@pytest.fixture
def start_server(small_folder: Path) -> Iterator[Callable[..., RunningServer]]:
    """Return a function that starts a server with the small model and other settings."""
    servers = []

    def start(*, is_measured: bool = False, **environ: str) -> RunningServer:
        environ.setdefault("MODEL_PATH", str(small_folder / MODEL_NAME))
        servers.append(RunningServer.start(environ, is_measured=is_measured))
        return servers[-1]

    yield start
    for server in servers:
        server.process.kill()
        server.wait()


@pytest.fixture
def in_process(small_model) -> Any:
    """Return a function that starts a server in a thread, so that tests can inspect connections."""
    started = []

    def start(**settings: Any) -> Server:
        server = build_server(small_model, **settings)
        thread = threading.Thread(target=server.run)
        thread.start()
        started.append((server, thread))
        return server

    yield start
    for server, thread in started:
        server.stop()
        thread.join(TIMEOUT_S)
        assert not thread.is_alive()


class Hold:
    """Blocks predictions at their start until they are released."""

    def __init__(self, model: IntentModel, monkeypatch: pytest.MonkeyPatch) -> None:
        self.is_held, self.may_go_on = threading.Event(), threading.Event()
        self._model, self._monkeypatch = model, monkeypatch

    def __enter__(self) -> threading.Event:
        predict = self._model.predict

        def wait(*args: Any, **options: Any) -> Any:
            self.is_held.set()
            self.may_go_on.wait(TIMEOUT_S)
            return predict(*args, **options)

        self._monkeypatch.setattr(self._model, "predict", wait)
        return self.is_held

    def __exit__(self, *_: object) -> None:
        self._monkeypatch.undo()
        self.may_go_on.set()


@pytest.fixture
def hold(small_model) -> Iterator[Hold]:
    """Return a function that blocks predictions until all requests of a test have been sent."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield Hold(small_model, monkeypatch)
