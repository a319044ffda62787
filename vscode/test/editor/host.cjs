// Runs inside the extension host of a real VS Code: the commands, the documents that they show, the problems.
'use strict';

const assert = require('node:assert/strict');
const { copyFileSync, existsSync, renameSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const vscode = require('vscode');

const folder = () => vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '';
const file = (...parts) => vscode.Uri.file(join(folder(), ...parts));
const document = () => vscode.window.activeTextEditor?.document;

/** The text that a command shows. */
async function shown(command, resource) {
  await nothing(command, resource, (active) => active?.uri.scheme === 'obs');
  return document().getText();
}

/** That a command shows no document, or one that is as it should be. */
async function nothing(command, resource, expected = (active) => active === undefined) {
  await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  await vscode.commands.executeCommand(`obs.${command}`, resource);
  assert(expected(document()), `${command} shows ${document()?.uri}`);
}

/** With another obs: the body of a program. */
async function withObs(body, work) {
  const path = join(folder(), '..', 'another-obs');
  const version = "if (process.argv[2] === '--version') { console.log('obs 9.9.9'); process.exit(0); }";
  if (body !== undefined) writeFileSync(path, `#!${process.execPath}\n${version}\n${body}\n`, { mode: 0o755 });
  const settings = () => vscode.workspace.getConfiguration('obs');
  const before = settings().get('command');
  await settings().update('command', path, vscode.ConfigurationTarget.Global);
  try {
    await work();
  } finally {
    await settings().update('command', before, vscode.ConfigurationTarget.Global);
  }
}

const tests = {
  async 'the last run, as a page and as JSON'() {
    const text = await shown('lastRun');
    assert.match(text, /^# Run trimmed\n/);
    assert.match(text, /\| accuracy \| 0\.96/);
    assert.equal(document().languageId, 'markdown');
    await vscode.commands.executeCommand('obs.toggleJson');
    assert.equal(document().languageId, 'json');
    assert.equal(JSON.parse(document().getText()).kind, 'manifest');
    await vscode.commands.executeCommand('obs.toggleJson');
    assert.equal(document().getText(), text);
  },
  async 'a document cannot be edited'() {
    const text = await shown('lastRun');
    const edited = await vscode.window.activeTextEditor
      .edit((change) => change.insert(new vscode.Position(0, 0), 'x'))
      .then((done) => done, () => false);
    assert.equal(edited && document().getText() !== text, false);
  },
  async 'the metadata of the run'() {
    const metadata = JSON.parse(await shown('export'));
    assert.equal(metadata.metrics.num_features, 28);
    assert.ok(metadata.artifacts.model_pkl);
    assert.equal(document().languageId, 'json');
  },
  async 'inside a model'() {
    assert.match(await shown('inspect', file('runs', 'trimmed', 'model.pkl')), /classifier: LogisticRegression/);
    await vscode.commands.executeCommand('obs.toggleJson');
    assert.equal(JSON.parse(document().getText()).step_count, 2);
  },
  async 'inside a model that is open in a tab, though its bytes are not shown'() {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await vscode.commands.executeCommand('vscode.open', file('runs', 'baseline', 'model.pkl'));
    await vscode.commands.executeCommand('obs.inspect');
    assert.match(document().getText(), /^\S*baseline\/model.pkl /);
  },
  async 'a model that was recorded, and one that was changed'() {
    assert.match(await shown('verify', file('runs', 'trimmed', 'model.pkl')), /CHAIN-CONSISTENT\s*$/);
    assert.match(await shown('diff', file('runs', 'trimmed', 'model.pkl')), /no difference/);
    copyFileSync(file('runs', 'trimmed', 'model.pkl').fsPath, file('changed.pkl').fsPath);
    writeFileSync(file('changed.pkl').fsPath, 'x', { flag: 'a' });
    assert.match(await shown('verify', file('changed.pkl')), /NOT-RECORDED\s*$/);
    assert.match(await shown('diff', file('changed.pkl')), /changed\s+model\.pkl/);
  },
  async 'a hostile name is shown escaped, and runs nothing'() {
    const name = 'a\u202egnp;$(touch x)`touch y`&.pkl';
    copyFileSync(file('runs', 'trimmed', 'model.pkl').fsPath, file(name).fsPath);
    const text = await shown('verify', file(name));
    assert.match(text, /CHAIN-CONSISTENT/);
    assert.match(text, /\\u202e|\\u\{202e\}/i);
    assert.equal(text.includes('\u202e') || document().uri.path.includes('\u202e'), false);
    assert.equal(existsSync(file('x').fsPath) || existsSync(file('y').fsPath), false);
  },
  async 'what obs cannot do shows nothing'() {
    await nothing('inspect', file('breast_cancer.csv'));
    await nothing('verify', file('absent.pkl'));
  },
  async 'no store'() {
    const store = file('.obs').fsPath;
    renameSync(store, `${store}-away`);
    try {
      await nothing('lastRun');
    } finally {
      renameSync(`${store}-away`, store);
    }
  },
  async 'no obs'() {
    await withObs(undefined, () => nothing('lastRun'));
    assert.match(await shown('lastRun'), /^# Run/);
  },
  async 'JSON of 7 MB is shown, and 50 MB are refused, while the editor answers'() {
    const one = JSON.stringify({ name: 'column', kind: 'number', nulls: 1, values: [1, 2.5, null] });
    const json = (size) => `process.stdout.write('[' + ${JSON.stringify(`${one},`)}.repeat(${Math.floor(size / one.length)}) + '0]');`;
    await withObs(json(7e6), async () => {
      const text = await shown('export');
      assert.ok(text.length > 7e6, `${text.length}: ${text.slice(0, 300)}`);
    });
    await withObs(json(50e6), () => nothing('export'));
    assert.match(await shown('lastRun'), /^# Run/);
  },
  async 'no problem was made, for Dataset Schema was not called'() {
    const ours = vscode.languages.getDiagnostics().filter(([, found]) => found.some((one) => one.source === 'obs'));
    assert.deepEqual(ours, []);
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
