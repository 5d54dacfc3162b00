from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
from dataclasses import replace

import pytest

from knative.rollout import candidate_checks
from knative.rollout.candidate_checks import CandidateChecks
from tests.knative.conftest import QUICK
from tests.support.clock import Clock
from tests.support.kubernetes.fake_api import DOMAIN, image, revision_name
from tests.support.kubernetes.gateway import constant, forwarding, sound
from tests.support.paths import ROOT
from tests.support.processes import unmeasured
from tests.support.servers import RunningServer
from tests.support.timeouts import TIMEOUT_S

STATE = "rollout.intentclassifier.org/state"
PREVIOUS = "rollout.intentclassifier.org/previous"
STABLE_ONLY = [(1, 100, "stable")]
CLAIMED, IMAGE_SET, CANDIDATE_NAMED, TAGGED, HALF, ALL, PROMOTED = range(1, 8)


@pytest.fixture
def roll_out(run, gateway):
    """Roll out an image, by default in two steps without a pause."""

    def roll_out_image(number=2, *options, timing=QUICK):
        options = ("--steps", "50,100", "--pause", "0", "--gateway", gateway.url, *options)
        return run("rollout", "--image", image(number), *options, timing=timing)

    return roll_out_image


@pytest.fixture
def start_rollout(gateway, kubeconfig):
    """Start a rollout as a process, with the given streams."""

    def start(*options, **streams):
        command = [sys.executable, "-m", "knative", "rollout", "--kubeconfig", str(kubeconfig)]
        command += ["--image", image(2), "--steps", "50,100", "--gateway", gateway.url, *options]
        return subprocess.Popen(command, cwd=ROOT, env=unmeasured(), **streams)

    return start


@pytest.fixture
def after_patch(api):
    """Run an action after the n-th patch, in the server's thread."""

    def arrange(number, action):
        def on_patch(_):
            if len(api.patches) == number:
                action()

        api.on_patch = on_patch

    return arrange


def traffic_set_to(*entries):
    """Return a change of the traffic by somebody else."""

    def change(service):
        service["spec"]["traffic"] = [
            {"revisionName": revision_name(number), "percent": percent}
            for number, percent in entries
        ]

    return change


def at_half(function, otherwise=sound, *, api):
    """Return a function that changes when the candidate has half of the traffic."""

    def answer(request):
        chosen = function if (2, 50, "candidate") in api.traffic else otherwise
        return chosen(request)

    return answer


class TestWay:
    def test_traffic_goes_in_steps_from_a_tested_candidate_at_zero(self, api, roll_out):
        """Traffic is pinned to the stable revision, then moves to the candidate step by step."""
        seen = []
        api.on_patch = lambda _: seen.append(api.traffic)
        outcome = roll_out(2, "--steps", "5,25,100")
        assert outcome.code == 0
        assert seen == [
            STABLE_ONLY,
            STABLE_ONLY,
            STABLE_ONLY,
            [(1, 100, "stable"), (2, 0, "candidate")],
            [(1, 95, "stable"), (2, 5, "candidate")],
            [(1, 75, "stable"), (2, 25, "candidate")],
            [(1, 0, "stable"), (2, 100, "candidate")],
            [(2, 100, "stable")],
        ]
        assert api.annotations == {PREVIOUS: revision_name(1)}
        assert api.routed == [(revision_name(2), 100)]

    def test_stable_is_pinned_before_the_image_changes(self, api, roll_out, after_patch):
        """Otherwise all traffic would follow the latest revision to the candidate."""
        routed = []
        after_patch(IMAGE_SET, lambda: routed.append(api.service["status"]["traffic"][0]["tag"]))
        assert roll_out().code == 0
        assert routed == ["stable"]

    def test_the_candidate_is_tested_by_its_tag_before_it_has_traffic(
        self, gateway, roll_out, after_patch
    ):
        """All checks use the URL of the tag, before the first step."""
        counted = []
        after_patch(HALF, lambda: counted.append(list(gateway.hosts)))
        roll_out()
        assert counted == [[f"candidate-{DOMAIN}"] * 5]

    def test_both_revisions_are_kept_warm(self, gateway, roll_out):
        """Each check of a step sends a request to both revisions."""
        roll_out()
        assert gateway.hosts[5:] == [f"candidate-{DOMAIN}", f"stable-{DOMAIN}"] * 2

    def test_a_step_is_watched_for_as_long_as_it_lasts(self, gateway, roll_out, monkeypatch):
        """The checks repeat until the pause is over, and the last comes at its end."""
        monkeypatch.setattr(candidate_checks, "time", Clock())
        outcome = roll_out(2, "--steps", "100", "--pause", "0")
        once = len(gateway.hosts)
        timing = replace(QUICK, check_s=300)
        assert roll_out(3, "--steps", "100", "--pause", "1000", timing=timing).code == outcome.code
        assert len(gateway.hosts) - 2 * once == 4 * 2

    def test_only_owned_fields_are_touched(self, api, roll_out):
        """Sidecar, ports and timeouts stay; only image, traffic and own annotations change."""
        before = json.loads(json.dumps(api.service["spec"]["template"]["spec"]))
        roll_out()
        before["containers"][1]["image"] = image(2)
        assert api.service["spec"]["template"]["spec"] == before
        paths = {operation["path"] for patch in api.patches for operation in patch}
        annotation = "metadata/annotations/rollout.intentclassifier.org~1"
        assert paths - {"/metadata/annotations"} == {
            "/metadata/resourceVersion",
            "/spec/traffic",
            "/spec/template/spec/containers/1/image",
            "/spec/template/metadata",
            "/spec/template/metadata/annotations",
            f"/spec/template/{annotation}started",
            f"/{annotation}state",
            f"/{annotation}previous",
        }

    def test_tags_of_others_keep_their_urls(self, api, roll_out):
        """Entries with other tags stay, at 0 %."""
        preview = {"revisionName": revision_name(1), "percent": 0, "tag": "preview"}
        api.edit(lambda service: service["spec"]["traffic"].append(preview))
        assert roll_out().code == 0
        assert api.traffic == [(2, 100, "stable"), (1, 0, "preview")]

    def test_a_served_image_is_not_rolled_out(self, api, roll_out):
        """Traffic is only pinned, so that no later revision receives any."""
        outcome = roll_out(1)
        assert outcome.code == 0
        assert "already serves this image and these settings" in outcome.out
        assert api.traffic == STABLE_ONLY
        assert list(api.revisions) == [revision_name(1)]

    def test_a_changed_template_is_rolled_out_with_the_same_image(self, api, roll_out):
        """After a `kubectl apply` that changed the template, the same image is rolled out."""
        roll_out(1)
        template = api.service["spec"]["template"]
        api.edit(lambda _: template["spec"].update(timeoutSeconds=60))
        api.settle()
        assert roll_out(1).code == 0
        assert api.traffic == [(3, 100, "stable")]

    def test_without_a_gateway_urls_are_used_as_they_are(self, run, api):
        """Without --gateway the hosts are resolved by DNS, which fails here."""
        quick = replace(QUICK, timeout_s=0.2)
        outcome = run("rollout", "--image", image(2), "--pause", "0", timing=quick)
        assert outcome.code == 1
        assert f"http://candidate-{DOMAIN}: no answer" in outcome.err
        assert api.traffic == STABLE_ONLY


