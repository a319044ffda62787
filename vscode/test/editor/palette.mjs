// As a person would: the packed extension is installed, the commands are called from the palette and the explorer's
// menu, and what is on the screen is read. With OBS_SHOTS=FOLDER the pictures of the README are made anew.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXTENSION, inEditor, obsProgram, say, workspace } from './editor.mjs';

const box = mkdtempSync(join(tmpdir(), 'obs-palette-'));
const SHOTS = process.env.OBS_SHOTS;
const python = process.env.OBS_PYTHON ?? 'python3';

/** What one does with the keyboard and the mouse. */
class Person {
  constructor(page) {
    this.page = page;
    this.input = page.locator('.quick-input-widget input');
    this.toast = page.locator('.notification-toast');
  }

  async ready(text) {
    await this.page.locator('.explorer-folders-view .monaco-list-row', { hasText: text }).first().waitFor();
  }

  /** F1, the title, and the row. The palette is a list of its moment, so it is opened until the command is in it. */
  async command(title) {
    const row = this.page.locator('.quick-input-list .monaco-list-row').filter({ hasText: title }).first();
    for (const end = Date.now() + 60000; ; ) {
      await this.page.keyboard.press('F1');
      await this.input.waitFor({ state: 'visible' });
      await this.input.fill(`>${title}`);
      if (await row.waitFor({ timeout: 2000 }).then(() => true, () => false)) break;
      assert(Date.now() < end, `there is no command '${title}'`);
      await this.page.keyboard.press('Escape');
      await this.input.waitFor({ state: 'hidden' });
    }
    await row.click();
  }

  async open(name) {
    await this.page.locator('.explorer-folders-view .monaco-list-row', { hasText: name }).first().dblclick();
    await this.page.locator('.tab.active', { hasText: name }).waitFor();
  }

  /** The text of the active editor, once its tab has this title. */
  async text(tab) {
    await this.page.locator('.tab.active', { hasText: tab }).waitFor();
    const lines = this.page.locator('.editor-instance .view-lines');
    await lines.locator('.view-line').first().waitFor();
    const text = await lines.first().evaluate((node) =>
      [...node.children].sort((a, b) => parseFloat(a.style.top) - parseFloat(b.style.top)).map((line) => line.textContent).join('\n'),
    );
    return text.replaceAll('\u00a0', ' ');
  }

  async says(pattern) {
    await this.page.locator('.notification-toast', { hasText: pattern }).first().waitFor();
  }

  async quiet() {
    for (let left = await this.toast.count(); left > 0; left = await this.toast.count()) {
      await this.page.keyboard.press('Escape');
      await this.toast.first().hover({ timeout: 1000 }).catch(() => {});
      await this.toast.first().locator('.codicon-notifications-clear').click({ timeout: 1000 }).catch(() => {});
      if (left === (await this.toast.count())) await new Promise((go) => setTimeout(go, 300));
    }
  }

  async picture(name) {
    if (SHOTS) await this.page.screenshot({ path: join(SHOTS, `${name}.png`) });
  }
}

