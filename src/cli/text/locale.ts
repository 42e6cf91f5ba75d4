/** Whether the locale is UTF-8, by the variables that setlocale(3) reads. */
export function isUtf8(env: NodeJS.ProcessEnv): boolean {
  const locale = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find((value) => value);
  return /utf-?8/i.test(locale ?? '');
}
