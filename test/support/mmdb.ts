/**
 * Writes a database in MaxMind's format (MaxMind DB File Format Specification 2.0): an IPv6 tree of
 * 24-bit records in which IPv4 lies under ::/96, without aliases.
 */
export function mmdbOf(networks: readonly (readonly [prefix: string, record: object])[]): Buffer {
  const data: Buffer[] = [];
  let dataLength = 0;
  const nodes: [Child, Child][] = [[undefined, undefined]];
  for (const [prefix, record] of networks) {
    const encoded = encode(record);
    insert(nodes, bitsOf(prefix), { data: dataLength });
    data.push(encoded);
    dataLength += encoded.length;
  }
  const tree = Buffer.alloc(nodes.length * 6);
  for (const [index, children] of nodes.entries()) {
    for (const [side, child] of children.entries()) {
      const value =
        child === undefined
          ? nodes.length
          : typeof child === 'number'
            ? child
            : nodes.length + 16 + child.data;
      tree.writeUIntBE(value, index * 6 + side * 3, 3);
    }
  }
  const metadata = encode({
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1_700_000_000,
    database_type: 'Test',
    description: { en: 'test' },
    ip_version: 6,
    languages: ['en'],
    node_count: nodes.length,
    record_size: 24,
  });
  const marker = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1');
  return Buffer.concat([tree, Buffer.alloc(16), ...data, marker, metadata]);
}

type Child = number | { readonly data: number } | undefined;

function insert(nodes: [Child, Child][], bits: readonly number[], leaf: Child): void {
  let node = 0;
  for (const [index, bit] of bits.entries()) {
    const children = nodes[node];
    if (!children) throw new Error('no node');
    const side = bit === 0 ? 0 : 1;
    if (index === bits.length - 1) {
      children[side] = leaf;
      return;
    }
    let child = children[side];
    if (typeof child !== 'number') {
      child = nodes.push([undefined, undefined]) - 1;
      children[side] = child;
    }
    node = child;
  }
}

/** `192.0.2.0/24` or `2001:db8:0:0:0:0:0:0/32`, all groups written out. */
function bitsOf(prefix: string): number[] {
  const [address = '', length = ''] = prefix.split('/');
  const isFour = address.includes('.');
  const numbers = address
    .split(isFour ? '.' : ':')
    .map((part) => Number.parseInt(part, isFour ? 10 : 16));
  const width = isFour ? 8 : 16;
  const bits = numbers.flatMap((number) =>
    Array.from({ length: width }, (_, index) => (number >>> (width - 1 - index)) & 1),
  );
  const leading = isFour ? Array.from({ length: 96 }, () => 0) : [];
  return [...leading, ...bits.slice(0, Number(length))];
}

function encode(value: unknown): Buffer {
  if (typeof value === 'string') {
    const bytes = Buffer.from(value);
    return Buffer.concat([control(2, bytes.length), bytes]);
  }
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return Buffer.concat([control(6, 4), bytes]);
  }
  if (Array.isArray(value)) {
    // Types above 7 are extended: their number stands in a byte of its own.
    return Buffer.concat([Buffer.from([value.length, 11 - 7]), ...value.map(encode)]);
  }
  const fields = Object.entries(value as object);
  const pairs = fields.flatMap(([name, field]) => [encode(name), encode(field)]);
  return Buffer.concat([control(7, fields.length), ...pairs]);
}

/** Sizes up to 28 stand in the first byte, up to 284 in the next one. */
function control(type: number, size: number): Buffer {
  return size < 29 ? Buffer.from([(type << 5) | size]) : Buffer.from([(type << 5) | 29, size - 29]);
}
