"""Options of a question: each stands for intents, whose probabilities it adds up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, Self

from func.protocols.dialects.answers import DIGITS
from func.setting_values import OptionIntents
from func.settings import Settings
from model.inference.intent_model import IntentModel
from model.inference.prediction import OUT_OF_SCOPE

MAX_OPTIONS, MAX_QUESTIONS = 255, 400
# The beginning of a description's key in a distribution: no intent has a control character.
MARK = "\0"


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The intents of a model, and options that the settings bind to some of them.

    Attributes:
        intents: those that an option may stand for.
        bound: the intents of an option, by its text.
        reads_descriptions: whether options may be no intents, because the model has an encoder.
    """

    intents: frozenset[str]
    bound: Mapping[str, tuple[str, ...]]
    reads_descriptions: bool = False

    @staticmethod
    @lru_cache(maxsize=16)
    def of(
        labels: tuple[str, ...],
        bindings: OptionIntents = (),
        *,
        reads_descriptions: bool = False,
    ) -> Vocabulary:
        """Return the vocabulary of a model card's labels and the settings.

        A binding with an intent that this model does not have is left out.
        """
        known = frozenset((*labels, OUT_OF_SCOPE))
        bound = {option: intents for option, intents in bindings if known.issuperset(intents)}
        return Vocabulary(known, bound, reads_descriptions)

    @classmethod
    def of_model(cls, model: IntentModel, settings: Settings) -> Vocabulary:
        """Return the vocabulary of a model and the settings."""
        has_encoder = model.encoder is not None
        return cls.of(model.card.labels, settings.option_intents, reads_descriptions=has_encoder)

    @property
    def listing(self) -> str:
        """The sentence that names all intents."""
        return f"The known intents are {', '.join(sorted(self.intents))}"


class Options(NamedTuple):
    """The options of a question.

    Attributes:
        intents: for each option, the intents that it stands for, or the key of its description;
            empty for an option that can't be answered.
    """

    intents: Sequence[tuple[str, ...]]

    @classmethod
    def bind(cls, options: Iterable[tuple[object, object]], known: Vocabulary) -> Self:
        """Return options, each from its name and its description.

        If one of them stands for no intent, descriptions answer for all of them.
        """
        pairs = [*options]
        # Most options have an intent's name and nothing else.
        intents = [
            (name,)
            if description is None and name in known.intents and name not in known.bound
            else _bind(name, description, known)
            for name, description in pairs
        ]
        return cls(intents if all(intents) else _described(pairs, known) or intents)

    @classmethod
    def yes_and_no(cls, yes: object, no: object, known: Vocabulary) -> Self:
        """Return the options "yes" and "no".

        Without intents of its own, "no" stands for all intents that "yes" does not stand for; if
        there are none, "yes" is the only option. A "yes" without intents is answered by its
        description, if "no" has one as well.
        """
        intents = _bind(yes, yes, known)
        if not intents and (described := _described([(yes, yes), (no, no)], known)):
            return cls(described)
        others = _bind(no, no, known) or tuple(known.intents.difference(intents))
        return cls([intents, others] if others else [intents])

    @property
    def unbound(self) -> int | None:
        """The place of the first option that can't be answered; None if all can."""
        return next((place for place, intents in enumerate(self.intents) if not intents), None)

    def shares(self, distribution: Mapping[str, float]) -> list[float]:
        """Return the probability of each option, given that one of them is right."""
        values = [
            distribution[intents[0]]
            if len(intents) == 1
            else sum(map(distribution.__getitem__, intents))
            for intents in self.intents
        ]
        total = sum(values)
        if not total:  # each probability is too small for a number
            return [1 / len(values)] * len(values)
        return [round(value / total, DIGITS) for value in values]


def _described(
    options: Iterable[tuple[object, object]], known: Vocabulary
) -> list[tuple[str, ...]]:
    """Return the keys of the options' descriptions; none if one can't be answered by them."""
    keys = [_key_of(*each) for each in options] if known.reads_descriptions else []
    return [] if None in keys else [(key,) for key in keys if key]


def certainty(shares: Sequence[float]) -> float:
    """Return the confidence in the largest share: 0 if all are equal, 1 if it is all."""
    count = len(shares)
    return round(max(0.0, (count * max(shares) - 1) / (count - 1)), DIGITS) if count > 1 else 1.0


def expected_level(shares: Sequence[float]) -> float:
    """Return the mean of levels, numbered from 0, by their shares."""
    return round(sum(level * share for level, share in enumerate(shares)), DIGITS)


def _bind(name: object, description: object, known: Vocabulary) -> tuple[str, ...]:
    """Return the intents that an option stands for.

    The first of these counts: the list in its description, or in the field ``intents`` of it; the
    intents that the settings bind its name to; the intent of the same name; the intents that its
    description names, a text with commas between them.
    """
    listed = description.get("intents") if isinstance(description, dict) else description
    if (
        isinstance(listed, list)
        and listed
        and all(_is_known(each, known.intents) for each in listed)
    ):
        return tuple(dict.fromkeys(listed))
    if isinstance(name, str) and (name in known.bound or name in known.intents):
        return known.bound.get(name, (name,))
    if isinstance(description, str):
        names = dict.fromkeys(item.strip() for item in description.split(","))
        return tuple(names) if known.intents.issuperset(names) else ()
    return ()


def _is_known(value: object, known: frozenset[str]) -> bool:
    return isinstance(value, str) and value in known


def _key_of(name: object, description: object) -> str | None:
    """Return the key of an option's description, which contains its name; None without a text."""
    texts = [each for each in (name, description) if isinstance(each, str) and each.strip()]
    words = [text.replace("_", " ") if text is name else text for text in dict.fromkeys(texts)]
    return MARK + ": ".join(words) if words else None
