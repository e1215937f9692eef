// Ties list, trace and connection together: what is chosen, what is asked for, when the page is drawn.
import { part, setText } from "./dom.js";
import { clock, duration, tokens } from "./format.js";
import { TraceList } from "./list.js";
import { Live } from "./live.js";
import { Trace } from "./model.js";
import { SpanTree } from "./spans.js";
import { StopButton } from "./stop.js";

const REFRESH = 1000;
const PAGE = 50;

const $ = (id) => document.getElementById(id);
const list = new TraceList($("traces"), (id) => choose(id, true));
const tree = new SpanTree($("spans"));
const stop = new StopButton($("stop"), $("stop-note"), () => key);

let traces = [];
// The newest trace of the last answer that the answer before did not have.
let fresh = null;
let more = 0;
let trace = null;
let live = null;
// The session that the address names; empty for all.
let session = "";
let key = sessionStorage.getItem("signalbox-key") ?? "";
// Milliseconds that the server's clock is ahead of the browser's.
let skew = 0;
let lastTick = 0;

function now() {
  return Date.now() + skew;
}

// MARK: the list

async function refresh() {
  try {
    if (!document.hidden) await load();
  } catch {
    showConnection("waiting");
  }
  setTimeout(refresh, REFRESH);
}

async function load() {
  const query = new URLSearchParams({ limit: PAGE + more });
  if (session) query.set("session", session);
  const answer = await fetch(`/v1/traces?${query}`, {
    headers: key ? { Authorization: `Bearer ${key}` } : {},
  });
  $("locked").hidden = answer.status !== 401 && answer.status !== 403;
  if (!answer.ok) return;
  const date = Date.parse(answer.headers.get("Date") ?? "");
  // The header has whole seconds: less than two of them say nothing.
  if (Number.isFinite(date)) skew = Math.abs(date - Date.now()) > 2000 ? date - Date.now() : 0;
  const body = await answer.json();
  const known = new Set(traces.map((item) => item.trace));
  traces = body.traces;
  fresh = traces.find((item) => !known.has(item.trace));
  $("older").hidden = !body.next;
  list.show(traces, now());
  $("welcome").hidden = traces.length > 0 || trace !== null;
  if (!live) showConnection("open");
  follow();
}

// While nobody has chosen: stays with a trace that runs, then goes to the newest that runs, or that is new.
function follow() {
  if (!$("follow").checked) return;
  if (trace?.spans.size && trace.status === "running") return;
  const next = traces.find((item) => item.status === "running") ?? fresh;
  if (next) choose(next.trace, false);
}

// MARK: the trace

function choose(id, byHand) {
  if (byHand) $("follow").checked = id === traces[0]?.trace && $("follow").checked;
  if (trace?.id === id) return;
  live?.close();
  list.select(id);
  if (byHand) history.replaceState(null, "", `#trace=${id}`);
  start(id);
  $("welcome").hidden = true;
  $("trace").hidden = false;
  live = new Live({ trace: id, from: "start" }, key, {
    event: (event) => {
      trace.apply(event);
      draw();
    },
    // What the server no longer has cannot be pieced together: begin again with what it has.
    reset: () => start(id),
    state: showConnection,
  });
}

function start(id) {
  trace = new Trace(id);
  tree.clear();
  drawHead();
}

// MARK: drawing, once a frame

let drawing = false;

function draw() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    const main = $("main");
    const atEnd = main.scrollHeight - main.scrollTop - main.clientHeight < 80;
    tree.render(trace, now());
    drawHead();
    if (atEnd && trace.status === "running") main.scrollTop = main.scrollHeight;
  });
}

