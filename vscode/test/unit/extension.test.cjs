// @ts-check
/** The extension against programs that answer as obs would, and as obs would not. */
'use strict';

const assert = require('node:assert/strict');
const { chmodSync, mkdtempSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { after, beforeEach, test } = require('node:test');
const { vscode, world } = require('./stub.cjs');
const { activate } = require('../../src/extension.js');
const { indented } = require('../../src/json.js');
const { baseName } = require('../../src/questions.js');

const box = mkdtempSync(join(tmpdir(), 'obs-unit-'));
after(() => rmSync(box, { recursive: true, force: true }));

/** A program that stands for obs: the body of a function of its arguments. @param {string} name @param {string} body */
function program(name, body) {
  const path = join(box, name);
  const version = "if (process.argv[2] === '--version') { console.log('obs 9.9.9'); process.exit(0); }";
  writeFileSync(path, `#!${process.execPath}\n${version}\nconst words = process.argv.slice(2);\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

const ECHO = program('echo', 'console.log(JSON.stringify({ words, cwd: process.cwd(), color: process.env.NO_COLOR }));');

beforeEach(() => {
  Object.assign(world, {
    shown: [], messages: [], problems: [], executed: [], picked: [], active: undefined, input: '', button: undefined,
    onProgress: undefined, settings: { command: ECHO }, folders: [{ uri: vscode.Uri.file(box) }],
  });
  world.commands.clear();
  activate(/** @type {any} */ ({ subscriptions: [] }));
});

/** @param {string} name @param {unknown} [resource] */
async function run(name, resource) {
  await world.commands.get(`obs.${name}`)?.(resource);
  return world.shown.at(-1)?.getText();
}

test('every command of the manifest is registered, and no other', () => {
  const { contributes } = require('../../package.json');
  const declared = contributes.commands.map((/** @type {{ command: string }} */ one) => one.command).sort();
  assert.deepEqual([...world.commands.keys()].sort(), declared);
});

test('what is asked: words, folder, no colours', async () => {
  const file = vscode.Uri.file(join(box, 'a b;$(x).pkl'));
  const table = vscode.Uri.file(join(box, 'data.csv'));
  const asked = async (/** @type {string} */ name, /** @type {unknown} */ resource) => JSON.parse(await run(name, resource));
  assert.deepEqual(await asked('lastRun', undefined), { words: ['export', '--format', 'markdown', 'HEAD'], cwd: box, color: '1' });
  assert.deepEqual((await asked('export', undefined)).words, ['export', '--format', 'json', 'HEAD']);
  assert.deepEqual((await asked('inspect', file)).words, ['inspect', file.fsPath]);
  assert.deepEqual((await asked('verify', file)).words, ['verify', '--check-data', file.fsPath]);
  assert.deepEqual((await asked('diff', file)).words, ['diff', 'HEAD:model', file.fsPath]);
  assert.deepEqual((await asked('diff', table)).words, ['diff', 'HEAD:data', table.fsPath]);
  world.input = '--values';
  assert.deepEqual((await asked('schema', table)).words, ['schema', '--label=--values', table.fsPath]);
  assert.deepEqual(world.messages, []);
});

test('the document is of the right language, and switches to JSON and back', async () => {
  await run('lastRun');
  assert.equal(world.shown.at(-1).languageId, 'markdown');
  assert.deepEqual(JSON.parse(await run('toggleJson')).words, ['show', '--json', 'HEAD']);
  assert.equal(world.shown.at(-1).languageId, 'json');
  assert.deepEqual(JSON.parse(await run('toggleJson')).words, ['export', '--format', 'markdown', 'HEAD']);
  await run('verify', vscode.Uri.file(join(box, 'm.pkl')));
  assert.deepEqual(JSON.parse(await run('toggleJson')).words.slice(0, 2), ['verify', '--json']);
});

test('runs are offered, and the chosen one is shown', async () => {
  const lines = [
    { manifest: 'a'.repeat(64), run: 'b'.repeat(64), sequence: 1, recorded_at: 'T', message: 'one\ntwo', run_id: null, status: 'ok', metrics: { accuracy: 0.5 } },
    { manifest: null, run: null, sequence: 0, problem: 'damaged' },
  ];
  world.settings['command'] = program('runs', `console.log(words[0] === 'log' ? ${JSON.stringify(lines.map((line) => JSON.stringify(line)).join('\n'))} : words.join(' '));`);
  assert.equal(await run('runs'), `export --format markdown ${'a'.repeat(64)}\n`);
  assert.deepEqual(world.picked.map((item) => [item.label, item.detail]), [['one', 'T  accuracy 0.5']]);
});

test('a "no" is an answer, and an error is a message', async () => {
  world.settings['command'] = program('no', "console.log('NOT-RECORDED'); process.exit(1);");
  assert.equal(await run('verify', vscode.Uri.file(join(box, 'm.pkl'))), 'NOT-RECORDED\n');
  world.settings['command'] = program('error', "console.error('obs: there is no .obs/ here: make one'); process.exit(4);");
  await run('lastRun');
  assert.deepEqual(world.messages, ['obs: there is no .obs/ here: make one']);
});

test('diagnostics become problems, whatever else the document holds', async () => {
  const document = { diagnostics: [
    { code: 'ZERO_ROWS', severity: 'error', message: 'no rows' }, { code: 1, severity: 'odd', message: 'x' }, null, { message: 7 },
  ] };
  world.settings['command'] = program('schema', `console.log(${JSON.stringify(JSON.stringify(document))});`);
  await run('schema', vscode.Uri.file(join(box, 'data.csv')));
  const [[, found]] = world.problems;
  assert.deepEqual(found.map((/** @type {any} */ one) => [one.code, one.severity, one.message, one.source]), [
    ['ZERO_ROWS', 0, 'no rows', 'obs'], ['1', 1, 'x', 'obs'],
  ]);
  world.input = undefined; // Escape
  await run('schema', vscode.Uri.file(join(box, 'data.csv')));
  assert.equal(world.problems.length, 1);
});

for (const [what, command, said] of [
  ['is not there', join(box, 'absent'), 'cannot be run (ENOENT)'],
  ['is no program', box, 'cannot be run (EACCES)'],
  ['is something else', process.execPath, 'is not obs'],
  ['is too old', 'OLD', 'is obs 0.0.9, and 0.1.0 or newer is needed'],
]) {
  test(`a command that ${what}`, async () => {
    const old = join(box, 'old');
    writeFileSync(old, `#!${process.execPath}\nconsole.log('obs 0.0.9');\n`, { mode: 0o755 });
    Object.assign(world, { settings: { command: command === 'OLD' ? old : command }, button: 'Open settings' });
    await run('lastRun');
    assert.match(world.messages[0] ?? '', new RegExp(`^obs: .*${said?.replace(/[()]/g, '\\$&')}`));
    assert.deepEqual(world.executed, [['workbench.action.openSettings', 'obs.command']]);
    assert.deepEqual(world.shown, []);
  });
}

