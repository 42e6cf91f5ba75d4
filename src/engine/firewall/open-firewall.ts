import type { Config } from '../../cli/config/config.ts';
import { McblockError } from '../../errors.ts';
import type { Firewall } from '../../firewall/firewall.ts';

/** The firewall that the configuration names; of `auto` that of the system. */
export async function firewallOf(config: Config): Promise<Firewall> {
  const kind = config.get('firewall.kind');
  const table = config.get('firewall.table');
  switch (kind === 'auto' ? kindOfSystem() : kind) {
    case 'pf': {
      const { pfFirewall } = await import('../../firewall/pf.ts');
      const { directPfctl, helpedPfctl } = await import('../../firewall/pfctl.ts');
      const direct = directPfctl(config.get('firewall.pfctl'), table);
      const helper = config.get('firewall.helper');
      return pfFirewall(helper.length === 0 ? direct : helpedPfctl(helper, direct), table);
    }
    case 'nft': {
      const { nftFirewall } = await import('../../firewall/nft.ts');
      return nftFirewall(config.get('firewall.nft'), table);
    }
    case 'file': {
      const file = config.get('firewall.file');
      if (file === '') {
        throw new McblockError(
          'config',
          'firewall.kind is "file", and firewall.file does not say which: give the absolute path of the table file',
        );
      }
      const { fileFirewall } = await import('../../firewall/file.ts');
      return fileFirewall(file, config.get('firewall.command'));
    }
  }
}

function kindOfSystem(): 'pf' | 'nft' {
  return process.platform === 'linux' ? 'nft' : 'pf';
}
