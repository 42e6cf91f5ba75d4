import type { Seconds } from '../../../blocklist/entry.ts';
import { McblockError } from '../../../errors.ts';
import { isObject } from '../../../validation/codec.ts';
import type { ForeignBan, ForeignFile, ForeignText } from '../foreign-ban.ts';
import type { LocalTimes } from '../local-times.ts';
import { readCsv } from './csv.ts';
import { jsonOf, MAX_FILE_BYTES, stringOf } from './json-file.ts';

/** A duration as Go writes it: `3h59m45.1s`; negative once it is over. */
const DURATION = /^(-?)(?:(\d{1,7})h)?(?:(\d{1,9})m)?(?:(\d{1,9})(?:\.\d{1,9})?s)?$/;

interface Decision {
  readonly scope: string;
  readonly value: string;
  readonly type: string;
  readonly origin: string;
  readonly scenario: string;
  readonly duration: string;
  readonly since: Seconds | undefined;
  readonly isSimulated: boolean;
}

/** Reads the output of `cscli decisions list -o json` or `-o raw`. Throws McblockError('input'). */
export function* readCrowdsec({ file, now, times }: ForeignFile): Generator<ForeignBan> {
  const content = file.whole(MAX_FILE_BYTES);
  const isJson = /^\s*[[{n]/.test(content.toString('latin1', 0, 100));
  const decisions = isJson ? jsonDecisions(file, content, times) : csvDecisions(file, content);
  for (const [number, decision] of decisions) yield banOf(number, decision, now);
}

function banOf(number: number, decision: Decision, now: Seconds): ForeignBan {
  const { scope, value: text, type, origin, scenario, since } = decision;
  const until = endOf(decision.duration, now);
  return {
    number,
    text,
    since,
    until,
    reason: `${scenario} (${origin})`,
    fault: until === undefined ? `bad duration "${decision.duration}"` : faultOf(),
  };

  function faultOf(): string | undefined {
    if (!/^(?:ip|range)$/i.test(scope)) return `a decision on a ${scope}, not on an address`;
    if (decision.isSimulated) return `${text} is a simulated decision`;
    return type === 'ban' ? undefined : `${text} is a ${type}, not a ban`;
  }
}

function endOf(duration: string, now: Seconds): Seconds | undefined {
  const match = DURATION.exec(duration);
  if (match === null || duration === '') return undefined;
  const [, sign, hours = 0, minutes = 0, seconds = 0] = match;
  const length = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  return Math.max(0, sign === '-' ? now - length : now + length);
}

/** Alerts with their decisions, or decisions alone, as the API lists them. */
function* jsonDecisions(
  file: ForeignText,
  content: Buffer,
  times: LocalTimes,
): Generator<[number, Decision]> {
  // Without decisions, cscli writes null.
  const items = jsonOf(file.name, content) ?? [];
  if (!Array.isArray(items) || !items.every(isObject)) {
    throw new McblockError('input', `${file.name}: not a list of decisions`);
  }
  let number = 0;
  for (const item of items) {
    const { decisions = [item], created_at: at } = item;
    const since = typeof at === 'string' ? times.read(at) : undefined;
    for (const decision of Array.isArray(decisions) ? decisions.filter(isObject) : []) {
      const text = (name: string) => stringOf(decision[name] ?? '');
      const names = { scope: text('scope'), value: text('value'), type: text('type') };
      const cause = { origin: text('origin'), scenario: text('scenario') };
      const isSimulated = decision['simulated'] === true;
      yield [++number, { ...names, ...cause, duration: text('duration'), since, isSimulated }];
    }
  }
}

function* csvDecisions(file: ForeignText, content: Buffer): Generator<[number, Decision]> {
  const lines = content.toString('utf8').split('\n');
  for (const { number, fields } of readCsv(file, lines, ['ip', 'action', 'expiration'])) {
    const text = (name: string) => fields.get(name) ?? '';
    // `Ip:192.0.2.7`
    const [, scope = '', value = ''] = /^([^:]*):(.*)$/.exec(text('ip')) ?? [];
    const cause = { origin: text('source'), scenario: text('reason') };
    const isSimulated = text('simulated') === 'true';
    const names = { scope, value, type: text('action') };
    yield [
      number,
      { ...names, ...cause, duration: text('expiration'), since: undefined, isSimulated },
    ];
  }
}
