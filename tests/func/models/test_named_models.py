from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest

from func.errors import NotLoadedError, OverloadedError, UnavailableError
from func.models import named_models
from func.models.named_models import MAX_PENDING_LOADS, NamedModels
from func.models.served_model import NoSuchModelError, ServedModel
from func.settings import Settings
from model.errors import StoreUnavailableError
from tests.func.models.conftest import Tasks
from tests.support.timeouts import TIMEOUT_S

DIGESTS = [f"{number:064x}" for number in range(20)]
SIZE = 100


class FakeSource:
    """Pointers that tests set; a model is as large as its test says."""

    def __init__(self, model) -> None:
        self.pointers: dict[str, str] = {}
        self.errors: list[Exception] = []
        self.loads: list[tuple[str, str]] = []
        self.encoder = ("", 0)
        self.during_load: Callable[[], object] = lambda: None
        self._model = model

    def current(self, name: str) -> str | None:
        return self.pointers.get(name)

    def load(self, name: str, digest: str) -> ServedModel:
        self.loads.append((name, digest))
        self.during_load()
        if self.errors:
            raise self.errors.pop(0)
        return ServedModel(name, digest, self._model, SIZE, self.encoder)


class DroppingThreads(Tasks):
    """A thread for each function but the first, whose requests leave before it begins.

    Attributes:
        drop: has them leave.
        submitted: the number of functions.
    """

    def __init__(self) -> None:
        super().__init__()
        self.drop: Callable[[], object] = lambda: None
        self.submitted = 0

    def submit(self, task: Callable[[], None]) -> None:
        self.append(task)
        self.submitted += 1
        target = self.drop if self.submitted == 1 else task
        threading.Thread(target=target).start()


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def source(small_model) -> FakeSource:
    """A source with three published models."""
    source = FakeSource(small_model)
    source.pointers = {"acme": DIGESTS[0], "bolt": DIGESTS[1], "cord": DIGESTS[2]}
    return source


@pytest.fixture
def clock() -> Clock:
    """A clock that tests move."""
    return Clock()


@pytest.fixture
def models(source, clock, tasks) -> NamedModels:
    """Models of which two fit into the memory, and whose loads wait in ``tasks``."""
    return NamedModels(source, max_bytes=2 * SIZE, refresh_s=30, threads=tasks, clock=clock)


def run(tasks: Tasks) -> None:
    while tasks:
        tasks.pop(0)()


def begin(models: NamedModels, name: str) -> Future[None]:
    """Begin the load that a request for a model would wait for."""
    with pytest.raises(NotLoadedError) as caught:
        models.find(name)
    return caught.value.load()


def load(models: NamedModels, tasks: Tasks, name: str) -> ServedModel:
    """Have a model loaded, and return it."""
    loading = begin(models, name)
    run(tasks)
    assert loading.done()
    return models.find(name)


def events(models: NamedModels) -> Any:
    return models.counts().events


def test_a_model_is_loaded_on_first_use(models, source, tasks):
    """The first request starts the load, and finds the model when that has ended."""
    served = load(models, tasks, "acme")
    assert (served.name, served.version) == ("acme", DIGESTS[0][:12])
    assert source.loads == [("acme", DIGESTS[0])]
    assert events(models) == {("acme", "loaded"): 1}


def test_requests_at_once_share_a_load(models, source, tasks):
    """A flood of first requests loads the model once."""
    loads = {begin(models, "acme") for _ in range(100)}
    assert (len(loads), len(tasks)) == (1, 1)
    run(tasks)
    assert len(source.loads) == 1


def test_a_look_at_a_model_begins_no_load(models, tasks):
    """Whoever can't wait for the load has not caused one."""
    with pytest.raises(NotLoadedError):
        models.find("acme")
    assert tasks == []


def test_the_number_of_pending_loads_is_bounded(models, tasks):
    """Invented names take neither memory nor, once the loads have ended, the place of others."""
    for number in range(MAX_PENDING_LOADS):
        begin(models, f"invented-{number}")
    with pytest.raises(OverloadedError):
        begin(models, "acme")
    assert begin(models, "invented-0") is begin(models, "invented-0")
    assert len(tasks) == MAX_PENDING_LOADS
    run(tasks)
    assert load(models, tasks, "acme").digest == DIGESTS[0]


def test_a_load_that_is_cancelled_before_it_begins_takes_no_place(models, source, tasks):
    """The store is not asked for it, and a later request begins another one."""
    for number in range(2 * MAX_PENDING_LOADS):
        begin(models, f"invented-{number}").cancel()
    begin(models, "bolt").cancel()
    assert tasks == []
    load(models, tasks, "bolt")
    assert source.loads == [("bolt", DIGESTS[1])]


