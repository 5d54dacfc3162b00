"""All checks, in the order in which a reader should fix what they find."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from knative.doctor import cluster_checks, event_checks, service_checks
from knative.doctor.findings import Finding, warning
from knative.rollout.cluster import Cluster
from knative.rollout.errors import MalformedObjectError, NotFoundError, RefusedError, reading

CHECKS: tuple[Callable[[Cluster], Iterator[Finding]], ...] = (
    cluster_checks.kubernetes,
    cluster_checks.permissions,
    cluster_checks.serving,
    cluster_checks.ingress,
    cluster_checks.domain,
    cluster_checks.eventing,
    cluster_checks.features,
    cluster_checks.nodes,
    service_checks.service,
    service_checks.revisions,
    service_checks.pods,
    service_checks.hosts,
    event_checks.brokers_and_triggers,
    event_checks.dead_letters,
)


def examine(cluster: Cluster) -> list[Finding]:
    """Return the findings of all checks.

    A check that the API refuses, or answers with malformed objects, becomes a warning.

    Raises:
        UnreachableError: the API does not answer.
    """
    return [finding for check in CHECKS for finding in _run(check, cluster)]


def _run(check: Callable[[Cluster], Iterator[Finding]], cluster: Cluster) -> Iterator[Finding]:
    subject = f"Check of {check.__name__.replace('_', ' ')}"
    try:
        with reading("object"):
            yield from check(cluster)
    except NotFoundError as error:
        yield warning(subject, f"not found: {error.reason}", "Install Knative (docs/deploying.md).")
    except RefusedError as error:
        yield warning(
            subject,
            f"not permitted: {error.reason}",
            "Run doctor as a user that may read the cluster, such as its administrator.",
        )
    except MalformedObjectError as error:
        yield warning(
            subject,
            f"malformed {error.kind} ({error.reason})",
            "Check that the server in the kubeconfig is the Kubernetes API itself.",
        )
