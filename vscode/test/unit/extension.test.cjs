// @ts-check
/** The extension against programs that answer as obs would, and as obs would not. */
'use strict';

const assert = require('node:assert/strict');
const { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { after, beforeEach, test } = require('node:test');
const { vscode, world } = require('./stub.cjs');
const { activate } = require('../../src/extension.js');
const { indented } = require('../../src/json.js');
const { baseName } = require('../../src/text.js');
const manifest = require('../../package.json');

const { contributes } = manifest;

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
    onProgress: undefined, tab: undefined, asked: [], opened: undefined, progress: [], settings: { command: ECHO }, folders: [{ uri: vscode.Uri.file(box) }],
  });
  world.commands.clear();
  activate(/** @type {any} */ ({ subscriptions: [] }));
});

/** @param {string} name @param {unknown} [resource] */
async function run(name, resource) {
  await world.commands.get(`obs.${name}`)?.(resource);
  return world.shown.at(-1)?.getText();
}

test('what the palette and the menus offer is what the extension does', () => {
  const titles = Object.fromEntries(contributes.commands.map((/** @type {any} */ one) => [one.command, `${one.category}: ${one.title}`]));
  assert.deepEqual(titles, {
    'obs.lastRun': 'obs: View Last Run Summary', 'obs.inspect': 'obs: Inspect Artifact', 'obs.export': 'obs: Export Run Metadata',
    'obs.verify': 'obs: Verify File', 'obs.schema': 'obs: Dataset Schema', 'obs.runs': 'obs: Browse Runs',
    'obs.diff': 'obs: Diff With Last Run', 'obs.toggleJson': 'obs: Switch Between Text and JSON',
  });
  assert.deepEqual([...world.commands.keys()].sort(), Object.keys(titles).sort());
  for (const menu of /** @type {const} */ (['explorer/context', 'editor/context'])) {
    const offered = (/** @type {string} */ ending) =>
      contributes.menus[menu].filter((/** @type {any} */ item) => new RegExp(item.when.split('=~ /').at(-1).slice(0, -1)).test(ending))
        .map((/** @type {any} */ item) => item.command);
    for (const ending of ['.pkl', '.joblib']) assert.deepEqual(offered(ending), ['obs.inspect', 'obs.verify', 'obs.diff']);
    for (const ending of ['.csv', '.parquet']) assert.deepEqual(offered(ending), ['obs.verify', 'obs.schema', 'obs.diff']);
    assert.deepEqual(offered('.py'), []);
  }
});

test('no folder chooses what is executed, and nothing runs on its own', () => {
  const { properties } = contributes.configuration;
  assert.deepEqual(Object.values(properties).map((/** @type {any} */ one) => one.scope), ['machine', 'machine']);
  assert.deepEqual(manifest.activationEvents, []);
  assert.equal(manifest.capabilities.untrustedWorkspaces.supported, false);
  assert.equal(manifest.capabilities.virtualWorkspaces.supported, false);
  assert.equal('dependencies' in manifest, false);
});

test('what is asked: words, folder, no colours', async () => {
  const file = vscode.Uri.file(join(box, 'a b;$(x).pkl'));
  const table = vscode.Uri.file(join(box, 'data.csv'));
  const asked = async (/** @type {string} */ name, /** @type {unknown} */ resource) => JSON.parse(await run(name, resource));
  assert.deepEqual(await asked('lastRun', undefined), { words: ['export', '--format', 'markdown', 'HEAD'], cwd: box, color: '1' });
  assert.deepEqual((await asked('export', undefined)).words, ['export', '--format', 'json', 'HEAD']);
  assert.deepEqual((await asked('inspect', file)).words, ['inspect', file.fsPath]);
  assert.deepEqual((await asked('verify', file)).words, ['verify', file.fsPath]);
  assert.deepEqual((await asked('diff', file)).words, ['diff', 'HEAD:model', file.fsPath]);
  assert.deepEqual((await asked('diff', table)).words, ['diff', 'HEAD:data', table.fsPath]);
  world.input = '--values';
  assert.deepEqual((await asked('schema', table)).words, ['schema', '--label=--values', table.fsPath]);
  assert.deepEqual(world.messages, []);
});

