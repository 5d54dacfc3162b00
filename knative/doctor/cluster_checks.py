"""Checks of the cluster: everything that the function needs before it is deployed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from knative.doctor.findings import Finding, ok, problem, warning
from knative.rollout.cluster import Cluster
from knative.rollout.errors import NotFoundError
from knative.rollout.kubernetes_api import DEPLOYMENTS

MIN_KUBERNETES = (1, 32)
MIN_KNATIVE = (1, 20)
INSTALL = "Install it as docs/deploying.md describes."
KOURIER_CLASS = "kourier.ingress.networking.knative.dev"
KOURIER_CONTROLLER = "net-kourier-controller"
# Without this ConfigMap key Knative uses Istio.
INGRESS_KEYS = ("ingress-class", "ingress.class")
# Services in a domain that begins so have hosts which gateways serve inside the cluster only.
LOCAL_DOMAIN = "svc."
SERVING_COMPONENTS = ("activator", "autoscaler", "controller", "webhook")
ARCHITECTURES = frozenset({"amd64", "arm64"})
# Features of pod templates that Knative disables by default, by the volume source that needs them.
VOLUME_FEATURES = {
    "csi": "kubernetes.podspec-volumes-csi",
    "hostPath": "kubernetes.podspec-volumes-hostpath",
    "image": "kubernetes.podspec-volumes-image",
    "persistentVolumeClaim": "kubernetes.podspec-persistent-volume-claim",
}
PERMISSIONS = (
    *(("serving.knative.dev", "services", verb) for verb in ("get", "list", "watch", "patch")),
    *(("serving.knative.dev", "revisions", verb) for verb in ("get", "list", "watch")),
    ("", "pods", "list"),
)

Document = Mapping[str, Any]


def kubernetes(cluster: Cluster) -> Iterator[Finding]:
    """Check the version of Kubernetes."""
    major, minor = cluster.api.read_version()
    text = f"version {major}.{minor}"
    if (major, minor) < MIN_KUBERNETES:
        yield warning("Kubernetes", text, "The function is tested with 1.32 and newer.")
    else:
        yield ok("Kubernetes", text)


def permissions(cluster: Cluster) -> Iterator[Finding]:
    """Check the permissions of the other commands."""
    missing = [
        f"{verb} {resource}"
        for group, resource, verb in PERMISSIONS
        if not cluster.api.is_allowed(verb, group, resource, cluster.namespace)
    ]
    subject = f"Permissions in {cluster.namespace}"
    if missing:
        remedy = "Bind the Role in docs/rollouts.md to this user."
        yield problem(subject, f"not permitted: {', '.join(missing)}", remedy)
    else:
        yield ok(subject, "sufficient")


def serving(cluster: Cluster) -> Iterator[Finding]:
    """Check that Knative Serving is installed and available."""
    deployments = _deployments(cluster, "knative-serving")
    yield from _components("Knative Serving", deployments, SERVING_COMPONENTS)


def eventing(cluster: Cluster) -> Iterator[Finding]:
    """Check that Knative Eventing, if installed, is available."""
    deployments = _deployments(cluster, "knative-eventing")
    if not deployments:
        remedy = "Needed for events only. " + INSTALL
        yield warning("Knative Eventing", "not installed", remedy)
        return
    yield from _components("Knative Eventing", deployments, ("eventing-controller",))


def ingress(cluster: Cluster) -> Iterator[Finding]:
    """Check the ingress class, and Kourier if it is used."""
    try:
        network = cluster.api.read_config_map("knative-serving", "config-network")
    except NotFoundError:
        return  # the check of Serving reports this
    chosen = next((network[key] for key in INGRESS_KEYS if key in network), "")
    if chosen != KOURIER_CLASS:
        yield warning(
            "Ingress class",
            f"{chosen or 'not set, which means Istio'}",
            "The network policies and ingress manifests are written for Kourier:\n"
            "kubectl patch configmap/config-network --namespace knative-serving --type merge "
            f'--patch \'{{"data":{{"ingress-class":"{KOURIER_CLASS}"}}}}\'',
        )
        return
    yield ok("Ingress class", chosen)
    kourier = _deployments(cluster, "kourier-system")
    if controller := _deployments(cluster, "knative-serving").get(KOURIER_CONTROLLER):
        kourier[KOURIER_CONTROLLER] = controller
    components = ("3scale-kourier-gateway", KOURIER_CONTROLLER)
    yield from _components("Kourier", kourier, components)
    yield from _gateway_address(cluster)


def domain(cluster: Cluster) -> Iterator[Finding]:
    """Check that Services, and the tags of a rollout, get hosts that the gateway serves to all."""
    try:
        domains = cluster.api.read_config_map("knative-serving", "config-domain")
    except NotFoundError:
        return
    public = [name for name in domains if name[0] != "_" and not name.startswith(LOCAL_DOMAIN)]
    if public:
        yield ok("Domain", ", ".join(public))
        return
    yield warning(
        "Domain",
        "not set, which means svc.cluster.local: only DomainMappings are served to clients outside",
        "A rollout from outside the cluster needs one, for the hosts of its tags:\n"
        "kubectl patch configmap/config-domain --namespace knative-serving --type merge "
        '--patch \'{"data":{"knative.example.com":""}}\'',
    )


def features(cluster: Cluster) -> Iterator[Finding]:
    """Check the feature flags that the Service's volumes need."""
    try:
        volumes = cluster.read_service().document["spec"]["template"]["spec"].get("volumes") or ()
        flags = cluster.api.read_config_map("knative-serving", "config-features")
    except NotFoundError:
        return
    for flag in sorted(
        {VOLUME_FEATURES[key] for each in volumes for key in each.keys() & VOLUME_FEATURES}
    ):
        value = flags.get(flag, "disabled")
        if value == "disabled":
            yield problem(
                "Feature flags",
                f"{flag} is disabled, but the Service has such a volume",
                "kubectl patch configmap/config-features --namespace knative-serving --type merge "
                f'--patch \'{{"data":{{"{flag}":"enabled"}}}}\'',
            )
        else:
            yield ok("Feature flags", f"{flag} is {value}")


