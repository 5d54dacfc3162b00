"""The command: status, smoke, rollout and rollback of the function on a cluster."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from rich.console import Console

from knative.rollout.cluster import Cluster
from knative.rollout.errors import (
    InterruptionError,
    KnativeError,
    UnsuitableServiceError,
    exit_code,
)
from knative.rollout.progress import Progress
from knative.rollout.rollout import Rollout
from knative.rollout.signals import interrupting
from knative.rollout.smoke import SHIPPED_CASES, Case, Endpoint, SmokeTest
from knative.rollout.status import build_status, print_status
from knative.rollout.timeouts import Timing
from knative.rollout.traffic import parse_steps

EXAMPLES = """\
examples:
  python -m knative status --json
  python -m knative smoke https://intent.example.com
  python -m knative smoke http://203.0.113.7 --host intent-classifier.intent-namespace.example.com
  python -m knative rollout --image registry.example.com/intent@sha256:... --steps 5,25,50,100
  python -m knative rollout --image ... --gateway http://203.0.113.7   tags resolve to no address
  python -m knative rollback
  python -m knative rollback --to intent-classifier-00003

Ctrl-C or SIGTERM during a rollout moves all traffic back to the stable revision. One that was cut
off otherwise is resumed by `rollout` with the same image, and undone by `rollback`, or by `rollout`
with another image.

