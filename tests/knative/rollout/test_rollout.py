from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import replace

import pytest

from knative.rollout.rollout import Rollout
from tests.knative.conftest import QUICK
from tests.support.fake_api import DOMAIN, image, revision_name
from tests.support.gateway import constant, forwarding, sound
from tests.support.paths import ROOT
from tests.support.servers import RunningServer
from tests.support.timeouts import TIMEOUT_S

STATE = "rollout.intentclassifier.org/state"
PREVIOUS = "rollout.intentclassifier.org/previous"
STABLE_ONLY = [(1, 100, "stable")]
CLAIMED, IMAGE_SET, CANDIDATE_NAMED, TAGGED, HALF, ALL, PROMOTED = range(1, 8)


@pytest.fixture
def roll_out(run, gateway):
    """Roll out an image, in two steps without a pause unless other options are given."""

    def roll_out_image(number=2, *options, timing=QUICK):
        options = ("--steps", "50,100", "--pause", "0", "--gateway", gateway.url, *options)
        return run("rollout", "--image", image(number), *options, timing=timing)

    return roll_out_image


@pytest.fixture
def after_patch(api):
    """Do something after the patch of some number, in the thread of the server."""

    def arrange(number, action):
        def on_patch(_):
            if len(api.patches) == number:
                action()

        api.on_patch = on_patch

    return arrange


def traffic_set_to(*entries):
    """Change traffic as somebody else would."""

    def change(service):
        service["spec"]["traffic"] = [
            {"revisionName": revision_name(number), "percent": percent}
            for number, percent in entries
        ]

    return change


def at_half(function, otherwise=sound, *, api):
    """Answer by another function as soon as a candidate has half of the traffic."""

    def answer(request):
        chosen = function if (2, 50, "candidate") in api.traffic else otherwise
        return chosen(request)

    return answer


class TestWay:
    def test_traffic_goes_in_steps_from_a_tested_candidate_at_zero(self, api, roll_out):
        """Stable by name, a candidate at 0 %, the steps, and the candidate as the new stable."""
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
        """Traffic that follows the latest revision would all go to the candidate."""
        routed = []
        after_patch(IMAGE_SET, lambda: routed.append(api.service["status"]["traffic"][0]["tag"]))
        assert roll_out().code == 0
        assert routed == ["stable"]

    def test_the_candidate_is_tested_by_its_tag_before_it_has_traffic(
        self, gateway, roll_out, after_patch
    ):
        """Nothing is asked of its URL before, and all checks are made then."""
        counted = []
        after_patch(HALF, lambda: counted.append(list(gateway.hosts)))
        roll_out()
        assert counted == [[f"candidate-{DOMAIN}"] * 5]

    def test_both_revisions_are_kept_warm(self, gateway, roll_out):
        """At each look, the stable one is asked as well."""
        roll_out()
        assert gateway.hosts[5:] == [f"candidate-{DOMAIN}", f"stable-{DOMAIN}"] * 2

    def test_a_step_is_watched_for_as_long_as_it_lasts(self, gateway, roll_out):
        """Again and again."""
        roll_out(2, "--steps", "100", "--pause", "0.1")
        assert len(gateway.hosts) > 5 + 2 * 2

    def test_only_owned_fields_are_touched(self, api, roll_out):
        """Sidecar, ports and timeouts stay; beside image and traffic come annotations of ours."""
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
        """They have no share, and stay."""
        preview = {"revisionName": revision_name(1), "percent": 0, "tag": "preview"}
        api.edit(lambda service: service["spec"]["traffic"].append(preview))
        assert roll_out().code == 0
        assert api.traffic == [(2, 100, "stable"), (1, 0, "preview")]

    def test_what_is_served_already_is_not_rolled_out(self, api, roll_out):
        """But pinned, so that nothing later comes in unasked."""
        outcome = roll_out(1)
        assert outcome.code == 0
        assert "serves this image already" in outcome.out
        assert api.traffic == STABLE_ONLY
        assert list(api.revisions) == [revision_name(1)]

    def test_a_changed_template_is_rolled_out_with_the_same_image(self, api, roll_out):
        """As after a `kubectl apply` that changed the settings."""
        roll_out(1)
        template = api.service["spec"]["template"]
        api.edit(lambda _: template["spec"].update(timeoutSeconds=60))
        api.settle()
        assert roll_out(1).code == 0
        assert api.traffic == [(3, 100, "stable")]

    def test_without_a_gateway_urls_are_used_as_they_are(self, run, api):
        """They resolve to nothing here."""
        quick = replace(QUICK, timeout_s=0.2)
        outcome = run("rollout", "--image", image(2), "--pause", "0", timing=quick)
        assert outcome.code == 1
        assert f"http://candidate-{DOMAIN}: no answer" in outcome.err
        assert api.traffic == STABLE_ONLY


