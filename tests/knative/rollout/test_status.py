from __future__ import annotations

import json

from tests.support.kubernetes.fake_api import DOMAIN, image, revision_name


def test_status_shows_the_whole_service(gateway, run):
    """The status shows conditions, URLs, and revisions with share, tags, pods and image."""
    run("rollout", "--image", image(2), "--pause", "0", "--gateway", gateway.url)
    outcome = run("status")
    assert outcome.code == 0
    assert outcome.out.splitlines() == [
        f"intent-classifier: http://{DOMAIN}",
        "  Ready is True",
        "  ConfigurationsReady is True",
        "  RoutesReady is True",
        "  rollback returns to intent-classifier-00001",
        "  revision                 traffic  tags    ready  pods  created               image",
        "  intent-classifier-00002  100 %    stable  True   1/1   2026-11-24T10:00:02Z  "
        + image(2),
        "  intent-classifier-00001  0 %              True   1/1   2026-11-24T10:00:01Z  "
        + image(1),
        f"  stable: http://stable-{DOMAIN}",
    ]


def test_status_prints_json(run):
    """--json prints the same values by name."""
    outcome = run("status", "--json")
    status = json.loads(outcome.out)
    assert (status["is_ready"], status["is_routed"], status["rollout"]) == (True, True, None)
    assert status["url"] == f"http://{DOMAIN}"
    assert [(each["name"], each["percent"], each["pods"]) for each in status["revisions"]] == [
        (revision_name(1), 100, 1)
    ]


def test_an_unready_service_shows_its_reasons(api, run):
    """An unready Service shows its reasons and exits with 1."""
    api.fail(revision_name(1))
    api.settle()
    outcome = run("status")
    assert outcome.code == 1
    assert (
        "RoutesReady is False (RevisionMissing: intent-classifier-00001 not found)" in outcome.out
    )
    assert "warning: the traffic of the spec is not routed yet" in outcome.out
    assert "False ExitCode1" in outcome.out


def test_a_stale_status_is_not_ready(api, run):
    """A status of an earlier generation is not ready."""
    api.edit(lambda service: service["status"].update(observedGeneration=0))
    assert run("status").code == 1


def test_a_service_without_a_url_is_shown(api, run):
    """A Service without a revision has no URL yet."""
    api.edit(lambda service: service["status"].pop("url"))
    assert run("status").out.startswith("intent-classifier: no URL yet\n")


def test_an_unfinished_rollout_is_shown(api, gateway, run):
    """An unfinished rollout is shown with both remedies."""
    api.on_patch = lambda _: setattr(api, "away", len(api.patches) == 4)
    assert run("rollout", "--image", image(2), "--gateway", gateway.url).code == 3
    api.away = False
    outcome = run("status")
    assert f"a rollout of {image(2)} is in progress or was interrupted" in outcome.out
    assert "rollback moves all traffic to intent-classifier-00001" in outcome.out
