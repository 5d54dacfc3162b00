"""Prove that a compiled pipeline answers as the pipeline that it was made from."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

import numpy as np

from model.compilation.compiler import compile_pipeline
from model.errors import EqualityError
from model.inference.compiled_pipeline import CompiledPipeline
from model.inference.compiled_scorer import CompiledScorer
from model.inference.sklearn_scorer import PipelineScorer
from model.inference.weights import Floats

TOLERANCE = 1e-5
# Pipelines score in single precision, which can't tell closer scores apart.
TIE = 2 * float(np.finfo(np.float32).eps)
BATCH_SIZE = 256
# One text alone is scored in another way than a batch: every so many are asked for so, too.
ALONE_EVERY = 10
SAMPLE_SIZE = 500
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


def probes(utterances: Sequence[str], *, seed: int = 0) -> list[str]:
    """Give texts to compare answers on: the utterances, noisy copies of some, and odd texts."""
    rng = random.Random(seed)  # noqa: S311 - no secret depends on it
    sample = rng.sample(list(utterances), min(SAMPLE_SIZE, len(utterances)))
    return [*utterances, *(noisy for text in sample for noisy in _noisy(text, rng)), *ODD_TEXTS]


def compile_and_verify(scorer: PipelineScorer, utterances: Sequence[str] = ()) -> CompiledPipeline:
    """Compile a pipeline, and compare both on utterances, on some of its n-grams and on noise.

    Raises:
        CompilationError: it has no compiled form.
        EqualityError: the compiled form answers otherwise.
    """
    compiled = compile_pipeline(scorer.pipeline)
    ngrams = [ngrams for n in range(len(compiled.vocabularies)) for ngrams in compiled.ngrams(n)]
    own_texts = [" ".join(ngrams[start : start + 8]) for start in range(0, len(ngrams), 40)]
    prove_equal(CompiledScorer(compiled), scorer, probes([*utterances, *own_texts]))
    return compiled


def prove_equal(
    compiled: CompiledScorer, pipeline: PipelineScorer, utterances: Sequence[str]
) -> None:
    """Compare both on texts: the same labels, and scores within 1e-5.

    Scores above 1 in magnitude may differ by 1e-5 of the largest; labels may differ where the
    pipeline's own scores for both are tied.

    Raises:
        EqualityError: they answer differently.
    """
    if compiled.labels != pipeline.labels:
        raise EqualityError("The compiled form has other labels than the pipeline")
    for start in range(0, len(utterances), BATCH_SIZE):
        batch = utterances[start : start + BATCH_SIZE]
        theirs = pipeline.logits(batch)
        _compare(compiled.logits(batch), theirs)
        alone = [compiled.logits([text]) for text in batch[::ALONE_EVERY]]
        _compare(np.concatenate(alone), theirs[::ALONE_EVERY])


def _compare(ours: Floats, theirs: Floats) -> None:
    scale = np.maximum(1, np.abs(theirs).max(axis=1))
    if not (np.abs(ours - theirs).max(axis=1) <= TOLERANCE * scale).all():
        raise EqualityError("The compiled form gives other scores than the pipeline")
    chosen = np.take_along_axis(theirs, ours.argmax(axis=1)[:, None], axis=1)[:, 0]
    if not (theirs.max(axis=1) - chosen <= TIE * scale).all():
        raise EqualityError("The compiled form gives another label than the pipeline")


def _noisy(text: str, rng: random.Random) -> Iterator[str]:
    words = text.split()
    place = rng.randrange(len(text) + 1)
    yield text[:place] + text[place + 1 :]
    yield text[:place] + rng.choice("aeiou xz'-é") + text[place:]
    yield "".join(words)
    yield text.upper()
    yield f"{text} {text}  \t{text}"
    yield " ".join(rng.sample(words, len(words)))
