"""A server that ignores its input, for measuring the limit of the load generator."""

from __future__ import annotations

import asyncio
import sys

from benchmarks.load.http_client import HOST

ANSWER = b'HTTP/1.1 200 OK\r\nContent-Length: 18\r\n\r\n{"intent":"hello"}'


class Trivial(asyncio.Protocol):
    """Protocol that responds to each packet with the same bytes."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Store the transport."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:  # noqa: ARG002 - one packet is one request
        """Send the response."""
        assert isinstance(self._transport, asyncio.Transport)  # noqa: S101 - narrows the type
        self._transport.write(ANSWER)


async def main(port: int) -> None:
    """Serve until the process is killed."""
    server = await asyncio.get_running_loop().create_server(Trivial, HOST, port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
