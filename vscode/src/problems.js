// @ts-check
/** The diagnostics of a dataset as the editor's problems. They stay until the command is run again. */
'use strict';

const vscode = require('vscode');

/** @type {Record<string, vscode.DiagnosticSeverity>} */
const SEVERITIES = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
  info: vscode.DiagnosticSeverity.Information,
};

/**
 * @param {string} text the document of `obs schema --json`
 * @returns {vscode.Diagnostic[]}
 */
function problemsOf(text) {
  /** @type {unknown} */
  const document = JSON.parse(text);
  const found = document !== null && typeof document === 'object' && 'diagnostics' in document ? document.diagnostics : [];
  return (Array.isArray(found) ? found : []).flatMap((one) => {
    if (one === null || typeof one !== 'object' || typeof one.message !== 'string') {
      return [];
    }
    const problem = new vscode.Diagnostic(
      new vscode.Range(0, 0, 0, 1), // of the file as a whole: obs tells no places within it
      one.message,
      SEVERITIES[String(one.severity)] ?? vscode.DiagnosticSeverity.Warning,
    );
    problem.source = 'obs';
    problem.code = String(one.code);
    return [problem];
  });
}

module.exports = { problemsOf };
