import { byId } from './dom.ts';

export function showSummary(text: string, isGood: boolean): void {
  const element = byId('state');
  // Screen readers speak each change of it.
  if (element.textContent !== text) element.textContent = text;
  element.className = isGood ? '' : 'bad';
}

/** The server is out of reach: says so once, and dims what is shown. */
export function showLost(text: string): void {
  const lost = byId('lost');
  if (!lost.hidden) return;
  lost.hidden = false;
  lost.textContent = text;
  document.body.className = 'lost';
}

export function showFound(): void {
  byId('lost').hidden = true;
  document.body.className = '';
}
