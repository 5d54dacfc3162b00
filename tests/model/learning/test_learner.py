from __future__ import annotations

from dataclasses import replace
from itertools import chain

import numpy as np
import pytest

from model.errors import NoWordsError
from model.learning.ensemble import Hyperparameters
from model.learning.known_vectors import KnownVectors
from model.learning.learner import Learner
from model.learning.linear_model import Linear
from model.learning.training_set import TrainingSet
from tests.support.tiny_embedding import TINY, TINY_SENTENCES

TEXTS = ("where is my parcel", "where is my order", "reset my password", "new password please")
INTENTS = ("order_tracking", "order_tracking", "password_reset", "password_reset")
TRAINING_SET = TrainingSet(TEXTS, INTENTS)
PLAIN = Hyperparameters()
CONCENTRATED = Hyperparameters(is_concentrated=True)
JOINT = Hyperparameters(is_joint=True)


def learner_of(seed: int = 0) -> Learner:
    return Learner(TRAINING_SET, seed=seed)


def naive_bayes_of(learner: Learner) -> Linear:
    return learner.fit_base_models(PLAIN)[1]


@pytest.mark.parametrize(
    "hyperparameters", [PLAIN, CONCENTRATED, JOINT], ids=["plain", "concentrated", "joint"]
)
@pytest.mark.parametrize("number", [0, 1], ids=["svm", "naive_bayes"])
def test_each_base_model_separates_the_labels(number, hyperparameters):
    """Each base model classifies its training texts by their raw features."""
    learner = learner_of()

    scores = learner.fit_base_models(hyperparameters)[number].scores(
        learner.features.transform(TEXTS)
    )

    assert (scores.argmax(axis=1) == TRAINING_SET.targets).all()


def test_coefficients_are_bounded(monkeypatch):
    """With as many labels and n-grams as the memory allows, no more are learned from."""
    most = 4
    monkeypatch.setattr("model.learning.learner.MAX_COEFFICIENTS", most * len(TRAINING_SET.labels))

    learner = learner_of()

    assert all(0 < size <= most for size in learner.features.sizes.values())
    assert len(learner.fit_union().get_feature_names_out()) == learner.ngram_count


def test_a_joint_machine_is_another_one():
    """One machine of all labels has other weights than one of each label."""
    learner = Learner(TrainingSet(TEXTS, ("a", "b", "c", "d")), seed=0)

    each, joint = (learner.fit_base_models(of)[0] for of in (PLAIN, JOINT))

    assert np.abs(each.coefficients - joint.coefficients).max() > 0.1


@pytest.mark.parametrize("number", [0, 1], ids=["svm", "naive_bayes"])
def test_concentrated_n_grams_weigh_more(number):
    """With concentration, a word of one label weighs more against a word of both labels."""
    learner = learner_of()
    names = list(learner.fit_union().get_feature_names_out())
    columns = [names.index("word__where"), names.index("word__my")]

    def advantage(hyperparameters: Hyperparameters) -> float:
        of_one, of_all = np.abs(
            learner.fit_base_models(hyperparameters)[number].coefficients[0, columns]
        )
        return float(of_one / of_all)

    assert advantage(CONCENTRATED) > advantage(PLAIN)


@pytest.fixture(scope="module")
def with_vectors():
    """A learner whose texts have vectors."""
    vectors = KnownVectors(TINY, [*TEXTS, *chain(*TRAINING_SET.label_texts)])
    return Learner(replace(TRAINING_SET, embedding=vectors), seed=0)


def test_vectors_are_features_after_the_n_grams(with_vectors):
    """The vectors are the last features; a third base model uses them, and nothing else."""
    features = with_vectors.features.transform(TEXTS).toarray()
    count = with_vectors.ngram_count
    svm, naive_bayes, of_vectors = with_vectors.fit_base_models(PLAIN)

    assert count == learner_of().ngram_count == features.shape[1] - TINY.dimensions
    assert (features[:, count:] == TINY.transform(TEXTS)).all()
    assert not svm.coefficients[:, count:].any()
    assert not naive_bayes.coefficients[:, count:].any()
    assert of_vectors.coefficients[:, count:].all()
    assert not of_vectors.coefficients[:, :count].any()


def test_model_of_the_vectors_separates_the_labels(with_vectors):
    """The logistic regression classifies the training texts by their raw vectors."""
    scores = with_vectors.fit_base_models(PLAIN)[2].scores(with_vectors.features.transform(TEXTS))

    assert (scores.argmax(axis=1) == TRAINING_SET.targets).all()


def test_vectors_of_misspelt_copies_are_learned_from(monkeypatch):
    """A copy in other words, whose vector is another one, moves the model towards its label."""
    vectors = KnownVectors(TINY, TEXTS)

    def score_of_orders() -> float:
        learner = Learner(replace(TRAINING_SET, embedding=vectors), seed=0)
        _, _, of_vectors = learner.fit_base_models(PLAIN)
        return float(of_vectors.scores(learner.features.transform(["order order"]))[0, 1])

    without = score_of_orders()
    copies = {"new password please": "order order"}
    monkeypatch.setattr("model.learning.learner.misspelt_copy", lambda text: copies.get(text, text))

    assert score_of_orders() > without


