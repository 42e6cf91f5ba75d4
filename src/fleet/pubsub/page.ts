import { webPage } from '../web-page.ts';
import { WEB_PARTS } from '../web-parts.ts';
import type { InitialJson } from './page/json.ts';
import SCRIPT from './page/main.ts?script';
import HTML from './page/page.html?raw';
import STYLE from './page/style.css?raw';

const PAGE = webPage(HTML, STYLE, SCRIPT, WEB_PARTS);

export const PAGE_POLICY = PAGE.policy;

/** The status page, showing this. */
export function pageOf(initial: InitialJson): string {
  const { state } = initial.status;
  return PAGE.render({ state, class: state === 'connected' ? '' : 'bad' }, initial);
}
