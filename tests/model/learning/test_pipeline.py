from __future__ import annotations

import pickle

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.pipeline import FeatureUnion

from model.inference.familiarity_union import FamiliarityUnion
from model.inference.sklearn_scorer import PipelineScorer
from model.learning.linear_model import Linear
from model.learning.pipeline import (
    BLOCK_WEIGHTS,
    MANY_TEXTS,
    build_features,
    build_pipeline,
    features_for,
    fitted_pipeline,
)
from tests.support.tiny_embedding import TINY, TINY_NEIGHBOURS


@pytest.fixture(scope="module")
def fitted(small_dataset):
    texts = [example.text for example in small_dataset.train]
    return build_pipeline().fit(texts, [example.intent for example in small_dataset.train])


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        pytest.param("i fogot my pasword", "password_reset", id="typos"),
        pytest.param("WHERE IS MY PARCEL", "order_tracking", id="case"),
        pytest.param("trâck my örder", "order_tracking", id="accents"),
        pytest.param("hellooo", "greeting", id="word-form"),
    ],
)
def test_pipeline_classifies_texts_it_has_not_seen(fitted, text, intent):
    """A fitted pipeline finds the intent despite typos, case, accents and word forms."""
    assert list(fitted.predict([text])) == [intent]


def test_pipeline_reads_words_phrases_and_characters(fitted):
    """The features are words, of one letter too, word pairs, and character n-grams."""
    names = set(fitted[:-1].get_feature_names_out())

    assert {"word__i", "word__order", "word__my order", "char__ord", "char__ my"} <= names


def test_n_grams_are_of_bounded_length(fitted):
    """Word n-grams are of one or two words, character n-grams of two to five characters."""
    names = fitted[:-1].get_feature_names_out()
    words = [name.removeprefix("word__") for name in names if name.startswith("word__")]
    characters = [name.removeprefix("char__") for name in names if name.startswith("char__")]

    assert {len(ngram.split()) for ngram in words} == {1, 2}
    assert {len(ngram) for ngram in characters} == {2, 3, 4, 5}


def test_accents_make_no_other_features(fitted):
    """A text has the same features with accents and without, words and characters alike."""
    plain, accented = fitted[:-1].transform(["track my order", "trâck mý örder"]).toarray()

    np.testing.assert_array_equal(accented, plain)


@pytest.mark.parametrize(
    ("repeated", "other"),
    [
        pytest.param("word__my", "word__password", id="word"),
        pytest.param("char__my", "char__pas", id="character"),
    ],
)
def test_repetition_counts_by_its_logarithm(fitted, repeated, other):
    """The value of an n-gram relative to others grows with the logarithm of its count."""
    names = list(fitted[:-1].get_feature_names_out())
    columns = [names.index(repeated), names.index(other)]
    weights = fitted[:-1].transform(["my password", "my my my password"]).toarray()[:, columns]

    once, thrice = weights[:, 0] / weights[:, 1]

    assert thrice / once == pytest.approx(1 + np.log(3))


def test_character_n_grams_of_one_utterance_are_left_out(fitted):
    """A character n-gram has to occur in two utterances, a word need not."""
    names = set(fitted[:-1].get_feature_names_out())

    assert "word__broken" in names
    assert "char__morn" not in names
    assert "char__parc" in names


def test_characters_have_no_idf(fitted):
    """A rare word weighs more than a frequent one, a rare run of characters no more than others."""
    words, characters = (vectorizer for _, vectorizer in fitted[0].transformer_list)

    assert words.use_idf
    assert not characters.use_idf


def test_blocks_are_words_then_characters(fitted):
    """The names of the columns begin with their blocks', in the order of the blocks."""
    names = [name.partition("__")[0] for name in fitted[0].get_feature_names_out()]

    assert list(dict.fromkeys(names)) == ["word", "char"]
    assert set(names) < set(BLOCK_WEIGHTS)
    assert len(names) == fitted[-1].n_features_in_


def test_static_vectors_are_the_last_block():
    """With an embedding, the dimensions of its vectors come after the n-grams."""
    features = build_features(TINY).fit(["my order", "my parcel"])

    names = [name.partition("__")[0] for name in features.get_feature_names_out()]

    assert list(dict.fromkeys(names)) == list(BLOCK_WEIGHTS)
    assert names[-TINY.dimensions :] == ["vectors"] * TINY.dimensions