class TestEndToEnd:
    @pytest.fixture
    def functions(self, small_folder):
        """A real function, and one that classifies everything as out of scope."""
        model = {"MODEL_PATH": str(small_folder / "intent_model.pkl")}
        servers = [
            RunningServer.start(model | environ) for environ in ({}, {"INTENT_THRESHOLD": "1"})
        ]
        yield [forwarding(server.url) for server in servers]
        for server in servers:
            server.stop()

    def test_the_real_function_is_rolled_out_and_a_bad_one_is_not(
        self, api, gateway, roll_out, functions
    ):
        """Expected predictions decide, over HTTP and as an event."""
        good, bad = functions
        gateway.functions = {image(1): good, image(2): good, image(3): bad}
        known = ("--expect", "hello=greeting", "--expect", "reset my password=password_reset")
        assert roll_out(2, *known).code == 0
        assert api.traffic == [(2, 100, "stable")]
        outcome = roll_out(3, *known)
        assert outcome.code == 1
        assert "'hello' was classified as out_of_scope" in outcome.err
        assert f"Traffic is all on {revision_name(2)}." in outcome.err
        assert api.traffic == [(2, 100, "stable")]


class TestRefusal:
    @pytest.mark.parametrize(
        "name", ["intent:1.0", "intent", "intent@sha256:12", "a b@sha256:" + "0" * 64]
    )
    def test_an_image_without_a_digest_is_refused(self, api, run, name):
        """A tag could name another image for the next pod."""
        outcome = run("rollout", "--image", name)
        assert (outcome.code, api.log) == (2, [])
        assert "not named by digest" in outcome.err

    def test_a_fixed_revision_name_is_refused(self, api, roll_out):
        """The webhook would refuse any change of the template."""
        name = {"name": revision_name(1)}
        api.service["spec"]["template"]["metadata"] = name
        outcome = roll_out()
        assert (outcome.code, api.patches) == (1, [])
        assert "remove spec.template.metadata.name" in outcome.err

    def test_a_service_that_is_being_deleted_is_refused(self, api, roll_out):
        """Knative would no longer route what the rollout asks for."""
        api.service["metadata"]["deletionTimestamp"] = "2026-11-30T10:00:00Z"
        outcome = roll_out()
        assert (outcome.code, api.patches) == (1, [])
        assert "intent-classifier is being deleted" in outcome.err

    @pytest.mark.parametrize(("length", "code"), [(53, 0), (54, 1)])
    def test_a_name_too_long_for_the_host_of_a_tag_is_refused(self, api, roll_out, length, code):
        """A label of a host has at most 63 characters; nothing is changed."""
        api.edit(lambda service: service["metadata"].update(name="x" * length))
        outcome = roll_out()
        assert outcome.code == code
        assert ("more than 53 characters" in outcome.err) == (not api.patches) == bool(code)

    def test_traffic_that_is_shared_already_is_refused(self, api, roll_out):
        """The stable revision is unknown, so nothing is changed."""
        roll_out()
        api.edit(traffic_set_to((1, 40), (2, 60)))
        patches = len(api.patches)
        outcome = roll_out(3)
        assert (outcome.code, len(api.patches)) == (1, patches)
        assert f"40 % on {revision_name(1)}, 60 % on {revision_name(2)}" in outcome.err

    def test_a_forbidden_patch_changes_nothing(self, api, roll_out):
        """The error quotes the API and says where traffic is."""
        api.forbidden.add("PATCH")
        outcome = roll_out()
        assert outcome.code == 1
        assert 'User "ci" cannot patch it' in outcome.err
        assert f"Traffic is all on {revision_name(1)}." in outcome.err
        assert api.traffic == [(0, 100, "")]

    def test_an_unreachable_api_is_reported(self, api, roll_out):
        """The error comes before any change."""
        api.away = True
        outcome = roll_out()
        assert outcome.code == 1
        assert "has not answered for 0.3 s" in outcome.err


