"""Objects of the API: what is read of them, and that no malformed one is a bug of ours."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from knative.rollout.errors import MalformedObjectError, RevisionFailedError, UnsuitableServiceError
from knative.rollout.json_patch import Change, operations
from knative.rollout.pods import RevisionPods
from knative.rollout.resources import Revision, Service
from knative.rollout.state import PREFIX
from tests.support.kubernetes.fake_api import image, revision_name

POD = {
    "status": {
        "conditions": [{"type": "PodScheduled", "status": "True"}],
        "containerStatuses": [
            {
                "state": {"waiting": {"reason": "CrashLoopBackOff"}},
                "lastState": {"terminated": {"exitCode": 1, "message": "no model"}},
            }
        ],
    }
}
OTHER_VALUES: tuple[Any, ...] = (None, 1, "x", True, [], [1], [[]], {}, {"x": 1})


def mutants(document: Any) -> Iterator[Any]:
    """Yield the document with each of its parts replaced by values of other types, or missing."""
    yield from OTHER_VALUES
    for key, part in parts(document):
        for other in mutants(part):
            mutant = copy.copy(document)
            mutant[key] = other
            yield mutant
        missing = copy.copy(document)
        del missing[key]
        yield missing


def parts(document: Any) -> list[tuple[Any, Any]]:
    """Return keys and values of an object, or indices and items of a list."""
    if isinstance(document, list):
        return list(enumerate(document))
    return list(document.items()) if isinstance(document, dict) else []


def read_service(document: Any) -> None:
    """Read a Service, and compute a change of all that it owns."""
    service = Service.from_api(document)
    with suppress(UnsuitableServiceError):  # its annotation of a state is malformed
        str((service.is_routed, service.rollout, service.previous))
    change = Change(
        traffic=(),
        image="other",
        environment={"A": "b"},
        started="now",
        annotations={f"{PREFIX}/state": None, "a": "b"},
    )
    json.dumps(operations(service, change))


def read_revision(document: Any) -> None:
    """Read a Revision, and compare it."""
    revision = Revision.from_api(document)
    assert revision.is_same_as(revision)
    assert str(revision.readiness)


def test_malformed_services_and_revisions_are_errors(api):
    """Each part of an object may be of any type: a line that names the kind, no traceback."""
    container = api.service["spec"]["template"]["spec"]["containers"][0]
    container["env"] = [{"name": "A", "value": "b"}]
    sources = (
        (read_service, api.service),
        (read_revision, api.revisions[revision_name(1)]),
    )
    refused = 0
    for read, document in sources:
        read(document)
        for mutant in mutants(document):
            try:
                read(mutant)
            except MalformedObjectError:
                refused += 1

    assert refused > 100


def test_malformed_pods_are_errors():
    """The checks of pods find a failure, none, or a malformed pod."""
    seen: set[type] = set()
    for mutant in mutants(POD):
        try:
            RevisionPods("r", [mutant].copy, 60).check()
        except (MalformedObjectError, RevisionFailedError) as error:
            seen.add(type(error))

    assert seen == {MalformedObjectError, RevisionFailedError}


@pytest.mark.parametrize("command", ["status", "rollout", "rollback"])
@pytest.mark.parametrize(
    "body", [b'{"spec": 1}', b'{"spec": {"template": {"spec": {"containers": []}}}}']
)
def test_malformed_object_is_one_line_of_a_command(api, run, command, body):
    """It names the kind, and what to check."""
    api.bodies.append(body)
    options = ["--image", image(2)] if command == "rollout" else []
    outcome = run(command, *options)

    assert outcome.code == 1
    assert outcome.err.startswith("error: The Kubernetes API answers with a malformed Service (")
    assert "Traceback" not in outcome.err


def test_annotations_of_the_user_make_revisions_differ(api):
    """Those of Knative and of rollouts do not."""
    document = api.revisions[revision_name(1)]
    first = Revision.from_api(document)

    def annotated(name: str) -> Revision:
        other = copy.deepcopy(document)
        other["metadata"].setdefault("annotations", {})[name] = "other"
        return Revision.from_api(other)

    assert first.is_same_as(annotated("serving.knative.dev/creator"))
    assert first.is_same_as(annotated(f"{PREFIX}/started"))
    assert not first.is_same_as(annotated("autoscaling.knative.dev/min-scale"))


def test_other_pods_make_revisions_differ(api):
    """An image, a variable, a resource: any part of the spec."""
    document = api.revisions[revision_name(1)]
    other = copy.deepcopy(document)
    other["spec"]["timeoutSeconds"] = 77

    assert not Revision.from_api(document).is_same_as(Revision.from_api(other))