function drawHead() {
  const known = traces.find((item) => item.trace === trace.id);
  const status = trace.spans.size ? trace.status : (known?.status ?? "running");
  $("trace-status").dataset.status = status;
  stop.show(trace.id, status);
  const root = trace.roots[0];
  const model = [...trace.spans.values()].find((span) => span.model)?.model;
  const name = root?.name || known?.name || model || "Trace";
  setText($("trace-name"), name);
  document.title = `${status === "running" ? "● " : ""}${name} · Signalbox`;
  $("trace-demo").hidden = !trace.demo;
  const facts = [["status", status]];
  if (trace.spans.size) {
    facts.push(["started", clock(trace.started)]);
    facts.push(["took", duration(trace.ended(now()) - trace.started)]);
    facts.push(["spans", String(trace.spans.size)]);
  }
  if (trace.usage) facts.push(["tokens", tokens(trace.usage).replace(" tokens", "")]);
  if (trace.session) facts.push(["session", trace.session]);
  facts.push(["trace", trace.id]);
  showFacts(facts);
  $("trace-note").hidden = trace.left === 0;
  setText($("trace-note"), "This trace has more spans than the page shows.");
}

function showFacts(facts) {
  const element = $("trace-facts");
  while (element.children.length > facts.length) element.lastElementChild.remove();
  facts.forEach(([label, text], place) => {
    let pair = element.children[place];
    if (!pair) {
      pair = part("div");
      pair.append(part("dt"), part("dd"));
      element.append(pair);
    }
    setText(pair.firstElementChild, label);
    setText(pair.lastElementChild, text);
  });
}

function tick(time) {
  if (time - lastTick > 100) {
    lastTick = time;
    list.tick(now());
    if (trace?.spans.size && trace.status === "running") {
      tree.tick(trace, now());
      drawHead();
    }
  }
  requestAnimationFrame(tick);
}

function showConnection(state) {
  const words = { open: "live", waiting: "reconnecting", denied: "not allowed" };
  $("connection").dataset.state = state;
  setText($("connection"), words[state]);
  if (state === "denied") $("locked").hidden = false;
}

// MARK: keys, theme, address

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target.matches("input[type=search], input[type=password]");
  if (event.key === "Escape") {
    event.target.blur();
    return;
  }
  if (typing) return;
  const inList = $("traces").contains(document.activeElement) || document.activeElement === document.body;
  switch (event.key) {
    case "j": list.move(1); break;
    case "k": list.move(-1); break;
    case "ArrowDown": if (!inList || !list.move(1)) return; break;
    case "ArrowUp": if (!inList || !list.move(-1)) return; break;
    case "Home": if (!inList) return; list.move(-Infinity); break;
    case "End": if (!inList) return; list.move(Infinity); break;
    case "Enter": if (!inList) return; $("main").focus(); break;
    case "/": $("filter").focus(); break;
    case "f": $("follow").click(); break;
    case "t": switchTheme(); break;
    case "x": $("stop").click(); break;
    default: return;
  }
  event.preventDefault();
}

function switchTheme() {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const shown = document.documentElement.dataset.theme ?? (dark ? "dark" : "light");
  const next = shown === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  localStorage.setItem("signalbox-theme", next);
}

function chooseFromAddress() {
  const address = new URLSearchParams(location.hash.slice(1));
  const id = address.get("trace");
  session = address.get("session") ?? "";
  if (id) {
    $("follow").checked = false;
    choose(id, false);
  }
}

$("filter").addEventListener("input", () => {
  list.filter = $("filter").value.trim().toLowerCase();
  list.show(traces, now());
});
$("follow").addEventListener("change", follow);
$("older").addEventListener("click", () => {
  more += PAGE;
  load();
});
$("theme").addEventListener("click", switchTheme);
$("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  key = $("key").value.trim();
  sessionStorage.setItem("signalbox-key", key);
  live?.close();
  live = null;
  trace = null;
  load();
});
addEventListener("keydown", onKey);
addEventListener("hashchange", chooseFromAddress);

const theme = localStorage.getItem("signalbox-theme");
if (theme) document.documentElement.dataset.theme = theme;
setText($("hint-gateway"), `export OPENAI_BASE_URL=${location.origin}/openai/v1`);
setText($("hint-event"), `curl ${location.origin}/v1/events -d '{"type":"cache.hit"}'`);
chooseFromAddress();
refresh();
requestAnimationFrame(tick);
