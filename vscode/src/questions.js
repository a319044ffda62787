// @ts-check
/** What can be asked of obs, as command lines: the editor holds no logic beyond this table. Paths are absolute. */
'use strict';

/**
 * A question: `words` in a folder give a text for people, and `json` the same as a document.
 * @typedef {{ title: string, language: string, words: string[], json: string[] }} Question
 */

/** @param {string} revision @returns {Question} */
const run = (revision) => ({
  title: revision === 'HEAD' ? 'last run' : `run ${revision.slice(0, 12)}`,
  language: 'markdown',
  words: ['export', '--format', 'markdown', revision],
  json: ['show', '--json', revision],
});

/** @param {string} revision @returns {Question} */
const metadata = (revision) => ({
  title: 'run metadata',
  language: 'json',
  words: ['export', '--format', 'json', revision],
  json: ['export', '--format', 'json', revision],
});

/** @param {string} path @returns {Question} */
const inspect = (path) => about(path, 'inspect', ['inspect', path]);

/** @param {string} path @returns {Question} */
const verify = (path) => about(path, 'verify', ['verify', '--check-data', path]);

/** @param {string} path @param {string} label @returns {Question} */
const schema = (path, label) =>
  about(path, 'schema', ['schema', ...(label === '' ? [] : [`--label=${label}`]), path]);

/** @param {string} path @param {string} role @returns {Question} */
const diff = (path, role) => about(path, 'diff', ['diff', `HEAD:${role}`, path]);

/**
 * @param {string} path
 * @param {string} verb
 * @param {string[]} words
 * @returns {Question}
 */
function about(path, verb, words) {
  const [command = '', ...rest] = words;
  return { title: `${verb} ${baseName(path)}`, language: 'plaintext', words, json: [command, '--json', ...rest] };
}

/**
 * The last part of a path, with what could mislead a reader made visible.
 * @param {string} path
 */
function baseName(path) {
  const name = path.split(/[\\/]/).pop() ?? '';
  // Control characters, and those that change the direction of text (Unicode UAX #9), as obs shows them.
  return name.replace(
    /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

module.exports = { baseName, diff, inspect, metadata, run, schema, verify };
