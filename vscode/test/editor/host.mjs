// The tests of host.cjs, inside the extension host of a real VS Code, with the extension from this folder.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXTENSION, inEditor, obsProgram, say, workspace } from './editor.mjs';

const box = mkdtempSync(join(tmpdir(), 'obs-host-'));
try {
  const remote = (port, path) => `vscode-remote://127.0.0.1:${port}${path}`;
  const payload = (port) => [
    ['extensionDevelopmentPath', remote(port, EXTENSION)],
    ['extensionTestsPath', remote(port, join(EXTENSION, 'test', 'editor', 'host.cjs'))],
  ];
  await inEditor(
    {
      name: 'extension host',
      folder: workspace(box),
      command: obsProgram(box),
      query: (port) => `&payload=${encodeURIComponent(JSON.stringify(payload(port)))}`,
    },
    async ({ page, open }) => {
      let finished;
      const exited = new Promise((done) => (finished = done));
      await page.exposeFunction('codeAutomationLog', (_, words) => /^(not )?ok/.test(String(words[0])) && say(words.join(' ')));
      await page.exposeFunction('codeAutomationExit', (code) => finished(code));
      await open();
      const late = new Promise((_, fail) => setTimeout(() => fail(new Error('the tests did not end in 100 s')), 100000).unref());
      assert.equal(await Promise.race([exited, late]), 0);
    },
  );
  say('extension host: passed');
} finally {
  rmSync(box, { recursive: true, force: true });
}
