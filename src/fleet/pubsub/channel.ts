/** What is done with the messages of a channel. */
type Action =
  | { readonly kind: 'block' }
  /** A program is run with these arguments and one from the message. */
  | {
      readonly kind: 'command';
      /** The absolute path of the program first. */
      readonly argv: readonly [string, ...string[]];
      readonly carries: Carries;
    };

/** What a message carries, which becomes the argument. */
type Carries = 'address' | 'prefix' | { readonly words: RegExp };

export interface Channel {
  readonly name: string;
  /** Plain text, which is not signed, is accepted even where messages are verified. */
  readonly isPlain: boolean;
  readonly action: Action;
}
