"""Find the names of numbered labels in the files that Hugging Face's data sets carry."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from model.datasets.documents.document import Document
from model.datasets.documents.yaml_document import compose_yaml, to_value
from model.errors import DataError

PLACES = (
    *("dataset_info.json", "dataset_infos.json", "../dataset_info.json", "../dataset_infos.json"),
    *("README.md", "../README.md"),
)
_LIST = re.compile(r"""\[.*\]|\{"choices": ?\[.*\]\}""", re.DOTALL)
# Python's parser refuses a cell, or finds it nested too deeply, or its number too long.
NO_LITERAL = (ValueError, SyntaxError, TypeError, MemoryError, RecursionError)
_FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---", re.DOTALL)


def label_names(document: Document, column: str) -> Mapping[str, str]:
    """Return the name of each number of a label, from the files beside; empty if there are none.

    A file ``dataset_info.json`` or the front matter of ``README.md`` holds features: a class label
    has names.
    """
    for place in PLACES:
        beside = document.beside(place)
        if beside is not None:
            for names in _names(_info(beside), column):
                return {str(number): name for number, name in enumerate(names)}
    return {}


def named_label(value: Any, names: Mapping[str, str]) -> Any:
    """Return the name of a numbered label, or the number as text; other values as they are.

    The only label of a list, as Doccano writes it, counts as the label.
    """
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    # pandas writes 1.0 for 1 where a label is missing.
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int):
        value = str(value)
    return names.get(value.removesuffix(".0"), value) if isinstance(value, str) else value


def cell_label(cell: str, names: Mapping[str, str]) -> Any:
    """Return the label of a table's cell, in which pandas or Label Studio may have written a list.

    The only label of a list counts as the label.
    """
    text = cell.strip()
    if _LIST.fullmatch(text):
        with suppress(*NO_LITERAL):
            value = ast.literal_eval(text)
            return named_label(value["choices"] if isinstance(value, dict) else value, names)
    return named_label(text, names)


def _info(document: Document) -> Any:
    try:
        if document.suffix == ".json":
            return json.loads(document.text)
        if found := _FRONT_MATTER.match(document.text):
            [root] = compose_yaml(found[1], document.path)
            return to_value(root, document.path)[0]
    except (DataError, ValueError, RecursionError):  # files that others wrote for other purposes
        pass
    return None


def _names(info: Any, column: str) -> Iterator[list[str]]:
    """Yield the names of a class label wherever it stands."""
    if isinstance(info, list):
        for each in info:
            yield from _names(each, column)
    elif isinstance(info, dict):
        if info.get("name") == column:
            yield from names_of_feature(info.get("dtype"))
        for key, value in info.items():
            if key == column:
                yield from names_of_feature(value)
            yield from _names(value, column)


def names_of_feature(feature: Any) -> Iterator[list[str]]:
    """Yield the names of a class label, which are a list or numbered."""
    if not isinstance(feature, dict):
        return
    names = feature.get("names")
    if isinstance(feature.get("class_label"), dict):
        names = feature["class_label"].get("names")
    if isinstance(names, dict):
        names = [names[key] for key in sorted(names, key=lambda key: (len(key), key))]
    if isinstance(names, list) and all(isinstance(name, str) for name in names):
        yield names
