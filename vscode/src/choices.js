// @ts-check
/** What the user is asked for: a folder, a file, a run. Undefined: nothing was chosen. */
'use strict';

const vscode = require('vscode');
const { Failed, parsed } = require('./obs');
const { history } = require('./questions');
const { pictureless } = require('./text');

/** Runs that are offered at once. */
const MOST_RUNS = 1000;

/**
 * The folder to run in: that of the file, the only one, or the one that the user chooses.
 * @param {vscode.Uri | undefined} file
 * @returns {Promise<string | undefined>}
 */
async function chooseFolder(file) {
  const own = file === undefined ? undefined : vscode.workspace.getWorkspaceFolder(file);
  if (own !== undefined) return own.uri.fsPath;
  const folders = vscode.workspace.workspaceFolders ?? [];
  if (folders.length === 0) throw new Failed('no folder is open; open the one with the .obs/');
  const chosen = folders.length === 1 ? folders[0] : await vscode.window.showWorkspaceFolderPick({ placeHolder: 'obs: which folder?' });
  return chosen?.uri.fsPath;
}

/**
 * The file that a menu was opened on, the one in the active editor, or one that the user chooses.
 * @param {vscode.Uri | undefined} resource
 * @param {string[]} endings of the files that the command is for
 * @returns {Promise<vscode.Uri | undefined>}
 */
async function chooseFile(resource, endings) {
  if (resource?.scheme === 'file') return resource;
  const active = activeFile();
  if (active !== undefined && endings.some((end) => active.path.endsWith(`.${end}`))) return active;
  const chosen = await vscode.window.showOpenDialog({
    title: 'obs: which file?',
    canSelectMany: false,
    defaultUri: vscode.workspace.workspaceFolders?.[0]?.uri,
    filters: { 'Models and datasets': endings, 'All files': ['*'] },
  });
  return chosen?.[0];
}

/** The file in the active editor, which need not be one of text: a model's bytes are not shown. */
function activeFile() {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  const uri = input instanceof vscode.TabInputText || input instanceof vscode.TabInputCustom ? input.uri : undefined;
  return uri?.scheme === 'file' ? uri : undefined;
}

/**
 * A run out of the history, newest first; its manifest's id.
 * @param {import('./asker').Asker} asker
 * @param {string} folder
 * @returns {Promise<string | undefined>}
 */
async function chooseRun(asker, folder) {
  const { out } = await asker.ask(history(MOST_RUNS), folder, true);
  const runs = out.split('\n').filter((line) => line !== '').map(parsed);
  const items = runs.filter((run) => typeof run?.manifest === 'string' && typeof run.run === 'string').map(row);
  if (items.length === 0) throw new Failed(`no run is recorded in '${folder}'; 'obs record' records one`);
  const chosen = await vscode.window.showQuickPick(items, {
    title: 'obs: Browse Runs',
    placeHolder: 'a run, newest first',
    matchOnDescription: true,
    matchOnDetail: true,
  });
  return chosen?.manifest;
}

/** @param {any} run a line of `obs log --json` */
function row(run) {
  const name = String(run.run_id ?? run.manifest.slice(0, 12));
  const metrics = Object.entries(run.metrics ?? {}).map(([metric, value]) => `${metric} ${JSON.stringify(value)}`);
  return {
    label: pictureless(name),
    description: pictureless([run.sequence, run.status, run.message ?? ''].join('  ')),
    detail: pictureless([run.recorded_at, ...metrics].join('  ')),
    manifest: /** @type {string} */ (run.manifest),
  };
}

module.exports = { chooseFile, chooseFolder, chooseRun };
