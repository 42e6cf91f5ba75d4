/** Characters that JSON.stringify leaves as they are, and a terminal may obey. */
const OBEYED = /[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * The value as JSON that may be shown on a terminal, whatever a log or a list says: control
 * characters and the marks that turn the direction of writing are escapes of JSON's own. `indent` is
 * that of JSON.stringify.
 */
export function jsonText(value: unknown, indent?: number): string {
  return JSON.stringify(value, undefined, indent).replace(OBEYED, (character) =>
    character
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}
