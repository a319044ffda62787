// @ts-check
/** Asks obs on behalf of the user, and shows what it answers. */
'use strict';

const { setTimeout: wait } = require('node:timers/promises');
const vscode = require('vscode');
const { call, check, checked, complaint } = require('./obs');
const { indented } = require('./json');
const { unlinked } = require('./text');

/** From then on a call is slow, and is shown as a notification that can cancel it. */
const SLOW_MS = 500;

/**
 * @typedef {import('./obs').Answer} Answer
 * @typedef {import('./obs').Settings} Settings
 * @typedef {import('./questions').Question} Question
 * @typedef {import('./documents').Documents} Documents
 */

class Asker {
  /** @param {Documents} documents */
  constructor(documents) {
    this.documents = documents;
    /** The command that was found to be an obs. */
    this.known = '';
  }

  /**
   * @param {Question} question
   * @param {string} folder
   * @param {boolean} [asJson]
   */
  async show(question, folder, asJson = false) {
    const { out } = await this.ask(question, folder, asJson);
    const text = asJson || question.ending === 'json' ? indented(out) : out;
    await this.documents.show(text, { question, folder, asJson });
  }

  /**
   * Throws what obs.js throws.
   * @param {Question} question
   * @param {string} folder
   * @param {boolean} asJson
   * @returns {Promise<Answer>}
   */
  async ask(question, folder, asJson) {
    const configured = vscode.workspace.getConfiguration('obs');
    const settings = { command: configured.get('command', 'obs'), timeoutSeconds: configured.get('timeoutSeconds', 120) };
    const stop = new AbortController();
    const answering = this.answer(settings, asJson ? question.json : question.words, folder, stop.signal);
    const done = await Promise.race([answering.then(() => true), wait(SLOW_MS, false)]);
    if (!done) {
      await vscode.window.withProgress(
        { location: vscode.ProgressLocation.Notification, title: `obs: ${unlinked(question.title)}`, cancellable: true },
        (_, token) => {
          token.onCancellationRequested(() => stop.abort());
          return answering;
        },
      );
    }
    const answer = await answering;
    const said = complaint(answer);
    if (said !== '') void vscode.window.showWarningMessage(unlinked(`obs: ${said}`));
    return answer;
  }

  /**
   * @param {Settings} settings
   * @param {string[]} words
   * @param {string} folder
   * @param {AbortSignal} signal
   */
  async answer(settings, words, folder, signal) {
    if (this.known !== settings.command) {
      await check(settings, folder, signal);
      this.known = settings.command;
    }
    return checked(settings, await call(settings, words, folder, signal));
  }
}

module.exports = { Asker };
