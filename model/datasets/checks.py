"""Find all problems that keep utterances from being trained on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from model.datasets.entry import DESCRIPTION, Example
from model.datasets.similar_names import describe, similar_names
from model.errors import DataError, Problem, ProblemKind
from model.tables.columns import simplify

MIN_INTENTS = 2
# An intent of one utterance can't be tested: no model could know it without this utterance.
MIN_TESTABLE = 2
MIN_TO_SPLIT = 3  # one for the test, and two of which one can be held out
FEW_UTTERANCES = 20
# A detector that is trained on fewer out-of-scope texts does not generalize.
MIN_OUT_OF_SCOPE = 20
# Names by which other tools call texts that fit no intent, as `simplify` returns them.
USUAL_OUT_OF_SCOPE = frozenset(
    ("nlufallback", "none", "fallback", "oos", "ood", "outofscope", "irrelevant")
)
# Of cells without a value, as programs write them, in small letters.
MISSING_VALUES = frozenset(("nan", "null", "<na>", "#n/a"))

CONTRADICTIONS = ProblemKind(
    "texts with two intents", "mend their labels, or do without them: --leave-out-contradictions"
)
LEFT_OUT_CONTRADICTIONS = ProblemKind("texts with two intents", "both are left out")
REPETITIONS = ProblemKind("repetitions", "each text counts once")
OVERLAP = ProblemKind("training utterances of the test", "they are left out of training")
THIN = ProblemKind(
    "thin intents",
    "add utterances, or leave out intents with fewer than N: --min-utterances N",
)
LEFT_OUT_RARE = ProblemKind("intents left out", "as --min-utterances asks for")
MARKED_AS_MISSING = ProblemKind(
    "texts or intents that programs write for a missing value", "remove the rows that have none"
)
UNKNOWN_IN_TEST = ProblemKind(
    "test utterances of unknown intents",
    "add the intents to the training data, remove them, or choose their column: --intent-column",
)


def normalised(text: str) -> str:
    """Return the form in which two utterances count as the same: no case, single spaces."""
    return " ".join(text.casefold().split())


class Checks:
    """Filters examples, and collects problems and warnings on the way.

    Attributes:
        warnings: remarks on data that can be trained on.
    """

    def __init__(
        self,
        problems: Iterable[Problem],
        notes: Iterable[Problem],
        *,
        leave_out: bool,
    ) -> None:
        self._problems, self._notes = list(problems), tuple(notes)
        self.warnings = list(self._notes)
        self._leave_out = leave_out
        self._rare: set[str] = set()

    def raise_problems(self) -> None:
        """Raise DataError with all problems, and the notes on reading, if there is any problem."""
        if self._problems:
            raise DataError(self._problems, self._notes)

    def without_duplicates(self, examples: Sequence[Example]) -> list[Example]:
        """Return the first example of each text, and none of contradictory texts."""
        first: dict[str, Example] = {}
        contradicted = set()
        for example in examples:
            text = normalised(example.text)
            earlier = first.setdefault(text, example)
            if earlier.intent != example.intent:
                self._contradict(example, earlier)
                contradicted.add(text)
            elif earlier is not example:
                message = f"same text as {_place(earlier, example)}; left out"
                self.warnings.append(example.problem(message, REPETITIONS))
        return [example for text, example in first.items() if text not in contradicted]

    def _contradict(self, example: Example, earlier: Example) -> None:
        place = _place(earlier, example)
        message = f"labelled {example.intent}, but {place} labels the same text {earlier.intent}"
        if self._leave_out:
            message = f"{message}; both left out"
            self.warnings.append(example.problem(message, LEFT_OUT_CONTRADICTIONS))
        else:
            self._problems.append(example.problem(message, CONTRADICTIONS))

    def without_overlap(self, train: Sequence[Example], test: Sequence[Example]) -> list[Example]:
        """Return the training examples whose texts are not in the test."""
        tested = {normalised(example.text): example for example in test}
        kept = []
        for example in train:
            twin = tested.get(normalised(example.text))
            if twin is None:
                kept.append(example)
                continue
            place = _place(twin, example)
            message = (
                f"stands in {place} too"
                if twin.intent == example.intent
                else f"labelled {example.intent}, but {place} labels the same text {twin.intent}"
            )
            self.warnings.append(example.problem(f"{message}; left out of training", OVERLAP))
        return kept

    def without_rare_intents(
        self,
        path: Path,
        train: Sequence[Example],
        min_utterances: int,
        *,
        has_test: bool = False,
        is_described: bool = False,
    ) -> list[Example]:
        """Return the examples of intents that are large enough, and report the thin ones.

        Args:
            path: the data, for problems of the whole.
            train: utterances; a description stands for those of an intent without any.
            min_utterances: intents with fewer utterances are left out.
            has_test: whether there is a test, so that no utterance has to be held out for one.
            is_described: whether intents have descriptions, which need no utterances beside them.
        """
        groups = by_intent(train)
        rare = {intent for intent, group in groups.items() if len(group) < min_utterances}
        self._rare |= rare
        for intent, group in groups.items():
            self._report_size(intent, group, is_rare=intent in rare)
        kept = [group for intent, group in groups.items() if intent not in rare]
        self._check_count(path, kept, has_test=has_test, is_described=is_described)
        self._suspect(groups)
        return [example for example in train if example.intent not in rare]

    def _report_size(self, intent: str, group: Sequence[Example], *, is_rare: bool) -> None:
        count = f"{len(group)} utterance{'' if len(group) == 1 else 's'}"
        needed = f"{FEW_UTTERANCES}"
        if group[0].part == DESCRIPTION:
            count, needed = "a description alone", f"{FEW_UTTERANCES} utterances"
        if is_rare:
            self.warnings.append(group[0].problem(f"{intent} has {count}; left out", LEFT_OUT_RARE))
        elif len(group) < FEW_UTTERANCES:
            message = f"{intent} has {count}; {needed} or more do better"
            self.warnings.append(group[0].problem(message, THIN))

    def _check_count(
        self,
        path: Path,
        groups: Sequence[Sequence[Example]],
        *,
        has_test: bool,
        is_described: bool,
    ) -> None:
        if self._problems:  # without them, there may be more utterances
            return
        if len(groups) < MIN_INTENTS:
            names = f": {groups[0][0].intent}" if groups else ""
            message = f"holds {len(groups) or 'no'} intent{names}; at least two are needed"
        elif is_described:
            return
        elif sum(len(group) >= MIN_TESTABLE for group in groups) < MIN_INTENTS:
            message = (
                "holds fewer than two intents with two utterances or more; of an intent with one, "
                "nothing can be tested"
            )
        elif not has_test and max(map(len, groups)) < MIN_TO_SPLIT:
            message = f"has no intent of {MIN_TO_SPLIT} utterances, of which one could be the test"
        else:
            return
        repetitions = sum(each.kind == REPETITIONS for each in self.warnings)
        if repetitions:
            message = f"{message} (each text counts once: {repetitions} repetitions were left out)"
        self._problems.append(Problem(path, 0, message))

    def _suspect(self, groups: dict[str, list[Example]]) -> None:
        for names in similar_names({intent: len(group) for intent, group in groups.items()}):
            [first, *_] = names
            self.warnings.append(groups[first][0].problem(describe(names)))
        for example in (each for group in groups.values() for each in group):
            for value in (example.text, example.intent):
                if value.casefold() in MISSING_VALUES:
                    message = f"{value} may stand for a missing value"
                    self.warnings.append(example.problem(message, MARKED_AS_MISSING))
        for intent, group in groups.items():
            if simplify(intent) in USUAL_OUT_OF_SCOPE:
                message = f"{intent} is trained as an intent; --out-of-scope-intent {intent} "
                self.warnings.append(group[0].problem(f"{message}makes it out-of-scope examples"))

    def without_unknown_intents(
        self, test: Sequence[Example], train: Sequence[Example]
    ) -> list[Example]:
        """Return the test examples of trained intents; those of unknown intents are problems.

        Examples of intents that ``without_rare_intents`` has left out are left out as well.
        """
        intents = {example.intent for example in train}
        for example in test:
            if example.intent not in intents | self._rare:
                message = f"{example.intent} does not occur in the training data"
                self._problems.append(example.problem(message, UNKNOWN_IN_TEST))
        return [example for example in test if example.intent in intents]


def by_intent(examples: Iterable[Example]) -> dict[str, list[Example]]:
    """Return the examples of each intent."""
    groups: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        groups[example.intent].append(example)
    return groups


def _place(earlier: Example, example: Example) -> str:
    if earlier.file == example.file:
        return f"line {earlier.line}"
    is_of_same_name = earlier.file.name == example.file.name  # in another folder
    name = Path(*earlier.file.parts[-2:]) if is_of_same_name else earlier.file.name
    return f"{name}:{earlier.line}"
