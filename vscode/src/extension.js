// @ts-check
/** The commands in the palette and in the menus. Nothing runs before one of them is called. */
'use strict';

const vscode = require('vscode');
const { Asker } = require('./asker');
const { chooseFile, chooseFolder, chooseRun } = require('./choices');
const { Documents, SCHEME } = require('./documents');
const { NoObs, parsed, Stopped } = require('./obs');
const { problemsOf } = require('./problems');
const questions = require('./questions');
const { unlinked } = require('./text');

/** @typedef {import('./questions').Question} Question */

const MODELS = ['pkl', 'joblib'];
const TABLES = ['csv', 'parquet'];
const FILES = [...MODELS, ...TABLES];

/** @param {vscode.ExtensionContext} context */
function activate(context) {
  const documents = new Documents();
  const problems = vscode.languages.createDiagnosticCollection('obs');
  const asker = new Asker(documents);

  /** @param {(folder: string) => Promise<Question | undefined>} question */
  const ofFolder = (question) => async () => {
    const folder = await chooseFolder(undefined);
    const asked = folder === undefined ? undefined : await question(folder);
    if (folder !== undefined && asked !== undefined) await asker.show(asked, folder);
  };

  /** @param {string[]} endings @param {(file: vscode.Uri, folder: string) => Promise<Question | undefined>} question */
  const ofFile = (endings, question) => async (/** @type {vscode.Uri | undefined} */ resource) => {
    const file = await chooseFile(resource, endings);
    const folder = file === undefined ? undefined : await chooseFolder(file);
    const asked = file === undefined || folder === undefined ? undefined : await question(file, folder);
    if (folder !== undefined && asked !== undefined) await asker.show(asked, folder);
  };

  /** @type {Record<string, (resource: vscode.Uri | undefined) => Promise<void>>} */
  const commands = {
    lastRun: ofFolder(async () => questions.run('HEAD')),
    export: ofFolder(async () => questions.metadata('HEAD')),
    runs: ofFolder(async (folder) => {
      const revision = await chooseRun(asker, folder);
      return revision === undefined ? undefined : questions.run(revision);
    }),
    inspect: ofFile(MODELS, async (file) => questions.inspect(file.fsPath)),
    verify: ofFile(FILES, async (file) => questions.verify(file.fsPath)),
    diff: ofFile(FILES, async ({ fsPath }) =>
      questions.diff(fsPath, TABLES.some((end) => fsPath.endsWith(`.${end}`)) ? 'data' : 'model'),
    ),
    schema: ofFile(TABLES, async (file, folder) => {
      const label = await vscode.window.showInputBox({
        title: 'obs: Dataset Schema',
        prompt: 'the name of the label column; none if it is empty',
      });
      if (label === undefined) return undefined;
      const question = questions.schema(file.fsPath, label);
      problems.set(file, problemsOf(parsed((await asker.ask(question, folder, true)).out)));
      return question;
    }),
    async toggleJson() {
      const uri = vscode.window.activeTextEditor?.document.uri;
      const shown = uri?.scheme === SCHEME ? documents.shown(uri) : undefined;
      if (shown !== undefined) await asker.show(shown.question, shown.folder, !shown.asJson);
    },
  };

  context.subscriptions.push(
    problems,
    vscode.workspace.registerTextDocumentContentProvider(SCHEME, documents),
    vscode.workspace.onDidCloseTextDocument((closed) => documents.forget(closed.uri)),
    ...Object.entries(commands).map(([name, action]) =>
      vscode.commands.registerCommand(`obs.${name}`, (/** @type {unknown} */ resource) =>
        action(resource instanceof vscode.Uri ? resource : undefined).catch(tell),
      ),
    ),
  );
}

/** Says what went wrong. It does not wait for the user to have read it. @param {unknown} error */
function tell(error) {
  const text = unlinked(`obs: ${error instanceof Error ? error.message : error}`);
  if (error instanceof Stopped) {
    void vscode.window.showInformationMessage(text);
  } else if (error instanceof NoObs) {
    void offerSettings(`${text}. Install it (pip install obs-provenance), or say in the setting obs.command where it is`);
  } else {
    void vscode.window.showErrorMessage(text);
  }
}

/** @param {string} text */
async function offerSettings(text) {
  const open = 'Open settings';
  if ((await vscode.window.showErrorMessage(text, open)) === open) {
    await vscode.commands.executeCommand('workbench.action.openSettings', 'obs.command');
  }
}

module.exports = { activate, deactivate() {} };
