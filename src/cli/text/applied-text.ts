import type { AppliedRules } from '../../engine/firewall/apply-rules.ts';

/** One line: `pf table mcblock: 47 rules (3 added, 1 removed)`. */
export function appliedText({ firewall, rules, added, removed, whole }: AppliedRules): string {
  const count = `${rules} rule${rules === 1 ? '' : 's'}`;
  if (whole) return `${firewall} created: ${count}`;
  const isSame = added.size + removed.size === 0;
  return `${firewall}: ${count} (${isSame ? 'unchanged' : `${added.size} added, ${removed.size} removed`})`;
}
