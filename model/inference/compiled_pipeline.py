"""The compiled form of a pipeline, and its file format."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from model.errors import CompiledFormError, InvalidCompiledFormError
from model.inference.familiarity import Familiarity
from model.inference.neighbours import NEIGHBOUR_WEIGHTS, Neighbours, NeighbourWeights
from model.inference.ngram_trie import NgramTrie
from model.inference.safetensors_file import ArrayFile
from model.inference.static_embedding import DIGEST, WEIGHTS, Embedding, EmbeddingWeights
from model.inference.text_analysis import AnalyzerOptions
from model.inference.weights import DenseWeights, SparseWeights

if TYPE_CHECKING:  # most models have no encoder, and start faster without its code
    from model.inference.encoders.encoder_file import SentenceEncoder

FORMAT = "intent-function/5"
COMPILED_SUFFIX = ".safetensors"
COMPILED_NAME = f"intent_model{COMPILED_SUFFIX}"


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The n-grams of one vectorizer.

    Attributes:
        options: how n-grams are extracted from texts.
        separator: separates the units in the file; no unit contains it.
        size: the number of n-grams.
    """

    options: AnalyzerOptions
    separator: str
    size: int


@dataclass(frozen=True, slots=True)
class Weighting:
    """A term weighting of the n-grams of consecutive vocabularies.

    The operations are applied in the order of the attributes.

    Attributes:
        bounds: numbers of vocabularies: the start of each part, and the end of the last one
            (exclusive). Each part has its own norm.
        sublinear: whether count c becomes 1 + ln(c).
        has_idf: whether each n-gram's values are multiplied by its inverse document frequency.
        norm: the norm by which each utterance's values are divided.
        above: the threshold above which values become 1, and others 0.
        factor: multiplies all values.
    """

    bounds: tuple[int, ...]
    sublinear: bool = False
    has_idf: bool = False
    norm: Literal["l1", "l2"] | None = None
    above: float | None = None
    factor: float = 1.0


