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
