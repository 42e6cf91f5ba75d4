import { type Entry, isActive, type Seconds } from '../blocklist/entry.ts';
import { NO_DETAILS } from '../blocklist/evidence.ts';
import type { Policy } from '../blocklist/policy.ts';
import type { Decision } from '../blocklist/request.ts';
import type { ChangeSet } from './change-set.ts';
import type { FleetEvidence } from './fleet-store.ts';
import { limitedDecision, makerOf } from './limits.ts';
import type { Reporter, ReportResult } from './report.ts';
import { deferred, resultOf, spared, withoutSmallExtension } from './report-result.ts';

/** Records decisions on reports in a change set. */
export class DecisionRecorder {
  readonly #changeSet: ChangeSet;
  readonly #policy: Policy;
  readonly #now: Seconds;

  constructor(changeSet: ChangeSet, policy: Policy, now: Seconds) {
    this.#changeSet = changeSet;
    this.#policy = policy;
    this.#now = now;
  }

  /** @param reported the evidence, as far as it is known */
  record(
    decision: Decision,
    by: Reporter,
    origin: Entry['origin'],
    note: string,
    reported: Partial<FleetEvidence> & Pick<FleetEvidence, 'kind'>,
  ): ReportResult {
    if (decision.kind === 'refused') return spared(decision.protection);
    const { prefix } = decision.entry;
    const before = this.#changeSet.get(prefix);
    const held = this.#changeSet.active(prefix);
    const limited = limitedDecision(decision, held, by, this.#policy);
    const { outcome, entry } = withoutSmallExtension(limited, before, reported.kind);
    const isActivation = outcome === 'new' || outcome === 'reactivated';
    // An administrator vouches for what they made, not for how long somebody else wants it blocked.
    const isProlonged = outcome === 'extended' && reported.kind === 'block';
    const wanted = isProlonged ? { ...entry, byAdmin: false } : entry;
    if ((isActivation || isProlonged) && this.#changeSet.claims.heldOf(wanted, by) !== undefined) {
      return deferred('fleet.quorum');
    }
    if (isActivation && !this.#isAffordable(entry, by)) {
      return deferred(prefix.family === 4 ? 'limits.user-share' : 'limits.user-prefixes6');
    }
    const isChange =
      (outcome !== 'covered' && outcome !== 'evidence') || before?.note !== entry.note;
    if (isChange) this.#changeSet.update(entry, { ...makerOf(by), origin, note });
    else this.#changeSet.hit(entry);
    // The activation already records who made it and why.
    if (!isActivation || reported.kind === 'offence') {
      this.#changeSet.addEvidence({ ...this.evidence(entry, reported.kind, by), ...reported });
    }
    if (isActivation) {
      for (const name of this.#changeSet.claims.settle(prefix, by)) {
        this.#changeSet.addEvidence(this.evidence(entry, 'block', { ...by, name }));
      }
    }
    return resultOf(outcome, entry);
  }

  /** Whether the user may have the entry active too; if so they are charged with it. */
  #isAffordable(entry: Entry, { name, isAdmin }: Reporter): boolean {
    const isCharged = !isAdmin && isActive(entry, this.#now);
    return !isCharged || this.#changeSet.charges.charge(name, entry.prefix);
  }

  evidence(
    { prefix, activations }: Entry,
    kind: FleetEvidence['kind'],
    by: Reporter,
  ): FleetEvidence {
    return {
      prefix,
      activation: activations,
      by: by.name,
      kind,
      ...NO_DETAILS,
      address: undefined,
      count: 1,
      firstSeen: this.#now,
      lastSeen: this.#now,
    };
  }
}
