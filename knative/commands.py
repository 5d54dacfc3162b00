"""The commands: each runs with parsed arguments and returns an exit code."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace

from rich.console import Console

from knative.doctor.doctor import examine
from knative.doctor.findings import PROBLEM, print_findings
from knative.rollout.candidate_checks import CandidateChecks
from knative.rollout.cluster import Cluster
from knative.rollout.comparison import Comparison
from knative.rollout.errors import UnreadableUtterancesError, UnsuitableServiceError
from knative.rollout.progress import Progress
from knative.rollout.resources import MODEL_VARIABLE
from knative.rollout.rollout import Rollout, Template
from knative.rollout.smoke import SHIPPED_CASES, SmokeTest
from knative.rollout.status import build_status, print_status


def status(options: argparse.Namespace) -> int:
    """Print the status of the Service."""
    cluster = _cluster(options)
    found = build_status(cluster.read_service(), cluster.list_revisions())
    if options.json:
        _print_json(found.to_json())
    else:
        print_status(new_console(), found)
    return 0 if found.is_ready else 1


def doctor(options: argparse.Namespace) -> int:
    """Print everything that prevents the function from working, each with its remedy."""
    findings = examine(_cluster(options))
    if options.json:
        _print_json([asdict(each) for each in findings])
    else:
        print_findings(new_console(), findings, verbose=options.verbose)
    return 1 if any(each.level == PROBLEM for each in findings) else 0


def smoke(options: argparse.Namespace) -> int:
    """Run the smoke test and print each passed check."""
    test = _smoke_test(options)
    endpoint = test.at(options.url or _service_url(options))
    endpoint = replace(endpoint, host=options.host or endpoint.host)
    console = new_console()
    console.print(f"Testing {endpoint}")
    for passed in test.run(endpoint):
        console.print(f"ok    {passed.duration_ms:7.1f} ms  {passed.check}")
    return 0


def rollout(options: argparse.Namespace) -> int:
    """Roll out an image, a model, settings or the newest template."""
    environment = dict(options.env or ())
    if options.model:
        environment[MODEL_VARIABLE] = options.model
    template = Template(image=options.image or "", environment=environment)
    _rollout(options, _smoke_test(options), _comparison(options)).run(
        template, steps=options.steps, pause_s=options.pause
    )
    return 0


def rollback(options: argparse.Namespace) -> int:
    """Undo a rollout, or return to an earlier revision."""
    smoke_test = None if options.no_smoke else _smoke_test(options)
    _rollout(options, smoke_test).roll_back(options.to or "")
    return 0


COMMANDS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    each.__name__: each for each in (status, doctor, smoke, rollout, rollback)
}


def new_console(*, stderr: bool = False) -> Console:
    """Return a console that prints names and URLs unchanged, brackets and colons included."""
    return Console(stderr=stderr, soft_wrap=True, markup=False, emoji=False, highlight=False)


def _print_json(value: object) -> None:
    sys.stdout.write(json.dumps(value, indent=2) + "\n")
    sys.stdout.flush()  # at its end, the interpreter would report an error in lines of its own


def _service_url(options: argparse.Namespace) -> str:
    service = _cluster(options).read_service()
    url = service.tag_urls.get(options.tag, "") if options.tag else service.url
    if not url:
        raise UnsuitableServiceError(f"{service.name} has no such URL yet (see status)")
    return url


def _rollout(
    options: argparse.Namespace,
    smoke_test: SmokeTest | None,
    comparison: Comparison | None = None,
) -> Rollout:
    cluster, progress = _cluster(options), Progress(new_console())
    checks = CandidateChecks(
        cluster=cluster,
        smoke_test=smoke_test,
        progress=progress,
        timing=options.timing,
        comparison=comparison,
    )
    return Rollout(cluster=cluster, checks=checks, progress=progress)


def _comparison(options: argparse.Namespace) -> Comparison | None:
    if not options.compare:
        return None
    try:
        return Comparison.read(
            options.compare, max_changed=options.max_changed, max_loss=options.max_loss
        )
    except (OSError, ValueError, csv.Error) as error:
        raise UnreadableUtterancesError(str(options.compare)) from error


def _cluster(options: argparse.Namespace) -> Cluster:
    return Cluster.connect(
        kubeconfig=options.kubeconfig,
        context=options.context,
        namespace=options.namespace,
        service=options.service,
        timing=options.timing,
    )


def _smoke_test(options: argparse.Namespace) -> SmokeTest:
    return SmokeTest(
        cases=tuple(options.expect or SHIPPED_CASES),
        gateway=options.gateway or "",
        timeout_s=options.timing.request_s,
        token=options.token_file or "",
    )
