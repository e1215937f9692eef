"""Access: who may do what, once keys are asked for; what a browser on another page may not do."""

import json
import re

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from support.raw import Raw
from support.viewer import EventSource, SocketViewer

def bearer(key: str) -> dict:
    return {"Authorization": f"Bearer {key}"}


KEY = re.compile(r"\bsbk_[0-9a-f]{16,}\b")


def keys(server, *arguments: str) -> str:
    """`signalbox keys …`, with the admin key."""
    done = server.run("keys", *arguments, "--key", server.keys["admin"])
    assert done.returncode == 0, done.stderr
    return done.stdout


def added(server, name: str, scope: str) -> str:
    """Adds a key and returns its secret."""
    return KEY.search(keys(server, "add", name, "--scope", scope)).group(0)


def printed(server) -> str:
    """The admin key that a first start prints."""
    found = KEY.search(server.said)
    assert found, f"no admin key was printed:\n{server.said}"
    return found.group(0)


@pytest.fixture
def locked(launch):
    """A server that asks for keys, with one for each scope."""
    server = launch("--require-keys")
    server.keys = {"admin": printed(server)}
    for scope in ("ingest", "read", "gateway"):
        server.keys[scope] = added(server, f"test-{scope}", scope)
    return server


ROUTES = {
    "ingest": [("POST", "/v1/events")],
    "read": [("GET", "/v1/events"), ("GET", "/v1/traces"), ("GET", "/v1/live?after=bad")],
    "gateway": [("GET", "/openai/v1/models")],
}


def test_each_scope_opens_its_own_doors_only(locked):
    for scope, key in locked.keys.items():
        for wanted, routes in ROUTES.items():
            for method, path in routes:
                content = b'{"type":"test.access"}' if method == "POST" else None
                headers = {"x-signalbox-key": key} if wanted == "gateway" else bearer(key)
                status = locked.http.request(method, path, headers=headers, content=content).status_code
                if scope in (wanted, "admin"):
                    assert status not in (401, 403), (scope, method, path, status)
                else:
                    assert status == 403, (scope, method, path, status)


def test_no_key_and_wrong_keys_are_401(locked):
    for headers in ({}, bearer("sbk_wrong_wrong_wrong_wrong_wrong"), {"Authorization": "Basic Zm9vOmJhcg=="},
                    {"Authorization": "Bearer"}, bearer("x" * 4000)):
        for method, path in (route for routes in ROUTES.values() for route in routes):
            answer = locked.http.request(method, path, headers=headers)
            assert answer.status_code == 401, (path, headers, answer.status_code)
            assert answer.json()["error"]["message"]
    for path in ("/v1/live", "/v1/ingest"):
        with pytest.raises(InvalidStatus) as refused:
            SocketViewer(locked, path)
        assert refused.value.response.status_code == 401
    assert locked.http.get("/healthz").status_code == 200


def test_viewers_with_a_key(locked, session):
    read, ingest = bearer(locked.keys["read"]), bearer(locked.keys["ingest"])
    with SocketViewer(locked, headers=read, session=session) as viewer, \
            EventSource(locked, headers=read, session=session) as source:
        viewer.until_hello()
        locked.send({"type": "test.seen", "session": session}, headers=ingest)
        viewer.until_type("test.seen")
        source.until_type("test.seen")


def test_the_key_in_the_url_gives_session_and_scope(locked, upstream, session):
    path = f"/g/{locked.keys['gateway']}/{session}/openai/v1/chat/completions"
    model = "keyed-" + session
    request = {"model": model, "stream": True, "messages": []}
    answer = locked.http.post(path, json=request, headers=bearer("sk-provider"))
    assert answer.status_code == 200
    got = upstream.last(model)
    assert got.target == "/v1/chat/completions"
    assert got.headers["authorization"] == "Bearer sk-provider"
    with SocketViewer(locked, headers=bearer(locked.keys["read"]), session=session, **{"from": "start"}) as viewer:
        viewer.until_type("llm.end")
        assert locked.keys["gateway"] not in json.dumps(viewer.events)
    for key in (locked.keys["read"], "wrong"):
        answer = locked.http.post(path.replace(locked.keys["gateway"], key), json=request)
        assert answer.status_code in (401, 403)


