"""A server that reads nothing of what it is sent: shows what the load generator can do."""

from __future__ import annotations

import asyncio
import sys

from benchmarks.load.http_client import HOST

ANSWER = b'HTTP/1.1 200 OK\r\nContent-Length: 18\r\n\r\n{"intent":"hello"}'


class Trivial(asyncio.Protocol):
    """Response each packet with the same bytes."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:  # noqa: ARG002 - one packet is one request
        """Response."""
        assert isinstance(self._transport, asyncio.Transport)  # noqa: S101 - for the types
        self._transport.write(ANSWER)


async def main(port: int) -> None:
    """Serve until it is killed."""
    server = await asyncio.get_running_loop().create_server(Trivial, HOST, port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
