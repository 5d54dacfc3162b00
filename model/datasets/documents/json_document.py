"""Parse JSON with the lines of its texts."""

from __future__ import annotations

import json
import json.decoder
import json.scanner
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from model.datasets.located import LocatedText, line_of
from model.errors import DataError, Problem, ProblemKind

REPEATED_KEYS = ProblemKind("repeated keys", "rename one, or join their values")


def parse_json(text: str, path: Path) -> tuple[Any, Sequence[Problem]]:
    """Return a JSON value, and its repeated keys as problems.

    Raises:
        DataError: the text is not JSON, is nested too deeply, or has a number of too many digits.
    """
    decoder = _LocatingDecoder(text, path)
    try:
        return decoder.decode(text), decoder.problems
    except json.JSONDecodeError as error:
        raise DataError.at(path, f"is not JSON: {error.msg}", line=error.lineno) from error
    except ValueError as error:  # Python converts at most 4,300 digits
        raise DataError.at(path, "holds a number of too many digits") from error
    except RecursionError as error:
        raise DataError.at(path, "is nested too deeply") from error


class _LocatingDecoder(json.JSONDecoder):
    """Decodes strings to ``LocatedText`` by the pure Python scanner, which calls methods."""

    def __init__(self, text: str, path: Path) -> None:
        super().__init__(object_pairs_hook=self._object)
        self.problems: list[Problem] = []
        self._path = path
        self._breaks = [found.start() for found in re.finditer("\n", text)]
        self.parse_string = self._locate
        self.scan_once = json.scanner.py_make_scanner(self)  # type: ignore[attr-defined]

    def _locate(self, text: str, begin: int, strict: bool) -> tuple[LocatedText, int]:  # noqa: FBT001 - json's signature
        value, end = json.decoder.scanstring(text, begin, strict)  # type: ignore[attr-defined]
        return LocatedText(value, bisect_right(self._breaks, begin - 1) + 1), end

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        fields = dict(pairs)
        if len(fields) < len(pairs):
            counts = Counter(key for key, _ in pairs)
            self.problems += [
                Problem(self._path, line_of(fields[key]), f"repeats the key {key}", REPEATED_KEYS)
                for key, count in counts.items()
                if count > 1
            ]
        return fields