test('the file is that of the active tab, text or not, or one that is asked for', async () => {
  world.tab = new vscode.TabInputText(vscode.Uri.file(join(box, 'm.pkl')));
  assert.deepEqual(JSON.parse(await run('inspect')).words, ['inspect', join(box, 'm.pkl')]);
  assert.equal(world.asked.length, 0);
  world.opened = [vscode.Uri.file(join(box, 'chosen.csv'))];
  assert.deepEqual(JSON.parse(await run('schema')).words, ['schema', join(box, 'chosen.csv')]);
  assert.deepEqual(world.asked[0]?.filters['Models and datasets'], ['csv', 'parquet']);
  world.opened = undefined; // Escape
  const before = world.shown.length;
  await run('schema');
  assert.equal(world.shown.length, before);
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
    { manifest: 'a'.repeat(64), run: 'b'.repeat(64), sequence: 1, recorded_at: 'T', message: '$(x)\n', run_id: 'one', status: 'ok', metrics: { accuracy: 0.5 } },
    { manifest: null, run: null, sequence: 0, problem: 'damaged' },
  ];
  const log = JSON.stringify(lines.map((line) => JSON.stringify(line)).join('\n'));
  world.settings['command'] = program('runs', `console.log(words[0] === 'log' ? ${log} : words.join(' '));`);
  assert.equal(await run('runs'), `export --format markdown ${'a'.repeat(64)}\n`);
  assert.deepEqual(world.picked.map(({ label, description, detail }) => [label, description, detail]), [
    ['one', '1  ok  \\$(x)\\u000a', 'T  accuracy 0.5'],
  ]);
  world.settings['command'] = program('none', '');
  await run('runs');
  assert.match(world.messages.at(-1) ?? '', /^obs: no run is recorded in '.*'; 'obs record' records one$/);
  world.settings['command'] = program('odd', "console.log('{');");
  await run('runs');
  assert.match(world.messages.at(-1) ?? '', /^obs: obs did not answer in JSON: /);
});

test('a "no" is an answer, and an error is a message', async () => {
  world.settings['command'] = program('no', "console.log('NOT-RECORDED'); process.exit(1);");
  assert.equal(await run('verify', vscode.Uri.file(join(box, 'm.pkl'))), 'NOT-RECORDED\n');
  world.settings['command'] = program('part', "console.log('half'); console.error('obs: the rest is damaged'); process.exit(3);");
  assert.equal(await run('lastRun'), 'half\n');
  world.settings['command'] = program('error', "console.error('obs: there is no .obs/ here\\nhint: make one'); process.exit(2);");
  await run('lastRun');
  world.settings['command'] = program('mute', 'process.exit(70);');
  await run('lastRun');
  assert.deepEqual(world.messages, [
    'obs: the rest is damaged', 'obs: there is no .obs/ here; make one', 'obs: obs ended with exit status 70 and said nothing',
  ]);
});

test('diagnostics become problems, whatever else the document holds', async () => {
  const document = { diagnostics: [
    { code: 'ZERO_ROWS', severity: 'error', message: 'no \u202erows' }, { code: 1, severity: 'odd', message: 'x' }, null, { message: 7 },
  ] };
  world.settings['command'] = program('schema', `console.log(${JSON.stringify(JSON.stringify(document))});`);
  await run('schema', vscode.Uri.file(join(box, 'data.csv')));
  const [[, found]] = world.problems;
  assert.deepEqual(found.map((/** @type {any} */ one) => [one.code, one.severity, one.message, one.source]), [
    ['ZERO_ROWS', 0, 'no \\u202erows', 'obs'], ['1', 1, 'x', 'obs'],
  ]);
  world.input = undefined; // Escape
  await run('schema', vscode.Uri.file(join(box, 'data.csv')));
  assert.equal(world.problems.length, 1);
});

const OLD = join(box, 'old');
writeFileSync(OLD, `#!${process.execPath}\nconsole.log('obs 0.0.9');\n`, { mode: 0o755 });
const LACKS = program('lacks', "console.error(\"obs: there is no command 'export'\\nhint: 'obs --help'\"); process.exit(2);");
for (const [what, command, said] of /** @type {const} */ ([
  ['is not there', join(box, 'absent'), 'cannot be run in '],
  ['is no program', box, '(EACCES)'],
  ['is something else', process.execPath, 'is not obs'],
  ['is too old', OLD, 'is obs 0.0.9, and 0.1.0 or newer is needed'],
  ['lacks a command', LACKS, "is too old: there is no command 'export'"],
  ['depends on the folder', 'bin/obs', 'an absolute path is needed'],
])) {
  test(`an obs that ${what}`, async () => {
    Object.assign(world, { settings: { command }, button: 'Open settings' });
    await run('lastRun');
    assert.ok(world.messages[0]?.includes(said), world.messages[0]);
    assert.match(world.messages[0] ?? '', /say in the setting obs.command where it is$/);
    assert.deepEqual(world.executed, [['workbench.action.openSettings', 'obs.command']]);
    assert.deepEqual(world.shown, []);
  });
}

