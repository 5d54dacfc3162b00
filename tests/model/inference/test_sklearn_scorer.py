from __future__ import annotations

from io import BytesIO
from pathlib import Path

import joblib
import numpy as np
import pytest
from scipy.special import softmax
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfTransformer
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.svm import SVC, LinearSVC, OneClassSVM

from model.errors import ArtifactBrokenError, ExplanationError
from model.inference.embedding_transformer import EmbeddingTransformer
from model.inference.sklearn_scorer import PipelineScorer
from tests.support.tiny_embedding import TINY

TEXTS = ["hi", "hi you", "my order", "order it", "reset password", "my password"]
THREE = ["greeting", "greeting", "order", "order", "password", "password"]
FOUR = ["greeting", "hello", "order", "order", "password", "password"]
TWO = ["greeting", "greeting", "other", "other", "other", "other"]
UTTERANCES = ["hi", "my password order", "something else", ""]
PATH = Path("model.pkl")


def fitted(classifier=None, targets=THREE, features=None):
    pipeline = make_pipeline(features or CountVectorizer(), classifier or LogisticRegression())
    return pipeline.fit(TEXTS, targets)


def dump(content) -> bytes:
    buffer = BytesIO()
    joblib.dump(content, buffer)
    return buffer.getvalue()


class _FailsToUnpickle:
    def __reduce__(self):
        return int, ("no number",)


@pytest.mark.parametrize(
    ("classifier", "targets"),
    [
        pytest.param(LogisticRegression(), THREE, id="multiclass"),
        pytest.param(LogisticRegression(), TWO, id="binary"),
        pytest.param(MultinomialNB(), THREE, id="predict-proba-only"),
        pytest.param(MultinomialNB(), TWO, id="binary-predict-proba-only"),
    ],
)
def test_softmax_of_logits_is_the_predicted_probability(classifier, targets):
    """Logits have a column for each label, and their softmax is the classifier's probability."""
    pipeline = fitted(classifier, targets)
    scorer = PipelineScorer(pipeline)

    logits = scorer.logits(UTTERANCES)

    assert scorer.labels == tuple(sorted(set(targets)))
    assert logits.shape == (len(UTTERANCES), len(scorer.labels))
    assert logits.dtype == np.float64
    np.testing.assert_allclose(
        softmax(logits, axis=1), pipeline.predict_proba(UTTERANCES), atol=1e-12
    )


def test_multiclass_logits_are_the_decision_function():
    """A classifier's own scores are taken where it has them, offset included."""
    pipeline = fitted()

    logits = PipelineScorer(pipeline).logits(UTTERANCES)

    np.testing.assert_array_equal(logits, pipeline.decision_function(UTTERANCES))


@pytest.mark.parametrize(
    "classifier",
    [
        pytest.param(LogisticRegression(), id="decision-function"),
        pytest.param(MultinomialNB(), id="predict-proba-only"),
    ],
)
def test_logits_are_double_precision(classifier):
    """Logits are in double precision, even those of a pipeline that is in single precision."""
    pipeline = fitted(classifier, features=CountVectorizer(dtype=np.float32))

    assert PipelineScorer(pipeline).logits(UTTERANCES).dtype == np.float64


def test_probability_zero_is_a_finite_logit():
    """A label that the classifier rules out has a logit so low that its softmax is 0."""
    pipeline = fitted(KNeighborsClassifier(1))

    logits = PipelineScorer(pipeline).logits(["hi"])

    assert np.isfinite(logits).all()
    np.testing.assert_allclose(softmax(logits, axis=1), [[1.0, 0.0, 0.0]], atol=1e-300)


def test_labels_that_are_numbers_become_text():
    """Labels are text, whatever the pipeline was trained with."""
    assert PipelineScorer(fitted(targets=[7, 7, 8, 8, 9, 9])).labels == ("7", "8", "9")


