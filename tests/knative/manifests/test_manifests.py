"""The manifests, rendered by kustomize, against strict schemas and our own rules."""

from __future__ import annotations

import copy
import re
import shutil
from dataclasses import fields, replace
from typing import Any

import kubernetes_validate
import pytest
import yaml

from func.settings import Settings
from model.store.uri import StoreUri
from tests.support.kubernetes.manifests import (
    KNATIVE,
    Object,
    find,
    kustomizations,
    render,
    render_folder,
)
from tests.support.kubernetes.rules import VISIBILITY, violations
from tests.support.paths import ROOT

CORE = {"Namespace", "ServiceAccount", "ConfigMap", "NetworkPolicy"}
OVERLAYS = ("overlays/staging", "overlays/production")
# Knative sets the address and the sink, the image sets the path of its model.
NOT_IN_THE_CONFIGMAP = {"HOST", "PORT", "MODEL_PATH", "K_SINK", "K_CE_OVERRIDES"}
KUBERNETES = "1.32"
METRICS_PORT = 9464


def is_core(item: Object) -> bool:
    return item["kind"] in CORE or item["apiVersion"] == "v1"


def every(*, core: bool) -> list[Any]:
    """Return each object of each kustomization as a test parameter."""
    return [
        pytest.param(item, id=f"{name}-{item['kind']}-{item['metadata']['name']}")
        for name in kustomizations()
        for item in render(name)
        if is_core(item) is core
    ]


@pytest.mark.parametrize("item", every(core=False))
def test_objects_hold_only_known_fields_and_break_no_rule(item):
    """Knative, Eventing and Traefik objects satisfy their schemas and the webhooks' rules."""
    assert violations(item) == []


@pytest.mark.parametrize("item", every(core=True))
def test_core_objects_are_valid(item):
    """Kubernetes objects satisfy its published schemas, strictly."""
    kubernetes_validate.validate(item, KUBERNETES, strict=True)


def classifier() -> Object:
    return copy.deepcopy(find("overlays/production", "Service", "intent-classifier"))


def places(item: Any, path: str) -> tuple[Any, Any]:
    """Return the parent and the key of a path such as ``spec/template``."""
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
            {"ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}]},
            "'http' is not one of",
            id="port-name",
        ),
        pytest.param(
            CONTAINER,
            {"ports": [{"containerPort": port, "protocol": "TCP"} for port in (8080, 8081)]},
            "too long",
            id="two-ports",
        ),
        pytest.param(
            CONTAINER,
            {"ports": [{"containerPort": 8012, "protocol": "TCP"}]},
            "the queue-proxy's",
            id="reserved-port",
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
            }.items()
        ),
        pytest.param(
            SPEC,
            {"volumes": [{"name": "v", "hostPath": {"path": "/"}}]},
            "'hostPath' was unexpected",
            id="host-path",
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
                f"{CONTAINER}/{name}/httpGet", {"port": 9999}, "is not served", id=f"{name}-port"
            )
            for name in ("readinessProbe", "livenessProbe")
        ),
        pytest.param(
            f"{CONTAINER}/resources/limits", {"memory": "256"}, "has no unit", id="memory-bytes"
        ),
    ],
)
def test_mistakes_that_the_webhook_refuses_or_accepts_silently_are_found(path, change, message):
    """Each mistake that Knative refuses, or accepts silently, violates a rule here."""
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
        (f"{CONTAINER}/ports/0", "protocol"),
        (f"{CONTAINER}/livenessProbe", "successThreshold"),
        (f"{CONTAINER}/livenessProbe/httpGet", "port"),
        (CONTAINER, "readinessProbe"),
        (CONTAINER, "securityContext"),
        (SPEC, "automountServiceAccountToken"),
    ],
)
def test_missing_fields_are_found(path, name):
    """Security context, resources, token and the webhook's defaults inside lists are required."""
    service = classifier()
    parent, key = places(service, path)
    del parent[key][name]

    assert any(f"'{name}' is a required property" in each for each in violations(service))