class TestEndToEnd:
    @pytest.fixture
    def functions(self, small_folder):
        """A real function, and one that takes everything for out of scope."""
        model = {"MODEL_PATH": str(small_folder / "intent_model.pkl")}
        servers = [
            RunningServer.start(model | environ) for environ in ({}, {"INTENT_THRESHOLD": "1000"})
        ]
        yield [forwarding(server.url) for server in servers]
        for server in servers:
            server.stop()

    def test_the_real_function_is_rolled_out_and_a_bad_one_is_not(
        self, api, gateway, roll_out, functions
    ):
        """Known answers decide, over HTTP and as an event."""
        good, bad = functions
        gateway.functions = {image(1): good, image(2): good, image(3): bad}
        known = ("--expect", "hello=greeting", "--expect", "reset my password=password_reset")
        assert roll_out(2, *known).code == 0
        assert api.traffic == [(2, 100, "stable")]
        outcome = roll_out(3, *known)
        assert outcome.code == 1
        assert "'hello' was taken for out_of_scope" in outcome.err
        assert f"Traffic is all on {revision_name(2)}." in outcome.err
        assert api.traffic == [(2, 100, "stable")]


class TestRefusal:
    @pytest.mark.parametrize(
        "name", ["intent:1.0", "intent", "intent@sha256:12", "a b@sha256:" + "0" * 64]
    )
    def test_an_image_without_a_digest_is_refused(self, api, run, name):
        """A tag may mean another image to the next pod."""
        outcome = run("rollout", "--image", name)
        assert (outcome.code, api.log) == (2, [])
        assert "not named by digest" in outcome.err

    def test_a_fixed_revision_name_is_refused(self, api, roll_out):
        """The webhook would refuse the new image with it."""
        name = {"name": revision_name(1)}
        api.service["spec"]["template"]["metadata"] = name
        outcome = roll_out()
        assert (outcome.code, api.patches) == (1, [])
        assert "remove spec.template.metadata.name" in outcome.err

    def test_traffic_that_is_shared_already_is_refused(self, api, roll_out):
        """Nobody said which revision is the stable one."""
        roll_out()
        api.edit(traffic_set_to((1, 40), (2, 60)))
        patches = len(api.patches)
        outcome = roll_out(3)
        assert (outcome.code, len(api.patches)) == (1, patches)
        assert f"40 % on {revision_name(1)}, 60 % on {revision_name(2)}" in outcome.err

    def test_a_forbidden_patch_changes_nothing(self, api, roll_out):
        """What is missing is told, and where traffic is."""
        api.forbidden.add("PATCH")
        outcome = roll_out()
        assert outcome.code == 1
        assert 'User "ci" cannot patch it' in outcome.err
        assert f"Traffic is all on {revision_name(1)}." in outcome.err
        assert api.traffic == [(0, 100, "")]

    def test_an_unreachable_api_is_told(self, api, roll_out):
        """Before anything was changed."""
        api.away = True
        outcome = roll_out()
        assert outcome.code == 1
        assert "has not answered for 0.3 s" in outcome.err