test('no folder is open; one of several is chosen', async () => {
  world.folders = [];
  await run('lastRun');
  assert.match(world.messages[0] ?? '', /open a folder first/);
  world.folders = [{ uri: vscode.Uri.file(box) }, { uri: vscode.Uri.file(tmpdir()) }];
  assert.equal(JSON.parse(await run('lastRun')).cwd, tmpdir());
});

test('a call that takes too long, or that the user cancels, is stopped', async () => {
  world.settings = { command: program('slow', 'setTimeout(() => {}, 60000);'), timeoutSeconds: 0.5 };
  await run('lastRun');
  assert.match(world.messages.at(-1) ?? '', /stopped after 0.5 seconds/);
  world.settings['timeoutSeconds'] = 60;
  world.onProgress = (cancelled) => void setTimeout(() => cancelled.fire(undefined), 200);
  await run('lastRun');
  assert.equal(world.messages.at(-1), 'obs: stopped');
  assert.deepEqual(world.shown, []);
});

test('an answer of 50 MB is shown, and a larger one than fits is refused', async () => {
  world.settings['command'] = program('large', "process.stdout.write('x'.repeat(Number(process.env.SIZE)));");
  process.env['SIZE'] = String(50 * 1024 * 1024);
  assert.equal((await run('lastRun')).length, 50 * 1024 * 1024);
  process.env['SIZE'] = String(70 * 1024 * 1024);
  await run('lastRun');
  assert.match(world.messages.at(-1) ?? '', /more than 64 MB/);
  delete process.env['SIZE'];
});

test('JSON is laid out without touching a token', () => {
  const text = '{"a":[1180591620717411303424,1.0,-0,{}],"b\\"{":"x, [y]: \\\\","c":[],"d":{"e":null}}';
  const laid = indented(text);
  assert.equal(laid.split('\n').map((line) => line.trim().replace(/^("(?:[^"\\]|\\.)*"): /, '$1:')).join(''), text);
  assert.deepEqual(JSON.parse(laid), JSON.parse(text));
  assert.equal(indented('{}'), '{}\n');
});

test('a name cannot lie about what it is', () => {
  assert.equal(baseName('/a/b\u202egnp.pkl'), 'b\\u202egnp.pkl');
  assert.equal(baseName('/a/x\ny.pkl'), 'x\\u000ay.pkl');
  assert.equal(baseName('C:\\a\\größe.pkl'), 'größe.pkl');
});
