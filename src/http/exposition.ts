/**
 * Metrics, and how they are spelled out for Prometheus. Each is made anew for whoever asks, from numbers that are there
 * anyway.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
import { setImmediate } from "node:timers/promises";

import Registry from "prom-client/lib/registry.js";

import type { Counted } from "./histogram.ts";

/** Their values are bounded by what is configured, so they are never a pid. */
export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  readonly value: number;
  readonly sharedLabels?: Labels;
  readonly labels?: Labels;
  readonly metricName?: string;
}

export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: "gauge" | "counter" | "histogram";
  readonly values: readonly Sample[];
}

export function gauge(name: string, help: string, values: readonly Sample[]): Metric {
  return { name, help, type: "gauge", values };
}

/** @param name ends with `_total` */
export function counter(name: string, help: string, values: readonly Sample[]): Metric {
  return { name, help, type: "counter", values };
}

/** A bucket has all that is in those below it as well. */
export function histogram(name: string, help: string, { bounds, counts, sum }: Counted): Metric {
  let count = 0;
  const buckets = counts.map((more, index): Sample => ({
    metricName: `${name}_bucket`, labels: { le: String(bounds[index] ?? "+Inf") }, value: count += more,
  }));
  return {
    name, help, type: "histogram",
    values: [...buckets, { metricName: `${name}_sum`, value: sum }, { metricName: `${name}_count`, value: count }],
  };
}

/** A sample with labels that other samples have too: made once, they are spelled out once. */
export function of(sharedLabels: Labels, value: number): Sample {
  return { sharedLabels, value };
}

/** One that there is only one of. */
export function single(value: number): Sample[] {
  return [{ value }];
}

/** An exit must not have to wait for all of it: after each metric the loop goes on. */
export async function expose(metrics: readonly Metric[]): Promise<{ readonly contentType: string; readonly text: string }> {
  const registry = new Registry();
  const texts: string[] = [];
  for (const metric of metrics) {
    texts.push(await registry.getMetricsAsString({ get: () => metric }));
    await setImmediate();
  }
  return { contentType: registry.contentType, text: `${texts.join("\n\n")}\n` };
}