class TestFailure:
    @pytest.mark.parametrize("step", [0, 50], ids=["first", "second"])
    def test_wrong_answers_move_traffic_back(self, api, gateway, roll_out, step):
        """By its tag before it has traffic, and at each step."""

        def wrong(request):
            status, headers, body = sound(request)
            return status, headers, re.sub(b'"intent": "[a-z_]+"', b'"intent": "nonsense"', body)

        gateway.functions[image(2)] = at_half(wrong, api=api) if step else wrong
        outcome = roll_out()
        assert outcome.code == 1
        assert "was taken for nonsense" in outcome.err
        assert outcome.err.endswith(f"Traffic is all on {revision_name(1)}.\n")
        assert (api.traffic, api.annotations) == (STABLE_ONLY, {})
        assert api.routed == [(revision_name(1), 100)]

    def test_a_candidate_that_stops_answering_moves_traffic_back(self, api, gateway, roll_out):
        """At a step no patience is had: users would meet it as well."""
        gateway.functions[image(2)] = at_half(constant(503), api=api)
        outcome = roll_out()
        assert outcome.code == 1
        assert "answered 503" in outcome.err
        assert api.traffic == STABLE_ONLY

    def test_a_gateway_may_learn_the_tag_late(self, gateway, roll_out):
        """Before it has traffic, no answer is waited for."""
        early = [constant(404), constant(503)]

        def late(request):
            function = early.pop() if early else sound
            return function(request)

        gateway.functions[image(2)] = late
        assert roll_out().code == 0

    def test_a_silent_stable_revision_does_not_stop_its_successor(self, gateway, roll_out):
        """It is only asked to keep it warm."""
        gateway.functions[image(1)] = constant(503)
        assert roll_out().code == 0

    def test_a_failed_candidate_gets_no_traffic(self, api, roll_out):
        """Its own words are told."""
        api.outcomes[image(2)] = "False"
        outcome = roll_out()
        assert outcome.code == 1
        assert "ExitCode1: Container failed with: model missing" in outcome.err
        assert all((2, 0, "candidate") not in [entry] for entry in api.traffic)
        assert api.traffic == STABLE_ONLY

    def test_a_candidate_that_is_never_ready_gets_no_traffic(self, api, roll_out):
        """The message says what was waited for, how long, and what it was like in the end."""
        api.outcomes[image(2)] = "Unknown"
        outcome = roll_out(timing=replace(QUICK, timeout_s=0.5))
        assert outcome.code == 1
        assert re.search(
            r"Waited 0.5 s in vain until \S+-00002 is Ready; last: Ready is Unknown \(Deploying\)",
            outcome.err,
        )
        assert api.traffic == STABLE_ONLY

    def test_a_candidate_that_fails_under_traffic_loses_it(self, api, roll_out, after_patch):
        """Its readiness is watched at each step."""
        after_patch(HALF, lambda: api.fail(revision_name(2)))
        outcome = roll_out(2, "--pause", "5")
        assert outcome.code == 1
        assert "RevisionMissing" in outcome.err or "has failed" in outcome.err
        assert api.traffic == STABLE_ONLY

    def test_a_template_that_somebody_else_changed_is_not_rolled_out(
        self, api, roll_out, after_patch
    ):
        """Their image would be served under the name of ours."""

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

    def test_a_fault_of_ours_moves_traffic_back_too(self, api, roll_out, monkeypatch):
        """Even one that nobody has thought of."""

        def fail(*_):
            raise RuntimeError("unthought of")

        monkeypatch.setattr(Rollout, "_watch_over", fail)
        outcome = roll_out()
        assert outcome.code == 1
        assert outcome.err.startswith("error: RuntimeError: unthought of\nTraffic is all on")
        assert api.traffic == STABLE_ONLY

    def test_a_failed_rollout_can_be_tried_again(self, api, roll_out):
        """With the same image: a new revision is made."""
        api.outcomes[image(2)] = "False"
        assert roll_out().code == 1
        api.outcomes.clear()
        assert roll_out().code == 0
        assert api.traffic == [(3, 100, "stable")]