def test_pipeline_computes_vectors_of_any_text(with_vectors):
    """The fitted features hold the embedding itself, which knows more than the training texts."""
    features = with_vectors.fit_union().transform(["an order"]).toarray()

    assert (features[:, with_vectors.ngram_count :] == TINY.transform(["an order"])).all()


def test_names_of_intents_are_training_utterances():
    """A word that occurs only in an intent's name speaks for that intent."""
    learner = learner_of()
    svm, naive_bayes = learner.fit_base_models(PLAIN)
    features = learner.features.transform(["tracking"])

    assert svm.scores(features).argmax() == 0
    assert naive_bayes.scores(features).argmax() == 0


def test_descriptions_of_intents_are_training_utterances():
    """A word that occurs only in an intent's description speaks for that intent."""
    described = {"password_reset": "forgot the secret"}
    learner = Learner(replace(TRAINING_SET, descriptions=described), seed=0)
    svm, naive_bayes = learner.fit_base_models(PLAIN)
    features = learner.features.transform(["secret"])

    assert svm.scores(features).argmax() == 1
    assert naive_bayes.scores(features).argmax() == 1


def test_same_texts_lead_to_the_same_model():
    """Misspelt copies depend on the texts alone, not on the seed."""
    first, second = (naive_bayes_of(learner_of(seed)).coefficients for seed in (0, 1))

    assert (first == second).all()


def test_detector_finds_what_is_out_of_scope():
    """The detector's score is larger for out-of-scope texts than for utterances."""
    learner = learner_of()
    others = ["what is the weather", "weather in rome"]

    detector = learner.fit_detector(others)

    inside, outside = (
        detector.scores(learner.features.transform(texts)) for texts in (TEXTS, others)
    )
    assert outside.min() > inside.max()


def test_without_multilingual_vectors_there_are_no_densities(with_vectors):
    """Neither n-grams alone nor English vectors are compared with single utterances."""
    assert with_vectors.log_densities(TEXTS) is None
    assert learner_of().log_densities(TEXTS) is None


def test_densities_are_features_after_multilingual_vectors():
    """Similar utterances speak for their intent where no word is known; known words need none."""
    others = ["parcel?", "what is the weather"]
    vectors = KnownVectors(
        TINY_SENTENCES, [*TEXTS, *chain(*TRAINING_SET.label_texts), *others, "paswords", "parcls"]
    )
    learner = Learner(replace(TRAINING_SET, embedding=vectors), seed=0)
    count = learner.ngram_count + TINY.dimensions

    features = learner.features.transform([*TEXTS, "paswords", "parcls"]).toarray()[:, count:]
    densities = features[:, :-1]
    svm, naive_bayes, of_vectors, of_densities = learner.fit_base_models(PLAIN)

    assert not features[: len(TEXTS)].any()
    assert densities[len(TEXTS) :].any(axis=1).all()
    assert not svm.coefficients[:, count:-1].any()
    assert not naive_bayes.coefficients[:, count:-1].any()
    assert not of_vectors.coefficients[:, count:].any()
    assert of_vectors.coefficients[:, learner.ngram_count : count].all()
    assert not of_densities.coefficients[:, :count].any()
    assert (np.diag(of_densities.coefficients[:, count:-1]) > 0).all()
    assert not of_densities.coefficients[:, -1].any()
    expected = learner.log_densities(["paswords", "parcls"])
    assert expected is not None
    np.testing.assert_allclose(densities[len(TEXTS) :], expected, rtol=1e-5)
    assert not learner.fit_detector(others).coefficients[:, count:].any()
    assert learner.fit_union().transform(TEXTS).shape[1] == count + len(TRAINING_SET.labels) + 1


@pytest.mark.parametrize("hyperparameters", [PLAIN, JOINT], ids=["plain", "joint"])
def test_n_grams_say_nothing_of_a_text_of_unknown_words(hyperparameters):
    """Whatever the frequencies of the labels, only its vector speaks for one of them."""
    vectors = KnownVectors(TINY_SENTENCES, [*TEXTS, *chain(*TRAINING_SET.label_texts), "paswords"])
    learner = Learner(replace(TRAINING_SET, embedding=vectors), np.arange(3), seed=0)

    svm, naive_bayes, *_ = learner.fit_base_models(hyperparameters)

    unknown = learner.features.transform(["paswords"])
    assert np.abs(svm.intercept).max() > 0.01
    np.testing.assert_allclose(svm.scores(unknown), 0, atol=1e-6)
    np.testing.assert_allclose(naive_bayes.scores(unknown), 0, atol=1e-6)


def test_texts_without_words_are_refused():
    """Signs alone are refused, whatever the names."""
    with pytest.raises(NoWordsError):
        Learner(TrainingSet(("!!", "??"), ("x", "y")), seed=0)
