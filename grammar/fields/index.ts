// The functions that scanners call. Each returns the end of what begins at `start`, or -1; all are
// offsets in the memory. Only `hash` returns something else. Bytes after the `end` of a line may be read, but do not change a result.
export { addressAt, dottedEndpointAt, endpointAt } from './address';
export { hash } from './hash';
export { beforeFullStop, nameAndPortEnd, nameEnd, pastColon } from './name';
export { intEnd, portEnd } from './number';
export { arrayEnd, bareEnd, quotedEnd } from './quoted';
export { wordEnd } from './word';
