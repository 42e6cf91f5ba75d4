/** The text of a file. */
declare module '*?raw' {
  const text: string;
  export default text;
}

/** A module bundled into a script for browsers. */
declare module '*?script' {
  const script: string;
  export default script;
}
