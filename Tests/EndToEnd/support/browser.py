"""Chromium, driven over its DevTools protocol."""

import base64
import itertools
import json
import re
import shutil
import subprocess
import threading
from pathlib import Path

from websockets.sync.client import connect

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
WAIT = 20


class Browser:
    """A headless Chromium with a profile of its own."""

    def __init__(self, folder: Path):
        self.process = subprocess.Popen(
            [PROGRAM, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--disable-background-networking", "--window-size=900,820", "--remote-debugging-port=0", "--remote-allow-origins=*",
             f"--user-data-dir={folder}", "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if found := re.search(r"DevTools listening on (ws://\S+)", line):
                break
        else:
            raise AssertionError("Chromium ended before it listened")
        threading.Thread(target=self.process.stderr.read, daemon=True).start()
        self.socket = connect(found[1], max_size=None, compression=None)
        self.numbers = itertools.count(1)

    def call(self, method: str, session: str | None = None, **parameters) -> dict:
        number = next(self.numbers)
        message = {"id": number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        self.socket.send(json.dumps(message))
        while True:
            answer = json.loads(self.socket.recv(timeout=WAIT))
            if answer.get("id") == number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]

    def open(self, url: str) -> "Page":
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, session)
        page.call("Page.enable")
        page.call("Page.navigate", url=url)
        page.until(f"document.readyState === 'complete' && location.href.startsWith({json.dumps(url)})")
        return page

    def close(self) -> None:
        self.call("Browser.close")
        self.process.wait(10)


class Page:
    def __init__(self, browser: Browser, session: str):
        self.browser, self.session = browser, session

    def call(self, method: str, **parameters) -> dict:
        return self.browser.call(method, self.session, **parameters)

    def run(self, script: str):
        """The value of an expression, awaited where it is a promise."""
        result = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    def until(self, condition: str):
        """Waits until an expression is true and returns it; looked at with every frame that is drawn."""
        found = self.run(
            "new Promise((done) => { const until = performance.now() + %d; const look = () => { let value; "
            "try { value = (%s); } catch (error) { value = false; } "
            "if (value || performance.now() > until) done(value || null); else setTimeout(look, 5); }; look(); })"
            % ((WAIT - 5) * 1000, condition))
        assert found, f"waited for {condition}; the page says:\n{self.run('document.body.innerText')}"
        return found

    def text(self, selector: str) -> str:
        return self.run(f"document.querySelector({json.dumps(selector)}).textContent")

    def screenshot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))
