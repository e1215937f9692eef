"""Attacks on tokens, grants and rates: every one is turned away, counted, and told without a secret.

The tokens are PyJWT's, so that nothing here agrees with itself. docs/access.md lists the attacks.
"""

import base64
import hashlib
import hmac
import json
import re
import time
import uuid

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from support.server import Server
from support.viewer import EventSource, SocketViewer
from test_access import added, bearer, printed

SECRET = "0123456789abcdef0123456789abcdef"
PRIVATE = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PUBLIC = PRIVATE.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def jwks() -> dict:
    public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(PRIVATE.public_key()))
    return {"keys": [
        {"kty": "oct", "kid": "backend", "k": base64url(SECRET.encode())},
        {"kty": "RSA", "kid": "identity", "use": "sig", "n": public["n"], "e": public["e"]},
        {"kty": "EC", "kid": "other", "crv": "P-256", "x": "AA", "y": "AA"}]}


def claims(grant: dict, seconds: float = 300, **more) -> dict:
    return {"aud": "signalbox", "exp": int(time.time() + seconds), "signalbox": grant, **more}


def token(grant: dict, seconds: float = 300, algorithm="HS256", kid: str | None = "backend", key=None, headers=None,
          **more) -> str:
    key = key or (PRIVATE if algorithm == "RS256" else SECRET)
    return jwt.encode(claims(grant, seconds, **more), key, algorithm, {**({"kid": kid} if kid else {}), **(headers or {})})


def raw_token(header: dict | str, payload: dict | str, key: bytes = SECRET.encode()) -> str:
    """Signed as HS256, whatever the header says."""
    parts = [base64url((part if isinstance(part, str) else json.dumps(part)).encode()) for part in (header, payload)]
    signed = ".".join(parts)
    return signed + "." + base64url(hmac.new(key, signed.encode(), hashlib.sha256).digest())


@pytest.fixture(scope="module")
def guarded(tmp_path_factory, upstream):
    """A server that asks for keys, trusts two keys for tokens, and holds one trace in each of two sessions."""
    folder = tmp_path_factory.mktemp("guarded")
    (folder / "jwks.json").write_text(json.dumps(jwks()))
    with Server(folder / "data", "--upstream", f"openai={upstream.url}", "--require-keys", "--jwks",
                str(folder / "jwks.json")) as server:
        server.keys = {"admin": printed(server)}
        for scope in ("ingest", "read", "gateway", "tokens"):
            server.keys[scope] = added(server, f"test-{scope}", scope)
        server.mine, server.theirs = "s-" + uuid.uuid4().hex[:12], "s-" + uuid.uuid4().hex[:12]
        server.traces = {}
        for session in (server.mine, server.theirs):
            trace = server.traces[session] = uuid.uuid4().hex
            span = {"trace": trace, "span": uuid.uuid4().hex[:16], "session": session, "chain": "c-" + session}
            server.send([
                {"type": "llm.start", "phase": "start", **span, "data": {"input": "question of " + session}},
                {"type": "llm.delta", "phase": "delta", "index": 0, **span,
                 "data": {"channel": "text", "text": "answer to " + session}},
                {"type": "llm.usage", "phase": "usage", **span, "data": {"input": 3, "output": 2, "total": 5}},
                {"type": "tool.note", **span, "tags": {"user": "u-" + session}, "data": {"note": "note of " + session}},
                {"type": "llm.error", "phase": "error", **span,
                 "data": {"reason": "failed", "message": "failed at " + session}},
            ], headers=bearer(server.keys["ingest"]))
        yield server


@pytest.fixture
def mine(guarded) -> str:
    return token({"sessions": [guarded.mine], "content": True})


def status(server, text: str, path: str = "/v1/events", **parameters) -> int:
    return server.http.get(path, params=parameters, headers=bearer(text)).status_code


def code(server, text: str) -> str:
    return server.http.get("/v1/events", headers=bearer(text)).json()["error"]["code"]


# What tokens are for.


