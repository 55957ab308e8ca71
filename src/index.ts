/**
 * The public door: what `import { entry, sentry } from "sentryd"` gives. It is bundled into every compiled
 * configuration, so it depends on nothing and does as little as it can: it writes down what was asked for.
 * What that means, and whether it may be, is decided where the configuration is evaluated.
 */
export { entry, sentry } from "./config/program.ts";
export type { Entry, Program } from "./config/program.ts";
export type {
  EntryOptions, ProcessOptions, KeptOptions, ScheduledOptions, ClassicOptions, SentryOptions, Environment, Slot, Limit, Limits,
  LimitValue, ByteLimit, ByteLimits, CountLimits, Listener, HttpAddress, HttpOptions,
} from "./config/options.ts";
export type { Duration, Size } from "./config/options-units.ts";
export type { RestartPolicy, Backoff, FailureLimit, Stop, StopScope, StopSignal, DaemonFile } from "./config/options-ends.ts";
export type { Probes, Ready, ReadyWays, ReadyTimes, ReadyDaemon, Health, HealthTimes } from "./config/options-readiness.ts";
export type { Log, LogOptions } from "./config/options-output.ts";
export type { After, Schedule } from "./config/options-order.ts";
export type {
  SentryEvent, EventCause, EventBy, EventIdentity, StartedEvent, ReadyEvent, ExitedEvent, FaultEvent, StoppingEvent,
  StoppedEvent, WaitingEvent, BlockedEvent, UnhealthyEvent, FinishedEvent, FailedEvent, SignalledEvent, ScaledEvent,
  AddedEvent, RemovedEvent, ReloadedEvent, TookOverEvent, LostEvent, LeftEvent,
} from "./config/events.ts";
