import type { AppliedRules } from '../../engine/firewall/apply-rules.ts';

/** One line: `the pf table mcblock holds 47 rules: 3 added, 1 removed`. */
export function appliedText({ firewall, rules, added, removed, whole }: AppliedRules): string {
  const changes =
    added.size + removed.size === 0 && !whole
      ? 'as before'
      : `${added.size} added, ${removed.size} removed${whole ? ', all of it put there anew' : ''}`;
  return `${firewall} holds ${rules} rule${rules === 1 ? '' : 's'}: ${changes}`;
}
