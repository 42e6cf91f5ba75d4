import type { Context } from '../../cli/context.ts';
import { McblockError } from '../../errors.ts';
import type { Reconciled } from '../../firewall/reconcile.ts';
import { rulesAt } from '../rules-at.ts';
import { firewallOf } from './open-firewall.ts';

export interface ApplyOptions {
  /** Change nothing. */
  readonly dryRun?: true;
  /** Empty a table that held many rules, and put in rules that are very wide. */
  readonly force?: true;
  /** End the connections of what is newly blocked; for pf. */
  readonly kill?: true;
}

/** What became of the firewall. */
export interface Applied extends Reconciled {
  /** For messages, such as `the pf table mcblock`. */
  readonly firewall: string;
}

/**
 * Makes the firewall hold exactly the rules of the store. To be called outside a transaction, when
 * what was to be recorded is recorded. Throws McblockError.
 */
export async function applyRules(context: Context, options: ApplyOptions = {}): Promise<Applied> {
  const firewall = await firewallOf(await context.config());
  if (options.kill && firewall.kill === undefined) {
    throw new McblockError(
      'usage',
      `--kill is for pf; ${firewall.name} needs none: what is blocked is dropped, open connections too`,
    );
  }
  const store = await context.store('read');
  const { reconcile } = await import('../../firewall/reconcile.ts');
  const reconciled = await reconcile(firewall, () => rulesAt(store, context.present), options);
  if (options.kill && !options.dryRun) await firewall.kill?.(reconciled.added);
  return { ...reconciled, firewall: firewall.name };
}

/** The same after a command that changed the store, with a remark on what became of it. */
export async function applyAfterwards(context: Context, options: ApplyOptions = {}): Promise<void> {
  try {
    context.remark(appliedText(await applyRules(context, options)));
  } catch (error) {
    if (!(error instanceof McblockError)) throw error;
    throw new McblockError(
      error.code,
      `it is recorded, but not in the firewall yet: ${error.message}`,
      { cause: error },
    );
  }
}

/** One line: `the pf table mcblock holds 47 rules: 3 added, 1 removed`. */
export function appliedText({ firewall, rules, added, removed, whole }: Applied): string {
  const changes =
    added.size + removed.size === 0 && !whole
      ? 'as before'
      : `${added.size} added, ${removed.size} removed${whole ? ', all of it put there anew' : ''}`;
  return `${firewall} holds ${rules} rule${rules === 1 ? '' : 's'}: ${changes}`;
}
