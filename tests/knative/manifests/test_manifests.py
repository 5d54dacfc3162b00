"""The manifests, as the real kustomize renders them, against strict schemas and our own rules."""

from __future__ import annotations

import copy
import re
from dataclasses import fields, replace
from typing import Any

import kubernetes_validate
import pytest
import yaml

from func.settings import Settings
from tests.support.manifests import Object, find, kustomizations, render
from tests.support.paths import ROOT
from tests.support.rules import VISIBILITY, violations

CORE = {"Namespace", "ServiceAccount", "ConfigMap", "NetworkPolicy"}
OVERLAYS = ("overlays/staging", "overlays/production")
# What is not for the cluster to say: Knative gives the address, the image holds the model.
NOT_IN_THE_CONFIGMAP = {"HOST", "PORT", "MODEL_PATH"}
KUBERNETES = "1.32"
METRICS_PORT = 9464


def is_core(item: Object) -> bool:
    return item["kind"] in CORE or item["apiVersion"] == "v1"


def every(*, core: bool) -> list[Any]:
    """Give each object of each kustomization as a test parameter."""
    return [
        pytest.param(item, id=f"{name}-{item['kind']}-{item['metadata']['name']}")
        for name in kustomizations()
        for item in render(name)
        if is_core(item) is core
    ]


@pytest.mark.parametrize("item", every(core=False))
def test_objects_hold_only_known_fields_and_break_no_rule(item):
    """Knative, Eventing and Traefik objects fit their schemas and the rules of the webhooks."""
    assert violations(item) == []


@pytest.mark.parametrize("item", every(core=True))
def test_core_objects_are_valid(item):
    """Kubernetes' own objects fit its published schemas, strictly."""
    kubernetes_validate.validate(item, KUBERNETES, strict=True)


def classifier() -> Object:
    return copy.deepcopy(find("overlays/production", "Service", "intent-classifier"))


def places(item: Any, path: str) -> tuple[Any, Any]:
    """Give the parent and the key that a path like ``spec/template`` leads to."""
    *parents, key = path.split("/")
    for part in parents:
        item = item[int(part)] if part.isdigit() else item[part]
    return item, int(key) if key.isdigit() else key


SPEC = "spec/template/spec"
CONTAINER = f"{SPEC}/containers/0"
ANNOTATIONS = "spec/template/metadata/annotations"


def annotation(name: str, value: object, message: str) -> Any:
    return pytest.param(
        ANNOTATIONS, {f"autoscaling.knative.dev/{name}": value}, message, id=f"{name}={value}"
    )


