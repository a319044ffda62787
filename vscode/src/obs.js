// @ts-check
/** Calls the command `obs`: never through a shell, always in a folder, for a limited time, and cancellable. */
'use strict';

const { execFile } = require('node:child_process');

/** The oldest obs whose answers this extension understands. */
const OLDEST = [0, 1, 0];
/** Of standard output: an answer that is larger is refused, not cut. */
const MOST_BYTES = 64 * 1024 * 1024;

/**
 * What one call came to. `code` is the exit status: 0 yes, 1 no, 3 damaged, 5 incomplete are answers;
 * 2, 4 and 70 are errors.
 * @typedef {{ code: number, out: string, err: string }} Answer
 */

/** An obs that cannot be called at all: it is not there, or too old. */
class NoObs extends Error {}

/** A call that gave no answer: `message` is a sentence for people. */
class Failed extends Error {}

/** A call that the user, or the time limit, ended. */
class Stopped extends Error {}

/**
 * @param {{ command: string, timeoutSeconds: number }} settings
 * @param {string[]} words the command line behind `obs`
 * @param {string} folder where it runs
 * @param {AbortSignal} [signal]
 * @returns {Promise<Answer>}
 */
function call(settings, words, folder, signal) {
  const started = Date.now();
  return new Promise((resolve, reject) => {
    execFile(
      settings.command,
      words,
      {
        cwd: folder,
        encoding: 'utf8',
        maxBuffer: MOST_BYTES,
        timeout: settings.timeoutSeconds * 1000,
        killSignal: 'SIGINT', // obs leaves nothing half-written, whatever ends it; SIGINT lets it say so
        signal,
        windowsHide: true,
        env: { ...process.env, NO_COLOR: '1', OBS_PAGER: '' },
      },
      (error, out, err) => {
        const code = /** @type {NodeJS.ErrnoException & { code?: number | string, killed?: boolean }} */ (error)?.code;
        if (error === null) {
          resolve({ code: 0, out, err });
        } else if (signal?.aborted) {
          reject(new Stopped('stopped'));
        } else if (code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') {
          reject(new Failed(`the answer has more than ${MOST_BYTES >> 20} MB, which is too much for an editor`));
        } else if (code === 'ENOENT' || code === 'EACCES') {
          reject(new NoObs(`'${settings.command}' cannot be run (${code})`));
        } else if (typeof code === 'number') {
          resolve({ code, out, err });
        } else if (Date.now() - started >= settings.timeoutSeconds * 1000) {
          reject(new Stopped(`obs was stopped after ${settings.timeoutSeconds} seconds`));
        } else {
          reject(new Failed(error.message));
        }
      },
    );
  });
}

/**
 * The version of the command. Throws NoObs where it is no obs, or one that is too old.
 * @param {{ command: string, timeoutSeconds: number }} settings
 * @param {string} folder
 * @returns {Promise<string>}
 */
async function version(settings, folder) {
  const { out } = await call({ ...settings, timeoutSeconds: 20 }, ['--version'], folder);
  const found = /^obs (\d+)\.(\d+)\.(\d+)\S*\s*$/.exec(out);
  if (found === null) {
    throw new NoObs(`'${settings.command}' is not obs: it does not answer --version as obs does`);
  }
  const parts = found.slice(1, 4).map(Number);
  const at = parts.findIndex((part, index) => part !== OLDEST[index]);
  if (at >= 0 && (parts[at] ?? 0) < (OLDEST[at] ?? 0)) {
    throw new NoObs(`'${settings.command}' is obs ${parts.join('.')}, and ${OLDEST.join('.')} or newer is needed`);
  }
  return parts.join('.');
}

/**
 * What went wrong, in one sentence: obs says it on standard error.
 * @param {Answer} answer
 * @returns {string}
 */
function complaint(answer) {
  const lines = answer.err.trim().split('\n').filter((line) => line !== '');
  const said = lines.map((line) => line.replace(/^obs: /, '')).join(' ');
  return said || `obs ended with exit status ${answer.code} and said nothing`;
}

/** @param {Answer} answer */
const isAnswer = (answer) => [0, 1, 3, 5].includes(answer.code) && answer.out !== '';

module.exports = { call, complaint, Failed, isAnswer, MOST_BYTES, NoObs, Stopped, version };
