// Owns: what `net-runner --help` prints: the parts of its commands, each from its own table.
// Never: an option or a status itself.
import {helpText} from './flags.js';
import {upHelp} from './up_flags.js';

export function help(): string {
  return `${helpText()}\n${upHelp()}`;
}
