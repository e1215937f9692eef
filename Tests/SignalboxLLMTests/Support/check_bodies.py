#!/usr/bin/env python3
"""Holds request bodies against the types of the providers' official SDKs.

Reads JSON lines {"name", "api", "body"} from a file; prints what an SDK does not know, and fails then.
    pip install openai anthropic google-genai botocore ollama
"""

import functools
import json
import sys

import botocore.loaders
import botocore.model
import botocore.validate
from anthropic.types import message_create_params
from google.genai import types as google
from ollama import _types as ollama
from openai.types.chat import completion_create_params
from openai.types.responses import response_create_params
from pydantic import TypeAdapter, ValidationError

# Anthropic's SDK leaves out what only its older models take.
ANTHROPIC_LEGACY = {"temperature", "top_p"}


def lost(sent, kept, path="") -> list[str]:
    """Members that did not come through the SDK's type."""
    if isinstance(sent, dict) and isinstance(kept, dict):
        found = []
        for key, value in sent.items():
            where = f"{path}.{key}" if path else key
            found += lost(value, kept[key], where) if key in kept else [where]
        return found
    if isinstance(sent, list) and isinstance(kept, list):
        return [each for i, pair in enumerate(zip(sent, kept)) for each in lost(*pair, f"{path}[{i}]")]
    return []


@functools.cache
def adapter_of(kind) -> TypeAdapter:
    return TypeAdapter(kind)


def typed(kind, body: dict) -> list[str]:
    adapter = adapter_of(kind)
    return lost(body, adapter.dump_python(adapter.validate_python(body), mode="json", warnings=False))


def responses(body: dict) -> list[str]:
    # The API takes reasoning back by its content alone; the SDK's type asks for an id, too.
    for item in body["input"]:
        if item.get("type") == "reasoning":
            item.setdefault("id", "rs_1")
    return typed(
        response_create_params.ResponseCreateParamsStreaming if body.get("stream")
        else response_create_params.ResponseCreateParamsNonStreaming, body)


def gemini(body: dict) -> list[str]:
    places = {
        "contents": list[google.Content], "systemInstruction": google.Content, "tools": list[google.Tool],
        "toolConfig": google.ToolConfig, "generationConfig": google.GenerationConfig,
    }
    problems = [key for key in body if key not in places]
    for key, kind in places.items():
        if key in body:
            adapter = adapter_of(kind)
            kept = adapter.dump_python(
                adapter.validate_python(body[key]), mode="json", by_alias=True, exclude_none=True)
            problems += lost(body[key], kept, key)
    return problems


@functools.cache
def converse_shape():
    service = botocore.loaders.Loader().load_service_model("bedrock-runtime", "service-2")
    return botocore.model.ServiceModel(service).operation_model("ConverseStream").input_shape


def converse(body: dict) -> list[str]:
    report = botocore.validate.ParamValidator().validate({"modelId": "m", **body}, converse_shape())
    return [report.generate_report()] if report.has_errors() else []


CHECKS = {
    "chat": lambda body: typed(
        completion_create_params.CompletionCreateParamsStreaming if body.get("stream")
        else completion_create_params.CompletionCreateParamsNonStreaming, body),
    "responses": responses,
    "messages": lambda body: [
        each for each in typed(message_create_params.MessageCreateParamsStreaming, body)
        if each not in ANTHROPIC_LEGACY],
    "gemini": gemini,
    # Its SDK knows only a part of JSON Schema; the server takes all of it.
    "ollama": lambda body: [
        each for each in lost(body, ollama.ChatRequest(**body).model_dump(mode="json"))
        if ".parameters." not in each],
    "converse": converse,
}


def main() -> int:
    failed = 0
    for line in open(sys.argv[1]):
        case = json.loads(line)
        try:
            problems = CHECKS[case["api"]](case["body"])
        except ValidationError as error:
            problems = [f"{each['loc']}: {each['msg']}" for each in error.errors()[:20]]
        for problem in problems:
            failed += 1
            print(f"{case['name']}: {problem}")
    return 1 if failed else 0


sys.exit(main())