def test_kinds_without_a_schema_are_violations():
    """An object of an unknown kind needs a schema first."""
    assert violations({"apiVersion": "v9", "kind": "New"}) == ["unknown kind v9 New"]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_settings_in_code_and_manifests_are_the_same(overlay):
    """The ConfigMap has exactly the settings of the code, with valid values."""
    data = find(overlay, "ConfigMap")["data"]
    known = {field.name.upper() for field in fields(Settings)}

    assert data.keys() == known - NOT_IN_THE_CONFIGMAP
    Settings.from_environ(data)


def test_base_settings_are_the_defaults_of_the_code():
    """The base overrides no default except the metrics port."""
    expected = replace(Settings(), metrics_port=METRICS_PORT)

    assert Settings.from_environ(find("base", "ConfigMap")["data"]) == expected


def test_settings_in_the_readme_are_those_of_the_code():
    """The table of settings has each setting with its default."""
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
    """References between objects resolve; the server's limits fit the pod's."""
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
    """The production overlay names its image by digest."""
    [container] = classifier()["spec"]["template"]["spec"]["containers"]

    assert re.fullmatch(r"[^@]+@sha256:[0-9a-f]{64}", container["image"])


def test_staging_and_production_differ_where_they_should():
    """Names, hosts, scale and settings differ; the pods do not."""
    staging, production = (find(overlay, "Service", "intent-classifier") for overlay in OVERLAYS)
    namespaces = {item["metadata"]["namespace"] for item in (staging, production)}
    hosts = {find(overlay, "DomainMapping")["metadata"]["name"] for overlay in OVERLAYS}
    templates = [copy.deepcopy(item["spec"]["template"]) for item in (staging, production)]
    scales = []
    for template in templates:
        annotations = template["metadata"].pop("annotations")
        scales.append(annotations["autoscaling.knative.dev/max-scale"])
        template["spec"]["containers"][0].pop("image")
        template["spec"]["containers"][0].pop("envFrom")

    assert len(namespaces) == len(hosts) == 2
    assert scales[0] != scales[1]
    assert templates[0] == templates[1]


def test_a_changed_setting_changes_the_name_of_the_configmap_and_the_template(tmp_path):
    """A revision keeps its settings, and a change of them makes a new revision."""
    shutil.copytree(KNATIVE / "base", tmp_path / "base")
    before = render_folder(tmp_path / "base")
    settings = tmp_path / "base" / "settings.env"
    settings.write_text(settings.read_text().replace("LOG_LEVEL=INFO", "LOG_LEVEL=DEBUG"))
    names = [references(objects) for objects in (before, render_folder(tmp_path / "base"))]

    assert names[0] != names[1]
    assert all(name == referenced for name, referenced in names)


@pytest.mark.parametrize("name", ["model-s3", "model-volume", "many-models"])
def test_overlays_of_models_name_them_as_the_code_expects(name):
    """MODEL_URI and MODELS_URI can be parsed, volumes are mounted where the settings say."""
    settings = Settings.from_environ(find(f"overlays/{name}", "ConfigMap")["data"])
    uri = StoreUri.parse(settings.model_uri or "")
    revision = find(f"overlays/{name}", "Service", "intent-classifier")["spec"]["template"]["spec"]
    [mount] = revision["containers"][0]["volumeMounts"]

    assert uri.is_folder or uri.digest
    assert mount["mountPath"] == str(uri.path if uri.is_folder else settings.model_cache_dir)
    assert [volume["name"] for volume in revision["volumes"]] == [mount["name"]]


@pytest.mark.parametrize("name", ["model-s3", "many-models"])
def test_a_slow_download_is_not_taken_for_a_hang(name):
    """The liveness probe begins when the download has ended or failed."""
    settings = Settings.from_environ(find(f"overlays/{name}", "ConfigMap")["data"])
    service = find(f"overlays/{name}", "Service", "intent-classifier")
    [container] = service["spec"]["template"]["spec"]["containers"]

    assert container["livenessProbe"]["initialDelaySeconds"] >= settings.model_fetch_timeout_s


