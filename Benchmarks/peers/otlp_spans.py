"""Sends spans by OTLP over HTTP, one request after the other, and says how many a second are answered.

    otlp_spans.py URL COUNT
"""

import http.client
import os
import sys
import time
import urllib.parse

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

BATCH = 100


def batch(number: int) -> bytes:
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


def main(url: str, count: int) -> None:
    target = urllib.parse.urlsplit(url)
    bodies = [batch(number) for number in range(max(1, count // BATCH))]
    connection = http.client.HTTPConnection(target.netloc, timeout=120)
    began = time.perf_counter()
    for body in bodies:
        connection.request("POST", target.path, body, {"Content-Type": "application/x-protobuf"})
        answer = connection.getresponse()
        told = answer.read()
        if answer.status >= 300:
            sys.exit(f"{answer.status} {told[:200]!r}")
    print(f"figure\tspans\t{len(bodies) * BATCH / (time.perf_counter() - began)}\tspans/s")


main(sys.argv[1], int(sys.argv[2]))