@pytest.mark.parametrize("algorithm, kid", [("HS256", "backend"), ("RS256", "identity"), ("HS256", None), ("RS256", None)])
def test_a_good_token_opens_its_session(guarded, algorithm, kid):
    text = token({"sessions": [guarded.mine], "content": True}, algorithm=algorithm, kid=kid)
    events = guarded.http.get("/v1/events", headers=bearer(text)).json()["events"]
    assert len(events) == 5 and {event["session"] for event in events} == {guarded.mine}
    assert guarded.http.get("/v1/events", params={"token": text}).status_code == 200
    assert status(guarded, text, f"/v1/traces/{guarded.traces[guarded.mine]}") == 200
    assert [item["trace"] for item in guarded.http.get("/v1/traces", headers=bearer(text)).json()["traces"]] == [
        guarded.traces[guarded.mine]]


# Tokens that are not what they say.


def forged(guarded) -> dict[str, tuple[str, str]]:
    """Attacks by name: the token, and what it must be refused as."""
    grant = {"sessions": [guarded.mine]}
    good = claims(grant)
    header = {"alg": "HS256", "kid": "backend"}
    text = token(grant)
    head, payload, signature = text.split(".")
    everything = base64url(json.dumps(claims({"all": True, "content": True})).encode())
    return {
        "no signature (alg none)": (jwt.encode(good, None, "none"), "token_untrusted"),
        "alg none with a signature": (raw_token({"alg": "none", "kid": "backend"}, good), "token_untrusted"),
        "alg nOnE": (raw_token({"alg": "nOnE", "kid": "backend"}, good), "token_untrusted"),
        "public key as a secret (alg confusion)": (
            raw_token({"alg": "HS256", "kid": "identity"}, good, PUBLIC.encode()), "token_untrusted"),
        "public key as a secret, no kid": (raw_token({"alg": "HS256"}, good, PUBLIC.encode()), "token_signature"),
        "the secret's kid under RS256": (token(grant, algorithm="RS256", kid="backend"), "token_untrusted"),
        "HS512": (token(grant, algorithm="HS512", key=SECRET * 2), "token_untrusted"),
        "another key": (token(grant, key="x" * 32), "token_signature"),
        "another RSA key": (token(grant, algorithm="RS256", kid="identity", key=rsa.generate_private_key(
            public_exponent=65537, key_size=2048)), "token_signature"),
        "claims exchanged": (f"{head}.{everything}.{signature}", "token_signature"),
        "signature cut": (f"{head}.{payload}.{signature[:-4]}", "token_signature|token_malformed"),
        "signature of zeros": (f"{head}.{payload}.{base64url(bytes(32))}", "token_signature"),
        "kid that is a path": (token(grant, kid="../../../../dev/null"), "token_untrusted"),
        "kid that is SQL": (token(grant, kid="x' UNION SELECT 'a"), "token_untrusted"),
        "kid of the server's own key": (token(grant, kid="signalbox"), "token_signature"),
        "kid of an unusable key": (token(grant, kid="other"), "token_untrusted"),
        "it brings its key (jwk)": (
            token(grant, headers={"jwk": {"kty": "oct", "k": base64url(b"y" * 32)}}), "token_untrusted"),
        "it says where its key is (jku)": (token(grant, headers={"jku": "http://127.0.0.1/"}), "token_untrusted"),
        "critical extension": (raw_token({**header, "crit": ["b64"], "b64": False}, good), "token_untrusted"),
        "alg twice": (raw_token('{"alg":"HS256","kid":"backend","alg":"none"}', good), "token_malformed"),
        "claim twice": (raw_token(header, json.dumps(good)[:-1] + ',"signalbox":{"all":true}}'), "token_malformed"),
        "claim twice, escaped": (
            raw_token(header, json.dumps(good)[:-1] + ',"signalbo\\u0078":{"all":true}}'), "token_malformed"),
        "no exp": (jwt.encode({"aud": "signalbox", "signalbox": grant}, SECRET, headers={"kid": "backend"}),
                   "token_lifetime"),
        "far-away exp": (token(grant, seconds=86400), "token_lifetime"),
        "exp as text": (raw_token(header, {**good, "exp": str(good["exp"])}), "token_claims"),
        "exp beyond all numbers": (
            raw_token(header, json.dumps(good).replace(str(good["exp"]), "1e999")), "token_malformed|token_claims"),
        "expired": (token(grant, seconds=-1), "token_expired"),
        "not yet": (token(grant, nbf=int(time.time()) + 3000), "token_early"),
        "for somebody else": (token(grant, aud="another-service"), "token_audience"),
        "for nobody": (jwt.encode({"exp": good["exp"], "signalbox": grant}, SECRET, headers={"kid": "backend"}),
                       "token_audience"),
        "grants nothing": (token({}), "token_claims"),
        "star instead of a name": (token({"sessions": ["*"]}), "token_claims"),
        "misspelt": (token({"session": [guarded.mine]}), "token_claims"),
        "longer than allowed": (token(grant, padding="x" * 5000), "token_malformed"),
        "not JSON": (raw_token(header, "{"), "token_malformed"),
        "deep": (raw_token(header, '{"a":' + "[" * 1000 + "]" * 1000 + "}"), "token_malformed"),
        "not UTF-8": (head + "." + base64url(b'{"a":"\xff"}') + ".AAAA", "token_signature"),
    }


