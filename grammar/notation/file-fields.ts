/** The fields of what precedes a message in a service's own file; see grammar/README.md. */
export const HEADER_FIELDS = [
  'YEAR',
  'SHORT-YEAR',
  'MONTH',
  'MONTH-NAME',
  'DAY',
  'HOUR',
  'AM-PM',
  'MINUTE',
  'SECOND',
  'FRACTION',
  'ZONE',
  'EPOCH',
  'EPOCH-MS',
  'ISO-TIME',
  'SYSLOG-TIME',
  'CTIME',
  'PID',
  'MESSAGE',
] as const;

/** WORD, INT and TEXT may stand there, too. */
export type HeaderField = (typeof HEADER_FIELDS)[number] | 'WORD' | 'INT' | 'TEXT';

/** Whether the field is a time, or an hour. */
export function namesTime(field: string): boolean {
  return ['HOUR', 'EPOCH', 'EPOCH-MS', 'ISO-TIME', 'SYSLOG-TIME', 'CTIME'].includes(field);
}

/** What precedes the message of a line in a service's own file, with its sub-rules expanded. */
export type FileForm =
  | { readonly type: 'literal'; readonly bytes: readonly number[] }
  | { readonly type: 'field'; readonly field: HeaderField }
  | { readonly type: 'sequence'; readonly items: readonly FileForm[] }
  /** In order of preference. */
  | { readonly type: 'choice'; readonly branches: readonly FileForm[] };