def nodes(cluster: Cluster) -> Iterator[Finding]:
    """Check the architectures of the nodes."""
    found = cluster.api.list_nodes()
    architectures = sorted({each["status"]["nodeInfo"]["architecture"] for each in found})
    text = ", ".join(architectures) or "no nodes"
    platforms = ",".join(f"linux/{each}" for each in architectures)
    remedy = f"Build the image for all of them: docker buildx build --platform {platforms}"
    if not architectures:
        yield problem("Nodes", text, "Add a node.")
    elif len(architectures) > 1 or not ARCHITECTURES.issuperset(architectures):
        yield warning("Nodes", text, remedy)
    else:
        yield ok("Nodes", text)


def _gateway_address(cluster: Cluster) -> Iterator[Finding]:
    try:
        addresses = cluster.api.read_load_balancer("kourier-system", "kourier")
    except NotFoundError:
        yield problem("Gateway", "Service kourier-system/kourier does not exist", INSTALL)
        return
    if addresses:
        yield ok("Gateway", ", ".join(addresses))
    else:
        remedy = (
            "Outside the cluster it is reachable by a node port or `kubectl port-forward` only."
        )
        yield warning("Gateway", "kourier has no load balancer address", remedy)


def _deployments(cluster: Cluster, namespace: str) -> dict[str, Document]:
    found = cluster.api.list_objects(DEPLOYMENTS, namespace)
    return {each["metadata"]["name"]: each for each in found}


def _components(
    product: str, deployments: Mapping[str, Document], names: tuple[str, ...]
) -> Iterator[Finding]:
    missing = [name for name in names if name not in deployments]
    if missing:
        yield problem(product, f"{', '.join(missing)} not installed", INSTALL)
        return
    for name, each in deployments.items():
        wanted = each["spec"].get("replicas", 1)
        available = each.get("status", {}).get("availableReplicas", 0)
        if available < wanted:
            namespace = each["metadata"]["namespace"]
            yield problem(
                product,
                f"{name} has {available} of {wanted} pods available",
                f"kubectl describe pods --namespace {namespace} --selector app={name}",
            )
    yield _version(product, deployments[names[0]])


def _version(product: str, deployment: Document) -> Finding:
    labels = deployment["metadata"].get("labels") or {}
    text = labels.get("app.kubernetes.io/version", "")
    parts = text.removeprefix("v").split(".")
    if product == "Kourier" or not (len(parts) > 1 and parts[0].isdigit() and parts[1].isdigit()):
        return ok(product, f"version {text or 'unknown'}")
    if (int(parts[0]), int(parts[1])) < MIN_KNATIVE:
        return warning(product, f"version {text}", "The function is tested with 1.20 and newer.")
    return ok(product, f"version {text}")
