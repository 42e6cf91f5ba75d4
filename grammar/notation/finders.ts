import type { Field } from './tree.ts';

/** The functions of the fields, with their number of parameters. */
export const FIELD_FUNCTIONS = {
  addressAt: 2,
  endpointAt: 2,
  dottedEndpointAt: 2,
  nameEnd: 2,
  beforeFullStop: 2,
  nameAndPortEnd: 2,
  pastColon: 2,
  portEnd: 2,
  intEnd: 2,
  wordEnd: 2,
  quotedEnd: 2,
  bareEnd: 2,
  arrayEnd: 2,
} as const;

export type FieldFunction = keyof typeof FIELD_FUNCTIONS;

/** The function that finds the end of a field. */
export const FINDERS: Readonly<Partial<Record<Field, FieldFunction>>> = {
  ADDRESS: 'addressAt',
  ENDPOINT: 'endpointAt',
  'DOTTED-ENDPOINT': 'dottedEndpointAt',
  PORT: 'portEnd',
  INT: 'intEnd',
  WORD: 'wordEnd',
  QUOTED: 'quotedEnd',
  'QUOTED-USER': 'quotedEnd',
  BARE: 'bareEnd',
  'BARE-USER': 'bareEnd',
  FORWARDED: 'quotedEnd',
  SESSION: 'wordEnd',
  'SESSION-PORT': 'portEnd',
  'SESSION-PID': 'intEnd',
  METHOD: 'bareEnd',
  REQUEST: 'quotedEnd',
  STATUS: 'intEnd',
  REFERRER: 'quotedEnd',
  AGENT: 'quotedEnd',
};
