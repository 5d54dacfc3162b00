"""A real S3 server (SeaweedFS) with one bucket and one key that may use it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

from obstore.exceptions import BaseError
from obstore.store import S3Store

from benchmarks.system.ports import free_ports

WEED = Path(sys.executable).with_name("weed")
START_TIMEOUT_S = 120.0
POLL_S = 0.05
BUCKET = "models"
KEY, SECRET = "test-key", "test-secret"


class S3Server:
    """SeaweedFS, which checks signatures."""

    def __init__(self, folder: Path) -> None:
        free = iter(free_ports(8))
        ports = {name: (next(free), next(free)) for name in ("master", "volume", "filer", "s3")}
        self.port = ports["s3"][0]
        config = folder / "s3.json"
        credentials = [{"accessKey": KEY, "secretKey": SECRET}]
        actions = ["Admin", "Read", "Write", "List"]
        identity = {"name": "test", "credentials": credentials, "actions": actions}
        config.write_text(json.dumps({"identities": [identity]}))
        command = (
            *(str(WEED), "server", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"),
            *(f"-{name}.port={http}" for name, (http, _) in ports.items()),
            *(f"-{name}.port.grpc={grpc}" for name, (_, grpc) in ports.items()),
            *("-s3", f"-s3.config={config}", "-master.telemetry=false"),
            *("-s3.port.iceberg=0", "-s3.port.lance=0"),
            *("-volume.max=16", "-master.volumeSizeLimitMB=64"),
        )
        self._process = subprocess.Popen(  # noqa: S603 - the package's own program
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    @property
    def environ(self) -> dict[str, str]:
        """The variables by which clients of S3 find the server and the key."""
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
        }

    def _can_write(self) -> bool:
        store = S3Store(
            BUCKET,
            endpoint=self.environ["AWS_ENDPOINT_URL"],
            access_key_id=KEY,
            secret_access_key=SECRET,
            region="us-east-1",
            client_options={"allow_http": True},
            retry_config={"max_retries": 0},
        )
        try:
            store.put("ready", b"ready")
        except BaseError:
            return False
        return True

    def __enter__(self) -> Self:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._can_write():
            if time.monotonic() > deadline:
                raise TimeoutError("SeaweedFS does not start")
            time.sleep(POLL_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()  # SIGTERM waits for connections that clients keep
        self._process.wait()
