// @ts-check
/** The commands in the palette and in the menus. Nothing runs before one of them is called. */
'use strict';

const vscode = require('vscode');
const { call, complaint, isAnswer, NoObs, Stopped, version } = require('./obs');
const { Documents, SCHEME } = require('./documents');
const { problemsOf } = require('./problems');
const { indented } = require('./json');
const questions = require('./questions');

/**
 * @typedef {import('./obs').Answer} Answer
 * @typedef {import('./questions').Question} Question
 */

/** Runs that are offered at once. */
const MOST_RUNS = 1000;
const MODELS = ['pkl', 'joblib'];
const TABLES = ['csv', 'parquet'];

/** @param {vscode.ExtensionContext} context */
function activate(context) {
  const documents = new Documents();
  const problems = vscode.languages.createDiagnosticCollection('obs');
  const asker = new Asker(documents);

  /** @param {string} name @param {(resource?: vscode.Uri) => Promise<void>} action */
  const command = (name, action) =>
    vscode.commands.registerCommand(name, async (/** @type {unknown} */ resource) => {
      try {
        await action(resource instanceof vscode.Uri ? resource : undefined);
      } catch (error) {
        await tell(error);
      }
    });

  context.subscriptions.push(
    problems,
    vscode.workspace.registerTextDocumentContentProvider(SCHEME, documents),
    vscode.workspace.onDidCloseTextDocument((closed) => documents.forget(closed.uri)),
    command('obs.lastRun', async () => {
      const folder = await folderOf(undefined);
      if (folder !== undefined) await asker.show(questions.run('HEAD'), folder);
    }),
    command('obs.export', async () => {
      const folder = await folderOf(undefined);
      if (folder !== undefined) await asker.show(questions.metadata('HEAD'), folder);
    }),
    command('obs.runs', async () => {
      const folder = await folderOf(undefined);
      const revision = folder === undefined ? undefined : await chooseRun(asker, folder);
      if (folder !== undefined && revision !== undefined) await asker.show(questions.run(revision), folder);
    }),
    command('obs.inspect', (resource) => ofFile(asker, resource, MODELS, (path) => questions.inspect(path))),
    command('obs.verify', (resource) => ofFile(asker, resource, [], (path) => questions.verify(path))),
    command('obs.diff', (resource) =>
      ofFile(asker, resource, [], (path) => questions.diff(path, MODELS.some((end) => path.endsWith(`.${end}`)) ? 'model' : 'data')),
    ),
    command('obs.schema', async (resource) => {
      const file = await fileOf(resource, TABLES);
      if (file === undefined) return;
      const label = await vscode.window.showInputBox({
        title: 'obs: Dataset Schema',
        prompt: 'The label column (leave it empty for none)',
      });
      if (label === undefined) return;
      const folder = await folderOf(file);
      if (folder === undefined) return;
      const question = questions.schema(file.fsPath, label);
      const answer = await asker.ask(question, folder, question.json);
      if (answer === undefined) return;
      problems.set(file, problemsOf(answer.out));
      await asker.show(question, folder);
    }),
    command('obs.toggleJson', async () => {
      const uri = vscode.window.activeTextEditor?.document.uri;
      const shown = uri?.scheme === SCHEME ? documents.shown(uri) : undefined;
      if (shown !== undefined) await asker.show(shown.question, shown.folder, !shown.asJson);
    }),
  );
}

/** Asks obs, with a notification that can cancel it where it takes long. */
class Asker {
  /** @param {Documents} documents */
  constructor(documents) {
    this.documents = documents;
    /** The command that was found to be an obs. */
    this.checked = '';
  }

  /**
   * @param {Question} question
   * @param {string} folder
   * @param {boolean} [asJson]
   */
  async show(question, folder, asJson = false) {
    const answer = await this.ask(question, folder, asJson ? question.json : question.words);
    if (answer === undefined) return;
    const text = asJson || question.language === 'json' ? indented(answer.out) : answer.out;
    await this.documents.show(text, { question, folder, asJson });
  }

  /**
   * The answer; undefined, and the user has been told why, where there is none.
   * @param {Question} question
   * @param {string} folder
   * @param {string[]} words
   * @returns {Promise<Answer | undefined>}
   */
  async ask(question, folder, words) {
    const configured = vscode.workspace.getConfiguration('obs');
    const settings = {
      command: configured.get('command', 'obs'),
      timeoutSeconds: configured.get('timeoutSeconds', 120),
    };
    const answer = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title: `obs: ${question.title}`, cancellable: true },
      async (_, token) => {
        const stop = new AbortController();
        const listening = token.onCancellationRequested(() => stop.abort());
        try {
          if (this.checked !== settings.command) {
            await version(settings, folder);
            this.checked = settings.command;
          }
          return await call(settings, words, folder, stop.signal);
        } finally {
          listening.dispose();
        }
      },
    );
    if (isAnswer(answer)) return answer;
    void vscode.window.showErrorMessage(`obs: ${complaint(answer)}`);
    return undefined;
  }
}

