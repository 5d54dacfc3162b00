"""Fixtures: a fake cluster with API server, controllers and gateway, and the command."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from knative.__main__ import main
from knative.rollout.cluster import Cluster
from knative.rollout.timeouts import Timing
from tests.support.kubernetes.fake_api import NAME, NAMESPACE, FakeApi
from tests.support.kubernetes.gateway import Gateway

QUICK = Timing(
    timeout_s=5,
    request_s=5,
    patience_s=0.3,
    watch_s=1,
    poll_s=0.01,
    pods_s=1,
    scheduling_s=0.1,
    check_s=0.01,
)


@pytest.fixture
def api() -> Iterator[FakeApi]:
    """A cluster with one ready revision, whose traffic follows the latest revision."""
    fake = FakeApi()
    yield fake
    fake.stop()


@pytest.fixture
def gateway(api: FakeApi) -> Iterator[Gateway]:
    """The gateway of the cluster."""
    gateway = Gateway(api)
    yield gateway
    gateway.server.stop()


@pytest.fixture
def kubeconfig(api: FakeApi, tmp_path: Path) -> Path:
    """A kubeconfig of the cluster."""
    path = tmp_path / "kubeconfig"
    path.write_text(
        "apiVersion: v1\nkind: Config\ncurrent-context: fake\n"
        f"clusters: [{{name: fake, cluster: {{server: '{api.server.url}'}}}}]\n"
        "users: [{name: ci, user: {token: secret}}]\n"
        "contexts: [{name: fake, context: {cluster: fake, user: ci}}]\n"
    )
    return path


@pytest.fixture
def cluster(kubeconfig: Path) -> Cluster:
    """The client under test, connected to the cluster."""
    return Cluster.connect(
        kubeconfig=str(kubeconfig), context=None, namespace=NAMESPACE, service=NAME, timing=QUICK
    )


@dataclass(frozen=True)
class Outcome:
    """Exit code and output of a command."""

    code: int
    out: str
    err: str


Run = Callable[..., Outcome]


@pytest.fixture
def run(kubeconfig: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command in this process."""

    def run_command(*arguments: str, timing: Timing = QUICK) -> Outcome:
        name, *rest = arguments
        code = main([name, "--kubeconfig", str(kubeconfig), *rest], timing=timing)
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return run_command


@pytest.fixture
def heard_signals() -> Iterator[None]:
    """Default signal handlers, even if the tests run as a background job."""
    former = {
        number: signal.signal(number, signal.SIG_DFL)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    yield
    for number, handler in former.items():
        signal.signal(number, handler)