@pytest.mark.parametrize(
    "classifier",
    [
        pytest.param(LogisticRegression(), id="both"),
        pytest.param(LinearSVC(), id="decision-function-only"),
        pytest.param(MultinomialNB(), id="predict-proba-only"),
    ],
)
def test_dumped_pipeline_scores_as_before(classifier):
    """A pipeline that was dumped and loaded has the same logits."""
    pipeline = fitted(classifier)

    scorer = PipelineScorer.from_bytes(dump(pipeline), PATH)

    np.testing.assert_array_equal(scorer.logits(TEXTS), PipelineScorer(pipeline).logits(TEXTS))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"", "is not a readable joblib file", id="empty"),
        pytest.param(b"garbage", "is not a readable joblib file", id="garbage"),
        pytest.param(dump(fitted())[:-100], "is not a readable joblib file", id="cut-off"),
        pytest.param(dump(_FailsToUnpickle()), "is not a readable joblib file", id="fails-to-load"),
        pytest.param(dump({"a": 1}), "holds no fitted classifier of texts", id="no-classifier"),
        pytest.param(
            dump(make_pipeline(CountVectorizer(), LogisticRegression())),
            "holds no fitted classifier of texts",
            id="not-fitted",
        ),
        pytest.param(
            dump(LogisticRegression().fit([[0.0], [1.0]], ["a", "b"])),
            "holds no fitted classifier of texts",
            id="classifier-of-numbers",
        ),
        pytest.param(
            dump(fitted(LinearRegression(), [1.0, 1.0, 2.0, 2.0, 3.0, 3.0])),
            "holds no fitted classifier of texts",
            id="regressor",
        ),
        pytest.param(
            dump(fitted(OneClassSVM(), None)),
            "holds no fitted classifier of texts",
            id="outlier-detector",
        ),
        pytest.param(
            dump(fitted(SVC(decision_function_shape="ovo"), [*FOUR])),
            "does not compute one score for each label",
            id="scores-of-pairs",
        ),
    ],
)
def test_content_that_is_no_classifier_is_refused(content, reason):
    """Bytes that are not a pickled classifier of texts are an error that names their file."""
    with pytest.raises(ArtifactBrokenError) as caught:
        PipelineScorer.from_bytes(content, PATH)

    assert str(caught.value).startswith(f"model.pkl {reason}")
    assert str(caught.value).endswith(". Train it again: make train.")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        pytest.param(
            b"cno_module\nX\n.", "ModuleNotFoundError: No module named 'no_module'", id="module"
        ),
        pytest.param(
            b"\x80\x04\x8c\x04json\x8c\x05mytok\x93.",
            "AttributeError: Can't get attribute 'mytok' on <module",
            id="name",
        ),
    ],
)
def test_code_that_can_not_be_imported_is_named(content, cause):
    """A pickle that needs a missing module or function is an error that names it."""
    with pytest.raises(ArtifactBrokenError) as caught:
        PipelineScorer.from_bytes(content, PATH)

    assert str(caught.value).startswith(f"model.pkl needs code that can't be imported ({cause}")
    assert caught.value.remedy == (
        "Make it importable where the model is loaded, or train a pipeline without it"
    )


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"cmodel.static_vectors\nStaticVectors\n.", id="module"),
        pytest.param(b"cmodel.inference.prediction\nFormer\n.", id="class"),
    ],
)
def test_pickle_of_another_version_asks_for_training(content):
    """A pickle that names a class of this project by a former path has to be trained again."""
    with pytest.raises(ArtifactBrokenError) as caught:
        PipelineScorer.from_bytes(content, PATH)

    assert caught.value.reason.startswith("was saved by another version of this program (")
    assert caught.value.remedy == "Train it again: make train"


@pytest.mark.parametrize(
    "classifier",
    [
        pytest.param(OneVsRestClassifier(LogisticRegression()), id="one-vs-rest"),
        pytest.param(RidgeClassifier(), id="ridge"),
        pytest.param(KNeighborsClassifier(1), id="nearest-neighbours"),
    ],
)
def test_pipeline_for_several_labels_is_refused(classifier):
    """A classifier that was fitted on an indicator matrix is refused, with the reason."""
    indicators = np.eye(3, dtype=int)[[0, 0, 1, 1, 2, 2]] | [1, 0, 0]
    indicators[2:4, 0] = 0

    with pytest.raises(ArtifactBrokenError) as caught:
        PipelineScorer.from_bytes(dump(fitted(classifier, indicators)), PATH)

    assert str(caught.value) == (
        "model.pkl predicts several labels a text (it was fitted on an indicator matrix). "
        "Fit it on one label a text."
    )