def test_a_load_that_is_cancelled_as_a_thread_takes_it_does_nothing(models, source, tasks):
    """The thread goes on with the next one."""
    loading = begin(models, "acme")
    taken = tasks.pop()
    loading.cancel()
    taken()
    assert source.loads == []
    assert load(models, tasks, "acme").digest == DIGESTS[0]


def test_a_load_that_has_begun_can_not_be_cancelled(models, source, tasks):
    """Its model is kept for the next request."""
    loading = begin(models, "acme")
    source.during_load = loading.cancel
    run(tasks)
    assert not loading.cancelled()
    assert models.find("acme").digest == DIGESTS[0]


def test_an_unknown_name_is_not_found(models, tasks):
    """The store is asked once for a time, and no name is counted."""
    begin(models, "unknown")
    run(tasks)
    for _ in range(10):
        with pytest.raises(NoSuchModelError):
            models.find("unknown")
    assert tasks == []
    assert events(models) == {}


@pytest.mark.parametrize("name", ["..", "a/b", "", "blobs", "a" * 200])
def test_an_invalid_name_is_not_looked_up(models, tasks, name):
    """A name that can't be a part of a path names no model."""
    with pytest.raises(NoSuchModelError):
        models.find(name)
    assert tasks == []


@pytest.mark.parametrize("error", [StoreUnavailableError("s3://b", "is gone"), RuntimeError()])
def test_a_broken_model_is_unavailable_and_tried_again(models, source, clock, tasks, caplog, error):
    """The reason is logged once for each try."""
    source.errors = [error]
    begin(models, "acme")
    run(tasks)
    for _ in range(10):
        with pytest.raises(UnavailableError):
            models.find("acme")
    assert len(caplog.messages) == 1
    assert caplog.messages[0].startswith("Model acme is not available")
    clock.now = 31
    assert load(models, tasks, "acme").digest == DIGESTS[0]
    assert events(models) == {("acme", "failed"): 1, ("acme", "loaded"): 1}


def test_a_model_that_is_published_later_is_found(models, source, clock, tasks):
    """An unknown name is looked up again after the time of a refresh."""
    begin(models, "new")
    run(tasks)
    source.pointers["new"] = DIGESTS[5]
    clock.now = 31
    assert load(models, tasks, "new").digest == DIGESTS[5]


def test_the_least_recently_used_model_leaves(models, tasks):
    """The memory holds two models; the one that was used last stays."""
    load(models, tasks, "acme")
    load(models, tasks, "bolt")
    models.find("acme")
    load(models, tasks, "cord")
    assert models.find("acme").name == "acme"
    with pytest.raises(NotLoadedError):
        models.find("bolt")
    counts = models.counts()
    assert (counts.models, counts.size) == (2, 2 * SIZE)
    assert counts.events["bolt", "evicted"] == 1


def test_an_encoder_that_models_share_counts_once(source, tasks):
    """Two models and one encoder fit into a memory for three; another encoder does not."""
    models = NamedModels(source, max_bytes=3 * SIZE, refresh_s=30, threads=tasks)
    source.encoder = ("one", SIZE)
    load(models, tasks, "acme")
    load(models, tasks, "bolt")
    shared = models.counts()
    source.encoder = ("other", SIZE)
    load(models, tasks, "cord")
    assert (shared.models, shared.size) == (2, 3 * SIZE)
    assert (models.counts().models, models.counts().size) == (1, 2 * SIZE)


def test_a_model_larger_than_the_memory_is_served_alone(source, tasks):
    """The model that was used last always stays."""
    models = NamedModels(source, max_bytes=1, refresh_s=30, threads=tasks)
    load(models, tasks, "acme")
    load(models, tasks, "bolt")
    assert models.find("bolt").name == "bolt"
    assert models.counts().models == 1


def test_a_newer_version_takes_over_without_a_wait(models, source, clock, tasks):
    """The request that has the pointer read again gets the old version."""
    load(models, tasks, "acme")
    source.pointers["acme"] = DIGESTS[9]
    clock.now = 29
    assert (models.find("acme").digest, tasks) == (DIGESTS[0], [])
    clock.now = 30
    assert models.find("acme").digest == DIGESTS[0]
    assert models.find("acme").digest == DIGESTS[0]
    assert len(tasks) == 1
    run(tasks)
    assert models.find("acme").digest == DIGESTS[9]
    assert events(models) == {("acme", "loaded"): 1, ("acme", "replaced"): 1}


