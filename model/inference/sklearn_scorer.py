"""Score with a fitted scikit-learn pipeline."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from numpy.typing import NDArray

from model.errors import ArtifactBrokenError, ExplanationError
from model.inference.embedding_transformer import StaticVectors
from model.inference.prediction import Evidence


class PipelineScorer:
    """A scorer on a fitted Pipeline whose last step is a linear or probabilistic classifier."""

    def __init__(self, pipeline: Any) -> None:
        self.pipeline = pipeline
        self.labels = tuple(str(label) for label in pipeline.classes_)

    @classmethod
    def from_bytes(cls, content: bytes, path: Path) -> PipelineScorer:
        """Unpickle a pipeline. Executes what the pickle says: only for files that one trusts.

        Args:
            content: the file's bytes.
            path: where they come from, for the error.

        Raises:
            ArtifactBrokenError: no pickle, one of classes that are not installed, or no classifier.
        """
        try:
            pipeline = joblib.load(BytesIO(content))
        except Exception as error:  # a damaged pickle raises anything
            raise ArtifactBrokenError(path, "is not a readable joblib file") from error
        try:
            scorer = cls(pipeline)
            scores_each_label = scorer.logits([""]).shape == (1, len(scorer.labels))
        except Exception as error:  # whatever the pickle held, any error says the same
            raise ArtifactBrokenError(path, "holds no fitted classifier of texts") from error
        if not scores_each_label:
            raise ArtifactBrokenError(path, "does not give one score for each label")
        return scorer

    def logits(self, utterances: Sequence[str]) -> NDArray[np.float64]:
        """Score utterances: shape (utterances, labels).

        A binary classifier gives one score an utterance; it is split evenly over both labels,
        which leaves the softmax as it was. A classifier without ``decision_function`` gives
        the logarithms of its probabilities.
        """
        if not hasattr(self.pipeline, "decision_function"):
            probabilities = np.asarray(self.pipeline.predict_proba(utterances), dtype=np.float64)
            return np.log(np.maximum(probabilities, np.finfo(np.float64).tiny))
        scores = np.asarray(self.pipeline.decision_function(utterances), dtype=np.float64)
        return np.column_stack((-scores / 2, scores / 2)) if scores.ndim == 1 else scores

    def evidence(self, utterance: str, label_index: int) -> list[Evidence]:
        """Give what each n-gram added to one label's logit, in any order.

        An n-gram that several vectorizers saw, or a word whose static vector counts as well, is
        given once, with the sum.

        Raises:
            ExplanationError: the steps have no n-grams, or the last one no coefficients.
        """
        try:
            coefficients, ngrams = self._coefficients, self._ngrams
            row = self.pipeline[:-1].transform([utterance])
            contributions = zip(row.indices, row.data, strict=True)
        except (AttributeError, TypeError) as error:
            raise ExplanationError from error
        weights: dict[str, float] = {}
        if self._static_vectors is not None:
            of_dimensions = coefficients[label_index, len(ngrams) :]
            weights = self._static_vectors.contributions(utterance, of_dimensions)
        for index, value in contributions:
            if index < len(ngrams):
                ngram = ngrams[index]
                added = float(value * coefficients[label_index, index])
                weights[ngram] = weights.get(ngram, 0.0) + added
        return [Evidence(ngram, weight) for ngram, weight in weights.items()]

    @cached_property
    def _coefficients(self) -> NDArray[np.float64]:
        coefficients = self.pipeline[-1].coef_
        if len(coefficients) == 1:
            return np.vstack((-coefficients / 2, coefficients / 2))
        return np.asarray(coefficients)

    @cached_property
    def _static_vectors(self) -> StaticVectors | None:
        blocks = getattr(self.pipeline[0], "transformer_list", ())
        return next((step for _, step in blocks[-1:] if isinstance(step, StaticVectors)), None)

    @cached_property
    def _ngrams(self) -> list[str]:
        # FeatureUnion puts each vectorizer's name before its n-grams, as "word__reset".
        names = self.pipeline[:-1].get_feature_names_out()
        static = self._static_vectors
        dimensions = len(static.get_feature_names_out()) if static is not None else 0
        prefixes = tuple(
            f"{name}__" for name, _ in getattr(self.pipeline[0], "transformer_list", ())
        )
        return [
            next((name.removeprefix(p) for p in prefixes if name.startswith(p)), name)
            for name in names[: len(names) - dimensions]
        ]
