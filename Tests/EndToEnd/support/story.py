"""What must be true of the events that one model call left behind, whatever happened to it."""

TERMINAL = ("end", "error")


def check(events: list[dict]) -> dict:
    """Checks one llm span's events and returns its terminal event."""
    assert events[0].get("phase") == "start", events[0]
    spans = {event["span"] for event in events}
    assert len(spans) == 1, f"one call has one span, not {spans}"
    terminals = [event for event in events if event.get("phase") in TERMINAL]
    assert len(terminals) == 1, f"exactly one terminal, not {[event['type'] for event in terminals]}"
    expected = 0
    for event in events:
        if event.get("phase") == "delta":
            assert event["index"] == expected, f"index {event['index']} where {expected} was due"
            expected += event.get("count", 1)
    offsets = [int(event["position"].split("-")[1]) for event in events]
    assert offsets == sorted(set(offsets)), "positions rise and none is there twice"
    late = [event for event in events if event.get("late")]
    assert not late or events.index(late[0]) > events.index(terminals[0])
    return terminals[0]


def text(events: list[dict], channel: str = "text", choice: int = 0, tool: int | None = None) -> str:
    """The assembled text of a channel of a choice, or the arguments of a tool call."""
    return "".join(
        event["data"]["text"] for event in events
        if event.get("phase") == "delta" and event["data"].get("channel", "text") == channel
        and event["data"].get("choice", 0) == choice
        and (tool is None or event["data"].get("tool", {}).get("index", 0) == tool))


def usage(events: list[dict]) -> dict | None:
    return next((event["data"] for event in reversed(events) if event.get("phase") == "usage"), None)
