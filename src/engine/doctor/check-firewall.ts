import type { Seconds } from '../../blocklist/entry.ts';
import type { Firewall } from '../../firewall/firewall.ts';
import type { Store } from '../../store/store.ts';
import { applyRules } from '../firewall/apply-rules.ts';
import type { RulesPolicy } from '../rules-at.ts';
import { type Found, ok, problem } from './finding.ts';

const ADVICE = 'run mcblock apply';

/** Compares what the firewall holds with the rules of the store. */
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
  if (whole && rules > 0) return problem(`${name} does not exist: nothing is blocked`, ADVICE);
  if (added.size > 0 || removed.size > 0) {
    return problem(
      `${name} is not up to date: missing rules ${added.size}, superfluous ${removed.size}`,
      ADVICE,
    );
  }
  return ok(`${name} holds the rules of the store (${rules})`);
}