class TestApiGone:
    def test_a_moment_is_waited_for(self, api, roll_out, after_patch):
        """An API server that restarts does not end a rollout."""
        after_patch(HALF, lambda: setattr(api, "drops", 3))
        assert roll_out().code == 0
        assert api.traffic == [(2, 100, "stable")]

    def test_where_traffic_was_seen_last_is_told(self, api, roll_out, after_patch):
        """When it stays away midway, nothing can be moved; rollback can later."""
        after_patch(ALL, lambda: setattr(api, "away", True))
        outcome = roll_out()
        assert outcome.code == 3
        assert "It is not confirmed that traffic has moved back" in outcome.err
        assert "Traffic when it was last read: 50 % on intent-classifier-00001, 50 %" in outcome.err
        assert "python -m knative rollback" in outcome.err

    def test_rollback_undoes_it_when_the_api_is_back(self, api, run, roll_out, after_patch):
        """To the stable revision of that rollout."""
        after_patch(ALL, lambda: setattr(api, "away", True))
        roll_out()
        api.away = False
        outcome = run("rollback")
        assert outcome.code == 0
        assert (api.traffic, api.annotations) == (STABLE_ONLY, {})

    def test_lost_answers_are_no_conflict_with_oneself(self, api, roll_out):
        """Each patch was carried out, only we never heard of it."""
        api.lost_answers = PROMOTED
        assert roll_out().code == 0
        assert len(api.patches) == PROMOTED

    def test_conflicts_are_tried_again(self, api, roll_out):
        """Status and labels are written all the time."""
        api.conflicts = 10
        assert roll_out().code == 0


class TestOthers:
    def test_traffic_that_somebody_else_moves_is_theirs(self, api, roll_out, after_patch):
        """As in `kn service update --traffic`, in an emergency."""
        after_patch(HALF, lambda: api.edit(traffic_set_to((1, 90), (2, 10))))
        outcome = roll_out(2, "--pause", "5")
        assert outcome.code == 4
        assert "Somebody else has moved the traffic.\nTraffic is left" in outcome.err
        assert api.traffic == [(1, 90, ""), (2, 10, "")]

    def test_a_second_rollout_takes_over(self, api, roll_out, after_patch):
        """The first sees that it has lost, and stops."""

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

    def test_who_fails_after_it_was_taken_over_moves_nothing(self, api, gateway, roll_out):
        """The failure is theirs to see, too."""

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
        """Even between a patch and its answer."""
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
    def test_so_it_is_by_other_signals(self, api, roll_out, after_patch, number, code):
        """A pipeline that is cancelled, a terminal that is closed."""
        after_patch(HALF, lambda: os.kill(os.getpid(), number))
        assert roll_out().code == code
        assert api.traffic == STABLE_ONLY

    def test_a_second_signal_does_not_stop_the_way_back(self, api, roll_out):
        """Impatience would leave traffic half-way."""

        def on_patch(_):
            if len(api.patches) >= HALF:
                os.kill(os.getpid(), signal.SIGINT)

        api.on_patch = on_patch
        assert roll_out().code == 130
        assert api.traffic == STABLE_ONLY

    def test_a_rollout_that_is_complete_stays(self, api, roll_out, after_patch):
        """The signal came too late."""
        after_patch(PROMOTED, lambda: os.kill(os.getpid(), signal.SIGINT))
        outcome = roll_out()
        assert outcome.code == 130
        assert f"Traffic is all on {revision_name(2)}." in outcome.err
        assert api.traffic == [(2, 100, "stable")]

    def test_ignored_signals_stay_ignored(self, roll_out, after_patch):
        """As with nohup."""
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        after_patch(HALF, lambda: os.kill(os.getpid(), signal.SIGHUP))
        assert roll_out().code == 0


class TestKilled:
    @pytest.fixture
    def kill_rollout(self, api, gateway, kubeconfig, after_patch):
        """Start a rollout as a process, and kill it after the patch of some number."""

        def roll_out_and_kill(number):
            command = [sys.executable, "-m", "knative", "rollout", "--kubeconfig", str(kubeconfig)]
            options = ["--image", image(2), "--steps", "50,100", "--gateway", gateway.url]
            process = subprocess.Popen(command + options, cwd=ROOT, stdout=subprocess.DEVNULL)
            after_patch(number, process.kill)
            assert process.wait(TIMEOUT_S) == -signal.SIGKILL
            api.settle()
            api.on_patch = lambda _: None

        return roll_out_and_kill

    @pytest.mark.parametrize("number", [CLAIMED, IMAGE_SET, HALF])
    def test_the_same_image_resumes_it(self, api, roll_out, kill_rollout, number):
        """With the revision that is there already, from the step it was at."""
        kill_rollout(number)
        outcome = roll_out()
        assert outcome.code == 0
        assert "Resuming the rollout that was cut off" in outcome.out
        assert list(api.revisions) == [revision_name(1), revision_name(2)]
        assert (api.traffic, api.annotations) == (
            [(2, 100, "stable")],
            {PREVIOUS: revision_name(1)},
        )

    def test_another_image_undoes_it_first(self, api, roll_out, kill_rollout):
        """Three revisions never share the traffic."""
        kill_rollout(HALF)
        seen = []
        api.on_patch = lambda _: seen.append(api.traffic)
        outcome = roll_out(3)
        assert outcome.code == 0
        assert seen[0] == STABLE_ONLY
        assert api.traffic == [(3, 100, "stable")]
        assert api.annotations == {PREVIOUS: revision_name(1)}

    def test_a_resumed_rollout_that_fails_moves_traffic_back(
        self, api, gateway, roll_out, kill_rollout
    ):
        """To the stable revision of the one that was cut off."""
        kill_rollout(HALF)
        gateway.functions[image(2)] = constant(500)
        assert roll_out().code == 1
        assert (api.traffic, api.annotations) == (STABLE_ONLY, {})


