// Bundles src into functions/dashboard/static. `--check` compares what is there with what the sources make.
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { bundle, target } from "./bundle.mjs";

async function write(files) {
  await rm(target, { recursive: true, force: true });
  await mkdir(join(target, "assets"), { recursive: true });
  for (const [name, data] of files) await writeFile(join(target, name), data);
}

async function differences(files) {
  const present = (await readdir(target, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => relative(target, join(entry.parentPath ?? entry.path, entry.name)));
  const wrong = present.filter((name) => !files.has(name));
  for (const [name, data] of files) {
    const found = await readFile(join(target, name)).catch(() => null);
    if (!found?.equals(data)) wrong.push(name);
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
