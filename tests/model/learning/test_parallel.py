from __future__ import annotations

import os
from pathlib import Path
from threading import Barrier

import pytest

from model.learning.parallel import map_in_processes, map_in_threads
from tests.support.servers import wait_for
from tests.support.timeouts import TIMEOUT_S


def process_of(_: int) -> int:
    return os.getpid()


@pytest.fixture
def _two_processors(monkeypatch):
    monkeypatch.setattr("model.learning.parallel.cpu_count", lambda: 2)


@pytest.mark.parametrize("is_large", [False, True], ids=["small", "large"])
@pytest.mark.usefixtures("_two_processors")
def test_results_are_in_the_order_of_the_items(is_large):
    """The results come in the order of the items, from one process or several."""
    assert list(map_in_processes(abs, [-3, 1, -2], is_large=is_large)) == [3, 1, 2]


@pytest.mark.usefixtures("_two_processors")
def test_large_work_runs_in_other_processes():
    """Large work is done by other processes, small work by the caller's."""
    of_small = map_in_processes(process_of, [0, 1], is_large=False)
    of_large = map_in_processes(process_of, [0, 1], is_large=True)

    assert {*of_small} == {os.getpid()}
    assert os.getpid() not in of_large


@pytest.mark.usefixtures("_two_processors")
def test_a_single_item_starts_no_process():
    """The caller's process does the work that nothing runs beside."""
    assert list(map_in_processes(process_of, [0], is_large=True)) == [os.getpid()]
    assert list(map_in_processes(process_of, [], is_large=True)) == []


@pytest.mark.usefixtures("_two_processors")
def test_processes_start_before_results_are_asked_for(tmp_path):
    """The caller can do other work meanwhile."""
    paths = [tmp_path / "first", tmp_path / "second"]

    results = map_in_processes(Path.touch, paths, is_large=True)

    wait_for(lambda: all(path.exists() for path in paths))
    assert list(results) == [None, None]


def test_one_processor_starts_no_process(monkeypatch):
    """With a single processor, the caller's process does all work."""
    monkeypatch.setattr("model.learning.parallel.cpu_count", lambda: 1)

    assert {*map_in_processes(process_of, [0, 1], is_large=True)} == {os.getpid()}


@pytest.mark.usefixtures("_two_processors")
def test_threads_work_at_the_same_time():
    """Both calls wait for each other; the results come in the order of the items."""
    both = Barrier(2, timeout=TIMEOUT_S)

    def wait_for_the_other(number: int) -> int:
        both.wait()
        return number

    assert list(map_in_threads(wait_for_the_other, [2, 1])) == [2, 1]
