from __future__ import annotations

import json
import sys
from dataclasses import replace

import pytest

from knative.rollout.cluster import Cluster
from knative.rollout.errors import (
    ConfigurationError,
    InvalidResponseError,
    NotFoundError,
    RefusedError,
    RevisionFailedError,
    RouteFailedError,
    UnreachableError,
    WaitTimeoutError,
)
from knative.rollout.json_patch import Change
from knative.rollout.resources import Service
from knative.rollout.traffic import TrafficTarget, split
from tests.knative.conftest import QUICK
from tests.support.kubernetes.fake_api import NAME, NAMESPACE, condition, image, revision_name

FIRST = revision_name(1)


def connect(kubeconfig, *, context=None, timing=QUICK):
    """Return a client of the fake cluster."""
    return Cluster.connect(
        kubeconfig=kubeconfig, context=context, namespace=NAMESPACE, service=NAME, timing=timing
    )


def pin(service):
    """Route all traffic to the first revision."""
    return Change(traffic=split(service.wanted, stable=FIRST))


def unready(document):
    """Make the status stale, as if the controller had stopped."""
    document["status"]["observedGeneration"] = 0


class TestConnection:
    def test_a_missing_context_is_an_error(self, kubeconfig):
        """The error names the missing context."""
        with pytest.raises(ConfigurationError, match="nowhere"):
            connect(str(kubeconfig), context="nowhere")

    @pytest.mark.parametrize(
        "content",
        [
            pytest.param(b"a: [b", id="no-yaml"),
            pytest.param(b"\xff\xfe\x00", id="binary"),
            pytest.param(b"hello", id="string"),
            pytest.param(b"[1, 2]", id="list"),
            pytest.param(b"clusters: 5", id="no-list-of-clusters"),
        ],
    )
    def test_a_malformed_kubeconfig_is_an_error_of_one_line(self, tmp_path, content):
        """Each malformed file is reported in one line, as the client's exceptions are not."""
        path = tmp_path / "kubeconfig"
        path.write_bytes(content)
        with pytest.raises(ConfigurationError, match="the kubeconfig is malformed") as caught:
            connect(str(path))
        assert "\n" not in str(caught.value)

    @pytest.mark.parametrize(
        ("proxy", "reason"),
        [
            ("nonsense", "its URL is not http://HOST:PORT"),
            ("http://me:secret@127.0.0.1:99999", "its URL is not http://HOST:PORT"),
            ("socks5://127.0.0.1:1", ".* socks"),
        ],
    )
    @pytest.mark.filterwarnings("ignore::urllib3.exceptions.DependencyWarning")
    def test_a_proxy_that_can_not_be_used_is_an_error(self, kubeconfig, monkeypatch, proxy, reason):
        """A proxy may have no scheme, or need a package; a password in its URL is not quoted."""
        monkeypatch.setitem(sys.modules, "socks", None)
        monkeypatch.setenv("HTTP_PROXY", proxy)
        monkeypatch.setenv("NO_PROXY", "")
        with pytest.raises(
            ConfigurationError, match=f"the proxy can't be used: {reason}"
        ) as caught:
            connect(str(kubeconfig))
        assert "secret" not in str(caught.value)

    def test_a_token_with_a_line_break_is_an_error_that_does_not_quote_it(self, kubeconfig):
        """A token from a file may end with a line break, which no header can hold."""
        kubeconfig.write_text(kubeconfig.read_text().replace("secret", '"secret\\n"'))
        cluster = connect(str(kubeconfig))
        with pytest.raises(ConfigurationError, match="line break") as caught:
            cluster.read_service()
        assert "secret" not in str(caught.value)

    def test_the_error_names_both_sources_of_a_configuration(self, monkeypatch):
        """The error names both sources in the order of the search."""
        monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", "/none")
        monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
        with pytest.raises(ConfigurationError, match=r"kube-config.*And no pod"):
            connect(None)

    def test_the_service_account_is_used_in_a_pod(self, monkeypatch, tmp_path):
        """The pod's service account is used when there is no kubeconfig."""
        token, authority = tmp_path / "token", tmp_path / "ca.crt"
        token.write_text("secret")
        authority.write_text("certificate")
        incluster = "kubernetes.config.incluster_config"
        monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", "/none")
        monkeypatch.setattr(f"{incluster}.SERVICE_TOKEN_FILENAME", str(token))
        monkeypatch.setattr(f"{incluster}.SERVICE_CERT_FILENAME", str(authority))
        monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
        monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "1")
        assert connect(None).last_seen is None