class TestRollback:
    @pytest.fixture
    def rolled_out(self, roll_out):
        """Two images, the second of which serves."""
        assert roll_out().code == 0

    @pytest.fixture
    def roll_back(self, run, gateway):
        """Roll back through the gateway."""
        return lambda *options: run("rollback", "--gateway", gateway.url, *options)

    @pytest.mark.usefixtures("rolled_out")
    def test_it_goes_to_the_revision_before(self, api, gateway, roll_back):
        """Tested by its tag first, since it may have no pod any more."""
        gateway.hosts.clear()
        outcome = roll_back()
        assert outcome.code == 0
        assert gateway.hosts[:5] == [f"candidate-{DOMAIN}"] * 5
        assert api.traffic == [(1, 100, "stable")]
        assert api.annotations == {PREVIOUS: revision_name(2)}

    @pytest.mark.usefixtures("rolled_out")
    def test_a_revision_that_does_not_answer_is_not_gone_to(self, api, gateway, roll_back):
        """Traffic stays where it is."""
        gateway.functions[image(1)] = constant(500)
        outcome = roll_back()
        assert outcome.code == 1
        assert api.traffic == [(2, 100, "stable")]

    @pytest.mark.usefixtures("rolled_out")
    def test_it_goes_there_untested_when_told_so(self, api, gateway, roll_back):
        """For when the gateway can't be reached from here."""
        gateway.functions[image(1)] = constant(500)
        assert roll_back("--no-smoke").code == 0
        assert api.traffic == [(1, 100, "stable")]

    @pytest.mark.usefixtures("rolled_out")
    def test_it_goes_to_a_revision_by_name(self, api, roll_back):
        """And says so when there is nothing to move."""
        assert roll_back("--to", revision_name(1)).code == 0
        outcome = roll_back("--to", revision_name(1))
        assert "Traffic is all on intent-classifier-00001" in outcome.out
        assert api.traffic == [(1, 100, "stable")]

    @pytest.mark.usefixtures("rolled_out")
    def test_shared_traffic_goes_to_a_revision_by_name(self, api, roll_back):
        """The way out of any state."""
        api.edit(traffic_set_to((1, 40), (2, 60)))
        api.edit(lambda service: service["metadata"]["annotations"].update({STATE: "broken"}))
        assert roll_back("--to", revision_name(1)).code == 0
        assert api.traffic == [(1, 100, "stable")]

    def test_without_a_revision_before_it_asks_for_one(self, roll_back):
        """Nothing is guessed."""
        outcome = roll_back()
        assert outcome.code == 1
        assert "--to" in outcome.err

    @pytest.mark.usefixtures("rolled_out")
    def test_a_failed_revision_is_not_gone_to(self, api, roll_back):
        """Nor one that does not exist, or is another Service's."""
        api.fail(revision_name(1))
        assert "has failed" in roll_back().err
        assert "not found" in roll_back("--to", revision_name(9)).err
        labels = api.revisions[revision_name(1)]["metadata"]["labels"]
        labels["serving.knative.dev/service"] = "another"
        assert "is no revision of intent-classifier" in roll_back().err
        assert api.traffic == [(2, 100, "stable")]
