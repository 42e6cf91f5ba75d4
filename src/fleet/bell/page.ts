import { createHash } from 'node:crypto';
import { PAGE_SCRIPT } from './page-script.ts';
import { PAGE_STYLE } from './page-style.ts';

/** The page for a browser: one document, which loads nothing but data of the same server. */
export const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>mcblock</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<header>
<h1>mcblock</h1>
<p id="state" role="status">state: not known yet</p>
</header>
<main>
<section aria-labelledby="connection"><h2 id="connection">Connection</h2><dl id="facts"></dl></section>
<section aria-labelledby="blocked"><h2 id="blocked">Blocked</h2>
<p id="active"></p>
<table><caption>Active entries, by where they came from</caption>
<thead><tr><th scope="col">Origin</th><th scope="col">Entries</th></tr></thead>
<tbody id="origins"></tbody></table>
</section>
<section aria-labelledby="space"><h2 id="space">The IPv4 space</h2>
<figure>
<canvas id="map" width="512" height="512" role="img" aria-describedby="legend">A map of what is blocked.</canvas>
<figcaption id="legend">Each point is a /16, each square a /8, in the order of a Hilbert curve: 0.0.0.0 is at the upper left, 255.255.0.0 at the upper right. The darker a point is on a light page, or the lighter on a dark one, the more of it is blocked. <span id="covered"></span> <span id="pointed"></span></figcaption>
</figure>
</section>
<section aria-labelledby="bans"><h2 id="bans">Last bans</h2>
<table><caption>The latest first; times are UTC</caption>
<thead><tr><th scope="col">Time</th><th scope="col">Prefix</th><th scope="col">From</th><th scope="col">Why</th><th scope="col">Outcome</th><th scope="col">Until</th></tr></thead>
<tbody id="last"></tbody></table>
</section>
<section aria-labelledby="channels"><h2 id="channels">Channels</h2>
<table><caption>Messages since the start</caption>
<thead><tr><th scope="col">Channel</th><th scope="col">Received</th><th scope="col">Carried out</th><th scope="col">Not, and why</th></tr></thead>
<tbody id="counts"></tbody></table>
</section>
</main>
<noscript><p>This page needs JavaScript; <a href="/status.json">/status.json</a> does not.</p></noscript>
<script>${PAGE_SCRIPT}</script>
</body>
</html>
`;

/** Nothing is loaded or run but what stands in the page, and nobody may frame it. */
export const PAGE_POLICY = [
  "default-src 'none'",
  `script-src '${hashOf(PAGE_SCRIPT)}'`,
  `style-src '${hashOf(PAGE_STYLE)}'`,
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

function hashOf(content: string): string {
  return `sha256-${createHash('sha256').update(content).digest('base64')}`;
}