@pytest.mark.parametrize("labels", [("b", "a"), ("b", "a", "out_of_scope")], ids=["two", "three"])
def test_fitted_pipeline_scores_by_its_weights(fitted, labels):
    """A pipeline of features and weights has their scores and the same order of labels."""
    random = np.random.default_rng(0)
    weights = random.normal(size=(len(labels), fitted[-1].n_features_in_ + 1))
    weights -= weights.mean(axis=0)
    linear = Linear(weights[:, 1:].astype(np.float32), weights[:, 0])
    texts = ["hello", "where is my order"]

    pipeline = fitted_pipeline(fitted[0], linear, labels)

    scores = linear.scores(fitted[0].transform(texts))
    np.testing.assert_allclose(PipelineScorer(pipeline).logits(texts), scores, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(pipeline.predict_proba(texts), softmax(scores, axis=1), rtol=1e-5)
    assert list(pipeline.predict(texts)) == [labels[i] for i in scores.argmax(axis=1)]


def test_each_pipeline_is_untrained():
    """Every call builds a pipeline of its own, not fitted yet."""
    first, second = build_pipeline(), build_pipeline()

    assert first is not second
    assert not hasattr(first, "classes_")


@pytest.mark.parametrize(("count", "occurrences"), [(11, 1), (12, 2)])
def test_very_few_texts_keep_all_their_n_grams(count, occurrences):
    """Character n-grams of a single text count where hardly any occurs in two."""
    [_, (_, characters)] = features_for(["hi"] * count).transformer_list

    assert characters.min_df == occurrences


@pytest.mark.parametrize(
    ("count", "min_df"),
    [pytest.param(MANY_TEXTS - 1, 1, id="fewer"), pytest.param(MANY_TEXTS, 2, id="many")],
)
def test_rare_words_of_many_texts_are_left_out(count, min_df):
    """In many texts, an n-gram of words must occur in two of them."""
    [(_, words), _] = features_for(["hi"] * count).transformer_list

    assert words.min_df == min_df


@pytest.mark.parametrize(
    ("texts", "shortest"),
    [
        pytest.param(["我想取消订单", "包裹在哪里"], 1, id="chinese"),
        pytest.param(["荷物はどこですか"], 1, id="japanese"),
        pytest.param(["ﾊﾟｽﾜｰﾄﾞ"], 1, id="half-width"),
        pytest.param(["where is my parcel", "我想取消订单"], 1, id="mixed"),
        pytest.param(["where is my parcel"], 2, id="english"),
        pytest.param(["พัสดุอยู่ที่ไหน"], 2, id="thai"),
        pytest.param(["where is my 荷 parcel, please"], 2, id="one-character"),
    ],
)
def test_single_characters_are_features_of_chinese_and_japanese(texts, shortest):
    """In other scripts, where they say little, character n-grams have two letters or more."""
    [(_, words), (_, characters)] = features_for(texts).transformer_list

    assert characters.ngram_range == (shortest, 5)
    assert words.ngram_range == (1, 2)


@pytest.mark.parametrize(
    ("neighbours", "kind"),
    [
        pytest.param(None, FeatureUnion, id="none"),
        pytest.param(TINY_NEIGHBOURS, FamiliarityUnion, id="neighbours"),
    ],
)
def test_known_words_decide_how_n_grams_count_beside_neighbours(neighbours, kind):
    """Only similar utterances can stand for n-grams of unknown words."""
    assert type(features_for(["my order", "my parcel"], TINY, neighbours)) is kind


@pytest.mark.parametrize(
    ("variant", "text"),
    [
        pytest.param("\uff2f\uff32\uff24\uff25\uff32 \uff11\uff12", "order 12", id="full-width"),
        pytest.param("ﾊﾟｽﾜｰﾄﾞ", "パスワード", id="half-width"),
        pytest.param("ﬁnd", "find", id="ligature"),
        pytest.param("㈱", "(株)", id="compatibility"),
    ],
)
def test_compatibility_variants_are_the_same_letters(variant, text):
    """Full-width, half-width and other compatibility forms have the features of plain letters."""
    texts = ["order 12", "パスワード", "find no order", "(株)"] * 2
    features = features_for(texts).fit(texts)

    first, second = features.transform([variant]), features.transform([text])

    assert second.nnz > 0
    assert (first != second).nnz == 0


@pytest.mark.parametrize(
    ("text", "other"),
    [
        pytest.param("バスを変更", "パスを変更", id="japanese"),
        pytest.param("ﾊﾞｽを変更", "ﾊﾟｽを変更", id="half-width"),
        pytest.param("สั่งข้าว", "สั่งข่าว", id="thai"),
        pytest.param("पढ़ना है", "पढना है", id="hindi"),
    ],
)
def test_marks_that_make_other_letters_are_kept(text, other):
    """Words that differ in them have other features, and so other words than without them."""
    texts = [text, other] * 6
    features = features_for(texts).fit(texts)

    first, second = features.transform([text]), features.transform([other])

    assert (first != second).nnz > 0


def test_a_pipeline_that_keeps_marks_needs_the_standard_library_alone():
    """Its function is pickled by the names of Python's own modules."""
    [(_, words), _] = features_for(["バスを変更したい"]).transformer_list

    assert b"model." not in pickle.dumps(words)
    assert pickle.loads(pickle.dumps(words)).strip_accents("ﾊﾞｽ") == "バス"
