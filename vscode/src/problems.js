// @ts-check
/** The diagnostics of a dataset as the editor's problems. They stay until the command is run again. */
'use strict';

const vscode = require('vscode');
const { visible } = require('./text');

/** @type {Record<string, vscode.DiagnosticSeverity>} */
const SEVERITIES = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
  info: vscode.DiagnosticSeverity.Information,
};

/**
 * @param {any} document that of `obs schema --json`
 * @returns {vscode.Diagnostic[]}
 */
function problemsOf(document) {
  const found = Array.isArray(document?.diagnostics) ? document.diagnostics : [];
  return found.flatMap((/** @type {any} */ one) => {
    if (typeof one?.message !== 'string') return [];
    const problem = new vscode.Diagnostic(
      new vscode.Range(0, 0, 0, 1), // of the file as a whole: obs tells no places within it
      visible(one.message),
      SEVERITIES[String(one.severity)] ?? vscode.DiagnosticSeverity.Warning,
    );
    problem.source = 'obs';
    problem.code = String(one.code);
    return [problem];
  });
}

module.exports = { problemsOf };
