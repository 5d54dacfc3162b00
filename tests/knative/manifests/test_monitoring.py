"""The monitoring manifests, compared with the metrics of a running server."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import promql_parser
import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from func.settings import Settings
from tests.support.documentation.documents import anchors
from tests.support.kubernetes.manifests import find, render
from tests.support.paths import ROOT
from tests.support.servers import RunningServer
from tests.support.timeouts import TIMEOUT_S

DOCUMENT = ROOT / "docs" / "observability.md"
# Labels that the scrape adds: Prometheus itself, the operator and our PodMonitor.
TARGET_LABELS = {"job", "instance", "namespace", "pod", "container", "endpoint", "revision"}
OF_OTHERS = {
    "up": TARGET_LABELS,  # Prometheus itself
    "kube_pod_container_resource_limits": {"namespace", "pod", "container", "resource"},
}
KNOWN_UNITS = {"short", "reqps", "percentunit", "s", "bytes"}
GRID_COLUMNS = 24

Labels = dict[str, set[str]]


def rules() -> list[dict[str, Any]]:
    """Return all alerts."""
    groups = find("monitoring", "PrometheusRule")["spec"]["groups"]
    return [rule for group in groups for rule in group["rules"]]


def dashboard() -> dict[str, Any]:
    """Return the dashboard of the ConfigMap."""
    [content] = find("monitoring", "ConfigMap")["data"].values()
    loaded: dict[str, Any] = json.loads(content)
    return loaded


def panels() -> list[dict[str, Any]]:
    """Return the panels that have queries."""
    return [panel for panel in dashboard()["panels"] if panel["type"] != "row"]


def expressions() -> list[Any]:
    """Return each query of the alerts and the dashboard as a test parameter."""
    alerts = [pytest.param(rule["expr"], id=rule["alert"]) for rule in rules()]
    shown = [
        pytest.param(target["expr"], id=f"{panel['title']}-{target['refId']}")
        for panel in panels()
        for target in panel["targets"]
    ]
    variables = [
        pytest.param(re.sub(r"^label_values\((.*), \w+\)$", r"\1", item["query"]["query"]), id=name)
        for item in dashboard()["templating"]["list"]
        for name in [item["name"]]
        if item["type"] == "query"
    ]
    return [*alerts, *shown, *variables]


@pytest.fixture(scope="module")
def shown(small_folder) -> Iterator[Labels]:
    """The labels of each metric of a server that has handled requests."""
    environ = {"METRICS_PORT": "0", "MODEL_PATH": str(small_folder / "intent_model.pkl")}
    server = RunningServer.start(environ)
    requests.post(f"{server.url}/predict", json={"text": "hello"}, timeout=TIMEOUT_S)
    [url] = re.findall(r"Metrics on (http://[^\"]+)", "".join(server.lines))
    families = text_string_to_metric_families(requests.get(url, timeout=TIMEOUT_S).text)
    labels: Labels = {}
    for sample in (sample for family in families for sample in family.samples):
        labels.setdefault(sample.name, set()).update(sample.labels)
    yield labels
    server.stop()


def selectors(expression: str) -> list[Any]:
    """Return the selectors of a query, with Grafana's range variable replaced."""
    nodes: list[Any] = []
    query = promql_parser.parse(expression.replace("$__rate_interval", "1m"))
    promql_parser.walk(query, nodes.append)
    return [
        getattr(node, "vector_selector", node)
        for node in nodes
        if isinstance(node, promql_parser.VectorSelector | promql_parser.MatrixSelector)
    ]


@pytest.mark.parametrize("expression", expressions())
def test_queries_ask_for_what_is_shown(shown, expression):
    """Each query is valid PromQL whose metrics and labels exist."""
    available = shown | OF_OTHERS
    selected = selectors(expression)

    assert selected
    for selector in selected:
        assert selector.name in available
        matched = {matcher.name for matcher in selector.matchers.matchers}
        assert matched <= available[selector.name] | TARGET_LABELS
    grouped = set(re.findall(r"\w+", " ".join(re.findall(r"by \(([^)]+)\)", expression))))
    assert grouped <= {"le"} | TARGET_LABELS.union(*(available[each.name] for each in selected))


def test_bounds_that_are_asked_for_are_those_of_the_histograms(shown):
    """Each selected bucket exists; others would silently select nothing."""
    bounds = {
        matcher.value
        for parameter in expressions()
        for selector in selectors(parameter.values[0])
        for matcher in selector.matchers.matchers
        if matcher.name == "le"
    }

    assert bounds == {"0.5"}
    assert "intent_prediction_confidence_bucket" in shown


