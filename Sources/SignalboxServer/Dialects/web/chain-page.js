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
