"""Verify that a compiled pipeline predicts the same as its pipeline."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import accumulate, chain

import numpy as np

from model.compilation.compiler import compile_pipeline
from model.errors import EqualityError
from model.inference.compiled_pipeline import CompiledPipeline
from model.inference.compiled_scorer import CompiledScorer
from model.inference.sklearn_scorer import PipelineScorer
from model.inference.weights import Floats

TOLERANCE = 1e-5
# Pipelines score in single precision, in which closer scores are equal.
TIE = 2 * float(np.finfo(np.float32).eps)
# They add n-grams one by one, so that their error grows with the length of a longer text.
MAX_EXACT = 200
BATCH_SIZE = 256
# A single text is scored by other code than a batch, so that one in this many is scored alone too.
ALONE_EVERY = 10
SAMPLE_SIZE = 500
NGRAMS_A_TEXT = 8
# Sentence encoders take milliseconds a text, and more for long ones.
MAX_ENCODED, MAX_ENCODED_CHARACTERS = 150, 15_000
ODD_TEXTS = (
    "",
    " ",
    "\n\t\r\n",
    "a",
    "I",
    "?!",
    "0123456789",
    "ÄÖÜ äöü ß ẞ ﬁ Ⅷ ½",
    "Cafe\u0301 CAFÉ café",
    "İstanbul ΑΣ Σας",
    "你好 世界",
    "👍🏽👩‍👩‍👧 🇩🇪 ok",
    "\u0000\u001c\u200b\ufeff\u2028",
    "\ud800 lone surrogate",
    "the " * 50,
    "x" * 2000,
)


def probes(utterances: Sequence[str]) -> list[str]:
    """Return texts for a comparison: utterances, noisy copies of a sample, and odd texts."""
    rng = random.Random(0)  # noqa: S311 - no secret depends on it
    sample = rng.sample(list(utterances), min(SAMPLE_SIZE, len(utterances)))
    return [*utterances, *(noisy for text in sample for noisy in _noisy(text, rng)), *ODD_TEXTS]


def compile_and_verify(scorer: PipelineScorer, utterances: Sequence[str] = ()) -> CompiledPipeline:
    """Compile a pipeline, and compare both on utterances, on its n-grams and on noise.

    Raises:
        CompilationError: the pipeline has no compiled form.
        EqualityError: the predictions differ.
    """
    compiled = compile_pipeline(scorer.pipeline)
    own_texts = _texts_of_ngrams(compiled)
    encoder = scorer.encoder
    if encoder:
        own_texts, utterances = _few(own_texts), _few(utterances)
    verify_equal(CompiledScorer(compiled, encoder), scorer, probes([*utterances, *own_texts]))
    return compiled


def verify_equal(
    compiled: CompiledScorer, pipeline: PipelineScorer, utterances: Sequence[str]
) -> None:
    """Compare the labels and scores of both on texts.

    Scores may differ by 1e-5, or by 1e-5 of the text's largest score if that is above 1. Beyond 200
    characters, this tolerance grows in proportion to the text's length. Labels may differ where the
    pipeline's own scores of both are tied.

    Raises:
        EqualityError: the predictions differ.
    """
    if compiled.labels != pipeline.labels:
        raise EqualityError("The compiled form has other labels than the pipeline")
    for start in range(0, len(utterances), BATCH_SIZE):
        batch = utterances[start : start + BATCH_SIZE]
        expected = pipeline.logits(batch)
        scale = _scale(batch, expected)
        _compare(compiled.logits(batch), expected, scale)
        alone = [compiled.logits([text]) for text in batch[::ALONE_EVERY]]
        _compare(np.concatenate(alone), expected[::ALONE_EVERY], scale[::ALONE_EVERY])


def _texts_of_ngrams(compiled: CompiledPipeline) -> list[str]:
    """Return texts that consist of a fifth of the vocabularies' n-grams."""
    numbers = range(len(compiled.vocabularies))
    ngrams = list(chain.from_iterable(map(compiled.ngrams, numbers)))
    starts = range(0, len(ngrams), 5 * NGRAMS_A_TEXT)
    return [" ".join(ngrams[start : start + NGRAMS_A_TEXT]) for start in starts]


def _few(texts: Sequence[str]) -> list[str]:
    """Return the first texts, as many as can be encoded in some seconds; at least one."""
    few = texts[:MAX_ENCODED]
    starts = accumulate(map(len, few), initial=0)
    return [
        text for text, start in zip(few, starts, strict=False) if start < MAX_ENCODED_CHARACTERS
    ]


def _scale(texts: Sequence[str], scores: Floats) -> Floats:
    """Return by how much the scores of each text may differ, as a multiple of the tolerance."""
    lengths = np.array([*map(len, texts)])
    scale: Floats = np.maximum(1, np.abs(scores).max(axis=1)) * np.maximum(1, lengths / MAX_EXACT)
    return scale


def _compare(compiled: Floats, expected: Floats, scale: Floats) -> None:
    if not (np.abs(compiled - expected).max(axis=1) <= TOLERANCE * scale).all():
        raise EqualityError("The compiled form computes other scores than the pipeline")
    chosen = np.take_along_axis(expected, compiled.argmax(axis=1)[:, None], axis=1)[:, 0]
    if not (expected.max(axis=1) - chosen <= TIE * scale).all():
        raise EqualityError("The compiled form predicts another label than the pipeline")


def _noisy(text: str, rng: random.Random) -> Iterator[str]:
    words = text.split()
    place = rng.randrange(len(text) + 1)
    yield text[:place] + text[place + 1 :]
    yield text[:place] + rng.choice("aeiou xz'-é") + text[place:]
    yield "".join(words)
    yield text.upper()
    yield f"{text} {text}  \t{text}"
    yield " ".join(rng.sample(words, len(words)))
