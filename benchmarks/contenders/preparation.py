"""Contenders that are ready to start: installed, and with a model that they can load."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.contenders.contender import Call, Contender
from benchmarks.contenders.environments import Environment, prepare_environment
from benchmarks.contenders.models import (
    classifier_of_vectors,
    model_for,
    model_of_peers,
    prepare_model,
)
from benchmarks.data.corpus import Corpus
from benchmarks.load.http_client import OK, Response, encode, exchange
from benchmarks.load.patterns import Pattern
from benchmarks.system.errors import ServerError
from benchmarks.system.paths import LOGS, ROOT, WORK
from benchmarks.system.ports import free_ports
from benchmarks.system.processes import Launch, Server

ANSWER_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class PreparedContender:
    """A contender with its environment and its model."""

    contender: Contender
    environment: Environment
    model: Path

    @property
    def name(self) -> str:
        """Return the name to print."""
        return self.contender.name

    def launch(self) -> Launch:
        """Return the launch of its command on ports that are free now."""
        port, port_2, port_3 = free_ports(3)
        values = {
            "root": ROOT,
            "programs": self.environment.programs,
            "model": self.model,
            "port": port,
            "port_2": port_2,
            "port_3": port_3,
        }
        contender = self.contender
        return Launch(
            command=[part.format_map(values) for part in contender.command],
            folder=self._lay_out(contender.files) if contender.files else ROOT,
            environ={key: text.format_map(values) for key, text in contender.environ.items()},
            port=port,
            log=LOGS / f"{self.name}.log",
        )

    def await_prediction(self, server: Server, text: str) -> float:
        """Wait for the first response that holds an intent; return the seconds since the start.

        Raises:
            ServerError: the server exited, or did not respond in time.
        """
        call = self.contender.single
        request = encode(call, [text])
        return server.await_prediction(
            request, lambda answer: len(_intents(call, answer, server)) == 1
        )

    def ask(self, server: Server, text: str) -> str:
        """Return the intent of one text.

        Raises:
            ServerError: the response holds no intent.
        """
        return self._ask(server, self.contender.single, [text])[0]

    def check(self, server: Server, pattern: Pattern, texts: Sequence[str]) -> None:
        """Check that a request of this pattern is answered with one intent for each text.

        Raises:
            ServerError: it is not.
        """
        self._ask(server, pattern.call(self.contender), texts[: pattern.batch_size])

    def _ask(self, server: Server, call: Call, texts: Sequence[str]) -> list[str]:
        answer = exchange(server.port, encode(call, texts), timeout_s=ANSWER_TIMEOUT_S)
        if answer.status != OK:
            raise ServerError(f"responded with status {answer.status}", server.log)
        intents = _intents(call, answer, server)
        if len(intents) != len(texts):
            raise ServerError(f"{len(intents)} intents for {len(texts)} texts", server.log)
        return intents

    def _lay_out(self, files: Path) -> Path:
        folder = WORK / "run" / self.name
        shutil.copytree(files, folder, dirs_exist_ok=True)
        link = folder / "model.joblib"
        link.unlink(missing_ok=True)
        link.symlink_to(self.model)
        return folder


def _intents(call: Call, answer: Response, server: Server) -> list[str]:
    try:
        return call.intents(json.loads(answer.body))
    except (LookupError, TypeError, ValueError) as error:
        raise ServerError(
            f"no intents in the response {answer.body[:200]!r}", server.log
        ) from error


def prepare_contender(
    contender: Contender, model: Path, corpus: Corpus, *, keep: bool = False
) -> PreparedContender:
    """Install a contender's requirements, and find or train a model that it can load.

    Args:
        contender: what to prepare.
        model: of n-grams, which most contenders serve.
        corpus: the training data of other models.
        keep: reuse existing models even if code or data have changed.

    Raises:
        PreparationError: the installation or the training failed.
    """
    requirements = contender.requirements
    name = requirements[-1].parent.name if requirements else "own"
    environment = prepare_environment(name, requirements)
    if contender.features != "tfidf":
        model = prepare_model(corpus, contender.features, keep=keep)
    elif contender.encoder:
        model = classifier_of_vectors(environment, contender.encoder, corpus)
    elif contender.is_peer:
        model = model_for(environment, name, model_of_peers(model), corpus)
    return PreparedContender(contender, environment, model)
