// @ts-check
/** What can be asked of obs, as command lines: the editor holds no logic beyond this table. Paths are absolute. */
'use strict';

const { baseName } = require('./text');

/**
 * A question: `words` in a folder give a text for people, and `json` the same as a document.
 * @typedef {{ title: string, ending: 'md' | 'txt' | 'json', words: string[], json: string[] }} Question
 */

/** @param {string} revision @returns {Question} */
const run = (revision) => ({
  title: revision === 'HEAD' ? 'last run' : `run ${revision.slice(0, 12)}`,
  ending: 'md',
  words: ['export', '--format', 'markdown', revision],
  json: ['show', '--json', revision],
});

/** @param {string} revision @returns {Question} */
const metadata = (revision) => onlyJson('run metadata', ['export', '--format', 'json', revision]);

/** @param {number} most @returns {Question} */
const history = (most) => onlyJson('runs', ['log', '--json', '-n', String(most)]);

/** @param {string} path @returns {Question} */
const inspect = (path) => about(path, 'inspect', []);

/** @param {string} path @returns {Question} */
const verify = (path) => about(path, 'verify', []);

/** @param {string} path @param {string} label @returns {Question} */
const schema = (path, label) => about(path, 'schema', label === '' ? [] : [`--label=${label}`]);

/** @param {string} path @param {'data' | 'model'} role in the last run @returns {Question} */
const diff = (path, role) => about(path, 'diff', [`HEAD:${role}`]);

/** @param {string} title @param {string[]} words @returns {Question} */
const onlyJson = (title, words) => ({ title, ending: 'json', words, json: words });

/** @param {string} path @param {string} verb @param {string[]} rest @returns {Question} */
const about = (path, verb, rest) => ({
  title: `${verb} ${baseName(path)}`,
  ending: 'txt',
  words: [verb, ...rest, path],
  json: [verb, '--json', ...rest, path],
});

module.exports = { diff, history, inspect, metadata, run, schema, verify };
