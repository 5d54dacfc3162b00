"""What a rollout under way leaves on the Service, for the next call to resume or undo it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Self

from knative.rollout.errors import UnsuitableServiceError

PREFIX = "rollout.intentclassifier.org"
STATE_ANNOTATION = f"{PREFIX}/state"
PREVIOUS_ANNOTATION = f"{PREFIX}/previous"
STARTED_ANNOTATION = f"{PREFIX}/started"


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutState:
    """A rollout under way; how far it is stands in the Service's traffic.

    Attributes:
        owner: who carries it out; whoever resumes it puts a name of their own here, by which the
            former owner sees that they have lost it.
        image: what is rolled out.
        stable: the revision that traffic goes back to.
        started: when it was started, ISO 8601; on the template it makes each rollout's revision a
            new one, even where the image is the same.
        last_created: the newest revision from before the image changed.
        candidate: the revision that is rolled out; empty until it is known.
    """

    owner: str
    image: str
    stable: str
    started: str
    last_created: str
    candidate: str = ""

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read the annotation.

        Raises:
            UnsuitableServiceError: this is not what we write.
        """
        try:
            values = json.loads(text)
            return cls(**{field.name: str(values[field.name]) for field in fields(cls)})
        except (ValueError, KeyError, TypeError) as error:
            raise UnsuitableServiceError(
                f"The annotation {STATE_ANNOTATION} can't be read. Remove it, and bring all "
                "traffic to one revision: python -m knative rollback --to REVISION"
            ) from error

    def to_json(self) -> str:
        """Write the annotation."""
        return json.dumps(asdict(self))
