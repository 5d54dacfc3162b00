"""The command line: commands, options, and the checks of their values."""

from __future__ import annotations

import argparse
import re
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from knative.rollout.smoke import Case
from knative.rollout.traffic import parse_steps

EXAMPLES = """\
examples:
  python -m knative doctor
  python -m knative status --json
  python -m knative smoke https://intent.example.com
  python -m knative smoke http://203.0.113.7 --host intent-classifier.intent-namespace.example.com
  python -m knative rollout --image registry.example.com/intent@sha256:... --steps 5,25,50,100
  python -m knative rollout                          the newest template, after `kubectl apply -k`
  python -m knative rollout --env LOG_LEVEL=DEBUG
  python -m knative rollout --gateway http://203.0.113.7    if hosts of tags are not in DNS
  python -m knative rollback
  python -m knative rollback --to intent-classifier-00003

Ctrl-C, SIGTERM or a closed terminal during a rollout moves all traffic back to the stable revision.
After any other interruption, `rollout` with the same options resumes it; `rollback`, or `rollout`
with other options, undoes it.

Exit codes: 0 done, ready, or nothing wrong; 1 failed, not ready, or problems found: nothing was
changed, or all traffic is on the stable revision; 2 wrong usage, or an image without digest; 3 it
is not confirmed that traffic is on the stable revision; 4 somebody else moves the traffic, which
stays as they set it; 129, 130, 143 interrupted by a closed terminal, Ctrl-C or SIGTERM: all traffic
is on the stable revision.
"""

MODEL = re.compile(r"/\S+|(?:s3|gs|az|https|oci)://\S+(?:#sha256=|@sha256:)[0-9a-f]{64}")
VARIABLE = re.compile(r"(?!PORT=|K_)([A-Za-z_]\w*)=(.*)", re.ASCII | re.DOTALL)
NAME = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
HOST = re.compile(r"[A-Za-z0-9._:\[\]-]+")
PRINTABLE = re.compile(r"[!-~]+")


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m knative",
        description="Inspect the function on a cluster, test it, and move its traffic.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, dest="command", metavar="COMMAND")
    # argparse would otherwise take the --to of a rollback for the --token-file of a rollout.
    add_command = partial(commands.add_parser, allow_abbrev=False)
    common, smoke = _common_options(), _smoke_options()

    status = add_command("status", parents=[common], help="conditions, revisions, traffic")
    status.add_argument("--json", action="store_true", help="print JSON")

    doctor = add_command(
        "doctor", parents=[common], help="find problems of the cluster and the Service"
    )
    doctor.add_argument("--json", action="store_true", help="print JSON")
    doctor.add_argument("--verbose", action="store_true", help="print passed checks as well")

    test = add_command("smoke", parents=[common, smoke], help="test predictions and a CloudEvent")
    test.add_argument("--host", type=_host, help="value of the Host header")
    where = test.add_mutually_exclusive_group()
    where.add_argument("url", nargs="?", type=_url, help="default: the URL of the Service")
    where.add_argument("--tag", type=_name, help="use the Service's URL of this tag")

    rollout = add_command(
        "rollout", parents=[common, smoke], help="move traffic to a new revision in steps"
    )
    rollout.add_argument(
        "--image", type=_image, help="NAME@sha256:DIGEST (default: the image of the template)"
    )
    rollout.add_argument(
        "--model", type=_model, metavar="URI", help="a model in a store, with its digest"
    )
    rollout.add_argument(
        "--compare",
        type=Path,
        metavar="FILE",
        help="compare the answers to these utterances with the stable revision's: a CSV file with "
        "text and perhaps intent, or one text a line",
    )
    rollout.add_argument(
        "--max-changed",
        type=_percent,
        default=5.0,
        metavar="PERCENT",
        help="share of utterances that may get another intent (default 5%%)",
    )
    rollout.add_argument(
        "--max-loss",
        type=_percent,
        default=0.5,
        metavar="POINTS",
        help="percentage points by which accuracy may fall (default 0.5)",
    )
    rollout.add_argument(
        "--env",
        action="append",
        type=_variable,
        metavar="NAME=VALUE",
        help="set an environment variable of the function; may be repeated",
    )
    rollout.add_argument(
        "--steps",
        type=_steps,
        default=(5, 25, 50, 100),
        help="shares of the new revision in percent (default 5,25,50,100)",
    )
    rollout.add_argument(
        "--pause", type=_seconds, default=60.0, help="seconds to watch each step (default 60)"
    )

    rollback = add_command(
        "rollback", parents=[common, smoke], help="undo a rollout, or return to a revision"
    )
    rollback.add_argument("--to", type=_name, metavar="REVISION", help="return to this revision")
    rollback.add_argument("--no-smoke", action="store_true", help="skip the smoke test")
    return parser


