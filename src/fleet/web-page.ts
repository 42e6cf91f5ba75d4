import { createHash } from 'node:crypto';

/** Headers of a page and its data, which no page from elsewhere is to use and no cache to keep. */
export const GUARD_HEADERS = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
} as const;

/** The Content-Security-Policy of data. */
export const DATA_POLICY = "default-src 'none'";

/** One document that loads nothing but data from the same server. */
export interface WebPage {
  /** The Content-Security-Policy: only the page's own style and script apply, and no other page may frame it. */
  readonly policy: string;
  /**
   * The document with what is known now, so that it shows no state that is not true.
   * @param texts what stands for `{{name}}` in the document
   * @param initial data for the script, in the element `initial`
   */
  render(texts: Readonly<Record<string, string>>, initial: object): string;
}

/**
 * @param html has an empty style and an empty script, `{{names}}`, and comments where parts belong and,
 *   `<!--initial-->`, the data
 * @param parts by their names
 */
export function webPage(
  html: string,
  style: string,
  script: string,
  parts: Readonly<Record<string, string>>,
): WebPage {
  const document = html
    .replace(/<!--(\w+)-->/g, (comment, name) => parts[name] ?? comment)
    .replace('<style></style>', () => `<style>${style}</style>`)
    .replace('<script></script>', () => `<script>${script}</script>`);
  const [before = '', after = ''] = document.split('<!--initial-->');
  return {
    policy: [
      "default-src 'none'",
      `script-src '${hashOf(script)}'`,
      `style-src '${hashOf(style)}'`,
      "connect-src 'self'",
      'img-src data:',
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ].join('; '),
    render(texts, initial) {
      const filled = before.replace(/\{\{(\w+)\}\}/g, (_, name) => escaped(texts[name] ?? ''));
      // No text in it can end the element.
      const json = JSON.stringify(initial).replaceAll('<', String.raw`\u003c`);
      return `${filled}<script type="application/json" id="initial">${json}</script>${after}`;
    },
  };
}

function hashOf(content: string): string {
  return `sha256-${createHash('sha256').update(content).digest('base64')}`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
