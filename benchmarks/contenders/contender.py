"""A contender: how to start it, request predictions, and read its responses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from model.learning.embeddings import Features


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """How a contender receives texts and returns intents.

    Attributes:
        path: path of the route.
        body: returns the JSON body for some texts.
        intents: returns each text's intent from the JSON of the response.
    """

    path: str
    body: Callable[[Sequence[str]], object]
    intents: Callable[[Any], list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """A server that classifies intents over HTTP.

    Attributes:
        name: the name to print.
        command: the command line, with ``{programs}`` for the folder of its environment's programs,
            and ``{port}``, ``{port_2}`` and ``{port_3}`` for free ports.
        environ: its environment variables, with the same placeholders, ``{model}`` and ``{root}``.
        requirements: the requirements to install; None for the project's own environment.
        files: files to copy to its working directory; None to run it in the project's root.
        single, batch: calls for one text and for several.
        has_model: whether it serves a model.
        features: those of a model that the project trains for it alone.
        encoder: a key of ``peers/minilm/encoders.py``, for a peer that serves MiniLM's vectors.
    """

    name: str
    command: tuple[str, ...]
    single: Call
    batch: Call | None = None
    environ: Mapping[str, str] = field(default_factory=dict)
    requirements: tuple[Path, ...] = ()
    files: Path | None = None
    has_model: bool = True
    features: Features = "tfidf"
    encoder: str | None = None

    @property
    def is_peer(self) -> bool:
        """Return whether it serves the scikit-learn pipeline from the joblib file."""
        return self.has_model and self.files is not None
