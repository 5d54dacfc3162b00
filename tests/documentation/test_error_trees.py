from __future__ import annotations

import re
from types import ModuleType

import pytest

import func.errors
import knative.rollout.errors
import model.errors

DRAWN = re.compile(r"^([│├└─ ]*)(\w+Error)\b", re.MULTILINE)
INDENT = 4  # characters for each level of a tree


def drawn_bases(module: ModuleType) -> dict[str, str]:
    """Return the base of each error in the trees of a module's docstring; "" for a root."""
    bases: dict[str, str] = {}
    path: list[str] = []
    for prefix, name in DRAWN.findall(module.__doc__ or ""):
        path = [*path[: len(prefix) // INDENT], name]
        bases[name] = ["", *path][-2]
    return bases


def defined_bases(module: ModuleType) -> dict[str, str]:
    """Return the base of each error that a module defines; "" for one of another module."""
    errors = {
        name: each
        for name, each in vars(module).items()
        if isinstance(each, type) and each.__module__ == module.__name__ and name.endswith("Error")
    }
    bases = {name: each.__bases__[0].__name__ for name, each in errors.items()}
    return {name: base if base in errors else "" for name, base in bases.items()}


@pytest.mark.parametrize(
    "module", [func.errors, model.errors, knative.rollout.errors], ids=lambda each: each.__name__
)
def test_the_drawn_tree_of_errors_is_that_of_the_classes(module):
    """Each error of a module stands in its docstring, below its base."""
    assert drawn_bases(module) == defined_bases(module)
