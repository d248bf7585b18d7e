// Reads drawings as the programs that draw them do: a line of JSON on standard input is a list of texts, and a line of JSON
// on standard output lists what is drawn. Arguments: the folder with the packages, the package.
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [packages, name] = process.argv.slice(2);
const require = createRequire(join(packages, "index.js"));
const { JSDOM } = require("jsdom");

/** Mermaid, drawn into a page without a screen: what stands in it is the text of labels as a reader sees it. */
async function mermaid() {
  const { window } = new JSDOM("<!doctype html><body></body>", { pretendToBeVisual: true });
  const names = ["document", "CSSStyleSheet", "Element", "HTMLElement", "SVGElement", "Node", "DOMParser"];
  Object.assign(globalThis, { window }, Object.fromEntries(names.map((name) => [name, window[name]])));
  globalThis.getComputedStyle = window.getComputedStyle.bind(window);
  globalThis.XMLSerializer = window.XMLSerializer;
  // nothing is measured where nothing is shown
  const box = { x: 0, y: 0, left: 0, top: 0, right: 100, bottom: 20, width: 100, height: 20 };
  window.Element.prototype.getBoundingClientRect = () => box;
  window.SVGElement.prototype.getBBox = () => box;
  window.SVGElement.prototype.getComputedTextLength = () => 100;
  const program = (await import(pathToFileURL(join(packages, name, "dist", "mermaid.core.mjs")))).default;
  program.initialize({ startOnLoad: false, securityLevel: "strict" });

  const lines = (label) => {
    for (const element of label.querySelectorAll("*")) {
      // what is no line of plain text is told as it is
      if (!["P", "BR", "DIV", "WBR"].includes(element.tagName)) return [label.innerHTML];
    }
    for (const end of label.querySelectorAll("br, div + div")) end.before("\n");
    return label.textContent === "" ? [] : label.textContent.split("\n");
  };

  const read = async (text, index) => {
    const { db } = await program.mermaidAPI.getDiagramFromText(text);
    const drawing = new JSDOM((await program.render(`drawing${index}`, text)).svg).window.document;
    const groups = {}, nodes = {}, members = {};
    for (const group of drawing.querySelectorAll("g.cluster")) {
      const id = group.id.replace(/^drawing\d+-/, "");
      groups[id] = lines(group.querySelector(".nodeLabel"));
    }
    for (const { id, nodes: inside } of db.getSubGraphs()) for (const node of inside) members[node] = id;
    for (const node of drawing.querySelectorAll("g.node")) {
      const id = /flowchart-(\w+)-\d+$/.exec(node.id)[1];
      nodes[id] = { lines: lines(node.querySelector(".nodeLabel")), group: members[id] ?? null };
    }
    const labels = [...drawing.querySelectorAll(".edgeLabels > g.edgeLabel")];
    const edges = db.getEdges();
    if (labels.length !== edges.length) throw new Error(`${labels.length} labels of ${edges.length} edges`);
    return {
      groups,
      nodes,
      edges: edges.map(({ start, end, stroke, type }, position) => ({
        from: start,
        to: end,
        style: `${stroke} ${type === "arrow_point" ? "arrow" : type === "arrow_open" ? "line" : type}`,
        lines: lines(labels[position].querySelector("span.edgeLabel")),
      })),
    };
  };
  return read;
}

/** Graphviz, compiled to WebAssembly: what stands in its SVG, or that itself. */
async function graphviz(isWhole) {
  const graphviz = await require("@viz-js/viz").instance();
  const rendered = (text, format) => {
    const { status, output, errors } = graphviz.render(text, { format });
    // it warns of every character whose width it does not know
    const told = errors.filter(({ level }) => level !== "warning");
    if (status !== "success" || told.length > 0) throw new Error(JSON.stringify(errors));
    return output;
  };
  if (isWhole) return (text) => ({ svg: rendered(text, "svg") });
  const read = (text) => {
    const { objects } = JSON.parse(rendered(text, "json"));
    const svg = new JSDOM(rendered(text, "svg"), { contentType: "image/svg+xml" }).window.document;
    const all = (kind) => [...svg.querySelectorAll(`g.${kind}`)];
    const title = (element) => element.querySelector("title").textContent;
    const lines = (element) => [...element.querySelectorAll("text")].map((line) => line.textContent);
    const members = {};
    for (const { name, nodes } of objects.filter(({ nodes }) => nodes !== undefined)) {
      for (const node of nodes) members[objects[node].name] = name.replace(/^cluster_/, "");
    }
    const style = (edge) => {
      const path = edge.querySelector("path");
      const [dashed, bold] = [path.hasAttribute("stroke-dasharray"), path.getAttribute("stroke-width") === "2"];
      return `${dashed ? "dotted" : bold ? "thick" : "normal"} ${edge.querySelector("polygon") ? "arrow" : "line"}`;
    };
    return {
      groups: Object.fromEntries(all("cluster").map((group) => [title(group).replace(/^cluster_/, ""), lines(group)])),
      nodes: Object.fromEntries(
        all("node").map((node) => [title(node), { lines: lines(node), group: members[title(node)] ?? null }]),
      ),
      edges: all("edge").map((edge) => {
        const [from, to] = title(edge).split("->");
        return { from, to, style: style(edge), lines: lines(edge) };
      }),
    };
  };
  return read;
}

const read = await (name.startsWith("graphviz") ? graphviz(name === "graphviz-svg") : mermaid());
let index = 0;
for await (const line of createInterface({ input: process.stdin })) {
  const drawings = [];
  for (const text of JSON.parse(line)) {
    try {
      drawings.push(await read(text, index++));
    } catch (error) {
      throw new Error(`${error.stack}\n${text}`);
    }
  }
  process.stdout.write(`${JSON.stringify(drawings)}\n`);
}
