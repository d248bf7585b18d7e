// Starts codelab-gen's language server and shows its texts. What there is to know, the server knows.
'use strict'

const vscode = require('vscode')
const { LanguageClient } = require('vscode-languageclient/node')

const VIEWS = ['effective', 'outputs', 'drawing']

let client

async function view(name) {
  const editor = vscode.window.activeTextEditor
  if (!editor) return
  const params = { command: `codelab-gen.${name}`, arguments: [editor.document.uri.toString()] }
  const answer = await client.sendRequest('workspace/executeCommand', params)
  const shown = await vscode.workspace.openTextDocument({ content: answer.text, language: answer.languageId })
  await vscode.window.showTextDocument(shown, { viewColumn: vscode.ViewColumn.Beside, preview: true })
}

// What a click on a lens ran says in a channel of its own.
async function tell(command, args, next, channel, status) {
  const answer = await next(command, args)
  if (answer && typeof answer.text === 'string') {
    const shown = await vscode.workspace.openTextDocument({ content: answer.text, language: answer.languageId })
    await vscode.window.showTextDocument(shown, { viewColumn: vscode.ViewColumn.Beside, preview: true })
  } else if (answer && 'exit' in answer) {
    channel.append(answer.stdout + answer.stderr)
    channel.show(true)
    status.text = answer.exit === 0 ? '$(check) codelab-gen' : '$(warning) codelab-gen'
  }
  return answer
}

exports.activate = async function (context) {
  const settings = vscode.workspace.getConfiguration('codelab-gen')
  const channel = vscode.window.createOutputChannel('codelab-gen')
  const status = vscode.window.createStatusBarItem(vscode.StatusBarAlignment.Right)
  status.text = 'codelab-gen'
  status.show()
  const run = { command: settings.get('path'), args: ['lsp'] }
  client = new LanguageClient('codelab-gen', 'codelab-gen', run, {
    documentSelector: [{ scheme: 'file', language: 'yaml' }],
    initializationOptions: { besideYamlLanguageServer: settings.get('besideYamlLanguageServer') },
    synchronize: { fileEvents: vscode.workspace.createFileSystemWatcher('**/profiles/*.{yaml,yml}') },
    middleware: { executeCommand: (command, args, next) => tell(command, args, next, channel, status) },
  })
  context.subscriptions.push(channel, status)
  for (const name of VIEWS) {
    context.subscriptions.push(vscode.commands.registerCommand(`codelab-gen.view.${name}`, () => view(name)))
  }
  await client.start()
}

exports.deactivate = () => client && client.stop()