class TestReading:
    @pytest.mark.parametrize(
        "body",
        [
            pytest.param(b"<html>\nLog in</html>", id="page"),
            pytest.param(b"", id="empty"),
            pytest.param(b"\xff", id="binary"),
            pytest.param(b"[]", id="list"),
            pytest.param(b"{}", id="no-object"),
        ],
    )
    def test_a_response_without_an_object_is_an_error(self, api, cluster, body):
        """A proxy's page in place of the API's object is quoted in one line."""
        api.bodies += [body, body]
        with pytest.raises(InvalidResponseError, match="no Kubernetes object") as caught:
            cluster.read_service()
        assert "\n" not in str(caught.value)
        with pytest.raises(InvalidResponseError):
            cluster.list_revisions()

    def test_a_missing_revision_is_not_found(self, cluster):
        """The error names the missing revision."""
        with pytest.raises(NotFoundError, match="intent-classifier-00009"):
            cluster.read_revision(revision_name(9))

    def test_revisions_are_listed_newest_first(self, api, cluster):
        """The newest revision comes first."""
        api.edit(lambda service: service["spec"]["template"].update(metadata={"labels": {}}))
        api.settle()
        assert [each.name for each in cluster.list_revisions()] == [revision_name(2), FIRST]

    def test_a_forbidden_request_quotes_the_api(self, api, cluster):
        """The error quotes the API and names the document with the Role."""
        api.forbidden.add("GET")
        with pytest.raises(RefusedError, match=r'403.*User "ci" cannot get.*\n.*docs/rollouts.md'):
            cluster.read_service()

    def test_expired_credentials_are_reported(self, api, cluster):
        """A 401 is not retried and names the likely cause."""
        api.statuses.append(401)
        with pytest.raises(RefusedError, match=r"401.*\n.*expired"):
            cluster.read_service()

    def test_missing_credentials_are_no_missing_permission(self, api, cluster):
        """The API may refuse an anonymous request with 403."""
        api.forbidden.add("GET")
        api.user = "system:anonymous"
        with pytest.raises(RefusedError, match=r"403.*\n.*credentials are missing"):
            cluster.read_service()

    def test_a_response_without_a_status_object_is_reported_by_its_reason(
        self, gateway, kubeconfig
    ):
        """A response that is not a Status object, as of a proxy, is reported by its HTTP reason."""
        kubeconfig.write_text(kubeconfig.read_text().replace(gateway.api.server.url, gateway.url))
        with pytest.raises(NotFoundError, match="404"):
            connect(str(kubeconfig)).read_service()

    @pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
    def test_transient_statuses_are_retried(self, api, cluster, status):
        """Transient statuses are retried."""
        api.statuses += [status, status]
        assert cluster.read_service().name == NAME

    def test_dropped_connections_are_retried(self, api, cluster):
        """Requests on dropped connections are retried."""
        api.drops = 2
        assert cluster.read_service().name == NAME

    @pytest.mark.parametrize("statuses", [[], [503] * 100], ids=["silent", "overloaded"])
    def test_an_api_that_stays_away_is_unreachable(self, api, cluster, statuses):
        """An API that stays unavailable is reported after the patience."""
        api.away = not statuses
        api.statuses += statuses
        with pytest.raises(UnreachableError, match=r"0.3 s"):
            cluster.read_service()


class TestWriting:
    def test_a_conflict_is_retried_on_the_new_state(self, api, cluster):
        """Controllers write the status all the time."""
        api.conflicts = 3
        service = cluster.update_service(pin)
        assert api.traffic == [(1, 100, "stable")]
        assert service.wanted == split((), stable=FIRST)

    def test_a_409_is_a_conflict_too(self, api, cluster):
        """The API answers 409 when two writes collide."""
        cluster.read_service()
        seen: list[Service] = []

        def change(service):
            if not seen:
                api.statuses.append(409)
            seen.append(service)
            return pin(service)

        cluster.update_service(change)
        assert len(seen) == 2
        assert api.traffic == [(1, 100, "stable")]

    def test_endless_conflicts_are_given_up(self, api, cluster):
        """A controller gone wild must not hold us for ever."""
        api.conflicts = 1000
        with pytest.raises(RefusedError, match="20 times in a row"):
            cluster.update_service(pin)

    def test_a_lost_response_does_no_harm(self, api, cluster):
        """The patch is carried out once."""
        api.lost_answers = 1
        cluster.update_service(pin)
        assert len(api.patches) == 1

    def test_a_denied_patch_quotes_the_webhook(self, cluster):
        """Traffic that does not sum to 100, for one."""
        traffic = (TrafficTarget(revision=FIRST, percent=90),)
        with pytest.raises(RefusedError, match=r"400.*sum to 90, want 100"):
            cluster.update_service(lambda _: Change(traffic=traffic))

    def test_an_unprocessable_patch_is_no_conflict(self, api, cluster):
        """Where nobody has written in between, it is refused for good."""

        def change(service):
            api.statuses.append(422)
            return pin(service)

        with pytest.raises(RefusedError, match="422"):
            cluster.update_service(change)

    def test_another_refusal_is_no_conflict(self, api, cluster):
        """Though somebody has written in between: the next try would be refused as well."""
        seen: list[Service] = []

        def change(service):
            seen.append(service)
            api.statuses.append(400)
            api.edit(lambda document: document["metadata"].update(annotations={"other": "x"}))
            return pin(service)

        with pytest.raises(RefusedError, match="400"):
            cluster.update_service(change)
        assert len(seen) == 1


