// Made by scripts/embed.sh from the files in web/: change those.
// swift-format-ignore-file

extension DashboardAsset {
  /// Every file of the dashboard, by the path it is served at.
  static let all: [DashboardAsset] = [
    DashboardAsset(
      path: "/assets/dom.js", contentType: "text/javascript; charset=utf-8", tag: "\"0410de0b342bb6e9\"",
      text: ###"""
// The two things that all views do with the page. Content goes in as text, never as markup.

export function part(name, className) {
  const element = document.createElement(name);
  if (className) element.className = className;
  return element;
}

export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
"""###),
    DashboardAsset(
      path: "/assets/favicon.svg", contentType: "image/svg+xml", tag: "\"476f56bbce4222ea\"",
      text: ###"""
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
  <rect width="32" height="32" rx="8" fill="#14161c"/>
  <path d="M7 20h4l3-9 4 14 3-8h4" fill="none" stroke="#5eead4" stroke-width="2.6" stroke-linecap="round"
    stroke-linejoin="round"/>
</svg>
"""###),
    DashboardAsset(
      path: "/assets/format.js", contentType: "text/javascript; charset=utf-8", tag: "\"9d539b06dc90bfaf\"",
      text: ###"""
// Numbers as a person reads them.

export function duration(ms) {
  if (ms < 0.95) return "<1 ms";
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 9995) return `${(ms / 1000).toFixed(2)} s`;
  if (ms < 59950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${two(Math.floor(seconds / 60) % 60)} min`;
}

export function count(value) {
  if (Math.abs(value) < 10000) return String(value);
  if (Math.abs(value) < 999950) return `${(value / 1000).toFixed(1)}k`;
  return `${(value / 1e6).toFixed(1)}M`;
}

// `1204 → 88 tokens`, with ~ before an estimate; empty where nobody counted.
export function tokens(usage) {
  if (!usage) return "";
  const classes = [usage.input, usage.cached_read, usage.cache_write].filter(Number.isFinite);
  const input = classes.length ? classes.reduce((sum, value) => sum + value, 0) : null;
  const output = Number.isFinite(usage.output) ? usage.output : null;
  const mark = usage.provenance === "estimated" ? "~" : "";
  if (input !== null && output !== null) return `${mark}${count(input)} → ${count(output)} tokens`;
  if (output !== null) return `${mark}${count(output)} tokens`;
  if (input !== null) return `${mark}${count(input)} tokens in`;
  return Number.isFinite(usage.total) ? `${mark}${count(usage.total)} tokens` : "";
}

export function clock(ms) {
  return new Date(ms).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
}

// Text of any JSON value: strings as they are, the rest indented.
export function value(json) {
  if (json === undefined || json === null) return "";
  return typeof json === "string" ? json : JSON.stringify(json, null, 2);
}

function two(number) {
  return String(number).padStart(2, "0");
}
"""###),
    DashboardAsset(
      path: "/", contentType: "text/html; charset=utf-8", tag: "\"cdf163175293c74c\"",
      text: ###"""
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Signalbox</title>
<link rel="icon" href="/assets/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/assets/style.css">
<script type="module" src="/assets/main.js"></script>
</head>
<body>
<header class="bar">
  <h1><img src="/assets/favicon.svg" alt="" width="20" height="20"> Signalbox</h1>
  <input id="filter" type="search" placeholder="Filter by name, model, session or id" aria-label="Filter traces"
    autocomplete="off" spellcheck="false">
  <label class="follow"><input id="follow" type="checkbox" checked> Follow</label>
  <button id="theme" type="button" aria-label="Switch between light and dark" title="Light or dark (t)"></button>
  <span id="connection" class="connection" role="status"></span>
</header>
<div class="panes">
  <nav class="list" aria-label="Traces">
    <ul id="traces" role="listbox" aria-label="Traces" tabindex="-1"></ul>
    <button id="older" type="button" class="older" hidden>Older traces</button>
  </nav>
  <main id="main" tabindex="-1">
    <section id="welcome" class="welcome" hidden>
      <h2>Nothing has come in yet</h2>
      <p>Point an OpenAI client here, and its calls appear as they stream:</p>
      <pre><code id="hint-gateway"></code></pre>
      <p>Or play a believable run:</p>
      <pre><code>signalbox demo</code></pre>
      <p>Or send an event:</p>
      <pre><code id="hint-event"></code></pre>
    </section>
    <section id="trace" hidden>
      <div class="head">
        <div class="title">
          <span id="trace-status" class="status"></span>
          <h2 id="trace-name"></h2>
          <span id="trace-demo" class="chip" hidden>demo</span>
          <button id="stop" type="button" class="stop" title="End what runs of this trace (x)" hidden>Stop</button>
        </div>
        <p id="stop-note" class="error" role="status" hidden></p>
        <dl id="trace-facts" class="facts"></dl>
      </div>
      <div id="spans" class="spans" role="list" aria-label="Spans"></div>
      <p id="trace-note" class="note" hidden></p>
    </section>
    <section id="locked" class="welcome" hidden>
      <h2>This server asks for a key</h2>
      <p>Any key with the scope <code>read</code> will do (<code>signalbox keys add</code>). It is kept in this tab
        only.</p>
      <form id="key-form">
        <input id="key" type="password" aria-label="Key" autocomplete="off" spellcheck="false">
        <button type="submit">Open</button>
      </form>
    </section>
  </main>
</div>
<noscript>This page needs JavaScript. In a terminal, <code>signalbox tail</code> shows the same.</noscript>
</body>
</html>
"""###),
    DashboardAsset(
      path: "/assets/list.js", contentType: "text/javascript; charset=utf-8", tag: "\"f82ec6632dbacf6a\"",
      text: ###"""
// The list of traces on the left: rows are kept and patched, never rebuilt.
import { part, setText } from "./dom.js";
import { clock, duration, tokens } from "./format.js";

export class TraceList {
  constructor(element, choose) {
    this.element = element;
    this.choose = choose;
    this.rows = new Map();
    this.order = [];
    this.selected = null;
    this.filter = "";
    element.addEventListener("click", (event) => {
      const row = event.target.closest("li");
      if (row) this.choose(row.dataset.trace);
    });
  }

  // Shows these traces, newest first; what is not among them goes.
  show(traces, now) {
    const wanted = traces.filter((trace) => this.matches(trace));
    const ids = new Set(wanted.map((trace) => trace.trace));
    for (const [id, row] of this.rows) {
      if (!ids.has(id)) {
        row.element.remove();
        this.rows.delete(id);
      }
    }
    this.order = wanted.map((trace) => trace.trace);
    wanted.forEach((trace, place) => {
      let row = this.rows.get(trace.trace);
      if (!row) {
        row = new Row(trace.trace);
        this.rows.set(trace.trace, row);
      }
      row.update(trace, now, trace.trace === this.selected);
      if (this.element.children[place] !== row.element) {
        this.element.insertBefore(row.element, this.element.children[place] ?? null);
      }
    });
  }

  matches(trace) {
    if (!this.filter) return true;
    const text = `${trace.name ?? ""} ${trace.model ?? ""} ${trace.session ?? ""} ${trace.trace} ${trace.status}`;
    return text.toLowerCase().includes(this.filter);
  }

  select(id) {
    this.rows.get(this.selected)?.mark(false);
    this.selected = id;
    this.rows.get(id)?.mark(true);
  }

  // Moves the selection; returns whether there was somewhere to go.
  move(steps) {
    if (!this.order.length) return false;
    const at = this.order.indexOf(this.selected);
    const next = this.order[Math.max(0, Math.min(this.order.length - 1, at < 0 ? 0 : at + steps))];
    if (next === this.selected) return false;
    this.choose(next);
    this.rows.get(next)?.element.scrollIntoView({ block: "nearest" });
    this.rows.get(next)?.element.focus({ preventScroll: true });
    return true;
  }

  // Durations of what runs go on between two answers of the server.
  tick(now) {
    for (const row of this.rows.values()) row.tick(now);
  }
}

class Row {
  constructor(id) {
    this.element = document.createElement("li");
    this.element.dataset.trace = id;
    this.element.setAttribute("role", "option");
    this.element.tabIndex = -1;
    this.status = part("span", "status");
    this.name = part("span", "name");
    this.time = part("span", "time");
    this.facts = part("span", "facts");
    this.duration = part("span", "duration");
    this.element.append(this.status, this.name, this.time, this.facts, this.duration);
  }

  update(trace, now, selected) {
    this.trace = trace;
    const name = trace.name || trace.model || "trace";
    setText(this.name, name);
    this.status.dataset.status = trace.status;
    this.status.title = trace.message ? `${trace.status}: ${trace.message}` : trace.status;
    setText(this.time, trace.started ? clock(Date.parse(trace.started)) : "");
    const facts = [trace.model, trace.session, tokens(trace.usage)];
    setText(this.facts, facts.filter((fact) => fact && fact !== name).join(" · "));
    this.element.setAttribute("aria-label", `${name}, ${trace.status}`);
    this.mark(selected);
    this.tick(now);
  }

  tick(now) {
    const { trace } = this;
    const ms = trace.status === "running" ? now - Date.parse(trace.started) : trace.duration_ms;
    setText(this.duration, Number.isFinite(ms) ? duration(Math.max(0, ms)) : "");
  }

  mark(selected) {
    this.element.setAttribute("aria-selected", String(selected));
    this.element.tabIndex = selected ? 0 : -1;
  }
}
"""###),
    DashboardAsset(
      path: "/assets/live.js", contentType: "text/javascript; charset=utf-8", tag: "\"d811b84f6afc8e37\"",
      text: ###"""
// A live connection that comes back by itself and says where it went on.

const FIRST_WAIT = 250;
const LONGEST_WAIT = 10_000;

export class Live {
  // `on`: event(object), reset() when history is no longer whole, state("open" | "waiting" | "denied").
  constructor(query, key, on) {
    this.query = query;
    this.key = key;
    this.on = on;
    this.position = null;
    this.failures = 0;
    this.everOpen = false;
    this.closed = false;
    this.open();
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
    this.drop();
  }

  drop() {
    const old = this.socket ?? this.source;
    this.socket = this.source = null;
    if (!old) return;
    old.onopen = old.onmessage = old.onclose = old.onerror = null;
    old.close();
  }

  open() {
    if (this.closed) return;
    // A proxy that lets no WebSocket through mostly lets server-sent events through.
    if (!this.everOpen && this.failures > 1) this.openSource();
    else this.openSocket();
  }

  address(scheme) {
    const query = new URLSearchParams(this.query);
    if (this.position) {
      query.delete("from");
      query.set("after", this.position);
    }
    if (this.key) query.set("key", this.key);
    return `${location.origin.replace(/^http/, scheme)}/v1/live?${query}`;
  }

  openSocket() {
    const socket = new WebSocket(this.address("ws"));
    this.socket = socket;
    socket.onopen = () => this.opened();
    socket.onmessage = (message) => this.take(message.data);
    socket.onclose = (close) => {
      if (close.code === 4409) return this.reset();
      if (close.code === 4401 || close.code === 4403) return this.on.state("denied");
      this.again();
    };
  }

  openSource() {
    const source = new EventSource(this.address("http"));
    this.source = source;
    source.onopen = () => this.opened();
    source.onmessage = (message) => {
      if (message.lastEventId) this.position = message.lastEventId;
      this.take(message.data);
    };
    source.addEventListener("control", (message) => this.take(message.data));
    source.addEventListener("reset", () => this.reset());
    // The browser's own retry would not know `after=`.
    source.onerror = () => this.again();
  }

  opened() {
    this.everOpen = true;
    this.failures = 0;
    this.on.state("open");
  }

  take(text) {
    let event;
    try {
      event = JSON.parse(text);
    } catch {
      return;
    }
    if (event.control === "reset") return this.reset();
    if (event.control) {
      if (event.control === "heartbeat" && event.position) this.position = event.position;
      return;
    }
    if (event.position) this.position = event.position;
    this.on.event(event);
  }

  reset() {
    this.position = null;
    this.on.reset();
    this.again();
  }

  again() {
    this.drop();
    if (this.closed) return;
    this.failures += 1;
    this.on.state("waiting");
    const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (this.failures - 1));
    this.timer = setTimeout(() => this.open(), wait * (0.5 + Math.random() / 2));
  }
}
"""###),
    DashboardAsset(
      path: "/assets/main.js", contentType: "text/javascript; charset=utf-8", tag: "\"1387380f9dfa213a\"",
      text: ###"""
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
"""###),
    DashboardAsset(
      path: "/assets/model.js", contentType: "text/javascript; charset=utf-8", tag: "\"1532fd3ef740fddc\"",
      text: ###"""
// A trace as its events tell it. Pure: no page, no clock, no network.

// Characters kept of one text; the beginning goes first.
export const TEXT_LIMIT = 200_000;
// Spans kept of one trace.
export const SPAN_LIMIT = 2_000;
// Events without a phase kept of one span.
export const NOTE_LIMIT = 200;

// The deltas of one channel, in the order of their indices.
export class Stream {
  constructor(channel, tool) {
    this.channel = channel;
    this.tool = tool;
    this.pieces = [];
    this.length = 0;
    this.cut = false;
    // Rises when more than an append has happened, so that a view knows it must start over.
    this.version = 0;
  }

  add(index, text) {
    const last = this.pieces.at(-1);
    this.pieces.push({ index, text });
    if (last && index < last.index) {
      this.pieces.sort((a, b) => a.index - b.index);
      this.version += 1;
    }
    this.length += text.length;
    if (this.length > TEXT_LIMIT) this.trim();
  }

  discard(from) {
    this.pieces = this.pieces.filter((piece) => piece.index < from);
    this.length = this.pieces.reduce((sum, piece) => sum + piece.text.length, 0);
    this.version += 1;
  }

  trim() {
    let kept = 0;
    let first = this.pieces.length;
    while (first > 0 && kept + this.pieces[first - 1].text.length <= TEXT_LIMIT / 2) {
      first -= 1;
      kept += this.pieces[first].text.length;
    }
    if (first === this.pieces.length) {
      first -= 1;
      const piece = this.pieces[first];
      this.pieces[first] = { index: piece.index, text: piece.text.slice(-TEXT_LIMIT / 2) };
      kept = this.pieces[first].text.length;
    }
    this.pieces.splice(0, first);
    this.length = kept;
    this.cut = true;
    this.version += 1;
  }
}

export class Span {
  constructor(event) {
    this.id = event.span;
    this.parent = event.parent ?? null;
    this.kind = event.type.split(".")[0];
    this.name = "";
    this.model = "";
    this.provider = "";
    this.status = "running";
    this.started = Date.parse(event.time);
    this.ended = null;
    this.firstDelta = null;
    this.duration = null;
    this.usage = null;
    this.error = null;
    this.attempt = 0;
    this.progress = null;
    this.input = null;
    this.output = null;
    this.streams = new Map();
    this.notes = [];
    this.notesLost = 0;
    this.children = [];
  }

  get running() {
    return this.status === "running";
  }

  apply(event) {
    const data = event.data && typeof event.data === "object" ? event.data : {};
    if (typeof data.name === "string" && event.phase !== "progress") this.name = data.name;
    if (event.model) this.model = event.model;
    if (event.provider) this.provider = event.provider;
    const time = Date.parse(event.time);
    switch (event.phase) {
      case "start":
        this.started = time;
        this.kind = event.type.split(".")[0];
        this.input = data.input ?? data.arguments ?? data.query ?? null;
        break;
      case "delta": this.addDelta(event, data, time); break;
      case "usage": this.usage = data; break;
      case "progress": this.progress = data; break;
      case "restart":
        this.attempt = data.attempt ?? this.attempt + 1;
        for (const stream of this.streams.values()) stream.discard(data.discard_from ?? 0);
        this.note(event.type, data.message ?? "tried again");
        break;
      case "end": this.finish("ok", data, time); break;
      case "error": this.finish(data.reason ?? "failed", data, time); break;
      default: this.note(event.type, JSON.stringify(event.data) ?? "");
    }
  }

  addDelta(event, data, time) {
    if (this.firstDelta === null) this.firstDelta = Math.max(0, time - this.started);
    const channel = data.channel ?? "text";
    const key = `${channel}/${data.choice ?? 0}/${data.tool?.index ?? 0}`;
    let stream = this.streams.get(key);
    if (!stream) {
      stream = new Stream(channel, data.tool?.name ?? "");
      this.streams.set(key, stream);
    }
    if (data.tool?.name) stream.tool = data.tool.name;
    stream.add(event.index ?? 0, typeof data.text === "string" ? data.text : "");
  }

  finish(status, data, time) {
    // The first end wins, but a real one supersedes "lost".
    if (!this.running && this.status !== "lost") return;
    this.status = status;
    this.ended = time;
    this.usage = data.usage ?? this.usage;
    this.error = status === "ok" ? null : (data.message ?? status);
    this.output = data.output ?? data.result ?? data.documents ?? null;
    this.firstDelta = data.timing?.first_delta_ms ?? this.firstDelta;
    this.duration = data.timing?.duration_ms ?? Math.max(0, time - this.started);
  }

  note(type, text) {
    this.notes.push({ type, text });
    if (this.notes.length > NOTE_LIMIT) {
      this.notes.shift();
      this.notesLost += 1;
    }
  }
}

export class Trace {
  constructor(id) {
    this.id = id;
    this.spans = new Map();
    this.roots = [];
    this.session = "";
    this.demo = false;
    this.left = 0;
    // Spans that changed since somebody asked.
    this.changed = new Set();
  }

  // Takes an event in and returns the span it changed; null when it belongs to none.
  apply(event) {
    if (event.session) this.session = event.session;
    if (event.tags?.demo === "true") this.demo = true;
    if (!event.span) return null;
    let span = this.spans.get(event.span);
    if (!span) {
      if (this.spans.size >= SPAN_LIMIT) {
        this.left += 1;
        return null;
      }
      span = new Span(event);
      this.spans.set(span.id, span);
      this.place(span);
      this.adopt(span);
    } else if (!span.parent && event.parent) {
      span.parent = event.parent;
      if (this.spans.has(span.parent) && !this.isWithin(this.spans.get(span.parent), span)) {
        this.roots = this.roots.filter((root) => root !== span);
        this.spans.get(span.parent).children.push(span);
      }
    }
    span.apply(event);
    this.changed.add(span);
    return span;
  }

  place(span) {
    const parent = span.parent === span.id ? null : this.spans.get(span.parent);
    (parent ? parent.children : this.roots).push(span);
  }

  // Spans that came before their parent move under it.
  adopt(parent) {
    const orphans = this.roots.filter((root) => root !== parent && root.parent === parent.id);
    for (const orphan of orphans) {
      if (this.isWithin(parent, orphan)) continue;
      this.roots.splice(this.roots.indexOf(orphan), 1);
      parent.children.push(orphan);
    }
  }

  isWithin(span, ancestor) {
    for (let at = span, steps = 0; at && steps < SPAN_LIMIT; at = this.spans.get(at.parent), steps += 1) {
      if (at === ancestor) return true;
    }
    return false;
  }

  get status() {
    const spans = [...this.spans.values()];
    if (spans.some((span) => span.running)) return "running";
    return this.roots.find((span) => span.status !== "ok")?.status ?? "ok";
  }

  get started() {
    return Math.min(...[...this.spans.values()].map((span) => span.started));
  }

  // The end of the last span; `now` while one runs.
  ended(now) {
    const ends = [...this.spans.values()].map((span) => (span.running ? now : span.ended ?? span.started));
    return Math.max(...ends);
  }

  // Tokens of all spans that counted any; an agent's own sum is not counted on top of its calls.
  get usage() {
    const sum = {};
    for (const span of this.spans.values()) {
      if (!span.usage || span.children.some((child) => child.usage)) continue;
      for (const key of ["input", "cached_read", "cache_write", "output"]) {
        if (Number.isFinite(span.usage[key])) sum[key] = (sum[key] ?? 0) + span.usage[key];
      }
      if (span.usage.provenance === "estimated") sum.provenance = "estimated";
    }
    return Object.keys(sum).length ? sum : null;
  }
}
"""###),
    DashboardAsset(
      path: "/assets/spans.js", contentType: "text/javascript; charset=utf-8", tag: "\"a3a70db812ada619\"",
      text: ###"""
// The spans of one trace: a block a span, patched where something changed, once a frame.
import { part, setText } from "./dom.js";
import { duration, tokens, value } from "./format.js";

// Milliseconds between two moves of the bars of spans that have ended.
const RESCALE = 1000;
// Characters after which a text goes on in a new block.
const BLOCK = 4000;
const LABELS = { reasoning: "reasoning", tool_arguments: "arguments", refusal: "refusal" };

export class SpanTree {
  constructor(element) {
    this.element = element;
    this.views = new Map();
    this.clear();
  }

  clear() {
    this.views.clear();
    // Milliseconds that the bars span now, and when that was decided.
    this.length = 0;
    this.scaled = 0;
    this.element.replaceChildren();
  }

  // Brings the page up to date with the spans that changed.
  render(trace, now) {
    for (const span of trace.changed) {
      let view = this.views.get(span);
      if (!view) {
        view = new SpanView(span);
        this.views.set(span, view);
      }
      view.update();
    }
    if (trace.changed.size) this.arrange(trace.roots, this.element);
    trace.changed.clear();
    this.tick(trace, now);
  }

  arrange(spans, container) {
    for (const span of spans) {
      const view = this.views.get(span);
      if (!view) continue;
      if (view.element.parentNode !== container) container.append(view.element);
      if (span.children.length) this.arrange(span.children, view.children);
    }
  }

  // Durations and bars, which move with the clock. What has ended moves only with the scale, and less often.
  tick(trace, now) {
    if (!trace.spans.size) return;
    const started = trace.started;
    const length = Math.max(1, trace.ended(now) - started);
    const due = trace.status !== "running" || now - this.scaled > RESCALE;
    const all = due && length !== this.length;
    if (all) {
      this.length = length;
      this.scaled = now;
    }
    for (const [span, view] of this.views) {
      if (all || span.running || view.fresh) view.tick(now, started, length);
    }
  }
}

// A text that grows. It is kept in blocks, so that a new word lays out the last block and not the whole.
class TextView {
  constructor(stream) {
    this.element = part("div", `text ${stream.channel}`);
    this.label = null;
    if (LABELS[stream.channel]) {
      this.label = part("span", "label");
      this.label.textContent = [stream.tool, LABELS[stream.channel]].filter(Boolean).join(" ");
    }
    this.version = stream.version;
    this.restart(stream);
  }

  restart(stream) {
    this.element.replaceChildren(...(this.label ? [this.label] : []));
    this.shown = 0;
    this.begin();
    if (stream.cut) this.node.appendData("… ");
  }

  begin() {
    const block = part("div");
    this.node = document.createTextNode("");
    block.append(this.node);
    this.element.append(block);
  }

  update(stream, running) {
    if (this.version !== stream.version) {
      this.version = stream.version;
      this.restart(stream);
    }
    if (this.shown < stream.pieces.length) {
      this.append(stream.pieces.slice(this.shown).map((piece) => piece.text).join(""));
      this.shown = stream.pieces.length;
    }
    this.element.classList.toggle("live", running);
  }

  // A block ends at a line break, or at a space where none comes.
  append(text) {
    let rest = text;
    while (this.node.length + rest.length > BLOCK) {
      const room = Math.max(0, BLOCK - this.node.length);
      let cut = rest.indexOf("\n", room);
      if (cut < 0 || cut > room + BLOCK) cut = rest.indexOf(" ", room + BLOCK);
      if (cut < 0) break;
      this.node.appendData(rest.slice(0, cut));
      rest = rest.slice(cut + 1);
      this.begin();
    }
    this.node.appendData(rest);
  }
}

class SpanView {
  constructor(span) {
    this.span = span;
    this.streams = new Map();
    this.notes = 0;
    this.element = part("div", "span");
    this.element.setAttribute("role", "listitem");
    this.element.dataset.kind = span.kind;

    this.row = part("div", "row");
    this.status = part("span", "status");
    this.kind = part("span", "kind");
    this.name = part("span", "name");
    this.model = part("span", "model");
    this.retry = part("span", "chip warn");
    this.figures = part("span", "figures");
    this.row.append(this.status, this.kind, this.name, this.model, this.retry, this.figures);

    const track = part("div", "track");
    this.bar = part("div", "bar-run");
    this.firstMark = part("div", "first-mark");
    track.append(this.bar, this.firstMark);

    this.body = part("div", "body");
    this.children = part("div", "children");
    this.children.setAttribute("role", "list");
    this.element.append(this.row, track, this.body, this.children);
  }

  update() {
    const { span } = this;
    this.fresh = true;
    this.element.dataset.kind = span.kind;
    this.element.dataset.status = span.status;
    this.status.dataset.status = span.status;
    this.status.title = span.status;
    setText(this.kind, span.kind);
    setText(this.name, span.name === span.kind ? "" : span.name);
    setText(this.model, span.model);
    this.retry.hidden = span.attempt === 0;
    setText(this.retry, `retry ${span.attempt}`);
    this.element.setAttribute("aria-label", `${span.kind} ${span.name} ${span.model}, ${span.status}`);
    this.fold("input", span.input);
    this.updateProgress();
    for (const [key, stream] of span.streams) this.updateStream(key, stream);
    this.updateNotes();
    this.fold(span.kind === "tool" ? "result" : "output", span.output);
    this.updateError();
  }

  // A value that is shown on demand; its text is made when somebody opens it.
  fold(label, json) {
    if (json === null || json === undefined) return;
    this.folds ??= new Map();
    if (this.folds.has(label)) return;
    const details = part("details", "fold");
    const summary = part("summary");
    summary.textContent = label;
    const preview = part("span", "preview");
    preview.textContent = value(json).replace(/\s+/g, " ").slice(0, 160);
    summary.append(preview);
    const text = part("pre");
    details.append(summary, text);
    details.addEventListener("toggle", () => {
      if (details.open && !text.textContent) text.textContent = value(json);
    });
    this.folds.set(label, details);
    this.body.append(details);
  }

  updateProgress() {
    const { progress } = this.span;
    if (!progress) return;
    if (!this.progress) {
      this.progress = part("p", "progress");
      this.body.append(this.progress);
    }
    this.progress.hidden = !this.span.running;
    const share = Number.isFinite(progress.fraction) ? `${Math.round(progress.fraction * 100)} % ` : "";
    setText(this.progress, share + (progress.message ?? progress.name ?? ""));
  }

  updateStream(key, stream) {
    let view = this.streams.get(key);
    if (!view) {
      view = new TextView(stream);
      this.streams.set(key, view);
      this.body.append(view.element);
    }
    view.update(stream, this.span.running);
  }

  updateNotes() {
    const total = this.span.notes.length + this.span.notesLost;
    for (const note of this.span.notes.slice(Math.max(0, this.notes - this.span.notesLost))) {
      const line = part("p", "event");
      const type = part("b");
      type.textContent = note.type;
      line.append(type, ` ${note.text}`);
      this.body.append(line);
    }
    this.notes = total;
  }

  updateError() {
    if (!this.span.error) {
      this.error?.remove();
      this.error = null;
      return;
    }
    if (!this.error) {
      this.error = part("p", "error");
      this.body.append(this.error);
    }
    setText(this.error, this.span.error);
  }

  tick(now, started, length) {
    const { span } = this;
    const ms = span.duration ?? Math.max(0, now - span.started);
    const figures = [tokens(span.usage)];
    if (span.firstDelta !== null) figures.push(`first ${duration(span.firstDelta)}`);
    figures.push(duration(ms));
    setText(this.figures, figures.filter(Boolean).join(" · "));
    const left = Math.min(1, Math.max(0, (span.started - started) / length));
    // Transforms move without a new layout.
    this.bar.style.transform = `translateX(${left * 100}%) scaleX(${Math.min(1 - left, ms / length)})`;
    this.firstMark.hidden = span.firstDelta === null;
    const first = left + (span.firstDelta ?? 0) / length;
    if (span.firstDelta !== null) this.firstMark.style.transform = `translateX(${Math.min(1, first) * 100}%)`;
    this.fresh = false;
  }
}
"""###),
    DashboardAsset(
      path: "/assets/stop.js", contentType: "text/javascript; charset=utf-8", tag: "\"198e7dbf24982d52\"",
      text: ###"""
// The stop button: ends what runs of the trace that is shown.
import { setText } from "./dom.js";

export class StopButton {
  // `key`: what the page was given to come in with; empty where none is asked for.
  constructor(button, note, key) {
    this.button = button;
    this.note = note;
    this.key = key;
    this.pressed = new Set();
    button.addEventListener("click", () => this.press());
  }

  // Once a frame; there is nothing to stop of what is over.
  show(trace, status) {
    if (this.trace !== trace) this.say("");
    this.trace = trace;
    this.button.hidden = status !== "running";
    if (this.button.hidden) {
      this.pressed.delete(trace);
      this.say("");
    }
    this.button.disabled = this.pressed.has(trace);
    setText(this.button, this.button.disabled ? "Stopping…" : "Stop");
  }

  async press() {
    const { trace } = this;
    this.pressed.add(trace);
    this.show(trace, "running");
    let problem = "";
    try {
      const key = this.key();
      const answer = await fetch(`/v1/traces/${encodeURIComponent(trace)}/cancel`, {
        method: "POST",
        headers: key ? { Authorization: `Bearer ${key}` } : {},
      });
      const body = await answer.json();
      if (!answer.ok) problem = [body.error.message, body.error.hint].filter(Boolean).join(". ");
      else if (body.calls + body.producers === 0) {
        problem = "Nobody who could end it is known here: its events name no producer.";
      }
    } catch {
      problem = "The server does not answer.";
    }
    if (trace !== this.trace || !problem) return;
    this.pressed.delete(trace);
    this.show(trace, this.button.hidden ? "over" : "running");
    if (!this.button.hidden) this.say(problem);
  }

  say(text) {
    setText(this.note, text);
    this.note.hidden = !text;
  }
}
"""###),
    DashboardAsset(
      path: "/assets/style.css", contentType: "text/css; charset=utf-8", tag: "\"2c20918844c5b0fa\"",
      text: ###"""
:root {
  --bg: #f7f7f5; --panel: #ffffff; --ink: #1d1f24; --soft: #6a6f7a; --line: #e4e4df; --hover: #f0f0ec;
  --select: #e5efec; --accent: #0f766e; --ok: #15803d; --bad: #c62828; --warn: #b45309; --run: #0e7490;
  --llm: #6d4bd0; --tool: #b45309; --retrieval: #0f766e; --agent: #2563eb; --chain: #be185d; --other: #64748b;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", "JetBrains Mono", Menlo, "DejaVu Sans Mono", monospace;
  color-scheme: light;
}
:root[data-theme="dark"] {
  --bg: #101218; --panel: #171a21; --ink: #e6e8ec; --soft: #969daa; --line: #272b35; --hover: #1d212a;
  --select: #1b2b2d; --accent: #5eead4; --ok: #4ade80; --bad: #f87171; --warn: #fbbf24; --run: #67e8f9;
  --llm: #b39dfa; --tool: #fbbf24; --retrieval: #5eead4; --agent: #7cb0ff; --chain: #f59ac4; --other: #94a3b8;
  color-scheme: dark;
}
@media (prefers-color-scheme: dark) {
  :root:not([data-theme="light"]) {
    --bg: #101218; --panel: #171a21; --ink: #e6e8ec; --soft: #969daa; --line: #272b35; --hover: #1d212a;
    --select: #1b2b2d; --accent: #5eead4; --ok: #4ade80; --bad: #f87171; --warn: #fbbf24; --run: #67e8f9;
    --llm: #b39dfa; --tool: #fbbf24; --retrieval: #5eead4; --agent: #7cb0ff; --chain: #f59ac4; --other: #94a3b8;
    color-scheme: dark;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
html, body { height: 100%; margin: 0; }
body {
  display: flex; flex-direction: column; background: var(--bg); color: var(--ink);
  font: 14px/1.5 system-ui, -apple-system, "Segoe UI", "Inter", "DejaVu Sans", sans-serif;
  -webkit-font-smoothing: antialiased;
}
:focus-visible { outline: 2px solid var(--accent); outline-offset: -2px; border-radius: 6px; }
main:focus-visible { outline: none; }

.bar {
  display: flex; align-items: center; gap: 14px; padding: 9px 16px; background: var(--panel);
  border-bottom: 1px solid var(--line);
}
.bar h1 { display: flex; align-items: center; gap: 8px; margin: 0 10px 0 0; font-size: 15px; font-weight: 650; }
.bar input[type="search"] {
  flex: 1; max-width: 420px; min-width: 80px; padding: 5px 10px; font: inherit; color: inherit;
  background: var(--bg); border: 1px solid var(--line); border-radius: 8px;
}
.follow { display: flex; align-items: center; gap: 6px; color: var(--soft); cursor: pointer; }
.follow input { accent-color: var(--accent); }
button {
  padding: 5px 12px; font: inherit; color: inherit; background: var(--panel); border: 1px solid var(--line);
  border-radius: 8px; cursor: pointer;
}
button:hover { background: var(--hover); }
#theme { display: grid; place-items: center; width: 30px; height: 30px; padding: 0; margin-left: auto; border-radius: 50%; }
#theme::before {
  content: ""; display: block; width: 14px; height: 14px; border-radius: 50%;
  border: 2px solid var(--soft); background: linear-gradient(90deg, var(--soft) 50%, transparent 50%);
}
.connection { min-width: 92px; color: var(--soft); font-size: 12px; }
.connection::before {
  content: ""; display: inline-block; width: 8px; height: 8px; margin-right: 6px; border-radius: 50%;
  background: var(--soft);
}
.connection[data-state="open"]::before { background: var(--ok); }
.connection[data-state="waiting"]::before { background: var(--warn); }
.connection[data-state="denied"]::before { background: var(--bad); }

.panes { display: flex; flex: 1; min-height: 0; }
.list { width: 310px; overflow-y: auto; border-right: 1px solid var(--line); background: var(--panel); }
.list ul { margin: 0; padding: 6px; list-style: none; }
.list li {
  display: grid; grid-template-columns: 18px 1fr auto; gap: 0 6px; align-items: center; padding: 7px 10px;
  border-radius: 8px; cursor: pointer; content-visibility: auto; contain-intrinsic-size: auto 52px;
}
.list li:hover { background: var(--hover); }
.list li[aria-selected="true"] { background: var(--select); }
.list .name { font-weight: 550; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.list .time, .list .duration { color: var(--soft); font-size: 12px; font-variant-numeric: tabular-nums; text-align: right; }
.list .facts {
  grid-column: 2; color: var(--soft); font-size: 12px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap;
}
.older { display: block; margin: 4px auto 14px; }

.status { flex: none; width: 10px; height: 10px; border-radius: 50%; background: var(--soft); }
.status[data-status="ok"] { background: var(--ok); }
.status[data-status="error"], .status[data-status="failed"], .status[data-status="lost"] { background: var(--bad); }
.status[data-status="cancelled"], .status[data-status="incomplete"] { background: var(--warn); }
.status[data-status="running"] { background: var(--run); animation: pulse 1.4s ease-in-out infinite; }
@keyframes pulse { 50% { opacity: 0.35; } }

main { flex: 1; min-width: 0; overflow-y: auto; overflow-anchor: none; padding: 0 24px 40px; }
.head {
  position: sticky; top: 0; z-index: 1; padding: 16px 0 10px; background: var(--bg);
  border-bottom: 1px solid var(--line);
}
.title { display: flex; align-items: center; gap: 10px; }
.title h2 { margin: 0; font-size: 18px; font-weight: 650; overflow-wrap: anywhere; }
.chip {
  padding: 0 8px; font-size: 12px; color: var(--soft); border: 1px solid var(--line); border-radius: 999px;
  white-space: nowrap;
}
.chip.warn { color: var(--warn); border-color: color-mix(in srgb, var(--warn) 40%, transparent); }
.title .stop { margin-left: auto; color: var(--bad); border-color: color-mix(in srgb, var(--bad) 40%, transparent); }
.title .stop:disabled { color: var(--soft); border-color: var(--line); cursor: default; }
.head .error { margin: 4px 0 0; font-size: 12.5px; }
.facts { margin: 0; }
.head .facts { display: flex; flex-wrap: wrap; gap: 2px 20px; margin-top: 6px; font-size: 12.5px; }
.head .facts div { display: flex; gap: 6px; }
.head dt { color: var(--soft); }
.head dd { margin: 0; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }

.spans { max-width: 1100px; padding-top: 12px; }
.span {
  --kind: var(--other);
  margin: 8px 0; padding: 8px 14px 9px; background: var(--panel); border: 1px solid var(--line);
  border-left: 3px solid var(--kind); border-radius: 10px;
}
.span[data-kind="llm"] { --kind: var(--llm); }
.span[data-kind="tool"] { --kind: var(--tool); }
.span[data-kind="retrieval"] { --kind: var(--retrieval); }
.span[data-kind="agent"] { --kind: var(--agent); }
.span[data-kind="chain"], .span[data-kind="step"] { --kind: var(--chain); }
.row { contain: layout style; display: flex; flex-wrap: wrap; align-items: center; gap: 2px 9px; }
.row .kind { color: var(--kind); font-weight: 650; }
.row .name { font-weight: 550; overflow-wrap: anywhere; }
.row .model { font-family: var(--mono); font-size: 12.5px; color: var(--soft); }
.row .figures {
  margin-left: auto; color: var(--soft); font-size: 12.5px; font-variant-numeric: tabular-nums; white-space: nowrap;
}
.row :empty:not(.status) { display: none; }
.track { position: relative; height: 7px; margin: 4px 0 0; overflow: hidden; contain: strict; }
.track::before { content: ""; position: absolute; inset: 2px 0; background: var(--hover); border-radius: 2px; }
.bar-run {
  position: absolute; inset: 2px 0; background: var(--kind); opacity: 0.65; transform-origin: left;
}
.first-mark { position: absolute; inset: 0; opacity: 0.55; border-left: 2px solid var(--ink); }
.children .span { margin: 8px 0 2px; }

.body > * { margin: 6px 0 0; }
.text { white-space: pre-wrap; overflow-wrap: anywhere; }
.text > div:empty { display: none; }
.text .label {
  display: block; color: var(--soft); font: 600 11px/1.6 system-ui, sans-serif; letter-spacing: 0.04em;
  text-transform: uppercase; font-style: normal;
}
.text.reasoning {
  padding-left: 10px; color: var(--soft); border-left: 2px solid var(--line); font-style: italic;
}
.text.tool_arguments { font-family: var(--mono); font-size: 12.5px; }
.text.refusal { color: var(--warn); }
.text.live > :last-child::after {
  content: ""; display: inline-block; width: 7px; height: 1em; margin-left: 2px; vertical-align: -2px;
  background: var(--kind); opacity: 0.7; animation: blink 1s steps(2) infinite;
}
@keyframes blink { 50% { opacity: 0; } }
.progress, .event { color: var(--soft); font-size: 12.5px; }
.event { font-family: var(--mono); overflow-wrap: anywhere; }
.event b { color: var(--ink); font-weight: 600; }
.error { color: var(--bad); overflow-wrap: anywhere; }
.fold summary {
  color: var(--soft); font-size: 12.5px; cursor: pointer; overflow: hidden; text-overflow: ellipsis;
  white-space: nowrap;
}
.fold .preview { margin-left: 8px; opacity: 0.8; }
.fold[open] .preview { display: none; }
.fold pre, .welcome pre {
  max-height: 360px; margin: 6px 0 0; padding: 10px 12px; overflow: auto; white-space: pre-wrap;
  overflow-wrap: anywhere; font: 12.5px/1.5 var(--mono); background: var(--bg); border-radius: 8px;
}
.note { color: var(--soft); }
.welcome { max-width: 560px; margin: 12vh auto 0; }
.welcome h2 { font-size: 20px; font-weight: 650; }
.welcome pre { background: var(--panel); border: 1px solid var(--line); }
.welcome form { display: flex; gap: 8px; }
.welcome input {
  flex: 1; padding: 6px 10px; font: inherit; color: inherit; background: var(--panel);
  border: 1px solid var(--line); border-radius: 8px;
}
noscript { padding: 20px; }

@media (max-width: 760px) {
  .panes { flex-direction: column; }
  .list { width: auto; max-height: 34vh; border-right: 0; border-bottom: 1px solid var(--line); }
  .follow, .connection { display: none; }
  main { padding: 0 12px 30px; }
  .span { padding: 7px 9px; }
}
@media (prefers-reduced-motion: reduce) {
  .status, .text.live > :last-child::after { animation: none !important; }
}
"""###),
    DashboardAsset(
      path: "/js/chain-monitor.d.mts", contentType: "text/plain; charset=utf-8", tag: "\"8dc1cb92a5d29656\"",
      text: ###"""
// The types of the module; those of the classic script, which it loads, say all.
export * from "./chain-monitor.js";
export { ChainMonitor as default } from "./chain-monitor.js";
"""###),
    DashboardAsset(
      path: "/js/chain-monitor.d.ts", contentType: "text/plain; charset=utf-8", tag: "\"512adf5240a01499\"",
      text: ###"""
/** What every update carries besides its own members. */
export interface ChainUpdate {
  /** Where it stands in the log; pass it as `after` to go on behind it. */
  position?: string;
}

export interface ChainStart extends ChainUpdate {
  update_type: "start";
  status: "started";
  /** What the application gave, and where it gave none of that name: `name`, `steps`, `total_steps`. */
  metadata: { name?: string; steps?: string[]; total_steps?: number; [member: string]: unknown };
}

export interface ChainStep<Result = unknown> extends ChainUpdate {
  update_type: "step";
  step_name: string;
  /** How far the whole chain is, 0 to 100. */
  progress_percentage: number | null;
  intermediate_result: Result | null;
}

export interface ChainProgress<Result = unknown> extends ChainUpdate {
  update_type: "progress";
  step_name: string;
  /** How far the whole chain is, 0 to 100. */
  progress_percentage: number | null;
  /** How far the step is, 0 to 100. */
  step_percentage: number | null;
  intermediate_result?: Result | null;
  message?: string;
}

export interface ChainComplete<Result = unknown> extends ChainUpdate {
  update_type: "complete";
  status: "completed";
  result: Result | null;
}

export interface ChainError extends ChainUpdate {
  update_type: "error";
  status: "error";
  error: string;
  reason?: "failed" | "cancelled" | "incomplete" | "lost" | "gap";
}

export type ChainConnectionState = "connecting" | "open" | "waiting" | "denied" | "closed";

export interface ChainMonitorOptions {
  /** Origin of the server, such as `https://telemetry.example.com`; the page's own when absent. */
  url?: string;
  /** A key with the scope `read`; for pages that are not public. */
  key?: string;
  /** A short-lived token that names the chain. */
  token?: string;
  /** Go on behind this position instead of from the beginning. */
  after?: string;
  /** Another implementation of WebSocket, for use outside of browsers. */
  WebSocket?: typeof WebSocket;
}

export class ChainMonitor {
  /** Connects at once; from the beginning of the chain unless `after` is given. */
  constructor(chainId: string | number, options?: ChainMonitorOptions);

  readonly chainId: string;
  readonly state: ChainConnectionState;
  /** Where the last update stands; null before the first. */
  readonly position: string | null;

  onStart(handler: (update: ChainStart) => void): this;
  onStep<Result = unknown>(handler: (update: ChainStep<Result>) => void): this;
  onProgress<Result = unknown>(handler: (update: ChainProgress<Result>) => void): this;
  onComplete<Result = unknown>(handler: (update: ChainComplete<Result>) => void): this;
  onError(handler: (update: ChainError) => void): this;
  /** Called with the state at once and whenever it changes. */
  onConnection(
    handler: (state: ChainConnectionState, detail: { code?: number; reason?: string }) => void,
  ): this;
  /** Ends it for good. */
  close(): void;
}

declare global {
  interface Window {
    ChainMonitor: typeof ChainMonitor;
  }
}
"""###),
    DashboardAsset(
      path: "/js/chain-monitor.js", contentType: "text/javascript; charset=utf-8", tag: "\"5ef795a6d06d50ea\"",
      text: ###"""
/*
 * Follows a chain on its socket: ws(s)://{host}/ws/chain/{id}/.
 *
 *   const monitor = new ChainMonitor("42");
 *   monitor.onStart((data) => …);      // {update_type: "start", status: "started", metadata}
 *   monitor.onStep((data) => …);       // {update_type: "step", step_name, progress_percentage, intermediate_result}
 *   monitor.onProgress((data) => …);   // {update_type: "progress", step_name, progress_percentage, step_percentage, …}
 *   monitor.onComplete((data) => …);   // {update_type: "complete", status: "completed", result}
 *   monitor.onError((data) => …);      // {update_type: "error", status: "error", error}
 *   monitor.onConnection((state) => …);
 *
 * It connects when it is made, comes back by itself, and goes on where it was. No dependencies. As an ES module:
 * import { ChainMonitor } from "/js/chain-monitor.mjs".
 */
(function (root) {
  "use strict";

  const FIRST_WAIT = 500;
  const LONGEST_WAIT = 15000;
  // The server says something every 10 s to those who ask for positions.
  const SILENCE = 35000;
  const UPDATES = ["start", "step", "progress", "complete", "error"];

  class ChainMonitor {
    /**
     * @param {string|number} chainId
     * @param {{url?: string, key?: string, token?: string, after?: string, WebSocket?: typeof WebSocket}} [options]
     */
    constructor(chainId, options = {}) {
      this.chainId = String(chainId);
      this.options = options;
      /** "connecting", "open", "waiting", "denied" or "closed" */
      this.state = "connecting";
      /** Where the last update stands, or null: what a later monitor can go on from, as its option `after`. */
      this.position = options.after ?? null;
      this.handlers = new Map();
      this.failures = 0;
      this.socket = null;
      this.timer = null;
      this.watchdog = null;
      this.online = () => this.state === "waiting" && this.connect();
      root.addEventListener?.("online", this.online);
      this.connect();
    }

    onStart(handler) { return this.on("start", handler); }
    onStep(handler) { return this.on("step", handler); }
    onProgress(handler) { return this.on("progress", handler); }
    onComplete(handler) { return this.on("complete", handler); }
    onError(handler) { return this.on("error", handler); }
    /** Called with the state, now and whenever it changes, and with the close code and reason where there are any. */
    onConnection(handler) {
      this.on("connection", handler);
      this.call(handler, [this.state, {}]);
      return this;
    }

    /** Ends it for good. */
    close() {
      root.removeEventListener?.("online", this.online);
      clearTimeout(this.timer);
      this.drop();
      this.become("closed");
    }

    // What follows is not for callers.

    on(name, handler) {
      if (typeof handler !== "function") throw new TypeError("A handler is a function");
      if (!this.handlers.has(name)) this.handlers.set(name, new Set());
      this.handlers.get(name).add(handler);
      return this;
    }

    tell(name, ...values) {
      for (const handler of this.handlers.get(name) ?? []) this.call(handler, values);
    }

    /** One handler that fails spares the others and the connection. */
    call(handler, values) {
      try {
        handler(...values);
      } catch (error) {
        if (root.reportError) root.reportError(error);
        else console.error(error);
      }
    }

    become(state, detail = {}) {
      if (this.state === state) return;
      this.state = state;
      this.tell("connection", state, detail);
    }

    address() {
      const page = root.location;
      const base = this.options.url ?? (page ? `${page.protocol === "https:" ? "wss:" : "ws:"}//${page.host}` : "");
      const url = new URL(`${base.replace(/^http/, "ws").replace(/\/+$/, "")}/ws/chain/${encodeURIComponent(this.chainId)}/`);
      url.searchParams.set("positions", "1");
      if (this.position) url.searchParams.set("after", this.position);
      if (this.options.key) url.searchParams.set("key", this.options.key);
      if (this.options.token) url.searchParams.set("token", this.options.token);
      return url.href;
    }

    connect() {
      clearTimeout(this.timer);
      this.drop();
      this.become("connecting");
      const socket = new (this.options.WebSocket ?? root.WebSocket)(this.address());
      this.socket = socket;
      socket.onopen = () => this.become("open");
      socket.onmessage = (message) => this.take(message.data);
      socket.onclose = (event) => this.ended(event);
    }

    drop() {
      clearTimeout(this.watchdog);
      const old = this.socket;
      this.socket = null;
      if (!old) return;
      old.onopen = old.onmessage = old.onclose = null;
      old.close();
    }

    take(text) {
      let update;
      try {
        update = JSON.parse(text);
      } catch {
        return; // Not ours: it costs nothing.
      }
      if (update === null || typeof update !== "object") return;
      this.failures = 0;
      if (typeof update.position === "string") this.position = update.position;
      if (update.update_type === "heartbeat") this.watch();
      else if (this.watchdog !== null) this.watch();
      if (UPDATES.includes(update.update_type)) this.tell(update.update_type, update);
    }

    /** A connection that died without a word is given up. */
    watch() {
      clearTimeout(this.watchdog);
      this.watchdog = setTimeout(() => this.again({ reason: "silence" }), SILENCE);
    }

    ended(event) {
      const detail = { code: event.code, reason: event.reason };
      if (event.code === 4401 || event.code === 4403) {
        this.drop();
        return this.become("denied", detail);
      }
      // What it had is gone from the server: it starts anew, and is told all of it once more.
      if (event.code === 4409) this.position = null;
      this.again(detail);
    }

    again(detail) {
      this.drop();
      this.watchdog = null;
      const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.failures) * (0.5 + Math.random() / 2);
      this.failures += 1;
      this.timer = setTimeout(() => this.connect(), wait);
      this.become("waiting", detail);
    }
  }

  root.ChainMonitor = ChainMonitor;
  if (typeof module === "object" && module.exports) module.exports = { ChainMonitor };
})(globalThis);
"""###),
    DashboardAsset(
      path: "/js/chain-monitor.mjs", contentType: "text/javascript; charset=utf-8", tag: "\"1d1a8cb41c40dd20\"",
      text: ###"""
// The same monitor as an ES module: import { ChainMonitor } from "/js/chain-monitor.mjs".
import "./chain-monitor.js";

export const ChainMonitor = globalThis.ChainMonitor;
export default ChainMonitor;
"""###),
    DashboardAsset(
      path: "/assets/chain-page.js", contentType: "text/javascript; charset=utf-8", tag: "\"be26449b2fed44b9\"",
      text: ###"""
// The page of one chain: a progress bar, its steps and its result. What comes from the chain is put in as text, never
// as markup.
"use strict";

const find = (id) => document.getElementById(id);
// More steps than this are counted instead of listed.
const LISTED = 500;

// The last row of each name.
let steps = new Map();
let listed = 0;
let unlisted = 0;
let monitor = null;

function text(element, value) {
  if (element.textContent !== value) element.textContent = value;
}

/** JSON as a person reads it; a text as it is. */
function readable(value) {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

function progress(percentage) {
  if (percentage === null || percentage === undefined) return;
  find("progress").value = percentage;
  text(find("percent"), `${Math.round(percentage)} %`);
}

function phase(name, status) {
  document.body.dataset.phase = name;
  text(find("status"), status);
}

/** The row of a step; a name that comes twice is two rows. */
function row(name, state) {
  const known = steps.get(name);
  if (known && known.dataset.state !== "done") {
    known.dataset.state = state;
    return known;
  }
  if (listed === LISTED) {
    unlisted += 1;
    find("more").hidden = false;
    text(find("more"), `and ${unlisted} more`);
    return null;
  }
  const item = document.createElement("li");
  const label = document.createElement("span");
  label.textContent = name;
  item.append(label);
  item.dataset.state = state;
  find("steps").append(item);
  listed += 1;
  steps.set(name, item);
  return item;
}

function started({ metadata }) {
  find("steps").replaceChildren();
  steps = new Map();
  listed = 0;
  unlisted = 0;
  for (const id of ["failure", "outcome", "more", "message"]) find(id).hidden = true;
  const name = metadata?.name ? String(metadata.name) : `Chain ${monitor.chainId}`;
  text(find("name"), name);
  document.title = name;
  find("progress").value = 0;
  text(find("percent"), "0 %");
  for (const step of Array.isArray(metadata?.steps) ? metadata.steps : []) row(String(step), "planned");
  phase("running", "Running");
}

function stepped(update) {
  progress(update.progress_percentage);
  find("message").hidden = true;
  const item = row(String(update.step_name), "done");
  if (!item || update.intermediate_result === null || update.intermediate_result === undefined) return;
  item.querySelector("details")?.remove();
  const details = document.createElement("details");
  const summary = document.createElement("summary");
  summary.textContent = "intermediate result";
  const content = document.createElement("pre");
  content.textContent = readable(update.intermediate_result);
  details.append(summary, content);
  item.append(details);
}

function progressed(update) {
  progress(update.progress_percentage);
  row(String(update.step_name), "now");
  find("message").hidden = !update.message;
  text(find("message"), String(update.message ?? ""));
}

function completed({ result }) {
  progress(100);
  find("message").hidden = true;
  find("failure").hidden = true;
  find("outcome").hidden = false;
  text(find("result"), readable(result ?? null));
  phase("completed", "Completed");
}

function failed({ error }) {
  for (const item of steps.values()) if (item.dataset.state === "now") item.dataset.state = "failed";
  find("message").hidden = true;
  find("failure").hidden = false;
  text(find("error"), String(error));
  phase("failed", "Failed");
}

function connection(state, { reason }) {
  const badge = find("connection");
  badge.dataset.state = state;
  text(badge, state === "waiting" ? "reconnecting" : state);
  badge.title = reason ?? "";
  find("key-form").hidden = state !== "denied";
  if (state === "denied") phase("denied", "Not let in");
}

function follow() {
  monitor?.close();
  monitor = new ChainMonitor(decodeURIComponent(location.pathname.split("/")[2] ?? ""), {
    key: sessionStorage.getItem("signalbox-key") || undefined,
  });
  text(find("name"), `Chain ${monitor.chainId}`);
  monitor.onStart(started).onStep(stepped).onProgress(progressed).onComplete(completed).onError(failed)
    .onConnection(connection);
}

find("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem("signalbox-key", find("key").value.trim());
  follow();
});
follow();
"""###),
    DashboardAsset(
      path: "/assets/chain.css", contentType: "text/css; charset=utf-8", tag: "\"c089c72520aa1bf8\"",
      text: ###"""
:root {
  --bg: #f7f7f5; --panel: #ffffff; --ink: #1d1f24; --soft: #6a6f7a; --line: #e4e4df; --accent: #0f766e;
  --ok: #15803d; --bad: #c62828; --warn: #b45309; --mono: ui-monospace, Menlo, "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --bg: #101218; --panel: #171a21; --ink: #e6e8ec; --soft: #969daa; --line: #272b35; --accent: #5eead4;
    --ok: #4ade80; --bad: #f87171; --warn: #fbbf24;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body {
  margin: 0; background: var(--bg); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Inter", "DejaVu Sans", sans-serif;
}
main {
  max-width: 720px; margin: 32px auto; padding: 24px 28px; background: var(--panel); border: 1px solid var(--line);
  border-radius: 12px;
}
header { display: flex; align-items: baseline; gap: 14px; }
h1 { flex: 1; margin: 0; font-size: 20px; overflow-wrap: anywhere; }
h2 { margin: 0 0 6px; font-size: 15px; }
#connection { color: var(--soft); font-size: 12px; }
#connection::before {
  content: ""; display: inline-block; width: 8px; height: 8px; margin-right: 6px; border-radius: 50%;
  background: var(--soft);
}
#connection[data-state="open"]::before { background: var(--ok); }
#connection[data-state="waiting"]::before, #connection[data-state="connecting"]::before { background: var(--warn); }
#connection[data-state="denied"]::before { background: var(--bad); }
#status { margin: 4px 0 14px; color: var(--soft); }
.bar { display: flex; align-items: center; gap: 12px; }
progress { flex: 1; height: 10px; appearance: none; border: 0; border-radius: 5px; overflow: hidden; background: var(--line); }
progress::-webkit-progress-bar { background: var(--line); border-radius: 5px; }
progress::-webkit-progress-value { background: var(--accent); border-radius: 5px; transition: width 0.2s; }
progress::-moz-progress-bar { background: var(--accent); border-radius: 5px; }
body[data-phase="failed"] progress::-webkit-progress-value { background: var(--bad); }
#percent { min-width: 56px; text-align: right; font-variant-numeric: tabular-nums; }
#message, #more { color: var(--soft); font-size: 13px; }
ol { margin: 18px 0 0; padding: 0; list-style: none; }
li { display: grid; grid-template-columns: 22px 1fr; gap: 2px 6px; padding: 7px 0; border-top: 1px solid var(--line); }
li::before { content: "○"; color: var(--soft); }
li[data-state="done"]::before { content: "✓"; color: var(--ok); }
li[data-state="now"]::before { content: "●"; color: var(--accent); }
li[data-state="failed"]::before { content: "✕"; color: var(--bad); }
li > span { overflow-wrap: anywhere; }
li > details { grid-column: 2; color: var(--soft); font-size: 13px; }
summary { cursor: pointer; }
pre {
  margin: 6px 0 0; padding: 10px 12px; max-height: 320px; overflow: auto; background: var(--bg); color: var(--ink);
  border: 1px solid var(--line); border-radius: 8px; font: 12.5px/1.5 var(--mono); white-space: pre-wrap;
  overflow-wrap: anywhere;
}
section { margin-top: 20px; }
.bad h2 { color: var(--bad); }
#error { margin: 0; overflow-wrap: anywhere; white-space: pre-wrap; }
form { display: grid; gap: 8px; margin-top: 18px; }
input, button { padding: 6px 10px; font: inherit; color: inherit; background: var(--bg); border: 1px solid var(--line); border-radius: 8px; }
button { cursor: pointer; justify-self: start; }
"""###),
    DashboardAsset(
      path: "/chain", contentType: "text/html; charset=utf-8", tag: "\"dfee5b0873c14a4b\"",
      text: ###"""
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Chain</title>
<link rel="icon" href="/assets/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/assets/chain.css">
<script src="/js/chain-monitor.js" defer></script>
<script src="/assets/chain-page.js" defer></script>
</head>
<body>
<main>
  <header>
    <h1 id="name">Chain</h1>
    <span id="connection" role="status" data-state="connecting">connecting</span>
  </header>
  <p id="status" role="status" aria-live="polite">Waiting for the chain to start</p>
  <div class="bar">
    <progress id="progress" max="100" value="0" aria-label="Progress"></progress>
    <output id="percent">0 %</output>
  </div>
  <p id="message" hidden></p>
  <ol id="steps" aria-label="Steps"></ol>
  <p id="more" hidden></p>
  <section id="failure" class="bad" hidden>
    <h2>It failed</h2>
    <p id="error"></p>
  </section>
  <section id="outcome" hidden>
    <h2>Result</h2>
    <pre id="result"></pre>
  </section>
  <form id="key-form" hidden>
    <label for="key">This server asks for a key with the scope read</label>
    <input id="key" type="password" autocomplete="off" spellcheck="false">
    <button type="submit">Open</button>
  </form>
</main>
<noscript>This page needs JavaScript.</noscript>
</body>
</html>
"""###),
    DashboardAsset(
      path: "/v1/schema", contentType: "application/schema+json", tag: "\"3b6040f4c1944bb9\"",
      text: ###"""
{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "$id": "https://signalbox.dev/schema/events/1",
  "title": "Signalbox event",
  "description": "One thing that happened. The root describes what may be sent; $defs/stored what is served. The server checks the envelope; the data of our own types is what Signalbox writes and what readers may rely on. Unknown members are kept everywhere.",
  "$ref": "#/$defs/envelope",
  "allOf": [
    { "if": { "$ref": "#/$defs/when/llm.start" }, "then": { "properties": { "phase": { "const": "start" }, "data": { "$ref": "#/$defs/data/llm.start" } } } },
    { "if": { "$ref": "#/$defs/when/llm.delta" }, "then": { "properties": { "phase": { "const": "delta" }, "data": { "$ref": "#/$defs/data/delta" } }, "required": ["data"] } },
    { "if": { "$ref": "#/$defs/when/llm.annotation" }, "then": { "properties": { "data": { "$ref": "#/$defs/data/llm.annotation" } }, "required": ["data"] } },
    { "if": { "$ref": "#/$defs/when/llm.opaque" }, "then": { "properties": { "data": { "$ref": "#/$defs/data/llm.opaque" } }, "required": ["data"] } },
    { "if": { "$ref": "#/$defs/when/llm.usage" }, "then": { "properties": { "phase": { "const": "usage" }, "data": { "$ref": "#/$defs/usage" } }, "required": ["data"] } },
    { "if": { "$ref": "#/$defs/when/llm.restart" }, "then": { "properties": { "phase": { "const": "restart" }, "data": { "$ref": "#/$defs/data/restart" } }, "required": ["data"] } },
    { "if": { "$ref": "#/$defs/when/llm.end" }, "then": { "properties": { "phase": { "const": "end" }, "data": { "$ref": "#/$defs/data/llm.end" } } } },
    { "if": { "$ref": "#/$defs/when/error" }, "then": { "properties": { "phase": { "const": "error" }, "data": { "$ref": "#/$defs/error" } }, "required": ["data"] } },
    { "if": { "$ref": "#/$defs/when/progress" }, "then": { "properties": { "phase": { "const": "progress" }, "data": { "$ref": "#/$defs/data/progress" } } } },
    { "if": { "$ref": "#/$defs/when/delta" }, "then": { "properties": { "phase": { "const": "delta" }, "data": { "$ref": "#/$defs/data/delta" } }, "required": ["data"] } },
    { "if": { "$ref": "#/$defs/when/tool.start" }, "then": { "properties": { "phase": { "const": "start" }, "data": { "$ref": "#/$defs/data/tool.start" } } } },
    { "if": { "$ref": "#/$defs/when/tool.end" }, "then": { "properties": { "phase": { "const": "end" }, "data": { "$ref": "#/$defs/data/tool.end" } } } },
    { "if": { "$ref": "#/$defs/when/chain.start" }, "then": { "properties": { "phase": { "const": "start" }, "data": { "$ref": "#/$defs/data/chain.start" } } } },
    { "if": { "$ref": "#/$defs/when/chain.step" }, "then": { "properties": { "phase": { "const": "progress" }, "data": { "$ref": "#/$defs/data/chain.step" } }, "required": ["data"] } },
    { "if": { "$ref": "#/$defs/when/agent.start" }, "then": { "properties": { "phase": { "const": "start" }, "data": { "$ref": "#/$defs/data/agent.start" } } } },
    { "if": { "$ref": "#/$defs/when/agent.turn" }, "then": { "properties": { "phase": { "const": "progress" }, "data": { "$ref": "#/$defs/data/agent.turn" } } } },
    { "if": { "$ref": "#/$defs/when/agent.end" }, "then": { "properties": { "phase": { "const": "end" }, "data": { "$ref": "#/$defs/data/agent.end" } } } },
    { "if": { "$ref": "#/$defs/when/retrieval.start" }, "then": { "properties": { "phase": { "const": "start" }, "data": { "$ref": "#/$defs/data/retrieval.start" } } } },
    { "if": { "$ref": "#/$defs/when/retrieval.end" }, "then": { "properties": { "phase": { "const": "end" }, "data": { "$ref": "#/$defs/data/retrieval.end" } } } },
    { "if": { "$ref": "#/$defs/when/start" }, "then": { "properties": { "phase": { "const": "start" }, "data": { "$ref": "#/$defs/data/start" } } } },
    { "if": { "$ref": "#/$defs/when/end" }, "then": { "properties": { "phase": { "const": "end" }, "data": { "$ref": "#/$defs/data/end" } } } },
    { "if": { "$ref": "#/$defs/when/log" }, "then": { "properties": { "data": { "$ref": "#/$defs/data/log" } }, "required": ["data"] } },
    { "if": { "$ref": "#/$defs/when/signalbox.gap" }, "then": { "properties": { "data": { "$ref": "#/$defs/data/signalbox.gap" } }, "required": ["data"] } },
    { "if": { "$ref": "#/$defs/when/signalbox.types" }, "then": { "properties": { "data": { "$ref": "#/$defs/data/signalbox.types" } }, "required": ["data"] } },
    { "if": { "$ref": "#/$defs/when/llm.metrics" }, "then": { "properties": { "data": { "$ref": "#/$defs/data/llm.metrics" } }, "required": ["data"] } }
  ],
  "$defs": {
    "envelope": {
      "title": "The envelope: what every event may carry, in canonical order",
      "type": "object",
      "required": ["type"],
      "properties": {
        "position": { "$ref": "#/$defs/position" },
        "id": { "$ref": "#/$defs/id", "description": "The event's id: UUIDv7 where Signalbox mints one, else the sender's own, kept verbatim." },
        "type": { "$ref": "#/$defs/type" },
        "phase": { "$ref": "#/$defs/phase" },
        "time": { "$ref": "#/$defs/time", "description": "When it happened, by the producer's clock; never altered. Absent on the way in: the time of receipt." },
        "received": { "$ref": "#/$defs/time", "description": "When the server took it in; set by the server, ignored on the way in." },
        "trace": { "$ref": "#/$defs/id", "description": "Trace id: W3C (32 lower-case hexadecimal digits) where Signalbox mints one, a foreign one verbatim." },
        "span": { "$ref": "#/$defs/id", "description": "Span id: W3C (16 lower-case hexadecimal digits) where Signalbox mints one, a foreign one verbatim." },
        "parent": { "$ref": "#/$defs/id", "description": "The span that this span is part of." },
        "session": { "$ref": "#/$defs/id", "description": "A conversation or a user's sitting; inherited from the span where absent." },
        "chain": { "$ref": "#/$defs/id", "description": "The run of a chain, as the page that watches it knows it." },
        "request": { "$ref": "#/$defs/id", "description": "Correlation id of the request that caused the event." },
        "source": { "$ref": "#/$defs/source" },
        "identity": { "$ref": "#/$defs/identity" },
        "provider": { "type": "string", "minLength": 1, "maxLength": 256, "description": "Who ran the model: openai, anthropic, ollama, …" },
        "model": { "type": "string", "minLength": 1, "maxLength": 256, "description": "The model's name as the provider spells it." },
        "index": { "$ref": "#/$defs/natural", "description": "Place among the span's deltas: gapless from 0." },
        "count": { "$ref": "#/$defs/natural", "minimum": 1, "description": "How many deltas were merged into this one: it covers index … index + count - 1. Absent means 1." },
        "producer": { "$ref": "#/$defs/id", "description": "The process that sent it; with seq it makes a re-send a duplicate." },
        "seq": { "$ref": "#/$defs/natural", "description": "The producer's own count of its events, strictly rising." },
        "schema": { "type": "string", "minLength": 1, "maxLength": 256, "description": "Name or version of the schema that data follows. Absent means this one." },
        "late": { "type": "boolean", "description": "Set by the server: the span had already ended." },
        "tags": { "$ref": "#/$defs/tags" },
        "data": { "description": "What happened, by type; an object for our own types, any JSON value for others." }
      }
    },
    "stored": {
      "title": "An event as it is served: with its position and everything the server fills in",
      "$ref": "#",
      "required": ["position", "id", "type", "time", "received"]
    },
    "redacted": { "type": "object", "additionalProperties": { "$ref": "#/$defs/natural", "minimum": 1 }, "description": "Added to data by a server that redacts: how often something was found and replaced, by detector." },
    "type": { "type": "string", "pattern": "^[A-Za-z0-9_.:/-]{1,128}$", "description": "A label; lower-case dot names are the recommended style." },
    "phase": { "enum": ["start", "delta", "usage", "progress", "restart", "end", "error"], "description": "What the event does to its span. Only this opens (start) or ends (end, error) a span, whatever the type says." },
    "id": { "type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$" },
    "position": { "type": "string", "pattern": "^[0-9a-f]{12}-[0-9]{1,19}$", "description": "Epoch and offset of a stored event. Ask for what came after it with after=." },
    "time": { "type": "string", "pattern": "^\\d{4}-\\d{2}-\\d{2}[Tt ]\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,9})?([Zz]|[+-]\\d{2}:\\d{2})$", "description": "RFC 3339 with a zone and up to nanoseconds." },
    "natural": { "type": "integer", "minimum": 0, "maximum": 9007199254740992 },
    "milliseconds": { "type": "number", "minimum": 0 },
    "identity": { "type": "string", "maxLength": 192, "pattern": "^[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+$", "description": "namespace.kind.name of the service that did it." },
    "source": {
      "type": "object",
      "description": "Where in the program it happened.",
      "properties": {
        "service": { "type": "string", "maxLength": 256 },
        "module": { "type": "string", "maxLength": 256 },
        "method": { "type": "string", "maxLength": 256 }
      }
    },
    "tags": {
      "type": "object",
      "description": "Labels to filter by; keys up to 64 bytes, values up to 256 bytes.",
      "maxProperties": 32,
      "propertyNames": { "minLength": 1, "maxLength": 64 },
      "additionalProperties": { "type": "string", "maxLength": 256 }
    },
    "usage": {
      "title": "Tokens by class, and where the numbers come from",
      "type": "object",
      "required": ["provenance"],
      "properties": {
        "input": { "$ref": "#/$defs/natural", "description": "Input tokens neither read from nor written to a cache." },
        "cached_read": { "$ref": "#/$defs/natural", "description": "Input tokens read from a cache." },
        "cache_write": { "$ref": "#/$defs/natural", "description": "Input tokens written to a cache." },
        "cache_write_1h": { "$ref": "#/$defs/natural", "description": "The part of cache_write that is kept for an hour." },
        "output": { "$ref": "#/$defs/natural", "description": "All tokens that were generated, reasoning among them." },
        "reasoning": { "$ref": "#/$defs/natural", "description": "The part of output that was reasoning." },
        "total": { "$ref": "#/$defs/natural", "description": "input + cached_read + cache_write + output." },
        "provenance": { "enum": ["provider_final", "provider_partial", "estimated"], "description": "The provider's last word, its word so far, or our own guess." },
        "confidence": { "type": "number", "minimum": 0, "maximum": 1, "description": "How sure an estimate is." },
        "cost": { "$ref": "#/$defs/cost" },
        "raw": { "type": "object", "description": "The provider's own usage object, verbatim." }
      },
      "if": { "properties": { "provenance": { "const": "estimated" } } },
      "then": { "required": ["confidence"] }
    },
    "cost": {
      "title": "What the tokens cost, or why nobody knows",
      "type": "object",
      "properties": {
        "amount": { "type": "number", "minimum": 0, "description": "The sum, in the currency's unit." },
        "currency": { "type": "string", "pattern": "^[A-Z]{3}$", "description": "ISO 4217." },
        "breakdown": {
          "type": "object",
          "description": "The sum by class of token; a class that cost nothing is absent.",
          "properties": {
            "input": { "type": "number", "minimum": 0 },
            "cached_read": { "type": "number", "minimum": 0 },
            "cache_write": { "type": "number", "minimum": 0 },
            "output": { "type": "number", "minimum": 0 }
          }
        },
        "estimated": { "type": "boolean", "description": "The numbers of tokens are a guess, so this is one too." },
        "date": { "type": "string", "pattern": "^\\d{4}-\\d{2}-\\d{2}$", "description": "The day from which the prices are." },
        "unknown": { "type": "string", "description": "Why nobody knows, such as: no price for openai/my-model." }
      },
      "oneOf": [{ "required": ["amount", "currency"] }, { "required": ["unknown"] }]
    },
    "timing": {
      "title": "How long it took, in milliseconds",
      "type": "object",
      "properties": {
        "duration_ms": { "$ref": "#/$defs/milliseconds" },
        "first_delta_ms": { "$ref": "#/$defs/milliseconds", "description": "From the start to the first delta (time to first token)." },
        "deltas": { "$ref": "#/$defs/natural", "description": "How many deltas there were." },
        "tokens_per_second": { "type": "number", "minimum": 0 }
      }
    },
    "error": {
      "title": "Why a span did not end well",
      "type": "object",
      "required": ["reason", "message"],
      "properties": {
        "reason": { "enum": ["failed", "cancelled", "incomplete", "lost"], "description": "failed: it said so; cancelled: its caller gave up; incomplete: it stopped without its end; lost: its producer went silent." },
        "message": { "type": "string" },
        "code": { "type": "string", "description": "The provider's or the library's own code." },
        "status": { "type": "integer", "minimum": 100, "maximum": 599, "description": "HTTP status, where there was one." },
        "retryable": { "type": "boolean" },
        "retry_after_ms": { "$ref": "#/$defs/milliseconds" },
        "attempts": { "$ref": "#/$defs/natural", "description": "How often it was tried, where more than once." },
        "step": { "$ref": "#/$defs/natural", "description": "Of a chain: the step that failed, from 0." },
        "step_name": { "type": "string", "description": "Of a chain: the step that failed." },
        "steps": { "$ref": "#/$defs/natural", "description": "Of a step: how many the chain has." },
        "budget": {
          "enum": ["tokens", "cost", "seconds", "stall"],
          "description": "The limit of its budget that the call exceeded."
        },
        "name": { "type": "string" },
        "id": { "type": "string" },
        "opaque_skipped": { "$ref": "#/$defs/natural", "description": "Parts of the reply of no known kind beyond those kept as llm.opaque." },
        "turn": { "$ref": "#/$defs/natural", "description": "Of a tool call: the agent's turn that asked for it." },
        "turns": { "$ref": "#/$defs/natural", "description": "Of an agent: how often it asked the model." },
        "tool_calls": { "$ref": "#/$defs/natural", "description": "Of an agent: how many tool calls there were." },
        "usage": { "$ref": "#/$defs/usage" },
        "timing": { "$ref": "#/$defs/timing" }
      }
    },
    "tool": {
      "title": "Which tool call a piece belongs to",
      "type": "object",
      "properties": {
        "index": { "$ref": "#/$defs/natural", "description": "Place among the calls of one reply." },
        "id": { "type": "string", "description": "The provider's id of the call." },
        "name": { "type": "string" }
      }
    },
    "data": {
      "llm.start": {
        "type": "object",
        "properties": {
          "name": { "type": "string" },
          "operation": { "type": "string", "description": "chat, completion, response, embedding, …" },
          "endpoint": { "type": "string", "description": "The path that was called." },
          "stream": { "type": "boolean" },
          "input": { "description": "What the model was given (messages, prompt or input), as it was sent." },
          "input_bytes": { "$ref": "#/$defs/natural", "description": "How long input was, where it was cut." },
          "system": { "description": "Instructions that stood beside the input, as they were sent." },
          "unread": { "type": "string", "description": "Why the request could not be read." },
          "tools": { "type": "array", "items": { "type": "string" }, "description": "Names of the tools that were offered." },
          "options": { "type": "object", "description": "The other parameters, as they were sent: temperature, max_tokens, …" }
        }
      },
      "delta": {
        "type": "object",
        "required": ["text"],
        "properties": {
          "channel": { "enum": ["text", "reasoning", "refusal", "tool_arguments"], "description": "Absent means text." },
          "text": { "type": "string" },
          "choice": { "$ref": "#/$defs/natural", "description": "Which of several answers; absent means 0." },
          "tool": { "$ref": "#/$defs/tool" },
          "redacted": { "$ref": "#/$defs/redacted" }
        }
      },
      "llm.annotation": {
        "title": "A source, or another note that belongs to an answer",
        "type": "object",
        "required": ["annotation"],
        "properties": {
          "choice": { "$ref": "#/$defs/natural", "description": "Which of several answers; absent means 0." },
          "annotation": { "description": "As the provider wrote it." }
        }
      },
      "llm.opaque": {
        "title": "A part of a reply that means nothing to Signalbox, kept as it came",
        "type": "object",
        "required": ["payload"],
        "properties": {
          "event": { "type": "string", "description": "The name that the stream gave it." },
          "payload": { "description": "JSON; what is long in it is cut." }
        }
      },
      "restart": {
        "type": "object",
        "required": ["attempt", "discard_from"],
        "properties": {
          "attempt": { "$ref": "#/$defs/natural", "minimum": 1, "description": "The first repeat is 1." },
          "discard_from": { "$ref": "#/$defs/natural", "description": "The span's deltas before this event with this index or a higher one are void. Indices go on rising: none is used twice." },
          "message": { "type": "string" },
          "code": { "type": "string" }
        }
      },
      "llm.end": {
        "type": "object",
        "properties": {
          "name": { "type": "string" },
          "output": { "description": "A result other than the deltas' text, where the caller gave one." },
          "finish_reason": { "type": "string", "description": "As the provider said it: stop, length, tool_calls, end_turn, …" },
          "finish_reasons": { "type": "array", "items": { "type": "string" }, "description": "One a choice, where there were several." },
          "response": { "type": "string", "description": "The provider's id of the reply." },
          "model": { "type": "string", "description": "The model that answered." },
          "service_tier": { "type": "string" },
          "unread": { "type": "string", "description": "Why the reply could not be read." },
          "opaque_skipped": { "$ref": "#/$defs/natural", "description": "Parts of the reply of no known kind beyond those kept as llm.opaque." },
          "status": { "type": "integer", "minimum": 100, "maximum": 599 },
          "usage": { "$ref": "#/$defs/usage" },
          "timing": { "$ref": "#/$defs/timing" }
        }
      },
      "progress": {
        "type": "object",
        "properties": {
          "name": { "type": "string" },
          "fraction": { "type": "number", "minimum": 0, "maximum": 1 },
          "message": { "type": "string" },
          "step": { "$ref": "#/$defs/natural", "description": "Of a chain: the step under way, from 0." },
          "steps": { "$ref": "#/$defs/natural", "description": "Of a chain: how many steps there are." },
          "step_fraction": { "type": "number", "minimum": 0, "maximum": 1, "description": "Of a chain: how far the step itself is." },
          "result": { "description": "A partial result." }
        }
      },
      "tool.start": {
        "type": "object",
        "properties": {
          "name": { "type": "string" },
          "id": { "type": "string", "description": "The provider's id of the call." },
          "arguments": { "description": "What the tool was given: an object; what the model wrote that is no JSON object is a string." },
          "arguments_bytes": { "$ref": "#/$defs/natural", "description": "How long their JSON was, where they were cut." },
          "turn": { "$ref": "#/$defs/natural", "description": "The agent's turn that asked for it." },
          "input_bytes": { "$ref": "#/$defs/natural", "description": "How long input was, where it was cut." },
          "input": { "description": "The same, where it was started as a plain span." }
        }
      },
      "tool.end": {
        "type": "object",
        "properties": {
          "name": { "type": "string" },
          "id": { "type": "string" },
          "result": { "description": "What the tool answered." },
          "result_bytes": { "$ref": "#/$defs/natural", "description": "How long the result was, where it was cut." },
          "turn": { "$ref": "#/$defs/natural", "description": "The agent's turn that asked for it." },
          "usage": { "$ref": "#/$defs/usage" },
          "output_bytes": { "$ref": "#/$defs/natural", "description": "How long output was, where it was cut." },
          "output": { "description": "The same, where it was ended as a plain span." },
          "timing": { "$ref": "#/$defs/timing" }
        }
      },
      "chain.start": {
        "type": "object",
        "properties": {
          "name": { "type": "string" },
          "input": {},
          "total": { "$ref": "#/$defs/natural", "description": "How many steps the plan has." },
          "steps": { "type": "array", "items": { "type": "string" }, "description": "Names of the steps to come, where they are known; the first 1000." },
          "metadata": { "type": "object", "description": "What the caller says about the run." }
        }
      },
      "chain.step": {
        "type": "object",
        "required": ["name"],
        "properties": {
          "name": { "type": "string" },
          "step": { "$ref": "#/$defs/natural", "description": "Place of the step, from 0." },
          "steps": { "$ref": "#/$defs/natural", "description": "How many steps there are." },
          "fraction": { "type": "number", "minimum": 0, "maximum": 1, "description": "How far the whole chain is; never falls." },
          "result": { "description": "An intermediate result." }
        }
      },
      "agent.start": {
        "type": "object",
        "properties": {
          "name": { "type": "string" },
          "input": { "description": "What it was asked." },
          "input_bytes": { "$ref": "#/$defs/natural", "description": "How long input was, where it was cut." },
          "model": { "type": "string", "description": "The model that will be asked." },
          "tools": { "type": "array", "items": { "type": "string" }, "description": "Names of its tools." },
          "limits": { "type": "object", "description": "What holds the run: turns, tool_calls, seconds, stall_seconds, tokens, cost." }
        }
      },
      "agent.turn": {
        "type": "object",
        "properties": {
          "turn": { "$ref": "#/$defs/natural", "description": "From 0." },
          "message": { "type": "string" }
        }
      },
      "agent.end": {
        "type": "object",
        "properties": {
          "name": { "type": "string" },
          "output": { "description": "The answer." },
          "output_bytes": { "$ref": "#/$defs/natural", "description": "How long output was, where it was cut." },
          "turns": { "$ref": "#/$defs/natural", "description": "How often the model was asked." },
          "tool_calls": { "$ref": "#/$defs/natural", "description": "How many tool calls there were." },
          "usage": { "$ref": "#/$defs/usage" },
          "timing": { "$ref": "#/$defs/timing" }
        }
      },
      "retrieval.start": {
        "type": "object",
        "properties": {
          "name": { "type": "string", "description": "The index or collection." },
          "query": { "description": "What was looked for." },
          "input": {},
          "input_bytes": { "$ref": "#/$defs/natural", "description": "How long input was, where it was cut." }
        }
      },
      "retrieval.end": {
        "type": "object",
        "properties": {
          "name": { "type": "string" },
          "count": { "$ref": "#/$defs/natural", "description": "How many documents were found." },
          "documents": { "type": "array", "description": "The documents, or what identifies them." },
          "output": {},
          "output_bytes": { "$ref": "#/$defs/natural", "description": "How long output was, where it was cut." },
          "usage": { "$ref": "#/$defs/usage" },
          "timing": { "$ref": "#/$defs/timing" }
        }
      },
      "start": {
        "title": "The start of any other span",
        "type": "object",
        "properties": {
          "name": { "type": "string" },
          "input": {},
          "input_bytes": { "$ref": "#/$defs/natural", "description": "How long input was, where it was cut." },
          "step": { "$ref": "#/$defs/natural", "description": "Of a step: its place in the chain, from 0." },
          "steps": { "$ref": "#/$defs/natural", "description": "Of a step: how many the chain has." }
        }
      },
      "end": {
        "title": "The end of any other span",
        "type": "object",
        "properties": {
          "name": { "type": "string" },
          "output": {},
          "output_bytes": { "$ref": "#/$defs/natural", "description": "How long output was, where it was cut." },
          "usage": { "$ref": "#/$defs/usage" },
          "step": { "$ref": "#/$defs/natural", "description": "Of a step: its place in the chain, from 0." },
          "steps": { "$ref": "#/$defs/natural", "description": "Of a step: how many the chain has." },
          "attempts": { "$ref": "#/$defs/natural", "description": "Of a step: how often it was tried." },
          "timing": { "$ref": "#/$defs/timing" }
        }
      },
      "log": {
        "type": "object",
        "required": ["message"],
        "properties": {
          "level": { "enum": ["trace", "debug", "info", "notice", "warning", "error", "critical"] },
          "message": { "type": "string" },
          "logger": { "type": "string" },
          "attributes": { "type": "object" }
        }
      },
      "signalbox.gap": {
        "title": "What a producer had to drop, said out loud",
        "type": "object",
        "required": ["dropped", "reason"],
        "properties": {
          "dropped": { "$ref": "#/$defs/natural", "description": "How many events." },
          "bytes": { "$ref": "#/$defs/natural", "description": "Their estimated size." },
          "reason": { "enum": ["buffer_full", "rejected", "sampled", "shutdown"] },
          "since": { "$ref": "#/$defs/time", "description": "When the first of them was dropped." }
        }
      },
      "signalbox.types": {
        "title": "What types of events an application declares",
        "type": "object",
        "required": ["types"],
        "properties": {
          "types": {
            "type": "array",
            "items": {
              "type": "object",
              "required": ["name"],
              "properties": {
                "name": { "$ref": "#/$defs/type", "description": "The type; of a span, its kind." },
                "span": { "type": "boolean", "description": "name is a kind of spans, and stands for name.start, name.end and so on." },
                "meaning": { "type": "string" },
                "fields": { "type": "object", "description": "The members of its data, and what each means." }
              }
            }
          }
        }
      },
      "llm.metrics": {
        "title": "How the streams of one provider and model went, added up",
        "type": "object",
        "required": ["streams"],
        "properties": {
          "streams": { "$ref": "#/$defs/natural", "description": "Streams that have ended." },
          "failed": { "$ref": "#/$defs/natural", "description": "How many of them ended otherwise than well." },
          "restarts": { "$ref": "#/$defs/natural" },
          "chunks": { "$ref": "#/$defs/natural", "description": "Their deltas." },
          "input": { "$ref": "#/$defs/natural", "description": "Their input tokens, from caches or not." },
          "output": { "$ref": "#/$defs/natural", "description": "Their output tokens." },
          "cost": { "type": "number", "minimum": 0, "description": "Of those whose cost is known." },
          "tokens_per_second": { "type": "number", "minimum": 0, "description": "Of one stream, on average." },
          "first_token_ms": { "$ref": "#/$defs/quantiles" },
          "gap_ms": { "$ref": "#/$defs/quantiles", "description": "Between two deltas." },
          "duration_ms": { "$ref": "#/$defs/quantiles" }
        }
      }
    },
    "quantiles": {
      "title": "Durations in milliseconds",
      "type": "object",
      "properties": {
        "count": { "$ref": "#/$defs/natural" },
        "mean": { "$ref": "#/$defs/milliseconds" },
        "p50": { "$ref": "#/$defs/milliseconds" },
        "p90": { "$ref": "#/$defs/milliseconds" },
        "p99": { "$ref": "#/$defs/milliseconds" },
        "max": { "$ref": "#/$defs/milliseconds" }
      }
    },
    "when": {
      "llm.start": { "properties": { "type": { "const": "llm.start" } }, "required": ["type"] },
      "llm.delta": { "properties": { "type": { "const": "llm.delta" } }, "required": ["type"] },
      "llm.annotation": { "properties": { "type": { "const": "llm.annotation" } }, "required": ["type"] },
      "llm.opaque": { "properties": { "type": { "const": "llm.opaque" } }, "required": ["type"] },
      "llm.usage": { "properties": { "type": { "const": "llm.usage" } }, "required": ["type"] },
      "llm.restart": { "properties": { "type": { "const": "llm.restart" } }, "required": ["type"] },
      "llm.end": { "properties": { "type": { "const": "llm.end" } }, "required": ["type"] },
      "error": { "properties": { "type": { "enum": ["llm.error", "tool.error", "chain.error", "step.error", "agent.error", "retrieval.error"] } }, "required": ["type"] },
      "progress": { "properties": { "type": { "enum": ["llm.progress", "tool.progress", "chain.progress", "step.progress", "agent.progress", "retrieval.progress"] } }, "required": ["type"] },
      "delta": { "properties": { "type": { "enum": ["tool.delta", "chain.delta", "step.delta", "agent.delta", "retrieval.delta"] } }, "required": ["type"] },
      "tool.start": { "properties": { "type": { "const": "tool.start" } }, "required": ["type"] },
      "tool.end": { "properties": { "type": { "const": "tool.end" } }, "required": ["type"] },
      "chain.start": { "properties": { "type": { "const": "chain.start" } }, "required": ["type"] },
      "chain.step": { "properties": { "type": { "const": "chain.step" } }, "required": ["type"] },
      "agent.start": { "properties": { "type": { "const": "agent.start" } }, "required": ["type"] },
      "agent.turn": { "properties": { "type": { "const": "agent.turn" } }, "required": ["type"] },
      "agent.end": { "properties": { "type": { "const": "agent.end" } }, "required": ["type"] },
      "retrieval.start": { "properties": { "type": { "const": "retrieval.start" } }, "required": ["type"] },
      "retrieval.end": { "properties": { "type": { "const": "retrieval.end" } }, "required": ["type"] },
      "start": { "properties": { "type": { "const": "step.start" } }, "required": ["type"] },
      "end": { "properties": { "type": { "enum": ["chain.end", "step.end"] } }, "required": ["type"] },
      "log": { "properties": { "type": { "const": "log" } }, "required": ["type"] },
      "signalbox.gap": { "properties": { "type": { "const": "signalbox.gap" } }, "required": ["type"] },
      "signalbox.types": { "properties": { "type": { "const": "signalbox.types" } }, "required": ["type"] },
      "llm.metrics": { "properties": { "type": { "const": "llm.metrics" } }, "required": ["type"] }
    }
  }
}
"""###),
  ]
}
