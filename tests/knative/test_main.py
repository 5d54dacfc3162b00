from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from rich.console import Console

from knative.__main__ import main
from knative.arguments import EXAMPLES
from knative.rollout.errors import (
    ConfigurationError,
    ImageError,
    InterruptionError,
    RolledBackError,
    SmokeError,
    StrandedError,
    TakenOverError,
)
from knative.rollout.progress import Progress
from tests.support.paths import ROOT

DIGEST = "x@sha256:" + "0" * 64
FAILED = SmokeError("health", "ill")


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param([], id="no-command"),
        pytest.param(["rollout", "--env", "PORT=1"], id="reserved-variable"),
        pytest.param(["rollout", "--env", "LOG_LEVEL"], id="variable"),
        pytest.param(["rollout", "--model", "s3://bucket/models"], id="model-without-digest"),
        pytest.param(["rollout", "--model", "models/intent"], id="relative-model"),
        pytest.param(["rollout", "--max-changed", "many"], id="max-changed"),
        pytest.param(["rollout", "--max-loss", "101"], id="max-loss"),
        pytest.param(["rollout", "--image", DIGEST, "--steps", "5,1"], id="steps"),
        pytest.param(["rollout", "--image", DIGEST, "--pause", "-1"], id="pause"),
        pytest.param(["rollout", "--image", DIGEST, "--pause", "soon"], id="no-number"),
        pytest.param(["rollout", "--image", ""], id="empty-image"),
        pytest.param(["rollback", "--to", "X/y"], id="revision"),
        pytest.param(["status", "--namespace", ""], id="empty-namespace"),
        pytest.param(["status", "--service", "a/b"], id="service"),
        pytest.param(["status", "--js"], id="beginning-of-an-option"),
        pytest.param(["smoke", "--expect", "hello"], id="case"),
        pytest.param(["smoke", "http://["], id="unclosed-address"),
        pytest.param(["smoke", "intent.example.com"], id="no-scheme"),
        pytest.param(["smoke", "http://"], id="no-host"),
        pytest.param(["smoke", "http://127.0.0.1:99999"], id="port"),
        pytest.param(["smoke", "http://127.0.0.1/a b"], id="space"),
        pytest.param(["smoke", "http://127.0.0.1", "--tag", "candidate"], id="url-and-tag"),
        pytest.param(["rollout", "--gateway", "203.0.113.7"], id="gateway"),
        pytest.param(["smoke", "http://127.0.0.1", "--host", "a\nb"], id="host"),
    ],
)
def test_wrong_usage_ends_with_2(arguments, capsys):
    """Wrong usage prints an error."""
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert "error: " in capsys.readouterr().err


def test_help_shows_examples_and_exit_codes():
    """--help shows the examples and exit codes."""
    command = [sys.executable, "-m", "knative", "--help"]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert EXAMPLES in printed


def test_a_missing_package_is_one_line_that_says_how_to_install_it():
    """The packages of the function are not enough: the command needs the Kubernetes client."""
    command = "import sys; sys.modules['kubernetes'] = None; import knative.__main__"
    done = subprocess.run(
        [sys.executable, "-c", command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr == (
        "error: kubernetes is not installed: pip install --requirement requirements/deploy.txt\n"
    )


@pytest.mark.parametrize(
    ("error", "code"),
    [
        pytest.param(FAILED, 1, id="failed"),
        pytest.param(ImageError("x"), 2, id="usage"),
        pytest.param(StrandedError(FAILED, "x", "y", FAILED), 3, id="stranded"),
        pytest.param(TakenOverError("x", "y"), 4, id="taken-over"),
        pytest.param(RolledBackError(FAILED, "x"), 1, id="rolled-back"),
        pytest.param(RolledBackError(InterruptionError(15), "x"), 143, id="interrupted"),
        pytest.param(InterruptionError(2), 130, id="interrupted-early"),
    ],
)
def test_each_error_has_its_exit_code(error, code):
    """Each error has its documented exit code."""
    assert error.exit_code == code


def test_a_missing_cluster_is_reported(capsys, tmp_path):
    """A missing kubeconfig is an error."""
    missing = str(tmp_path / "kubeconfig")
    assert main(["status", "--kubeconfig", missing]) == ConfigurationError.exit_code
    printed = capsys.readouterr().err
    assert "error: No cluster is configured" in printed
    assert "Name a kubeconfig with --kubeconfig or KUBECONFIG." in printed


def test_a_missing_service_names_the_options_to_check(run):
    """A name or namespace that is mistyped is reported with the options that set them."""
    outcome = run("status", "--service", "other")
    assert outcome.code == 1
    assert "Check --namespace, --service and --context" in outcome.err


def test_an_unreachable_api_is_reported_with_a_remedy(api, run):
    """The error of an API that does not answer names the kubeconfig and a command to try."""
    api.away = True
    assert "Check the server in the kubeconfig" in run("status").err


def test_the_timeout_is_that_of_each_wait(api, run):
    """--timeout replaces the default."""
    api.edit(lambda service: service["status"].update(observedGeneration=0))
    outcome = run("rollout", "--image", DIGEST, "--timeout", "0.1")
    assert outcome.code == 1
    assert "Timed out after 0.1 s waiting until the present traffic is routed" in outcome.err


def test_a_timeout_of_zero_waits_for_nothing(api, run):
    """--timeout 0 looks once, and does not mean the default."""
    api.edit(lambda service: service["status"].update(observedGeneration=0))
    assert "Timed out after 0 s" in run("rollout", "--timeout", "0").err


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_output_that_can_not_be_written_is_one_line(kubeconfig, monkeypatch, options):
    """A full disk is reported, and fails a pipeline that keeps the status."""
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    command = [sys.executable, "-m", "knative", "status", "--kubeconfig", str(kubeconfig)]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*command, *options],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == "error: standard output can't be written: No space left on device\n"


class TestProgress:
    def test_a_terminal_shows_a_clock_that_goes_away(self):
        """A terminal shows a clock and the text unchanged."""
        screen = io.StringIO()
        console = Console(file=screen, force_terminal=True, width=80)
        with Progress(console).during("Waiting for [x]"):
            pass
        assert "Waiting for [x]" in screen.getvalue()
        assert "0:00:0" in screen.getvalue()

    def test_a_log_gets_plain_lines(self):
        """Elsewhere each activity is one line."""
        screen = io.StringIO()
        progress = Progress(Console(file=screen, markup=False))
        with progress.during("Waiting"):
            progress.say("Done")
        assert screen.getvalue() == "Waiting ...\nDone\n"

    def test_a_terminal_that_is_gone_does_not_stop_an_activity(self):
        """Neither the clock's start nor its end fails when it can no longer be shown."""
        screen, terminal = pty.openpty()
        os.close(screen)
        file = os.fdopen(terminal, "w")
        progress = Progress(Console(file=file, force_terminal=True, width=80))
        with progress.during("Waiting"):
            progress.say("Done")
        with suppress(OSError):
            file.close()
