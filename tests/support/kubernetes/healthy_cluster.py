"""Objects of a cluster on which `python -m knative doctor` finds nothing wrong."""

from __future__ import annotations

from typing import Any

from tests.support.kubernetes.fake_api import NAMESPACE, FakeApi

Document = dict[str, Any]

KOURIER = "kourier.ingress.networking.knative.dev"
SERVING = "knative-serving"
EVENTING = f"/apis/eventing.knative.dev/v1/namespaces/{NAMESPACE}"
MAPPINGS = f"/apis/serving.knative.dev/v1beta1/namespaces/{NAMESPACE}/domainmappings"
NETWORK = f"/api/v1/namespaces/{SERVING}/configmaps/config-network"
DOMAIN = f"/api/v1/namespaces/{SERVING}/configmaps/config-domain"
FEATURES = f"/api/v1/namespaces/{SERVING}/configmaps/config-features"
GATEWAY = "/api/v1/namespaces/kourier-system/services/kourier"
DEAD_LETTERS_LOG = f"/api/v1/namespaces/{NAMESPACE}/pods/dead-letters-pod/log"


def deployments(namespace: str) -> str:
    """Return the path of a namespace's Deployments."""
    return f"/apis/apps/v1/namespaces/{namespace}/deployments"


def deployment(
    namespace: str, name: str, *, available: int = 1, version: str = "1.20.1"
) -> Document:
    """Return a Deployment of Knative."""
    labels = {"app.kubernetes.io/version": version}
    return {
        "metadata": {"namespace": namespace, "name": name, "labels": labels},
        "spec": {"replicas": 1},
        "status": {"availableReplicas": available},
    }


def knative_object(name: str, status: str = "True", **spec: Any) -> Document:
    """Return an object with the condition Ready."""
    ready = {"type": "Ready", "status": status, "reason": "Because", "message": "of this"}
    other = {"type": "Other", "status": "True"}
    return {"metadata": {"name": name}, "spec": spec, "status": {"conditions": [other, ready]}}


def node(architecture: str) -> Document:
    """Return a node."""
    return {
        "metadata": {"name": architecture},
        "status": {"nodeInfo": {"architecture": architecture}},
    }


def sink(name: str) -> Document:
    """Return a delivery to a dead-letter sink."""
    return {"deadLetterSink": {"ref": {"kind": "Service", "name": name}}}


def items(*documents: Document) -> Document:
    """Return a list object."""
    return {"items": list(documents)}


def install(api: FakeApi) -> None:
    """Add the objects of a healthy cluster to the fake API."""
    serving = ("activator", "autoscaler", "controller", "webhook", "net-kourier-controller")
    reference = {"kind": "Service", "name": "intent-classifier"}
    api.objects |= {
        "/version/": {"major": "1", "minor": "36+"},
        deployments(SERVING): items(*(deployment(SERVING, name) for name in serving)),
        deployments("knative-eventing"): items(
            deployment("knative-eventing", "eventing-controller", version="v1.21.0")
        ),
        deployments("kourier-system"): items(
            deployment("kourier-system", "3scale-kourier-gateway", version="")
        ),
        NETWORK: {"data": {"ingress-class": KOURIER}},
        DOMAIN: {"data": {"_example": "...", "example.com": ""}},
        FEATURES: {"data": {}},
        GATEWAY: {"status": {"loadBalancer": {"ingress": [{"ip": "203.0.113.7"}]}}},
        "/api/v1/nodes": items(node("amd64"), node("amd64")),
        MAPPINGS: items(
            knative_object("localhost", ref=reference),
            knative_object("other.invalid", ref={"kind": "Service", "name": "other"}),
        ),
        f"{EVENTING}/brokers": items(
            knative_object("intent-broker", delivery=sink("dead-letters"))
        ),
        f"{EVENTING}/triggers": items(
            knative_object("intent-requests", delivery=sink("dead-letters"))
        ),
    }
