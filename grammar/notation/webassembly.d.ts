/** What is used here of WebAssembly, of which the types of Node 20 say nothing. */
declare namespace WebAssembly {
  class Memory {
    /** Sizes are in pages of 64 KiB. */
    constructor(descriptor: { readonly initial: number; readonly maximum?: number });
    readonly buffer: ArrayBuffer;
  }

  class Module {
    constructor(bytes: Uint8Array);
    static imports(module: Module): readonly { readonly module: string; readonly name: string }[];
    static exports(module: Module): readonly { readonly name: string; readonly kind: string }[];
  }

  class Table {
    constructor(descriptor: { readonly element: 'anyfunc'; readonly initial: number });
    set(index: number, value: unknown): void;
  }

  class Instance {
    constructor(
      module: Module,
      imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
    );
    readonly exports: Readonly<Record<string, unknown>>;
  }
}
