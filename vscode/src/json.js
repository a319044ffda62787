// @ts-check
/** JSON for people to read, every token as it was: parsed and written anew, 2^70 would be another number. */
'use strict';

const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s"{}[\],:]+/g;

/**
 * The same JSON document over several lines.
 * @param {string} text
 * @returns {string}
 */
function indented(text) {
  const tokens = text.match(TOKENS) ?? [];
  /** @type {string[]} */
  const pieces = [];
  let depth = 0;
  const line = () => `\n${'  '.repeat(depth)}`;
  tokens.forEach((token, at) => {
    const next = tokens[at + 1];
    if (token === '{' || token === '[') {
      depth += 1;
      pieces.push(token, next === '}' || next === ']' ? '' : line());
    } else if (token === '}' || token === ']') {
      const before = tokens[at - 1];
      depth = Math.max(0, depth - 1);
      pieces.push(before === '{' || before === '[' ? '' : line(), token);
    } else if (token === ',') {
      pieces.push(token, line());
    } else {
      pieces.push(token === ':' ? ': ' : token);
    }
  });
  return `${pieces.join('')}\n`;
}

module.exports = { indented };