class TestFailure:
    @pytest.mark.parametrize("step", [0, 50], ids=["first", "second"])
    def test_wrong_answers_move_traffic_back(self, api, gateway, roll_out, step):
        """Wrong predictions fail the rollout, at the tag and at each step."""

        def wrong(request):
            status, headers, body = sound(request)
            return status, headers, re.sub(b'"intent": "[a-z_]+"', b'"intent": "nonsense"', body)

        gateway.functions[image(2)] = at_half(wrong, api=api) if step else wrong
        outcome = roll_out()
        assert outcome.code == 1
        assert "was classified as nonsense" in outcome.err
        assert outcome.err.endswith(f"Traffic is all on {revision_name(1)}.\n")
        assert (api.traffic, api.annotations) == (STABLE_ONLY, {})
        assert api.routed == [(revision_name(1), 100)]

    def test_a_candidate_that_stops_answering_moves_traffic_back(self, api, gateway, roll_out):
        """During a step a missing answer is not retried, since users are affected."""
        gateway.functions[image(2)] = at_half(constant(503), api=api)
        outcome = roll_out()
        assert outcome.code == 1
        assert "answered 503" in outcome.err
        assert api.traffic == STABLE_ONLY

    def test_a_gateway_may_learn_the_tag_late(self, gateway, roll_out):
        """Before the candidate has traffic, missing answers are retried."""
        early = [constant(404), constant(503)]

        def late(request):
            function = early.pop() if early else sound
            return function(request)

        gateway.functions[image(2)] = late
        assert roll_out().code == 0

    def test_a_silent_stable_revision_does_not_stop_its_successor(self, gateway, roll_out):
        """The stable revision gets requests only to stay warm."""
        gateway.functions[image(1)] = constant(503)
        assert roll_out().code == 0

    def test_a_failed_candidate_gets_no_traffic(self, api, roll_out):
        """The error quotes the reason of the revision."""
        api.outcomes[image(2)] = "False"
        outcome = roll_out()
        assert outcome.code == 1
        assert "ExitCode1: Container failed with: model missing" in outcome.err
        assert all((2, 0, "candidate") not in [entry] for entry in api.traffic)
        assert api.traffic == STABLE_ONLY

    def test_a_candidate_that_is_never_ready_gets_no_traffic(self, api, roll_out):
        """The timeout names condition, duration, last state and the kubectl commands."""
        api.outcomes[image(2)] = "Unknown"
        outcome = roll_out(timing=replace(QUICK, timeout_s=0.5))
        assert outcome.code == 1
        name = "serving.knative.dev/revision=intent-classifier-00002"
        assert f"kubectl get pods --namespace intent-namespace --selector {name}" in outcome.err
        assert re.search(
            r"Timed out after 0.5 s waiting until \S+-00002 is Ready; "
            r"last: Ready is Unknown \(Deploying\)",
            outcome.err,
        )
        assert api.traffic == STABLE_ONLY

    def test_a_candidate_that_fails_under_traffic_loses_it(self, api, roll_out, after_patch):
        """A candidate that becomes unready during a step loses its traffic."""
        after_patch(HALF, lambda: api.fail(revision_name(2)))
        outcome = roll_out(2, "--pause", "5")
        assert outcome.code == 1
        assert "RevisionMissing" in outcome.err or "has failed" in outcome.err
        assert api.traffic == STABLE_ONLY

    def test_a_template_that_somebody_else_changed_is_not_rolled_out(
        self, api, roll_out, after_patch
    ):
        """Their image would otherwise be served as the candidate."""

        def overwrite():
            api.edit(
                lambda service: service["spec"]["template"]["spec"]["containers"][1].update(
                    image=image(7)
                )
            )
            api._work.clear()
            api._reconcile()

        after_patch(IMAGE_SET, overwrite)
        outcome = roll_out()
        assert outcome.code == 1
        assert f"Somebody else has changed the template: {revision_name(2)} runs" in outcome.err
        assert api.traffic == STABLE_ONLY

    def test_an_unexpected_exception_moves_traffic_back(self, api, roll_out, monkeypatch):
        """An unexpected exception moves traffic back as well."""

        def fail(*_):
            raise RuntimeError("unthought of")

        monkeypatch.setattr(CandidateChecks, "watch", fail)
        outcome = roll_out()
        assert outcome.code == 1
        assert outcome.err.startswith("error: RuntimeError: unthought of\nTraffic is all on")
        assert api.traffic == STABLE_ONLY

    def test_a_failed_rollout_can_be_tried_again(self, api, roll_out):
        """The same image creates a new revision, after that of the restored template."""
        api.outcomes[image(2)] = "False"
        assert roll_out().code == 1
        api.outcomes.clear()
        assert roll_out().code == 0
        assert api.traffic == [(4, 100, "stable")]


