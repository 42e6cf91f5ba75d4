import { parseAddress } from '../net/address-text.ts';
import { quoted } from './template-notation.ts';
import { FAILED, LOGGED_IN, type Template, Templates } from './templates.ts';

/** An address as a value, perhaps with a port behind it. */
const PEER = /^(?:\[?([\da-fA-F:.]+)\]?:\d+|([\da-fA-F:.]+))$/;

/**
 * Templates of messages that are JSON objects with the same keys in several orders: what stands in each
 * of them, and the peer, with anything around them. Undefined if the order of keys is always the same.
 */
export function anyOrderTemplates(messages: readonly string[]): readonly Template[] | undefined {
  const firstOrders = new Map<string, string>();
  const templates = new Templates();
  const originals = new Map<string, string>();
  let isMixed = false;
  for (const message of messages) {
    const object = objectOf(message);
    if (object === undefined) return undefined;
    const keys = Object.keys(object);
    const order = JSON.stringify(keys);
    const sorted = keys.toSorted();
    const first = firstOrders.get(JSON.stringify(sorted)) ?? order;
    firstOrders.set(JSON.stringify(sorted), first);
    isMixed ||= first !== order;
    const text = JSON.stringify(Object.fromEntries(sorted.map((key) => [key, object[key]])));
    templates.add('', text);
    if (!originals.has(text)) originals.set(text, message);
  }
  return isMixed ? templates.all().flatMap((one) => templateIn(one, originals)) : undefined;
}

function objectOf(message: string): Readonly<Record<string, unknown>> | undefined {
  if (!message.startsWith('{')) return undefined;
  try {
    return JSON.parse(message);
  } catch {
    return undefined;
  }
}

/** Nothing if no text in words is the same in all of the messages. */
function templateIn(found: Template, originals: ReadonlyMap<string, string>): Template[] {
  const example = originals.get(found.example);
  if (example === undefined) return [];
  const texts = Object.entries(objectOf(example) ?? {}).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  const constant = texts.filter(([key, value]) =>
    found.template.includes(quoted(`${JSON.stringify(key)}:${JSON.stringify(value)}`).slice(1, -1)),
  );
  const words =
    constant.find(([, value]) => FAILED.test(value) || LOGGED_IN.test(value)) ??
    constant.toSorted((p, q) => q[1].length - p[1].length)[0];
  if (words === undefined) return [];
  const said = `TEXT ${quoted(pairIn(example, ...words))}`;
  const peer = texts.find(([, value]) => addressIn(value) !== undefined);
  if (peer === undefined) return [{ ...found, example, template: `"{" ${said} TEXT` }];
  const [before = '', after = ''] = pairIn(example, ...peer).split(addressIn(peer[1]) ?? '');
  const port = after.startsWith('"') ? [] : [quoted(after.replace(/\d+"$/, '')), 'INT'];
  const from = ['TEXT', quoted(before), 'ADDRESS', ...port, '"\\""'].join(' ');
  return [{ ...found, example, template: `"{" (${said} ${from} | ${from} ${said}) TEXT` }];
}

/** `"key": "value"` as it is written in the line. */
function pairIn(line: string, key: string, value: string): string {
  const [name, text] = [JSON.stringify(key), JSON.stringify(value)];
  const pairs = [':', ': ', ' : ', ' :'].map((colon) => `${name}${colon}${text}`);
  return pairs.find((pair) => line.includes(pair)) ?? '';
}

function addressIn(value: string): string | undefined {
  const [, withPort, alone] = PEER.exec(value) ?? [];
  return [withPort, alone].find((text) => text !== undefined && parseAddress(text) !== undefined);
}
