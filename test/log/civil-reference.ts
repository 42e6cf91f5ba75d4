/**
 * UTC from local time the slow way: of all offsets there are, those that the zone has at the time
 * they lead to. `local` and the result are seconds.
 */
export function slowUtc(zone: string, local: number, notBefore: number): number {
  const readings = readingsOf(zone, local);
  const [first, second] = readings;
  if (first === undefined) {
    // Clocks left this time out: go back minute by minute to a time they showed.
    let back = 60;
    for (; readingsOf(zone, local - back).length === 0; back += 60);
    return (readingsOf(zone, local - back).at(-1) ?? Number.NaN) + back;
  }
  return second !== undefined && first < notBefore ? second : first;
}

/** What clocks show, as if it were UTC. */
export function slowLocal(zone: string, at: number): number {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('sv-SE', {
      timeZone: zone,
      dateStyle: 'short',
      timeStyle: 'medium',
    });
    formats.set(zone, format);
  }
  return Date.parse(`${format.format(at * 1000).replace(' ', 'T')}Z`) / 1000;
}

function readingsOf(zone: string, local: number): number[] {
  const found: number[] = [];
  for (let offset = 14 * 3600; offset >= -12 * 3600; offset -= 1800) {
    if (slowLocal(zone, local - offset) === local) found.push(local - offset);
  }
  return found.toSorted((p, q) => p - q);
}

/** Making one takes longer than all else here. */
const formats = new Map<string, Intl.DateTimeFormat>();
