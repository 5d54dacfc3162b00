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

from model.errors import ArtifactBrokenError, EncoderError, ExplanationError, one_line
from model.inference.embedding_transformer import EmbeddingTransformer
from model.inference.encoders import ENCODER_NAME
from model.inference.encoders.encoder_file import SentenceEncoder
from model.inference.neighbours import SIMILAR
from model.inference.prediction import Evidence, to_evidence
from model.inference.spelling import Spelling


class PipelineScorer:
    """A scorer that uses a fitted Pipeline with a linear or probabilistic classifier."""

    def __init__(self, pipeline: Any) -> None:
        self.pipeline = pipeline
        self.labels = tuple(str(label) for label in pipeline.classes_)

    @classmethod
    def from_bytes(cls, content: bytes, path: Path) -> PipelineScorer:
        """Unpickle a pipeline; this executes code of the pickle, so the file must be trusted.

        Args:
            content: the file's bytes.
            path: the file, for errors.

        Raises:
            ArtifactBrokenError: the bytes are no pickle, need code that is not importable, or are
                no classifier that predicts one label a text.
        """
        try:
            SentenceEncoder.folder.set(path.parent)
            pipeline = joblib.load(BytesIO(content))
        except EncoderError as error:
            raise ArtifactBrokenError(path.with_name(ENCODER_NAME), error.reason) from error
        except (AttributeError, ImportError) as error:
            raise _needs_other_code(path, error) from error
        except Exception as error:  # a damaged pickle may raise anything
            reason = f"is not a readable joblib file ({one_line(error)})"
            raise ArtifactBrokenError(path, reason) from error
        try:
            is_multilabel = np.ndim(pipeline.predict([""])) > 1
            if not is_multilabel:
                scorer = cls(pipeline)
                has_logit_per_label = scorer.logits([""]).shape == (1, len(scorer.labels))
        except Exception as error:  # an object of any other class may raise anything
            raise ArtifactBrokenError(path, "holds no fitted classifier of texts") from error
        if is_multilabel:
            reason = "predicts several labels a text (it was fitted on an indicator matrix)"
            raise ArtifactBrokenError(path, reason, "Fit it on one label a text")
        if not has_logit_per_label:
            raise ArtifactBrokenError(path, "does not compute one score for each label")
        return scorer

    def logits(self, utterances: Sequence[str]) -> NDArray[np.float64]:
        """Return the logits of utterances, shape (utterances, labels).

        The one score of a binary classifier is split evenly over both labels, which leaves the
        softmax unchanged. Without a ``decision_function``, logits are log probabilities.
        """
        if not hasattr(self.pipeline, "decision_function"):
            probabilities = np.asarray(self.pipeline.predict_proba(utterances), dtype=np.float64)
            return np.log(np.maximum(probabilities, np.finfo(np.float64).tiny))
        scores = np.asarray(self.pipeline.decision_function(utterances), dtype=np.float64)
        return np.column_stack((-scores / 2, scores / 2)) if scores.ndim == 1 else scores

    @cached_property
    def spelling(self) -> Spelling:
        """Corrects typos towards the words of the first vectorizer."""
        _, words = self.pipeline[0].transformer_list[0]
        return Spelling(
            words.vocabulary_.keys(),
            words.build_preprocessor(),
            self._vectors.embedding.is_word if self._vectors else None,
        )

    @property
    def first_evidence_work(self) -> int:
        """0: the extra time is short beside the milliseconds that scikit-learn takes for a text."""
        return 0

    def evidence(self, utterance: str, label_index: int) -> list[Evidence]:
        """Return each n-gram's contribution to one label's logit, in any order.

        Contributions of equal n-grams and words, from several vectorizers or from vectors, are
        summed.

        Raises:
            ExplanationError: the features have no names, or the classifier no coefficients.
        """
        try:
            coefficients, ngrams = self._coefficients, self._ngrams
            row = self.pipeline[:-1].transform([utterance])
            values = list(zip(row.indices, row.data, strict=True))
        except (AttributeError, TypeError) as error:
            raise ExplanationError from error
        weights, count = coefficients[label_index], len(ngrams)
        known = [(ngrams[at], float(value * weights[at])) for at, value in values if at < count]
        if self._vectors is None:
            return to_evidence(known)
        # The vectors' dimensions follow the n-grams, and the neighbours' features follow these.
        end = count + self._vectors.embedding.dimensions
        words = self._vectors.embedding.contributions(utterance, weights[count:end])
        similar = [float(value * weights[at]) for at, value in values if at >= end]
        if similar:
            words.append((SIMILAR, sum(similar)))
        return to_evidence([*words, *known])

    @cached_property
    def _coefficients(self) -> NDArray[np.float64]:
        coefficients = self.pipeline[-1].coef_
        if len(coefficients) == 1:
            return np.vstack((-coefficients / 2, coefficients / 2))
        return np.asarray(coefficients)

    @cached_property
    def _vectors(self) -> EmbeddingTransformer | None:
        blocks = getattr(self.pipeline[0], "transformer_list", ())
        return next(
            (step for _, step in blocks[-1:] if isinstance(step, EmbeddingTransformer)), None
        )

    @cached_property
    def _neighbour_count(self) -> int:
        """The number of features after the vectors."""
        neighbours = getattr(self.pipeline[0], "neighbours", None)
        return neighbours.feature_count if neighbours else 0

    @property
    def encoder(self) -> SentenceEncoder | None:
        """The pipeline's sentence encoder, or None without one."""
        embedding = self._vectors.embedding if self._vectors else None
        return embedding if isinstance(embedding, SentenceEncoder) else None

    @cached_property
    def _ngrams(self) -> list[str]:
        # FeatureUnion prefixes n-grams with the vectorizer's name: "word__reset".
        names = self.pipeline[:-1].get_feature_names_out()
        dimensions = self._vectors.embedding.dimensions if self._vectors else 0
        prefixes = tuple(
            f"{name}__" for name, _ in getattr(self.pipeline[0], "transformer_list", ())
        )
        return [
            next((name.removeprefix(p) for p in prefixes if name.startswith(p)), name)
            for name in names[: len(names) - dimensions - self._neighbour_count]
        ]


def _needs_other_code(path: Path, error: Exception) -> ArtifactBrokenError:
    if "'model." in str(error):
        reason = f"was saved by another version of this program ({one_line(error)})"
        return ArtifactBrokenError(path, reason)
    reason = f"needs code that can't be imported ({one_line(error)})"
    remedy = "Make it importable where the model is loaded, or train a pipeline without it"
    return ArtifactBrokenError(path, reason, remedy)
