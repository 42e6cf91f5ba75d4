/** What is done with the messages of a channel. */
type Action =
  /** Validate, protect, decide, store, apply. */
  | { readonly kind: 'block' }
  /** A program of the user's, run with these arguments and one more. */
  | {
      readonly kind: 'command';
      /** The absolute path of the program first. */
      readonly argv: readonly [string, ...string[]];
      readonly carries: Carries;
    };

/** What the one argument is that comes from the message. */
type Carries = 'address' | 'prefix' | { readonly words: RegExp };

export interface Channel {
  readonly name: string;
  readonly action: Action;
}
