"""A WebSocket server of Python's `websockets` that broadcasts: /publish speaks, everybody else listens."""

import sys

import uvloop
from websockets.asyncio.server import broadcast, serve

viewers = set()


async def handle(connection) -> None:
    if connection.request.path.startswith("/publish"):
        async for message in connection:
            broadcast(viewers, message)
        return
    viewers.add(connection)
    try:
        await connection.wait_closed()
    finally:
        viewers.discard(connection)


async def main(port: int) -> None:
    async with serve(handle, "127.0.0.1", port, compression=None, ping_interval=None, backlog=4096) as server:
        await server.serve_forever()


uvloop.run(main(int(sys.argv[1])))
