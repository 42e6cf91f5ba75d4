import type { FileForm, HeaderField } from '../../../grammar/notation/file-fields.ts';
import { fileHeaderReader } from './file-header.ts';
import type { HeaderReader } from './header.ts';

/** Reads the headers of a file that a service writes itself, as its grammar declares them. */
export function ownHeaderOf(file: FileForm | undefined): HeaderReader {
  return fileHeaderReader(file ?? ANY_TIME);
}

const field = (name: HeaderField): FileForm => ({ type: 'field', field: name });
const text = (literal: string): FileForm => ({
  type: 'literal',
  bytes: [...Buffer.from(literal, 'latin1')],
});
const sequence = (...items: readonly FileForm[]): FileForm => ({ type: 'sequence', items });
const choice = (...branches: readonly FileForm[]): FileForm => ({ type: 'choice', branches });

const TIME = choice(field('ISO-TIME'), field('SYSLOG-TIME'), field('CTIME'));

/** `[TIME] message`, `TIME message` or `TIME: message`, for services that declare nothing. */
const ANY_TIME = choice(
  sequence(text('['), TIME, text('] ')),
  sequence(TIME, choice(text(': '), text(' '))),
);
