/** A metric in the sense of Prometheus, with what it is at the moment. */
export interface Metric {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** A sentence. */
  readonly help: string;
  readonly samples: readonly MetricSample[];
}

export type Labels = Readonly<Record<string, string>>;

/** One value of a metric. */
export interface MetricSample {
  readonly labels: Labels;
  readonly value: number;
  /** For a histogram: what follows the name. */
  readonly suffix?: '_bucket' | '_sum' | '_count';
}

/** The media type of prometheusText. */
export const PROMETHEUS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** Something that rises and falls. @param values a number if it has no labels */
export function gauge(
  name: string,
  help: string,
  values: number | readonly MetricSample[],
): Metric {
  return { name, type: 'gauge', help, samples: samplesOf(values) };
}

/** Something that only rises, until it starts again. @param values a number if it has no labels */
export function counter(
  name: string,
  help: string,
  values: number | readonly MetricSample[],
): Metric {
  return { name, type: 'counter', help, samples: samplesOf(values) };
}

function samplesOf(values: number | readonly MetricSample[]): readonly MetricSample[] {
  return typeof values === 'number' ? [{ labels: {}, value: values }] : values;
}

/** The metrics in Prometheus's text format 0.0.4. */
export function prometheusText(metrics: Iterable<Metric>): string {
  let text = '';
  for (const { name, type, help, samples } of metrics) {
    text += `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
    for (const { labels, value, suffix = '' } of samples) {
      text += `${name}${suffix}${labelsText(labels)} ${value}\n`;
    }
  }
  return text;
}

function labelsText(labels: Labels): string {
  const each = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return each.length === 0 ? '' : `{${each.join(',')}}`;
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

/** Counts by labels. */
export class LabelledCounts {
  readonly #samples = new Map<string, { readonly labels: Labels; value: number }>();

  add(labels: Labels): void {
    const key = JSON.stringify(labels);
    const sample = this.#samples.get(key) ?? { labels, value: 0 };
    sample.value++;
    this.#samples.set(key, sample);
  }

  get samples(): readonly MetricSample[] {
    return [...this.#samples.values()];
  }
}

/** What the server's metrics and those of a machine have in common. */
export function blockedPrefixes(count: number): Metric {
  return gauge('mcblock_blocked_prefixes', 'Prefixes blocked now.', count);
}

/** What `listen` and `mcblock metrics` have in common. */
export function lastNumber(number: number): Metric {
  return gauge('mcblock_pubsub_last_number', 'The number of the last change from the API.', number);
}
