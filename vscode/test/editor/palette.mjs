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
const HOSTILE = '[click](command:workbench.action.closeWindow).pkl';
const python = process.env.OBS_PYTHON ?? 'python3';

/** What one does with the keyboard and the mouse. */
class Person {
  constructor(page) {
    this.page = page;
    this.input = page.locator('.quick-input-widget input');
    this.toast = page.locator('.notification-toast');
  }

  async ready(text) {
    await this.row(text).waitFor();
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
    await this.row(name).dblclick();
    await this.page.locator('.tab.active').getByText(name, { exact: true }).waitFor();
  }

  row(name) {
    return this.page.locator('.explorer-folders-view .label-name').getByText(name, { exact: true }).first();
  }

  /** An entry of the menu of a row. A menu takes no click in its first moments: it is clicked until it is gone. */
  async choose(name, title) {
    await this.row(name).click({ button: 'right' });
    const entry = this.page.locator('.context-view .action-label', { hasText: title });
    await entry.waitFor();
    for (const end = Date.now() + 60000; ; ) {
      await entry.click({ timeout: 2000 }).catch(() => undefined);
      if (await entry.waitFor({ state: 'hidden', timeout: 2000 }).then(() => true, () => false)) return;
      assert(Date.now() < end, `the menu of ${name} stays`);
    }
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
    assert.match(await person.text('last run'), /Run trimmed[^]*accuracy/);
    await person.picture('last-run');
    await page.keyboard.type('x');
    await page.locator('.monaco-editor-overlaymessage', { hasText: /read-only/i }).waitFor();
    say('palette: the last run, read-only');

    await person.row('runs').click();
    await person.row('trimmed').click();
    await person.choose('model.pkl', 'Inspect Artifact');
    assert.match(await person.text('inspect model.pkl'), /scaler: StandardScaler[^]*classifier: LogisticRegression/);
    await person.picture('inspect');
    await page.locator('.editor-actions .codicon-json').first().click();
    assert.match(await person.text('inspect model.pkl.json'), /"pipeline_steps"/);
    say('palette: inside a model, from the menu of the explorer, and as JSON');

    await person.command('obs: Export Run Metadata');
    assert.match(await person.text('run metadata'), /"artifacts"/);
    await person.picture('metadata');
    say('palette: the metadata');

    await person.command('obs: Browse Runs');
    const baseline = page.locator('.quick-input-list .monaco-list-row', { hasText: 'baseline' }).first();
    await baseline.waitFor();
    await baseline.click();
    assert.match(await person.text(/^run [0-9a-f]{12}/), /Run baseline/);
    say('palette: one of the runs');

    await person.open('model.pkl'); // its bytes are not shown, but it is the active tab
    await person.command('obs: Verify File');
    assert.match(await person.text('verify model.pkl'), /CHAIN-CONSISTENT/);
    say('palette: a verified file');

    await person.open('breast_cancer.csv');
    await person.command('obs: Dataset Schema');
    await person.input.fill('target');
    await page.keyboard.press('Enter');
    assert.match(await person.text('schema breast_cancer.csv'), /mean_radius/);
    await person.command('Problems: Focus on Problems View');
    await page.locator('.markers-panel .monaco-list-row', { hasText: "the label column 'target' is not among" }).first().waitFor();
    say('palette: the schema, and a problem');
  });
}

async function withoutObs(vsix) {
  await inEditor({ name: 'no obs', folder: workspace(join(box, 'second')), command: join(box, 'absent'), vsix }, async ({ page, open }) => {
    await open();
    const person = new Person(page);
    await person.ready('breast_cancer.csv');
    await person.command('obs: View Last Run Summary');
    await person.says('cannot be run in');
    await page.locator('.notification-toast .monaco-button', { hasText: 'Open settings' }).click();
    await page.locator('.settings-editor').waitFor();
    say('palette: obs is not there, and the settings open');
  });
}

async function slowly(vsix) {
  const slow = join(box, 'slow');
  writeFileSync(
    slow,
    `#!/bin/sh
case $1 in
--version) echo obs 9.9.9 ;;
inspect) echo "obs: $2 is no model" >&2; exit 4 ;;
*) exec sleep 600 ;;
esac
`,
  );
  chmodSync(slow, 0o755);
  await inEditor({ name: 'no folder', folder: undefined, command: slow, vsix }, async ({ page, open }) => {
    await open();
    const person = new Person(page);
    await page.locator('.monaco-workbench').waitFor();
    await person.command('obs: View Last Run Summary');
    await person.says('no folder is open');
    say('palette: no folder is open');
  });
  const folder = workspace(join(box, 'third'));
  writeFileSync(join(folder, HOSTILE), '');
  await inEditor({ name: 'cancelled', folder, command: slow, vsix }, async ({ page, open }) => {
    await open();
    const person = new Person(page);
    await person.ready('breast_cancer.csv');
    await person.command('obs: View Last Run Summary');
    await person.says('obs: last run');
    await page.locator('.notification-toast .monaco-button', { hasText: 'Cancel' }).click();
    await person.says('obs: stopped');
    say('palette: cancelled');

    await person.choose(HOSTILE, 'Inspect Artifact');
    await person.says('is no model');
    assert.equal(await person.toast.locator('a', { hasText: 'click' }).count(), 0);
    say('palette: a name that would be a link is none');
  });
}

try {
  for (const name of ['second', 'third']) mkdirSync(join(box, name));
  const vsix = execFileSync(python, [join(EXTENSION, 'build.py'), box], { encoding: 'utf8' }).trim();
  await withTheExample(vsix);
  await withoutObs(vsix);
  await slowly(vsix);
  say('palette: passed');
} finally {
  rmSync(box, { recursive: true, force: true });
}
