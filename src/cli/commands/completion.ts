import { Argument, type Command, type Option } from 'commander';
import type { Context } from '../context.ts';

/** The script that each shell reads when it starts. All but ksh's run mcblock at every tab. */
const SCRIPTS = {
  bash: `\
# Completion of mcblock(8) for bash(1).
_mcblock() {
	local IFS=$'\\n'
	COMPREPLY=($(mcblock completion bash -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _mcblock mcblock
`,
  zsh: `\
#compdef mcblock
# Completion of mcblock(8) for zsh(1).
_mcblock() {
	local -a found
	found=("\${(@f)$(mcblock completion zsh -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
	if [[ -n $found[1] ]]; then _describe mcblock found; else _files; fi
}
if [[ $funcstack[1] = _mcblock ]]; then _mcblock "$@"; else compdef _mcblock mcblock; fi
`,
  fish: `\
# Completion of mcblock(8) for fish(1).
function __mcblock_complete
    set -l words (commandline -opc)
    set -l found (mcblock completion fish -- $words[2..] "$(commandline -ct)" 2>/dev/null)
    if set -q found[1]
        printf '%s\\n' $found
    else
        __fish_complete_path (commandline -ct)
    end
end
complete -c mcblock -f -a '(__mcblock_complete)'
`,
  ksh: `\
# Completion of mcblock(8) for ksh(1) of OpenBSD.
set -A complete_mcblock_1 --`,
};

type Shell = keyof typeof SCRIPTS;

const SHELLS = Object.keys(SCRIPTS) as Shell[];

/** A word that may stand at the cursor. */
interface Completion {
  readonly word: string;
  readonly summary: string;
}

export function define(command: Command, context: Context): void {
  command
    .description(
      'Prints the completion script of a shell. The script runs this command again with the words typed so far.',
    )
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .argument('[word...]', 'complete the last of these words, one completion per line')
    .addHelpText(
      'after',
      `
Examples:
  eval "$(mcblock completion bash)"                       in ~/.bashrc
  source <(mcblock completion zsh)                        in ~/.zshrc, after compinit
  mcblock completion fish > ~/.config/fish/completions/mcblock.fish
  eval "$(mcblock completion ksh)"                        in ~/.kshrc, on OpenBSD
`,
    )
    .action((shell: Shell, words: string[]) => {
      const program = command.parent ?? command;
      if (words.length > 0) context.lines(completions(program, words).map(LINES[shell]));
      else if (shell === 'ksh') context.lines([[SCRIPTS.ksh, ...names(program)].join(' ')]);
      else context.stdout.write(SCRIPTS[shell]);
    });
}

/** The form of a completion in each shell. */
const LINES: Readonly<Record<Shell, (completion: Completion) => string>> = {
  bash: ({ word }) => word,
  ksh: ({ word }) => word,
  zsh: ({ word, summary }) => `${word.replaceAll(':', '\\:')}:${summary}`,
  fish: ({ word, summary }) => `${word}\t${summary}`,
};

function names({ commands }: Command): string[] {
  return commands.map((each) => each.name());
}

/**
 * The completions of the last of the words after `mcblock`. None where any word may stand: then the
 * shell offers files.
 */
function completions(program: Command, words: readonly string[]): Completion[] {
  const typed = words.at(-1) ?? '';
  let command = program;
  let pending: Option | undefined;
  for (const word of words.slice(0, -1)) {
    if (pending !== undefined) pending = undefined;
    else if (word.startsWith('-')) pending = takingValue(command, word);
    else command = command.commands.find((each) => each.name() === word) ?? command;
  }
  return possible(command, pending, typed).filter(({ word }) => word.startsWith(typed));
}

function possible(command: Command, pending: Option | undefined, typed: string): Completion[] {
  if (pending !== undefined) return choices(pending.argChoices, pending.description);
  if (typed.startsWith('-')) {
    return optionsOf(command).map(({ long, short, description }) => ({
      word: long ?? short ?? '',
      summary: description,
    }));
  }
  const commands = command.createHelp().visibleCommands(command);
  if (commands.length > 0) {
    return commands.map((each) => ({
      word: each.name(),
      summary: each.summary() || each.description(),
    }));
  }
  return command.registeredArguments.flatMap(({ argChoices, description }) =>
    choices(argChoices, description),
  );
}

function choices(words: readonly string[] | undefined, summary: string): Completion[] {
  return (words ?? []).map((word) => ({ word, summary }));
}

/** The option, if its value is the next word. */
function takingValue(command: Command, word: string): Option | undefined {
  const option = optionsOf(command).find(({ long, short }) => word === long || word === short);
  return option?.required ? option : undefined;
}

/** Options of its parent commands may stand anywhere. */
function optionsOf(command: Command): readonly Option[] {
  const options = [...command.createHelp().visibleOptions(command)];
  for (let above = command.parent; above !== null; above = above.parent) {
    options.push(...above.options);
  }
  return options;
}
