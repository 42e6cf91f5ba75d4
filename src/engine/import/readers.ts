import type { ForeignReader } from './foreign-ban.ts';
import { readAcaciaRows } from './readers/acacia.ts';
import { readCrowdsec } from './readers/crowdsec.ts';
import { readFail2ban } from './readers/fail2ban.ts';
import { readHostsDeny } from './readers/hosts-deny.ts';
import { readIpset } from './readers/ipset.ts';
import { readNft } from './readers/nft.ts';
import { readPf } from './readers/pf.ts';
import { readSshguard } from './readers/sshguard.ts';

/** The programs whose bans can be imported. */
export const READERS = {
  fail2ban: readFail2ban,
  sshguard: readSshguard,
  denyhosts: readHostsDeny,
  crowdsec: readCrowdsec,
  acacia: readAcaciaRows,
  ipset: readIpset,
  pf: readPf,
  nft: readNft,
} as const satisfies Readonly<Record<string, ForeignReader>>;

export type ForeignProgram = keyof typeof READERS;