@pytest.mark.parametrize(
    ("path", "change", "message"),
    [
        # refused by the webhook
        annotation("max-scale", 10, "not of type 'string'"),
        annotation("min-scale", "60", "min-scale 60 is above max-scale 50"),
        annotation("window", "5s", "window 5s"),
        annotation("window", "60", "window 60"),
        annotation("initial-scale", "0", "initial-scale 0"),
        pytest.param(
            "metadata/annotations",
            {"autoscaling.knative.dev/max-scale": "3"},
            "does not belong on the Service",
            id="autoscaling-on-the-service",
        ),
        pytest.param(
            CONTAINER, {"env": [{"name": "PORT", "value": "1"}]}, "PORT is set", id="env-port"
        ),
        pytest.param(
            CONTAINER,
            {"env": [{"name": "K_SERVICE", "value": "x"}]},
            "K_SERVICE is set",
            id="env-knative",
        ),
        pytest.param(
            CONTAINER, {"env": [{"name": "A", "value": 1}]}, "not of type 'string'", id="env-number"
        ),
        pytest.param(
            CONTAINER,
            {"env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "x"}}}]},
            "valueFrom",
            id="field-ref",
        ),
        pytest.param(
            CONTAINER,
            {"ports": [{"name": "http", "containerPort": 8080}]},
            "'http' is not one of",
            id="port-name",
        ),
        pytest.param(
            CONTAINER,
            {"ports": [{"containerPort": 8080}, {"containerPort": 8081}]},
            "too long",
            id="two-ports",
        ),
        pytest.param(
            CONTAINER, {"ports": [{"containerPort": 8012}]}, "the queue-proxy's", id="reserved-port"
        ),
        pytest.param(SPEC, {"timeoutSeconds": 601}, "greater than the maximum", id="timeout"),
        pytest.param(
            SPEC, {"containerConcurrency": 1001}, "greater than the maximum", id="concurrency"
        ),
        *(
            pytest.param(SPEC, {name: value}, f"'{name}' was unexpected", id=name)
            for name, value in {
                "securityContext": {"runAsNonRoot": True},
                "nodeSelector": {"a": "b"},
                "affinity": {},
                "tolerations": [],
                "topologySpreadConstraints": [],
                "priorityClassName": "high",
                "initContainers": [],
                "terminationGracePeriodSeconds": 5,
                "restartPolicy": "Always",
                "volumes": [{"name": "v", "hostPath": {"path": "/"}}],
            }.items()
        ),
        pytest.param(CONTAINER, {"lifecycle": {}}, "'lifecycle' was unexpected", id="lifecycle"),
        pytest.param(
            f"{CONTAINER}/securityContext/capabilities", {"add": ["X"]}, "'add'", id="capabilities"
        ),
        pytest.param(
            CONTAINER, {"startupProbe": {"httpGet": {}}}, "'startupProbe'", id="startup-probe"
        ),
        pytest.param(
            f"{CONTAINER}/readinessProbe", {"failureThreshold": 3}, "but no period", id="probe-zero"
        ),
        pytest.param("spec", {"traffic": []}, "'traffic' was unexpected", id="traffic"),
        pytest.param(
            "spec/template/metadata", {"name": "other"}, "'name' was unexpected", id="fixed-name"
        ),
        pytest.param(
            SPEC,
            {"automountServiceAccountToken": True},
            "was expected",
            id="token",
        ),
        # accepted silently
        annotation("minscale", "1", "no annotation of a revision"),
        annotation("minScale", "1", "no annotation of a revision"),
        annotation("target", "17", "above containerConcurrency 16"),
        pytest.param("metadata/labels", {VISIBILITY: "private"}, "is unknown", id="visibility"),
        pytest.param(
            ANNOTATIONS,
            {"serving.knative.dev/rollout-duration": "60s"},
            "no annotation of a revision",
            id="rollout-duration",
        ),
        *(
            pytest.param(
                f"{CONTAINER}/{name}/httpGet", {"port": 9999}, "nobody listens", id=f"{name}-port"
            )
            for name in ("readinessProbe", "livenessProbe")
        ),
        pytest.param(
            f"{CONTAINER}/resources/limits", {"memory": "256"}, "has no unit", id="memory-bytes"
        ),
    ],
)
def test_what_the_webhook_refuses_or_overlooks_is_found(path, change, message):
    """Each mistake that Knative refuses, or takes without a word, breaks a check here."""
    service = classifier()
    parent, key = places(service, path)
    parent[key] = {**parent[key], **change}

    assert any(message in violation for violation in violations(service))


@pytest.mark.parametrize(
    ("path", "name"),
    [
        *(
            (f"{CONTAINER}/securityContext", name)
            for name in (
                "allowPrivilegeEscalation",
                "capabilities",
                "readOnlyRootFilesystem",
                "runAsNonRoot",
                "runAsUser",
                "seccompProfile",
            )
        ),
        (f"{CONTAINER}/resources", "limits"),
        (CONTAINER, "securityContext"),
        (SPEC, "automountServiceAccountToken"),
    ],
)
def test_what_is_left_out_is_found(path, name):
    """A complete security context, resources and no token are asked for."""
    service = classifier()
    parent, key = places(service, path)
    del parent[key][name]

    assert any(f"'{name}' is a required property" in each for each in violations(service))


def test_kinds_without_a_schema_are_not_let_through():
    """An object of a new kind needs a schema first."""
    assert violations({"apiVersion": "v9", "kind": "New"}) == ["unknown kind v9 New"]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_settings_in_code_and_manifests_are_the_same(overlay):
    """The ConfigMap names every setting, and only those, with values that the code allows."""
    data = find(overlay, "ConfigMap")["data"]
    known = {field.name.upper() for field in fields(Settings)}

    assert data.keys() == known - NOT_IN_THE_CONFIGMAP
    Settings.from_environ(data)


def test_base_settings_are_the_defaults_of_the_code():
    """What runs on the cluster is what the README's table says, and shows its metrics."""
    expected = replace(Settings(), metrics_port=METRICS_PORT)

    assert Settings.from_environ(find("base", "ConfigMap")["data"]) == expected


def test_settings_in_the_readme_are_those_of_the_code():
    """The table of settings names each setting with its default."""
    text = (ROOT / "README.md").read_text()
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| `([^`]*)` \|", text, re.MULTILINE))
    paths = {"MODEL_PATH"}

    assert rows.keys() == {field.name.upper() for field in fields(Settings)}
    assert (
        Settings.from_environ({key: value for key, value in rows.items() if key not in paths})
        == Settings()
    )


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_objects_agree_with_each_other(overlay):
    """Names in one object are names of others; limits of the server fit those of the pod."""
    service = find(overlay, "Service", "intent-classifier")
    revision = service["spec"]["template"]["spec"]
    [container] = revision["containers"]
    settings = Settings.from_environ(find(overlay, "ConfigMap")["data"])
    namespace = find(overlay, "Namespace")["metadata"]["name"]
    host = find(overlay, "DomainMapping")["metadata"]["name"]

    assert container["envFrom"] == [
        {"configMapRef": {"name": find(overlay, "ConfigMap")["metadata"]["name"]}}
    ]
    assert revision["serviceAccountName"] == find(overlay, "ServiceAccount")["metadata"]["name"]
    assert find(overlay, "ClusterDomainClaim")["metadata"]["name"] == host
    assert find(overlay, "ClusterDomainClaim")["spec"]["namespace"] == namespace
    assert {
        item["metadata"]["namespace"] for item in render(overlay) if "namespace" in item["metadata"]
    } == {namespace}
    assert settings.threads <= revision["containerConcurrency"]
    assert settings.shutdown_timeout_s < revision["timeoutSeconds"]
    assert int(container["resources"]["limits"]["cpu"]) >= 1


def test_production_is_named_by_digest():
    """What runs in production can't change under its name."""
    [container] = classifier()["spec"]["template"]["spec"]["containers"]

    assert re.fullmatch(r"[^@]+@sha256:[0-9a-f]{64}", container["image"])


def test_staging_and_production_differ_where_they_should():
    """Names, hosts and scale differ; what a pod is does not."""
    staging, production = (find(overlay, "Service", "intent-classifier") for overlay in OVERLAYS)
    namespaces = {item["metadata"]["namespace"] for item in (staging, production)}
    hosts = {find(overlay, "DomainMapping")["metadata"]["name"] for overlay in OVERLAYS}
    templates = [copy.deepcopy(item["spec"]["template"]) for item in (staging, production)]
    scales = []
    for template in templates:
        annotations = template["metadata"].pop("annotations")
        scales.append(annotations["autoscaling.knative.dev/max-scale"])
        template["spec"]["containers"][0].pop("image")

    assert len(namespaces) == len(hosts) == 2
    assert scales[0] != scales[1]
    assert templates[0] == templates[1]


@pytest.mark.parametrize("name", ["eventing", "overlays/kafka"])
def test_events_go_where_there_is_somebody(name):
    """Every broker, subscriber and sink that an object names is among the objects."""
    objects = render(name)
    services = {each["metadata"]["name"] for each in objects if each["kind"] == "Service"}
    services.add("intent-classifier")
    triggers = [each["spec"] for each in objects if each["kind"] == "Trigger"]
    sinks = [find(name, "Broker")["spec"]["delivery"]["deadLetterSink"]]
    sinks += [
        trigger["delivery"]["deadLetterSink"] for trigger in triggers if "delivery" in trigger
    ]
    sinks += [trigger["subscriber"] for trigger in triggers]

    assert {sink["ref"]["name"] for sink in sinks} == services
    assert {trigger["broker"] for trigger in triggers} == {"intent-broker"}


def test_events_that_are_classified_are_none_of_our_own_replies():
    """No loop: the type that is asked for is not among those that are answered with."""
    [asked] = find("eventing", "Trigger", "intent-requests")["spec"]["filters"]
    answered = {each["spec"]["type"] for each in render("eventing") if each["kind"] == "EventType"}
    prefix = Settings().event_type_prefix

    assert answered == {
        f"{prefix}.intent.{name}" for name in ("classified", "out_of_scope", "rejected")
    }
    assert asked["exact"]["type"] not in answered


def test_reviewers_get_requests_with_their_answers():
    """The text stands in the request and the doubt in the answer: people need both."""
    [asked] = find("eventing", "Trigger", "intent-requests")["spec"]["filters"]
    [review] = find("eventing", "Trigger", "review")["spec"]["filters"]

    assert review["any"] == [asked, {"exact": {"certainty": "low"}}]


def test_func_yaml_and_the_service_agree():
    """``func deploy`` and the manifests make the same function."""
    function = yaml.safe_load((ROOT / "func.yaml").read_text())
    service = find("base", "Service", "intent-classifier")
    template = service["spec"]["template"]
    [container] = template["spec"]["containers"]
    options = function["deploy"]["options"]
    scale = {
        key: template["metadata"]["annotations"][f"autoscaling.knative.dev/{name}"]
        for key, name in {
            "min": "min-scale",
            "max": "max-scale",
            "metric": "metric",
            "target": "target",
            "utilization": "target-utilization-percentage",
        }.items()
    }
    concurrency = options["resources"]["limits"].pop("concurrency")

    environ = {each["name"]: each["value"] for each in function["run"]["envs"]}
    data = find("base", "ConfigMap")["data"]

    assert environ == {key: data[key] for key in ("LOG_FORMAT", "METRICS_PORT")}
    assert function["name"] == service["metadata"]["name"]
    assert function["namespace"] == service["metadata"]["namespace"]
    assert {key: str(value) for key, value in options["scale"].items()} == scale
    assert options["resources"] == container["resources"]
    assert concurrency == template["spec"]["containerConcurrency"]
    assert function["deploy"]["healthEndpoints"] == {
        name.removesuffix("Probe"): container[name]["httpGet"]["path"]
        for name in ("livenessProbe", "readinessProbe")
    }