def crashing(reason, message="", **last_state):
    """Return the status of a pod whose container waits for a reason."""
    container = {"name": "user-container", "restartCount": 1, "lastState": last_state}
    return {
        "containerStatuses": [
            container | {"state": {"waiting": {"reason": reason, "message": message}}}
        ]
    }


EXITED = {"exitCode": 1, "reason": "Error", "message": "LOW_CONFIDENCE='x' is not allowed\n"}
OUT_OF_MEMORY = {"exitCode": 137, "reason": "OOMKilled"}


class TestPods:
    @pytest.fixture(autouse=True)
    def deploying(self, api):
        """Knative leaves the candidate at Unknown (Deploying)."""
        api.outcomes[image(2)] = "Unknown"

    @pytest.mark.parametrize(
        ("status", "reason"),
        [
            pytest.param(
                crashing("CrashLoopBackOff", "back-off 10s", terminated=EXITED),
                "CrashLoopBackOff: exit code 1: LOW_CONFIDENCE='x' is not allowed\n",
                id="crash",
            ),
            pytest.param(
                crashing("CrashLoopBackOff", terminated=OUT_OF_MEMORY),
                "CrashLoopBackOff: exit code 137, OOMKilled\n",
                id="memory",
            ),
            pytest.param(
                crashing("ImagePullBackOff", "Back-off pulling image"),
                "ImagePullBackOff: Back-off pulling image\n",
                id="image",
            ),
            pytest.param(
                crashing("CreateContainerConfigError", 'configmap "x" not found'),
                'CreateContainerConfigError: configmap "x" not found\n',
                id="config",
            ),
            pytest.param(
                {
                    "conditions": [
                        {"type": "Ready", "status": "False"},
                        {
                            "type": "PodScheduled",
                            "status": "False",
                            "reason": "Unschedulable",
                            "message": "0/2 nodes are available",
                        },
                    ]
                },
                "Unschedulable: 0/2 nodes are available\n",
                id="unschedulable",
            ),
        ],
    )
    def test_a_pod_that_cannot_start_fails_the_rollout_with_its_reason(
        self, api, roll_out, status, reason
    ):
        """The rollout ends long before its timeout, while the revision is still Unknown."""
        api.pods[image(2)] = status
        outcome = roll_out(timing=replace(QUICK, timeout_s=600))
        assert outcome.code == 1
        assert f"{revision_name(2)} has failed: {reason}" in outcome.err
        assert api.traffic == STABLE_ONLY

    def test_starting_containers_are_awaited(self, api, roll_out):
        """A container that is being created has not failed."""
        api.pods[image(2)] = crashing("ContainerCreating")
        outcome = roll_out(timing=replace(QUICK, timeout_s=0.5))
        assert "Timed out" in outcome.err

    def test_without_permission_the_timeout_names_the_commands(self, api, roll_out):
        """The user can inspect the pods with kubectl."""
        api.forbidden.add("/pods")
        outcome = roll_out(timing=replace(QUICK, timeout_s=0.5))
        assert "This user may not list the pods. Inspect them with\nkubectl get" in outcome.err

    def test_a_crash_during_a_step_moves_traffic_back(self, api, roll_out, after_patch):
        """The pods are checked at each step, too."""
        api.outcomes.clear()
        status = crashing("CrashLoopBackOff", terminated=EXITED)
        after_patch(HALF, lambda: api.pods.update({image(2): status}))
        outcome = roll_out(2, "--pause", "5")
        assert "LOW_CONFIDENCE='x' is not allowed" in outcome.err
        assert api.traffic == STABLE_ONLY


