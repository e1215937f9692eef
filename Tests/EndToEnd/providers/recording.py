"""Transports for httpx and for its successor, which the SDKs ship: they keep what went over the wire."""

from dataclasses import dataclass, field

import httpx
import httpx2

# Headers that belong to a connection, not to a message (RFC 9110, section 7.6.1), and the length that framing decides.
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "content-length"}


@dataclass
class Exchange:
    """One request of a client, and what came back as it lay on the wire: compressed or not, whole or not."""
    status: int = 0
    reason: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    broke: str | None = None

    def answered(self, response) -> None:
        self.status = response.status_code
        self.reason = response.extensions.get("reason_phrase", b"").decode("latin-1")
        self.headers = [
            (name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in response.headers.raw
            if name.decode("latin-1").lower() not in HOP_BY_HOP]


def transports(module) -> tuple[type, type]:
    """A blocking and an asynchronous transport of that library; both append to `exchanges`."""
    class Body(module.SyncByteStream):
        def __init__(self, stream, exchange: Exchange):
            self.stream, self.exchange = stream, exchange

        def __iter__(self):
            try:
                for data in self.stream:
                    self.exchange.body += data
                    yield data
            except module.TransportError as error:
                self.exchange.broke = type(error).__name__
                raise

        def close(self) -> None:
            self.stream.close()

    class AsyncBody(module.AsyncByteStream):
        def __init__(self, stream, exchange: Exchange):
            self.stream, self.exchange = stream, exchange

        async def __aiter__(self):
            try:
                async for data in self.stream:
                    self.exchange.body += data
                    yield data
            except module.TransportError as error:
                self.exchange.broke = type(error).__name__
                raise

        async def aclose(self) -> None:
            await self.stream.aclose()

    class Recording(module.HTTPTransport):
        def __init__(self):
            # There is no TLS here, and reading the certificates takes longer than the call.
            super().__init__(verify=False)
            self.exchanges: list[Exchange] = []

        def handle_request(self, request):
            exchange = Exchange()
            self.exchanges.append(exchange)
            response = super().handle_request(request)
            exchange.answered(response)
            response.stream = Body(response.stream, exchange)
            return response

    class AsyncRecording(module.AsyncHTTPTransport):
        def __init__(self):
            super().__init__(verify=False)
            self.exchanges: list[Exchange] = []

        async def handle_async_request(self, request):
            exchange = Exchange()
            self.exchanges.append(exchange)
            response = await super().handle_async_request(request)
            exchange.answered(response)
            response.stream = AsyncBody(response.stream, exchange)
            return response
    return Recording, AsyncRecording


Recording, AsyncRecording = transports(httpx)
Recording2, AsyncRecording2 = transports(httpx2)
