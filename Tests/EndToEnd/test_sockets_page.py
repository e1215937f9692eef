"""The page of a chain and its monitor, in a real browser. SCREENSHOTS=folder keeps what it looked like."""

import os
import shutil
import subprocess
import uuid
from pathlib import Path

import pytest

from support import browser as browsers
from support.dialects import chain_run

HOSTILE = "<img src=x onerror='window.harmed = 1'><script>window.harmed = 2</script>"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    if not browsers.PROGRAM:
        pytest.skip("there is no Chromium: scripts/deps.sh browser installs it")
    browser = browsers.Browser(tmp_path_factory.mktemp("chromium"))
    yield browser
    browser.close()


@pytest.fixture
def look(tmp_path):
    """Keeps a picture of a page."""
    folder = Path(os.environ.get("SCREENSHOTS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    return lambda page, name: page.screenshot(folder / f"{name}.png")


@pytest.fixture
def chain():
    return str(uuid.uuid4())


def steps(page) -> list[list[str]]:
    return page.run("[...document.querySelectorAll('#steps li')].map((li) => [li.firstChild.textContent, li.dataset.state])")


def test_a_chain_is_followed_across_the_death_of_the_server(launch, browser, chain, look):
    server = launch()
    server.listen = f"127.0.0.1:{server.port}"
    page = browser.open(f"{server.url}/chain/{chain}")
    page.until("document.querySelector('#connection').dataset.state === 'open'")
    look(page, "1-waiting")
    events = chain_run(chain, steps=4)
    events[0]["data"]["name"] = "Summarise " + HOSTILE
    events[2]["data"]["result"] = {"text": HOSTILE}
    events[-1]["data"]["output"] = HOSTILE
    server.send(events[:2])
    page.until("document.body.dataset.phase === 'running' && document.querySelector('#percent').textContent === '25 %'")
    server.send({"type": "chain.progress", "phase": "progress", "chain": chain, "span": events[0]["span"],
                 "data": {"name": "step-1", "fraction": 0.4, "step_fraction": 0.6, "message": "page 6 of 10"}})
    page.until("document.querySelector('#percent').textContent === '40 %'")
    assert page.text("#message") == "page 6 of 10"
    assert steps(page) == [["step-0", "done"], ["step-1", "now"], ["step-2", "planned"], ["step-3", "planned"]]
    look(page, "2-running")
    # A mark that a reload would wipe out.
    page.run("window.mark = 'here'")
    server.kill()
    page.until("document.querySelector('#connection').textContent === 'reconnecting'")
    look(page, "3-reconnecting")
    server.start()
    server.send(events[2:])
    page.until("document.body.dataset.phase === 'completed'")
    look(page, "4-completed")
    assert page.run("window.mark") == "here" and page.run("window.harmed") is None
    assert steps(page) == [[f"step-{number}", "done"] for number in range(4)]
    assert page.text("#result") == HOSTILE and page.text("#name") == "Summarise " + HOSTILE
    assert page.run("document.querySelector('#progress').value") == 100
    assert page.run("document.querySelectorAll('main img, main script').length") == 0


def test_a_failure_and_a_late_comer(server, browser, chain, look):
    events = chain_run(chain, steps=2)
    server.send(events[:2] + [
        {"type": "chain.error", "phase": "error", "chain": chain, "span": events[0]["span"],
         "data": {"reason": "failed", "message": "no such page: " + HOSTILE}}])
    page = browser.open(f"{server.url}/chain/{chain}")
    page.until("document.body.dataset.phase === 'failed'")
    assert page.text("#error") == "no such page: " + HOSTILE and page.run("window.harmed") is None
    assert steps(page) == [["step-0", "done"], ["step-1", "planned"]]
    look(page, "5-failed")


def test_steps_of_one_name_and_very_many_steps(server, browser, chain):
    def told(kind, **data):
        return {"type": f"chain.{kind}", "phase": {"start": "start", "end": "end"}.get(kind, "progress"),
                "chain": chain, "span": f"c-{chain}", "data": data}

    server.send([told("start", name="loop")] + [
        told(kind, name="again", fraction=0.1) for _ in range(2) for kind in ("progress", "step")] + [
        told("step", name=f"s{number}", fraction=0.5) for number in range(600)] + [told("end", output=None)])
    page = browser.open(f"{server.url}/chain/{chain}")
    page.until("document.body.dataset.phase === 'completed'")
    rows = steps(page)
    assert rows[:3] == [["again", "done"], ["again", "done"], ["s0", "done"]] and len(rows) == 500
    assert page.text("#more") == "and 102 more" and page.text("#result") == "null"


def test_a_page_that_may_not_come_in_asks_for_a_key(launch, browser, chain, look):
    server = launch("--require-keys")
    key = next(line.split()[-1] for line in server.output if line.startswith("admin key"))
    server.send(chain_run(chain), headers={"x-signalbox-key": key})
    page = browser.open(f"{server.url}/chain/{chain}")
    page.until("document.querySelector('#connection').dataset.state === 'denied'")
    look(page, "6-denied")
    page.run(f"document.querySelector('#key').value = '{key}'; document.querySelector('#key-form button').click()")
    page.until("document.body.dataset.phase === 'completed'")


# As the script of the document's project is written, and nothing more.
ORIGINAL = """
class OriginalMonitor {
  constructor(chainId) {
    this.handlers = {};
    const protocol = window.location.protocol === 'https:' ? 'wss:' : 'ws:';
    this.socket = new WebSocket(`${protocol}//${window.location.host}/ws/chain/${chainId}/`);
    this.socket.onmessage = (event) => {
      const data = JSON.parse(event.data);
      switch (data.update_type) {
        case 'start': this.handlers.start && this.handlers.start(data); break;
        case 'step': this.handlers.step && this.handlers.step(data); break;
        case 'complete': this.handlers.complete && this.handlers.complete(data); break;
        case 'error': this.handlers.error && this.handlers.error(data); break;
        default: window.told.push(['unknown', data]);
      }
    };
  }
  onStart(callback) { this.handlers.start = callback; }
  onStep(callback) { this.handlers.step = callback; }
  onComplete(callback) { this.handlers.complete = callback; }
  onError(callback) { this.handlers.error = callback; }
}
"""

LISTEN = """
window.told = [];
mine.onStart((data) => told.push(['start', data.status, data.metadata.name]));
mine.onStep((data) => told.push(['step', data.step_name, data.progress_percentage]));
mine.onComplete((data) => told.push(['complete', data.result.answer]));
mine.onError((data) => told.push(['error', data.error]));
"""

TOLD = [["start", "started", "summarise"], ["step", "step-0", 50], ["step", "step-1", 100], ["complete", 42]]


@pytest.mark.parametrize("make", [
    ORIGINAL + "var mine = new OriginalMonitor('CHAIN');",
    "var mine = new ChainMonitor('CHAIN');",
    "import('/js/chain-monitor.mjs').then((module) => { window.mine = new module.default('CHAIN'); })",
], ids=["original", "classic", "module"])
def test_the_documented_api_works(server, browser, chain, make):
    page = browser.open(f"{server.url}/chain/elsewhere")
    page.run(make.replace("CHAIN", chain))
    page.run(LISTEN)
    server.send(chain_run(chain))
    page.until("told.length >= 4")
    assert page.run("told") == TOLD


def test_a_handler_that_fails_spares_the_others(server, browser, chain):
    page = browser.open(f"{server.url}/chain/elsewhere")
    page.run(f"""
      window.told = []; window.states = []; window.addEventListener('error', (event) => event.preventDefault());
      var mine = new ChainMonitor('{chain}');
      mine.onConnection((state) => states.push(state)).onStep(() => {{ throw new Error('mine'); }})
        .onStep((data) => told.push(data.step_name)).onComplete(() => told.push('complete'));""")
    server.send(chain_run(chain))
    page.until("told.includes('complete')")
    assert page.run("told") == ["step-0", "step-1", "complete"]
    assert page.run("states") == ["connecting", "open"]
    position = page.run("mine.position")
    page.run("mine.close()")
    assert page.run("mine.state") == "closed"
    # Another goes on where this one was.
    page.run(f"var next = new ChainMonitor('{chain}', {{after: '{position}'}}).onStart((data) => told.push(data.metadata.name))")
    server.send({"type": "chain.start", "phase": "start", "chain": chain, "span": "next", "data": {"name": "again"}})
    page.until("told.includes('again')")
    assert page.run("told.length") == 4


def test_types_and_scripts_are_served(server):
    for name, kind in [("chain-monitor.js", "text/javascript"), ("chain-monitor.mjs", "text/javascript"),
                       ("chain-monitor.d.ts", "text/plain"), ("chain-monitor.d.mts", "text/plain")]:
        answer = server.http.get(f"/js/{name}")
        assert answer.status_code == 200 and answer.headers["content-type"].startswith(kind)
        assert "ChainMonitor" in answer.text


@pytest.mark.skipif(shutil.which("tsc") is None, reason="there is no TypeScript compiler")
def test_types_are_what_the_compiler_reads(server, tmp_path):
    """The document's example, with the files as they are served; and that the types say no to what is not there."""
    for name in ["chain-monitor.js", "chain-monitor.mjs", "chain-monitor.d.ts", "chain-monitor.d.mts"]:
        (tmp_path / name).write_text(server.http.get(f"/js/{name}").text)
    document = (Path(__file__).parents[2] / "docs/chain-monitor.md").read_text()
    example = document.split("<!-- check: tsc -->\n```ts\n")[1].split("```")[0]

    def compiled(text):
        (tmp_path / "page.mts").write_text(text)
        return subprocess.run(
            ["tsc", "--noEmit", "--strict", "--module", "nodenext", "--moduleResolution", "nodenext",
             "--target", "es2020", "--lib", "dom,es2020", "page.mts"],
            cwd=tmp_path, capture_output=True, text=True)

    good = compiled(example)
    assert good.returncode == 0, good.stdout
    assert "'step' does not exist on type 'ChainStep" in compiled(example.replace("update.step_name", "update.step")).stdout
    classic = compiled('new window.ChainMonitor(42).onConnection((state) => state === "open").close();\n'
                       'import "./chain-monitor.js";\n')
    assert classic.returncode == 0, classic.stdout
