"""A raw TCP connection, for what no HTTP library would send."""

import socket


class Raw:
    def __init__(self, server, timeout: float = 15):
        self.socket = socket.create_connection((server.host, server.port), timeout=timeout)
        self._rest = b""

    def send(self, data: bytes) -> "Raw":
        self.socket.sendall(data)
        return self

    def reply(self) -> tuple[int, dict[str, str], bytes]:
        """Reads one reply with a Content-Length (or until the end): status, headers, body."""
        while b"\r\n\r\n" not in self._rest:
            self._more("no complete head")
        head, _, self._rest = self._rest.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        length = int(headers.get("content-length", 0))
        while len(self._rest) < length:
            self._more("a short body")
        body, self._rest = self._rest[:length], self._rest[length:]
        return int(lines[0].split()[1]), headers, body

    def _more(self, what: str) -> None:
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError(f"closed after {what}: {self._rest[:200]!r}")
        self._rest += data

    def is_closed(self) -> bool:
        """Waits for the peer to close; whatever it still sends is dropped."""
        try:
            while self.socket.recv(65536):
                pass
        except ConnectionResetError:
            pass
        except TimeoutError:
            return False
        return True

    def close(self) -> None:
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
