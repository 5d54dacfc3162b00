"""Options of a question: each stands for intents, whose probabilities it adds up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, Self

from func.protocols.dialects.answers import DIGITS
from func.settings import OptionIntents
from model.inference.prediction import OUT_OF_SCOPE

MAX_OPTIONS, MAX_QUESTIONS = 255, 400


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The intents of a model, and options that the settings bind to some of them.

    Attributes:
        intents: those that an option may stand for.
        bound: the intents of an option, by its text.
    """

    intents: frozenset[str]
    bound: Mapping[str, tuple[str, ...]]

    @staticmethod
    @lru_cache(maxsize=16)
    def of(labels: tuple[str, ...], bindings: OptionIntents = ()) -> Vocabulary:
        """Return the vocabulary of a model card's labels and the settings.

        A binding with an intent that this model does not have is left out.
        """
        known = frozenset((*labels, OUT_OF_SCOPE))
        bound = {option: intents for option, intents in bindings if known.issuperset(intents)}
        return Vocabulary(known, bound)

    @property
    def listing(self) -> str:
        """The sentence that names all intents."""
        return f"The known intents are {', '.join(sorted(self.intents))}"


class Options(NamedTuple):
    """The options of a question.

    Attributes:
        intents: those that each option stands for; none for one that can't be answered.
    """

    intents: Sequence[tuple[str, ...]]

    @classmethod
    def bind(cls, options: Iterable[tuple[object, object]], known: Vocabulary) -> Self:
        """Return options, each from its name and its description."""
        # Most options have an intent's name and nothing else.
        return cls(
            [
                (name,)
                if description is None and name in known.intents and name not in known.bound
                else _bind(name, description, known)
                for name, description in options
            ]
        )

    @classmethod
    def yes_and_no(cls, yes: object, no: object, known: Vocabulary) -> Self:
        """Return two options; a "no" without intents of its own is all that is no "yes".

        Where all intents are a "yes", it is the only option.
        """
        intents = _bind(yes, yes, known)
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
        if not total:  # none of them is possible, as far as numbers can say
            return [1 / len(values)] * len(values)
        return [round(value / total, DIGITS) for value in values]


def certainty(shares: Sequence[float]) -> float:
    """Return the confidence in the largest share: 0 if all are equal, 1 if it is all."""
    count = len(shares)
    return round(max(0.0, (count * max(shares) - 1) / (count - 1)), DIGITS) if count > 1 else 1.0


def expected_level(shares: Sequence[float]) -> float:
    """Return the mean of levels, numbered from 0, by their shares."""
    return round(sum(level * share for level, share in enumerate(shares)), DIGITS)


def _bind(name: object, description: object, known: Vocabulary) -> tuple[str, ...]:
    """Return the intents that an option stands for.

    They are those that its description lists, or has as ``intents``; else those that the settings
    bind its name to; else the one it is named after; else those that its description, a text,
    names with commas between them.
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
