"""What Prometheus and Grafana are given, against what the server really shows."""

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
from tests.support.documents import anchors
from tests.support.manifests import find, render
from tests.support.paths import ROOT
from tests.support.servers import RunningServer
from tests.support.timeouts import TIMEOUT_S

DOCUMENT = ROOT / "docs" / "observability.md"
# What the scrape adds: Prometheus itself, the operator and our PodMonitor.
TARGET_LABELS = {"job", "instance", "namespace", "pod", "container", "endpoint", "revision"}
OF_PROMETHEUS = {"up": TARGET_LABELS}
KNOWN_UNITS = {"short", "reqps", "percentunit", "s", "bytes"}
GRID_COLUMNS = 24

Labels = dict[str, set[str]]


def rules() -> list[dict[str, Any]]:
    """Give every alert."""
    groups = find("monitoring", "PrometheusRule")["spec"]["groups"]
    return [rule for group in groups for rule in group["rules"]]


def dashboard() -> dict[str, Any]:
    """Give the dashboard as Grafana's sidecar finds it."""
    [content] = find("monitoring", "ConfigMap")["data"].values()
    loaded: dict[str, Any] = json.loads(content)
    return loaded


def panels() -> list[dict[str, Any]]:
    """Give the panels that show something."""
    return [panel for panel in dashboard()["panels"] if panel["type"] != "row"]


def expressions() -> list[Any]:
    """Give every query of the alerts and of the dashboard as a test parameter."""
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
    """The labels of each metric that a server shows once it has answered something."""
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
    """Give what a query selects, with Grafana's variable for a range put in."""
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
    """Each is PromQL; each metric and each label in it exist."""
    available = shown | OF_PROMETHEUS
    selected = selectors(expression)

    assert selected
    for selector in selected:
        assert selector.name in available
        matched = {matcher.name for matcher in selector.matchers.matchers}
        assert matched <= available[selector.name] | TARGET_LABELS
    grouped = set(re.findall(r"\w+", " ".join(re.findall(r"by \(([^)]+)\)", expression))))
    assert grouped <= {"le"} | TARGET_LABELS.union(*(available[each.name] for each in selected))


def test_bounds_that_are_asked_for_are_those_of_the_histograms(shown):
    """A bucket of another bound would select nothing, without a word."""
    bounds = {
        matcher.value
        for parameter in expressions()
        for selector in selectors(parameter.values[0])
        for matcher in selector.matchers.matchers
        if matcher.name == "le"
    }

    assert bounds == {"0.5"}
    assert "intent_prediction_confidence_bucket" in shown


def test_each_alert_says_what_to_do():
    """Its runbook is a heading of the documentation, and none is there for an alert that is not."""
    links = [rule["annotations"]["runbook"] for rule in rules()]
    headings = re.findall(r"^### (IntentClassifier\w+)$", DOCUMENT.read_text(), re.MULTILINE)

    assert headings == [rule["alert"] for rule in rules()]
    assert links == [f"docs/observability.md#{rule['alert'].lower()}" for rule in rules()]
    assert {link.partition("#")[2] for link in links} <= set(anchors(DOCUMENT))


def test_monitor_scrapes_the_port_of_the_metrics():
    """Pods, port and network policy fit each other and the settings."""
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
    assert {"port": port} in ingress["ports"]
    assert monitor["metadata"]["namespace"] == service["metadata"]["namespace"]
    assert monitor["spec"]["selector"]["matchLabels"] == {
        "serving.knative.dev/service": service["metadata"]["name"]
    }


def test_panels_are_told_apart_and_lie_side_by_side():
    """Identifiers are unique, and no two panels cover the same place."""
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
    """Whoever imports the dashboard chooses the Prometheus to ask."""
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
    """Its label is what kube-prometheus-stack looks for, in Grafana's namespace."""
    metadata = find("monitoring", "ConfigMap")["metadata"]

    assert metadata["labels"] == {"grafana_dashboard": "1"}
    assert metadata["namespace"] == "monitoring"


def test_traces_have_a_way_out():
    """The overlay names a collector, and its policy opens the way to that one and to DNS alone."""
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
