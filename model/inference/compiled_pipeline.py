"""The compiled form of a pipeline: what it holds, and how it lies in a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import accumulate
from typing import Any, Literal

from numpy.typing import NDArray

from model.errors import CompiledFormError
from model.inference.ngram_trie import NgramTrie
from model.inference.safetensors_file import ArrayFile
from model.inference.static_embedding import WEIGHTS, EmbeddingWeights
from model.inference.text_analysis import AnalyzerOptions, joint
from model.inference.weights import DenseWeights, SparseWeights

FORMAT = "intent-function/2"
COMPILED_SUFFIX = ".safetensors"


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The n-grams of one vectorizer.

    Attributes:
        options: how texts become n-grams.
        separator: stands between the units in the file, and in none of them.
        size: how many n-grams there are.
    """

    options: AnalyzerOptions
    separator: str
    size: int


@dataclass(frozen=True, slots=True)
class Weighting:
    """A step that turns counts of n-grams into values, over some successive vocabularies.

    What is set is applied in the order of the attributes.

    Attributes:
        bounds: numbers of vocabularies: where the first part begins, where each part ends and
            the next begins, where the last ends (excluded). Norms are taken part by part.
        sublinear: count c becomes 1 + ln(c).
        has_idf: each n-gram's values are multiplied by a factor of its own.
        norm: to which each utterance's values are scaled.
        above: values above it become 1, others 0.
        factor: of all values.
    """

    bounds: tuple[int, ...]
    sublinear: bool = False
    has_idf: bool = False
    norm: Literal["l1", "l2"] | None = None
    above: float | None = None
    factor: float = 1.0


@dataclass(frozen=True, slots=True)
class CompiledPipeline:
    """All that scoring needs of a fitted pipeline.

    Attributes:
        labels: the known intents, in the order of the scores.
        vocabularies: in the order of their columns.
        weightings: in the order in which they are applied.
        is_joint: the scores are joint log probabilities, which are to be normalised.
        step: what one unit of the weights is worth.
        arrays: ``units.N`` (UTF-8 text), ``keys.N`` and ``columns.N`` of vocabulary N (see
            ``model.inference.ngram_trie``), ``idf.N`` of weighting N, ``intercept``, and either
            ``weights``,
            shape (n-grams, padded labels), or the non-zero ones of them as ``weights.starts``,
            ``weights.labels`` and ``weights.values``. Where static vectors count, those of
            ``model.inference.static_embedding`` besides.
    """

    labels: tuple[str, ...]
    vocabularies: tuple[Vocabulary, ...]
    weightings: tuple[Weighting, ...]
    is_joint: bool
    step: float
    arrays: Mapping[str, NDArray[Any]]

    def to_bytes(self, *, model_sha256: str) -> bytes:
        """Give the content of the file that belongs to the pickle with this SHA-256."""
        description = {
            "labels": self.labels,
            "vocabularies": [asdict(vocabulary) for vocabulary in self.vocabularies],
            "weightings": [asdict(weighting) for weighting in self.weightings],
            "is_joint": self.is_joint,
            "step": self.step,
        }
        metadata = {
            "format": FORMAT,
            "model_sha256": model_sha256,
            "description": json.dumps(description),
        }
        return ArrayFile(self.arrays, metadata).to_bytes()

    @classmethod
    def from_bytes(cls, content: bytes, *, model_sha256: str) -> CompiledPipeline:
        """Read a file's content; the arrays are base_models of it, not copies.

        Raises:
            CompiledFormError: damaged, of another format, or of another pickle.
        """
        try:
            file = ArrayFile.from_bytes(content)
        except ValueError as error:
            raise CompiledFormError("is damaged") from error
        if file.metadata.get("format") != FORMAT:
            raise CompiledFormError("is of another version of this program")
        if file.metadata.get("model_sha256") != model_sha256:
            raise CompiledFormError("was made from another pickle")
        try:
            return cls._described(json.loads(file.metadata["description"]), file.arrays)
        except Exception as error:  # whatever a file holds that was sealed by somebody else
            raise CompiledFormError("describes no pipeline") from error

    @classmethod
    def _described(
        cls, description: dict[str, Any], arrays: Mapping[str, NDArray[Any]]
    ) -> CompiledPipeline:
        return cls(
            labels=tuple(description["labels"]),
            vocabularies=tuple(
                Vocabulary(AnalyzerOptions(**entry.pop("options")), **entry)
                for entry in description["vocabularies"]
            ),
            weightings=tuple(Weighting(**entry) for entry in description["weightings"]),
            is_joint=description["is_joint"],
            step=description["step"],
            arrays=arrays,
        )

    def offsets(self) -> list[int]:
        """Give the first column of each vocabulary, and the number of all columns at the end."""
        return list(accumulate((entry.size for entry in self.vocabularies), initial=0))

    def phrases(self, number: int) -> tuple[list[str], NgramTrie]:
        """Give a vocabulary's words or characters in the order of their numbers, and its n-grams.

        Raises:
            ValueError: they do not fit each other, or the vocabulary's size.
        """
        vocabulary = self.vocabularies[number]
        text = str(self.arrays[f"units.{number}"].data, "utf-8", "surrogatepass")
        units = text.split(vocabulary.separator)
        phrases = NgramTrie(self.arrays[f"keys.{number}"], self.arrays[f"columns.{number}"])
        phrases.check(len(set(units)), vocabulary.size)
        return units, phrases

    def ngrams(self, number: int) -> list[str]:
        """Give a vocabulary's n-grams as texts, in the order of their columns."""
        units, phrases = self.phrases(number)
        return list(map(joint(self.vocabularies[number].options).join, phrases.sequences(units)))

    def weights(self) -> DenseWeights | SparseWeights:
        """Give the weights, ready to score with."""
        label_count = len(self.labels)
        if "weights" in self.arrays:
            return DenseWeights(self.arrays["weights"], label_count=label_count, step=self.step)
        starts, labels, values = (
            self.arrays[f"weights.{part}"] for part in ("starts", "labels", "values")
        )
        return SparseWeights(
            starts, labels, values, label_count=label_count, step=self.step
        ).table()

    def embedding_weights(self) -> EmbeddingWeights | None:
        """Give the static vectors and their weights, if they count."""
        if WEIGHTS not in self.arrays:
            return None
        return EmbeddingWeights.from_arrays(self.arrays, label_count=len(self.labels))
