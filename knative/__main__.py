"""Entry point of ``python -m knative``."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace

INSTALL = "pip install --requirement requirements/deploy.txt"

try:
    from knative.arguments import build_parser
    from knative.commands import COMMANDS, new_console
    from knative.rollout.errors import InterruptionError, KnativeError
    from knative.rollout.progress import Progress
    from knative.rollout.signals import raising_on_signals
    from knative.rollout.timeouts import Timing
except ModuleNotFoundError as missing:
    sys.exit(f"error: {missing.name} is not installed: {INSTALL}")


def main(arguments: Sequence[str] | None = None, *, timing: Timing | None = None) -> int:
    """Run a command.

    Args:
        arguments: of the command line; None means those of the process.
        timing: timeouts and intervals; None means the defaults.

    Returns:
        The exit code.
    """
    options = build_parser().parse_args(arguments)
    timing = timing or Timing()
    if options.timeout is not None:
        timing = replace(timing, timeout_s=options.timeout)
    options.timing = timing
    errors = Progress(new_console(stderr=True))
    try:
        with raising_on_signals():
            return COMMANDS[options.command](options)
    except (KnativeError, InterruptionError) as error:
        errors.say(f"error: {error}")
        return error.exit_code
    except OSError as error:
        # The interpreter would try to write the rest at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        errors.say(f"error: standard output can't be written: {error.strerror}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
