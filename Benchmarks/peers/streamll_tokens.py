"""What streamll's event for each token costs the thread that streams, behind a sink that keeps nothing."""

import sys
import time

import streamll
from streamll.context import emit


class Discard:
    is_running = True
    seen = 0

    def start(self) -> None: ...

    def handle_event(self, event) -> None:
        self.seen += 1


def main(count: int) -> None:
    sink = Discard()
    streamll.configure(sinks=[sink], permanent=True)
    began = time.thread_time_ns()
    for number in range(count):
        emit("token", data={"field": "answer", "token": " word", "token_index": number})
    spent = time.thread_time_ns() - began
    assert sink.seen == count, sink.seen
    print(f"figure\tevent of a token\t{spent / count}\tns")


main(int(sys.argv[1]))
