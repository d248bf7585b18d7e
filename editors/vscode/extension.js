// Starts codelab-gen's language server and shows its texts. What there is to know, the server knows.
'use strict'

const vscode = require('vscode')
const { LanguageClient } = require('vscode-languageclient/node')

const VIEWS = ['effective', 'outputs', 'drawing']

// Files that codelab-gen writes, beside YAML.
const OUTPUTS = '**/{docker-compose.yml,.env,.env.example,scripts/**/*.sh,scripts/**/*.py}'

// What the exit codes of a comparison mean.
const STATES = new Map([
  [0, ['$(check) codelab-gen', 'the deployment is as its profile says']],
  [1, ['$(diff) codelab-gen', 'the deployment is not as its profile says']],
  [3, ['$(error) codelab-gen', 'the profile is rejected']],
])

let client

async function run(command, uri) {
  return client.sendRequest('workspace/executeCommand', { command, arguments: [uri] })
}

// A picture runs nothing and fetches nothing: it is only drawn.
function picture(svg) {
  const panel = vscode.window.createWebviewPanel('codelab-gen.drawing', 'codelab-gen', vscode.ViewColumn.Beside, {})
  const data = Buffer.from(svg).toString('base64')
  panel.webview.html = `<!doctype html><meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<body style="margin: 0; background: white"><img alt="the deployment" src="data:image/svg+xml;base64,${data}" style="max-width: 100%"></body>`
}

async function show(seen) {
  if (seen.languageId === 'svg') return picture(seen.text)
  const shown = await vscode.workspace.openTextDocument({ content: seen.text, language: seen.languageId })
  await vscode.window.showTextDocument(shown, { viewColumn: vscode.ViewColumn.Beside, preview: true })
}

async function view(name) {
  const editor = vscode.window.activeTextEditor
  if (editor) await show(await run(`codelab-gen.${name}`, editor.document.uri.toString()))
}

// What a click on a lens ran says in a channel of its own.
async function tell(command, args, next, channel, status) {
  const answer = await next(command, args)
  if (answer && typeof answer.text === 'string') {
    await show(answer)
  } else if (answer && 'exit' in answer) {
    channel.append(answer.stdout + answer.stderr)
    channel.show(true)
    await tellState(status)
  }
  return answer
}

// The state of the deployment of what is being edited; nothing where that is no profile and no output.
async function tellState(status) {
  const editor = vscode.window.activeTextEditor
  const answer = editor && (await run('codelab-gen.check', editor.document.uri.toString()).catch(() => undefined))
  if (!answer) return status.hide()
  const [text, tooltip] = STATES.get(answer.exit) ?? ['$(warning) codelab-gen', 'the deployment can’t be compared']
  Object.assign(status, { text, tooltip })
  status.show()
}

exports.activate = async function (context) {
  const settings = vscode.workspace.getConfiguration('codelab-gen')
  const channel = vscode.window.createOutputChannel('codelab-gen')
  const status = vscode.window.createStatusBarItem(vscode.StatusBarAlignment.Right)
  const server = { command: settings.get('path'), args: ['lsp'] }
  client = new LanguageClient('codelab-gen', 'codelab-gen', server, {
    documentSelector: [
      { scheme: 'file', language: 'yaml' },
      { scheme: 'file', pattern: OUTPUTS },
    ],
    initializationOptions: { besideYamlLanguageServer: settings.get('besideYamlLanguageServer') },
    synchronize: {
      fileEvents: ['**/profiles/*.{yaml,yml}', OUTPUTS].map((pattern) => vscode.workspace.createFileSystemWatcher(pattern)),
    },
    middleware: { executeCommand: (command, args, next) => tell(command, args, next, channel, status) },
  })
  context.subscriptions.push(channel, status)
  for (const name of VIEWS) {
    context.subscriptions.push(vscode.commands.registerCommand(`codelab-gen.view.${name}`, () => view(name)))
  }
  await client.start()
  context.subscriptions.push(
    vscode.window.onDidChangeActiveTextEditor(() => tellState(status)),
    vscode.workspace.onDidSaveTextDocument(() => tellState(status)),
  )
  await tellState(status)
}

exports.deactivate = () => client && client.stop()