@dataclass(frozen=True, slots=True)
class CompiledPipeline:
    """A fitted pipeline as flat arrays.

    Attributes:
        labels: the known intents, in the order of the scores.
        vocabularies: in the order of their columns.
        weightings: in the order in which they are applied.
        is_joint: whether the scores are joint log probabilities, not yet normalized.
        scales: the value of one unit of each label's weights.
        arrays: ``units.N`` (UTF-8 text), ``keys.N`` and ``columns.N`` of vocabulary N (see
            ``model.inference.ngram_trie``), ``idf.N`` of weighting N, ``intercept``, and either
            ``weights``, shape (n-grams, padded labels), or only the non-zero weights as
            ``weights.starts``, ``weights.labels`` and ``weights.values``. With static vectors,
            also the arrays of ``model.inference.static_embedding``; with a
            sentence encoder, ``sentence.digest``, the digest of its file.
            With neighbours, also the arrays of ``model.inference.neighbours`` and
            ``neighbours.weights``, shape (densities and a constant, labels).
        familiarity: how much n-grams count, by the share of what the first vocabulary knows;
            None if always in full.
    """

    labels: tuple[str, ...]
    vocabularies: tuple[Vocabulary, ...]
    weightings: tuple[Weighting, ...]
    is_joint: bool
    scales: tuple[float, ...]
    arrays: Mapping[str, NDArray[Any]]
    familiarity: Familiarity | None = None

    def to_bytes(self, *, model_sha256: str) -> bytes:
        """Return the content of a file that belongs to the pickle with this SHA-256."""
        description = {
            "labels": self.labels,
            "vocabularies": [asdict(vocabulary) for vocabulary in self.vocabularies],
            "weightings": [asdict(weighting) for weighting in self.weightings],
            "is_joint": self.is_joint,
            "scales": self.scales,
        }
        if self.familiarity:
            description["familiarity"] = asdict(self.familiarity)
        metadata = {
            "format": FORMAT,
            "model_sha256": model_sha256,
            "description": json.dumps(description),
        }
        return ArrayFile(self.arrays, metadata).to_bytes()

    @classmethod
    def from_bytes(
        cls, content: bytes, *, model_sha256: str, is_verified: bool = False
    ) -> CompiledPipeline:
        """Read a file's content; the arrays are views of it, not copies.

        Args:
            content: of the file.
            model_sha256: the SHA-256 of the pickle that it must belong to.
            is_verified: whether a digest has verified the content.

        Raises:
            CompiledFormError: the content is damaged, of another format, or of another pickle.
            InvalidCompiledFormError: its checksum is right, but it describes no pipeline.
        """
        try:
            file = ArrayFile.from_bytes(content, is_verified=is_verified)
        except ValueError as error:
            raise CompiledFormError("is damaged") from error
        if file.metadata.get("format") != FORMAT:
            raise CompiledFormError("is of another version of this program")
        if file.metadata.get("model_sha256") != model_sha256:
            raise CompiledFormError("was made from another pickle")
        try:
            return cls._from_description(json.loads(file.metadata["description"]), file.arrays)
        except Exception as error:  # a file with a valid checksum may still hold anything
            raise InvalidCompiledFormError("describes no pipeline") from error

    @classmethod
    def _from_description(
        cls, description: dict[str, Any], arrays: Mapping[str, NDArray[Any]]
    ) -> CompiledPipeline:
        labels, is_joint = tuple(description["labels"]), description["is_joint"]
        if not all(isinstance(label, str) for label in labels) or not isinstance(is_joint, bool):
            raise TypeError("A label is no text, or is_joint no boolean")
        scales = tuple(map(float, description["scales"]))
        if len(scales) != len(labels):
            raise ValueError("Not each label has a scale")
        familiarity = description.get("familiarity")
        return cls(
            labels=labels,
            vocabularies=tuple(
                Vocabulary(AnalyzerOptions(**entry.pop("options")), **entry)
                for entry in description["vocabularies"]
            ),
            weightings=tuple(Weighting(**entry) for entry in description["weightings"]),
            is_joint=is_joint,
            scales=scales,
            arrays=arrays,
            familiarity=Familiarity(**familiarity) if familiarity else None,
        )

    def offsets(self) -> list[int]:
        """Return the first column of each vocabulary, and the number of all columns at the end."""
        return list(accumulate((entry.size for entry in self.vocabularies), initial=0))

    def trie(self, number: int) -> tuple[list[str], NgramTrie]:
        """Return a vocabulary's units in the order of their numbers, and its n-grams.

        Raises:
            ValueError: they contradict each other, or the vocabulary's size.
        """
        vocabulary = self.vocabularies[number]
        text = str(self.arrays[f"units.{number}"].data, "utf-8", "surrogatepass")
        units = text.split(vocabulary.separator)
        trie = NgramTrie(self.arrays[f"keys.{number}"], self.arrays[f"columns.{number}"])
        trie.check(len(set(units)), vocabulary.size)
        return units, trie

    def ngrams(self, number: int) -> list[str]:
        """Return a vocabulary's n-grams as texts, in the order of their columns."""
        units, trie = self.trie(number)
        return list(map(self.vocabularies[number].options.joint.join, trie.sequences(units)))

    def weights(self, *, is_compact: bool = False) -> DenseWeights | SparseWeights:
        """Return the weights, as a table if that is small enough.

        Args:
            is_compact: whether to return no table of weights that the file has as a list.
        """
        scales = np.array(self.scales)
        if "weights" in self.arrays:
            return DenseWeights(self.arrays["weights"], scales)
        starts, labels, values = (
            self.arrays[f"weights.{part}"] for part in ("starts", "labels", "values")
        )
        weights = SparseWeights(starts, labels, values, scales)
        return weights if is_compact else weights.table()

    @property
    def encoder_digest(self) -> str:
        """The digest of the sentence encoder, or "" without one."""
        return self.arrays[DIGEST].tobytes().hex() if DIGEST in self.arrays else ""

    def embedding_weights(self, encoder: SentenceEncoder | None) -> EmbeddingWeights | None:
        """Return the texts' vectors and their weights, or None if the features have no vectors.

        Raises:
            KeyError, ValueError: the arrays contradict each other, or the encoder.
        """
        if WEIGHTS not in self.arrays:
            return None
        if (encoder.digest if encoder else "") != self.encoder_digest:
            raise ValueError("The sentence encoder is another one")
        embedding = encoder or Embedding.from_arrays(self.arrays)
        return EmbeddingWeights(embedding, self.arrays[WEIGHTS], label_count=len(self.labels))

    def neighbour_weights(self, encoder: SentenceEncoder | None) -> NeighbourWeights | None:
        """Return the weights of training vectors' features, or None without them.

        Raises:
            KeyError, ValueError: the arrays contradict each other, or the encoder is missing.
        """
        neighbours = Neighbours.from_arrays(self.arrays)
        if neighbours is None:
            return None
        if encoder is None:
            raise ValueError("The neighbours' encoder is missing")
        weights = self.arrays[NEIGHBOUR_WEIGHTS]
        return NeighbourWeights(encoder, neighbours, weights, label_count=len(self.labels))
