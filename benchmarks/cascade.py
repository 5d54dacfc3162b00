"""Measure what a fallback's answers teach: ``python -m benchmarks.cascade``.

A model is trained on a part of the utterances. The rest comes in as messages; what the model is not
to be acted on is asked of a fallback that knows the true labels, ``model.review`` proposes its
answers, all of them are accepted, and the model is trained again. Needs CLINC150.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.table import Table

from benchmarks.data.corpus import (
    CLINC150,
    Utterance,
    out_of_scope,
    prepare_corpus,
    split_intents,
    write_utterances,
)
from benchmarks.reporting import results
from benchmarks.reporting.console import console, progress
from benchmarks.system.paths import WORK
from func.fallback.cascade import Cascade
from func.fallback.client import FallbackClient
from func.handler import IntentFunction
from func.messages import ParsedRequest
from func.protocols.json_api import render_predictions
from func.protocols.query import Query
from func.settings import Settings
from model import review, train
from model.inference.intent_model import IntentModel
from model.training.fitted_model import MODEL_NAME

FOLDER = WORK / "cascade"
UTTERANCES = 20  # of each intent that the first training has
MESSAGES = 40  # of each intent that come in
MAX_ERROR = 0.02
TIMEOUT_S = 600.0


class TrueLabels:
    """A fallback that answers by the true labels, as System One does."""

    def __init__(self, messages: Sequence[Utterance]) -> None:
        self._intents = {message.text: message.intent for message in messages}

    def post(self, body: bytes, _headers: dict[str, str], _deadline: float) -> bytes:
        """Return the answer to a question about a message."""
        intent = self._intents[json.loads(body)["state"]]
        answer = {"choice": intent, "probabilities": {intent: 1.0}}
        return json.dumps({"answers": {"intent": answer}}).encode()

    def close(self) -> None:
        """Do nothing: there is no connection."""


def main() -> int:
    """Run the command."""
    if not CLINC150.is_dir():
        console.print("CLINC150 is not there")
        return 1
    corpus = prepare_corpus()
    shutil.rmtree(FOLDER, ignore_errors=True)
    shutil.copytree(corpus.folder, FOLDER)
    first, others = split_intents(corpus.read("train"), UTTERANCES)
    messages, _ = split_intents(others, MESSAGES)
    write_utterances(FOLDER / "train.csv", first)
    tested = [*corpus.read("test"), *out_of_scope("test")]
    before = _train("before")
    log = FOLDER / "answers.jsonl"
    answers = _answer(before, [*messages, *out_of_scope("train")], log)
    _review(log)
    after = _train("after")
    rows = {"before": _acted(before, tested), "after": _acted(after, tested)}
    console.print(_table(rows, answers))
    measured = {"messages": answers, "tested": len(tested), "max_error": MAX_ERROR, **rows}
    console.print(f"Wrote {results.write('cascade', measured)}")
    return 0


def _train(name: str) -> IntentModel:
    progress(f"Training: {name}")
    output = FOLDER / name
    options = ("--data", FOLDER, "--output", output, "--max-error", MAX_ERROR)
    if train.main([*map(str, options)]):
        raise SystemExit(1)
    return IntentModel.load(output / MODEL_NAME)


def _answer(model: IntentModel, messages: Sequence[Utterance], log: Path) -> dict[str, int]:
    """Answer messages as the function does, log the answers, and return their numbers."""
    settings = Settings(fallback_timeout_s=TIMEOUT_S)
    client = FallbackClient(TrueLabels(messages), "systemone", settings)
    cascade = Cascade(client, low_confidence=settings.low_confidence)
    function = IntentFunction(model, settings, cascade=cascade)
    texts = [message.text for message in messages]
    query = Query(texts, is_batch=True)
    found: list[dict[str, Any]] = []

    def render(predictions: Any) -> Any:
        found.extend(render_predictions(query, predictions, model))

    function.respond([ParsedRequest(render, lambda _: None, texts, may_escalate=True)])
    rows = zip(texts, found, strict=True)
    log.write_text("".join(f"{json.dumps({'text': text} | answer)}\n" for text, answer in rows))
    asked = client.counts().results["answered"]
    return {"all": len(messages), "asked": asked}


def _review(log: Path) -> None:
    decisions, model = FOLDER / "decisions.csv", FOLDER / "before" / MODEL_NAME
    common = [str(log), "--model", str(model), "--below", "0", "--train", str(FOLDER / "train.csv")]
    for option in ("--propose", "--accept"):
        if review.main([*common, option, str(decisions)]):
            raise SystemExit(1)


def _acted(model: IntentModel, tested: Sequence[Utterance]) -> dict[str, float]:
    """Return the share of messages that are acted on, and the share of these that are wrong."""
    predictions = model.predict([utterance.text for utterance in tested])
    acted = [
        prediction.intent == utterance.intent
        for prediction, utterance in zip(predictions, tested, strict=True)
        if model.card.acts_on(prediction)
    ]
    wrong = acted.count(False) / max(1, len(acted))
    return {"acted": len(acted) / len(tested), "wrong": wrong}


def _table(rows: Mapping[str, Mapping[str, float]], answers: Mapping[str, int]) -> Table:
    title = f"{answers['asked']} of {answers['all']} messages asked of the fallback"
    table = Table("training", "acted on", "of these wrong", title=title)
    for name, row in rows.items():
        table.add_row(name, f"{row['acted']:.1%}", f"{row['wrong']:.1%}")
    return table


if __name__ == "__main__":
    sys.exit(main())