def test_an_unchanged_pointer_loads_nothing(models, source, clock, tasks):
    """After a look at the pointer, the next one is due only after the time of a refresh."""
    load(models, tasks, "acme")
    clock.now = 30
    models.find("acme")
    run(tasks)
    clock.now = 59
    models.find("acme")
    assert tasks == []
    assert len(source.loads) == 1


def test_a_version_that_fails_leaves_the_old_one(models, source, clock, tasks, caplog):
    """The log and a counter say so, and the new version is tried again later."""
    load(models, tasks, "acme")
    source.pointers["acme"], source.errors = DIGESTS[9], [StoreUnavailableError("s3://b", "broke")]
    clock.now = 30
    models.find("acme")
    run(tasks)
    assert models.find("acme").digest == DIGESTS[0]
    assert events(models)["acme", "kept"] == 1
    assert caplog.messages[0].startswith("Model acme is not available: s3://b broke")
    clock.now = 60
    models.find("acme")
    run(tasks)
    assert models.find("acme").digest == DIGESTS[9]


def test_a_name_that_is_taken_back_is_not_found(models, source, clock, tasks):
    """A model whose pointer is gone is no longer served."""
    load(models, tasks, "acme")
    del source.pointers["acme"]
    clock.now = 30
    models.find("acme")
    run(tasks)
    begin(models, "acme")
    run(tasks)
    with pytest.raises(NoSuchModelError):
        models.find("acme")


def test_a_model_that_leaves_while_it_is_refreshed_is_kept_in_its_new_version(
    models, source, clock, tasks
):
    """A refresh ends well even if the model was evicted meanwhile."""
    load(models, tasks, "acme")
    source.pointers["acme"] = DIGESTS[9]
    clock.now = 30
    models.find("acme")
    refresh = tasks.pop()
    load(models, tasks, "bolt")
    load(models, tasks, "cord")
    refresh()
    assert models.find("acme").digest == DIGESTS[9]


def test_the_number_of_remembered_failures_is_bounded(models, tasks, monkeypatch):
    """Many unknown names take a bounded memory: the oldest one is forgotten."""
    monkeypatch.setattr(named_models, "MAX_FAILURES", 2)
    for name in ("one", "two", "three"):
        begin(models, name)
        run(tasks)
    with pytest.raises(NotLoadedError):
        models.find("one")
    for name in ("two", "three"):
        with pytest.raises(NoSuchModelError):
            models.find(name)


def test_waiting_returns_the_model(source, small_model):
    """A thread that may wait gets the model, loaded by another thread."""
    models = NamedModels(source, max_bytes=1000, refresh_s=30)
    assert models.wait_for("acme").model is small_model
    with pytest.raises(NoSuchModelError):
        models.wait_for("unknown")


def test_a_thread_whose_load_is_dropped_begins_another(source, small_model):
    """It shared the load with requests that have left."""
    threads = DroppingThreads()
    models = NamedModels(source, max_bytes=1000, refresh_s=30, threads=threads)
    threads.drop = lambda: begin(models, "acme").cancel()
    assert models.wait_for("acme").model is small_model
    assert (threads.submitted, len(source.loads)) == (2, 1)


def test_a_slow_model_delays_no_other(source):
    """While one model is being loaded, another one is loaded and served."""
    is_slow, may_go_on = threading.Event(), threading.Event()
    load_model = source.load

    def wait() -> None:
        is_slow.set()
        may_go_on.wait(TIMEOUT_S)

    def load_slowly(name: str, digest: str) -> Any:
        {"acme": wait}.get(name, lambda: None)()
        return load_model(name, digest)

    source.load = load_slowly
    models = NamedModels(source, max_bytes=1000, refresh_s=30)
    loading = begin(models, "acme")
    assert is_slow.wait(TIMEOUT_S)
    assert models.wait_for("bolt").name == "bolt"
    assert not loading.done()
    may_go_on.set()
    loading.result(TIMEOUT_S)
    assert models.find("acme").name == "acme"


def test_published_models_are_loaded_from_their_store(published, small_model):
    """MODELS_URI, MODELS_MEMORY_MB and MODELS_REFRESH_S make the models."""
    digest = published.publish("acme")
    settings = Settings(models_uri=str(published.folder), intent_threshold=0.25)
    served = NamedModels.from_settings(settings).wait_for("acme")
    assert served.digest == digest
    assert served.model.card.threshold == 0.25
    assert served.model.card.labels == small_model.card.labels
    assert served.size > 1000
