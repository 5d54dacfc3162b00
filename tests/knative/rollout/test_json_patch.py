from __future__ import annotations

import copy

import pytest

from knative.rollout.json_patch import Change, operations
from knative.rollout.resources import Revision, Service
from knative.rollout.traffic import TrafficTarget
from tests.support.kubernetes import json_patch
from tests.support.kubernetes.fake_api import image

TRAFFIC = (TrafficTarget(revision="a-1", percent=100, tag="stable"),)


@pytest.fixture
def document(api):
    """A Service object of the API."""
    return api.read("services/intent-classifier")


def patched(document, change):
    """Return the document after the patch of a change."""
    result = copy.deepcopy(document)
    json_patch.apply(result, operations(Service.from_api(document), change))
    return result


def test_nothing_is_sent_where_nothing_changes(document):
    """Without a difference there is no patch; the API omits values that are empty."""
    container = document["spec"]["template"]["spec"]["containers"][1]
    container["env"] = [{"name": "A", "value": "1"}, {"name": "B"}]
    service = Service.from_api(document)
    same = Change(
        traffic=service.wanted,
        image=image(1),
        environment={"A": "1", "B": ""},
        annotations={"gone": None},
    )
    assert operations(service, Change()) == []
    assert operations(service, same) == []


def test_a_variable_from_elsewhere_is_replaced_by_an_empty_one(document):
    """Its value is not known, and it is not the one that is wanted."""
    container = document["spec"]["template"]["spec"]["containers"][1]
    container["env"] = [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}}}]
    result = patched(document, Change(environment={"A": ""}))
    [variable] = result["spec"]["template"]["spec"]["containers"][1]["env"]
    assert variable == {"name": "A", "value": ""}


def test_each_patch_tests_the_version_first(document):
    """The test makes the API refuse the patch after a write of somebody else."""
    first, *_ = operations(Service.from_api(document), Change(traffic=TRAFFIC))
    assert first == {
        "op": "test",
        "path": "/metadata/resourceVersion",
        "value": document["metadata"]["resourceVersion"],
    }


def test_only_owned_fields_change(document):
    """Sidecars, ports, timeouts and status stay unchanged."""
    change = Change(
        traffic=TRAFFIC, image=image(2), started="now", annotations={"a/b~c": "1", "d": "2"}
    )
    expected = copy.deepcopy(document)
    expected["spec"]["traffic"] = [TRAFFIC[0].to_api()]
    template = expected["spec"]["template"]
    template["spec"]["containers"][1]["image"] = image(2)
    template["metadata"] = {"annotations": {"rollout.intentclassifier.org/started": "now"}}
    expected["metadata"]["annotations"] = {"a/b~c": "1", "d": "2"}
    assert patched(document, change) == expected


def test_annotations_of_others_stay(document):
    """Own annotations are added and removed; others stay."""
    document["metadata"]["annotations"] = {"theirs": "1", "ours": "2"}
    document["spec"]["template"]["metadata"] = {"annotations": {"theirs": "3"}}
    result = patched(document, Change(started="now", annotations={"ours": None, "new": "4"}))
    assert result["metadata"]["annotations"] == {"theirs": "1", "new": "4"}
    assert result["spec"]["template"]["metadata"]["annotations"] == {
        "theirs": "3",
        "rollout.intentclassifier.org/started": "now",
    }


def test_a_revision_is_restored_in_a_template_without_annotations(api, document):
    """Pods and annotations of the revision replace those of the template."""
    name, revision = next(iter(api.revisions.items()))
    revision["metadata"]["annotations"] = {"autoscaling.knative.dev/window": "60s"}
    document["spec"]["template"] = {"spec": {"containers": [{"image": image(9)}]}}
    change = Change(revision=Revision.from_api(api.read(f"revisions/{name}")))
    assert patched(document, change)["spec"]["template"] == {
        "metadata": {"annotations": {"autoscaling.knative.dev/window": "60s"}},
        "spec": revision["spec"],
    }


def test_the_only_container_is_the_one_that_serves(document):
    """A single container needs no port."""
    document["spec"]["template"]["spec"]["containers"] = [{"image": image(1)}]
    result = patched(document, Change(image=image(2)))
    assert result["spec"]["template"]["spec"]["containers"] == [{"image": image(2)}]


def test_template_of_a_revision_keeps_the_annotations_of_others(api, document):
    """Those of Knative and of rollouts stay on the template; the user's are the revision's."""
    annotations = {"serving.knative.dev/creator": "ci", "autoscaling.knative.dev/target": "1"}
    document["spec"]["template"]["metadata"] = {"annotations": annotations}
    revision = Revision.from_api(api.revisions["intent-classifier-00001"])
    found = patched(document, Change(revision=revision))["spec"]["template"]["metadata"]

    assert found["annotations"] == {
        "serving.knative.dev/creator": "ci",
        **revision.template_annotations,
    }
