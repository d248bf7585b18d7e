-- A Neovim without a screen: what a user sees and does in two profiles, as lines of JSON.
local program, folder = vim.env.CODELAB_GEN, vim.env.PROJECT

local function tell(what, value)
  io.stdout:write(vim.fn.json_encode({ what = what, value = value }) .. '\n')
end

local function await(what, ready)
  if not vim.wait(60000, ready, 20) then
    tell('missing', what)
    vim.cmd('cquit')
  end
end

vim.cmd('edit ' .. vim.fn.fnameescape(folder .. '/profiles/base.yaml'))
local base = vim.api.nvim_get_current_buf()
vim.cmd('edit ' .. vim.fn.fnameescape(folder .. '/profiles/top.yaml'))
local top = vim.api.nvim_get_current_buf()
local id = vim.lsp.start_client({ name = 'codelab-gen', cmd = { program, 'lsp' }, root_dir = folder })
vim.lsp.buf_attach_client(base, id)
vim.lsp.buf_attach_client(top, id)
local client = vim.lsp.get_client_by_id(id)

local function errors()
  return vim.diagnostic.get(top, { severity = vim.diagnostic.severity.ERROR })
end

await('the first fault', function() return #errors() == 1 end)
local fault = errors()[1]
tell('fault', { line = fault.lnum + 1, code = fault.code })

local function ask(method, params, buffer)
  local answer = client.request_sync(method, params, 60000, buffer)
  if not answer or answer.err then
    tell('refused', answer)
    vim.cmd('cquit')
  end
  return answer.result
end

local document = { uri = vim.uri_from_bufnr(top) }
local range = { start = { line = fault.lnum, character = fault.col }, ['end'] = { line = fault.lnum, character = fault.col } }
local actions = ask('textDocument/codeAction', { textDocument = document, range = range, context = { diagnostics = {} } }, top)
local mend = vim.tbl_filter(function(action) return action.kind == 'quickfix' end, actions)[1]
vim.lsp.util.apply_workspace_edit(mend.edit, client.offset_encoding)
await('no fault', function() return #errors() == 0 end)
tell('mended', vim.api.nvim_buf_get_lines(top, 0, -1, false))

vim.api.nvim_win_set_cursor(0, { 4, 0 })
local offered = ask('textDocument/completion', vim.lsp.util.make_position_params(), top)
tell('offered', vim.tbl_map(function(item) return item.label end, offered))

vim.fn.search('api:')
-- the values come behind the faults
local told
await('the values', function()
  told = ask('textDocument/hover', vim.lsp.util.make_position_params(), top).contents.value
  return told:find('from ')
end)
tell('told', told)

local renaming = vim.lsp.util.make_position_params()
renaming.newName = 'web'
vim.lsp.util.apply_workspace_edit(ask('textDocument/rename', renaming, top), client.offset_encoding)
tell('renamed', { vim.api.nvim_buf_get_lines(base, 0, -1, false), vim.api.nvim_buf_get_lines(top, 0, -1, false) })
vim.cmd('qall!')
