// @ts-check
/** A `vscode` that notes what it is told: enough of it for the extension to run under node's own test runner. */
'use strict';

const Module = require('node:module');

class Uri {
  constructor(/** @type {any} */ parts) {
    Object.assign(this, { scheme: 'file', path: '', query: '', ...parts });
  }
  static from(/** @type {any} */ parts) {
    return new Uri(parts);
  }
  static file(/** @type {string} */ path) {
    return new Uri({ path });
  }
  get fsPath() {
    return /** @type {any} */ (this).path;
  }
  toString() {
    const { scheme, path, query } = /** @type {any} */ (this);
    return `${scheme}:${path}?${query}`;
  }
}

class EventEmitter {
  constructor() {
    /** @type {Array<(what: unknown) => void>} */
    this.listeners = [];
    this.event = (/** @type {(what: unknown) => void} */ listener) => this.listeners.push(listener);
  }
  fire(/** @type {unknown} */ what) {
    this.listeners.forEach((listener) => listener(what));
  }
}

/** What happened, and what the user of the test answers. */
const world = {
  /** @type {Map<string, (resource?: unknown) => Promise<void>>} */ commands: new Map(),
  /** @type {any[]} */ shown: [],
  /** @type {string[]} */ messages: [],
  /** @type {any} */ provider: undefined,
  /** @type {any[]} */ problems: [],
  /** @type {any[]} */ executed: [],
  /** @type {any[]} */ picked: [],
  /** @type {any[]} */ asked: [],
  /** @type {Uri[] | undefined} */ opened: undefined,
  /** @type {string[]} */ progress: [],
  /** @type {Record<string, unknown>} */ settings: {},
  /** @type {any[]} */ folders: [],
  /** @type {any} */ active: undefined,
  /** @type {any} */ tab: undefined,
  /** @type {string | undefined} */ input: '',
  /** @type {string | undefined} */ button: undefined,
  /** @type {((token: EventEmitter) => void) | undefined} */ onProgress: undefined,
};

const vscode = {
  Uri,
  EventEmitter,
  TabInputText: class {
    constructor(/** @type {Uri} */ uri) {
      this.uri = uri;
    }
  },
  TabInputCustom: class {},
  Range: class {
    constructor(/** @type {number[]} */ ...at) {
      this.at = at;
    }
  },
  Diagnostic: class {
    constructor(/** @type {any} */ range, /** @type {string} */ message, /** @type {number} */ severity) {
      Object.assign(this, { range, message, severity });
    }
  },
  DiagnosticSeverity: { Error: 0, Warning: 1, Information: 2 },
  ProgressLocation: { Notification: 15 },
  commands: {
    registerCommand: (/** @type {string} */ name, /** @type {any} */ action) => {
      world.commands.set(name, action);
      return { dispose() {} };
    },
    executeCommand: async (/** @type {any[]} */ ...words) => void world.executed.push(words),
  },
  languages: {
    createDiagnosticCollection: () => ({
      set: (/** @type {any} */ uri, /** @type {any} */ found) => void world.problems.push([uri.path, found]),
      dispose() {},
    }),
  },
  workspace: {
    get workspaceFolders() {
      return world.folders;
    },
    getWorkspaceFolder: (/** @type {any} */ uri) => world.folders.find((one) => uri.path.startsWith(`${one.uri.path}/`)),
    getConfiguration: () => ({ get: (/** @type {string} */ key, /** @type {unknown} */ or) => world.settings[key] ?? or }),
    registerTextDocumentContentProvider: (/** @type {string} */ _, /** @type {any} */ provider) => {
      world.provider = provider;
      return { dispose() {} };
    },
    onDidCloseTextDocument: () => ({ dispose() {} }),
    openTextDocument: async (/** @type {Uri} */ uri) => ({
      uri,
      languageId: /** @type {any} */ ({ md: 'markdown', json: 'json' })[/** @type {any} */ (uri).path.split('.').pop()] ?? 'plaintext',
      getText: () => world.provider.provideTextDocumentContent(uri),
    }),
  },
  window: {
    get activeTextEditor() {
      return world.active;
    },
    showTextDocument: async (/** @type {any} */ document) => {
      world.active = { document };
      world.shown.push(document);
    },
    get tabGroups() {
      return { activeTabGroup: { activeTab: { input: world.tab } } };
    },
    showWarningMessage: async (/** @type {string} */ text) => void world.messages.push(text),
    showErrorMessage: async (/** @type {string} */ text) => {
      world.messages.push(text);
      return world.button;
    },
    showInformationMessage: async (/** @type {string} */ text) => void world.messages.push(text),
    showInputBox: async () => world.input,
    showOpenDialog: async (/** @type {any} */ options) => {
      world.asked.push(options);
      return world.opened;
    },
    showQuickPick: async (/** @type {any[]} */ items) => {
      world.picked = items;
      return items[0];
    },
    showWorkspaceFolderPick: async () => world.folders[1],
    withProgress: async (/** @type {any} */ options, /** @type {any} */ work) => {
      world.progress.push(options.title);
      const cancelled = new EventEmitter();
      const token = { onCancellationRequested: (/** @type {any} */ listener) => (cancelled.event(listener), { dispose() {} }) };
      const done = work({ report() {} }, token);
      world.onProgress?.(cancelled);
      return done;
    },
  },
};

const load = Module.prototype.require;
// @ts-ignore: the one way in which CommonJS can be given a module that is not on the disk
Module.prototype.require = function require(/** @type {string} */ name) {
  return name === 'vscode' ? vscode : load.call(this, name);
};

module.exports = { vscode, world };
