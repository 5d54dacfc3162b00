from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from knative.doctor.event_checks import dead_letter_reasons
from tests.support.kubernetes.fake_api import NAMESPACE, FakeApi, image, revision_name
from tests.support.kubernetes.healthy_cluster import (
    DEAD_LETTERS_LOG,
    DOMAIN,
    EVENTING,
    FEATURES,
    GATEWAY,
    MAPPINGS,
    NETWORK,
    SERVING,
    deployment,
    deployments,
    install,
    items,
    knative_object,
    node,
)

Break = Callable[[FakeApi], object]


@pytest.fixture(autouse=True)
def healthy_cluster(api):
    """Start from a cluster without problems."""
    install(api)


def replaced(path: str, document: Any) -> Break:
    """Return a change of one object."""
    return lambda api: api.objects.update({path: document})


def removed(path: str) -> Break:
    """Return a removal of one object."""
    return lambda api: api.objects.pop(path)


def in_container(**fields: Any) -> Break:
    """Return a change of the serving container, which creates a revision."""

    def change(api: FakeApi) -> None:
        api.edit(
            lambda service: service["spec"]["template"]["spec"]["containers"][1].update(fields)
        )
        api.settle()

    return change


def in_pod_spec(**fields: Any) -> Break:
    """Return a change of the template's pod, which creates a revision."""

    def change(api: FakeApi) -> None:
        api.edit(lambda service: service["spec"]["template"]["spec"].update(fields))
        api.settle()

    return change


def waiting(reason: str, message: str) -> Break:
    """Return a failure of the pods of the first image."""
    state = {"waiting": {"reason": reason, "message": message}}
    status = {"containerStatuses": [{"name": "user-container", "state": state}]}
    return lambda api: api.pods.update({image(1): status})


def pinned(api: FakeApi) -> None:
    """Pin the traffic to the first revision and change the template."""
    api.edit(
        lambda service: service["spec"].update(
            traffic=[{"revisionName": revision_name(1), "percent": 100}]
        )
    )
    in_container(image=image(2))(api)


def failed(api: FakeApi) -> None:
    """Make the only revision fail."""
    api.fail(revision_name(1))
    api.settle()