/** @param {unknown} error */
async function tell(error) {
  if (error instanceof Stopped) {
    void vscode.window.showInformationMessage(`obs: ${error.message}`);
    return;
  }
  if (!(error instanceof NoObs)) {
    void vscode.window.showErrorMessage(`obs: ${error instanceof Error ? error.message : String(error)}`);
    return;
  }
  const open = 'Open settings';
  const help = `obs: ${error.message}. Install it (pip install obs-provenance), or say in the setting obs.command where it is.`;
  if ((await vscode.window.showErrorMessage(help, open)) === open) {
    await vscode.commands.executeCommand('workbench.action.openSettings', 'obs.command');
  }
}

/**
 * The folder to run in: that of the file, the only one, or the one that the user chooses.
 * @param {vscode.Uri | undefined} file
 * @returns {Promise<string | undefined>}
 */
async function folderOf(file) {
  const own = file === undefined ? undefined : vscode.workspace.getWorkspaceFolder(file);
  const folders = vscode.workspace.workspaceFolders ?? [];
  if (own !== undefined) return own.uri.fsPath;
  if (folders.length === 0) {
    void vscode.window.showErrorMessage('obs: open a folder first; obs looks for its .obs/ there');
    return undefined;
  }
  const chosen = folders.length === 1 ? folders[0] : await vscode.window.showWorkspaceFolderPick({ placeHolder: 'obs: which folder?' });
  return chosen?.uri.fsPath;
}

/**
 * The file that a menu was opened on, the one in the active editor, or one that the user chooses.
 * @param {vscode.Uri | undefined} resource
 * @param {string[]} endings that are offered first; none: any file
 * @returns {Promise<vscode.Uri | undefined>}
 */
async function fileOf(resource, endings) {
  if (resource?.scheme === 'file') return resource;
  const active = vscode.window.activeTextEditor?.document.uri;
  if (active?.scheme === 'file' && (endings.length === 0 || endings.some((end) => active.path.endsWith(`.${end}`)))) {
    return active;
  }
  const chosen = await vscode.window.showOpenDialog({
    title: 'obs: which file?',
    canSelectMany: false,
    defaultUri: vscode.workspace.workspaceFolders?.[0]?.uri,
    filters: endings.length === 0 ? {} : { 'Files that obs knows': endings, 'All files': ['*'] },
  });
  return chosen?.[0];
}

/**
 * @param {Asker} asker
 * @param {vscode.Uri | undefined} resource
 * @param {string[]} endings
 * @param {(path: string) => Question} question
 */
async function ofFile(asker, resource, endings, question) {
  const file = await fileOf(resource, endings);
  const folder = file === undefined ? undefined : await folderOf(file);
  if (file !== undefined && folder !== undefined) await asker.show(question(file.fsPath), folder);
}

/**
 * A run out of the history, newest first; its manifest's id.
 * @param {Asker} asker
 * @param {string} folder
 * @returns {Promise<string | undefined>}
 */
async function chooseRun(asker, folder) {
  const words = ['log', '--json', '-n', String(MOST_RUNS)];
  const answer = await asker.ask({ title: 'runs', language: 'json', words, json: words }, folder, words);
  if (answer === undefined) return undefined;
  const items = answer.out.split('\n').flatMap((line) => {
    /** @type {any} */
    const run = line === '' ? null : JSON.parse(line);
    if (typeof run?.manifest !== 'string' || typeof run.run !== 'string') return [];
    const metrics = Object.entries(run.metrics ?? {}).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
    return [
      {
        label: questions.baseName(String(run.message ?? run.run_id ?? run.manifest.slice(0, 12)).split('\n')[0] ?? ''),
        description: `${run.sequence} · ${run.status}`,
        detail: [run.recorded_at, ...metrics].join('  '),
        manifest: /** @type {string} */ (run.manifest),
      },
    ];
  });
  const chosen = await vscode.window.showQuickPick(items, {
    title: 'obs: Browse Runs',
    placeHolder: 'A run, newest first',
    matchOnDescription: true,
    matchOnDetail: true,
  });
  return chosen?.manifest;
}

module.exports = { activate, deactivate() {} };
