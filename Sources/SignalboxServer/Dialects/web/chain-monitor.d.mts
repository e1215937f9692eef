// The types of the module; those of the classic script, which it loads, say all.
export * from "./chain-monitor.js";
export { ChainMonitor as default } from "./chain-monitor.js";