def test_a_revoked_key_is_dead(locked):
    key = added(locked, "short-lived", "read")
    assert locked.http.get("/v1/events", headers=bearer(key)).status_code == 200
    listed = keys(locked, "list", "--json")
    assert key not in listed, "the list never shows a secret"
    found = next(item for item in json.loads(listed)["keys"] if item["name"] == "short-lived")
    keys(locked, "revoke", found["id"])
    assert locked.http.get("/v1/events", headers=bearer(key)).status_code == 401


def test_the_admin_key_is_printed_once_and_stored_hashed(launch, tmp_path):
    data = tmp_path / "once"
    server = launch("--require-keys", data=data)
    key = printed(server)
    server.restart()
    assert "sbk_" not in server.said
    assert server.http.get("/v1/events", headers=bearer(key)).status_code == 200
    for file in data.rglob("*"):
        if file.is_file():
            assert key.encode() not in file.read_bytes(), file


def test_bound_elsewhere_keys_are_asked_for(launch):
    """All of 127/8 is loopback, so 0.0.0.0 stands for the rest of the world here."""
    server = launch(listen="0.0.0.0:0")
    url = f"http://127.0.0.1:{server.port}"
    assert httpx.get(url + "/v1/events").status_code == 401
    key = printed(server)
    assert httpx.get(url + "/v1/events", headers=bearer(key)).status_code == 200


@pytest.mark.parametrize("host, status", [
    ("evil.example", 403), ("evil.example:7446", 403), ("127.0.0.1.evil.example", 403), ("localhost", 200),
    ("127.0.0.1", 200), ("localhost:7446", 200), ("[::1]:7446", 200)])
def test_host_names_are_checked_against_rebinding(server, host, status):
    with Raw(server) as raw:
        raw.send(f"GET /v1/events?limit=1 HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        found = raw.reply()[0]
        assert found == status or (status == 403 and found == 421), found


@pytest.mark.parametrize("origin, allowed", [
    ("http://evil.example", False), ("null", False), ("http://127.0.0.1.evil.example", False), ("{own}", True)])
def test_origin_is_checked_on_sockets(server, origin, allowed):
    origin = origin.replace("{own}", server.url)
    for path in ("/v1/live", "/v1/ingest"):
        if allowed:
            SocketViewer(server, path, headers={"Origin": origin}).close()
        else:
            with pytest.raises(InvalidStatus) as refused:
                SocketViewer(server, path, headers={"Origin": origin})
            assert refused.value.response.status_code == 403


def test_another_page_cannot_post(server, session):
    """A form of another site can send text/plain without asking first."""
    answer = server.http.post("/v1/events", content=b'{"type":"test.forged"}', headers={
        "Origin": "http://evil.example", "Content-Type": "text/plain"})
    assert answer.status_code == 403


def test_secrets_are_nowhere(launch, tmp_path, session):
    """A provider's key passes through and is in no file, no log line and no event."""
    data = tmp_path / "secrets"
    server = launch(data=data)
    server.http.post("/openai/v1/chat/completions", json={"model": "text", "stream": True, "messages": []}, headers={
        "Authorization": "Bearer sk-very-secret-0001", "api-key": "very-secret-0002", "Cookie": "very-secret-0003"})
    with SocketViewer(server, **{"from": "start"}) as viewer:
        viewer.until_type("llm.end")
        assert "very-secret" not in json.dumps(viewer.events)
    assert "very-secret" not in server.http.get("/metrics").text
    server.stop()
    assert "very-secret" not in "\n".join(server.output)
    for file in data.rglob("*"):
        if file.is_file():
            assert b"very-secret" not in file.read_bytes(), file
