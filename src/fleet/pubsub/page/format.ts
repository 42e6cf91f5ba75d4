const UNITS = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
  [1, 's'],
] as const;

/** `2026-03-19 23:48:18` */
export function formatTime(time: string): string {
  return time.replace('T', ' ').replace('Z', '');
}

/** `3 min ago, 2026-03-19 23:48:18 UTC` */
export function formatSince(time: string | null): string {
  return time === null ? '-' : `${formatAge(time)}, ${formatTime(time)} UTC`;
}

/** `3 min ago` */
export function formatAge(time: string): string {
  const seconds = Math.max(0, Math.round((Date.now() - Date.parse(time)) / 1000));
  const [size, unit] = UNITS.find(([least]) => seconds >= least) ?? [1, 's'];
  return `${Math.floor(seconds / size)} ${unit} ago`;
}

/** `65,536` */
export function formatCount(count: number): string {
  return count.toLocaleString('en');
}