def test_forged_tokens_are_refused(guarded):
    before = {reason: guarded_metric(guarded, reason) for reason in
              ("token_signature", "token_malformed", "token_claims")}
    for name, (text, wanted) in forged(guarded).items():
        answer = guarded.http.get("/v1/events", headers=bearer(text))
        assert answer.status_code == 401, f"{name}: {answer.status_code} {answer.text}"
        found = answer.json()["error"]["code"]
        assert re.fullmatch(wanted, found), f"{name}: {found}"
        assert text not in answer.text
    for reason, count in before.items():
        assert guarded_metric(guarded, reason) > count, reason


def guarded_metric(server, reason: str) -> float:
    text = server.http.get("/metrics", headers=bearer(server.keys["read"])).text
    found = re.search(rf'^signalbox_refused_total{{reason="{reason}"}} (\S+)$', text, re.MULTILINE)
    return float(found.group(1)) if found else 0


# Good tokens that reach too far.


def test_a_token_is_no_key(guarded, mine):
    everything = token({"all": True, "content": True, "cancel": True})
    for method, path in [("POST", "/v1/events"), ("GET", "/v1/ingest"), ("GET", "/metrics"), ("GET", "/v1/keys"),
                         ("POST", "/v1/keys"), ("DELETE", "/v1/keys/x"), ("POST", "/v1/tokens")]:
        for text in (mine, everything):
            answer = guarded.http.request(method, path, headers=bearer(text), content=b"{}" if method == "POST" else None)
            assert answer.status_code == 403 and answer.json()["error"]["code"] == "token_not_enough", (method, path)
    for headers in ({"x-signalbox-key": everything}, bearer(everything)):
        assert guarded.http.get("/openai/v1/models", headers=headers).status_code == 401
    assert guarded.http.get(f"/g/{everything}/-/openai/v1/models").status_code == 401


def test_no_other_session_can_be_named_or_read(guarded, mine):
    theirs, trace = guarded.theirs, guarded.traces[guarded.theirs]
    # Named: refused. What it could only find is empty.
    assert status(guarded, mine, session=theirs) == 403
    assert status(guarded, mine, "/v1/traces", session=theirs) == 403
    assert status(guarded, mine, f"/v1/traces/{trace}") == 403
    # Whether there is such a trace cannot be found out either.
    assert status(guarded, mine, f"/v1/traces/{uuid.uuid4().hex}") == 403
    assert status(guarded, token({"traces": [guarded.traces[guarded.mine]]}), trace=trace) == 403
    assert status(guarded, token({"chains": ["c-" + guarded.mine]}), chain="c-" + theirs, session=guarded.mine) == 403
    for parameters in ({"trace": trace}, {"chain": "c-" + theirs}, {"tag": "user=u-" + theirs}):
        found = guarded.http.get("/v1/events", params=parameters, headers=bearer(mine)).json()["events"]
        assert found == [], parameters
    for smuggled in ("session=%s&session=%s" % (guarded.mine, theirs), "session=%s&session=%s" % (theirs, guarded.mine)):
        answer = guarded.http.get("/v1/events?" + smuggled, headers=bearer(mine))
        assert theirs not in answer.text.replace("session " + theirs, ""), smuggled
    for parameters in ({"last": 1000}, {"limit": 10000}, {}):
        text = guarded.http.get("/v1/events", params=parameters, headers=bearer(mine)).text
        assert theirs not in text and guarded.mine in text
    text = guarded.http.get("/v1/traces", headers=bearer(mine)).text
    assert theirs not in text and guarded.mine in text


