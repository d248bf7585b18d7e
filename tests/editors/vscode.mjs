// A real VS Code, which code-server brings, in a browser without a screen: what a user sees and does in a profile, as lines
// of JSON. Arguments: its address, the project, a folder for pictures, the folder with playwright-core, the browser.
import { createRequire } from "node:module";
import { join } from "node:path";

const [address, project, pictures, packages, browserPath] = process.argv.slice(2);
const { chromium } = createRequire(join(packages, "index.js"))("playwright-core");

const tell = (what, value) => process.stdout.write(`${JSON.stringify({ what, value })}\n`);
const browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox"] });
const page = await browser.newPage({ viewport: { width: 1500, height: 900 } });
page.setDefaultTimeout(120_000);

async function picture(name) {
  await page.screenshot({ path: join(pictures, `${name}.png`) });
}

async function palette(text) {
  await page.keyboard.press("F1");
  await page.locator(".quick-input-widget input").first().waitFor();
  await page.keyboard.type(text);
  await page.locator(".quick-input-list .monaco-list-row", { hasText: text }).first().waitFor();
  await page.keyboard.press("Enter");
}

async function open(name) {
  await page.keyboard.press("Control+p");
  await page.locator(".quick-input-widget input").first().waitFor();
  await page.keyboard.type(name);
  await page.locator(".quick-input-list .monaco-list-row", { hasText: name }).first().waitFor();
  await page.keyboard.press("Enter");
  await page.locator(".tab.active", { hasText: name }).waitFor();
}

/** Does something again until something is there: a key that comes too early is lost. */
async function expectLater(does, locator) {
  for (let round = 0; round < 20; round++) {
    await does();
    if (await locator.waitFor({ timeout: 6000 }).then(() => true, () => false)) return;
  }
  throw new Error(`nothing came: ${locator}`);
}

const problems = () => page.locator(".markers-panel .monaco-list-row").allInnerTexts();

try {
  await page.goto(`${address}/?folder=${encodeURIComponent(project)}`);
  await page.locator(".monaco-workbench .statusbar").waitFor();
  await open("shop.yaml");
  await page.keyboard.press("Control+Shift+M");
  await page.locator(".markers-panel .monaco-list-row", { hasText: "prot" }).first().waitFor();
  tell("problems", await problems());
  await picture("fault");

  // the fix, as a user chooses it
  await page.locator(".view-line span", { hasText: /^prot$/ }).first().click();
  await page.locator(".statusbar-item", { hasText: "Ln 7" }).waitFor();
  const fix = page.locator(".action-widget .monaco-list-row", { hasText: "write `port`" }).first();
  await expectLater(() => page.keyboard.press("Control+."), fix);
  await picture("fix");
  await page.keyboard.press("Enter");
  await page.locator(".view-line", { hasText: "port: 8000" }).first().waitFor();
  await page.keyboard.press("Control+s");
  await page.locator(".markers-panel", { hasText: "No problems" }).waitFor();
  tell("mended", true);

  const lenses = page.locator(".codelens-decoration a");
  await lenses.filter({ hasText: "generate" }).first().waitFor();
  tell("lenses", await lenses.allInnerTexts());
  await lenses.filter({ hasText: "generate" }).first().click();
  await page.locator(".view-line", { hasText: "created" }).first().waitFor();
  await page.locator(".statusbar-item", { hasText: "codelab-gen" }).locator(".codicon-check").waitFor();
  tell("generated", true);
  // a default, behind the key of the service
  await page.locator(".view-line", { hasText: "outbound: true" }).waitFor();
  await picture("generated");

  await palette("codelab-gen: Show a Drawing");
  await page.locator(".tab", { hasText: "codelab-gen" }).or(page.locator(".tab", { hasText: "mermaid" })).first().waitFor();
  tell("drawn", await page.locator(".tab").allInnerTexts());
  await page.waitForTimeout(2000);
  await picture("drawing");

  await open("docker-compose.yml");
  await page.locator(".view-line", { hasText: "name: shop" }).first().click();
  await page.keyboard.press("End");
  await page.keyboard.type("x");
  await palette("Problems: Focus on Problems View");
  await page.locator(".markers-panel .monaco-list-row", { hasText: "edited" }).first().waitFor();
  tell("edited", await problems());
  await picture("output");
} catch (error) {
  await picture("failed");
  tell("failed", error.stack);
  process.exitCode = 1;
} finally {
  await browser.close();
}
