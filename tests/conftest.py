"""Fixtures: a small model for quick tests, and the shipped one, trained by the real command."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright
from threadpoolctl import threadpool_limits

from benchmarks.system.s3_server import S3Server
from model.datasets.dataset import Dataset
from model.datasets.readers import Example
from model.inference.intent_model import IntentModel
from model.store.model_files import ModelFiles
from model.training.fitted_model import MODEL_NAME, TrainedModel
from model.training.record import Options
from model.training.trainer import train
from tests.support.browsers import CHROMIUM
from tests.support.paths import ROOT
from tests.support.processes import unmeasured
from tests.support.small_data import SMALL_DATA
from tests.support.stores.azure import azure_storage
from tests.support.stores.google import google_storage
from tests.support.stores.registry import Registry, serving_registry
from tests.support.stores.web import WebStore, web_store

# A background command starts with SIGINT ignored (`make test &`) or SIGHUP (nohup).
# Children inherit this, and Python then installs no handler: a process could not be interrupted.
# Reset both for the test processes and for all that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# Containers often forbid to keep compiled modules. Each process of a test would then compile all
# that it imports once more, which for scikit-learn takes longer than the test.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# There is a test process a core: more threads of BLAS in it only wait for each other. This changes
# no variable that the processes of a test would inherit.
threadpool_limits(limits=1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the slow tests: at the end, no process waits long for the last test of another."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def made_once(
    tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]
) -> Path:
    """Return a folder that one test process of a run makes, while the others wait."""
    base = tmp_path_factory.getbasetemp()
    # The processes of a run share this parent folder; a single process keeps it between runs.
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    with Path(f"{folder}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            make(folder)
    return folder


@pytest.fixture(scope="session")
def small_dataset() -> Dataset:
    """Three intents of eight utterances each; two of each form the test."""
    examples = [
        Example(text, intent, Path("small.csv"), line)
        for intent, texts in SMALL_DATA.items()
        for line, text in enumerate(texts, start=2)
    ]
    train_part = tuple(example for example in examples if example.line < 8)
    test_part = tuple(example for example in examples if example.line >= 8)
    return Dataset(train_part, test_part, out_of_scope_test=("zzz qqq", "vwxyz"))


@pytest.fixture(scope="session")
def small_trained(small_dataset: Dataset) -> TrainedModel:
    """A model trained on the small data."""
    return train(small_dataset, Options(), progress=lambda _: None)


@pytest.fixture(scope="session")
def small_folder(small_trained: TrainedModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the small model; tests that change it work on a copy."""
    folder = tmp_path_factory.mktemp("small")
    small_trained.save(folder)
    return folder


@pytest.fixture(scope="session")
def small_model(small_folder: Path) -> IntentModel:
    """The small model, loaded as the function loads it."""
    return IntentModel.load(small_folder / MODEL_NAME)


@pytest.fixture(scope="session")
def sentence_folder(small_dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model of the small data that has a sentence encoder, of two languages."""

    def make(folder: Path) -> None:
        options = Options(features="use", languages=("en", "de"))
        train(small_dataset, options, progress=lambda _: None).save(folder)

    return made_once(tmp_path_factory, "sentence", make)


@pytest.fixture(scope="session")
def sentence_model(sentence_folder: Path) -> IntentModel:
    """The model with a sentence encoder, loaded."""
    return IntentModel.load(sentence_folder / MODEL_NAME)


@pytest.fixture(scope="session")
def shipped_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the shipped model."""

    def make(folder: Path) -> None:
        command = [sys.executable, "-m", "model.train", "--output", str(folder)]
        # Smaller trainings measure the coverage; this one would take half of its time again.
        subprocess.run(command, cwd=ROOT, env=unmeasured(), check=True, capture_output=True)

    return made_once(tmp_path_factory, "shipped", make)


@pytest.fixture(scope="session")
def shipped_model(shipped_folder: Path) -> IntentModel:
    """The shipped model, loaded as the function loads it."""
    return IntentModel.load(shipped_folder / MODEL_NAME)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real Chromium."""
    assert CHROMIUM, "Chromium is required: apt-get install chromium-headless-shell"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def small_files(small_folder: Path) -> ModelFiles:
    """The files of the small model that stores hold."""
    return ModelFiles.read(small_folder)


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A real S3 server."""
    with S3Server(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture(scope="session")
def google() -> Iterator[Mapping[str, str]]:
    """The variables for a Google Cloud Storage."""
    with google_storage() as environ:
        yield environ


@pytest.fixture(scope="session")
def azure() -> Iterator[Mapping[str, str]]:
    """The variables for an Azure Blob Storage."""
    with azure_storage() as environ:
        yield environ


@pytest.fixture(scope="session")
def aws(s3: S3Server) -> Mapping[str, str]:
    """The variables for the S3 server."""
    return s3.environ


@pytest.fixture(params=[("s3", "aws"), ("gs", "google"), ("az", "azure")], ids=lambda each: each[0])
def object_store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URI of a folder in each object store in turn, whose credentials are in the variables."""
    scheme, name = request.param
    for variable, value in request.getfixturevalue(name).items():
        monkeypatch.setenv(variable, value)
    return f"{scheme}://models/{request.node.name.partition('[')[0]}"


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WebStore]:
    """An HTTPS server whose authority is trusted."""
    with web_store(tmp_path) as store:
        monkeypatch.setenv("SSL_CERT_FILE", str(store.authority))
        yield store


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    """A registry, and no credentials for it."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    with serving_registry() as content:
        yield content
