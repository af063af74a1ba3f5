// Makes the files of the page from the sources.
import { build } from "esbuild";
import { readFile, readdir } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));

/** The folder of the files that are committed and served. */
export const target = join(here, "../functions/dashboard/static");

/** Return the files of the bundle by name: `index.html`, `assets/…` and `licenses.txt`. */
export async function bundle() {
  const { outputFiles, metafile } = await build({
    absWorkingDir: here,
    entryPoints: { app: "src/main.tsx", style: "src/style.css", icon: "src/icon.svg" },
    entryNames: "assets/[name]-[hash]",
    chunkNames: "assets/[name]-[hash]",
    outdir: target,
    bundle: true,
    splitting: true,
    format: "esm",
    target: "es2022",
    loader: { ".svg": "copy" },
    jsx: "automatic",
    jsxImportSource: "preact",
    minify: true,
    legalComments: "none",
    charset: "utf8",
    metafile: true,
    write: false,
    logLevel: "warning",
  });
  const files = new Map(outputFiles.map((file) => [relative(target, file.path), Buffer.from(file.contents)]));
  files.set("index.html", Buffer.from(await indexPage([...files.keys()])));
  files.set("licenses.txt", Buffer.from(await licenses(Object.keys(metafile.inputs))));
  return files;
}

async function indexPage(names) {
  const page = await readFile(join(here, "src/index.html"), "utf8");
  return page.replaceAll(/\{\{(\w+)\.(\w+)\}\}/g, (_, name, kind) => {
    const found = names.find((each) => each.startsWith(`assets/${name}-`) && each.endsWith(`.${kind}`));
    if (!found) throw new Error(`index.html names ${name}.${kind}, which is not part of the bundle`);
    return found;
  });
}

async function licenses(inputs) {
  const packages = new Set(inputs.flatMap((path) => path.match(/^node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1] ?? []));
  const texts = [...packages].sort().map(async (name) => {
    const folder = join(here, "node_modules", name);
    const { version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    const file = (await readdir(folder)).find((each) => /^licen[cs]e/i.test(each));
    if (!file) throw new Error(`${name} has no file with its licence`);
    const text = await readFile(join(folder, file), "utf8");
    return `${name} ${version} (${license})\n\n${text.trim()}\n`;
  });
  return (await Promise.all(texts)).join(`\n${"-".repeat(80)}\n\n`);
}
