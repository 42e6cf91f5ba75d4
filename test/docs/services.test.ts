import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { servicesPage } from '../../scripts/build-services.mjs';
import { shippedGrammars } from '../grammar/shipped.ts';
import { ROOT } from './document.ts';

describe('the page of services', () => {
  it('is what the grammars say', async () => {
    const written = readFileSync(join(ROOT, 'docs', 'services.md'), 'utf8');
    expect(written, 'run node scripts/build-services.mjs').toBe(await servicesPage());
  });
});

describe('the comment at the beginning of a grammar', () => {
  it.each(shippedGrammars().map(({ grammar }) => grammar.service))(
    'of %s names its versions, or says that the format did not change',
    (name) => {
      const text = readFileSync(join(ROOT, 'grammar', `${name}.grammar`), 'utf8');
      expect(text.split(/^service /m)[0]).toMatch(/\bversions? |\d to \d|ha(?:s|ve) not changed/);
    },
  );
});
