import { createHash } from 'node:crypto';
import SCRIPT from './page/main.ts?script';
import HTML from './page/page.html?raw';
import STYLE from './page/style.css?raw';

/** The status page: one document that loads nothing but data from the same server. */
export const PAGE = HTML.replace('<style></style>', () => `<style>${STYLE}</style>`).replace(
  '<script></script>',
  () => `<script>${SCRIPT}</script>`,
);

/** Only the page's own style and script apply, and no other page may frame it. */
export const PAGE_POLICY = [
  "default-src 'none'",
  `script-src '${hashOf(SCRIPT)}'`,
  `style-src '${hashOf(STYLE)}'`,
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

function hashOf(content: string): string {
  return `sha256-${createHash('sha256').update(content).digest('base64')}`;
}
