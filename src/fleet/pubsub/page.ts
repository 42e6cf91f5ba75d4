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
<p id="state" class="bad" role="status">state: not known yet</p>
</header>
<p id="lost" role="alert" hidden></p>
<p id="said" class="unseen" role="status"></p>
<main>
<section aria-labelledby="blocked"><h2 id="blocked" class="unseen">Blocked</h2>
<p id="active">…</p>
<table id="by-origin" hidden><caption><span id="families"></span>by where they came from</caption>
<thead class="unseen"><tr><th scope="col">Origin</th><th scope="col">Entries</th></tr></thead>
<tbody id="origins"></tbody></table>
</section>
<section id="space-card" aria-labelledby="space"><h2 id="space">The IPv4 space</h2>
<figure>
<canvas id="map" width="512" height="512" tabindex="0" role="img" aria-label="Map of the IPv4 space" aria-describedby="covered most keys"></canvas>
<figcaption>
<p id="pointed" role="status"><span class="quiet">Point at the map, touch it, or use the arrow keys on it.</span></p>
<ul id="scale" aria-label="How much of a /16 is blocked">
<li><i></i>nothing</li><li><i class="l2"></i>some addresses</li><li><i class="l5"></i>a /24</li><li><i class="l6"></i>a /22</li><li><i class="l7"></i>a /20</li><li><i class="l8"></i>a /18</li><li><i class="l9"></i>all</li>
</ul>
<p><span id="covered"></span> <span id="most"></span></p>
<p id="keys" class="quiet">Each point is a /16, each numbered square a /8, along a Hilbert curve: neighbours in the address space are neighbours here, and a prefix is a square or half of one. Arrow keys go from /8 to /8, with Shift from /16 to /16.</p>
</figcaption>
</figure>
</section>
<section aria-labelledby="connection"><h2 id="connection">The bell</h2><dl id="facts"></dl></section>
<section aria-labelledby="hosts"><h2 id="hosts">Who told</h2>
<table id="by-sender" hidden><caption>Whose bans blocked something here, since the start</caption>
<thead><tr><th scope="col">Host</th><th scope="col">Bans</th><th scope="col">Last</th></tr></thead>
<tbody id="senders"></tbody></table>
<p id="no-senders" class="none">Nobody yet.</p>
</section>
<section aria-labelledby="channels"><h2 id="channels">Channels</h2>
<table><caption>Messages since the start</caption>
<thead><tr><th scope="col">Channel</th><th scope="col">Received</th><th scope="col">Done</th><th scope="col">Not, and why</th></tr></thead>
<tbody id="counts"></tbody></table>
</section>
<section id="bans-card" aria-labelledby="bans"><h2 id="bans">Last bans</h2>
<table><caption>The latest first; times are UTC</caption>
<thead><tr><th scope="col">Time</th><th scope="col">Prefix</th><th scope="col">From</th><th scope="col">Why</th><th scope="col">Outcome</th><th scope="col">Until</th></tr></thead>
<tbody id="last"></tbody></table>
<p id="no-bans" class="none" hidden>None yet. Each is shown here as it comes.</p>
</section>
</main>
<footer><span id="version"></span><a href="/status">status</a><a href="/status.json">status.json</a><a href="/metrics">metrics</a></footer>
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
