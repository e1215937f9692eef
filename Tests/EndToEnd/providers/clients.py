"""The official SDKs as their users call them; only the base URL differs between direct and through the gateway.

Each client makes the call that a scenario names, and says what its user saw: objects, and the error if there was one.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field

import anthropic
import boto3
import botocore.config
import botocore.exceptions
import httpx
import httpx2
import ollama
import openai
from google import genai

from .recording import AsyncRecording, AsyncRecording2, Exchange, Recording, Recording2

# Keys go to the provider and nowhere else: nothing of the log may hold this.
SECRET = "e2e7Zq9sVx3mKp5tRw1yBn8c"
QUESTION = "Grüße?"
TOOLS = [{"type": "function", "function": {"name": "weather", "description": "…", "parameters": {
    "type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}}}}]


@dataclass
class Seen:
    """What a user of an SDK saw of a call."""
    objects: list = field(default_factory=list)
    error: tuple | None = None
    exchanges: list[Exchange] = field(default_factory=list)

    @property
    def exchange(self) -> Exchange:
        assert len(self.exchanges) == 1, "one call is one request"
        return self.exchanges[0]


def described(error: Exception) -> tuple:
    """An error without what differs between any two connections."""
    if isinstance(error, (httpx.TransportError, httpx2.TransportError)):
        # A reset and an early end are the same misfortune.
        kind = "timeout" if isinstance(error, (httpx.TimeoutException, httpx2.TimeoutException)) else "broken"
        return (kind,)
    if type(error).__module__.startswith("urllib3"):
        return ("broken",)
    if isinstance(error, (openai.APIConnectionError, anthropic.APIConnectionError)):
        return type(error).__name__, described(error.__cause__) if error.__cause__ else str(error)
    response = getattr(error, "response", None)
    headers = {}
    if hasattr(response, "headers"):
        headers = {name.lower(): value for name, value in response.headers.items()
                   if name.lower() in ("retry-after", "retry-after-ms", "x-should-retry", "x-request-id", "request-id",
                                       "x-ratelimit-reset-requests", "anthropic-ratelimit-requests-remaining")}
    elif isinstance(response, dict):
        headers = {"status": response["ResponseMetadata"]["HTTPStatusCode"], "error": response["Error"],
                   "retry-after": response["ResponseMetadata"]["HTTPHeaders"].get("retry-after")} \
            if "ResponseMetadata" in response else response
    return (type(error).__module__, type(error).__name__, str(error), getattr(error, "status_code", None),
            getattr(error, "request_id", None), json.dumps(getattr(error, "body", None)), json.dumps(headers))


class Client:
    """One SDK. `stream` and `whole` yield plain data; `base` is the upstream's address or the gateway's."""
    format = ""
    # Headers that an SDK makes up for each request.
    volatile: tuple[str, ...] = ()

    def stream(self, base: str, transport, headers: dict) -> Iterator:
        raise NotImplementedError

    def whole(self, base: str, transport, headers: dict) -> Iterator:
        raise NotImplementedError

    async def astream(self, base: str, transport, headers: dict) -> AsyncIterator:
        raise NotImplementedError
        yield

    # The path that a direct call has and that the gateway has under the upstream's name.
    suffix = ""
    recording: Callable = Recording2
    arecording: Callable = AsyncRecording2

    def see(self, base: str, headers: dict, stream: bool = True, **more) -> Seen:
        seen, transport = Seen(), type(self).recording()
        try:
            for one in (self.stream if stream else self.whole)(base + self.suffix, transport, headers, **more):
                seen.objects.append(one)
        except Exception as error:
            seen.error = described(error)
        seen.exchanges = transport.exchanges
        return seen

    def asee(self, base: str, headers: dict, **more) -> Seen:
        async def run() -> Seen:
            seen, transport = Seen(), type(self).arecording()
            try:
                async for one in self.astream(base + self.suffix, transport, headers, **more):
                    seen.objects.append(one)
            except Exception as error:
                seen.error = described(error)
            seen.exchanges = transport.exchanges
            await transport.aclose()
            return seen
        return asyncio.run(run())


def dump(model) -> dict:
    return model.model_dump(mode="json", warnings=False)


MESSAGES = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": QUESTION}]
ASKING = {"stream_options": {"include_usage": True}}


def asking(more: dict) -> dict:
    """Usage is asked for, unless the call says that nobody chooses."""
    chosen = ASKING | more
    return {key: value for key, value in chosen.items() if value != "omit"}


class Chat(Client):
    format = "chat"
    suffix = "/v1"

    def make(self, kind, base: str, client, headers: dict):
        return kind(base_url=base, api_key="sk-" + SECRET, max_retries=0, http_client=client,
                    default_headers=headers, timeout=20)

    def stream(self, base, transport, headers, **more):
        with self.make(openai.OpenAI, base, httpx2.Client(transport=transport), headers) as sdk:
            for chunk in sdk.chat.completions.create(
                    model="gpt-4o", messages=MESSAGES, tools=TOOLS, stream=True, **asking(more)):
                yield dump(chunk)

    def whole(self, base, transport, headers):
        with self.make(openai.OpenAI, base, httpx2.Client(transport=transport), headers) as sdk:
            yield dump(sdk.chat.completions.create(model="gpt-4o", messages=MESSAGES, tools=TOOLS))

    async def astream(self, base, transport, headers, **more):
        async with self.make(openai.AsyncOpenAI, base, httpx2.AsyncClient(transport=transport), headers) as sdk:
            async for chunk in await sdk.chat.completions.create(
                    model="gpt-4o", messages=MESSAGES, tools=TOOLS, stream=True, **asking(more)):
                yield dump(chunk)


class Azure(Chat):
    format = "azure"
    suffix = ""

    def make(self, kind, base: str, client, headers: dict):
        kind = openai.AzureOpenAI if kind is openai.OpenAI else openai.AsyncAzureOpenAI
        return kind(azure_endpoint=base, api_key=SECRET, api_version="2025-01-01-preview", max_retries=0,
                    http_client=client, default_headers=headers, timeout=20)


class Responses(Chat):
    format = "responses"

    def stream(self, base, transport, headers):
        with self.make(openai.OpenAI, base, httpx2.Client(transport=transport), headers) as sdk:
            for event in sdk.responses.create(
                    model="gpt-4o", instructions="Be brief.", input=QUESTION, stream=True,
                    tools=[{"type": "function", **TOOLS[0]["function"]}]):
                yield dump(event)

    def whole(self, base, transport, headers):
        with self.make(openai.OpenAI, base, httpx2.Client(transport=transport), headers) as sdk:
            yield dump(sdk.responses.create(model="gpt-4o", input=[{"role": "user", "content": QUESTION}]))

    async def astream(self, base, transport, headers):
        async with self.make(openai.AsyncOpenAI, base, httpx2.AsyncClient(transport=transport), headers) as sdk:
            async for event in await sdk.responses.create(model="gpt-4o", input=QUESTION, stream=True):
                yield dump(event)


class Messages(Client):
    format = "messages"
    asked = {"model": "claude-sonnet-4-5", "max_tokens": 500, "system": "Be brief.",
             "messages": [{"role": "user", "content": QUESTION}],
             "tools": [{"name": "weather", "input_schema": TOOLS[0]["function"]["parameters"]}]}

    def make(self, kind, base: str, client, headers: dict):
        return kind(base_url=base, api_key="sk-ant-" + SECRET, max_retries=0, http_client=client,
                    default_headers=headers, timeout=20)

    def stream(self, base, transport, headers):
        with self.make(anthropic.Anthropic, base, httpx2.Client(transport=transport), headers) as sdk:
            for event in sdk.messages.create(stream=True, **self.asked):
                yield dump(event)

    def whole(self, base, transport, headers):
        with self.make(anthropic.Anthropic, base, httpx2.Client(transport=transport), headers) as sdk:
            yield dump(sdk.messages.create(**self.asked))

    async def astream(self, base, transport, headers):
        async with self.make(anthropic.AsyncAnthropic, base, httpx2.AsyncClient(transport=transport), headers) as sdk:
            # The helper that keeps the message so far.
            async with sdk.messages.stream(**self.asked) as events:
                async for event in events:
                    yield dump(event)
                yield dump(await events.get_final_message())


class Gemini(Client):
    format = "gemini"

    def make(self, base: str, headers: dict, blocking=None, asynchronous=None) -> genai.Client:
        # Given both of its clients, the SDK makes none of its own.
        return genai.Client(api_key="AIza" + SECRET, http_options=genai.types.HttpOptions(
            base_url=base, headers=headers, timeout=20_000,
            retry_options=genai.types.HttpRetryOptions(attempts=1),
            httpx_client=httpx2.Client(transport=blocking or Recording2()),
            httpx_async_client=httpx2.AsyncClient(transport=asynchronous or AsyncRecording2())))

    def stream(self, base, transport, headers):
        sdk = self.make(base, headers, transport)
        for response in sdk.models.generate_content_stream(model="gemini-2.5-flash", contents=QUESTION):
            yield self.dump(response)

    def whole(self, base, transport, headers):
        sdk = self.make(base, headers, transport)
        yield self.dump(sdk.models.generate_content(model="gemini-2.5-flash", contents=QUESTION))

    async def astream(self, base, transport, headers):
        sdk = self.make(base, headers, asynchronous=transport)
        async for response in await sdk.aio.models.generate_content_stream(
                model="gemini-2.5-flash", contents=QUESTION):
            yield self.dump(response)

    @staticmethod
    def dump(response) -> dict:
        # The SDK keeps the HTTP headers with each object, the connection's own among them.
        return response.model_dump(mode="json", exclude={"sdk_http_response"}, warnings=False)


class Ollama(Client):
    format = "ollama"
    recording = Recording
    arecording = AsyncRecording
    asked = {"model": "qwen3:0.6b", "messages": [{"role": "user", "content": QUESTION}]}

    def stream(self, base, transport, headers):
        sdk = ollama.Client(base, headers=headers | {"authorization": SECRET}, transport=transport, timeout=20)
        for response in sdk.chat(stream=True, **self.asked):
            yield dump(response)

    def whole(self, base, transport, headers):
        sdk = ollama.Client(base, headers=headers | {"authorization": SECRET}, transport=transport, timeout=20)
        yield dump(sdk.chat(**self.asked))

    async def astream(self, base, transport, headers):
        sdk = ollama.AsyncClient(base, headers=headers | {"authorization": SECRET}, transport=transport, timeout=20)
        async for response in await sdk.chat(stream=True, **self.asked):
            yield dump(response)


class Bedrock(Client):
    """boto3 speaks over urllib3, which cannot be recorded here: only what its user sees is compared.

    Its signature covers the host and the time, so it differs between the two calls.
    """
    format = "bedrock"
    volatile = ("amz-sdk-invocation-id", "amz-sdk-request", "x-amz-date", "authorization")
    asked = {"modelId": "anthropic.claude-sonnet-4-5-20250929-v1:0",
             "messages": [{"role": "user", "content": [{"text": QUESTION}]}]}
    recording = Recording

    def __init__(self):
        self.clients: dict[str, object] = {}
        self.headers: dict[str, str] = {}

    def make(self, base: str, headers: dict):
        """A client takes a while to make, so each address has one; the headers are those of the call."""
        self.headers = headers
        if base not in self.clients:
            self.clients[base] = sdk = boto3.session.Session().client(
                "bedrock-runtime", region_name="eu-central-1", endpoint_url=base,
                aws_access_key_id="AKIA" + SECRET, aws_secret_access_key=SECRET,
                config=botocore.config.Config(
                    retries={"total_max_attempts": 1}, read_timeout=20, parameter_validation=False))
            sdk.meta.events.register(
                "before-send.bedrock-runtime", lambda request, **_: request.headers.update(self.headers))
        return self.clients[base]

    def stream(self, base, transport, headers):
        try:
            for event in self.make(base, headers).converse_stream(**self.asked)["stream"]:
                yield json.loads(json.dumps(event, default=bytes.hex))
        except (botocore.exceptions.HTTPClientError, botocore.exceptions.ResponseStreamingError) as error:
            raise httpx.ReadError(type(error).__name__) from error

    def whole(self, base, transport, headers):
        answer = self.make(base, headers).converse(**self.asked)
        answer["ResponseMetadata"] = answer["ResponseMetadata"]["HTTPStatusCode"]
        yield json.loads(json.dumps(answer, default=bytes.hex))


CLIENTS: dict[str, Client] = {
    kind.format: kind() for kind in (Chat, Azure, Responses, Messages, Gemini, Ollama, Bedrock)}
