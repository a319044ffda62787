// @ts-check
/** JSON for people to read, every token as it was: parsed and written anew, 2^70 would be another number. */
'use strict';

/** Where the string that begins at `start` ends. Not by a regular expression: its stack is too small for megabytes. */
function stringEnd(/** @type {string} */ text, /** @type {number} */ start) {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let before = end;
    while (text[before - 1] === '\\') before -= 1;
    if ((end - before) % 2 === 0) return end + 1;
  }
  return text.length;
}

/**
 * The same JSON document over several lines.
 * @param {string} text
 * @returns {string}
 */
function indented(text) {
  const token = /["{}[\],:]|[^\s"{}[\],:]+/g;
  /** @type {string[]} */
  const pieces = [];
  let depth = 0;
  let before = '';
  const line = () => pieces.push(`\n${'  '.repeat(Math.min(depth, 100))}`); // deeper helps no reader
  for (let found = token.exec(text); found !== null; found = token.exec(text)) {
    const [sign] = found;
    if (sign === '}' || sign === ']') {
      depth = Math.max(0, depth - 1);
      if (before !== '{' && before !== '[') line();
    } else if (before === '{' || before === '[' || before === ',') {
      line();
    }
    if (sign === '{' || sign === '[') depth += 1;
    if (sign === '"') token.lastIndex = stringEnd(text, found.index);
    pieces.push(sign === '"' ? text.slice(found.index, token.lastIndex) : sign === ':' ? ': ' : sign);
    before = sign;
  }
  return `${pieces.join('')}\n`;
}

module.exports = { indented };
