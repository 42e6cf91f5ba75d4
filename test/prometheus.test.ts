import { describe, expect, it } from 'vitest';
import { counter, gauge, LabelledCounts, prometheusText } from '../src/prometheus.ts';

describe('prometheusText', () => {
  it('writes help and type before the samples of each metric', () => {
    expect(prometheusText([gauge('a', 'How many.', 3), counter('b_total', 'None yet.', [])])).toBe(
      '# HELP a How many.\n# TYPE a gauge\na 3\n# HELP b_total None yet.\n# TYPE b_total counter\n',
    );
  });

  it('escapes labels', () => {
    const labels = { name: 'a"b\\c\nd', other: 'x' };
    expect(prometheusText([gauge('a', 'b', [{ labels, value: 1 }])]).split('\n')[2]).toBe(
      String.raw`a{name="a\"b\\c\nd",other="x"} 1`,
    );
  });
});

it('counts by all labels together', () => {
  const counts = new LabelledCounts();
  for (const [a, b] of [
    ['x', 'y'],
    ['x', 'z'],
    ['x', 'y'],
  ] as const) {
    counts.add({ a, b });
  }
  expect(counts.samples).toEqual([
    { labels: { a: 'x', b: 'y' }, value: 2 },
    { labels: { a: 'x', b: 'z' }, value: 1 },
  ]);
});
