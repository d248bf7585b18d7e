"""Every request of codelab-gen's language server, by a client that takes no answer which the protocol has not."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
import pytest_asyncio
from lsprotocol import types
from programs import SCRUBBED
from pytest_lsp import LanguageClient, client_capabilities, make_test_lsp_client

SECRET = "s3cr3t-that-nobody-shows"

BASE = """\
format: 1
services:
  api:
    build: ./api
    port: 8000
    environment:
      KEY: { secret: API_KEY }
    depends_on: [cache]
    database: { postgres: shop }
  cache:
    image: redis:7.4-alpine

secrets:
  API_KEY: generate

postgres:
  image: postgres:16-alpine
  user: shop

project: shop
"""

TOP = """\
format: 1
extends: ./base.yaml
stage: production
engine: postgres

services:
  api:
    publish: 8080
    environment:
      LEVEL: info
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    project = tmp_path / "my project"
    (project / "profiles").mkdir(parents=True)
    (project / "api").mkdir()
    (project / "profiles" / "base.yaml").write_text(BASE, encoding="utf-8")
    (project / "profiles" / "top.yaml").write_text(TOP, encoding="utf-8")
    (project / ".env").write_text(f"API_KEY={SECRET}\n", encoding="utf-8")
    return project


class Session:
    """An editor with both profiles open."""

    def __init__(self, client: LanguageClient, project: Path) -> None:
        self.client = client
        self.project = project
        self.texts = {"base.yaml": BASE, "top.yaml": TOP}
        self.versions = dict.fromkeys(self.texts, 1)

    def uri(self, name: str) -> str:
        return (self.project / "profiles" / name).as_uri()

    def document(self, name: str) -> types.TextDocumentIdentifier:
        return types.TextDocumentIdentifier(uri=self.uri(name))

    def place(self, name: str, word: str, shift: int = 0) -> types.Position:
        at = self.texts[name].index(word) + shift
        before = self.texts[name][:at]
        return types.Position(line=before.count("\n"), character=at - (before.rfind("\n") + 1))

    def open(self, name: str) -> None:
        item = types.TextDocumentItem(uri=self.uri(name), language_id="yaml", version=1, text=self.texts[name])
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(text_document=item))

    def change(self, name: str, old: str, new: str) -> None:
        """Types in a file."""
        start, end = self.place(name, old), self.place(name, old, len(old))
        assert self.texts[name].count(old) == 1
        self.texts[name] = self.texts[name].replace(old, new)
        self.versions[name] += 1
        document = types.VersionedTextDocumentIdentifier(uri=self.uri(name), version=self.versions[name])
        change = types.TextDocumentContentChangePartial(range=types.Range(start, end), text=new)
        params = types.DidChangeTextDocumentParams(text_document=document, content_changes=[change])
        self.client.text_document_did_change(params)

    async def shown(self, name: str) -> list[types.Diagnostic]:
        while self.uri(name) not in self.client.diagnostics:
            await self.client.wait_for_notification(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        return list(self.client.diagnostics[self.uri(name)])


@pytest_asyncio.fixture(params=["visual-studio-code", "neovim", "emacs"])
async def session(request: pytest.FixtureRequest, binary: Path, project: Path) -> AsyncIterator[Session]:
    client = make_test_lsp_client()
    await client.start_io(str(binary), "lsp", cwd=project, env=SCRUBBED)
    await client.initialize_session(
        types.InitializeParams(capabilities=client_capabilities(request.param), root_uri=project.as_uri())
    )
    session = Session(client, project)
    session.open("base.yaml")
    session.open("top.yaml")
    await session.shown("top.yaml")
    yield session
    await client.shutdown_session()
    await client.stop()


def lines(locations: object) -> set[tuple[str, int]]:
    assert isinstance(locations, Sequence)
    return {(location.uri.rsplit("/", 1)[1], location.range.start.line + 1) for location in locations}


async def hover(session: Session, name: str, word: str) -> str:
    params = types.HoverParams(text_document=session.document(name), position=session.place(name, word))
    answer = await session.client.text_document_hover_async(params)
    assert answer is not None and isinstance(answer.contents, types.MarkupContent)
    return answer.contents.value


async def complete(session: Session, name: str, position: types.Position) -> dict[str, types.CompletionItem]:
    params = types.CompletionParams(text_document=session.document(name), position=position)
    answer = await session.client.text_document_completion_async(params)
    assert isinstance(answer, Sequence)
    return {item.label: item for item in answer}


@pytest.mark.asyncio
async def test_hover_tells_what_a_field_means_and_which_layer_gives_it(
    session: Session,
) -> None:
    # the values come behind the faults
    while "holds" not in (told := await hover(session, "top.yaml", "publish")):
        await asyncio.sleep(0.02)
    assert "The port of the host" in told and "`8080`, from `profiles/top.yaml:8`" in told
    session.change("top.yaml", "    publish: 8080\n", "    publish: 8080\n    port: 9000\n")
    told = await hover(session, "top.yaml", "port: 9000")
    assert "written by\n- `profiles/top.yaml:9`: `9000`\n- `profiles/base.yaml:5`: `8000`" in told
    told = await hover(session, "base.yaml", "API_KEY }")
    assert "the secret `API_KEY`, used at `profiles/base.yaml:7`" in told and SECRET not in told
    assert "What the deployment is for" in await hover(session, "top.yaml", "stage")
    assert "Where users' data is" in await hover(session, "top.yaml", "production")


@pytest.mark.asyncio
async def test_completion_offers_keys_words_and_names(session: Session) -> None:
    keys = await complete(session, "top.yaml", session.place("top.yaml", "publish"))
    assert {"image", "healthcheck", "depends_on"} <= keys.keys()
    assert keys["port"].detail == "inherited `8000`, profiles/base.yaml:5"
    assert "services.environment" not in keys and "environment" not in keys, "it stands there already"
    words = await complete(session, "top.yaml", session.place("top.yaml", "production"))
    assert words.keys() == {"development", "ci", "staging", "production"}
    assert {"./base.yaml", "builtin:base"} <= (
        await complete(session, "top.yaml", session.place("top.yaml", "./base"))
    ).keys()
    names = await complete(session, "base.yaml", session.place("base.yaml", "cache]"))
    assert names.keys() == {"cache"}
    assert (await complete(session, "base.yaml", session.place("base.yaml", "API_KEY }"))).keys() == {"API_KEY"}


@pytest.mark.asyncio
async def test_completion_knows_the_server_and_its_image(session: Session) -> None:
    session.change("base.yaml", "  user: shop\n", "  user: shop\n  settings:\n    \n")
    settings = await complete(session, "base.yaml", session.place("base.yaml", "    \n", 4))
    assert "number from" in settings["max_connections"].detail and "work_mem" in settings
    session.change("base.yaml", "    \n", "    work_mem: \n")
    units = await complete(session, "base.yaml", session.place("base.yaml", "work_mem: ", 10))
    assert {"1kB", "1MB", "1GB"} <= units.keys()
    session.change(
        "base.yaml",
        "{ postgres: shop }",
        "{ postgres: { name: shop, extensions: [] } }",
    )
    extensions = await complete(session, "base.yaml", session.place("base.yaml", "[] }", 1))
    assert extensions["pgcrypto"].detail == "the image carries it" and extensions["vector"].detail.startswith("in ")


@pytest.mark.asyncio
async def test_a_text_that_is_broken_in_the_middle_keeps_its_completions(
    session: Session,
) -> None:
    session.change("top.yaml", "  api:\n", '  api:\n    image: ["open\n    \n')
    keys = await complete(session, "top.yaml", session.place("top.yaml", "    \n", 4))
    assert {"port", "healthcheck"} <= keys.keys()
    session.change("top.yaml", "stage: production", "stage: production\nsec")
    assert "secrets" in await complete(session, "top.yaml", session.place("top.yaml", "\nsec", 4))


@pytest.mark.asyncio
async def test_definition_leads_to_the_base_the_field_below_and_the_name(
    session: Session,
) -> None:
    async def defined(name: str, word: str) -> set[tuple[str, int]]:
        params = types.DefinitionParams(text_document=session.document(name), position=session.place(name, word))
        return lines(await session.client.text_document_definition_async(params))

    assert await defined("top.yaml", "./base.yaml") == {("base.yaml", 1)}
    assert await defined("top.yaml", "environment") == {("base.yaml", 6)}
    assert await defined("base.yaml", "cache]") == {("base.yaml", 10)}
    assert await defined("base.yaml", "API_KEY }") == {("base.yaml", 14)}


@pytest.mark.asyncio
async def test_references_are_those_of_every_layer(session: Session) -> None:
    async def referring(name: str, word: str) -> set[tuple[str, int]]:
        context = types.ReferenceContext(include_declaration=True)
        params = types.ReferenceParams(
            context=context,
            text_document=session.document(name),
            position=session.place(name, word),
        )
        return lines(await session.client.text_document_references_async(params))

    assert await referring("base.yaml", "api:") == {("base.yaml", 3), ("top.yaml", 7)}
    assert await referring("base.yaml", "API_KEY }") == {
        ("base.yaml", 7),
        ("base.yaml", 14),
    }
    assert await referring("base.yaml", "format") == {("top.yaml", 2)}, "who extends this one"


@pytest.mark.asyncio
async def test_rename_changes_every_layer_or_nothing(session: Session) -> None:
    def params(name: str, word: str, new: str) -> types.RenameParams:
        return types.RenameParams(
            text_document=session.document(name),
            position=session.place(name, word),
            new_name=new,
        )

    prepared = await session.client.text_document_prepare_rename_async(
        types.PrepareRenameParams(
            text_document=session.document("base.yaml"),
            position=session.place("base.yaml", "api:"),
        )
    )
    assert isinstance(prepared, types.PrepareRenamePlaceholder) and prepared.placeholder == "api"
    edit = await session.client.text_document_rename_async(params("base.yaml", "api:", "web"))
    assert edit is not None and edit.document_changes is not None
    changed = {change.text_document.uri.rsplit("/", 1)[1]: len(change.edits) for change in edit.document_changes}
    assert changed == {"base.yaml": 1, "top.yaml": 1}
    edit = await session.client.text_document_rename_async(params("base.yaml", "cache]", "redis"))
    assert [len(change.edits) for change in edit.document_changes] == [2]
    for name, word, new, said in [
        ("base.yaml", "api:", "cache", "is a name in profiles/base.yaml already"),
        ("base.yaml", "api:", "no name", "expected a service name"),
        ("base.yaml", "API_KEY }", "no-key", "expected"),
        ("top.yaml", "stage", "x", "only services, secrets and volumes"),
        ("base.yaml", "api:", "postgres-backup", "is a name of codelab-gen's own"),
        ("base.yaml", "API_KEY }", "BACKUP_KEY", "is a name of codelab-gen's own"),
    ]:
        with pytest.raises(Exception, match=said):
            await session.client.text_document_rename_async(params(name, word, new))
    session.change("base.yaml", "  cache:\n", "  x-own: {}\n  cache:\n")
    with pytest.raises(Exception, match="only services, secrets and volumes"):
        await session.client.text_document_rename_async(params("base.yaml", "x-own", "own"))


@pytest.mark.asyncio
async def test_volumes_are_names_wherever_something_is_kept(session: Session) -> None:
    session.change(
        "base.yaml",
        "    image: redis:7.4-alpine\n",
        "    image: redis:7.4-alpine\n    data: 'kept:/data'\n    volumes: [kept:/more:ro, ./kept:/x, other:/y]\n",
    )
    session.change("base.yaml", "  user: shop\n", "  user: shop\n  volume: other\nvolumes:\n  kept: { storage: 1Gi }\n")
    session.change("top.yaml", "    publish: 8080\n", "    publish: 8080\n    volumes: [kept:/top]\n")

    async def places(word: str) -> set[tuple[str, int]]:
        context = types.ReferenceContext(include_declaration=True)
        document, position = session.document("base.yaml"), session.place("base.yaml", word)
        params = types.ReferenceParams(context=context, text_document=document, position=position)
        return lines(await session.client.text_document_references_async(params))

    at = [number + 1 for number, line in enumerate(BASE.splitlines()) if "redis" in line][0]
    uses = {("base.yaml", at + 1), ("base.yaml", at + 2), ("top.yaml", 9)}
    described = session.texts["base.yaml"].splitlines().index("  kept: { storage: 1Gi }") + 1
    assert await places("kept:/data") == {*uses, ("base.yaml", described)}

    def params(word: str, new: str) -> types.RenameParams:
        document, position = session.document("base.yaml"), session.place("base.yaml", word)
        return types.RenameParams(text_document=document, position=position, new_name=new)

    edit = await session.client.text_document_rename_async(params("kept:/data", "store-1"))
    changed = {change.text_document.uri.rsplit("/", 1)[1]: change.edits for change in edit.document_changes}
    assert {name: len(edits) for name, edits in changed.items()} == {"base.yaml": 3, "top.yaml": 1}
    base = session.texts["base.yaml"].splitlines()
    for part in sorted(changed["base.yaml"], key=lambda part: part.range.start.character, reverse=True):
        line, start, end = part.range.start.line, part.range.start.character, part.range.end.character
        base[line] = base[line][:start] + part.new_text + base[line][end:]
    assert base[at] == "    data: 'store-1:/data'"
    assert base[at + 1] == "    volumes: [store-1:/more:ro, ./kept:/x, other:/y]"
    # a whole value is quoted where it would be no text
    edit = await session.client.text_document_rename_async(params("other\n", "true"))
    texts = sorted(part.new_text for change in edit.document_changes for part in change.edits)
    assert texts == ['"true"', "true"]
    for new, said in [("other", "is a name in"), ("postgres-socket", "codelab-gen's own"), ("a b", "expected")]:
        with pytest.raises(Exception, match=said):
            await session.client.text_document_rename_async(params("kept:/data", new))


@pytest.mark.asyncio
async def test_symbols_and_folds_follow_the_shape(session: Session) -> None:
    symbols = await session.client.text_document_document_symbol_async(
        types.DocumentSymbolParams(text_document=session.document("base.yaml"))
    )
    names = {symbol.name: [child.name for child in symbol.children or []] for symbol in symbols}
    assert names["services"] == ["api", "cache"] and names["secrets"] == ["API_KEY"]
    folds = await session.client.text_document_folding_range_async(
        types.FoldingRangeParams(text_document=session.document("base.yaml"))
    )
    assert {(1, 10), (2, 8), (9, 10), (12, 13)} <= {(fold.start_line, fold.end_line) for fold in folds}


@pytest.mark.asyncio
async def test_hints_show_what_is_inherited(session: Session) -> None:
    params = types.InlayHintParams(
        text_document=session.document("top.yaml"),
        range=types.Range(types.Position(0, 0), types.Position(100, 0)),
    )
    while not (hints := await session.client.text_document_inlay_hint_async(params)):
        await asyncio.sleep(0.02)
    of_api = [hint for hint in hints if hint.position.line == 6]
    assert len(of_api) == 1 and "port: 8000" in of_api[0].label and "(profiles/base.yaml:5)" in of_api[0].tooltip


@pytest.mark.asyncio
async def test_actions_mend_and_show(session: Session) -> None:
    session.change("top.yaml", "publish: 8080", "publsh: 8080")
    while not (told := [told for told in await session.shown("top.yaml") if told.code == "unknown-key"]):
        await session.client.wait_for_notification(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    assert told[0].code_description.href.endswith("/docs/codes.md#unknown-key")
    params = types.CodeActionParams(
        text_document=session.document("top.yaml"),
        range=told[0].range,
        context=types.CodeActionContext(diagnostics=told),
    )
    actions = {action.title: action for action in await session.client.text_document_code_action_async(params)}
    assert [edit.new_text for edit in actions["write `publish`"].edit.document_changes[0].edits] == ["publish"]
    assert {
        "show the effective profile",
        "show what would be generated",
        "show a drawing",
    } <= actions.keys()


@pytest.mark.asyncio
async def test_views_show_the_text_of_the_editor_and_no_secret(
    session: Session,
) -> None:
    session.change("top.yaml", "publish: 8080", "publish: 8099")
    seen = {}
    for command in (
        "codelab-gen.effective",
        "codelab-gen.outputs",
        "codelab-gen.drawing",
    ):
        params = types.ExecuteCommandParams(command=command, arguments=[session.uri("top.yaml")])
        seen[command] = await session.client.workspace_execute_command_async(params)
    texts = {command: view["text"] for command, view in seen.items()}
    assert "    publish: 8099 # profiles/top.yaml:8" in texts["codelab-gen.effective"]
    assert "8099:8000" in texts["codelab-gen.outputs"] and "==> docker-compose.yml <==" in texts["codelab-gen.outputs"]
    drawing = seen["codelab-gen.drawing"]
    assert ("<svg" if drawing["languageId"] == "svg" else "```mermaid\n") in drawing["text"]
    assert not [command for command, text in texts.items() if SECRET in text]


@pytest.mark.asyncio
async def test_only_a_click_writes_and_only_what_is_saved(session: Session) -> None:
    lenses = await session.client.text_document_code_lens_async(
        types.CodeLensParams(text_document=session.document("top.yaml"))
    )
    commands = [lens.command for lens in lenses]
    assert [command.title for command in commands] == ["generate", "check", "diff"]
    written = session.project / "docker-compose.yml"

    async def click(command: types.Command) -> dict:
        params = types.ExecuteCommandParams(command=command.command, arguments=command.arguments)
        return await session.client.workspace_execute_command_async(params)

    assert (await click(commands[1]))["exit"] == 1 and (await click(commands[2]))["exit"] == 1
    assert not written.exists()
    session.change("top.yaml", "publish: 8080", "publish: 8099")
    with pytest.raises(Exception, match="save `profiles/top.yaml` first"):
        await click(commands[0])
    assert not written.exists()
    session.change("top.yaml", "publish: 8099", "publish: 8080")
    said = await click(commands[0])
    assert said["exit"] == 0 and "8080:8000" in written.read_text(encoding="utf-8"), said
    assert SECRET not in str(said)
    bases = await session.client.text_document_code_lens_async(
        types.CodeLensParams(text_document=session.document("base.yaml"))
    )
    assert not bases, "a base can't be selected"
