import type { OverviewJson } from './admin-page/json.ts';
import SCRIPT from './admin-page/main.ts?script';
import HTML from './admin-page/page.html?raw';
import ADMIN_STYLE from './admin-page/style.css?raw';
import { summaryOf } from './admin-page/summary.ts';
import STYLE from './pubsub/page/style.css?raw';
import { webPage } from './web-page.ts';
import { WEB_PARTS } from './web-parts.ts';

const PAGE = webPage(HTML, STYLE + ADMIN_STYLE, SCRIPT, WEB_PARTS);

export const ADMIN_POLICY = PAGE.policy;

/** The administrators' page, showing this. */
export function adminPageOf(overview: OverviewJson): string {
  const { text, isGood } = summaryOf(overview);
  return PAGE.render({ state: text, class: isGood ? '' : 'bad' }, overview);
}