@pytest.mark.parametrize("name", ["model-s3", "many-models"])
def test_the_cache_fits_into_its_volume(name):
    """Kubernetes evicts a pod whose volume exceeds its limit; a file may be on its way."""
    settings = Settings.from_environ(find(f"overlays/{name}", "ConfigMap")["data"])
    service = find(f"overlays/{name}", "Service", "intent-classifier")
    [volume] = service["spec"]["template"]["spec"]["volumes"]
    size_mb = int(volume["emptyDir"]["sizeLimit"].removesuffix("Mi"))

    assert settings.model_cache_mb <= 0.75 * size_mb


def test_many_models_fit_into_the_memory():
    """The limit of the container leaves as much for the process as for the models."""
    settings = Settings.from_environ(find("overlays/many-models", "ConfigMap")["data"])
    service = find("overlays/many-models", "Service", "intent-classifier")
    [container] = service["spec"]["template"]["spec"]["containers"]

    assert settings.models_uri == "s3://your-bucket/tenants"
    assert container["resources"]["limits"]["memory"] == f"{2 * settings.models_memory_mb}Mi"


@pytest.mark.parametrize("name", ["model-s3", "cascade", "oidc"])
def test_overlays_of_servers_outside_let_the_pods_out(name):
    """The servers that the settings name are asked over HTTPS, which the base denies."""
    settings = Settings.from_environ(find(f"overlays/{name}", "ConfigMap")["data"])
    policy = find(f"overlays/{name}", "NetworkPolicy", "allow-https")["spec"]
    service = find(f"overlays/{name}", "Service", "intent-classifier")["metadata"]["name"]
    urls = [settings.fallback_url, settings.oidc_issuer, settings.model_uri]

    assert [url for url in urls if url and url.startswith(("https:", "s3:"))]
    assert policy["podSelector"]["matchLabels"] == {"serving.knative.dev/service": service}
    assert [port["port"] for rule in policy["egress"] for port in rule["ports"]] == [443, 53, 53]


def test_token_of_the_fallback_is_mounted_where_the_settings_say():
    """The secret has one key, the name of the file."""
    settings = Settings.from_environ(find("overlays/cascade", "ConfigMap")["data"])
    service = find("overlays/cascade", "Service", "intent-classifier")
    revision = service["spec"]["template"]["spec"]
    [mount] = revision["containers"][0]["volumeMounts"]

    assert str(settings.fallback_token_file) == f"{mount['mountPath']}/token"
    assert [volume["name"] for volume in revision["volumes"]] == [mount["name"]]


def references(objects: list[Object]) -> tuple[str, str]:
    """Return the name of the ConfigMap and the name that the Service references."""
    [config] = [each for each in objects if each["kind"] == "ConfigMap"]
    [service] = [each for each in objects if each["kind"] == "Service"]
    [container] = service["spec"]["template"]["spec"]["containers"]
    return config["metadata"]["name"], container["envFrom"][0]["configMapRef"]["name"]


@pytest.mark.parametrize("item", every(core=True))
def test_ports_of_network_policies_name_their_protocol(item):
    """The API server would fill it in, and a second apply would report a change."""
    rules = [
        *item.get("spec", {}).get("ingress", ()),
        *item.get("spec", {}).get("egress", ()),
    ]
    assert all("protocol" in port for rule in rules for port in rule["ports"])


@pytest.mark.parametrize("name", ["eventing", "overlays/kafka"])
def test_destinations_of_events_exist(name):
    """Each broker, subscriber and sink that an object references is rendered as well."""
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


def test_brokers_may_deliver_to_the_transform():
    """Its pods are Knative's, and no policy of the base allows requests to them."""
    policy = find("overlays/transform", "NetworkPolicy", "allow-transform")
    transform = find("overlays/transform", "EventTransform")
    [rule] = policy["spec"]["ingress"]

    assert policy["metadata"]["namespace"] == transform["metadata"]["namespace"]
    assert policy["spec"]["podSelector"]["matchLabels"] == {
        "eventing.knative.dev/event-transform-jsonata": "true"
    }
    assert namespaces(rule["from"]) == {"knative-eventing"}
    assert {port["port"] for port in rule["ports"]} == {8080, 8443}