@pytest.mark.parametrize("grant", ["sessions", "chains", "traces"])
def test_each_kind_of_place_shows_that_place_alone(guarded, grant):
    name = {"sessions": guarded.mine, "chains": "c-" + guarded.mine, "traces": guarded.traces[guarded.mine]}[grant]
    text = token({grant: [name], "content": True})
    events = guarded.http.get("/v1/events", headers=bearer(text)).json()["events"]
    assert len(events) == 5 and {event["session"] for event in events} == {guarded.mine}
    traces = guarded.http.get("/v1/traces", headers=bearer(text)).json()["traces"]
    assert [item["trace"] for item in traces] == [guarded.traces[guarded.mine]]
    assert status(guarded, text, f"/v1/traces/{guarded.traces[guarded.mine]}") == 200
    assert status(guarded, text, f"/v1/traces/{guarded.traces[guarded.theirs]}") == 403
    with SocketViewer(guarded, headers=bearer(text), **{"from": "start"}) as viewer:
        viewer.until_count(5)
        assert {event["session"] for event in viewer.events} == {guarded.mine}


def test_types_narrow_too(guarded):
    text = token({"sessions": [guarded.mine], "types": ["tool."], "content": True})
    events = guarded.http.get("/v1/events", params={"type": "llm."}, headers=bearer(text)).json()["events"]
    assert events == []
    events = guarded.http.get("/v1/events", headers=bearer(text)).json()["events"]
    assert [event["type"] for event in events] == ["tool.note"]


def test_live_shows_what_is_granted_and_nothing_else(guarded, mine):
    """Both at the tail and behind it, as WebSocket and as SSE, while others' events pass by."""
    with SocketViewer(guarded, headers=bearer(mine)) as viewer, EventSource(guarded, token=mine) as source, \
            SocketViewer(guarded, headers=bearer(token({"sessions": [guarded.mine, "s-none"]}))) as two:
        for seen in (viewer, two):
            seen.until_hello()
        source.until(lambda seen: seen.controls, "hello")
        guarded.send([
            {"type": "test.theirs", "session": guarded.theirs}, {"type": "test.nobodys"},
            {"type": "test.mine", "session": guarded.mine}], headers=bearer(guarded.keys["ingest"]))
        for seen in (viewer, source, two):
            seen.until_type("test.mine")
            assert {event["session"] for event in seen.events} == {guarded.mine}


def test_without_content_there_is_none(guarded):
    """Whatever way one asks: structure, timing and counts only."""
    text = token({"sessions": [guarded.mine]})
    trace = guarded.traces[guarded.mine]
    with SocketViewer(guarded, headers=bearer(text), session=guarded.mine, **{"from": "start"}) as viewer:
        viewer.until_type("llm.error")
        shown = json.dumps(viewer.events)
    with EventSource(guarded, token=text, **{"from": "start"}) as source:
        source.until_type("llm.error")
        shown += json.dumps(source.events)
    for path in ("/v1/events", "/v1/events?last=10", "/v1/traces", f"/v1/traces/{trace}"):
        answer = guarded.http.get(path, headers=bearer(text))
        assert answer.status_code == 200
        shown += answer.text
    for secret in ("question of", "answer to", "note of", "failed at", "u-" + guarded.mine):
        assert secret not in shown, secret
    assert status(guarded, text, tag="user=u-" + guarded.mine) == 403, "a tag that is not shown is not found by asking"
    # What is left is an event of the same shape, with its figures.
    events = guarded.http.get("/v1/events", headers=bearer(text)).json()["events"]
    assert [event["type"] for event in events][:3] == ["llm.start", "llm.delta", "llm.usage"]
    assert events[1]["index"] == 0 and events[1]["trace"] == trace
    # With the right to it, all of it is there: the check above is not empty.
    full = guarded.http.get("/v1/events", headers=bearer(token({"sessions": [guarded.mine], "content": True}))).text
    for secret in ("question of", "answer to", "note of", "failed at"):
        assert secret in full


