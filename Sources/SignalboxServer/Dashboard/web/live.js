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
