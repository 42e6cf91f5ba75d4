// What the scanners call. A place in a line is an address in memory; what begins at `start` ends
// where the function says, -1 where there is no such thing. No line is read behind its `end` in a
// way that changes an answer, and nothing here makes garbage.
export { addressAt, endpointAt } from './address';
export { nameAndPortEnd, nameEnd, pastColon } from './name';
export { intEnd, portEnd } from './number';
export { wordEnd } from './word';
