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
