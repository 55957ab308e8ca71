/**
 * The public door: what `import { entry, sentry } from "sentryd"` gives. It is bundled into every compiled
 * configuration, so it depends on nothing and does as little as it can: it writes down what was asked for.
 * What that means, and whether it may be, is decided where the configuration is evaluated.
 */
export { entry, sentry } from "./config/program.ts";
export type { Entry, Program } from "./config/program.ts";
export type {
  Duration, Size, EntryOptions, SentryOptions, Environment, Slot, Limit, Limits, LimitValue, ByteLimit, ByteLimits,
  CountLimits, Listener, HttpAddress, HttpOptions, RestartPolicy, Backoff, FailureLimit, Stop, StopScope, StopSignal,
  DaemonFile, Ready,
} from "./config/options.ts";