def test_connectors_of_aws_may_run_where_they_are():
    """Their pods have no security context, which the restricted standard requires."""
    kinds = {"IntegrationSource", "IntegrationSink", "ServiceAccount"}
    namespace = find("overlays/aws", "Namespace")["metadata"]
    references = [
        each["spec"]["subscriber"]["ref"]
        for each in render("overlays/aws")
        if each["kind"] == "Trigger"
    ]

    assert namespace["labels"]["pod-security.kubernetes.io/enforce"] == "baseline"
    assert {
        each["metadata"]["namespace"] for each in render("overlays/aws") if each["kind"] in kinds
    } == {namespace["name"]}
    assert {ref["namespace"] for ref in references if ref["kind"] in kinds} == {namespace["name"]}


def test_connectors_of_aws_reach_the_broker_and_aws():
    """The broker may deliver to sinks; sources post to it, and all of them need AWS and DNS."""
    spec = find("overlays/aws", "NetworkPolicy", "connectors")["spec"]
    [asked] = spec["ingress"]
    broker, aws, credentials, dns = spec["egress"]

    assert namespaces(asked["from"]) == namespaces(broker["to"]) == {"knative-eventing"}
    assert namespaces(dns["to"]) == {"kube-system"}
    ports = [[port["port"] for port in rule["ports"]] for rule in (broker, aws, credentials, dns)]
    assert ports == [[8080, 8443], [443], [80], [53, 53]]


def namespaces(peers: list[Object]) -> set[str]:
    """Return the namespaces that the peers of a network policy's rule select."""
    return {
        peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"] for peer in peers
    }


def test_the_rate_limit_sees_the_addresses_of_clients():
    """A Network Load Balancer with pods as its targets hides them by default."""
    annotations = find("ingress/traefik/eks", "Service")["metadata"]["annotations"]
    name = "service.beta.kubernetes.io/aws-load-balancer"

    assert annotations[f"{name}-nlb-target-type"] == "ip"
    assert "preserve_client_ip.enabled=true" in annotations[f"{name}-target-group-attributes"]


def test_replies_are_not_classified_again():
    """The type that the classifier's Trigger selects is none of its reply types."""
    [asked] = find("eventing", "Trigger", "intent-requests")["spec"]["filters"]
    answered = {each["spec"]["type"] for each in render("eventing") if each["kind"] == "EventType"}
    prefix = Settings().event_type_prefix

    assert answered == {
        f"{prefix}.intent.{name}"
        for name in ("classified", "out_of_scope", "rejected", "corrected")
    }
    assert asked["exact"]["type"] not in answered


def test_the_review_receives_requests_and_uncertain_predictions():
    """The request holds the text, the prediction its certainty: a reviewer needs both."""
    [asked] = find("eventing", "Trigger", "intent-requests")["spec"]["filters"]
    [review] = find("eventing", "Trigger", "review")["spec"]["filters"]

    corrected = {"exact": {"type": f"{Settings().event_type_prefix}.intent.corrected"}}
    assert review["any"] == [asked, {"exact": {"certainty": "low"}}, corrected]


def test_corrections_go_to_the_broker():
    """The SinkBinding binds the classifier to the broker, and the pods may reach its ingress."""
    binding = find("eventing", "SinkBinding", "corrections")["spec"]
    policy = find("eventing", "NetworkPolicy", "allow-corrections")["spec"]
    broker, dns = policy["egress"]

    assert binding["subject"]["name"] == "intent-classifier"
    assert binding["sink"]["ref"]["name"] == "intent-broker"
    assert policy["podSelector"]["matchLabels"] == {
        "serving.knative.dev/service": "intent-classifier"
    }
    assert {port["port"] for port in broker["ports"]} == {8080, 8443}
    assert {port["port"] for port in dns["ports"]} == {53}


def test_func_yaml_and_the_service_agree():
    """``func deploy`` and the manifests deploy the same function."""
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
    assert function["name"] != service["metadata"]["name"]  # it would lose its settings
    assert function["namespace"] == service["metadata"]["namespace"]
    assert {key: str(value) for key, value in options["scale"].items()} == scale
    assert options["resources"] == container["resources"]
    assert concurrency == template["spec"]["containerConcurrency"]
    assert function["deploy"]["healthEndpoints"] == {
        name.removesuffix("Probe"): container[name]["httpGet"]["path"]
        for name in ("livenessProbe", "readinessProbe")
    }
