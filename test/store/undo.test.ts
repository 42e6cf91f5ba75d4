import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { parsePrefix } from '../../src/net/prefix-text.ts';
import type { StoreCommand } from '../../src/store/commands.ts';
import { Pending } from '../../src/store/pending.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { entryOf, NOW, temporaryDirectory } from './helpers.ts';

const [P, Q] = ['192.0.2.0/24', '198.51.100.0/24'];

function commandOf(text: string, isUndoable = true): StoreCommand {
  return { text, user: 'root', isUndoable, now: () => NOW, mostEntries: 100 };
}

function open(path: string, text: string, isUndoable?: boolean): Store {
  return openStore(path, { mode: 'write', command: commandOf(text, isUndoable) });
}

function put(store: Store, prefix: string, note: string): void {
  store.record({ entry: entryOf(prefix, { note }) });
}

function notes(store: Store): Record<string, string | undefined> {
  return { P: store.get(parsePrefix(P))?.note, Q: store.get(parsePrefix(Q))?.note };
}

/** As the command undo, which cannot be undone itself. */
function undoLast(path: string): string {
  const store = open(path, 'undo', false);
  const [step] = store.undo.last(1);
  if (step === undefined) throw new Error('there is nothing to undo');
  store.undo.takeBack(step);
  store.close();
  return step.text;
}

describe('undo', () => {
  it('undoes commands of two processes that run at once, the last change first', () => {
    const path = join(temporaryDirectory(), 'store.db');
    const [first, second] = [open(path, 'first'), open(path, 'second')];
    put(first, P, 'one');
    put(second, Q, 'two');
    put(first, P, 'three');
    put(first, Q, 'four');
    expect(undoLast(path)).toBe('first');
    expect(notes(second)).toEqual({ P: 'one', Q: 'two' });
    expect(undoLast(path)).toBe('second');
    expect(notes(second)).toEqual({ P: 'one', Q: undefined });
    expect(undoLast(path)).toBe('first');
    expect(notes(second)).toEqual({ P: undefined, Q: undefined });
    expect(second.undo.last(1)).toEqual([]);
  });

  it.each([
    ['reads', true],
    ['does not read', false],
  ])('%s the pending offences where the fleet is told of them: %s', (_, sharesPending) => {
    const path = join(temporaryDirectory(), 'store.db');
    const outbox = { most: 10, now: () => NOW, sharesPending };
    const store = openStore(path, { mode: 'write', command: commandOf('add'), outbox });
    put(store, P, 'one');
    const [step] = store.undo.last(1);
    const all = vi.spyOn(Pending.prototype, 'all');
    if (step !== undefined) store.undo.takeBack(step);
    expect([all.mock.calls.length > 0, notes(store)['P']]).toEqual([sharesPending, undefined]);
    all.mockRestore();
    store.close();
  });

  it('leaves what a daemon changed since', () => {
    const path = join(temporaryDirectory(), 'store.db');
    const [command, daemon] = [open(path, 'add'), open(path, 'watch', false)];
    put(command, P, 'one');
    put(command, Q, 'one');
    put(daemon, P, 'two');
    const [step] = command.undo.last(1);
    expect(step && command.undo.countEntries(step)).toBe(1);
    undoLast(path);
    expect(notes(command)).toEqual({ P: 'two', Q: undefined });
  });

  it('keeps what was forgotten where a daemon made the entry anew since', () => {
    const path = join(temporaryDirectory(), 'store.db');
    put(open(path, 'add'), P, 'one');
    const [command, daemon] = [open(path, 'forget'), open(path, 'watch', false)];
    command.forget(parsePrefix(P), NOW);
    put(daemon, P, 'two');
    undoLast(path);
    expect(notes(command)['P']).toBe('two');
    expect(command.forgotten.all().map(({ entry }) => entry.note)).toEqual(['one']);
  });

  it('records nothing from a transaction that was rolled back', () => {
    const path = join(temporaryDirectory(), 'store.db');
    const store = open(path, 'add');
    const failing = () =>
      store.transaction(() => {
        put(store, P, 'one');
        throw new Error('no');
      });
    expect(failing).toThrow('no');
    expect(store.undo.last(1)).toEqual([]);
    put(store, Q, 'two');
    expect(store.undo.last(9)).toMatchObject([{ text: 'add', entries: 1 }]);
    undoLast(path);
    expect(notes(store)).toEqual({ P: undefined, Q: undefined });
  });

  it('counts an entry that was made and removed again as unchanged', () => {
    const store = open(join(temporaryDirectory(), 'store.db'), 'grok');
    put(store, P, 'one');
    put(store, Q, 'one');
    store.record({
      entry: entryOf(P, { activations: 0, activatedAt: undefined, expiresAt: 0 }),
      takesBack: true,
    });
    const [step] = store.undo.last(1);
    expect(step).toMatchObject({ entries: 1 });
    expect(step && store.undo.countEntries(step)).toBe(1);
  });
});
