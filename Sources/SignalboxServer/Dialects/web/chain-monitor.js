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