class TestTemplate:
    def serving(self, api):
        """Return the serving container of the template."""
        return api.service["spec"]["template"]["spec"]["containers"][1]

    def roll_out_template(self, run, gateway, *options):
        """Run rollout without an image."""
        return run("rollout", "--pause", "0", "--gateway", gateway.url, *options)

    def test_without_an_image_the_newest_template_is_rolled_out(self, api, run, gateway, roll_out):
        """This follows a `kubectl apply` after the first rollout."""
        roll_out(1)
        api.edit(lambda _: self.serving(api).update(image=image(5)))
        api.settle()
        assert "intent-classifier-00002, has no traffic" in run("status").out
        assert self.roll_out_template(run, gateway).code == 0
        assert api.traffic == [(3, 100, "stable")]
        assert api.revisions[revision_name(3)]["spec"]["containers"][1]["image"] == image(5)
        assert "warning" not in run("status").out

    def test_variables_are_set_beside_others(self, api, run, gateway):
        """--env adds and replaces variables; references stay."""
        reference = {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}}}
        api.edit(lambda _: self.serving(api).update(env=[reference]))
        api.settle()
        for value in ("DEBUG", "A=B"):
            assert self.roll_out_template(run, gateway, "--env", f"LOG_LEVEL={value}").code == 0
        expected = [reference, {"name": "LOG_LEVEL", "value": "A=B"}]
        assert self.serving(api)["env"] == expected

    def test_a_model_is_rolled_out_by_its_uri(self, api, run, gateway):
        """--model sets MODEL_URI, and the status shows which revision serves which model."""
        uri = f"s3://bucket/models#sha256={'0f' * 32}"
        assert self.roll_out_template(run, gateway, "--model", uri).code == 0
        assert self.serving(api)["env"] == [{"name": "MODEL_URI", "value": uri}]
        lines = run("status").out.splitlines()
        assert [line.rpartition("  ")[2] for line in lines if "intent-classifier-0000" in line][
            1:
        ] == [uri, image(1)]

    @pytest.mark.parametrize("value", ["1", ""])
    def test_variables_that_are_set_already_are_not_rolled_out(self, api, run, gateway, value):
        """A second rollout with the same variables creates no revision."""
        for _ in range(2):
            assert self.roll_out_template(run, gateway, "--env", f"A={value}").code == 0
        assert len(api.revisions) == 2

    def test_a_failed_rollout_restores_the_template(self, api, roll_out, run):
        """Later changes then start the good image, and the Service becomes ready again."""
        before = json.loads(json.dumps(api.service["spec"]["template"]["spec"]))
        api.outcomes[image(2)] = "False"
        assert roll_out().code == 1
        api.settle()
        assert api.service["spec"]["template"]["spec"] == before
        outcome = run("status")
        assert outcome.code == 0
        assert "warning" not in outcome.out

    def test_a_restored_template_is_served_already(self, api, roll_out):
        """A rollout of the stable image after a failed one has nothing to do."""
        api.outcomes[image(2)] = "False"
        roll_out()
        api.settle()
        assert "already serves this image" in roll_out(1).out

    def test_annotations_of_the_template_are_restored(self, api, roll_out):
        """Scaling that a failed template changed returns as well."""
        key = "autoscaling.knative.dev/max-scale"
        roll_out(1)
        annotate = {"annotations": {key: "99"}}
        api.edit(lambda service: service["spec"]["template"].update(metadata=annotate))
        api.settle()
        api.outcomes[image(2)] = "False"
        roll_out()
        assert key not in api.service["spec"]["template"]["metadata"]["annotations"]

    def test_a_template_that_somebody_else_changed_later_stays(self, api, roll_out, after_patch):
        """Their revision is newer than the candidate."""

        def apply():
            api.edit(lambda _: self.serving(api).update(image=image(8)))
            api._work.clear()
            api._reconcile()

        api.outcomes[image(2)] = "Unknown"
        after_patch(CANDIDATE_NAMED, apply)
        roll_out(timing=replace(QUICK, timeout_s=0.5))
        assert self.serving(api)["image"] == image(8)

    def test_an_unreadable_stable_revision_does_not_stop_the_way_back(
        self, api, roll_out, after_patch
    ):
        """Traffic returns even if the template cannot be restored."""
        api.outcomes[image(2)] = "False"
        after_patch(CLAIMED, lambda: api.forbidden.add(f"GET revisions/{revision_name(1)}"))
        outcome = roll_out()
        assert outcome.code == 1
        assert api.traffic == STABLE_ONLY
        assert self.serving(api)["image"] == image(2)

    def test_a_rollback_describes_its_target_in_the_template(self, api, run, gateway, roll_out):
        """Later changes start the image that serves."""
        roll_out()
        assert run("rollback", "--gateway", gateway.url).code == 0
        assert self.serving(api)["image"] == image(1)
        assert roll_out(3).code == 0
        assert run("rollback", "--to", revision_name(2), "--gateway", gateway.url).code == 0
        assert self.serving(api)["image"] == image(2)

    def test_a_rollback_of_shared_traffic_describes_its_target(self, api, run, gateway, roll_out):
        """The template is that of the target from any state."""
        assert roll_out().code == 0
        api.edit(traffic_set_to((1, 40), (2, 60)))
        api.settle()
        assert run("rollback", "--to", revision_name(1), "--gateway", gateway.url).code == 0
        assert self.serving(api)["image"] == image(1)

    def test_a_plain_rollout_resumes_an_interrupted_one(self, api, run, gateway):
        """Options may be omitted; other variables undo it."""
        api.on_patch = lambda _: setattr(api, "away", len(api.patches) == HALF)
        options = ("--env", "A=1", "--steps", "50,100")
        assert self.roll_out_template(run, gateway, *options).code == 3
        api.away = False
        outcome = self.roll_out_template(run, gateway)
        assert (outcome.code, api.traffic) == (0, [(2, 100, "stable")])
        assert "Resuming" in outcome.out


