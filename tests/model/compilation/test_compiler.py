from __future__ import annotations

import random
import unicodedata
from functools import partial

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import (
    CountVectorizer,
    HashingVectorizer,
    TfidfTransformer,
    TfidfVectorizer,
)
from sklearn.linear_model import LogisticRegression, RidgeClassifier, SGDClassifier
from sklearn.naive_bayes import BernoulliNB, ComplementNB, GaussianNB, MultinomialNB
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import Normalizer
from sklearn.svm import LinearSVC

from model.compilation import verification
from model.compilation.compiler import compile_pipeline
from model.compilation.verification import ODD_TEXTS, compile_and_verify, probes, verify_equal
from model.errors import CompilationError
from model.inference.compiled_pipeline import CompiledPipeline
from model.inference.compiled_scorer import CompiledScorer
from model.inference.embedding_transformer import EmbeddingTransformer
from model.inference.familiarity import Familiarity
from model.inference.familiarity_union import FamiliarityUnion
from model.inference.sklearn_scorer import PipelineScorer
from model.inference.static_embedding import Embedding
from model.inference.text_analysis import KEEP_MARKS
from model.learning.linear_model import Linear
from model.learning.pipeline import fitted_pipeline
from model.learning.quantization import rounded
from tests.support.random_texts import random_texts
from tests.support.tiny_embedding import TINY, TINY_NEIGHBOURS, TINY_SENTENCES

TEXTS = [
    "where is my order",
    "track my parcel, the café's parcel!",
    "has my package been shipped by now",
    "order status please, please, please",
    "I forgot my password",
    "reset my password please",
    "the naïve password reset link is broken",
    "how do I change my passwörd",
    "hello there",
    "good morning to you",
    "hi, how are you",
    "hey you there, good day",
]
INTENTS = ["order"] * 4 + ["password"] * 4 + ["greeting"] * 4
PATTERN = r"(?u)\b(\w+)\b"
OTHER_FORM = partial(unicodedata.normalize, "NFD")
WITH_SPACES = "my [a-z]+|[a-z]+"

VECTORIZERS = {
    "counts": CountVectorizer(),
    "binary": CountVectorizer(binary=True, ngram_range=(1, 3)),
    "tfidf": TfidfVectorizer(),
    "float32": TfidfVectorizer(dtype=np.float32, sublinear_tf=True),
    "sublinear-l1": TfidfVectorizer(sublinear_tf=True, norm="l1"),
    "no-idf": TfidfVectorizer(use_idf=False),
    "no-norm": TfidfVectorizer(norm=None, smooth_idf=False),
    "case": TfidfVectorizer(lowercase=False, token_pattern=PATTERN),
    "accents-unicode": TfidfVectorizer(strip_accents="unicode"),
    "accents-ascii": TfidfVectorizer(strip_accents="ascii", analyzer="char", ngram_range=(2, 3)),
    "marks": TfidfVectorizer(strip_accents=KEEP_MARKS, analyzer="char_wb", ngram_range=(1, 3)),
    "stop-words": TfidfVectorizer(stop_words=["the", "my"], ngram_range=(2, 2)),
    "english": CountVectorizer(stop_words="english"),
    "fixed": CountVectorizer(vocabulary={"parcel": 1, "password": 0, "order": 2}),
    "char": TfidfVectorizer(analyzer="char", ngram_range=(1, 4)),
    "char_wb": TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True),
    "char_wb-long": CountVectorizer(analyzer="char_wb", ngram_range=(6, 8)),
    "transformer": Pipeline(
        [("count", CountVectorizer()), ("none", "passthrough"), ("tfidf", TfidfTransformer())]
    ),
    "union": FeatureUnion(
        [
            ("word", TfidfVectorizer(ngram_range=(1, 2))),
            ("char", TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 3))),
        ]
    ),
    "union-one-idf": FeatureUnion(
        [
            ("word", TfidfVectorizer(ngram_range=(1, 2))),
            ("char", TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 3), use_idf=False)),
        ]
    ),
    "weighted": FeatureUnion(
        [
            ("word", TfidfVectorizer()),
            ("dropped", "drop"),
            ("char", CountVectorizer(analyzer="char", ngram_range=(2, 3))),
        ],
        transformer_weights={"char": 0.25},
    ),
    "union-tfidf": Pipeline(
        [
            (
                "union",
                FeatureUnion(
                    [
                        ("word", TfidfVectorizer(norm="l1")),
                        ("char", CountVectorizer(analyzer="char_wb", ngram_range=(1, 2))),
                    ]
                ),
            ),
            ("tfidf", TfidfTransformer()),
        ]
    ),
}
STATIC = FeatureUnion(
    [
        ("word", TfidfVectorizer(ngram_range=(1, 2))),
        ("char", CountVectorizer(analyzer="char_wb", ngram_range=(2, 3))),
        ("static", EmbeddingTransformer(TINY)),
    ]
)
MULTILINGUAL = FamiliarityUnion(
    [
        ("word", TfidfVectorizer(ngram_range=(1, 2), strip_accents="unicode")),
        ("char", TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 3))),
        ("vectors", EmbeddingTransformer(TINY_SENTENCES)),
    ],
    familiarity=Familiarity(low=0.2, high=0.9),
    neighbours=TINY_NEIGHBOURS,
)
CLASSIFIERS = {
    "logistic": LogisticRegression(),
    "svc": LinearSVC(),
    "no-intercept": LinearSVC(fit_intercept=False),
    "sgd": SGDClassifier(random_state=0),
    "l1": SGDClassifier(penalty="l1", alpha=0.01, random_state=0),
    "ridge": RidgeClassifier(),
    "multinomial": MultinomialNB(),
    "complement": ComplementNB(),
    "bernoulli": BernoulliNB(),
}


