import { memoryBytes } from '../../../grammar/notation/memory.ts';
import type { Scanner } from '../../../grammar/notation/scanner.ts';
import { isSelector } from '../header/program-part.ts';
import type { HostNames } from '../hosts.ts';
import type { LineSkimmer } from '../lines.ts';
import type { Programs } from '../programs.ts';
import type { Line } from '../reader.ts';
import { isSyslogd } from '../repeat.ts';
import type { LogTime } from '../time/clock.ts';
import { type Finding, type Interest, type Passed, Skimmer, type Speaker } from './skimmer.ts';

const BRACKET = 0x5b;
const LESS = 0x3c;
/** `Mmm dd hh:mm:ss ` */
const TIME_BYTES = 16;

/**
 * A line with an address that adds points, or that is a login. One object is filled again for each;
 * the number is that of the line in the log.
 */
export interface Heard extends Finding {
  readonly bytes: Buffer;
  time: LogTime;
  host: number;
}

/** Who wants to hear of some lines only, and of the others how many there were. */
export interface Listener {
  readonly interest: Interest;
  heard(line: Heard): void;
  /** Lines were passed over, the last one at this time. */
  passed(last: LogTime): void;
  /** What they were, now and then. */
  counted(passed: Passed): void;
}

/** Reads the lines that are not passed over. */
interface CarefulReader {
  readonly line: Line;
  /** Reads a line once more, that a line which repeats it finds all as if it had been read. */
  again(start: number, end: number): void;
}

/** Skims a log for a listener, who hears of the lines that he must. */
export class Skimming implements LineSkimmer {
  readonly #skimmer: Skimmer;
  readonly #listener: Listener;
  readonly #reader: CarefulReader;
  readonly #programs: Programs;
  readonly #hosts: HostNames;
  readonly #passed: Passed;
  /** The time of the first second of the day of the lines that are skimmed. */
  #dayStart: LogTime = 0;
  readonly #heard = emptyHeard();

  constructor(
    scanners: readonly Scanner[],
    programs: Programs,
    hosts: HostNames,
    reader: CarefulReader,
    listener: Listener,
  ) {
    this.#skimmer = new Skimmer(scanners, listener.interest);
    this.#programs = programs;
    this.#hosts = hosts;
    this.#reader = reader;
    this.#listener = listener;
    const messages = new Uint32Array(listener.interest.weights.length);
    this.#passed = { lines: 0, matched: 0, unmatched: 0, ambiguous: 0, messages };
  }

  get lineStart(): number {
    return this.#skimmer.lineStart;
  }

  get lineEnd(): number {
    return this.#skimmer.lineEnd;
  }

  skim(start: number, end: number): void {
    const skimmer = this.#skimmer;
    skimmer.skim(start, end);
    if (skimmer.passed > 0) this.#tell();
    if (skimmer.lineEnd >= 0) return;
    skimmer.count(this.#passed);
    this.#listener.counted(this.#passed);
  }

  #tell(): void {
    const { passed, passedStart, passedEnd, found } = this.#skimmer;
    const { line } = this.#reader;
    const heard = this.#heard;
    for (let index = 0; index < found; index++) {
      this.#skimmer.find(index, heard);
      heard.number += line.number;
      heard.time = this.#dayStart + heard.second;
      this.#listener.heard(heard);
    }
    line.number += passed;
    this.#reader.again(passedStart, passedEnd);
    this.#listener.passed(line.time);
  }

  /** Learns from a line that was read with care. */
  learn(line: Line): void {
    const { header, time, known } = line;
    if (!known) return;
    const dayStart = time - header.second;
    if (this.#learnHeader(line, dayStart)) return;
    // It moved the clock all the same. Once a line has told of a year, those without one are dated
    // in another way.
    if (time >= 0 && dayStart === this.#dayStart) this.#skimmer.setLastSecond(header.second);
    else this.forget();
  }

  /** False: the line is not of the usual form, or there is no room for its header. */
  #learnHeader({ bytes, start, header, time, cut }: Line, dayStart: LogTime): boolean {
    if (cut || header.dating !== 'yearless' || time < 0) return false;
    const { hostStart, hostEnd, programStart, programEnd } = header;
    if (bytes[start] === LESS || hostStart !== start + TIME_BYTES || hostEnd === hostStart) {
      return false;
    }
    if (programStart !== hostEnd + 1 || bytes[hostStart] === BRACKET) return false;
    // What follows a selector is read in another way, and so is that the line before came again.
    if (isSelector(bytes, hostStart, hostEnd) || isSyslogd(bytes, programStart, programEnd)) {
      return false;
    }
    const speaker = this.#speakerOf(bytes, programStart, programEnd);
    if (speaker === undefined) return false;
    if (!this.#skimmer.learn(header, start, dayStart, speaker)) return false;
    this.#dayStart = dayStart;
    this.#heard.host = this.#hosts.id(bytes, hostStart, hostEnd);
    return true;
  }

  /** All lines must be read with care until it has learned anew. */
  forget(): void {
    this.#skimmer.forget();
  }

  /** Undefined where more than one grammar is for programs of this name. */
  #speakerOf(bytes: Buffer, start: number, end: number): Speaker | undefined {
    const service = this.#programs.find(bytes, start, end);
    if (service < 0) return { service: this.#programs.others, next: -1, isKnown: false };
    const [next = -1, ...more] = this.#programs.next(bytes, start, end);
    return more.length > 0 ? undefined : { service, next, isKnown: true };
  }
}

function emptyHeard(): Heard {
  return {
    message: 0,
    points: 0,
    second: 0,
    number: 0,
    start: 0,
    end: 0,
    family: 0,
    a: 0,
    b: 0,
    c: 0,
    d: 0,
    bytes: memoryBytes,
    time: 0,
    host: 0,
  };
}