class TestApiGone:
    def test_a_short_outage_is_survived(self, api, roll_out, after_patch):
        """A restart of the API server does not end a rollout."""
        after_patch(HALF, lambda: setattr(api, "drops", 3))
        assert roll_out().code == 0
        assert api.traffic == [(2, 100, "stable")]

    def test_the_last_observed_traffic_is_reported(self, api, roll_out, after_patch):
        """If the API stays unavailable, the error says where traffic was last."""
        after_patch(ALL, lambda: setattr(api, "away", True))
        outcome = roll_out()
        assert outcome.code == 3
        assert "It is not confirmed that traffic has moved back" in outcome.err
        assert "Traffic when it was last read: 50 % on intent-classifier-00001, 50 %" in outcome.err
        assert "python -m knative rollback" in outcome.err

    def test_rollback_undoes_it_when_the_api_is_back(self, api, run, roll_out, after_patch):
        """Rollback moves traffic to the stable revision of the interrupted rollout."""
        after_patch(ALL, lambda: setattr(api, "away", True))
        roll_out()
        api.away = False
        outcome = run("rollback")
        assert outcome.code == 0
        assert (api.traffic, api.annotations) == (STABLE_ONLY, {})

    def test_the_named_command_repeats_a_move_that_was_made(
        self, api, gateway, run, roll_out, after_patch
    ):
        """It does not return to the revision before the stable one."""
        roll_out()
        gateway.functions[image(3)] = constant(500)
        after_patch(PROMOTED + TAGGED + 1, lambda: setattr(api, "away", True))
        outcome = roll_out(3)
        assert outcome.code == 3
        api.away = False
        [command] = re.findall(r"`python -m knative (rollback [^`]+)`", outcome.err)
        assert run(*command.split(), "--gateway", gateway.url).code == 0
        assert api.traffic == [(2, 100, "stable")]

    def test_a_rollback_that_is_not_confirmed_says_so(self, api, run, roll_out, after_patch):
        """The traffic may still be elsewhere, whatever the Service's spec says."""
        after_patch(ALL, lambda: setattr(api, "away", True))
        roll_out()
        api.away = False
        api.settle()
        after_patch(ALL + 1, lambda: setattr(api, "away", True))
        outcome = run("rollback")
        assert outcome.code == 3
        assert "It is not confirmed that traffic has moved back" in outcome.err
        assert f"when it was last read: all on {revision_name(2)}" in outcome.err

    def test_a_move_that_may_not_be_watched_is_not_confirmed(self, api, run, roll_out, after_patch):
        """The token may expire in between: that nothing was changed would be wrong."""
        after_patch(ALL, lambda: setattr(api, "away", True))
        roll_out()
        api.away = False
        after_patch(ALL + 1, lambda: api.forbidden.add("GET"))
        outcome = run("rollback", "--to", revision_name(1))
        assert outcome.code == 3
        assert api.traffic == STABLE_ONLY

    def test_lost_answers_are_no_conflict_with_oneself(self, api, roll_out):
        """A patch whose response was lost is not mistaken for a conflict."""
        api.lost_answers = PROMOTED
        assert roll_out().code == 0
        assert len(api.patches) == PROMOTED

    def test_conflicts_are_tried_again(self, api, roll_out):
        """Writes of others in between are retried."""
        api.conflicts = 10
        assert roll_out().code == 0


class TestOthers:
    def test_traffic_that_somebody_else_moves_stays(self, api, roll_out, after_patch):
        """Traffic that somebody else moves, as with kn, stays as they set it."""
        after_patch(HALF, lambda: api.edit(traffic_set_to((1, 90), (2, 10))))
        outcome = roll_out(2, "--pause", "5")
        assert outcome.code == 4
        assert "Somebody else has moved the traffic.\nTraffic is left" in outcome.err
        assert api.traffic == [(1, 90, ""), (2, 10, "")]

    def test_a_second_rollout_takes_over(self, api, roll_out, after_patch):
        """The first rollout notices the takeover and stops."""

        def take_over():
            def change(service):
                annotations = service["metadata"]["annotations"]
                annotations[STATE] = json.dumps(json.loads(annotations[STATE]) | {"owner": "them"})

            api.edit(change)

        after_patch(HALF, take_over)
        outcome = roll_out(2, "--pause", "5")
        assert outcome.code == 4
        assert "Somebody else has taken over" in outcome.err
        assert (1, 50, "stable") in api.traffic

    def test_a_failure_after_a_takeover_moves_nothing(self, api, gateway, roll_out):
        """A failure after a takeover moves nothing."""

        def move_and_break(_):
            api.edit(traffic_set_to((1, 90), (2, 10)))
            return 500, {}, b""

        gateway.functions[image(2)] = move_and_break
        outcome = roll_out()
        assert outcome.code == 4
        assert api.traffic == [(1, 90, ""), (2, 10, "")]