def fitted(vectorizer, classifier, intents=INTENTS) -> Pipeline:
    pipeline = Pipeline([("features", vectorizer), ("classifier", classifier)])
    return pipeline.fit(TEXTS, intents)


def assert_compiles(pipeline: Pipeline) -> CompiledPipeline:
    return compile_and_verify(PipelineScorer(pipeline), TEXTS)


@pytest.mark.no_cover
@pytest.mark.filterwarnings("ignore:The parameter 'token_pattern'")
@pytest.mark.parametrize("vectorizer", VECTORIZERS.values(), ids=VECTORIZERS)
@pytest.mark.parametrize("classifier", CLASSIFIERS.values(), ids=CLASSIFIERS)
def test_compiled_form_predicts_as_the_pipeline(vectorizer, classifier):
    """Labels and scores are equal for every vectorizer option with every classifier."""
    pipeline = fitted(vectorizer, classifier)
    content = assert_compiles(pipeline).to_bytes(model_sha256="abc")

    compiled = CompiledScorer(CompiledPipeline.from_bytes(content, model_sha256="abc"))

    texts = probes(TEXTS)
    theirs = PipelineScorer(pipeline).logits(texts)
    np.testing.assert_allclose(compiled.logits(texts), theirs, rtol=1e-5, atol=1e-5)
    assert compiled.logits(["", *texts])[1:].tolist() == compiled.logits(texts).tolist()