# Sockets.


def closed(server, text: str, path: str = "/v1/live", protocols=None, **parameters) -> tuple[int, str]:
    """The close code and reason that a browser would see."""
    query = httpx.QueryParams({**({} if protocols else {"token": text}), **parameters})
    with connect(f"{server.websocket}{path}?{query}", subprotocols=protocols, compression=None) as socket:
        with pytest.raises(ConnectionClosed) as ended:
            socket.recv(10)
    return ended.value.rcvd.code, ended.value.rcvd.reason


def test_sockets_say_4401_and_4403(guarded, mine):
    assert closed(guarded, token({"sessions": ["x"]}, seconds=-5))[0] == 4401
    assert closed(guarded, mine + "A")[0] == 4401
    assert closed(guarded, mine, session=guarded.theirs)[0] == 4403
    assert closed(guarded, mine, path="/v1/ingest")[0] == 4403


def test_a_token_in_the_protocols_is_not_echoed(guarded, mine):
    protocols = ["signalbox", "signalbox.token." + mine]
    with connect(guarded.websocket + "/v1/live", subprotocols=protocols, compression=None) as socket:
        assert socket.subprotocol == "signalbox"
        assert mine not in str(socket.response.headers)
        assert json.loads(socket.recv(10))["control"] == "hello"
    assert closed(guarded, "", protocols=["signalbox", "signalbox.token.a.b.c"])[0] == 4401


def test_the_end_of_a_token_ends_its_connections(guarded):
    """A token is not only looked at when a connection begins."""
    ends = time.time() + 1.5
    text = jwt.encode({"aud": "signalbox", "exp": ends, "signalbox": {"sessions": [guarded.mine]}}, SECRET,
                      headers={"kid": "backend"})
    with SocketViewer(guarded, token=text) as viewer, EventSource(guarded, token=text) as source:
        viewer.until_hello()
        viewer.until_end()
        assert viewer.close_code == 4401
        source.until_end()
    assert time.time() >= ends
    assert status(guarded, text) == 401


# The sockets in other systems' formats.


def frames(server, text: str, path: str, count: int, **parameters) -> list[dict]:
    query = httpx.QueryParams({"token": text, "from": "start", **parameters})
    with connect(f"{server.websocket}{path}?{query}", compression=None) as socket:
        return [json.loads(socket.recv(10)) for _ in range(count)]


def test_a_session_socket_is_held_to_its_token(guarded, mine):
    assert closed(guarded, mine, "/ws", session_id=guarded.theirs)[0] == 4403
    assert closed(guarded, token({"chains": ["c-" + guarded.mine]}), f"/ws/chain/c-{guarded.theirs}/")[0] == 4403
    assert closed(guarded, token({"sessions": [guarded.mine]}, seconds=-1), "/ws", session_id=guarded.mine)[0] == 4401
    shown = json.dumps(frames(guarded, mine, "/ws", 3, session_id=guarded.mine))
    assert guarded.mine in shown and guarded.theirs not in shown and "failed at " + guarded.mine in shown
    blind = json.dumps(frames(guarded, token({"sessions": [guarded.mine]}), "/ws", 3, session_id=guarded.mine))
    assert guarded.mine in blind and "failed at" not in blind and "question of" not in blind


def test_a_token_speaks_only_where_it_says_so(guarded, session):
    def said(**grant) -> dict:
        text = token({"sessions": [session], "content": True, **grant})
        with connect(f"{guarded.websocket}/ws?session_id={session}&token={text}", compression=None) as socket:
            socket.send(json.dumps({"type": "message", "session_id": session, "content": "hello"}))
            while True:
                frame = json.loads(socket.recv(10))
                if frame["type"] == "error":
                    return frame
    assert "not write in it" in said()["error"]
    assert "not write in it" not in said(speak=True)["error"]


