// Runs inside the extension host of a real VS Code: the commands, the documents that they show, the problems.
'use strict';

const assert = require('node:assert/strict');
const { copyFileSync, mkdirSync, rmSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const vscode = require('vscode');

const folder = () => vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '';
const file = (...parts) => vscode.Uri.file(join(folder(), ...parts));

/** The text that a command shows. */
async function shown(command, resource) {
  await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  await vscode.commands.executeCommand(`obs.${command}`, resource);
  const document = vscode.window.activeTextEditor?.document;
  assert.equal(document?.uri.scheme, 'obs', `${command} shows nothing`);
  return document.getText();
}

/** That a command shows no document. */
async function nothing(command, resource) {
  await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  await vscode.commands.executeCommand(`obs.${command}`, resource);
  assert.equal(vscode.window.activeTextEditor, undefined);
}

const tests = {
  async 'the last run, as a page and as JSON'() {
    const text = await shown('lastRun');
    assert.match(text, /^# /);
    assert.match(text, /accuracy/);
    assert.equal(vscode.window.activeTextEditor.document.languageId, 'markdown');
    await vscode.commands.executeCommand('obs.toggleJson');
    const document = vscode.window.activeTextEditor.document;
    assert.equal(document.languageId, 'json');
    assert.equal(JSON.parse(document.getText()).kind, 'manifest');
    await vscode.commands.executeCommand('obs.toggleJson');
    assert.equal(vscode.window.activeTextEditor.document.getText(), text);
  },
  async 'a document cannot be edited'() {
    await shown('lastRun');
    const editor = vscode.window.activeTextEditor;
    const edited = await editor.edit((change) => change.insert(new vscode.Position(0, 0), 'x')).then((done) => done, () => false);
    assert.equal(edited && editor.document.getText().startsWith('x'), false);
  },
  async 'the metadata of the run'() {
    const document = JSON.parse(await shown('export'));
    assert.equal(document.metrics.num_features, 28);
    assert.ok(document.artifacts.model_pkl);
  },
  async 'inside a model'() {
    const text = await shown('inspect', file('runs', 'trimmed', 'model.pkl'));
    assert.match(text, /LogisticRegression/);
    await vscode.commands.executeCommand('obs.toggleJson');
    assert.equal(JSON.parse(vscode.window.activeTextEditor.document.getText()).step_count, 2);
  },
  async 'a file that was recorded, and one that was changed'() {
    assert.match(await shown('verify', file('runs', 'trimmed', 'model.pkl')), /CHAIN-CONSISTENT\s*$/);
    copyFileSync(file('runs', 'trimmed', 'model.pkl').fsPath, file('changed.pkl').fsPath);
    writeFileSync(file('changed.pkl').fsPath, 'x', { flag: 'a' });
    assert.match(await shown('verify', file('changed.pkl')), /NOT-RECORDED\s*$/);
    assert.match(await shown('diff', file('changed.pkl')), /./);
  },
  async 'a hostile name is shown escaped, and runs nothing'() {
    const name = 'a\u202egnp;$(touch x)`&.pkl';
    copyFileSync(file('runs', 'trimmed', 'model.pkl').fsPath, file(name).fsPath);
    const text = await shown('verify', file(name));
    assert.match(text, /CHAIN-CONSISTENT/);
    assert.equal(/[\u202e\u0007]/.test(text), false);
    assert.equal(vscode.window.activeTextEditor.document.uri.path.includes('\u202e'), false);
  },
  async 'what is not as it has to be is an answer of obs'() {
    await nothing('inspect', file('breast_cancer.csv'));
    await nothing('verify', file('absent.pkl'));
    mkdirSync(file('empty').fsPath, { recursive: true });
  },
  async 'no store'() {
    const store = file('.obs').fsPath;
    const { renameSync } = require('node:fs');
    renameSync(store, `${store}-away`);
    try {
      await nothing('lastRun');
    } finally {
      renameSync(`${store}-away`, store);
    }
  },
  async 'nothing of obs is left running, and no problem was made without being asked for'() {
    assert.deepEqual(vscode.languages.getDiagnostics().filter(([, found]) => found.some((one) => one.source === 'obs')), []);
    rmSync(file('changed.pkl').fsPath);
  },
};

async function run() {
  let failed = 0;
  for (const [name, test] of Object.entries(tests)) {
    try {
      await test();
      console.log(`ok - ${name}`);
    } catch (error) {
      failed += 1;
      console.log(`not ok - ${name}: ${error?.stack ?? error}`);
    }
  }
  if (failed > 0) throw new Error(`${failed} of ${Object.keys(tests).length} tests failed`);
}

module.exports = { run };