@pytest.mark.parametrize("intents", [INTENTS, ["a"] * 6 + ["b"] * 6], ids=["three", "two"])
@pytest.mark.parametrize("name", ["logistic", "svc", "no-intercept", "sgd", "l1", "ridge"])
def test_static_vectors_score_as_in_the_pipeline(name, intents):
    """With static vectors beside n-grams, labels and scores are the pipeline's, alone or not."""
    pipeline = fitted(STATIC, CLASSIFIERS[name], intents)
    content = assert_compiles(pipeline).to_bytes(model_sha256="abc")

    compiled = CompiledScorer(CompiledPipeline.from_bytes(content, model_sha256="abc"))

    texts = probes(TEXTS)
    theirs = PipelineScorer(pipeline).logits(texts)
    np.testing.assert_allclose(compiled.logits(texts), theirs, rtol=1e-5, atol=1e-5)
    alone = [compiled.logits([text])[0] for text in texts]
    np.testing.assert_allclose(compiled.logits(texts), alone, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("intents", [INTENTS, ["a"] * 6 + ["b"] * 6], ids=["three", "two"])
def test_known_words_count_as_in_the_pipeline(intents):
    """Factors of n-grams and vectors are the pipeline's, for texts of few known words too."""
    pipeline = fitted(MULTILINGUAL, CLASSIFIERS["logistic"], intents)
    content = assert_compiles(pipeline).to_bytes(model_sha256="abc")

    compiled = CompiledScorer(
        CompiledPipeline.from_bytes(content, model_sha256="abc"), TINY_SENTENCES
    )

    texts = [*probes(TEXTS), "wo ist my örder", "wo ist mein paket", "?"]
    theirs = PipelineScorer(pipeline).logits(texts)
    np.testing.assert_allclose(compiled.logits(texts), theirs, rtol=1e-5, atol=1e-5)
    alone = [compiled.logits([text])[0] for text in texts]
    np.testing.assert_allclose(compiled.logits(texts), alone, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("classifier", CLASSIFIERS.values(), ids=CLASSIFIERS)
def test_two_intents_compile(classifier):
    """A binary classifier's one score is split over both labels."""
    assert_compiles(fitted(CountVectorizer(), classifier, ["a"] * 6 + ["b"] * 6))


def test_bernoulli_without_binarization_compiles():
    """Without binarize, a Bernoulli naive Bayes sees the counts."""
    assert_compiles(fitted(CountVectorizer(binary=True), BernoulliNB(binarize=None)))


def test_sparse_coefficients_compile():
    """A classifier whose coefficients were made sparse compiles as before."""
    pipeline = fitted(TfidfVectorizer(), LogisticRegression())
    pipeline[-1].sparsify()

    assert_compiles(pipeline)


@pytest.fixture(scope="module")
def generated_texts():
    """Two thousand strings: words of the training data among random ones."""
    return list(random_texts([word for text in TEXTS for word in text.split()], count=2_000))


@pytest.mark.filterwarnings("ignore:The parameter 'token_pattern'")
@pytest.mark.parametrize(
    ("vectorizer", "classifier"),
    [
        *(pytest.param(v, CLASSIFIERS["logistic"], id=name) for name, v in VECTORIZERS.items()),
        *(pytest.param(VECTORIZERS["union"], c, id=name) for name, c in CLASSIFIERS.items()),
        pytest.param(STATIC, CLASSIFIERS["logistic"], id="static"),
    ],
)
def test_any_strings_are_scored_as_by_the_pipeline(vectorizer, classifier, generated_texts):
    """Two thousand random strings get the pipeline's labels and scores, for each option."""
    pipeline = fitted(vectorizer, classifier)

    verify_equal(
        CompiledScorer(compile_pipeline(pipeline)), PipelineScorer(pipeline), generated_texts
    )


@pytest.mark.no_cover
def test_quantized_weights_score_any_strings_as_the_pipeline(generated_texts):
    """Labels and scores are those of the quantized pipeline."""
    pipeline = fitted(VECTORIZERS["union"], LogisticRegression(C=30))
    linear = Linear(pipeline[-1].coef_, pipeline[-1].intercept_)
    labels = tuple(pipeline.classes_)
    ngram_count = pipeline[-1].n_features_in_
    pipeline = fitted_pipeline(pipeline[0], rounded(linear, ngram_count), labels)

    verify_equal(
        CompiledScorer(compile_pipeline(pipeline)), PipelineScorer(pipeline), generated_texts
    )


WORDS_LAST = ("more", CountVectorizer())
MORE = ("more", EmbeddingTransformer(TINY))


@pytest.mark.parametrize(
    ("pipeline", "step", "reason"),
    [
        pytest.param(LogisticRegression(), "model", "instead of a Pipeline", id="no-pipeline"),
        pytest.param(
            Pipeline([("only", LogisticRegression())]), "model", "no vectorizer", id="no-vectorizer"
        ),
        pytest.param(Pipeline([("none", "passthrough")]), "model", "no steps", id="no-steps"),
        pytest.param(
            Pipeline([("w", CountVectorizer()), ("c", LogisticRegression())]),
            "w",
            "is not fitted",
            id="not-fitted",
        ),
        pytest.param(
            fitted(HashingVectorizer(n_features=16), LogisticRegression()),
            "features",
            "is a HashingVectorizer, which has no compiled form",
            id="hashing",
        ),
        pytest.param(
            fitted(
                Pipeline([("words", CountVectorizer()), ("scaled", Normalizer())]),
                LogisticRegression(),
            ),
            "scaled",
            "is a Normalizer",
            id="other-step",
        ),
        pytest.param(
            fitted(EmbeddingTransformer(TINY), LogisticRegression()),
            "features",
            "is a EmbeddingTransformer",
            id="static-vectors-alone",
        ),
        *(
            pytest.param(
                fitted(features, classifier),
                "vectors",
                "are not the last of the features",
                id=f"static-vectors-before-{name}",
            )
            for name, features, classifier in (
                ("words", FeatureUnion([*STATIC.transformer_list, WORDS_LAST]), CLASSIFIERS["svc"]),
                ("others", FeatureUnion([*STATIC.transformer_list, MORE]), CLASSIFIERS["svc"]),
                (
                    "tfidf",
                    Pipeline([("all", STATIC), ("t", TfidfTransformer())]),
                    CLASSIFIERS["svc"],
                ),
                ("threshold", STATIC, CLASSIFIERS["bernoulli"]),
            )
        ),
        pytest.param(
            fitted(CountVectorizer(analyzer=str.split), LogisticRegression()),
            "features",
            "has a function of its own as analyzer",
            id="own-analyzer",
        ),
        pytest.param(
            fitted(CountVectorizer(strip_accents=str.upper), LogisticRegression()),
            "features",
            "has a function of its own as strip_accents",
            id="own-function",
        ),
        pytest.param(
            fitted(CountVectorizer(strip_accents=OTHER_FORM), LogisticRegression()),
            "features",
            "has a function of its own as strip_accents",
            id="other-form",
        ),
        pytest.param(
            fitted(CountVectorizer(vocabulary=["\n\0", "\x1c\x1d\x1e\x1f"]), LogisticRegression()),
            "features",
            "every control character",
            id="separators",
        ),
        pytest.param(
            fitted(CountVectorizer(), RandomForestClassifier(n_estimators=2)),
            "classifier",
            "is a RandomForestClassifier",
            id="forest",
        ),
    ],
)
def test_steps_without_compiled_form_are_refused(pipeline, step, reason):
    """The error names the step and the reason."""
    with pytest.raises(CompilationError, match=reason) as caught:
        compile_pipeline(pipeline)

    assert caught.value.step == step


def test_input_from_files_is_refused():
    """A vectorizer that opens files has no compiled form."""
    pipeline = fitted(CountVectorizer(), LogisticRegression())
    pipeline[0].input = "filename"

    with pytest.raises(CompilationError, match="reads its input by filename"):
        compile_pipeline(pipeline)


def test_quantized_weights_take_a_byte_each():
    """Multiples of a scale of each label are stored as 8-bit numbers, zeros not at all."""
    pipeline = fitted(VECTORIZERS["char"], LogisticRegression())
    coefficients = np.zeros_like(pipeline[-1].coef_)
    coefficients[:, ::5] = np.array([0.25, 0.0, -512.0])[:, None]
    coefficients[:, ::10] *= 3
    pipeline[-1].coef_ = coefficients

    compiled = assert_compiles(pipeline)

    assert compiled.scales == (0.25, 0.25, 512.0)
    assert compiled.arrays["weights.values"].dtype == np.int8
    assert len(compiled.arrays["weights.values"]) == np.count_nonzero(coefficients)


@pytest.mark.parametrize(("levels", "kind"), [(3, np.int8), (300, np.int16), (40_000, np.float64)])
def test_weights_that_are_seldom_zero_make_a_table(levels, kind):
    """Most coefficients not zero: stored as a table, in units of as few bytes as they need."""
    pipeline = fitted(VECTORIZERS["char"], LogisticRegression())
    coefficients = np.zeros_like(pipeline[-1].coef_)
    coefficients[:, 1:] = 0.25
    coefficients[:, 2::2] *= levels
    pipeline[-1].coef_ = coefficients

    compiled = assert_compiles(pipeline)

    assert compiled.arrays["weights"].dtype == kind


def test_vectorizers_that_differ_in_idf_alone_are_weighted_as_one():
    """A block without idf after one with idf gets ones, so that one weighting serves both."""
    compiled = assert_compiles(fitted(VECTORIZERS["union-one-idf"], LogisticRegression()))

    [weighting] = compiled.weightings
    assert weighting.bounds == (0, 1, 2)
    assert set(compiled.arrays["idf.0"][compiled.vocabularies[0].size :]) == {1.0}


def test_weights_of_a_large_model_stay_sparse(monkeypatch):
    """Weights of too large a table are scored and explained from the list."""
    pipeline = fitted(VECTORIZERS["union"], CLASSIFIERS["l1"])
    table = CompiledScorer(compile_pipeline(pipeline))
    monkeypatch.setattr("model.inference.weights.MAX_TABLE_BYTES", 0)

    sparse = CompiledScorer(compile_pipeline(pipeline))

    assert "weights.starts" in sparse._compiled.arrays
    np.testing.assert_allclose(sparse.logits(TEXTS), table.logits(TEXTS), rtol=1e-12)
    np.testing.assert_allclose(sparse.logits(ODD_TEXTS), table.logits(ODD_TEXTS), rtol=1e-12)
    ours = {item.feature: item.weight for item in sparse.evidence(TEXTS[0], 1)}
    theirs = {item.feature: item.weight for item in table.evidence(TEXTS[0], 1)}
    assert ours == pytest.approx(theirs)


@pytest.mark.parametrize("size", [1, 60, 10_000])
def test_large_batches_are_scored_in_parts(monkeypatch, size):
    """However large the parts of a batch are, its scores are those of each utterance alone."""
    scorer = CompiledScorer(compile_pipeline(fitted(VECTORIZERS["union"], LogisticRegression())))
    alone = [scorer.logits([text])[0] for text in TEXTS]
    monkeypatch.setattr("model.inference.compiled_scorer.CHUNK_CHARACTERS", size)

    np.testing.assert_allclose(scorer.logits(TEXTS), alone, rtol=1e-12)
    assert scorer.logits([]).shape == (0, 3)


@pytest.mark.parametrize(
    "vectorizer",
    [
        pytest.param(CountVectorizer(vocabulary=["", "order", "my order"]), id="words"),
        pytest.param(CountVectorizer(vocabulary=["", "or"], analyzer="char"), id="characters"),
        pytest.param(CountVectorizer(token_pattern=WITH_SPACES), id="pattern"),
    ],
)
def test_ngrams_that_no_text_contains_change_nothing(vectorizer):
    """A vocabulary may contain unreachable n-grams, and single words may contain spaces."""
    pipeline = Pipeline([("vectorizer", vectorizer), ("classifier", LogisticRegression())])
    pipeline.fit(TEXTS, INTENTS)

    compiled = CompiledScorer(compile_pipeline(pipeline))

    texts = [*TEXTS, *ODD_TEXTS]
    theirs = PipelineScorer(pipeline).logits(texts)
    np.testing.assert_allclose(compiled.logits(texts), theirs, atol=1e-6)


def test_ngrams_of_words_that_contain_spaces_are_refused():
    """Two words are indistinguishable from one word that contains a space."""
    vectorizer = CountVectorizer(token_pattern=WITH_SPACES, ngram_range=(1, 2))

    with pytest.raises(CompilationError, match="has n-grams of words that contain spaces"):
        compile_pipeline(fitted(vectorizer, LogisticRegression()))


@pytest.mark.parametrize(
    ("features", "encoder"),
    [
        pytest.param(VECTORIZERS["union"], None, id="ngrams"),
        pytest.param(STATIC, None, id="static"),
        pytest.param(MULTILINGUAL, TINY_SENTENCES, id="multilingual"),
    ],
)
@pytest.mark.parametrize("text", [TEXTS[0], "wo ist my order"])
def test_evidence_is_that_of_the_pipeline(features, encoder, text):
    """The contributions of n-grams and words are the same as scikit-learn's, and add up."""
    pipeline = fitted(features, LogisticRegression())
    compiled = CompiledScorer(compile_pipeline(pipeline), encoder)
    ours = compiled.evidence(text, 1)
    theirs = PipelineScorer(pipeline).evidence(text, 1)

    total = compiled.logits([text])[0, 1] - pipeline[-1].intercept_[1]
    assert sum(item.weight for item in ours) == pytest.approx(total)

    assert {item.feature: item.weight for item in ours} == pytest.approx(
        {item.feature: item.weight for item in theirs}
    )


@pytest.mark.parametrize(
    ("features", "encoder"),
    [
        pytest.param(VECTORIZERS["union"], None, id="ngrams"),
        pytest.param(STATIC, None, id="static"),
        pytest.param(MULTILINGUAL, TINY_SENTENCES, id="multilingual"),
    ],
)
def test_typos_are_corrected_as_by_the_pipeline(features, encoder):
    """Known are the words of the utterances, in the form that the vectorizer gives them."""
    pipeline = fitted(features, LogisticRegression())
    scorers = CompiledScorer(compile_pipeline(pipeline), encoder), PipelineScorer(pipeline)

    for scorer in scorers:
        assert scorer.spelling.corrected("ODER, no parcell!") == "order, no parcel!"
        assert scorer.spelling is scorer.spelling


def test_accents_are_no_typos_where_the_vectorizer_strips_them():
    """With or without, a word is known."""
    pipeline = fitted(MULTILINGUAL, LogisticRegression())
    scorers = CompiledScorer(compile_pipeline(pipeline), TINY_SENTENCES), PipelineScorer(pipeline)

    for scorer in scorers:
        assert scorer.spelling.corrected("n\u00e1ive p\u00e1sword") == "n\u00e1ive password"


@pytest.mark.parametrize(
    ("features", "encoder"),
    [pytest.param(STATIC, None, id="static"), pytest.param(MULTILINGUAL, TINY_SENTENCES, id="use")],
)
def test_words_that_the_vectors_know_are_no_typos(features, encoder, monkeypatch):
    """They may be none of the utterances'."""
    monkeypatch.setattr(Embedding, "is_word", lambda _, word: word == "oder")
    pipeline = fitted(features, LogisticRegression())
    scorers = CompiledScorer(compile_pipeline(pipeline), encoder), PipelineScorer(pipeline)

    for scorer in scorers:
        assert scorer.spelling.corrected("oder parcell") == "oder parcel"


def test_whole_messages_are_compared():
    """scikit-learn's rounding errors in texts of thousands of n-grams are no difference."""
    rng = random.Random(0)
    words = ["".join(rng.choices("abcdefgh", k=6)) for _ in range(4000)]
    texts = [" ".join(words[start : start + 1000]) for start in range(0, 4000, 1000)]
    vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), dtype=np.float32)
    pipeline = Pipeline([("ngrams", vectorizer), ("classifier", LinearSVC(random_state=0))])
    pipeline.fit(texts, list("abab"))
    pipeline[-1].coef_ = pipeline[-1].coef_.astype(np.float32) + np.float32(1)

    assert compile_and_verify(PipelineScorer(pipeline), texts)


def test_with_a_sentence_encoder_few_texts_are_compared(monkeypatch):
    """Encoding takes milliseconds a text, and more for long ones."""
    compared: list[str] = []
    monkeypatch.setattr(verification, "probes", lambda texts: [*map(compared.append, texts)][:0])
    scorer = PipelineScorer(fitted(MULTILINGUAL, LogisticRegression()))

    compile_and_verify(scorer, ["where is it"] * 1000)
    assert compared.count("where is it") == verification.MAX_ENCODED

    mail = "where is it " * 800
    compile_and_verify(scorer, [mail] * 3)
    assert compared.count(mail) == 2


def test_gaussian_naive_bayes_is_refused():
    """Only a naive Bayes of counts has a linear form."""
    pipeline = Pipeline([("words", CountVectorizer().fit(TEXTS)), ("bayes", GaussianNB())])

    with pytest.raises(CompilationError, match="is a GaussianNB"):
        compile_pipeline(pipeline)