@pytest.mark.parametrize(
    ("breaking", "expected", "code"),
    [
        pytest.param(
            replaced("/version/", {"major": "1", "minor": "31"}),
            "warning  Kubernetes: version 1.31",
            0,
            id="old-kubernetes",
        ),
        pytest.param(
            lambda api: api.denied.update({"patch services", "list pods"}),
            "problem  Permissions in intent-namespace: not permitted: patch services, list pods",
            1,
            id="permissions",
        ),
        pytest.param(
            replaced(deployments(SERVING), items()),
            "problem  Knative Serving: activator, autoscaler, controller, webhook not installed",
            1,
            id="no-serving",
        ),
        pytest.param(
            replaced(
                deployments("knative-eventing"),
                items(deployment("knative-eventing", "eventing-controller", available=0)),
            ),
            "problem  Knative Eventing: eventing-controller has 0 of 1 pods available",
            1,
            id="unavailable",
        ),
        pytest.param(
            replaced(
                deployments("knative-eventing"),
                items(deployment("knative-eventing", "eventing-controller", version="1.19.0")),
            ),
            "warning  Knative Eventing: version 1.19.0",
            0,
            id="old-knative",
        ),
        pytest.param(
            replaced(deployments("knative-eventing"), items()),
            "warning  Knative Eventing: not installed",
            0,
            id="no-eventing",
        ),
        pytest.param(
            replaced(NETWORK, {"data": {"ingress.class": "istio"}}),
            "warning  Ingress class: istio",
            0,
            id="ingress-class",
        ),
        pytest.param(
            replaced(NETWORK, {}),
            "warning  Ingress class: not set, which means Istio",
            0,
            id="no-ingress-class",
        ),
        pytest.param(
            replaced(deployments("kourier-system"), items()),
            "problem  Kourier: 3scale-kourier-gateway not installed",
            1,
            id="no-kourier",
        ),
        pytest.param(removed(GATEWAY), "problem  Gateway: Service", 1, id="no-gateway"),
        pytest.param(
            replaced(GATEWAY, {"status": {}}),
            "warning  Gateway: kourier has no load balancer address",
            0,
            id="no-address",
        ),
        pytest.param(
            replaced(DOMAIN, {"data": {"_example": "example.com", "svc.cluster.local": ""}}),
            "warning  Domain: not set, which means svc.cluster.local",
            0,
            id="no-domain",
        ),
        pytest.param(
            in_pod_spec(volumes=[{"name": "model", "image": {"reference": "x"}}]),
            "problem  Feature flags: kubernetes.podspec-volumes-image is disabled",
            1,
            id="feature",
        ),
        pytest.param(
            replaced("/api/v1/nodes", items()), "problem  Nodes: no nodes", 1, id="no-nodes"
        ),
        pytest.param(
            replaced("/api/v1/nodes", items(node("arm64"), node("amd64"))),
            "warning  Nodes: amd64, arm64",
            0,
            id="architectures",
        ),
        pytest.param(
            failed,
            "problem  intent-classifier-00001: Ready is False (ExitCode1: Container failed",
            1,
            id="failed-revision",
        ),
        pytest.param(
            pinned,
            "warning  intent-classifier-00002: the newest revision has no traffic",
            0,
            id="unserved",
        ),
        pytest.param(
            in_container(image="docker.io/your-account/intent-classifier"),
            "problem  intent-classifier: the image is a placeholder: docker.io/your-account",
            1,
            id="placeholder",
        ),
        pytest.param(
            in_container(envFrom=[{"configMapRef": {"name": "settings-1"}}, {"secretRef": {}}]),
            "problem  intent-classifier-00002: ConfigMap settings-1 does not exist",
            1,
            id="config-map",
        ),
        pytest.param(
            waiting("ImagePullBackOff", "no such image"),
            "ImagePullBackOff: no such image\n         Check the name of the image",
            1,
            id="image",
        ),
        pytest.param(
            waiting("CrashLoopBackOff", "exec format error"),
            "exec format error\n         Build the image for the architecture",
            1,
            id="architecture",
        ),
        pytest.param(
            replaced(
                MAPPINGS,
                items(
                    knative_object(
                        "no-such-host.invalid", "False", ref={"name": "intent-classifier"}
                    )
                ),
            ),
            "problem  DomainMapping no-such-host.invalid: Ready is False (Because: of this)",
            1,
            id="mapping",
        ),
        pytest.param(
            replaced(
                MAPPINGS,
                items(knative_object("no-such-host.invalid", ref={"name": "intent-classifier"})),
            ),
            "problem  DomainMapping no-such-host.invalid: not in DNS",
            1,
            id="dns",
        ),
        pytest.param(
            replaced(f"{EVENTING}/triggers", items(knative_object("t", "False"))),
            "problem  Trigger t: Ready is False (Because: of this)",
            1,
            id="trigger",
        ),
        pytest.param(
            replaced(f"{EVENTING}/brokers", items({"metadata": {"name": "b"}, "spec": {}})),
            "problem  Broker b: Ready is Unknown",
            1,
            id="broker",
        ),
        pytest.param(
            replaced(f"{EVENTING}/brokers", items({"metadata": 1})),
            "warning  Check of brokers and triggers: malformed object (TypeError",
            0,
            id="malformed-object",
        ),
        pytest.param(
            replaced("/api/v1/nodes", {"items": [1]}),
            "warning  Check of nodes: malformed list (TypeError",
            0,
            id="malformed-list",
        ),
        pytest.param(
            lambda api: api.forbidden.add("/nodes"),
            "warning  Check of nodes: not permitted",
            0,
            id="forbidden",
        ),
        pytest.param(
            removed(MAPPINGS), "warning  Check of hosts: not found", 0, id="no-domain-mappings"
        ),
    ],
)
def test_each_problem_is_found_with_its_remedy(api, run, breaking, expected, code):
    """A finding names the object, its state and the remedy; only problems fail the command."""
    breaking(api)
    outcome = run("doctor")
    assert expected in outcome.out
    assert outcome.code == code


def test_a_healthy_cluster_has_no_findings(run):
    """Passed checks are counted, and listed with --verbose."""
    outcome = run("doctor")
    assert (outcome.code, outcome.out) == (0, "15 ok, 0 warnings, 0 problems\n")
    assert "ok       Ingress class: kourier.ingress" in run("doctor", "--verbose").out


