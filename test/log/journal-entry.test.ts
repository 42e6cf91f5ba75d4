import { expect, it } from 'vitest';
import { parseJournalEntry } from '../../src/log/journal/journal-entry.ts';

const FIELDS = {
  __CURSOR: 's=1;i=2',
  __REALTIME_TIMESTAMP: '1795341600123456',
  _COMM: 'sshd',
  _UID: '0',
  MESSAGE: 'hello',
};

function parse(fields: object) {
  return parseJournalEntry(JSON.stringify({ ...FIELDS, ...fields }));
}

it('reads an entry of the journal', () => {
  expect(parse({})).toMatchObject({ cursor: 's=1;i=2', uid: 0, comm: 'sshd', pid: undefined });
  expect(parse({})?.message?.toString()).toBe('hello');
});

it('takes the time of the sender, if there is one', () => {
  expect(parse({ _SOURCE_REALTIME_TIMESTAMP: '7' })?.microseconds).toBe(7);
  expect(parse({})?.microseconds).toBe(1_795_341_600_123_456);
});

it('reads bytes, but not what is too large or given twice', () => {
  expect(parse({ MESSAGE: [104, 255] })?.message).toEqual(Buffer.of(104, 255));
  expect(parse({ MESSAGE: null })?.message).toBeUndefined();
  expect(parse({ MESSAGE: ['a', 'b'] })?.message).toBeUndefined();
  expect(parse({ MESSAGE: [1, 256] })?.message).toBeUndefined();
});

it('does not take a field for a number or a name that is neither', () => {
  for (const uid of [null, ['0', '0'], '', '0x0', '-1', ' 0', 0]) {
    expect(parse({ _UID: uid })?.uid).toBeUndefined();
  }
  expect(parse({ _COMM: ['sshd', 'logger'] })?.comm).toBe('');
});

it.each(['', 'x', 'null', '[]', '{}', '{"__CURSOR":"s"}'])('refuses %s', (line) => {
  expect(parseJournalEntry(line)).toBeUndefined();
});
