import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Evidence } from '../../src/blocklist/evidence.ts';
import { readChanges } from '../../src/fleet/client/answers.ts';
import type { FleetEntry } from '../../src/fleet/fleet-store.ts';
import { messageText, parseMessage } from '../../src/fleet/pubsub/message-text.ts';
import {
  evidenceOfRow,
  FLEET_ENTRY_COLUMNS,
  FLEET_EVIDENCE_COLUMNS,
  fleetEntryOfRow,
  rowOfEvidence,
  rowOfFleetEntry,
} from '../../src/fleet/rows.ts';
import { changedJson, historyJson, reportsDecoder } from '../../src/fleet/wire.ts';
import { addressOf } from '../../src/net/address.ts';
import { hostPrefix } from '../../src/net/prefix.ts';
import { cellOfEvidence, evidenceOfCell } from '../../src/store/evidence-cell.ts';
import { recordOfRow, rowOfRecord } from '../../src/store/record.ts';
import {
  DETAIL_NAMES,
  EVIDENCE,
  EVIDENCE_FIELDS,
  EVIDENCE_NAMES,
  type EvidenceField,
  keyOfEvidence,
  mergeEvidence,
  sumEvidence,
} from '../../src/validation/evidence.ts';
import { OFFENCE, offenceDetails } from '../../src/validation/offence.ts';
import { OFFENCE_REPORT } from '../../src/validation/reports.ts';
import { entryOf } from '../store/models.ts';
import { anyEvidence, mergeableEvidence } from '../support/any-evidence.ts';

const LATEST = EVIDENCE_NAMES.filter(
  (name) => (EVIDENCE_FIELDS[name] as EvidenceField<unknown>).merge === 'latest',
);
const OFFENDER = addressOf(4, 0xc000_0207);