def test_doctor_prints_json(run):
    """--json prints level, subject, text and remedy of each finding."""
    findings = json.loads(run("doctor", "--json").out)
    assert findings[0] == {
        "level": "ok",
        "subject": "Kubernetes",
        "text": "version 1.36",
        "remedy": "",
    }


def test_a_cluster_without_the_service_is_examined(run):
    """The remedy is to deploy the Service."""
    outcome = run("doctor", "--service", "another")
    assert outcome.code == 1
    assert "problem  another: not deployed in intent-namespace" in outcome.out
    assert "kubectl apply -k knative/overlays/production" in outcome.out


def test_a_cluster_without_knative_is_examined(api, run):
    """Missing ConfigMaps and kinds are no errors of the command."""
    for path in (NETWORK, DOMAIN, FEATURES, f"{EVENTING}/brokers", f"{EVENTING}/triggers"):
        del api.objects[path]
    assert run("doctor").code == 0


def test_enabled_features_pass(api, run):
    """A flag that a volume needs is reported as enabled."""
    api.objects[FEATURES] = {"data": {"kubernetes.podspec-volumes-image": "enabled"}}
    in_pod_spec(volumes=[{"name": "m", "image": {}}, {"name": "t", "emptyDir": {}}])(api)
    outcome = run("doctor", "--verbose")
    assert "Feature flags: kubernetes.podspec-volumes-image is enabled" in outcome.out


def test_existing_config_maps_pass(api, run):
    """A ConfigMap that a revision names, or may miss, is no finding."""
    api.objects[f"/api/v1/namespaces/{NAMESPACE}/configmaps/a"] = {"data": {}}
    references = [{"name": "a"}, {"name": "b", "optional": True}]
    in_container(envFrom=[{"configMapRef": each} for each in references])(api)
    assert run("doctor").code == 0


def test_an_interrupted_rollout_is_found(api, gateway, run):
    """The remedy names rollout and rollback."""
    api.on_patch = lambda _: setattr(api, "away", len(api.patches) == 4)
    run("rollout", "--image", image(2), "--gateway", gateway.url)
    api.away = False
    assert "a rollout is in progress or was interrupted" in run("doctor").out


def event(code: str, data: str) -> str:
    """Return a dead letter as event_display logs it."""
    return (
        "☁️  cloudevents.Event\nContext Attributes,\n  specversion: 1.0\n  type: chat.message\n"
        f"Extensions,\n  knativeerrorcode: {code}\n  knativeerrordata: {data}\n"
        'Data,\n  {\n    "text": "secret"\n  }\n'
    )


def encoded(text: str) -> str:
    """Return base64, as the broker encodes the body."""
    return base64.b64encode(text.encode()).decode()


def test_dead_letters_are_counted_by_reason(api, run):
    """Status and error message are reported, the user's text is not."""
    labels = {"serving.knative.dev/service": "dead-letters"}
    running = {"name": "dead-letters-pod", "labels": labels}
    starting = {"name": "starting", "labels": labels}
    api.objects["pods"] = items(
        {"metadata": running, "status": {"phase": "Running"}}, {"metadata": starting}
    )
    refused = event("422", encoded('{"error": "The event has no text"}'))
    api.objects[DEAD_LETTERS_LOG] = refused * 2 + event("503", "plain")
    outcome = run("doctor")
    assert "Dead letters in dead-letters: 2 with status 422: The event has no text" in outcome.out
    assert "1 with status 503: plain" in outcome.out
    assert "secret" not in outcome.out
    api.objects[DEAD_LETTERS_LOG] = "listening\n"
    assert "Dead letters in dead-letters: none logged" in run("doctor", "--verbose").out


@pytest.mark.parametrize(
    ("log", "reasons"),
    [
        pytest.param("", [], id="empty"),
        pytest.param("cloudevents.Event\n  type: x\n", [], id="no-dead-letter"),
        pytest.param(event("500", ""), ["status 500"], id="no-body"),
        pytest.param(event("500", encoded("[1]")), ["status 500: [1]"], id="no-error"),
        pytest.param(event("500", encoded("a\x1b[2Jb")), ["status 500: a?[2Jb"], id="control"),
        pytest.param(event("500", "gA=="), ["status 500: gA=="], id="binary"),
    ],
)
def test_reasons_are_read_from_a_log(log, reasons):
    """Bodies may have any form; control characters are replaced."""
    assert list(dead_letter_reasons(log)) == reasons
