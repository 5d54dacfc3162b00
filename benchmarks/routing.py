"""Measure this function beside local routers: ``python -m benchmarks.routing``.

All know 20 utterances of each of CLINC150's 150 intents. The function answers System One over HTTP.
semantic-router runs in process, as the library that it is. dev-double is a server of System One
that compares words: it shows how fast such a server is without a model. Needs CLINC150.
"""

from __future__ import annotations

import json
import random
import shutil
import statistics
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from rich.table import Table

from benchmarks.contenders.environments import prepare_environment
from benchmarks.data.corpus import (
    CLINC150,
    Utterance,
    out_of_scope,
    prepare_corpus,
    read_utterances,
    split_intents,
    write_utterances,
)
from benchmarks.load.closed_loop import Load
from benchmarks.load.http_client import HOST, encode_json, exchange
from benchmarks.reporting import results
from benchmarks.reporting.console import console, progress
from benchmarks.system import processes
from benchmarks.system.cpu_time import cpu_seconds
from benchmarks.system.function_server import serving
from benchmarks.system.paths import LOGS, PEERS, ROOT, WORK
from benchmarks.system.ports import free_ports
from benchmarks.system.processes import Launch, Server
from benchmarks.system.run_lock import acquire_run_lock
from benchmarks.system.subprocesses import run
from model import train
from model.evaluation.metrics import expected_calibration_error
from model.inference.prediction import OUT_OF_SCOPE

FOLDER = WORK / "routing"
UTTERANCES, CALIBRATION, TESTED = 20, 400, 500
SECONDS, TIMEOUT_S = 2.0, 30.0
CONNECTIONS = 8
MAX_OPTIONS = 26  # of dev-double
PATH = "/v1/systemone"

Answer = tuple[str, float]
Row = dict[str, Any]


def main() -> int:
    """Run the command."""
    if not CLINC150.is_dir():
        console.print("CLINC150 is not there")
        return 1
    acquire_run_lock()
    tested = _prepare()
    intents = sorted({each.intent for each in read_utterances(FOLDER / "train.csv")})
    rows = {
        "this function": _function(intents, tested),
        "semantic-router, WordLlama": _semantic_router(tested),
        "dev-double, by words": _dev_double(intents[:MAX_OPTIONS], tested),
    }
    console.print(_table(rows))
    console.print(f"Wrote {results.write('routing', rows)}")
    return 0


def _prepare() -> list[Utterance]:
    """Write training and calibration data; return the texts to test."""
    corpus = prepare_corpus()
    shutil.rmtree(FOLDER, ignore_errors=True)
    shutil.copytree(corpus.folder, FOLDER)
    first, others = split_intents(corpus.read("train"), UTTERANCES)
    write_utterances(FOLDER / "train.csv", first)
    rejected = out_of_scope("val")
    write_utterances(FOLDER / "out_of_scope_validation.csv", rejected)
    write_utterances(FOLDER / "calibration.csv", [*others[:CALIBRATION], *rejected])
    chance = random.Random(0)  # noqa: S311 - no secret
    tested = chance.sample([*corpus.read("test"), *out_of_scope("test")], TESTED)
    write_utterances(FOLDER / "tested.csv", tested)
    return tested


def _function(intents: Sequence[str], tested: Sequence[Utterance]) -> Row:
    progress("Training")
    if train.main(["--data", str(FOLDER), "--output", str(FOLDER / "model")]):
        raise SystemExit(1)
    with serving({}, FOLDER / "model") as server:
        requests = _questions([*intents, OUT_OF_SCOPE], tested)
        answers = []
        for request in requests:
            response = exchange(server.port, request, timeout_s=TIMEOUT_S)
            answer = json.loads(response.body)["answers"]["intent"]
            answers.append((answer["choice"], answer["probabilities"][answer["choice"]]))
        return _speed(server, requests) | _quality(answers, tested)


def _semantic_router(tested: Sequence[Utterance]) -> Row:
    folder = PEERS / "semantic-router"
    environment = prepare_environment("semantic-router", [folder / "requirements.txt"])
    progress("Calibrating semantic-router")
    run((environment.python, folder / "route_texts.py", FOLDER), log="semantic-router")
    rows = json.loads((FOLDER / "routed.json").read_text())
    seconds = [row[0] for row in rows]
    return {"cpu_ms": 1000 * statistics.median(seconds)} | _quality(
        [(row[1], row[2]) for row in rows], tested
    )


def _dev_double(options: Sequence[str], tested: Sequence[Utterance]) -> Row:
    requirements = PEERS / "dev-double" / "requirements.txt"
    environment = prepare_environment("dev-double", [requirements])
    requests = _questions(options, tested)
    with _serving_dev_double(str(environment.programs / "dev-double")) as server:
        server.await_prediction(requests[0], lambda _: True)
        return _speed(server, requests)


@contextmanager
def _serving_dev_double(program: str) -> Iterator[Server]:
    [port] = free_ports(1)
    command = (program, "serve", "--engine", "mock", "--host", HOST, "--port", str(port))
    log = LOGS / "dev-double.log"
    with processes.serving(
        Launch(command=command, folder=ROOT, environ={}, port=port, log=log)
    ) as server:
        yield server


def _questions(options: Sequence[str], tested: Sequence[Utterance]) -> list[bytes]:
    question = {"type": "choice", "instructions": "Intent?", "criteria": dict.fromkeys(options)}
    return [
        encode_json(
            PATH, {"model": "default", "state": each.text, "questions": {"intent": question}}
        )
        for each in tested
    ]


def _speed(server: Server, requests: Sequence[bytes]) -> Row:
    Load(server.port, requests, CONNECTIONS).run(SECONDS / 2)
    began = cpu_seconds(server.pid)
    alone = Load(server.port, requests, 1).run(SECONDS)
    together = Load(server.port, requests, CONNECTIONS).run(SECONDS)
    count = len(alone.latencies_ms) + len(together.latencies_ms)
    return {
        "cpu_ms": 1000 * (cpu_seconds(server.pid) - began) / count,
        "p50_ms": alone.percentile_ms(50),
        "requests_per_s": together.requests_per_s,
        "errors": dict(alone.errors + together.errors),
    }


def _quality(answers: Sequence[Answer], tested: Sequence[Utterance]) -> Row:
    right = [intent == each.intent for (intent, _), each in zip(answers, tested, strict=True)]
    is_known = [each.intent != OUT_OF_SCOPE for each in tested]
    confidences = np.array([confidence for _, confidence in answers])
    return {
        "accuracy": statistics.fmean(_where(right, is_known)),
        "out_of_scope_found": statistics.fmean(_where(right, [not each for each in is_known])),
        "calibration_error": float(expected_calibration_error(confidences, np.array(right))),
    }


def _where(values: Sequence[bool], selected: Sequence[bool]) -> Iterator[bool]:
    return (value for value, is_selected in zip(values, selected, strict=True) if is_selected)


def _table(rows: Mapping[str, Row]) -> Table:
    table = Table("router", "CPU ms", "p50 ms", "requests/s", "accuracy", "none found", "ECE")
    for name, row in rows.items():
        table.add_row(
            name,
            *(
                f"{row[key]:{form}}" if key in row else "—"
                for key, form in (
                    ("cpu_ms", ".2f"),
                    ("p50_ms", ".2f"),
                    ("requests_per_s", ",.0f"),
                    ("accuracy", ".1%"),
                    ("out_of_scope_found", ".1%"),
                    ("calibration_error", ".3f"),
                )
            ),
        )
    return table


if __name__ == "__main__":
    sys.exit(main())