test('no folder is open; one of several is chosen', async () => {
  world.folders = [];
  await run('lastRun');
  assert.deepEqual(world.messages, ['obs: no folder is open; open the one with the .obs/']);
  world.folders = [{ uri: vscode.Uri.file(box) }, { uri: vscode.Uri.file(tmpdir()) }];
  assert.equal(JSON.parse(await run('lastRun')).cwd, tmpdir());
});

test('a call that takes too long, or that the user cancels, is stopped', async () => {
  const started = join(box, 'started');
  const command = program('slow', `require('node:fs').writeFileSync(${JSON.stringify(started)}, String(process.pid)); setTimeout(() => {}, 60000);`);
  const ended = async () => {
    const pid = Number(readFileSync(started, 'utf8'));
    for (const end = Date.now() + 20000; Date.now() < end; await new Promise((go) => setTimeout(go, 20))) {
      try {
        process.kill(pid, 0);
      } catch {
        return;
      }
    }
    assert.fail('obs still runs');
  };
  world.settings = { command, timeoutSeconds: 5 };
  await run('lastRun');
  assert.match(world.messages.at(-1) ?? '', /^obs: no answer within 5 seconds, and obs was stopped; the setting/);
  await ended();
  rmSync(started);
  world.settings['timeoutSeconds'] = 60;
  world.onProgress = (cancelled) => {
    const once = setInterval(() => {
      if (!existsSync(started) || readFileSync(started, 'utf8') === '') return;
      clearInterval(once);
      cancelled.fire(undefined);
    }, 20);
  };
  await run('lastRun');
  assert.equal(world.messages.at(-1), 'obs: stopped');
  await ended();
  assert.deepEqual([world.shown, world.progress], [[], ['obs: last run', 'obs: last run']]);
});

test('an answer that is too large for an editor is refused', async () => {
  world.settings['command'] = program('large', 'process.stdout.write("x".repeat(7 * 2 ** 20));');
  assert.equal((await run('lastRun')).length, 7 * 2 ** 20);
  world.settings['command'] = program('larger', 'process.stdout.write("x".repeat(50 * 2 ** 20));');
  await run('lastRun');
  assert.match(world.messages.at(-1) ?? '', /^obs: the answer is larger than 8 MB, too much for an editor; call obs in a terminal/);
});

test('JSON is laid out without touching a token', () => {
  const text = '{"a":[1180591620717411303424,1.0,-0,{}],"b\\"{":"x, [y]: \\\\","c":[],"d":{"e":null}}';
  const laid = indented(text);
  assert.equal(laid.split('\n').map((line) => line.trim().replace(/^("(?:[^"\\]|\\.)*"): /, '$1:')).join(''), text);
  assert.deepEqual(JSON.parse(laid), JSON.parse(text));
  assert.equal(laid, indented(laid));
  assert.equal(laid.split('\n')[2], '    1180591620717411303424,');
  assert.equal(indented('{}'), '{}\n');
  const long = `["${'\\n'.repeat(2 ** 22)}"]`;
  assert.deepEqual(JSON.parse(indented(long)), JSON.parse(long));
  assert.ok(indented('['.repeat(10000)).length < 3e6);
});

test('a name cannot lie about what it is, nor be a link that runs a command', async () => {
  assert.equal(baseName('/a/b\u202egnp.pkl'), 'b\\u202egnp.pkl');
  assert.equal(baseName('/a/x\ny.pkl'), 'x\\u000ay.pkl');
  assert.equal(baseName('C:\\a\\größe.pkl'), 'größe.pkl');
  world.settings['command'] = program('link', "console.error('obs: ' + words[1] + ' is no model'); process.exit(4);");
  await run('inspect', vscode.Uri.file('/[x](command:y).pkl'));
  assert.deepEqual(world.messages, ['obs: /[x] (command:y).pkl is no model']);
});
