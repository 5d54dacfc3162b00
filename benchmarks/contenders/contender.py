"""A contender: how it is started, called and read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """How texts are put to a contender.

    Attributes:
        path: where the request goes.
        body: gives the JSON of a request from texts.
        intents: finds each text's intent in the JSON of the answer.
    """

    path: str
    body: Callable[[Sequence[str]], object]
    intents: Callable[[Any], list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """Something that serves intents over HTTP.

    Attributes:
        name: as it is printed.
        command: starts it, with ``{programs}`` for the folder of its environment's programs,
            and ``{port}``, ``{port_2}`` and ``{port_3}`` for free ports.
        environ: variables that it needs, with the same, ``{model}`` and ``{root}``, the project's.
        requirements: what it needs installed; nothing: the project's own environment.
        files: are copied to the folder that it runs in; None: it runs in the project's root.
        single, batch: how it is asked for one text and for several.
        has_model: whether it answers by a model.
    """

    name: str
    command: tuple[str, ...]
    single: Call
    batch: Call | None = None
    environ: Mapping[str, str] = field(default_factory=dict)
    requirements: tuple[Path, ...] = ()
    files: Path | None = None
    has_model: bool = True

    @property
    def is_peer(self) -> bool:
        """Whether it serves the pipeline by scikit-learn, from the file that joblib wrote."""
        return self.has_model and self.files is not None
