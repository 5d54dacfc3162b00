"""Calls of a function in several processes or threads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from joblib import Parallel, cpu_count, delayed, parallel_config

Item = TypeVar("Item")
Result = TypeVar("Result")

# Each process holds a training set and several models.
MAX_PROCESSES = 4


def map_in_processes(
    function: Callable[[Item], Result], items: Iterable[Item], *, is_large: bool
) -> Iterator[Result]:
    """Return an iterator of each item's result, in order. Other processes, if any, start at once.

    liblinear's solvers share one random generator in a process, so that threads would change the
    results. The processes do not: each fit seeds its generator.

    Args:
        function: called with each item; function, items and results must be picklable.
        items: the arguments.
        is_large: whether the work is worth the start of processes, which takes seconds.
    """
    items = list(items)
    processes = min(MAX_PROCESSES, cpu_count()) if is_large and len(items) > 1 else 1
    if processes == 1:
        return map(function, items)
    with parallel_config("loky", n_jobs=processes, inner_max_num_threads=1):
        results: Iterator[Result] = Parallel(return_as="generator")(
            delayed(function)(item) for item in items
        )
    return results


def map_in_threads(function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """Yield the result of each item, in order, where numpy does most of the work.

    numpy releases the interpreter's lock, so that two threads take little more than half the time.
    """
    with ThreadPoolExecutor(min(MAX_PROCESSES, cpu_count())) as executor:
        yield from executor.map(function, items)
