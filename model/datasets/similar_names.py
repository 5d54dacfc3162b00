"""Find intents whose names differ only in case or separators: usually slips of one name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

# Signs beside a letter: without them, "2_1" would be "21", and "-1" would be "1".
_SEPARATORS = re.compile(r"(?<=[^\W\d_])[\s_-]+(?=[^\W_])|(?<=\d)[\s_-]+(?=[^\W\d_])")


def similar_names(counts: Mapping[str, int]) -> Iterator[dict[str, int]]:
    """Yield the names, with their utterances, of each group that looks like one intent.

    Args:
        counts: the number of utterances by intent.
    """
    groups: dict[str, dict[str, int]] = {}
    for name, count in counts.items():
        groups.setdefault(_SEPARATORS.sub("", name.casefold()), {})[name] = count
    yield from (group for group in groups.values() if len(group) > 1)


def describe(group: Mapping[str, int]) -> str:
    """Return a message on a group of similar names."""
    *others, last = (f"{name} ({count:,})" for name, count in group.items())
    return f"{', '.join(others)} and {last} look like one intent"
