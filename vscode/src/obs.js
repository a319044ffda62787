// @ts-check
/** Calls the command `obs`: never through a shell, always in a folder, for a limited time, and cancellable. */
'use strict';

const { execFile } = require('node:child_process');
const { isAbsolute } = require('node:path');

/** The oldest obs whose answers this extension understands. */
const OLDEST = [0, 1, 0];
/** Of an answer, in MB. What is larger is refused, not cut: no editor reads it well, and laying it out takes seconds. */
const MOST_MB = 8;

/**
 * What one call came to. `code` is the exit status: 0 yes, 1 no, 3 damaged, 5 incomplete are answers;
 * 2, 4 and 70 are errors.
 * @typedef {{ code: number, out: string, err: string }} Answer
 * @typedef {{ command: string, timeoutSeconds: number }} Settings
 */

/** An obs that cannot be called at all: it is not there, or too old. */
class NoObs extends Error {}

/** A call that gave no answer: `message` is a sentence for people. */
class Failed extends Error {}

/** A call that the user, or the time limit, ended. */
class Stopped extends Error {}

/**
 * Throws NoObs, Failed or Stopped where there is no answer.
 * @param {Settings} settings
 * @param {string[]} words the command line behind `obs`
 * @param {string} folder where it runs
 * @param {AbortSignal} signal
 * @returns {Promise<Answer>}
 */
function call({ command, timeoutSeconds }, words, folder, signal) {
  return new Promise((resolve, reject) => {
    const started = Date.now();
    execFile(
      command,
      words,
      {
        cwd: folder,
        encoding: 'utf8',
        maxBuffer: MOST_MB * 2 ** 20,
        timeout: timeoutSeconds * 1000,
        signal,
        windowsHide: true,
        env: { ...process.env, NO_COLOR: '1' },
      },
      (error, out, err) => {
        const code = error?.code;
        if (error === null) {
          resolve({ code: 0, out, err });
        } else if (signal.aborted) {
          reject(new Stopped('stopped'));
        } else if (String(code) === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') {
          reject(new Failed(`the answer is larger than ${MOST_MB} MB, too much for an editor; call obs in a terminal, with its output into a file`));
        } else if (typeof code === 'number') {
          resolve({ code, out, err });
        } else if (typeof code === 'string') {
          reject(new NoObs(`'${command}' cannot be run in '${folder}' (${code})`));
        } else if (Date.now() - started >= timeoutSeconds * 1000) {
          reject(new Stopped(`no answer within ${timeoutSeconds} seconds, and obs was stopped; the setting obs.timeoutSeconds gives it more time`));
        } else {
          reject(new Failed(`obs was ended by ${error.signal ?? error.message}`));
        }
      },
    );
  });
}

/**
 * Throws NoObs where the command is no obs, or one that is too old.
 * @param {Settings} settings
 * @param {string} folder
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
async function check(settings, folder, signal) {
  if (/[\\/]/.test(settings.command) && !isAbsolute(settings.command)) {
    throw new NoObs(`'${settings.command}' would be another program in every folder, and is not run: an absolute path is needed`);
  }
  const { out } = await call(settings, ['--version'], folder, signal);
  const found = /^obs (\d+)\.(\d+)\.(\d+)\S*\s*$/.exec(out);
  if (found === null) {
    throw new NoObs(`'${settings.command}' is not obs: it does not answer --version as obs does`);
  }
  const parts = found.slice(1, 4).map(Number);
  const at = parts.findIndex((part, index) => part !== OLDEST[index]);
  if (at >= 0 && (parts[at] ?? 0) < (OLDEST[at] ?? 0)) {
    throw new NoObs(`'${settings.command}' is obs ${parts.join('.')}, and ${OLDEST.join('.')} or newer is needed`);
  }
}

/**
 * The answer, if it is one. Throws NoObs where obs lacks the command, Failed with what it says where it failed.
 * @param {Settings} settings
 * @param {Answer} answer
 * @returns {Answer}
 */
function checked(settings, answer) {
  const said = complaint(answer);
  if (answer.code === 0 || ([1, 3, 5].includes(answer.code) && answer.out !== '')) return answer;
  if (answer.code === 2 && said.startsWith('there is no command')) {
    throw new NoObs(`'${settings.command}' is too old: ${said}`);
  }
  throw new Failed(said || `obs ended with exit status ${answer.code} and said nothing`);
}

/**
 * What obs says on standard error, in one line: a complaint, and what can be done.
 * @param {Answer} answer
 * @returns {string}
 */
function complaint({ err }) {
  const lines = err.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line) => line.replace(/^(obs|hint): /, '')).join('; ');
}

/**
 * One document that obs wrote. Throws Failed where it is none.
 * @param {string} text
 * @returns {any}
 */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Failed(`obs did not answer in JSON: ${error instanceof Error ? error.message : error}`);
  }
}

module.exports = { call, check, checked, complaint, parsed, Failed, NoObs, Stopped };
