"""The scikit-learn pipeline: its features and its classifier."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, Pipeline

from model.inference.embedding_transformer import EmbeddingTransformer
from model.inference.familiarity_union import FamiliarityUnion, words_of
from model.inference.neighbours import Neighbours
from model.inference.text_analysis import KEEP_MARKS
from model.learning.familiarity import fit_familiarity
from model.learning.linear_model import Linear

# Factors of the blocks of features during training. Characters are slightly more informative than
# words on all data sets that were tried.
BLOCK_WEIGHTS: Mapping[str, float] = {"word": 1.0, "char": 1.4, "vectors": 1.5}
VECTORS = "vectors"
# Hiragana, Katakana and Han characters, also in their half-width and compatibility forms.
HAN_OR_KANA = re.compile(
    r"[\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U000323af]"
)
# Kana, also of half width, and the letters of India and South-East Asia: their marks make other
# letters, whereas accents are often left out in writing.
LETTERS_WITH_MARKS = re.compile(
    r"[\u0900-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f]"
)
FEW_TEXTS = 12
# From this number of texts on, an n-gram of words that occurs in one of them is left out: nearly
# half of the features, which limits memory.
MANY_TEXTS = 20_000
MIN_SHARE = 0.1  # of a script, among all characters


def build_features(embedding: Any | None = None) -> FeatureUnion:
    """Build the unfitted features: TF-IDF of words and of characters within words.

    With an embedding, the texts' vectors are the last block. Character n-grams cover typos and word
    forms, word bigrams cover phrases. Characters have no idf, because a rare run of letters is
    mostly a rare word, which has an idf already. Single precision halves the model's size and
    changes no prediction.
    """
    common = {"sublinear_tf": True, "strip_accents": "unicode", "dtype": np.float32}
    words = TfidfVectorizer(
        ngram_range=(1, 2),
        token_pattern=r"(?u)\b\w+\b",  # noqa: S106 - a pattern, no secret
        **common,
    )
    characters = TfidfVectorizer(
        analyzer="char_wb", ngram_range=(2, 5), min_df=2, use_idf=False, **common
    )
    blocks = [("word", words), ("char", characters)]
    if embedding is not None:
        blocks.append((VECTORS, EmbeddingTransformer(embedding)))
    return FeatureUnion(blocks)


def features_for(
    texts: Sequence[str], embedding: Any | None = None, neighbours: Neighbours | None = None
) -> FeatureUnion:
    """Build the unfitted features that suit the number and the script of texts.

    In Chinese and Japanese a single character is often a word, so that n-grams of one character are
    features as well. Accents are stripped, unless marks make other letters. In very few texts,
    hardly any n-gram occurs twice. With neighbours, n-grams count by the share of letters in known
    words.
    """
    features, characters = build_features(embedding), "".join(texts)
    if len(texts) < FEW_TEXTS:
        features.set_params(char__min_df=1)
    if len(texts) >= MANY_TEXTS:
        features.set_params(word__min_df=2)
    if len(HAN_OR_KANA.findall(characters)) >= MIN_SHARE * len(characters):
        features.set_params(char__ngram_range=(1, 5))
    if len(LETTERS_WITH_MARKS.findall(characters)) >= MIN_SHARE * len(characters):
        features.set_params(word__strip_accents=KEEP_MARKS, char__strip_accents=KEEP_MARKS)
    if neighbours is None:
        return features
    blocks = features.transformer_list
    familiarity = fit_familiarity(words_of(blocks[0][1], texts))
    return FamiliarityUnion(blocks, familiarity=familiarity, neighbours=neighbours)


def build_pipeline() -> Pipeline:
    """Build an unfitted pipeline of the form that training saves.

    Its own ``fit`` is a logistic regression; training finds better weights for the same form.
    """
    return Pipeline([("features", build_features()), ("classifier", LogisticRegression(C=30.0))])


def fitted_pipeline(features: FeatureUnion, linear: Linear, labels: tuple[str, ...]) -> Pipeline:
    """Return a fitted pipeline of fitted features and weights.

    Without vectors it contains only classes of scikit-learn, so that it loads anywhere.
    The classifier is a logistic regression, whose ``predict_proba`` is the softmax.

    Args:
        features: fitted.
        linear: one row of coefficients for each label. Two rows must add up to zero, because
            scikit-learn stores a binary classifier as one row.
        labels: the label of each row.
    """
    if len(labels) == 2:  # noqa: PLR2004
        linear = Linear(2 * linear.coefficients[1:], 2 * linear.intercept[1:])
    for _, block in features.transformer_list:
        # scikit-learn 1.9 stores a memory address, by which equal models would differ in bytes.
        vars(block).pop("_stop_words_id", None)
    classifier: Any = LogisticRegression()
    classifier.classes_ = np.array(labels)
    # scikit-learn stores coefficients in column-major order, in which it predicts faster.
    classifier.coef_ = np.asfortranarray(linear.coefficients)
    classifier.intercept_ = linear.intercept
    classifier.n_features_in_ = linear.coefficients.shape[1]
    classifier.n_iter_ = np.array([1], dtype=np.int32)
    return Pipeline([("features", features), ("classifier", classifier)])
