/**
 * Read on paper white and on black, on a telephone and without colour: what a colour says stands in
 * words or in a shape too, and the steps of the map differ in lightness first.
 */
export const PAGE_STYLE = `
:root {
  --ink: #1b1b1f; --quiet: #5c5c66; --paper: #fff; --card: #f5f4f2; --line: #d3d1cc; --edge: #8a8880;
  --good: #14633a; --bad: #a11616; --accent: #8a3412; --void: #eceae6; --grid: #cfccc5; --label: #77746c;
  --l1: #e2a860; --l2: #dc9450; --l3: #d48041; --l4: #c96b34; --l5: #ba562a; --l6: #a54224;
  --l7: #882e1e; --l8: #661d19; --l9: #3a0d12;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #ececec; --quiet: #a9a9b2; --paper: #141416; --card: #1e1e22; --line: #38383e; --edge: #77777f;
    --good: #6fd49b; --bad: #ff9a8f; --accent: #f0a35e; --void: #1b1b1e; --grid: #36363c; --label: #8b8b93;
    --l1: #7a4524; --l2: #8f5128; --l3: #a55f2c; --l4: #bb7032; --l5: #d0843c; --l6: #e29b4e;
    --l7: #f0b569; --l8: #f9d290; --l9: #fff4cf;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0 auto; max-width: 76rem; padding: 0 1rem 2rem; background: var(--paper);
  color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
header { display: flex; flex-wrap: wrap; gap: .5rem 1.25rem; align-items: center; padding: 1rem 0; }
h1 { font-size: 1.5rem; line-height: 1.2; margin: 0; letter-spacing: -.01em; }
h2 { font-size: 1.1rem; line-height: 1.3; margin: 0 0 .6rem; }
#state { margin: 0; padding: .2rem .75rem; border: 2px solid var(--good); border-radius: 2rem;
  color: var(--good); font-weight: 600; }
#state::before { content: "\\25CF\\00A0"; }
#state.bad { border-style: dashed; border-color: var(--bad); color: var(--bad); }
#state.bad::before { content: "\\25CB\\00A0"; }
#lost { margin: 0 0 1rem; padding: .6rem 1rem; border: 2px dashed var(--bad); border-radius: .5rem;
  color: var(--bad); font-weight: 600; }
#lost[hidden] { display: none; }
.lost main { opacity: .7; }
main { display: grid; gap: 1rem; grid-template-columns: minmax(0, 1fr); }
section { background: var(--card); border: 1px solid var(--line); border-radius: .75rem;
  padding: 1rem; overflow-x: auto; }
#active { font-size: 1.6rem; line-height: 1.2; font-weight: 650; margin: 0 0 .6rem; }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .15rem 1rem; margin: 0; }
dt { color: var(--quiet); }
dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
table { border-collapse: collapse; width: 100%; }
caption { text-align: left; padding: 0 0 .4rem; color: var(--quiet); font-size: .9rem; }
th, td { text-align: left; padding: .35rem 1rem .35rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; }
thead th { color: var(--quiet); font-weight: 600; font-size: .9rem; white-space: nowrap; }
tbody tr:last-child > * { border-bottom: 0; }
tbody th { font-weight: 400; overflow-wrap: anywhere; }
td { overflow-wrap: break-word; font-variant-numeric: tabular-nums; }
td.number { text-align: right; white-space: nowrap; width: 1%; }
td.bar { width: 40%; padding-right: 0; vertical-align: middle; }
td.bar i { display: block; height: .6rem; min-width: 2px; background: var(--l5); border-radius: .15rem; }
#last td:not(:nth-child(4)) { white-space: nowrap; }
#last td:nth-child(3) { max-width: 16rem; white-space: normal; overflow-wrap: anywhere; min-width: 11rem; }
#last td:nth-child(4) { overflow-wrap: anywhere; }
#last td:nth-child(2) { font-family: ui-monospace, monospace; font-weight: 600; }
#last tr.fresh { box-shadow: inset 4px 0 0 var(--accent); }
#last tr.fresh td:first-child { padding-left: .75rem; }
.none { color: var(--quiet); margin: .25rem 0; }
.none[hidden] { display: none; }
figure { margin: 0; }
canvas { display: block; width: 100%; max-width: 40rem; aspect-ratio: 1; margin: 0 auto;
  border: 1px solid var(--edge); border-radius: .25rem; touch-action: pan-y; cursor: crosshair; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
figcaption { padding-top: .75rem; font-size: .95rem; }
figcaption p { margin: 0 0 .5rem; }
#pointed { min-height: 3em; font-weight: 600; font-variant-numeric: tabular-nums; }
#scale { display: flex; flex-wrap: wrap; gap: .25rem .9rem; list-style: none; padding: 0; margin: 0 0 .6rem; }
#scale li { display: flex; align-items: center; gap: .35rem; white-space: nowrap; }
#scale i { width: .95rem; height: .95rem; border: 1px solid var(--edge); background: var(--void); }
#scale .l2 { background: var(--l2); } #scale .l5 { background: var(--l5); }
#scale .l6 { background: var(--l6); } #scale .l7 { background: var(--l7); }
#scale .l8 { background: var(--l8); } #scale .l9 { background: var(--l9); }
.quiet, footer { color: var(--quiet); font-size: .9rem; }
footer { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; padding-top: 1.25rem; }
a { color: inherit; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
  white-space: nowrap; }
@media (min-width: 60rem) {
  main { grid-template-columns: minmax(0, 5fr) minmax(0, 6fr);
    grid-template-rows: auto auto auto 1fr; align-items: start; }
  #space-card { grid-column: 2; grid-row: 1 / span 4; }
  #bans-card { grid-column: 1 / -1; }
}
@media (max-width: 40rem) {
  body { padding: 0 .75rem 1.5rem; }
  section { padding: .85rem; }
  dl { grid-template-columns: minmax(0, 1fr); gap: 0; }
  dd { margin-bottom: .4rem; }
  td.bar { width: 25%; }
  th, td { padding-right: .6rem; }
  #counts td:last-child { overflow-wrap: anywhere; }
  #bans-card thead { position: absolute; clip-path: inset(50%); }
  #last tr { display: block; border-bottom: 1px solid var(--line); padding: .5rem 0; }
  #last tr:last-child { border-bottom: 0; }
  #last tr.fresh { padding-left: .75rem; }
  #last tr td, #last tr.fresh td:first-child { display: block; border: 0; padding: 0;
    max-width: none; white-space: normal; overflow-wrap: anywhere; }
  #last td::before { content: attr(data-head) ": "; color: var(--quiet);
    font: 400 1rem/1.5 system-ui, sans-serif; }
}
@media (forced-colors: active) { td.bar i, #scale i { forced-color-adjust: none; } }
`;
