import { expect, it } from 'vitest';
import { McblockError } from '../../src/errors.ts';
import type { Firewall } from '../../src/firewall/firewall.ts';
import { Keeper } from '../../src/firewall/keeper.ts';
import { PrefixList } from '../../src/net/prefix-list.ts';
import { formatPrefix, parsePrefix } from '../../src/net/prefix-text.ts';

/** Says in which order it is asked for what. */
class Recorder implements Firewall {
  readonly name = 'the recorder';
  readonly asked: string[] = [];
  held = '';
  isBroken = false;

  async read(): Promise<PrefixList> {
    this.asked.push('read');
    return listOf(this.held);
  }

  async add(added: PrefixList): Promise<void> {
    this.asked.push(`add ${textOf(added)}`);
    if (this.isBroken) throw new McblockError('program', 'there is no such table');
    this.held = textOf(PrefixList.from([...listOf(this.held), ...added]));
  }

  async change({ wanted }: { readonly wanted: PrefixList }): Promise<void> {
    this.asked.push(`change to ${textOf(wanted)}`);
    this.held = textOf(wanted);
  }
}

it('puts in what is new before it reads what is there, from the second time on', async () => {
  const firewall = new Recorder();
  const keeper = new Keeper(firewall);
  const keep = async (rules: string): Promise<string[]> => {
    firewall.asked.length = 0;
    await keeper.keep(() => listOf(rules));
    return [...firewall.asked];
  };
  expect(await keep('5.0.0.0/24')).toEqual(['read', 'change to 5.0.0.0/24', 'read']);
  expect(await keep('5.0.0.0/24 7.0.0.0/24')).toEqual(['add 7.0.0.0/24', 'read']);
  // What goes is not in a hurry.
  expect(await keep('5.0.0.0/24')).toEqual(['read', 'change to 5.0.0.0/24', 'read']);
  expect(await keep('5.0.0.0/24')).toEqual(['read']);

  firewall.isBroken = true;
  firewall.held = '';
  const both = '5.0.0.0/24 8.0.0.0/24';
  expect(await keep(both)).toEqual(['add 8.0.0.0/24', 'read', `change to ${both}`, 'read']);

  await expect(keep(`${both} 64.0.0.0/7`)).rejects.toThrow('64.0.0.0/7 is wider');
  expect(firewall.asked).toEqual(['read']);
  // It is not known any more what it holds.
  expect(await keep(`${both} 9.0.0.0/24`)).toEqual([
    'read',
    `change to ${both} 9.0.0.0/24`,
    'read',
  ]);
});

function listOf(texts: string): PrefixList {
  const list = PrefixList.from(
    texts
      .split(' ')
      .filter(Boolean)
      .map((text) => parsePrefix(text)),
  );
  list.sort();
  return list;
}

function textOf(list: PrefixList): string {
  return Array.from(list, formatPrefix).join(' ');
}
