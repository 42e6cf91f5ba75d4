import { decide } from '../blocklist/decide.ts';
import { isActive, type Seconds } from '../blocklist/entry.ts';
import { hitsOf } from '../blocklist/evidence.ts';
import { automaticRequest } from '../blocklist/evidence-source.ts';
import { automaticPrefix, type Policy } from '../blocklist/policy.ts';
import type { Decision } from '../blocklist/request.ts';
import { hostPrefix } from '../net/prefix.ts';
import type { ChangeSet } from './change-set.ts';
import type { DecisionRecorder } from './decision-recorder.ts';
import { fleetReporter, noteOnOffences } from './fleet-offences.ts';
import type { FleetEvidence, FleetOffence } from './fleet-store.ts';
import { limitedPolicy, makerOf } from './limits.ts';
import type { PendingReport, Reporter, ReportResult } from './report.ts';
import { spared, unchanged } from './report-result.ts';

/**
 * Adds offences that blocked nobody at one machine to those at others. What is active is hit by them;
 * once those of several machines are enough for a block, the fleet blocks the network.
 */
export function pendingReport(
  changeSet: ChangeSet,
  recorder: DecisionRecorder,
  policy: Policy,
  report: PendingReport,
  by: Reporter,
  now: Seconds,
): ReportResult {
  const { kind: _, address, ...others } = report;
  const at = Math.min(report.at, now);
  const network = automaticPrefix(address, policy);
  const offence: FleetOffence = { ...others, network, address, at, by: by.name };
  if (report.points === 0) {
    changeSet.offences.takeBack(offence);
    return unchanged('pending');
  }
  const protection = changeSet.space.containing(hostPrefix(address));
  if (protection !== undefined) return spared(protection);
  if (at <= now - policy.offence.windowSeconds) return unchanged('pending');
  if (!changeSet.offences.add(offence)) return unchanged('repeated');
  const supernets = changeSet.supernets(hostPrefix(address));
  const decisionOf = (reporter: Reporter, last: Seconds, hits: number): Decision =>
    decide(
      supernets,
      changeSet.space,
      {
        ...automaticRequest('log', { offender: address, at: last, hits }, policy.offence.points),
        maker: makerOf(reporter),
        isReported: true,
      },
      limitedPolicy(policy, reporter),
      now,
    );
  if (supernets.some((entry) => isActive(entry, now))) {
    const decision = decisionOf(by, at, offence.count);
    return recorder.record(decision, by, 'grok', '', evidenceOf(offence));
  }
  const enough = changeSet.offences.enough(network, supernets);
  const [first, ...more] = enough ?? [];
  if (first === undefined) return unchanged('pending');
  const fleet = fleetReporter(policy);
  const all = [first, ...more];
  const hits = hitsOf(all);
  const last = all.reduce((latest, one) => Math.max(latest, one.at), 0);
  const decision = decisionOf(fleet, last, hits);
  const result = recorder.record(decision, fleet, 'grok', noteOnOffences(all), evidenceOf(first));
  // Over the fleet's own budget it stays pending; the next offence tries again.
  if (result.outcome === 'deferred') return unchanged('pending');
  if (decision.kind === 'refused') return result;
  for (const one of more) {
    changeSet.addEvidence({
      ...recorder.evidence(decision.entry, 'offence', fleet),
      ...evidenceOf(one),
    });
  }
  return result;
}

/** Evidence in the name of the machine that saw the offence. */
function evidenceOf({
  by,
  address,
  service,
  message,
  count,
  at,
}: FleetOffence): Partial<FleetEvidence> & Pick<FleetEvidence, 'kind'> {
  return { kind: 'offence', by, address, service, message, count, firstSeen: at, lastSeen: at };
}