Exit codes: 0 done, ready; 1 failed, or not ready: nothing was changed, or all traffic is on the
stable revision; 2 wrong usage, or an image without digest; 3 it is not confirmed that traffic is on
the stable revision; 4 somebody else moves the traffic, and it stays as they set it; 130, 143
interrupted by Ctrl-C or SIGTERM: all traffic is on the stable revision.
"""


def main(arguments: Sequence[str] | None = None, *, timing: Timing | None = None) -> int:
    """Run the command.

    Args:
        arguments: those of the process, unless others are given.
        timing: how long things may take.

    Returns:
        The exit code.
    """
    options = _parser().parse_args(arguments)
    timing = timing or Timing()
    options.timing = replace(timing, timeout_s=options.timeout or timing.timeout_s)
    errors = _console(stderr=True)
    try:
        with interrupting():
            return _run(options)
    except (KnativeError, InterruptionError) as error:
        errors.print(f"error: {error}")
        return exit_code(error)


def _run(options: argparse.Namespace) -> int:
    command: Callable[[argparse.Namespace], int] = options.command
    return command(options)


def _status(options: argparse.Namespace) -> int:
    cluster = _cluster(options)
    status = build_status(cluster.read_service(), cluster.list_revisions())
    if options.json:
        sys.stdout.write(json.dumps(status.to_json(), indent=2) + "\n")
    else:
        print_status(_console(), status)
    return 0 if status.is_ready else 1


def _smoke(options: argparse.Namespace) -> int:
    test = _smoke_test(options)
    if options.url:
        endpoint = Endpoint(url=options.url, host=options.host)
    else:
        endpoint = replace(test.at(_service_url(options)))
        endpoint = replace(endpoint, host=options.host or endpoint.host)
    console = _console()
    console.print(f"Testing {endpoint}")
    for passed in test.run(endpoint):
        console.print(f"ok    {passed.duration_ms:7.1f} ms  {passed.check}")
    return 0


def _service_url(options: argparse.Namespace) -> str:
    service = _cluster(options).read_service()
    url = service.tag_urls.get(options.tag, "") if options.tag else service.url
    if not url:
        raise UnsuitableServiceError(f"{service.name} has no URL for this yet (see status)")
    return url


def _rollout(options: argparse.Namespace) -> int:
    _moves(options, _smoke_test(options)).run(
        options.image, steps=options.steps, pause_s=options.pause
    )
    return 0


def _rollback(options: argparse.Namespace) -> int:
    smoke_test = None if options.no_smoke else _smoke_test(options)
    _moves(options, smoke_test).roll_back(options.to)
    return 0


def _moves(options: argparse.Namespace, smoke_test: SmokeTest | None) -> Rollout:
    return Rollout(
        cluster=_cluster(options),
        smoke_test=smoke_test,
        progress=Progress(_console()),
        timing=options.timing,
    )


def _cluster(options: argparse.Namespace) -> Cluster:
    return Cluster.connect(
        kubeconfig=options.kubeconfig,
        context=options.context,
        namespace=options.namespace,
        service=options.service,
        timing=options.timing,
    )


def _smoke_test(options: argparse.Namespace) -> SmokeTest:
    cases = tuple(options.expect or SHIPPED_CASES)
    return SmokeTest(
        cases=cases,
        gateway=options.gateway,
        timeout_s=options.timing.request_s,
        token=options.token_file or "",
    )


def _console(*, stderr: bool = False) -> Console:
    # Names and URLs are printed as they are, whatever brackets and colons they hold.
    return Console(stderr=stderr, soft_wrap=True, markup=False, emoji=False, highlight=False)


def _parser() -> argparse.ArgumentParser:
    new = partial(argparse.ArgumentParser, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser = new(
        prog="python -m knative",
        description="Look at the function on a cluster, test it, and move its traffic.",
        epilog=EXAMPLES,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    common, smoke = _common_options(), _smoke_options()

    status = commands.add_parser("status", parents=[common], help="conditions, revisions, traffic")
    status.add_argument("--json", action="store_true", help="for programs")
    status.set_defaults(command=_status)

    test = commands.add_parser(
        "smoke", parents=[common, smoke], help="predictions with known answers, and a CloudEvent"
    )
    test.add_argument("url", nargs="?", default="", help="default: the Service's own")
    test.add_argument("--host", default="", help="host to ask for there, in the Host header")
    test.add_argument("--tag", default="", help="the Service's URL for this tag, as candidate")
    test.set_defaults(command=_smoke)

    rollout = commands.add_parser(
        "rollout", parents=[common, smoke], help="move traffic to a new image, step by step"
    )
    rollout.add_argument("--image", required=True, help="NAME@sha256:DIGEST")
    rollout.add_argument(
        "--steps",
        type=_steps,
        default=(5, 25, 50, 100),
        help="the new revision's shares in percent (default 5,25,50,100)",
    )
    rollout.add_argument(
        "--pause", type=_seconds, default=60.0, help="seconds to watch each step (default 60)"
    )
    rollout.set_defaults(command=_rollout)

    rollback = commands.add_parser(
        "rollback", parents=[common, smoke], help="undo a rollout, or go to the revision before"
    )
    rollback.add_argument("--to", default="", metavar="REVISION", help="go to this one instead")
    rollback.add_argument("--no-smoke", action="store_true", help="go there without testing it")
    rollback.set_defaults(command=_rollback)
    return parser


def _common_options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument("-n", "--namespace", default="intent-namespace", help="(%(default)s)")
    options.add_argument("--service", default="intent-classifier", help="(%(default)s)")
    options.add_argument("--kubeconfig", metavar="FILE", help="default: as kubectl finds it")
    options.add_argument("--context", help="of the kubeconfig")
    options.add_argument(
        "--timeout", type=_seconds, default=0.0, help="seconds for each wait (default 300)"
    )
    return options


def _smoke_options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument(
        "--expect",
        action="append",
        type=_case,
        metavar="UTTERANCE=INTENT",
        help="what the model must answer; may be repeated (default: some of the shipped data)",
    )
    options.add_argument(
        "--token-file",
        type=_token,
        metavar="FILE",
        help="send its first line as the bearer token",
    )
    options.add_argument(
        "--gateway", default="", metavar="URL", help="reach all hosts at this address"
    )
    return options


def _steps(text: str) -> tuple[int, ...]:
    try:
        return parse_steps(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError("must be whole numbers that rise to 100") from error


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 24 * 60 * 60:
        raise argparse.ArgumentTypeError("must be seconds, 0 or more")
    return seconds


def _token(path: str) -> str:
    try:
        lines = Path(path).read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise argparse.ArgumentTypeError("must be a file that can be read") from error
    if not (lines and lines[0].strip()):
        raise argparse.ArgumentTypeError("must hold a token in its first line")
    return lines[0].strip()


def _case(text: str) -> Case:
    try:
        return Case.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError("must be UTTERANCE=INTENT") from error


if __name__ == "__main__":
    sys.exit(main())