@pytest.mark.usefixtures("heard_signals")
class TestInterruption:
    @pytest.mark.parametrize("number", [CLAIMED, IMAGE_SET, CANDIDATE_NAMED, TAGGED, HALF, ALL])
    def test_traffic_is_safe_wherever_it_is_interrupted(self, api, roll_out, after_patch, number):
        """Traffic returns, even if the signal comes between a patch and its response."""
        after_patch(number, lambda: os.kill(os.getpid(), signal.SIGINT))
        outcome = roll_out()
        assert outcome.code == 130
        assert outcome.err == (
            f"error: Interrupted by SIGINT\nTraffic is all on {revision_name(1)}.\n"
        )
        assert (api.traffic, STATE in api.annotations) == (STABLE_ONLY, False)
        assert api.routed == [(revision_name(1), 100)]

    @pytest.mark.parametrize(
        ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)], ids=["TERM", "HUP"]
    )
    def test_other_signals_move_traffic_back(self, api, roll_out, after_patch, number, code):
        """SIGTERM and SIGHUP move traffic back as well."""
        after_patch(HALF, lambda: os.kill(os.getpid(), number))
        assert roll_out().code == code
        assert api.traffic == STABLE_ONLY

    def test_a_second_signal_does_not_stop_the_way_back(self, api, roll_out):
        """Signals are ignored while traffic moves back."""

        def on_patch(_):
            if len(api.patches) >= HALF:
                os.kill(os.getpid(), signal.SIGINT)

        api.on_patch = on_patch
        assert roll_out().code == 130
        assert api.traffic == STABLE_ONLY

    def test_a_rollout_that_is_complete_stays(self, api, roll_out, after_patch):
        """A signal after the last patch does not undo the rollout."""
        after_patch(PROMOTED, lambda: os.kill(os.getpid(), signal.SIGINT))
        outcome = roll_out()
        assert outcome.code == 130
        assert f"Traffic is all on {revision_name(2)}." in outcome.err
        assert api.traffic == [(2, 100, "stable")]

    def test_ignored_signals_stay_ignored(self, roll_out, after_patch):
        """Signals that were ignored at the start stay ignored."""
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        after_patch(HALF, lambda: os.kill(os.getpid(), signal.SIGHUP))
        assert roll_out().code == 0

    def test_a_closed_terminal_moves_traffic_back(self, api, start_rollout, after_patch):
        """Traffic returns although nothing can be printed on a terminal that is gone."""
        screen, terminal = pty.openpty()

        def close():
            os.close(screen)
            process.send_signal(signal.SIGHUP)

        after_patch(HALF, close)
        process = start_rollout(stdout=terminal, stderr=terminal)
        os.close(terminal)
        assert process.wait(TIMEOUT_S) == 129
        assert (api.traffic, STATE in api.annotations) == (STABLE_ONLY, False)

    def test_output_that_nobody_reads_does_not_stop_a_rollout(
        self, api, start_rollout, after_patch
    ):
        """A rollout completes when its log is no longer read."""
        reader, writer = os.pipe()
        after_patch(HALF, lambda: os.close(reader))
        process = start_rollout("--pause", "0", stdout=writer)
        os.close(writer)
        assert process.wait(TIMEOUT_S) == 0
        assert api.traffic == [(2, 100, "stable")]


class TestKilled:
    @pytest.fixture
    def kill_rollout(self, api, start_rollout, after_patch):
        """Start a rollout as a process, and kill it after the n-th patch."""

        def roll_out_and_kill(number):
            process = start_rollout(stdout=subprocess.DEVNULL)
            after_patch(number, process.kill)
            assert process.wait(TIMEOUT_S) == -signal.SIGKILL
            api.settle()
            api.on_patch = lambda _: None

        return roll_out_and_kill

    @pytest.mark.parametrize("number", [CLAIMED, IMAGE_SET, HALF])
    def test_the_same_image_resumes_it(self, api, roll_out, kill_rollout, number):
        """The existing candidate continues from its step."""
        kill_rollout(number)
        outcome = roll_out()
        assert outcome.code == 0
        assert "Resuming the interrupted rollout" in outcome.out
        assert list(api.revisions) == [revision_name(1), revision_name(2)]
        assert (api.traffic, api.annotations) == (
            [(2, 100, "stable")],
            {PREVIOUS: revision_name(1)},
        )

    def test_another_image_undoes_it_first(self, api, roll_out, kill_rollout):
        """Another image undoes the interrupted rollout before it starts."""
        kill_rollout(HALF)
        seen = []
        api.on_patch = lambda _: seen.append(api.traffic)
        outcome = roll_out(3)
        assert outcome.code == 0
        assert seen[0] == STABLE_ONLY
        assert api.traffic == [(4, 100, "stable")]
        assert api.annotations == {PREVIOUS: revision_name(1)}

    def test_a_resumed_rollout_that_fails_moves_traffic_back(
        self, api, gateway, roll_out, kill_rollout
    ):
        """A resumed rollout that fails returns to its stable revision."""
        kill_rollout(HALF)
        gateway.functions[image(2)] = constant(500)
        assert roll_out().code == 1
        assert (api.traffic, api.annotations) == (STABLE_ONLY, {})


