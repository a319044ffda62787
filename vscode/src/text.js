// @ts-check
/** Text of others, made safe for a line that the editor writes: a title, a notification, a row of a list. */
'use strict';

/**
 * Control characters, and those that change the direction of text (Unicode UAX #9), as obs shows them: visible.
 * @param {string} text
 */
function visible(text) {
  return text.replace(
    /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/**
 * For notifications, in which the editor makes a link of `[TEXT](command:…)`, and of a call by it a click.
 * @param {string} text
 */
const unlinked = (text) => visible(text).replaceAll('](', '] (');

/**
 * For rows of a list, in which the editor makes a picture of `$(NAME)`.
 * @param {string} text
 */
const pictureless = (text) => visible(text).replaceAll('$(', '\\$(');

/**
 * The last part of a path.
 * @param {string} path
 */
const baseName = (path) => visible(path.split(/[\\/]/).pop() ?? '');

module.exports = { baseName, pictureless, unlinked, visible };
