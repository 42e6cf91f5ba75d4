export function byId<E extends HTMLElement = HTMLElement>(
  id: string,
  type: abstract new () => E = HTMLElement as unknown as abstract new () => E,
): E {
  const element = document.getElementById(id);
  if (element instanceof type) return element;
  throw new Error(`the page has no ${id}`);
}

/** Text from outside enters the page only here and by textContent. */
export function create<K extends keyof HTMLElementTagNameMap>(
  name: K,
  text = '',
  className = '',
): HTMLElementTagNameMap[K] {
  const element = document.createElement(name);
  element.textContent = text;
  if (className !== '') element.className = className;
  return element;
}

export function row(...cells: readonly HTMLElement[]): HTMLTableRowElement {
  const element = create('tr');
  element.append(...cells);
  return element;
}

export function rowHead(text: string): HTMLTableCellElement {
  const cell = create('th', text);
  cell.scope = 'row';
  return cell;
}
