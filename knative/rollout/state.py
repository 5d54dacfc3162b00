"""The state of an unfinished rollout, kept on the Service so that a later call can continue."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Self

from knative.rollout.errors import UnsuitableServiceError

PREFIX = "rollout.intentclassifier.org"
STATE_ANNOTATION = f"{PREFIX}/state"
PREVIOUS_ANNOTATION = f"{PREFIX}/previous"
STARTED_ANNOTATION = f"{PREFIX}/started"


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutState:
    """An unfinished rollout; the traffic of the Service shows its progress.

    Attributes:
        owner: identifies the process that performs it. A process that resumes it writes its own, by
            which the former owner notices the takeover.
        image: the candidate's image.
        stable: the revision that a rollback returns to.
        started: when, ISO 8601; also an annotation of the template, so that each rollout creates a
            revision, even with an unchanged image.
        last_created: the newest revision before the template changed.
        candidate: the new revision; empty until it is known.
        environment: variables that the rollout sets.
    """

    owner: str
    image: str
    stable: str
    started: str
    last_created: str
    candidate: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read the annotation.

        Raises:
            UnsuitableServiceError: it is malformed.
        """
        try:
            values = json.loads(text)
            names = [each.name for each in fields(cls) if each.name != "environment"]
            environment = dict(values.get("environment") or {})
            return cls(**{name: str(values[name]) for name in names}, environment=environment)
        except (AttributeError, ValueError, KeyError, TypeError) as error:
            raise UnsuitableServiceError(
                f"The annotation {STATE_ANNOTATION} is malformed. Remove it and move all traffic "
                "to one revision: python -m knative rollback --to REVISION"
            ) from error

    def to_json(self) -> str:
        """Return the value of the annotation."""
        return json.dumps(asdict(self))
