/**
 * Of prom-client only the part that spells metrics out: the rest of it keeps numbers of its own, which we have already, and
 * is more than ten times as much to load. It asks a metric no more than this.
 */
declare module "prom-client/lib/registry.js" {
  interface Value {
    readonly value: number;
    readonly labels?: Readonly<Record<string, string>>;
    /** More labels. Spelled out once for all values that have the same object. */
    readonly sharedLabels?: object;
    /** Where it is not the metric's own. */
    readonly metricName?: string;
  }

  interface Metric {
    get(): {
      readonly name: string; readonly help: string; readonly type: "gauge" | "counter" | "histogram";
      readonly values: readonly Value[];
    };
  }

  class Registry {
    readonly contentType: string;
    getMetricsAsString(metric: Metric): Promise<string>;
  }

  export default Registry;
}
