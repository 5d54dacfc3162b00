"""Checks of the events: brokers, triggers, and dead letters with their reasons."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from knative.doctor.findings import Finding, ok, problem, warning
from knative.doctor.service_checks import ready_condition
from knative.rollout.cluster import Cluster
from knative.rollout.errors import NotFoundError
from knative.rollout.kubernetes_api import BROKERS, TRIGGERS
from knative.rollout.pods import USER_CONTAINER
from knative.rollout.resources import SERVICE_LABEL

LOG_LINES = 2000
# event_display starts each event with this line and indents its attributes.
EVENT = "cloudevents.Event"
ATTRIBUTE = re.compile(r"^\s+(knativeerror(?:code|data)): (.*)$", re.MULTILINE)

Document = Mapping[str, Any]


def brokers_and_triggers(cluster: Cluster) -> Iterator[Finding]:
    """Check that brokers and triggers are ready."""
    for kind, document in _broker_objects(cluster):
        name, ready = document["metadata"]["name"], ready_condition(document)
        if ready.status == "True":
            yield ok(f"{kind} {name}", "ready")
        else:
            remedy = f"kubectl describe {kind.lower()} --namespace {cluster.namespace} {name}"
            yield problem(f"{kind} {name}", str(ready), remedy)


def dead_letters(cluster: Cluster) -> Iterator[Finding]:
    """Report the dead letters in the logs of the dead-letter sinks, counted by reason."""
    sinks = {sink for _, document in _broker_objects(cluster) for sink in _sinks(document)}
    for sink in sorted(sinks):
        pods = cluster.api.list_pods(cluster.namespace, f"{SERVICE_LABEL}={sink}")
        names = [
            each["metadata"]["name"]
            for each in pods
            if each.get("status", {}).get("phase") == "Running"
        ]
        logs = (
            cluster.api.read_log(cluster.namespace, name, USER_CONTAINER, lines=LOG_LINES)
            for name in names
        )
        reasons = Counter(reason for log in logs for reason in dead_letter_reasons(log))
        for reason, count in reasons.most_common():
            remedy = "docs/events.md lists the replies of the function and their meaning."
            yield warning(f"Dead letters in {sink}", f"{count} with {reason}", remedy)
        if not reasons:
            state = "none logged" if names else "no pod runs, so there is no log"
            yield ok(f"Dead letters in {sink}", state)


def dead_letter_reasons(log: str) -> Iterator[str]:
    """Yield status and error message of each dead letter in a log of event_display."""
    for event in log.split(EVENT)[1:]:
        attributes = dict(ATTRIBUTE.findall(event))
        if "knativeerrorcode" in attributes:
            message = _message(attributes.get("knativeerrordata", ""))
            yield ": ".join(filter(None, (f"status {attributes['knativeerrorcode']}", message)))


def _broker_objects(cluster: Cluster) -> Iterator[tuple[str, Document]]:
    try:
        for name, kind in (("Broker", BROKERS), ("Trigger", TRIGGERS)):
            for each in cluster.api.list_objects(kind, cluster.namespace):
                yield name, each
    except NotFoundError:
        return  # Eventing is not installed


def _sinks(document: Document) -> Iterator[str]:
    delivery = document["spec"].get("delivery") or {}
    reference = (delivery.get("deadLetterSink") or {}).get("ref") or {}
    if reference.get("kind") == "Service":
        yield reference["name"]


def _message(data: str) -> str:
    """Return the error message of a failed delivery; the broker encodes the body as base64."""
    try:
        text = base64.b64decode(data, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        text = data
    with suppress(KeyError, TypeError, ValueError):
        text = str(json.loads(text)["error"])
    # Logs may hold control characters of any sender.
    return "".join(each if each.isprintable() else "?" for each in text[:200])
