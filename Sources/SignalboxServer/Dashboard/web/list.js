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
