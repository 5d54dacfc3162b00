"""Compile a fitted scikit-learn pipeline into flat arrays and vocabularies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.naive_bayes import BernoulliNB
from sklearn.pipeline import FeatureUnion, Pipeline

from model.compilation.linear_form import NAIVE_BAYES, check_fitted, linear_form, unsupported
from model.compilation.weight_packing import pack
from model.errors import CompilationError
from model.inference.compiled_pipeline import CompiledPipeline, Vocabulary, Weighting
from model.inference.embedding_transformer import EmbeddingTransformer
from model.inference.familiarity_union import FamiliarityUnion
from model.inference.neighbours import NEIGHBOUR_WEIGHTS
from model.inference.ngram_trie import NgramTrie
from model.inference.static_embedding import TextEmbedding, to_arrays
from model.inference.text_analysis import KEEP_MARKS, Accents, AnalyzerOptions

SEPARATORS = "\n\0\x1c\x1d\x1e\x1f"

Arrays = dict[str, NDArray[Any]]


def compile_pipeline(pipeline: Any) -> CompiledPipeline:
    """Compile a fitted pipeline into a form with the same scores.

    Args:
        pipeline: CountVectorizer, TfidfVectorizer and TfidfTransformer, in any FeatureUnion and
            Pipeline, before a linear classifier or a naive Bayes of counts. An
            EmbeddingTransformer may be the last block of a FeatureUnion before a linear classifier.

    Raises:
        CompilationError: a step or an option has no compiled form.
    """
    steps = _steps_of("model", pipeline)
    (name, classifier), features = steps[-1], _FeatureCompiler()
    features.add_steps("model", steps[:-1])
    coefficients, intercept = linear_form(name, classifier)
    if isinstance(classifier, BernoulliNB) and classifier.binarize is not None:
        features.add_weighting(0, above=float(classifier.binarize))
    ngram_count = sum(vocabulary.size for vocabulary in features.vocabularies)
    arrays, scales = pack(coefficients[:, :ngram_count])
    return CompiledPipeline(
        labels=tuple(str(label) for label in classifier.classes_),
        vocabularies=tuple(features.vocabularies),
        weightings=tuple(features.weightings),
        is_joint=isinstance(classifier, NAIVE_BAYES),
        familiarity=features.union.familiarity if features.union else None,
        scales=tuple(scales.tolist()),
        arrays={
            **features.arrays(),
            **features.vector_arrays(coefficients[:, ngram_count:]),
            **arrays,
            "intercept": intercept,
        },
    )


class _FeatureCompiler:
    """Collects the vocabularies and weightings of the steps before the classifier."""

    def __init__(self) -> None:
        self.vocabularies: list[Vocabulary] = []
        self.weightings: list[Weighting] = []
        self.union: FamiliarityUnion | None = None
        self._arrays: Arrays = {}
        self._idf: list[list[NDArray[Any]]] = []  # of each weighting, part by part
        self._embedding: TextEmbedding | None = None

    def arrays(self) -> Arrays:
        """Return the arrays of the vocabularies and weightings."""
        idf = {f"idf.{i}": np.concatenate(parts) for i, parts in enumerate(self._idf) if parts}
        return self._arrays | idf

    def vector_arrays(self, coefficients: NDArray[Any]) -> Arrays:
        """Return the arrays of the features after the n-grams with these coefficients."""
        if self._embedding is None:
            return {}
        dimensions = self._embedding.dimensions
        arrays = to_arrays(self._embedding, coefficients[:, :dimensions])
        if self.union is None:
            return arrays
        weights = coefficients[:, dimensions:].T.astype(np.float32)
        return arrays | self.union.neighbours.to_arrays() | {NEIGHBOUR_WEIGHTS: weights}

    def add_steps(self, name: str, steps: list[tuple[str, Any]]) -> None:
        """Add successive steps: one that counts n-grams, then those that weight them."""
        if not steps:
            raise CompilationError(name, "has no vectorizer before its classifier")
        first = len(self.vocabularies)
        self._add_source(*steps[0])
        for step_name, step in steps[1:]:
            if type(step) is not TfidfTransformer:
                raise unsupported(step_name, step)
            self._add_tfidf(first, step)

    def add_weighting(self, first: int, *, idf: NDArray[Any] | None = None, **options: Any) -> None:
        """Add a weighting of all vocabularies from the number ``first``."""
        self._check_order()
        end = len(self.vocabularies)
        # Equal weightings of adjacent vocabularies are merged, which is faster. For this, a
        # weighting without idf after one with idf gets an idf of ones.
        last = self.weightings[-1] if self.weightings else None
        adjacent = last if last and last.bounds[-1] == first else None
        if idf is None and adjacent and adjacent.has_idf:
            idf = np.ones(sum(each.size for each in self.vocabularies[first:]), np.float32)
        weighting = Weighting((first, end), has_idf=idf is not None, **options)
        if adjacent and replace(adjacent, bounds=weighting.bounds) == weighting:
            self.weightings[-1] = replace(weighting, bounds=(*adjacent.bounds, end))
        else:
            self.weightings.append(weighting)
            self._idf.append([])
        if idf is not None:
            self._idf[-1].append(np.asarray(idf))

    def _add_source(self, name: str, step: Any) -> None:
        if type(step) is FeatureUnion:
            self._add_union(step)
        elif type(step) is FamiliarityUnion and not self.vocabularies:
            self._add_union(step)
            self.union = step
        elif type(step) is Pipeline:
            self.add_steps(name, _steps_of(name, step))
        elif type(step) in {CountVectorizer, TfidfVectorizer}:
            self._add_vectorizer(name, step)
        elif type(step) is EmbeddingTransformer and self.vocabularies:
            self._check_order()
            self._embedding = step.embedding
        else:
            raise unsupported(name, step)

    def _add_union(self, union: Any) -> None:
        factors = union.transformer_weights or {}
        for name, step in union.transformer_list:
            if step == "drop":
                continue
            first = len(self.vocabularies)
            self._add_source(name, step)
            if name in factors:
                self.add_weighting(first, factor=float(factors[name]))

    def _add_vectorizer(self, name: str, vectorizer: Any) -> None:
        self._check_order()
        check_fitted(name, vectorizer)
        first = len(self.vocabularies)
        ngrams = sorted(vectorizer.vocabulary_, key=vectorizer.vocabulary_.__getitem__)
        options = _analyzer_options(name, vectorizer)
        units, trie = NgramTrie.of([_units_of(name, ngram, options) for ngram in ngrams])
        separator = _separator(name, units)
        text = separator.join(units).encode("utf-8", "surrogatepass")
        self._arrays |= {
            f"units.{first}": np.frombuffer(text, np.uint8),
            f"keys.{first}": trie.keys,
            f"columns.{first}": trie.columns,
        }
        self.vocabularies.append(Vocabulary(options, separator, len(ngrams)))
        if type(vectorizer) is TfidfVectorizer:
            self._add_tfidf(first, vectorizer._tfidf)

    def _check_order(self) -> None:
        if self._embedding is not None:
            raise CompilationError("vectors", "are not the last of the features")

    def _add_tfidf(self, first: int, transformer: Any) -> None:
        self.add_weighting(
            first,
            sublinear=bool(transformer.sublinear_tf),
            idf=getattr(transformer, "idf_", None),
            norm=transformer.norm,
        )


def _steps_of(name: str, pipeline: Any) -> list[tuple[str, Any]]:
    """Return the steps of a pipeline without placeholders."""
    if type(pipeline) is not Pipeline:
        raise CompilationError(name, f"is a {type(pipeline).__name__} instead of a Pipeline")
    steps = [(n, step) for n, step in pipeline.steps if step is not None and step != "passthrough"]
    if not steps:
        raise CompilationError(name, "has no steps")
    return steps


def _analyzer_options(name: str, vectorizer: Any) -> AnalyzerOptions:
    for option in ("analyzer", "preprocessor", "tokenizer"):
        if callable(getattr(vectorizer, option)):
            raise CompilationError(name, f"has a function of its own as {option}")
    if vectorizer.input != "content":
        raise CompilationError(name, f"reads its input by {vectorizer.input}")
    min_size, max_size = vectorizer.ngram_range
    return AnalyzerOptions(
        analyzer=vectorizer.analyzer,
        ngram_range=(int(min_size), int(max_size)),
        lowercase=bool(vectorizer.lowercase),
        strip_accents=_accents(name, vectorizer.strip_accents),
        token_pattern=vectorizer.token_pattern or "",
        stop_words=tuple(sorted(vectorizer.get_stop_words() or ())),
        binary=bool(vectorizer.binary),
    )


def _accents(name: str, method: Any) -> Accents:
    if not callable(method):
        return method or None
    form = (KEEP_MARKS.func, KEEP_MARKS.args)
    if isinstance(method, partial) and (method.func, method.args) == form:
        return "NFKC"
    raise CompilationError(name, "has a function of its own as strip_accents")


def _units_of(name: str, ngram: str, options: AnalyzerOptions) -> Sequence[str]:
    if options.analyzer != "word":
        return tuple(ngram) or ("",)
    if options.ngram_range == (1, 1):
        return (ngram,)
    if any(" " in word for word in options.splitter()(ngram)):
        raise CompilationError(name, "has n-grams of words that contain spaces")
    return ngram.split(" ")


def _separator(name: str, ngrams: list[str]) -> str:
    used = set().union(*ngrams)
    free = [separator for separator in SEPARATORS if separator not in used]
    if not free:
        raise CompilationError(name, "uses every control character that could separate n-grams")
    return free[0]
