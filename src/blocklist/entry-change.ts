import type { Entry, Maker, Origin, Seconds } from './entry.ts';
import type { Evidence } from './evidence.ts';
import type { Decision } from './request.ts';

/** Who activated an entry, and why. */
export interface ActivationCause {
  readonly origin: Origin;
  readonly note: string;
  /** Default: this machine. */
  readonly maker?: Maker | undefined;
}

/** Evidence for one activation of an entry, by its number. */
export interface ActivationEvidence {
  readonly activation: number;
  readonly rows: readonly Evidence[];
}

/** What is recorded of one entry: the entry, its activations and the evidence for them. */
export interface EntryChange {
  /** The entry from now on. */
  readonly entry: Entry;
  /** There is no entry with this prefix yet. */
  readonly isFirst?: boolean;
  /** The entry at each activation that is new or was prolonged, oldest first. */
  readonly activations?: readonly Entry[];
  /** The cause of these activations; by default the origin, note and maker of the entry. */
  readonly cause?: ActivationCause;
  readonly evidence?: readonly ActivationEvidence[];
  /**
   * The activations above those of the entry are taken back: they are folded into another entry, or
   * withdrawn.
   */
  readonly takesBack?: boolean;
  /** The activation that was expired by hand, and when. */
  readonly ended?: { readonly activation: number; readonly at: Seconds };
}

/**
 * What to record of a decision, with the evidence for it.
 * @param isFirst there is no entry with this prefix yet
 */
export function changeOf(
  decision: Exclude<Decision, { kind: 'refused' }>,
  { origin, note, maker }: ActivationCause,
  rows: readonly Evidence[] = [],
  isFirst = false,
): EntryChange {
  const { entry } = decision;
  const evidence = rows.length === 0 ? [] : [{ activation: entry.activations, rows }];
  const activations = changesActivation(decision) ? [entry] : [];
  return { entry, isFirst, activations, cause: { origin, note, maker }, evidence };
}

/** Whether an activation is new or lasts longer. */
export function changesActivation(decision: Decision): boolean {
  const { kind } = decision;
  return kind === 'new' || kind === 'reactivated' || (kind === 'covered' && decision.extended);
}
