export const PAGE_STYLE = `
:root { --ink: #1a1a1a; --paper: #fff; --line: #767676; --soft: #f2f2f2; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #ececec; --paper: #161616; --line: #8a8a8a; --soft: #242424; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 70rem; padding: 0 1rem 2rem; background: var(--paper);
  color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
header { display: flex; flex-wrap: wrap; gap: 0 1.5rem; align-items: baseline; }
h1 { font-size: 1.5rem; margin: 1rem 0 .5rem; }
h2 { font-size: 1.15rem; margin: 1.5rem 0 .5rem; border-bottom: 1px solid var(--line); }
#state { margin: 0; padding: .1rem .6rem; border: 2px solid var(--ink); font-weight: bold; }
#state.bad { border-style: dashed; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: 0; }
dt { font-weight: bold; }
dd { margin: 0; overflow-wrap: anywhere; }
section { overflow-x: auto; }
table { border-collapse: collapse; min-width: 50%; }
caption { text-align: left; padding: .2rem 0; }
th, td { text-align: left; padding: .2rem .8rem .2rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; }
td { overflow-wrap: break-word; font-variant-numeric: tabular-nums; }
figure { margin: 0; }
canvas { width: min(100%, 32rem); aspect-ratio: 1; border: 1px solid var(--line);
  background: var(--soft); image-rendering: pixelated; display: block; }
figcaption { max-width: 40rem; padding-top: .5rem; }
@media (max-width: 40rem) {
  dl { grid-template-columns: 1fr; }
  table { width: 100%; }
  #bans ~ table thead { display: none; }
  #bans ~ table tr { display: block; border-bottom: 1px solid var(--line); padding: .3rem 0; }
  #bans ~ table td { display: block; border: 0; padding: 0; }
  #bans ~ table td::before { content: attr(data-head) ": "; font-weight: bold; }
}
`;