def _common_options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument(
        "-n", "--namespace", type=_name, default="intent-namespace", help="(%(default)s)"
    )
    options.add_argument("--service", type=_name, default="intent-classifier", help="(%(default)s)")
    options.add_argument("--kubeconfig", metavar="FILE", help="default: as for kubectl")
    options.add_argument("--context", help="a context of the kubeconfig")
    options.add_argument("--timeout", type=_seconds, help="seconds for each wait (default 300)")
    return options


def _smoke_options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument(
        "--expect",
        action="append",
        type=_case,
        metavar="UTTERANCE=INTENT",
        help="an expected prediction; may be repeated (default: cases of the shipped model)",
    )
    options.add_argument(
        "--token-file",
        type=_token,
        metavar="FILE",
        help="send its first line as the bearer token",
    )
    options.add_argument(
        "--gateway", type=_url, metavar="URL", help="connect to this address for all hosts"
    )
    return options


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        is_valid = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        is_valid = False
    if not (is_valid and PRINTABLE.fullmatch(text)):
        raise argparse.ArgumentTypeError("must be a URL that begins with http:// or https://")
    return text


def _host(text: str) -> str:
    if not HOST.fullmatch(text):
        raise argparse.ArgumentTypeError("must be a host name, with or without a port")
    return text


def _name(text: str) -> str:
    if not NAME.fullmatch(text):
        raise argparse.ArgumentTypeError(
            "must be a name in Kubernetes: lower-case letters, digits, '-' and '.'"
        )
    return text


def _image(text: str) -> str:
    if not text:
        raise argparse.ArgumentTypeError("must not be empty: leave it out to keep the image")
    return text


def _steps(text: str) -> tuple[int, ...]:
    try:
        return parse_steps(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError("must be whole numbers that increase to 100") from error


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 24 * 60 * 60:
        raise argparse.ArgumentTypeError("must be a number of seconds, at least 0")
    return seconds


def _model(text: str) -> str:
    if not MODEL.fullmatch(text):
        raise argparse.ArgumentTypeError(
            "must be an absolute path, or a URI with its digest: s3://…#sha256=DIGEST "
            "(python -m model.push prints it)"
        )
    return text


def _percent(text: str) -> float:
    try:
        percent = float(text.removesuffix("%"))
    except ValueError:
        percent = -1.0
    if not 0 <= percent <= 100:  # noqa: PLR2004
        raise argparse.ArgumentTypeError("must be a number from 0 to 100")
    return percent


def _variable(text: str) -> tuple[str, str]:
    match = VARIABLE.fullmatch(text)
    if not match:
        raise argparse.ArgumentTypeError(
            "must be NAME=VALUE; Knative itself sets PORT and names that begin with K_"
        )
    return match[1], match[2]


def _token(path: str) -> str:
    try:
        lines = Path(path).read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise argparse.ArgumentTypeError("must be a readable file") from error
    if not (lines and lines[0].strip()):
        raise argparse.ArgumentTypeError("must hold a token in its first line")
    token = lines[0].strip()
    if not PRINTABLE.fullmatch(token):
        raise argparse.ArgumentTypeError("must hold printable ASCII without spaces")
    return token


def _case(text: str) -> Case:
    try:
        return Case.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError("must be UTTERANCE=INTENT") from error
