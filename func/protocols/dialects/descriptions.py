"""Options that are no intents: a sentence encoder compares the text with their descriptions."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from func.models.served_model import ServedModel
from func.protocols.batch_limit import check_batch_size
from func.protocols.dialects.answers import probabilities
from func.protocols.dialects.options import MARK, Options
from func.protocols.utterance import text_of
from func.settings import Settings
from model.inference.encoders.similarity import likelihoods
from model.inference.prediction import Prediction

if TYPE_CHECKING:  # most models have no encoder, and start faster without its code
    from model.inference.encoders.encoder_file import SentenceEncoder

SUFFIX = "+descriptions"


@dataclass(frozen=True, slots=True)
class Descriptions:
    """The text of a request, and the descriptions of its options.

    Attributes:
        model: its name in the response, marked if descriptions answer.
        rendering_work: an estimate of the time to render all answers, in microseconds.
        text: the one to classify, with its typos corrected; "" if no human spoke.
        options: the descriptions of options that are no intents, each once.
        encoder: of the model; None if there are no such options.
    """

    model: str
    rendering_work: int
    text: str = ""
    options: tuple[str, ...] = ()
    encoder: SentenceEncoder | None = None

    @classmethod
    def of(
        cls, text: str, questions: Collection[Options], served: ServedModel, settings: Settings
    ) -> Self:
        """Return a text and the descriptions that the options of questions have.

        Raises:
            TooLargeError: they are too many, or one is too long.
            InvalidQueryError: one is not valid Unicode.
        """
        work = sum(10 + len(each.intents) for each in questions)
        if served.model.encoder is None:
            return cls(served.name, work)
        keys = dict.fromkeys(
            key for question in questions for option in question.intents for key in option
        )
        options = [key[len(MARK) :] for key in keys if key.startswith(MARK)]
        check_batch_size(len(options), settings, "A request", "options that are no intents")
        checked = tuple(text_of(each, settings, "An option") for each in options)
        if not checked:
            return cls(served.name, work)
        # As it is predicted from, so that it is encoded once.
        text = served.model.corrected(text)
        return cls(served.name + SUFFIX, work, text, checked, served.model.encoder)

    @property
    def work(self) -> int:
        """An estimate of the time to answer all questions from a prediction, in microseconds."""
        texts = (self.text, *self.options)
        encoding = self.encoder.fresh_work(texts) if self.encoder else 0
        return self.rendering_work + encoding

    def distribution(self, prediction: Prediction) -> Mapping[str, float]:
        """Return the probability of each intent, and the likelihood of each description by its key.

        Where there is no text, all descriptions are equally likely.
        """
        if self.encoder is None:
            return probabilities(prediction)
        keys = [MARK + each for each in self.options]
        values = [1.0] * len(keys)
        if self.text:
            values = likelihoods(self.encoder, self.text, self.options)
        return {**probabilities(prediction), **dict(zip(keys, values, strict=True))}