def test_the_end_of_a_token_ends_a_dialects_socket_too(guarded):
    text = jwt.encode({"aud": "signalbox", "exp": time.time() + 1, "signalbox": {"sessions": [guarded.mine]}}, SECRET,
                      headers={"kid": "backend"})
    with connect(f"{guarded.websocket}/ws?session_id={guarded.mine}&token={text}", compression=None) as socket:
        with pytest.raises(ConnectionClosed) as ended:
            while True:
                socket.recv(10)
    assert ended.value.rcvd.code == 4401


# Minting.


def test_minted_tokens(guarded, session):
    mint = lambda grant, scope="tokens": guarded.http.post("/v1/tokens", json=grant, headers=bearer(guarded.keys[scope]))
    answer = mint({"sessions": [guarded.mine], "content": True, "ttl": 60})
    assert answer.status_code == 201 and 59 <= answer.json()["expires_in"] <= 60
    minted = answer.json()["token"]
    assert status(guarded, minted, session=guarded.mine) == 200
    assert status(guarded, minted, session=guarded.theirs) == 403
    said = jwt.decode(minted, options={"verify_signature": False})
    assert said["aud"] == "signalbox" and said["signalbox"] == {"sessions": [guarded.mine], "content": True}
    assert mint({"sessions": ["s"]}).json()["expires_in"] in (299, 300)
    for grant in ({}, {"sessions": []}, {"sessions": ["s"], "ttl": 3601}, {"sessions": ["s"], "ttl": 0},
                  {"sessions": ["s"], "ttl": "9"}, {"sessions": ["a b"]}, {"session": ["s"]}, {"all": "yes"}, [],
                  {"sessions": [uuid.uuid4().hex * 2] * 65}, {"sessions": ["s"], "subject": ""},
                  {name: [uuid.uuid4().hex * 2 for _ in range(60)] for name in ("sessions", "chains", "traces")}):
        answer = mint(grant)
        assert answer.status_code == 400, grant
    for scope in ("ingest", "read", "gateway"):
        assert mint({"sessions": ["s"]}, scope).status_code == 403
    assert mint({"sessions": ["s"]}, "admin").status_code == 201
    assert guarded.http.post("/v1/tokens", json={"sessions": ["s"]}).status_code == 401


def test_a_revoked_key_takes_its_tokens_with_it(guarded):
    key = added(guarded, "leaving", "tokens")
    minted = guarded.http.post("/v1/tokens", json={"sessions": [guarded.mine]}, headers=bearer(key)).json()["token"]
    assert status(guarded, minted) == 200
    listed = guarded.http.get("/v1/keys", headers=bearer(guarded.keys["admin"])).json()["keys"]
    id = next(item["id"] for item in listed if item["name"] == "leaving")
    guarded.http.delete(f"/v1/keys/{id}", headers=bearer(guarded.keys["admin"]))
    assert status(guarded, minted) == 401 and code(guarded, minted) == "token_revoked"


def test_the_command_mints(guarded):
    done = guarded.run("tokens", "mint", "--session", guarded.mine, "--ttl", "30", "--key", guarded.keys["tokens"])
    assert done.returncode == 0, done.stderr
    assert status(guarded, done.stdout.strip(), session=guarded.mine) == 200
    assert guarded.run("tokens", "mint", "--session", "s", "--ttl", "9999").returncode == 2


def test_minted_tokens_outlive_a_restart_and_the_secret_is_private(launch):
    server = launch("--require-keys")
    key = printed(server)
    minted = server.http.post("/v1/tokens", json={"sessions": ["s1"]}, headers=bearer(key)).json()["token"]
    secret = server.data / "token-secret"
    assert secret.stat().st_mode & 0o777 == 0o600
    server.restart()
    assert status(server, minted) == 200
    server.stop()
    secret.unlink()
    server.start()
    assert status(server, minted) == 401


# Rates and the audit.


