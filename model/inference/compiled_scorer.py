"""Score utterances by a compiled pipeline, with numpy alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import chain, pairwise
from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from model.errors import InvalidCompiledFormError
from model.inference.compiled_pipeline import CompiledPipeline, Weighting
from model.inference.neighbours import SIMILAR
from model.inference.ngram_finder import Analyzer, NgramFinder
from model.inference.prediction import Evidence, to_evidence
from model.inference.spelling import Spelling
from model.inference.weights import Floats, Integers

if TYPE_CHECKING:  # most models have no encoder, and start faster without its code
    from model.inference.encoders.encoder_file import SentenceEncoder

# A batch is scored in chunks of about this many characters, which bounds the memory.
CHUNK_CHARACTERS = 16_384
MIN_LOG_PROBABILITY = float(np.log(np.finfo(np.float64).tiny))


class CompiledScorer:
    """Scores utterances by a compiled pipeline; thread-safe."""

    def __init__(
        self,
        compiled: CompiledPipeline,
        encoder: SentenceEncoder | None = None,
        *,
        is_compact: bool = False,
    ) -> None:
        """Prepare weights, weightings and n-gram lookup.

        Args:
            compiled: the pipeline.
            encoder: the sentence encoder that it names, if it names one.
            is_compact: whether to keep weights as a list, if the file has one: half the memory.

        Raises:
            InvalidCompiledFormError: parts of the pipeline contradict each other, or a number is
                not finite.
        """
        # The self-test may not use it, and then a text that does would get no probability.
        if not all(map(_is_finite, compiled.arrays.values())):
            raise InvalidCompiledFormError("holds a number that is not finite")
        self.labels = compiled.labels
        self.encoder = encoder
        self._compiled = compiled
        self._offsets = compiled.offsets()
        try:
            self._embedding_weights = compiled.embedding_weights(encoder)
            self._neighbour_weights = compiled.neighbour_weights(encoder)
            self._weights = compiled.weights(is_compact=is_compact)
            self._prepare()
        except Exception as error:  # a file with a valid checksum may still hold anything
            raise InvalidCompiledFormError("holds parts that do not fit together") from error

    def _prepare(self) -> None:
        compiled = self._compiled
        self._intercept = compiled.arrays["intercept"]
        self._layers = [
            _Layer(Weighting((number, number + 1), above=0.0), self._offsets, None)
            for number, vocabulary in enumerate(compiled.vocabularies)
            if vocabulary.options.binary
        ] + [
            _Layer(weighting, self._offsets, compiled.arrays.get(f"idf.{number}"))
            for number, weighting in enumerate(compiled.weightings)
        ]
        self._finder = NgramFinder()
        self._analyzers = list(map(self._analyzer, range(len(compiled.vocabularies))))
        for vocabulary, analyzer in zip(compiled.vocabularies, self._analyzers, strict=True):
            self._finder.add(vocabulary.options.normalization, analyzer)
        shapes = self._weights.shape, self._intercept.shape
        if shapes != ((self._offsets[-1], len(self.labels)), (len(self.labels),)):
            raise ValueError("The weights fit neither vocabularies nor labels")

    def logits(self, utterances: Sequence[str]) -> Floats:
        """Return the logits of utterances, shape (utterances, labels)."""
        scores = np.empty((len(utterances), len(self.labels)))
        end = 0
        for chunk in _chunks(utterances):
            start, end = end, end + len(chunk)
            scores[start:end] = self._weights.scores(*self._features(chunk))
        if self._neighbour_weights:
            factors = self._ngram_factors(utterances)
            scores *= factors[:, np.newaxis]
            scores += self._neighbour_weights.scores(utterances, 1 - factors)
        scores += self._intercept
        if self._embedding_weights:
            scores += self._embedding_weights.scores(utterances)
        return _log_probabilities(scores) if self._compiled.is_joint else scores

    def _ngram_factors(self, utterances: Sequence[str]) -> Floats:
        """Return the factor of each utterance's n-grams, 0 to 1."""
        familiarity = self._compiled.familiarity
        if familiarity is None:
            return np.ones(len(utterances))
        normalize = self._compiled.vocabularies[0].options.normalization
        words = self._analyzers[0]
        shares = [words.known_share(normalize(each)) for each in utterances]
        return familiarity.factors(np.array(shares))

    @cached_property
    def spelling(self) -> Spelling:
        """Corrects typos towards the words of the first vocabulary."""
        return Spelling(
            self._analyzers[0].known_units,
            self._compiled.vocabularies[0].options.normalization,
            self._embedding_weights.embedding.is_word if self._embedding_weights else None,
        )

    @property
    def first_evidence_work(self) -> int:
        """An estimate of the time to name all n-grams, in microseconds; 0 once they are named."""
        return 0 if "_ngrams" in vars(self) else self._offsets[-1]

    def evidence(self, utterance: str, label_index: int) -> list[Evidence]:
        """Return each n-gram's contribution to one label's logit, in any order.

        Contributions of equal n-grams and words, from several vocabularies or from vectors, are
        summed.
        """
        columns, values, _ = self._features([utterance])
        factor = float(self._ngram_factors([utterance])[0])
        weights = self._weights.of_label(columns, label_index) * values * factor
        ngrams = zip((self._ngrams[at] for at in columns), weights.tolist(), strict=True)
        embedding = self._embedding_weights
        words = embedding.contributions(utterance, label_index) if embedding else ()
        neighbours = self._neighbour_weights
        similar = (
            [(SIMILAR, neighbours.scores([utterance], np.array([1 - factor]))[0, label_index])]
            if neighbours and factor < 1
            else ()
        )
        return to_evidence(chain(words, similar, ngrams))

    @cached_property
    def _ngrams(self) -> list[str]:
        numbers = range(len(self._compiled.vocabularies))
        return list(chain.from_iterable(map(self._compiled.ngrams, numbers)))

    def _analyzer(self, number: int) -> Analyzer:
        units, trie = self._compiled.trie(number)
        options = self._compiled.vocabularies[number].options
        return Analyzer(options, units, trie, offset=self._offsets[number])

    def _features(self, utterances: Sequence[str]) -> tuple[Integers, Floats, list[int]]:
        """Return the columns and values of n-grams, and each utterance's end among them."""
        if len(utterances) == 1:
            columns, rows = self._finder.columns(utterances[0]), None
            starts = _run_starts(columns)
            ends = [len(starts) - 1]
        else:
            columns, all_ends = self._finder.columns_of(utterances)
            starts = _run_starts(columns, all_ends)
            counts = starts.searchsorted(all_ends)
            rows = np.arange(len(utterances)).repeat(np.diff(counts, prepend=0))
            ends = counts.tolist()
        columns = columns.take(starts[:-1])
        values = (starts[1:] - starts[:-1]).astype(np.float64)
        for layer in self._layers:
            layer.apply(rows, columns, values)
        return columns, values, ends


