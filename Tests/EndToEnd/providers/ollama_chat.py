"""Ollama's chat: lines of JSON, as the `ollama` package has them."""

import json
from dataclasses import replace

import ollama

from .answer import ANSWERS, CLOCK, SPOKEN, WEATHER, Answer, Reasoning, Redacted, Refusal, Text, Tokens, Tool
from .transcript import Failure, Format, Told, Transcript, compact

MODEL = "qwen3:0.6b"
CREATED = "2026-11-21T09:30:00.123456789Z"
FINISH = {"stop": "stop", "length": "length", "tools": "stop"}


def response(done: bool = False, **message) -> ollama.ChatResponse:
    return ollama.ChatResponse(
        model=MODEL, created_at=CREATED, done=done,
        message=ollama.Message(role="assistant", **{"content": "", **message}))


def line(made: ollama.ChatResponse, **more) -> bytes:
    """As Go writes it: what is nought is left out, and no line separator stands unescaped."""
    return compact(made.model_dump(exclude_none=True) | more).replace("\u2028", "\\u2028").encode() + b"\n"


def call(tool: Tool) -> ollama.Message.ToolCall:
    return ollama.Message.ToolCall(function=ollama.Message.ToolCall.Function(
        name=tool.name, arguments=json.loads(tool.arguments)))


def last(reason: str, tokens: Tokens, **message) -> ollama.ChatResponse:
    made = response(True, **message)
    made.done_reason = reason
    # Nanoseconds; counts are left out when they are nought.
    made.total_duration, made.load_duration = 4_883_583_458, 1_334_875
    made.prompt_eval_duration, made.eval_duration = 342_546_000, 4_535_599_000
    made.prompt_eval_count, made.eval_count = tokens.prompt or None, tokens.output or None
    return made


def told(tokens: Tokens) -> dict:
    """Ollama counts what it read and what it wrote, and nothing else."""
    return {"input": tokens.prompt, "output": tokens.output, "total": tokens.total, "cached_read": None,
            "cache_write": None, "reasoning": None}


def transcript(answer: Answer) -> Transcript:
    events = []
    for part in answer.parts:
        match part:
            case Text():
                events += [line(response(content=piece)) for piece in part.pieces]
            case Reasoning():
                events += [line(response(thinking=piece)) for piece in part.pieces]
            case Tool():
                events.append(line(response(tool_calls=[call(part)])))
    finish = FINISH[answer.finish]
    whole = last(finish, answer.tokens, content=answer.text)
    if answer.has(Reasoning):
        whole.message.thinking = answer.joined(Reasoning)
    if answer.tools:
        whole.message.tool_calls = [call(tool) for tool in answer.tools]
    return Transcript(
        events + [line(last(finish, answer.tokens))], Told.of(
            answer, finish, usage=told(answer.tokens), model=MODEL, arguments_are_objects=True,
            tools=[(None, tool.name, tool.arguments) for tool in answer.tools]),
        whole=line(whole).rstrip())


def quirks() -> dict[str, Transcript]:
    spoken = Told.of(ANSWERS["text"], "stop", usage=told(Tokens()), model=MODEL)
    said = [line(response(content=piece)) for piece in SPOKEN.pieces]
    end = line(last("stop", Tokens()))
    indexed = [
        {"function": {"index": number, "name": tool.name, "arguments": json.loads(tool.arguments)}}
        for number, tool in enumerate((WEATHER, CLOCK))]
    message = {"role": "assistant", "content": "", "tool_calls": indexed}
    counted = json.loads(line(last("stop", Tokens())))
    # A prompt that was cached is not evaluated, so its count is left out.
    without = {key: value for key, value in counted.items() if key != "prompt_eval_count"}
    nothing = {key: value for key, value in counted.items()
               if not key.endswith("_count") and not key.endswith("_duration")}
    tools = Told.of(ANSWERS["tools"], "stop", usage=told(Tokens()), arguments_are_objects=True,
                    tools=[(None, tool.name, tool.arguments) for tool in (WEATHER, CLOCK)])
    return {
        "tools-with-index": Transcript([line(response(), message=message), end], tools),
        "no-prompt-count": Transcript([*said, compact(without).encode() + b"\n"], replace(
            spoken, usage={"output": Tokens().output})),
        "no-counts": Transcript([*said, compact(nothing).encode() + b"\n"], replace(
            spoken, usage=None, provenance=None)),
        "crlf": Transcript([one.rstrip() + b"\r\n" for one in [*said, end]], spoken),
        "unknown-fields": Transcript([line(response(content="")) , *said, line(
            last("stop", Tokens()), remote_model="gpt-oss:120b", remote_host="https://ollama.com", odd=[None])],
            spoken),
        "load": Transcript([compact({
            "model": MODEL, "created_at": CREATED, "message": {"role": "assistant", "content": ""},
            "done_reason": "load", "done": True}).encode() + b"\n"],
            Told(finish="load", usage=None, provenance=None)),
    }


def failure(status: int, key: str) -> Failure:
    message = f"model '{key}' not found" if status in (401, 404) else f"it failed with {status}"
    return Failure(compact({"error": message}).encode(), message, "application/json; charset=utf-8")


OLLAMA = Format(
    "ollama", "ollama", {name: transcript(answer) for name, answer in ANSWERS.items()
                         if answer.finish in FINISH and not (answer.has(Redacted) or answer.has(Refusal)
                                                             or answer.interleaved or name in ("cited", "cache"))}
    | quirks(),
    compact({"error": "an error was encountered while running the model"}).encode() + b"\n",
    "while running the model", failure, transcript, kind="application/x-ndjson", framing="lines")