def test_alert_of_memory_follows_the_limit():
    """A raised limit ends the alert, as its runbook says."""
    [alert] = [rule for rule in rules() if rule["alert"] == "IntentClassifierMemory"]
    [container] = find("base", "Service", "intent-classifier")["spec"]["template"]["spec"][
        "containers"
    ]
    used, limit = selectors(alert["expr"])

    assert used.name == "process_resident_memory_bytes"
    assert {each.name: each.value for each in limit.matchers.matchers} == {
        "container": container["name"],
        "resource": "memory",
    }


def test_each_alert_says_what_to_do():
    """Alerts and runbooks correspond to each other."""
    links = [rule["annotations"]["runbook"] for rule in rules()]
    headings = re.findall(r"^### (IntentClassifier\w+)$", DOCUMENT.read_text(), re.MULTILINE)

    assert headings == [rule["alert"] for rule in rules()]
    assert links == [f"docs/observability.md#{rule['alert'].lower()}" for rule in rules()]
    assert {link.partition("#")[2] for link in links} <= set(anchors(DOCUMENT))


def test_monitor_scrapes_the_port_of_the_metrics():
    """Pod monitor, network policy and settings name the same port."""
    monitor = find("monitoring", "PodMonitor")
    service = find("base", "Service", "intent-classifier")
    policy = find("base", "NetworkPolicy", "allow-metrics")
    port = Settings.from_environ(find("base", "ConfigMap")["data"]).metrics_port
    [endpoint] = monitor["spec"]["podMetricsEndpoints"]
    address = next(each for each in endpoint["relabelings"] if each["targetLabel"] == "__address__")
    [ingress] = policy["spec"]["ingress"]

    assert re.sub(
        f"^{address['regex']}$", address["replacement"].replace("$", "\\"), "[::1]:80"
    ) == (f"[::1]:{port}")
    assert {"port": port, "protocol": "TCP"} in ingress["ports"]
    assert monitor["metadata"]["namespace"] == service["metadata"]["namespace"]
    assert monitor["spec"]["selector"]["matchLabels"] == {
        "serving.knative.dev/service": service["metadata"]["name"]
    }


def test_panels_have_unique_ids_and_do_not_overlap():
    """Identifiers are unique and panels do not overlap."""
    places = [
        (column, line)
        for panel in dashboard()["panels"]
        for place in [panel["gridPos"]]
        for column in range(place["x"], place["x"] + place["w"])
        for line in range(place["y"], place["y"] + place["h"])
    ]
    numbers = [panel["id"] for panel in dashboard()["panels"]]

    assert len(numbers) == len(set(numbers))
    assert len(places) == len(set(places))
    assert max(column for column, _ in places) < GRID_COLUMNS


def test_panels_have_units_and_the_chosen_data_source():
    """The data source is a variable of the dashboard."""
    variables = {item["name"]: item for item in dashboard()["templating"]["list"]}
    sources = {
        each["datasource"]["uid"]
        for panel in panels()
        for each in (panel, *panel["targets"], variables["namespace"], variables["revision"])
    }

    assert variables["datasource"]["type"] == "datasource"
    assert variables["datasource"]["query"] == "prometheus"
    assert sources == {"${datasource}"}
    assert {panel["fieldConfig"]["defaults"]["unit"] for panel in panels()} == KNOWN_UNITS


def test_dashboard_is_found_by_the_sidecar():
    """The ConfigMap has the label and namespace that kube-prometheus-stack selects."""
    metadata = find("monitoring", "ConfigMap")["metadata"]

    assert metadata["labels"] == {"grafana_dashboard": "1"}
    assert metadata["namespace"] == "monitoring"


def test_traces_have_a_way_out():
    """The overlay allows egress only to its collector and to DNS."""
    data = find("overlays/tracing", "ConfigMap")["data"]
    policy = find("overlays/tracing", "NetworkPolicy", "allow-traces")
    collector, dns = policy["spec"]["egress"]
    namespaces = [
        peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"]
        for rule in (collector, dns)
        for peer in rule["to"]
    ]
    [port] = collector["ports"]

    assert data["OTEL_EXPORTER_OTLP_ENDPOINT"] == (
        f"http://collector.{namespaces[0]}.svc.cluster.local:{port['port']}"
    )
    assert namespaces == ["observability", "kube-system"]
    assert {each["port"] for each in dns["ports"]} == {53}
    assert len(render("overlays/tracing")) == len(render("overlays/production")) + 1
