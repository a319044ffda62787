// @ts-check
/**
 * Answers as read-only documents: `obs:/TITLE.md?NUMBER`. Each has a number of its own, for the editor keeps the text
 * of an address for a while after its tab was closed. Closed, they are forgotten.
 */
'use strict';

const vscode = require('vscode');

const SCHEME = 'obs';

/**
 * @typedef {import('./questions').Question} Question
 * @typedef {{ question: Question, folder: string, asJson: boolean }} Shown
 */

/** @implements {vscode.TextDocumentContentProvider} */
class Documents {
  constructor() {
    /** @type {Map<string, { text: string, shown: Shown }>} */
    this.texts = new Map();
    this.number = 0;
  }

  /** @param {vscode.Uri} uri */
  provideTextDocumentContent(uri) {
    return this.texts.get(uri.toString())?.text ?? 'this answer was closed: ask again\n';
  }

  /** @param {vscode.Uri} uri @returns {Shown | undefined} */
  shown(uri) {
    return this.texts.get(uri.toString())?.shown;
  }

  /** @param {vscode.Uri} uri */
  forget(uri) {
    this.texts.delete(uri.toString());
  }

  /**
   * Shows a text in an editor of its own.
   * @param {string} text
   * @param {Shown} shown
   */
  async show(text, shown) {
    const uri = vscode.Uri.from({
      scheme: SCHEME,
      path: `/${shown.question.title}.${shown.asJson ? 'json' : shown.question.ending}`, // the ending chooses the language
      query: String((this.number += 1)),
    });
    this.texts.set(uri.toString(), { text, shown });
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri));
  }
}

module.exports = { Documents, SCHEME };
