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
