"""Sends spans, one request of 100 after the other, and says how many a second are answered.

    spans.py otlp|events URL COUNT

By OTLP over HTTP, as Phoenix takes them, or as Signalbox's events: a start and an end for each. Whoever says that it has
too much to do is asked again.
"""

import http.client
import json
import os
import sys
import time
import urllib.parse

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

BATCH = 100


def otlp(number: int) -> bytes:
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add().scope_spans.add().spans
    trace, now = os.urandom(16), time.time_ns()
    for place in range(BATCH):
        span = spans.add(trace_id=trace, span_id=os.urandom(8), name="chat gpt-4o-mini", kind=3,
                         start_time_unix_nano=now - 1_000_000, end_time_unix_nano=now)
        for key, value in (("gen_ai.request.model", "gpt-4o-mini"), ("gen_ai.operation.name", "chat")):
            span.attributes.add(key=key).value.string_value = value
        span.attributes.add(key="number").value.int_value = number * BATCH + place
    return request.SerializeToString()


def events(number: int) -> bytes:
    told, trace = [], os.urandom(16).hex()
    for place in range(BATCH):
        event = {"trace": trace, "span": os.urandom(8).hex(), "model": "gpt-4o-mini"}
        told.append(event | {"type": "llm.start", "phase": "start", "data": {"operation": "chat"}})
        told.append(event | {"type": "llm.end", "phase": "end", "data": {"number": number * BATCH + place}})
    return json.dumps(told).encode()


KINDS = {"otlp": (otlp, "application/x-protobuf"), "events": (events, "application/json")}


def main(kind: str, url: str, count: int) -> None:
    target = urllib.parse.urlsplit(url)
    batch, media = KINDS[kind]
    bodies = [batch(number) for number in range(max(1, count // BATCH))]
    connection = http.client.HTTPConnection(target.netloc, timeout=120)
    began = time.perf_counter()
    for body in bodies:
        while True:
            connection.request("POST", target.path, body, {"Content-Type": media})
            answer = connection.getresponse()
            told = answer.read()
            if answer.status not in (429, 503):
                break
            time.sleep(0.05)
        if answer.status >= 300:
            sys.exit(f"{answer.status} {told[:200]!r}")
    print(f"figure\tspans\t{len(bodies) * BATCH / (time.perf_counter() - began)}\tspans/s")


main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
