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
