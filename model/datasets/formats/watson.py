"""Read a workspace or a skill of Watson Assistant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from model.datasets.documents.document import Document
from model.datasets.entry import Entry
from model.datasets.format import Format
from model.datasets.formats.grouped import Keys, left_out, read_groups, read_texts
from model.datasets.located import line_of
from model.errors import DataError
from model.inference.prediction import OUT_OF_SCOPE

KEYS = Keys(name=("intent",), texts=("examples",))
COUNTEREXAMPLES = "counterexamples"  # texts that fit no intent
SIGNS = ("dialog_nodes", "counterexamples", "workspace_id", "learning_opt_out", "system_settings")


def _workspaces(data: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the workspaces of an export, which may be a skill or an assistant with skills."""
    if not isinstance(data, dict):
        return
    intents = data.get("intents")
    has_examples = isinstance(intents, list) and any(
        isinstance(each, dict) and "intent" in each and isinstance(each.get("examples"), list)
        for each in intents
    )
    if has_examples or (isinstance(intents, list) and any(sign in data for sign in SIGNS)):
        yield data
    yield from _workspaces(data.get("workspace"))
    for key in ("skills", "assistant_skills", "workspaces"):
        skills = data.get(key)
        for skill in skills if isinstance(skills, list) else []:
            yield from _workspaces(skill)


def _recognises(document: Document) -> bool:
    return any(True for _ in _workspaces(document.data))


def _read(document: Document) -> Iterator[Entry]:
    workspaces = list(_workspaces(document.data))
    if not workspaces:
        raise DataError.at(document.path, "holds no list 'intents' as Watson's workspaces do")
    for workspace in workspaces:
        yield from read_groups(document, workspace["intents"], KEYS)
        if others := workspace.get(COUNTEREXAMPLES):
            yield from read_texts(document, OUT_OF_SCOPE, others, line_of(others))
        yield from left_out(document, workspace, {"intents", COUNTEREXAMPLES, "workspace"})


WATSON = Format("watson", "Watson Assistant workspace", _recognises, _read)
