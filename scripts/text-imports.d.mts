import type { Plugin } from 'rolldown';

export const textImports: Plugin & { readonly enforce: 'pre' };
