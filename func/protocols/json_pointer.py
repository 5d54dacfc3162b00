"""JSON pointers (RFC 6901)."""

from __future__ import annotations

import re
from typing import Any

_INDEX = re.compile("0|[1-9][0-9]{0,8}")  # RFC 6901, section 4: no leading zeros


def value_at(pointer: str, document: Any) -> Any:
    """Return the value that a pointer names; None if there is none."""
    for token in pointer.split("/")[1:]:
        # In this order, because "~01" means the name "~1", and not a slash.
        name = token.replace("~1", "/").replace("~0", "~")
        if isinstance(document, dict):
            document = document.get(name)
        elif isinstance(document, list) and _INDEX.fullmatch(name) and int(name) < len(document):
            document = document[int(name)]
        else:
            return None
    return document