function throughText(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

/** What evidence says besides who and when. */
function detailsOf(row: Evidence) {
  const { address: _, firstSeen: __, lastSeen: ___, ...details } = row;
  return details;
}

function roundTrip(comesBack: (row: Evidence) => void): void {
  fc.assert(
    fc.property(anyEvidence(), (row) => {
      comesBack(row);
    }),
  );
}

describe('evidence comes back whole', () => {
  it('from JSON', () => {
    roundTrip((row) => expect(EVIDENCE.read(throughText(EVIDENCE.write(row)), '')).toEqual(row));
  });

  it('from a cell of the store', () => {
    fc.assert(
      fc.property(fc.array(anyEvidence()), (rows) => {
        const log = 'auth.log';
        const ofLog = rows.map((row) => ({ ...row, log }));
        expect(sumEvidence(evidenceOfCell(cellOfEvidence(ofLog), log))).toEqual(sumEvidence(ofLog));
      }),
    );
  });

  it('from an export', () => {
    roundTrip((row) => {
      const entry = entryOf('192.0.2.0/24');
      const activation = {
        number: 1,
        at: 1,
        until: 2,
        endedAt: undefined,
        rule: undefined,
        note: '',
      } as const;
      const maker = { by: 'gate1', byAdmin: true };
      const made = { ...activation, ...maker, origin: 'grok' } as const;
      const history = [{ ...made, evidence: [row] }];
      const record = { type: 'entry', entry, history } as const;
      expect(recordOfRow(throughText(rowOfRecord(record)))).toEqual(record);
    });
  });

  it('from a row of the fleet', () => {
    roundTrip((row) => {
      const prefix = hostPrefix(OFFENDER);
      const evidence = { ...row, prefix, activation: 3, by: 'gate1', kind: 'offence' } as const;
      const values = rowOfEvidence(evidence);
      const named = FLEET_EVIDENCE_COLUMNS.map((name, index) => [name, values[index]]);
      expect(evidenceOfRow(Object.fromEntries(named))).toEqual(evidence);
    });
  });

  it('from the history that the API answers', () => {
    roundTrip((row) => {
      const prefix = hostPrefix(OFFENDER);
      const by = { prefix, by: 'gate1', byAdmin: false };
      const evidence = { ...row, ...by, activation: 1, kind: 'offence' } as const;
      const activation = { ...by, number: 1, at: 1, until: 2, endedAt: undefined, note: '' };
      const latest = { ...activation, origin: 'grok' } as const;
      const answer = historyJson({
        entry: entryOf('192.0.2.7/32'),
        sequence: 1,
        activatedSequence: 1,
        activation: latest,
        latestEvidence: [],
        isShared: false,
        isWithdrawn: false,
        activations: [latest],
        evidence: [evidence],
      });
      const [read] = (throughText(answer) as { evidence: unknown[] }).evidence;
      expect(EVIDENCE.read(read, '')).toEqual(row);
    });
  });
});

describe('evidence of an entry comes back', () => {
  it('from a row of the fleet and from the changes that the API answers', async () => {
    await fc.assert(
      fc.asyncProperty(anyEvidence(), async (row) => {
        const entry = entryOf('192.0.2.0/24');
        const { prefix, activatedAt: at = 0, expiresAt: until } = entry;
        const made = { by: 'gate1', byAdmin: false, origin: 'grok', note: '' } as const;
        const held: FleetEntry = {
          entry: { ...entry, endedAt: undefined },
          sequence: 1,
          activatedSequence: 1,
          activation: { prefix, number: entry.activations, at, until, endedAt: undefined, ...made },
          latestEvidence: [row],
          isShared: false,
          isWithdrawn: false,
        };
        const values = rowOfFleetEntry(held);
        const named = FLEET_ENTRY_COLUMNS.map((name, index) => [name, values[index]]);
        const { latestEvidence } = fleetEntryOfRow(Object.fromEntries(named));
        expect(latestEvidence).toEqual([row]);
        const changes = [changedJson({ kind: 'entry', value: held })];
        const body = JSON.stringify({ next: 1, more: false, changes });
        const read = await readChanges(Buffer.from(body), 0);
        expect(read.changes).toMatchObject([{ evidence: [row] }]);
      }),
    );
  });
});

describe('the details of evidence come back', () => {
  it('from an offence that is pending', () => {
    roundTrip((row) => {
      const who = { address: OFFENDER, user: 2 ** 53 - 1 };
      const offence = { at: 5, points: 7, ...who, ...offenceDetails(detailsOf(row)) };
      expect(OFFENCE.read(throughText(OFFENCE.write(offence)), '')).toEqual(offence);
    });
  });

  it('from a report', () => {
    roundTrip((row) => {
      const { firstSeen, lastSeen: at } = row;
      const about = {
        type: 'offence',
        key: undefined,
        address: OFFENDER,
        prefix: undefined,
      } as const;
      const report = { ...about, at, firstSeen, origin: 'grok', ...detailsOf(row) } as const;
      const body = { reports: [throughText(OFFENCE_REPORT.write(report))] };
      const [read] = reportsDecoder(1).read(body, '').reports;
      expect(read?.kind === 'offence' && read.details).toEqual(detailsOf(row));
    });
  });

  it('from a message, which has no log and no host', () => {
    roundTrip((row) => {
      const { log: _, host: __, ...evidence } = detailsOf(row);
      const ban = {
        prefix: hostPrefix(OFFENDER),
        address: OFFENDER,
        expiresAt: 'forever',
        origin: 'grok',
        evidence: [evidence],
        note: '',
      } as const;
      const text = messageText({ ban, sender: 'gate1', channel: '', number: 1, at: 5 });
      expect(parseMessage(text).ban).toEqual(ban);
    });
  });
});

describe('evidence with the same key', () => {
  it('is merged into one row', () => {
    fc.assert(
      fc.property(mergeableEvidence(), (rows) => {
        const sums = sumEvidence(rows);
        expect(new Set(sums.map(keyOfEvidence)).size).toBe(sums.length);
        for (const sum of sums) {
          const same = rows.filter((row) => keyOfEvidence(row) === keyOfEvidence(sum));
          expect(sum.count).toBe(same.reduce((total, { count }) => total + count, 0));
          expect(sum.firstSeen).toBe(Math.min(...same.map(({ firstSeen }) => firstSeen)));
          const newest = same.findLast(({ lastSeen }) => lastSeen === sum.lastSeen);
          for (const name of LATEST) expect(sum[name]).toBe(newest?.[name]);
          expect(sum.lastSeen).toBe(Math.max(...same.map(({ lastSeen }) => lastSeen)));
        }
      }),
    );
  });

  it('keeps its key and its other properties', () => {
    fc.assert(
      fc.property(anyEvidence(), (row) => {
        const other = { ...row, count: 1, by: 'gate1' };
        const merged = mergeEvidence(other, { ...other, lastSeen: row.lastSeen + 1 });
        expect(keyOfEvidence(merged)).toBe(keyOfEvidence(row));
        expect(merged.by).toBe('gate1');
        expect(Object.keys(merged)).toEqual(expect.arrayContaining([...DETAIL_NAMES]));
      }),
    );
  });
});
