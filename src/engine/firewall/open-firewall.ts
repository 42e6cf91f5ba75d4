import { McblockError } from '../../errors.ts';
import type { Firewall } from '../../firewall/firewall.ts';

/** Which firewall holds the rules, and how it is reached. Programs are absolute paths. */
export interface FirewallSettings {
  /** `auto` is nftables on Linux, else pf. */
  readonly kind: 'auto' | 'pf' | 'nft' | 'file';
  readonly table: string;
  readonly pfctl: string;
  /** A command that may run pfctl for this process; empty for none. */
  readonly helper: readonly string[];
  readonly nft: string;
  /** The table file of `file`; for pf the one that it loads at boot, or empty. */
  readonly file: string;
  /** Run after the table file has changed; empty for none. */
  readonly command: readonly string[];
}

/** Throws McblockError('config') if a setting is missing. */
export async function openFirewall(settings: FirewallSettings): Promise<Firewall> {
  const { kind, table, pfctl, helper, nft, file, command } = settings;
  switch (ownKind(kind)) {
    case 'pf': {
      const { pfFirewall } = await import('../../firewall/pf.ts');
      const { directPfctl, helpedPfctl } = await import('../../firewall/pfctl.ts');
      const direct = directPfctl(pfctl, table);
      return pfFirewall(helper.length === 0 ? direct : helpedPfctl(helper, direct), table, file);
    }
    case 'nft': {
      const { nftFirewall } = await import('../../firewall/nft.ts');
      return nftFirewall(nft, table);
    }
    case 'file': {
      if (file === '') {
        throw new McblockError(
          'config',
          'firewall.kind is "file": set firewall.file to the absolute path of the table file',
        );
      }
      const { fileFirewall } = await import('../../firewall/file.ts');
      return fileFirewall(file, command);
    }
  }
}

/** What `auto` is on this system. */
export function ownKind(kind: FirewallSettings['kind']): Exclude<typeof kind, 'auto'> {
  if (kind !== 'auto') return kind;
  return process.platform === 'linux' ? 'nft' : 'pf';
}
