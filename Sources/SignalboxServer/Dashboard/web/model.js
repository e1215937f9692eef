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
