"""Strict JSON Schemas of the fields that the project's objects use; other fields are rejected.

Fields that Knative's webhooks reject (a pod's securityContext, nodeSelector, lifecycle, host
volumes and others), and fields with another owner (spec.traffic), are left out on purpose.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]

STRING: Schema = {"type": "string"}
STRINGS: Schema = {"type": "object", "additionalProperties": STRING}
BOOLEAN: Schema = {"type": "boolean"}
TRUE: Schema = {"const": True}
FALSE: Schema = {"const": False}
NATURAL: Schema = {"type": "integer", "minimum": 0}
QUANTITY: Schema = {"type": "string", "pattern": r"^\d+(\.\d+)?(m|Ki|Mi|Gi)?$"}


def record(required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None) -> Schema:
    """Return the schema of an object by its required and optional fields."""
    return {
        "type": "object",
        "required": list(required),
        "properties": {**required, **(optional or {})},
        "additionalProperties": False,
    }


def list_of(item: Schema, *, most: int = 100) -> Schema:
    """Return the schema of a non-empty list."""
    return {"type": "array", "items": item, "minItems": 1, "maxItems": most}


def one_of(*values: object) -> Schema:
    """Return the schema of a choice."""
    return {"enum": list(values)}


def kind(api_version: str, name: str, spec: Schema, *, is_namespaced: bool = True) -> Schema:
    """Return the schema of an object of a kind."""
    names = {"name": STRING, "namespace": STRING} if is_namespaced else {"name": STRING}
    metadata = record(names, {"labels": STRINGS, "annotations": STRINGS})
    return record(
        {
            "apiVersion": one_of(api_version),
            "kind": one_of(name),
            "metadata": metadata,
            "spec": spec,
        }
    )


REFERENCE = record({"apiVersion": STRING, "kind": STRING, "name": STRING}, {"namespace": STRING})
DESTINATION = record({"ref": REFERENCE}, {"uri": {"type": "string", "pattern": "^/"}})
EXACT = record({"exact": STRINGS})
FILTER = {"oneOf": [EXACT, record({"any": list_of(EXACT)})]}
DELIVERY = record(
    {
        "retry": {"type": "integer", "minimum": 1, "maximum": 20},
        "backoffPolicy": one_of("exponential", "linear"),
        "backoffDelay": {"type": "string", "pattern": r"^PT\d+(\.\d+)?S$"},
        "deadLetterSink": DESTINATION,
    }
)
AWS_PLACE = record(
    {
        "arn": {"type": "string", "pattern": r"^arn:aws:(sns|sqs):[a-z0-9-]+:\d{12}:"},
        "region": STRING,
    }
)
SQS_QUEUE = record(
    dict(AWS_PLACE["properties"]), {"visibilityTimeout": NATURAL, "waitTimeSeconds": NATURAL}
)
AWS_ROLE = record({"serviceAccountName": STRING})
PORT: Schema = {"type": "integer", "minimum": 1, "maximum": 65535}
THRESHOLDS = {
    "initialDelaySeconds": NATURAL,
    "periodSeconds": NATURAL,
    "timeoutSeconds": NATURAL,
    "failureThreshold": NATURAL,
}
HTTP_PROBE = record(
    {
        "httpGet": record({"path": {"type": "string", "pattern": "^/"}, "port": PORT}),
        "successThreshold": one_of(1),
    },
    THRESHOLDS,
)
TCP_PROBE = record({"tcpSocket": record({"port": PORT}), "successThreshold": one_of(1)}, THRESHOLDS)
RESOURCES = record({"cpu": QUANTITY, "memory": QUANTITY})
SECURITY_CONTEXT = record(
    {
        "allowPrivilegeEscalation": FALSE,
        "readOnlyRootFilesystem": TRUE,
        "runAsNonRoot": TRUE,
        "runAsUser": {"type": "integer", "minimum": 1},
        "capabilities": record({"drop": one_of(["ALL"])}),
        "seccompProfile": record({"type": one_of("RuntimeDefault")}),
    },
    {"runAsGroup": {"type": "integer", "minimum": 1}},
)
CONTAINER = record(
    {
        "name": STRING,
        "image": STRING,
        "ports": list_of(
            record(
                {"containerPort": NATURAL, "protocol": one_of("TCP")},
                {"name": one_of("http1", "h2c")},
            ),
            most=1,
        ),
        "readinessProbe": {"oneOf": [HTTP_PROBE, TCP_PROBE]},
        "resources": record({"requests": RESOURCES, "limits": RESOURCES}),
        "securityContext": SECURITY_CONTEXT,
    },
    {
        "env": list_of(record({"name": STRING, "value": STRING})),
        "envFrom": list_of(record({"configMapRef": record({"name": STRING})})),
        "livenessProbe": HTTP_PROBE,
        "terminationMessagePolicy": one_of("FallbackToLogsOnError"),
        "volumeMounts": list_of(record({"name": STRING, "mountPath": STRING}, {"readOnly": TRUE})),
    },
)
# Without a flag Knative allows emptyDir and secrets; image needs kubernetes.podspec-volumes-image.
IMAGE = record({"reference": STRING, "pullPolicy": one_of("IfNotPresent")})
VOLUME = record(
    {"name": STRING},
    {
        "emptyDir": record({"sizeLimit": QUANTITY}),
        "image": IMAGE,
        "secret": record({"secretName": STRING}),
    },
)
REVISION = record(
    {
        "automountServiceAccountToken": FALSE,
        "enableServiceLinks": FALSE,
        "containers": list_of(CONTAINER, most=1),
    },
    {
        "serviceAccountName": STRING,
        "volumes": list_of(VOLUME),
        "containerConcurrency": {"type": "integer", "minimum": 1, "maximum": 1000},
        "timeoutSeconds": {"type": "integer", "minimum": 1, "maximum": 600},
    },
)
TEMPLATE = record(
    {"metadata": record({"annotations": STRINGS}, {"labels": STRINGS}), "spec": REVISION}
)
ROUTE = record(
    {
        "kind": one_of("Rule"),
        "match": STRING,
        "middlewares": list_of(record({"name": STRING})),
        "services": list_of(
            record(
                {"name": STRING},
                {
                    "kind": one_of("Service", "TraefikService"),
                    "namespace": STRING,
                    "port": NATURAL,
                    "passHostHeader": BOOLEAN,
                },
            ),
            most=1,
        ),
    }
)
MIDDLEWARE = record(
    {},
    {
        "buffering": record({"maxRequestBodyBytes": NATURAL}),
        "rateLimit": record({"average": NATURAL, "burst": NATURAL, "period": STRING}),
        "redirectScheme": record({"scheme": one_of("https"), "permanent": BOOLEAN}),
        "headers": record(
            {},
            {
                "contentTypeNosniff": BOOLEAN,
                "frameDeny": BOOLEAN,
                "referrerPolicy": STRING,
                "stsSeconds": NATURAL,
                "contentSecurityPolicy": STRING,
                "customResponseHeaders": STRINGS,
            },
        ),
    },
)
DURATION: Schema = {"type": "string", "pattern": r"^\d+[smh]$"}
RELABELING = record(
    {"targetLabel": STRING, "action": one_of("replace")},
    {"sourceLabels": list_of(STRING), "regex": STRING, "replacement": STRING},
)
# Without targetPort, which is deprecated, and portNumber, which matches declared ports only.
ENDPOINT = record(
    {"port": STRING, "path": {"type": "string", "pattern": "^/"}, "interval": DURATION},
    {"scrapeTimeout": DURATION, "relabelings": list_of(RELABELING)},
)
ALERT = record(
    {
        "alert": {"type": "string", "pattern": "^[A-Z][A-Za-z]+$"},
        "expr": STRING,
        "for": DURATION,
        "labels": record({"severity": one_of("critical", "warning", "info")}),
        "annotations": record({"summary": STRING, "description": STRING, "runbook": STRING}),
    }
)

SCHEMAS: Mapping[tuple[str, str], Schema] = {
    (schema["properties"]["apiVersion"]["enum"][0], schema["properties"]["kind"]["enum"][0]): schema
    for schema in (
        kind("serving.knative.dev/v1", "Service", record({"template": TEMPLATE})),
        kind("serving.knative.dev/v1beta1", "DomainMapping", record({"ref": REFERENCE})),
        kind(
            "networking.internal.knative.dev/v1alpha1",
            "ClusterDomainClaim",
            record({"namespace": STRING}),
            is_namespaced=False,
        ),
        kind(
            "eventing.knative.dev/v1",
            "Broker",
            record({"delivery": DELIVERY}, {"config": REFERENCE}),
        ),
        kind(
            "eventing.knative.dev/v1",
            "Trigger",
            record(
                {
                    "broker": STRING,
                    "filters": list_of(FILTER),
                    "subscriber": DESTINATION,
                },
                {"delivery": DELIVERY},
            ),
        ),
        kind(
            "eventing.knative.dev/v1beta2",
            "EventType",
            record(
                {
                    "type": STRING,
                    "source": STRING,
                    "description": STRING,
                    "reference": REFERENCE,
                }
            ),
        ),
        kind(
            "sources.knative.dev/v1",
            "SinkBinding",
            record({"subject": REFERENCE, "sink": record({"ref": REFERENCE})}),
        ),
        kind(
            "sources.knative.dev/v1",
            "KafkaSource",
            record(
                {
                    "bootstrapServers": list_of(STRING),
                    "topics": list_of(STRING),
                    "consumerGroup": STRING,
                    "consumers": NATURAL,
                    "ordering": one_of("ordered", "unordered"),
                    "initialOffset": one_of("earliest", "latest"),
                    "delivery": DELIVERY,
                    "sink": DESTINATION,
                },
                {"ceOverrides": record({"extensions": STRINGS})},
            ),
        ),
        kind(
            "sources.knative.dev/v1alpha1",
            "IntegrationSource",
            record({"aws": record({"sqs": SQS_QUEUE, "auth": AWS_ROLE}), "sink": DESTINATION}),
        ),
        kind(
            "sinks.knative.dev/v1alpha1",
            "IntegrationSink",
            record({"aws": record({"auth": AWS_ROLE}, {"sns": AWS_PLACE, "sqs": AWS_PLACE})}),
        ),
        kind(
            "eventing.knative.dev/v1alpha1",
            "EventTransform",
            record({"jsonata": record({"expression": STRING})}, {"sink": DESTINATION}),
        ),
        kind(
            "traefik.io/v1alpha1",
            "IngressRoute",
            record(
                {"entryPoints": list_of(STRING), "routes": list_of(ROUTE)},
                {"tls": record({"secretName": STRING})},
            ),
        ),
        kind("traefik.io/v1alpha1", "Middleware", MIDDLEWARE),
        kind(
            "monitoring.coreos.com/v1",
            "PodMonitor",
            record(
                {
                    "selector": record({"matchLabels": STRINGS}),
                    "podMetricsEndpoints": list_of(ENDPOINT),
                }
            ),
        ),
        kind(
            "monitoring.coreos.com/v1",
            "PrometheusRule",
            record({"groups": list_of(record({"name": STRING, "rules": list_of(ALERT)}))}),
        ),
    )
}
