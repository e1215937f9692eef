// The same monitor as an ES module: import { ChainMonitor } from "/js/chain-monitor.mjs".
import "./chain-monitor.js";

export const ChainMonitor = globalThis.ChainMonitor;
export default ChainMonitor;