@pytest.mark.parametrize("label", range(3))
def test_evidence_adds_up_to_the_logit(label):
    """The contributions of the n-grams add up to the logit without the intercept."""
    pipeline = fitted()
    scorer = PipelineScorer(pipeline)

    evidence = scorer.evidence("my my password", label)

    assert {item.feature for item in evidence} == {"my", "password"}
    assert sum(item.weight for item in evidence) == pytest.approx(
        scorer.logits(["my my password"])[0, label] - pipeline[-1].intercept_[label]
    )


@pytest.mark.parametrize(
    ("label", "share"), [pytest.param(0, -0.5, id="first"), pytest.param(1, 0.5, id="second")]
)
def test_evidence_of_a_binary_classifier_adds_up_to_the_logit(label, share):
    """Each label of a binary classifier has half of the intercept and of each coefficient."""
    pipeline = fitted(targets=TWO)
    scorer = PipelineScorer(pipeline)

    evidence = scorer.evidence("my password", label)

    assert sum(item.weight for item in evidence) == pytest.approx(
        scorer.logits(["my password"])[0, label] - share * pipeline[-1].intercept_[0]
    )


def test_evidence_of_a_feature_union_is_merged():
    """Contributions of two vectorizers to one n-gram are summed under its plain name."""
    features = FeatureUnion(
        [
            ("word", CountVectorizer()),
            ("char", CountVectorizer(analyzer="char", ngram_range=(2, 2))),
        ]
    )
    pipeline = fitted(features=features)
    names = list(pipeline[:-1].get_feature_names_out())
    weights = pipeline[-1].coef_[0]

    [evidence] = PipelineScorer(pipeline).evidence("hi", 0)

    assert evidence.feature == "hi"
    assert evidence.weight == pytest.approx(
        weights[names.index("word__hi")] + weights[names.index("char__hi")]
    )


def test_evidence_of_a_single_vectorizer_is_named_as_it_is():
    """Without a union, n-grams keep their names even if they look like a union's."""
    features = CountVectorizer(analyzer=str.split)
    pipeline = make_pipeline(features, LogisticRegression()).fit(["word__hi", "bye"], ["a", "b"])

    assert [item.feature for item in PipelineScorer(pipeline).evidence("word__hi", 0)] == [
        "word__hi"
    ]


def test_evidence_reads_the_features_of_the_last_step():
    """With a step between vectorizer and classifier, evidence is computed from its output."""
    steps = CountVectorizer(), TfidfTransformer(), LogisticRegression()
    pipeline = make_pipeline(*steps).fit(TEXTS, THREE)
    scorer = PipelineScorer(pipeline)

    evidence = scorer.evidence("my password", 0)

    assert {item.feature for item in evidence} == {"my", "password"}
    assert sum(item.weight for item in evidence) == pytest.approx(
        scorer.logits(["my password"])[0, 0] - pipeline[-1].intercept_[0]
    )


def test_static_vectors_are_explained_by_words():
    """Contributions of a word's static vector and of its n-gram are summed."""
    features = FeatureUnion([("word", CountVectorizer()), ("static", EmbeddingTransformer(TINY))])
    pipeline = fitted(features=features)
    scorer = PipelineScorer(pipeline)

    evidence = scorer.evidence("my parcel", 1)

    assert sorted(item.feature for item in evidence) == ["my", "parcel"]
    assert sum(item.weight for item in evidence) == pytest.approx(
        scorer.logits(["my parcel"])[0, 1] - pipeline[-1].intercept_[1]
    )


def test_text_of_unknown_words_has_no_evidence():
    """A text without known n-grams has no evidence."""
    assert PipelineScorer(fitted()).evidence("something else", 0) == []


@pytest.mark.parametrize(
    "classifier",
    [
        pytest.param(MultinomialNB(), id="naive-bayes"),
        pytest.param(KNeighborsClassifier(1), id="nearest-neighbours"),
        pytest.param(SVC(kernel="linear"), id="sparse-coefficients"),
    ],
)
def test_classifier_without_coefficients_has_no_evidence(classifier):
    """A classifier that has no coefficients can't be explained."""
    with pytest.raises(ExplanationError):
        PipelineScorer(fitted(classifier)).evidence("hi", 0)


def test_features_without_names_have_no_evidence():
    """Hashed n-grams have no names and hence no evidence."""
    with pytest.raises(ExplanationError):
        PipelineScorer(fitted(features=HashingVectorizer(n_features=64))).evidence("hi", 0)