class _Layer:
    """A weighting with its columns and inverse document frequencies."""

    def __init__(
        self, weighting: Weighting, offsets: Sequence[int], idf: NDArray[Any] | None
    ) -> None:
        bounds = [offsets[number] for number in weighting.bounds]
        self._weighting, self._idf = weighting, idf
        self._first, *splits, self._end = bounds
        self._splits = np.array(splits, np.intp)
        self._covers_all = (self._first, self._end) == (0, offsets[-1])
        if weighting.has_idf and (idf is None or len(idf) != self._end - self._first):
            raise ValueError("The idf does not fit the vocabularies")

    def apply(self, rows: Integers | None, columns: Integers, values: Floats) -> None:
        """Weight the values of utterances' n-grams in place.

        Args:
            rows: the number of each value's utterance; None for a single utterance.
            columns: the n-gram of each value, ascending within an utterance.
            values: counts of n-grams, or values that another weighting computed from them.
        """
        if self._covers_all:
            self._weight(rows, columns, values)
        else:
            own = (columns >= self._first) & (columns < self._end)
            own_values = values[own]
            own_rows = None if rows is None else rows[own]
            self._weight(own_rows, columns[own], own_values)
            values[own] = own_values

    def _weight(self, rows: Integers | None, columns: Integers, values: Floats) -> None:
        weighting = self._weighting
        if weighting.sublinear:
            np.log(values, out=values)
            values += 1
        if self._idf is not None:
            values *= self._idf.take(columns - self._first)
        if weighting.norm:
            self._normalize(rows, columns, values)
        if weighting.above is not None:
            np.greater(values, weighting.above, out=values, casting="unsafe")
        if weighting.factor != 1:
            values *= weighting.factor

    def _normalize(self, rows: Integers | None, columns: Integers, values: Floats) -> None:
        """Divide the values in place by the norm of their utterance and part."""
        is_l2 = self._weighting.norm == "l2"
        if rows is None:
            bounds = (0, *columns.searchsorted(self._splits).tolist(), len(values))
            for start, end in pairwise(bounds):
                part = values[start:end]
                part /= (sqrt(part @ part) if is_l2 else float(np.abs(part).sum())) or 1.0
            return
        parts = rows * (len(self._splits) + 1)
        for split in self._splits:
            parts += columns >= split
        starts = _run_starts(parts)
        terms = values * values if is_l2 else np.abs(values)
        sums: NDArray[Any] = np.add.reduceat(terms, starts[:-1])
        sums[sums == 0] = 1
        values /= (np.sqrt(sums) if is_l2 else sums).repeat(starts[1:] - starts[:-1])


def _is_finite(array: NDArray[Any]) -> bool:
    return array.dtype.kind != "f" or bool(np.isfinite(array).all())


def _chunks(utterances: Sequence[str]) -> Iterator[list[str]]:
    """Yield utterances in chunks."""
    chunk: list[str] = []
    size = 0
    for utterance in utterances:
        chunk.append(utterance)
        size += len(utterance)
        if size >= CHUNK_CHARACTERS:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _run_starts(numbers: Integers, ends: Integers | int = -1) -> Integers:
    """Return where runs of equal numbers start, and the end of the last one.

    Args:
        numbers: of one or more utterances.
        ends: the end of each utterance, where a run ends; by default there is one utterance.
    """
    is_start = np.ones(len(numbers) + 1, bool)
    np.not_equal(numbers[1:], numbers[:-1], out=is_start[1:-1])
    is_start[ends] = True
    return is_start.nonzero()[0]


def _log_probabilities(joint: Floats) -> Floats:
    """Return normalized log probabilities, as scikit-learn's naive Bayes does."""
    largest = joint.max(axis=1, keepdims=True)
    totals = np.exp(joint - largest).sum(axis=1, keepdims=True)
    normalized: Floats = joint - largest - np.log(totals)
    return np.maximum(normalized, MIN_LOG_PROBABILITY, dtype=np.float64)