def test_rates(launch):
    # So slow that no bucket fills up while the test runs.
    server = launch("--require-keys", "--rate-per-key", "0.001:20", "--rate-per-address", "0.001:10")
    key = printed(server)
    found = [server.http.get("/v1/events", headers=bearer(key)) for _ in range(25)]
    assert [answer.status_code for answer in found] == [200] * 20 + [429] * 5
    assert int(found[-1].headers["retry-after"]) > 0
    assert found[-1].json()["error"]["code"] == "rate_limited"
    # Guessing: each wrong key and each bad token counts for the address, and so does having none.
    guesses = [bearer("sbk_wrong"), bearer("a.b.c"), {}] * 5
    found = [server.http.get("/v1/events", headers=headers).status_code for headers in guesses]
    assert found == [401] * 10 + [429] * 5
    assert server.http.get("/healthz").status_code == 200


def test_every_refusal_has_a_line_without_secrets(guarded, mine):
    subject = "ann-" + uuid.uuid4().hex[:8]
    text = token({"sessions": [guarded.mine]}, sub=subject)
    guarded.http.get("/v1/events", params={"session": guarded.theirs, "token": text})
    guarded.http.get(f"/g/{guarded.keys['read']}/s/openai/v1/models")
    deadline = time.monotonic() + 10

    def lines() -> list[dict]:
        return [json.loads(line) for line in list(guarded.output) if line.startswith('{"audit"')]

    while not any(line.get("subject") == subject for line in lines()):
        # Lines are bounded in rate: another refusal tells how many were not written.
        assert time.monotonic() < deadline, guarded.said
        guarded.http.get("/v1/events", params={"session": guarded.theirs, "token": text})
    line = next(line for line in lines() if line.get("subject") == subject)
    assert (line["audit"], line["reason"], line["status"], line["field"]) == ("refused", "not_yours", 403, "session")
    assert line["path"] == "/v1/events" and line["method"] == "GET" and line["address"] == "127.0.0.1"
    said = "\n".join(guarded.output)
    for secret in [text, mine, SECRET, text.split(".")[2], *(key for scope, key in guarded.keys.items()
                                                               if scope != "admin")]:
        assert secret not in said
    # The admin key is told once, at the start, and by no line of the audit.
    assert all(guarded.keys["admin"] not in json.dumps(line) for line in lines())


def test_a_file_of_keys_that_is_none_is_refused_at_the_start(tmp_path, launch):
    import subprocess
    from support.server import PROGRAM
    for text in ("", "{}", json.dumps({"keys": [{"kty": "oct", "k": "c2hvcnQ"}]}), json.dumps({"keys": [
            json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(PRIVATE))]})):
        (tmp_path / "bad.json").write_text(text)
        done = subprocess.run([PROGRAM, "serve", "--listen", "127.0.0.1:0", "--data", str(tmp_path / "d"), "--jwks",
                               str(tmp_path / "bad.json")], capture_output=True, text=True, timeout=20)
        assert done.returncode == 2 and "--jwks" in done.stderr, done.stderr


def test_a_file_of_keys_is_read_again(tmp_path, launch):
    file = tmp_path / "rotating.json"
    file.write_text(json.dumps(jwks()))
    server = launch("--jwks", str(file))
    text = token({"sessions": ["s"]})
    assert status(server, text) == 200
    keys = jwks()
    keys["keys"][0]["k"] = base64url(b"n" * 40)
    file.write_text(json.dumps(keys))
    assert status(server, text) == 401
    file.write_text("{ half a fi")
    assert status(server, token({"sessions": ["s"]}, key="n" * 40)) == 200, "a broken file changes nothing"


def test_an_open_server_keeps_to_a_token_that_is_shown(server, session):
    """On this machine alone nobody must show anything; whoever shows a token is held to it."""
    assert server.http.get("/v1/events", params={"token": "a.b.c"}).status_code == 401
    minted = server.http.post("/v1/tokens", json={"sessions": [session]}).json()["token"]
    assert status(server, minted, session="another") == 403
    assert server.http.get("/v1/events", params={"session": "another"}).status_code == 200