class TestWaiting:
    @pytest.mark.parametrize(
        "watching",
        ["works", "dropped", "expired", "deleted", "garbled", "incomplete", "forbidden"],
    )
    def test_traffic_is_awaited_when_watches_fail(self, api, cluster, watching):
        """When a watch fails for any reason, the object is read again."""
        api.watching = watching
        cluster.update_service(pin)
        assert cluster.wait_until_routed("all").actual == split((), stable=FIRST)

    def test_changes_are_seen_as_they_come(self, api, cluster):
        """The watch reports the change; the next read would come much later."""
        slow = replace(QUICK, watch_s=5, poll_s=60)
        cluster = Cluster(cluster.api, namespace=NAMESPACE, service=NAME, timing=slow)
        api.is_unwatched = True
        cluster.update_service(pin)
        assert cluster.wait_until_routed("all").actual == split((), stable=FIRST)

    def test_a_stale_status_is_ignored(self, api, cluster):
        """A status that describes an earlier generation is ignored."""
        quick = replace(QUICK, timeout_s=0.05)
        cluster = Cluster(cluster.api, namespace=NAMESPACE, service=NAME, timing=quick)
        api.edit(unready)
        with pytest.raises(WaitTimeoutError, match=r"0.05 s.*all is routed.*generation 0 of 1"):
            cluster.wait_until_routed("all")
        with pytest.raises(WaitTimeoutError, match=r"a revision after x.*generation 0 of 1"):
            cluster.wait_for_revision_after("x", 1)

    @pytest.mark.parametrize("watching", ["expired", "deleted"])
    def test_an_ended_watch_is_ignored(self, api, cluster, watching):
        """The event that ends a watch is not mistaken for the object."""
        quick = replace(QUICK, timeout_s=0.5)
        cluster = Cluster(cluster.api, namespace=NAMESPACE, service=NAME, timing=quick)
        api.edit(unready)
        api.watching = watching
        with pytest.raises(WaitTimeoutError, match="all is routed"):
            cluster.wait_until_routed("all")

    def test_a_missing_new_revision_is_a_timeout_with_the_reason(self, api, cluster):
        """The timeout names the newest revision, and why the controller creates no other."""
        denied = condition("ConfigurationsReady", "False", "RevisionFailed", "exceeded quota")
        api.edit(lambda service: service["status"].update(conditions=[denied]))
        quick = replace(QUICK, timeout_s=0)
        cluster = Cluster(cluster.api, namespace=NAMESPACE, service=NAME, timing=quick)
        reason = rf"newest revision is still {FIRST}; .* \(RevisionFailed: exceeded quota\)"
        with pytest.raises(WaitTimeoutError, match=reason):
            cluster.wait_for_revision_after(FIRST, 1)

    def test_a_revision_that_does_not_exist_can_not_be_routed(self, cluster):
        """A route that has failed ends the wait."""
        traffic = (TrafficTarget(revision=revision_name(9), percent=100),)
        cluster.update_service(lambda _: Change(traffic=traffic))
        with pytest.raises(RouteFailedError, match="RevisionMissing"):
            cluster.wait_until_routed("all")

    def test_a_failed_revision_is_reported_with_its_reason(self, api, cluster):
        """A failed revision ends the wait at once."""
        api.fail(FIRST)
        with pytest.raises(RevisionFailedError, match="ExitCode1: Container failed"):
            cluster.wait_until_ready(FIRST)

    def test_a_late_revision_is_awaited(self, api, cluster):
        """A revision that is Unknown at first becomes ready."""
        api.edit(lambda service: service["spec"]["template"].update(metadata={"labels": {}}))
        service = cluster.wait_for_revision_after(FIRST, 2)
        assert cluster.wait_until_ready(service.last_created).name == revision_name(2)

    def test_changes_do_not_extend_the_deadline(self, api, cluster):
        """Changes that do not meet the condition do not extend the wait."""
        quick = replace(QUICK, timeout_s=0.2)
        cluster = Cluster(cluster.api, namespace=NAMESPACE, service=NAME, timing=quick)
        api.outcomes[image(2)] = "Unknown"
        api.edit(
            lambda service: service["spec"]["template"]["spec"]["containers"][1].update(
                image=image(2)
            )
        )
        service = cluster.wait_for_revision_after(FIRST, 2)
        with pytest.raises(WaitTimeoutError, match=r"00002 is Ready; last: Ready is Unknown"):
            cluster.wait_until_ready(service.last_created)


def test_patches_name_their_owner_and_only_owned_fields(api, cluster):
    """A patch tests the version and names only the fields of the rollout."""
    cluster.update_service(pin)
    (patch,) = api.patches
    assert [operation["path"] for operation in patch] == [
        "/metadata/resourceVersion",
        "/spec/traffic",
    ]
    assert json.dumps(patch).count("latestRevision") == 1