async function withTheExample(vsix) {
  await inEditor({ name: 'palette', folder: workspace(box), command: obsProgram(box), vsix }, async ({ page, open }) => {
    await open();
    const person = new Person(page);
    await person.ready('breast_cancer.csv');
    say('palette: the folder is open');

    await person.command('obs: View Last Run Summary');
    assert.match(await person.text('last run'), /accuracy/);
    await person.picture('last-run');
    await page.keyboard.type('x');
    await page.locator('.monaco-editor-overlaymessage', { hasText: /read-only/i }).waitFor();
    say('palette: the last run, read-only');

    await person.command('obs: Export Run Metadata');
    assert.match(await person.text('run metadata'), /"artifacts"/);
    await person.picture('metadata');
    say('palette: the metadata');

    await person.command('obs: Browse Runs');
    await page.locator('.quick-input-list .monaco-list-row', { hasText: 'baseline' }).first().waitFor();
    await person.picture('runs');
    await page.locator('.quick-input-list .monaco-list-row', { hasText: 'baseline' }).first().click();
    await person.text('run 7');
    say('palette: one of the runs');

    await person.open('breast_cancer.csv');
    await person.command('obs: Dataset Schema');
    await person.input.fill('diagnosis');
    await page.keyboard.press('Enter');
    assert.match(await person.text('schema breast_cancer.csv'), /diagnosis/);
    await person.picture('schema');
    say('palette: the schema');

    await person.command('obs: Verify File'); // the active editor is obs' own document: a file is asked for
    await person.input.fill(join(box, 'example', 'runs', 'trimmed', 'model.pkl'));
    await page.keyboard.press('Enter');
    assert.match(await person.text('verify model.pkl'), /CHAIN-CONSISTENT/);
    await person.picture('verify');
    say('palette: a verified file');

    await page.locator('.explorer-folders-view .monaco-list-row', { hasText: 'runs' }).first().click();
    await page.locator('.explorer-folders-view .monaco-list-row', { hasText: 'trimmed' }).first().click();
    const model = page.locator('.explorer-folders-view .monaco-list-row', { hasText: 'model.pkl' }).first();
    await model.click({ button: 'right' });
    await page.locator('.context-view .action-label', { hasText: 'Inspect Artifact' }).click();
    assert.match(await person.text('inspect model.pkl'), /LogisticRegression/);
    await person.picture('inspect');
    say('palette: inside a model, from the menu of the explorer');

    await page.locator('.editor-actions .codicon-json').first().click();
    assert.match(await person.text('inspect model.pkl.json'), /"pipeline_steps"/);
    say('palette: the same as JSON');
  });
}

async function withoutObs(vsix) {
  await inEditor({ name: 'no obs', folder: workspace(join(box, 'second')), command: join(box, 'absent'), vsix }, async ({ page, open }) => {
    await open();
    const person = new Person(page);
    await person.ready('breast_cancer.csv');
    await person.command('obs: View Last Run Summary');
    await person.says('cannot be run (ENOENT)');
    await person.picture('no-obs');
    await page.locator('.notification-toast .monaco-button', { hasText: 'Open settings' }).click();
    await page.locator('.settings-editor').waitFor();
    say('palette: obs is not there, and the settings open');
  });
}

async function slowly(vsix) {
  const slow = join(box, 'slow');
  writeFileSync(slow, '#!/bin/sh\n[ "$1" = --version ] && echo "obs 9.9.9" && exit 0\nexec sleep 600\n');
  chmodSync(slow, 0o755);
  await inEditor({ name: 'cancelled', folder: undefined, command: slow, vsix }, async ({ page, open }) => {
    await open();
    const person = new Person(page);
    await page.locator('.monaco-workbench').waitFor();
    await person.command('obs: View Last Run Summary');
    await person.says('open a folder first');
    say('palette: no folder is open');
  });
  await inEditor({ name: 'cancelled', folder: workspace(join(box, 'third')), command: slow, vsix }, async ({ page, open }) => {
    await open();
    const person = new Person(page);
    await person.ready('breast_cancer.csv');
    await person.command('obs: View Last Run Summary');
    await person.says('obs: last run');
    await page.locator('.notification-toast .monaco-button', { hasText: 'Cancel' }).click();
    await person.says('obs: stopped');
    say('palette: cancelled');
  });
}

try {
  for (const name of ['second', 'third']) mkdirSync(join(box, name));
  const vsix = join(box, 'obs-provenance.vsix');
  execFileSync(python, [join(EXTENSION, 'build.py'), vsix]);
  await withTheExample(vsix);
  await withoutObs(vsix);
  await slowly(vsix);
  say('palette: passed');
} finally {
  rmSync(box, { recursive: true, force: true });
}
