import type { Seconds } from '../../blocklist/entry.ts';
import type { Firewall } from '../../firewall/firewall.ts';
import type { Store } from '../../store/store.ts';
import { applyRules } from '../firewall/apply-rules.ts';
import type { RulesPolicy } from '../rules-at.ts';
import { type Found, ok, problem } from './finding.ts';

const ADVICE = 'run mcblock apply';

/** Checks that the firewall holds the rules of the store and blocks with them. */
export async function checkFirewall(
  firewall: Firewall,
  store: Store,
  policy: RulesPolicy,
  now: () => Seconds,
): Promise<Found> {
  const { rules, added, removed, whole } = await applyRules(firewall, store, policy, now, {
    dryRun: true,
  });
  const { name } = firewall;
  const figures = { rules, missing: added.size, superfluous: removed.size };
  if (whole && rules > 0) {
    const text = `${name} does not exist or was changed: nothing is blocked`;
    return { ...problem(text, ADVICE), figures };
  }
  if (added.size > 0 || removed.size > 0) {
    const text = `${name} is not up to date: missing rules ${added.size}, superfluous ${removed.size}`;
    return { ...problem(text, ADVICE), figures };
  }
  const fault = await firewall.fault?.(rules);
  if (fault !== undefined) return { ...problem(fault.text, fault.advice), figures };
  return { ...ok(`${name} holds the rules of the store (${rules})`), figures };
}
