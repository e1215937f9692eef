"""The dashboard's stop button in a real browser. SCREENSHOTS=folder keeps what it looked like."""

from test_access import added, printed
from test_sockets_page import browser, look  # fixtures
from test_stop import Call, end_of, held  # a fixture, and what calls

STOP = "document.querySelector('#stop')"


def opened(browser, server, trace):
    page = browser.open(f"{server.url}/#trace={trace}")
    page.until(f"!{STOP}.hidden && document.querySelector('.text').textContent.length > 0")
    return page


def test_the_button_ends_a_call(server, browser, look, session, trace, held):
    call = Call(server, held, session, trace)
    page = opened(browser, server, trace)
    assert page.text("#stop") == "Stop"
    look(page, "stop-1-running")
    page.run(f"{STOP}.click(); {STOP}.click()")
    page.until(f"{STOP}.hidden && document.querySelector('#trace-status').dataset.status === 'cancelled'")
    look(page, "stop-2-cancelled")
    assert call.ended().failure is not None
    assert end_of(server, session)["data"]["reason"] == "cancelled"
    assert page.run("document.querySelector('#stop-note').hidden")


def test_who_may_not_is_told_so(launch, browser, look, upstream, session, trace):
    server = launch("--require-keys")
    server.keys = {"admin": printed(server)}
    writing, reading = added(server, "writer", "ingest"), added(server, "watcher", "read")
    server.send({"type": "llm.start", "phase": "start", "trace": trace, "span": "1" * 16, "data": {"name": "held"}},
                headers={"Authorization": f"Bearer {writing}"})
    page = browser.open(f"{server.url}/#trace={trace}")
    page.until("!document.querySelector('#locked').hidden")
    page.run(f"document.querySelector('#key').value = '{reading}'; document.querySelector('#key-form').requestSubmit()")
    page.run(f"location.hash = ''; location.hash = 'trace={trace}'")
    page.until(f"!{STOP}.hidden")
    page.run(f"{STOP}.click()")
    page.until("!document.querySelector('#stop-note').hidden")
    look(page, "stop-3-refused")
    assert "ingest" in page.text("#stop-note"), "it says which key may"
    assert page.text("#stop") == "Stop" and not page.run(f"{STOP}.disabled"), "it can be tried again"


def test_where_nobody_hears(server, browser, trace):
    """Events without a producer: the button says that nobody can be told."""
    server.send({"type": "llm.start", "phase": "start", "trace": trace, "span": "2" * 16, "data": {"name": "alone"}})
    page = browser.open(f"{server.url}/#trace={trace}")
    page.until(f"!{STOP}.hidden")
    page.run(f"{STOP}.click()")
    page.until("!document.querySelector('#stop-note').hidden")
    assert "no producer" in page.text("#stop-note")
