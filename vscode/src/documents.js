// @ts-check
/** Answers as read-only documents: `obs:/TITLE.md?{"folder":…,"words":[…]}`. Closed, they are forgotten. */
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
    /** @type {vscode.EventEmitter<vscode.Uri>} */
    this.changed = new vscode.EventEmitter();
    this.onDidChange = this.changed.event;
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
    const { question, folder, asJson } = shown;
    const uri = vscode.Uri.from({
      scheme: SCHEME,
      path: `/${question.title}.${asJson ? 'json' : question.ending}`, // the ending chooses the language
      query: JSON.stringify({ folder, words: asJson ? question.json : question.words }),
    });
    this.texts.set(uri.toString(), { text, shown });
    this.changed.fire(uri);
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: false });
  }
}

module.exports = { Documents, SCHEME };
