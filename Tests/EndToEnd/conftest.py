"""Fixtures: a scripted upstream and a server for the whole run, and servers of a test's own."""

import contextlib
import itertools
import os
import uuid

import pytest

from providers.calls import Caller
from providers.upstream import Providers
from support.schema import Schema
from support.server import Server
from support.upstream import Upstream


@pytest.fixture(scope="session")
def upstream():
    upstream = Upstream()
    yield upstream
    upstream.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory, upstream):
    """The server most tests share; each keeps to a session or trace of its own in it."""
    with Server(tmp_path_factory.mktemp("shared") / "data", "--upstream", f"openai={upstream.url}") as server:
        yield server


@pytest.fixture
def launch(tmp_path, upstream):
    """Starts servers that end with the test: launch(*arguments, data=…, listen=…, environment=…)."""
    numbers = itertools.count()
    with contextlib.ExitStack() as stack:
        def start(*arguments, data=None, **keywords):
            data = data or tmp_path / f"data-{next(numbers)}"
            return stack.enter_context(
                Server(data, "--upstream", f"openai={upstream.url}", *arguments, **keywords))
        yield start


@pytest.fixture(scope="session")
def schema(server):
    return Schema(server.http.get("/v1/schema").json())


@pytest.fixture
def session():
    """A session id of the test's own."""
    return "s-" + uuid.uuid4().hex[:12]


@pytest.fixture
def trace():
    return uuid.uuid4().hex


@pytest.fixture
def span():
    return uuid.uuid4().hex[:16]


@pytest.fixture(scope="session")
def real_llm():
    url = os.environ.get("SIGNALBOX_TEST_LLM")
    if not url:
        pytest.skip("SIGNALBOX_TEST_LLM is not set: scripts/local-llm.sh starts a real server")
    return url


@pytest.fixture(scope="session")
def upstream_of_all():
    """An upstream that speaks every provider's format."""
    upstream = Providers()
    yield upstream
    upstream.close()


@pytest.fixture(scope="session")
def server_of_all(tmp_path_factory, upstream_of_all):
    """A server that leads every provider's name there."""
    names = ["openai", "anthropic", "azure", "gemini", "ollama", "bedrock", "local"]
    upstreams = [word for name in names for word in ("--upstream", f"{name}={upstream_of_all.url}")]
    # By itself the server asks the real ones alone, by their hosts.
    upstreams += ["--upstream-usage", "openai=ask", "--upstream-usage", "azure=ask"]
    with Server(tmp_path_factory.mktemp("providers") / "data", *upstreams) as server:
        yield server


@pytest.fixture(scope="session")
def caller(server_of_all, upstream_of_all):
    return Caller(server_of_all, upstream_of_all)
