// Bundles src into functions/dashboard/static. `--check` compares what is there with what the sources make.
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { brotliCompressSync, brotliDecompressSync, constants, gunzipSync, gzipSync } from "node:zlib";
import { bundle, target } from "./bundle.mjs";

const compressors = {
  br: (data) => brotliCompressSync(data, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }),
  gz: (data) => {
    const packed = gzipSync(data, { level: 9 });
    packed[9] = 255; // the operating system: unknown, so that every machine writes the same bytes
    return packed;
  },
};
const isServed = (name) => name !== "licenses.txt";

async function write(files) {
  await rm(target, { recursive: true, force: true });
  await mkdir(join(target, "assets"), { recursive: true });
  for (const [name, data] of files) {
    await writeFile(join(target, name), data);
    if (!isServed(name)) continue;
    for (const [ending, compress] of Object.entries(compressors)) {
      await writeFile(join(target, `${name}.${ending}`), compress(data));
    }
  }
}

async function differences(files) {
  const present = (await readdir(target, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => relative(target, join(entry.parentPath ?? entry.path, entry.name)));
  const expected = [...files.keys()].flatMap((name) => (isServed(name) ? [name, `${name}.br`, `${name}.gz`] : [name]));
  const wrong = present.filter((name) => !expected.includes(name));
  for (const name of expected) {
    const plain = name.replace(/\.(br|gz)$/, "");
    const data = await readFile(join(target, name)).catch(() => null);
    // Compressed bytes depend on the version of zlib, so what they decompress to is compared.
    const content = data && { br: brotliDecompressSync, gz: gunzipSync }[name.slice(plain.length + 1)]?.(data);
    if (!(content ?? data)?.equals(files.get(plain))) wrong.push(name);
  }
  return wrong;
}

const files = await bundle();
if (process.argv.includes("--check")) {
  const wrong = await differences(files);
  if (wrong.length) {
    console.error(`functions/dashboard/static is not what dashboard/src makes; run \`make dashboard\`:\n  ${wrong.join("\n  ")}`);
    process.exitCode = 1;
  }
} else {
  await write(files);
}