class TestRollback:
    @pytest.fixture
    def rolled_out(self, roll_out):
        """A rollout of a second image."""
        assert roll_out().code == 0

    @pytest.fixture
    def roll_back(self, run, gateway):
        """Run rollback through the gateway."""
        return lambda *options: run("rollback", "--gateway", gateway.url, *options)

    @pytest.mark.usefixtures("rolled_out")
    def test_it_goes_to_the_revision_before(self, api, gateway, roll_back):
        """The previous revision is tested and warmed by its tag first."""
        gateway.hosts.clear()
        outcome = roll_back()
        assert outcome.code == 0
        assert gateway.hosts[:5] == [f"candidate-{DOMAIN}"] * 5
        assert api.traffic == [(1, 100, "stable")]
        assert api.annotations == {PREVIOUS: revision_name(2)}

    @pytest.mark.usefixtures("rolled_out")
    def test_rollback_refuses_a_revision_that_does_not_answer(self, api, gateway, roll_back):
        """Traffic stays if the previous revision fails the smoke test."""
        gateway.functions[image(1)] = constant(500)
        outcome = roll_back()
        assert outcome.code == 1
        assert api.traffic == [(2, 100, "stable")]

    @pytest.mark.usefixtures("rolled_out")
    def test_no_smoke_skips_the_test(self, api, gateway, roll_back):
        """--no-smoke skips the test, for an unreachable gateway."""
        gateway.functions[image(1)] = constant(500)
        assert roll_back("--no-smoke").code == 0
        assert api.traffic == [(1, 100, "stable")]

    @pytest.mark.usefixtures("rolled_out")
    def test_it_goes_to_a_revision_by_name(self, api, roll_back):
        """--to names the revision, and may be repeated."""
        assert roll_back("--to", revision_name(1)).code == 0
        outcome = roll_back("--to", revision_name(1))
        assert outcome.out.endswith(
            "Moving all traffic to intent-classifier-00001, which no signal stops ...\n"
            "Traffic is all on intent-classifier-00001\n"
        )
        assert api.traffic == [(1, 100, "stable")]

    @pytest.mark.usefixtures("rolled_out")
    def test_shared_traffic_goes_to_a_revision_by_name(self, api, roll_back):
        """--to works from any state."""
        api.edit(traffic_set_to((1, 40), (2, 60)))
        api.edit(lambda service: service["metadata"]["annotations"].update({STATE: "broken"}))
        api.settle()
        assert roll_back("--to", revision_name(1)).code == 0
        assert api.traffic == [(1, 100, "stable")]

    @pytest.mark.usefixtures("rolled_out", "heard_signals")
    def test_a_signal_does_not_stop_a_move_of_all_traffic(self, api, roll_back):
        """One patch moves all of it, and the command waits until it is routed."""
        api.edit(traffic_set_to((1, 40), (2, 60)))
        api.settle()
        api.on_patch = lambda _: os.kill(os.getpid(), signal.SIGINT)
        outcome = roll_back("--to", revision_name(1))
        assert (outcome.code, api.routed) == (0, [(revision_name(1), 100)])
        assert f"Traffic is all on {revision_name(1)}" in outcome.out

    @pytest.mark.usefixtures("rolled_out")
    def test_a_refused_move_changes_nothing(self, api, roll_back):
        """Without the permission to patch, the shares stay."""
        api.edit(traffic_set_to((1, 40), (2, 60)))
        api.settle()
        api.forbidden.add("PATCH")
        outcome = roll_back("--to", revision_name(1))
        assert outcome.code == 1
        assert "cannot patch it" in outcome.err
        assert api.traffic == [(1, 40, ""), (2, 60, "")]

    def test_without_a_revision_before_it_asks_for_one(self, roll_back):
        """Without a known previous revision, --to is required."""
        outcome = roll_back()
        assert outcome.code == 1
        assert "--to" in outcome.err

    @pytest.mark.usefixtures("rolled_out")
    def test_rollback_refuses_unsuitable_revisions(self, api, roll_back):
        """Failed, missing and foreign revisions are refused."""
        api.fail(revision_name(1))
        assert "has failed" in roll_back().err
        assert "not found" in roll_back("--to", revision_name(9)).err
        labels = api.revisions[revision_name(1)]["metadata"]["labels"]
        labels["serving.knative.dev/service"] = "another"
        assert "is not a revision of intent-classifier" in roll_back().err
        assert api.traffic == [(2, 100, "stable")]
